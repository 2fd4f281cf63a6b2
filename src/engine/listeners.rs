//! The listeners in service, and the change from one set of them to another.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::listener::Reception;

/// A listener could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}; is another program using it, or the port reserved? See general.listen")]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub error: io::Error,
}

/// The listeners in service.
pub(super) struct Listeners {
    reception: Arc<Reception>,
    /// By the address of the settings; a port of 0 there is a free one here.
    open: HashMap<SocketAddr, Open>,
}

struct Open {
    actual: SocketAddr,
    accepting: JoinHandle<()>,
}

/// A set of listeners made ready, but not yet accepting.
#[derive(Default)]
pub(super) struct Bound {
    new: Vec<(SocketAddr, TcpListener)>,
    /// Listeners closed to make way for them: their address in the settings, and the actual one.
    closed: Vec<(SocketAddr, SocketAddr)>,
}

impl Listeners {
    pub(super) fn new(reception: Arc<Reception>) -> Self {
        Self { reception, open: HashMap::new() }
    }

    /// Binds those addresses that are not open yet. An error leaves everything as it was.
    pub(super) async fn bind(&mut self, addresses: &[SocketAddr]) -> Result<Bound, BindError> {
        let mut bound = Bound::default();
        for &address in addresses {
            if self.open.contains_key(&address) {
                continue;
            }
            let mut listener = TcpListener::bind(address).await;
            if is_in_use(&listener) && self.make_way(address, addresses, &mut bound).await {
                listener = TcpListener::bind(address).await;
            }
            match listener {
                Ok(listener) => bound.new.push((address, listener)),
                Err(error) => {
                    self.give_back(bound).await;
                    return Err(BindError { address, error });
                }
            }
        }
        Ok(bound)
    }

    /// Undoes what was made ready.
    pub(super) async fn give_back(&mut self, bound: Bound) {
        drop(bound.new);
        for (address, actual) in bound.closed {
            match TcpListener::bind(actual).await {
                Ok(listener) => self.accept(address, listener),
                Err(error) => tracing::error!("{actual} is not listened on any more: {error}"),
            }
        }
    }

    /// Begins to accept on what was bound.
    pub(super) fn serve(&mut self, bound: Bound) {
        for (address, listener) in bound.new {
            self.accept(address, listener);
        }
    }

    /// Closes what the settings no longer name; sessions already accepted go on.
    pub(super) fn retain(&mut self, addresses: &[SocketAddr]) {
        self.open.retain(|address, open| {
            let keep = addresses.contains(address);
            if !keep {
                open.accepting.abort();
            }
            keep
        });
    }

    /// Of those in service the one that comes first in the settings.
    pub(super) fn first(&self, addresses: &[SocketAddr]) -> Option<SocketAddr> {
        addresses.iter().find_map(|address| self.open.get(address)).map(|open| open.actual)
    }

    /// The addresses in service.
    pub(super) fn actual(&self) -> Vec<SocketAddr> {
        let mut actual: Vec<_> = self.open.values().map(|open| open.actual).collect();
        actual.sort_unstable();
        actual
    }

    fn accept(&mut self, address: SocketAddr, listener: TcpListener) {
        let actual = listener.local_addr().unwrap_or(address);
        let accepting = tokio::spawn(Arc::clone(&self.reception).accept(listener));
        self.open.insert(address, Open { actual, accepting });
    }

    /// Closes those of ours that are to go and stand in the way: a listener on all addresses cannot be opened beside
    /// one on the same port. True if there was one.
    async fn make_way(&mut self, address: SocketAddr, wanted: &[SocketAddr], bound: &mut Bound) -> bool {
        let is_in_the_way =
            |old: &SocketAddr, open: &mut Open| open.actual.port() == address.port() && !wanted.contains(old);
        let mut in_the_way: Vec<_> = self.open.extract_if(is_in_the_way).collect();
        for (old, open) in &mut in_the_way {
            open.accepting.abort();
            // The socket is closed once its task has ended.
            let _ = (&mut open.accepting).await;
            bound.closed.push((*old, open.actual));
        }
        !in_the_way.is_empty()
    }
}

fn is_in_use(bound: &io::Result<TcpListener>) -> bool {
    matches!(bound, Err(error) if error.kind() == io::ErrorKind::AddrInUse)
}

//! The listeners in service, and the change from one set of them to another.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::listener::Reception;
use crate::config::General;

/// A listener could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}; is another program using it, or the port reserved? See {key}")]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// The key of the settings that names it.
    pub key: &'static str,
    /// Why.
    pub error: io::Error,
}

/// How clients of a listener begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Opening {
    /// In clear.
    Clear,
    /// With TLS.
    Tls,
}

/// An address of the settings; a port of 0 is a free one in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Door {
    address: SocketAddr,
    opening: Opening,
}

/// The addresses in service.
#[derive(Clone)]
pub(super) struct InService {
    pub(super) clear: Arc<[SocketAddr]>,
    pub(super) tls: Arc<[SocketAddr]>,
}

/// The listeners in service.
pub(super) struct Listeners {
    reception: Arc<Reception>,
    open: HashMap<Door, Open>,
}

struct Open {
    actual: SocketAddr,
    accepting: JoinHandle<()>,
}

/// A set of listeners made ready, but not yet accepting.
#[derive(Default)]
pub(super) struct Bound {
    new: Vec<(Door, TcpListener)>,
    /// Listeners closed to make way for them, with their actual address.
    closed: Vec<(Door, SocketAddr)>,
}

impl Door {
    /// Those of the settings.
    pub(super) fn all(general: &General) -> Vec<Self> {
        let door = |opening| move |&address: &SocketAddr| Self { address, opening };
        let clear = general.listen.iter().map(door(Opening::Clear));
        clear.chain(general.listen_tls.iter().map(door(Opening::Tls))).collect()
    }

    fn key(self) -> &'static str {
        match self.opening {
            Opening::Clear => "general.listen",
            Opening::Tls => "general.listen_tls",
        }
    }
}

impl Listeners {
    pub(super) fn new(reception: Arc<Reception>) -> Self {
        Self { reception, open: HashMap::new() }
    }

    /// Binds those addresses that are not open yet. An error leaves everything as it was.
    pub(super) async fn bind(&mut self, doors: &[Door]) -> Result<Bound, BindError> {
        let mut bound = Bound::default();
        for &door in doors {
            if self.open.contains_key(&door) {
                continue;
            }
            let address = door.address;
            let mut listener = TcpListener::bind(address).await;
            if is_in_use(&listener) && self.make_way(address, doors, &mut bound).await {
                listener = TcpListener::bind(address).await;
            }
            match listener {
                Ok(listener) => bound.new.push((door, listener)),
                Err(error) => {
                    self.give_back(bound).await;
                    return Err(BindError { address, key: door.key(), error });
                }
            }
        }
        Ok(bound)
    }

    /// Undoes what was made ready.
    pub(super) async fn give_back(&mut self, bound: Bound) {
        drop(bound.new);
        for (door, actual) in bound.closed {
            match TcpListener::bind(actual).await {
                Ok(listener) => self.accept(door, listener),
                Err(error) => tracing::error!("{actual} is not listened on any more: {error}"),
            }
        }
    }

    /// Begins to accept on what was bound.
    pub(super) fn serve(&mut self, bound: Bound) {
        for (door, listener) in bound.new {
            self.accept(door, listener);
        }
    }

    /// Closes what the settings no longer name; sessions already accepted go on.
    pub(super) fn retain(&mut self, doors: &[Door]) {
        self.open.retain(|door, open| {
            let keep = doors.contains(door);
            if !keep {
                open.accepting.abort();
            }
            keep
        });
    }

    /// Of those in service in clear the one that comes first in the settings.
    pub(super) fn first(&self, general: &General) -> Option<SocketAddr> {
        let doors = Door::all(general).into_iter().filter(|door| door.opening == Opening::Clear);
        doors.filter_map(|door| self.open.get(&door)).map(|open| open.actual).next()
    }

    /// The addresses in service.
    pub(super) fn in_service(&self) -> InService {
        InService { clear: self.actual(Opening::Clear), tls: self.actual(Opening::Tls) }
    }

    fn actual(&self, opening: Opening) -> Arc<[SocketAddr]> {
        let of_kind = self.open.iter().filter(|(door, _)| door.opening == opening);
        let mut actual: Vec<_> = of_kind.map(|(_, open)| open.actual).collect();
        actual.sort_unstable();
        actual.into()
    }

    fn accept(&mut self, door: Door, listener: TcpListener) {
        let actual = listener.local_addr().unwrap_or(door.address);
        let accepting = tokio::spawn(Arc::clone(&self.reception).accept(listener, door.opening));
        self.open.insert(door, Open { actual, accepting });
    }

    /// Closes those of ours that are to go and stand in the way: a listener on all addresses cannot be opened beside
    /// one on the same port. True if there was one.
    async fn make_way(&mut self, address: SocketAddr, wanted: &[Door], bound: &mut Bound) -> bool {
        let is_in_the_way = |old: &Door, open: &mut Open| open.actual.port() == address.port() && !wanted.contains(old);
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

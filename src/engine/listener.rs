//! The accept loops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::access;
use super::gate::{Closed, Gate, Place};
use super::intake::Intake;
use super::listeners::Opening;
use crate::config::Settings;
use crate::dns::Resolver;
use crate::ledger::{Direction, Ledger};
use crate::smtp;

/// The pause after an accept that failed for want of descriptors or memory.
const EXHAUSTED: Duration = Duration::from_millis(200);
/// How long a refused client gets to take its reply.
const REFUSAL: Duration = Duration::from_secs(5);

/// What every accept loop shares.
pub(super) struct Reception {
    pub(super) settings: Arc<ArcSwap<Settings>>,
    pub(super) gate: Arc<Gate>,
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) intake: Arc<Intake>,
    /// True once the engine stops: sessions finish the message whose content is on its way, and say 421.
    pub(super) draining: watch::Receiver<bool>,
}

impl Reception {
    /// Accepts until the engine drains or the task is aborted because its address left the settings. No error ends
    /// the loop: without descriptors it waits for some to come free, as those of the queue are kept back.
    pub(super) async fn accept(self: Arc<Self>, listener: TcpListener, opening: Opening) {
        let mut draining = self.draining.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = draining.wait_for(|draining| *draining) => return,
            };
            match accepted {
                Ok((stream, client)) => self.admit(stream, client, opening).await,
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!("accepting connections pauses for a moment: {error}");
                    tokio::time::sleep(EXHAUSTED).await;
                }
            }
        }
    }

    /// Refusals are said here and not in tasks of their own: a crowd of those, each waiting for its turn, would use up
    /// the descriptors kept back for the queue. The reply fits the send buffer of a new socket, so that no client can
    /// make the others wait.
    async fn admit(self: &Arc<Self>, mut stream: TcpStream, client: SocketAddr, opening: Opening) {
        let settings = self.settings.load_full();
        self.ledger.totals.connections.add(1);
        match self.gate.enter(client.ip(), &settings.general) {
            Ok(place) => drop(tokio::spawn(Arc::clone(self).receive(stream, client, opening, place, settings))),
            Err(closed) => self.refuse(&mut stream, opening, &closed_reply(closed, &settings)).await,
        }
    }

    async fn receive(
        self: Arc<Self>,
        mut stream: TcpStream,
        client: SocketAddr,
        opening: Opening,
        place: Place,
        settings: Arc<Settings>,
    ) {
        let Ok(local) = stream.local_addr() else { return };
        let session = self.ledger.open_session(Direction::Inbound, client);
        let Some(peer) = access::identify(client, local, &settings, &*self.resolver).await else {
            let refusal =
                format!("521 5.7.1 {} Connections from your address are not accepted\r\n", settings.general.hostname);
            tracing::info!("refused a connection from {}: access.connection does not admit it", client.ip());
            return self.refuse(&mut stream, opening, &refusal).await;
        };
        // Replies are written whole; waiting to fill a segment would only delay them.
        let _ = stream.set_nodelay(true);
        let (intake, draining) = (Arc::clone(&self.intake), self.draining.clone());
        match opening {
            Opening::Clear => smtp::serve(stream, peer, intake, session, draining).await,
            Opening::Tls => smtp::serve_tls(stream, peer, intake, session, draining).await,
        }
        drop(place);
    }

    /// A client that waits for TLS is told nothing: words in clear are nothing that it could read.
    async fn refuse(&self, stream: &mut TcpStream, opening: Opening, reply: &str) {
        self.ledger.totals.connections_refused.add(1);
        if opening == Opening::Tls {
            return;
        }
        let farewell = async {
            stream.write_all(reply.as_bytes()).await?;
            stream.shutdown().await
        };
        let _ = tokio::time::timeout(REFUSAL, farewell).await;
    }
}

fn closed_reply(closed: Closed, settings: &Settings) -> String {
    let host = &settings.general.hostname;
    match closed {
        Closed::Paused => format!("421 4.3.2 {host} Service is paused, try again later\r\n"),
        Closed::Full => format!("421 4.3.2 {host} Too many connections, try again later\r\n"),
        Closed::ClientFull => format!("421 4.7.0 {host} Too many connections from your address, try again later\r\n"),
    }
}

/// Errors of accept(2) that concern a connection which is already gone again, not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted, PermissionDenied, WouldBlock};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted | PermissionDenied | WouldBlock)
}

//! SMTP on the wire: the protocol as state machines, the server around one, the pipelined client.
//!
//! This module knows neither queue nor delivery policy. A server session asks a [`Host`] for what it needs of the
//! house; a client is handed a transaction and says what became of each recipient.

mod client;

pub use client::{
    Body, ClientError, Connection, Extensions, Outcome, RecipientOutcome, ReplyError, ReplyReader, Side, Stage,
    Timeouts, Transaction, Transcript,
};

// ---- STUB: server side (builder 2). Split into files, keep the signatures. ----

use std::future::Future;
use std::io;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::Settings;
use crate::ledger::SessionGuard;
use crate::mail::{Domain, Envelope, Reply};

/// Who is at the other end of a server session; decided before the greeting.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    pub local: SocketAddr,
    /// Verified by reverse DNS and back, where it was asked for.
    pub name: Option<Domain>,
    /// `general` relay right by address or name.
    pub may_relay: bool,
}

/// What is known of a transaction when its content begins.
#[derive(Clone, Debug)]
pub struct Submission {
    pub envelope: Envelope,
    pub peer: Peer,
    /// Printable; `None` before HELO/EHLO.
    pub helo: Option<Box<str>>,
    /// Login, when there is one.
    pub user: Option<Box<str>>,
}

/// What an SMTP server session asks of the house.
pub trait Host: Send + Sync + 'static {
    type Draft: Draft;
    /// The settings as of now; a session keeps those it started with for its limits.
    fn settings(&self) -> Arc<Settings>;
    fn now(&self) -> Timestamp;
    /// Our instance id, for Received lines and loop detection.
    fn instance(&self) -> &str;
    /// Whether there is room for a message of the declared size: else a 452.
    fn admit(&self, declared_size: Option<u64>) -> Result<(), Reply>;
    /// Starts a message.
    fn begin(&self, submission: &Submission) -> Self::Draft;
    /// Makes it durable; only after Ok may 250 be said. Err is the 4xx to answer.
    fn commit(&self, draft: Self::Draft) -> impl Future<Output = Result<(), Reply>> + Send;
    /// ETRN: how many messages for the domain were made due.
    fn run_queue(&self, domain: &Domain) -> usize;
}

/// A message on its way in, as the server sees it.
pub trait Draft: Send + 'static {
    fn id(&self) -> &str;
    /// Appends content in normal form.
    fn push(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

/// Runs one session to its end. `draining` turning true lets the session finish its transaction, then says 421.
pub async fn serve<S, H>(
    stream: S,
    peer: Peer,
    host: Arc<H>,
    session: SessionGuard,
    draining: tokio::sync::watch::Receiver<bool>,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    H: Host,
{
    todo!()
}

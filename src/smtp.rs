//! SMTP on the wire: the protocol as state machines, the server around one, the pipelined client.
//!
//! This module knows neither queue nor delivery policy. A server session asks a [`Host`] for what it needs of the
//! house; a client is handed a transaction and says what became of each recipient.

mod command;
mod data;
mod dialogue;
mod host;
mod limits;
mod line;
mod parameters;
mod path;
mod server;

pub use command::{Command, CommandError, Foreign};
pub use data::{Decoder, Framing, Irregularities, Piece};
pub use dialogue::{Chunk, Dialogue, Step};
pub use host::{Draft, Host, Peer, Refusal, Submission};
pub use parameters::{MailParameters, ParameterError, RcptParameters};
pub use path::{Path, PathError};
pub use server::serve;

// ---- STUB: client side (builder 3). Split into files, keep the signatures. ----

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::mail::{Domain, Recipient, Reply, ReversePath};

/// Content to be sent: pieces in normal form (CRLF only, not dot-stuffed, last line ended).
pub trait Body: Send {
    fn next(&mut self) -> impl Future<Output = io::Result<Option<Bytes>>> + Send;
}

/// One side of the dialogue, for transcripts: `mailroot test`, live sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// Receives each line of a dialogue, printable; content is summed up as one line.
pub trait Transcript: Send + Sync {
    fn line(&self, side: Side, line: &str);
}

/// What the remote server offers (EHLO keywords).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    pub esmtp: bool,
    pub pipelining: bool,
    pub eight_bit_mime: bool,
    pub smtputf8: bool,
    pub dsn: bool,
    pub chunking: bool,
    pub enhanced_status_codes: bool,
    /// `Some(0)` and `None`: no fixed limit.
    pub size: Option<u64>,
    /// LIMITS RCPTMAX (RFC 9422).
    pub rcpt_max: Option<u32>,
}

/// How long to wait at each step (RFC 5321 4.5.3.2), each bounded by `outbound_connections.timeout`.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub greeting: Duration,
    pub command: Duration,
    pub data_start: Duration,
    pub data_block: Duration,
    pub data_end: Duration,
}

impl Timeouts {
    pub fn bounded_by(limit: Duration) -> Self {
        todo!()
    }
}

/// One message for one next hop.
pub struct Transaction<'a> {
    pub sender: &'a ReversePath,
    pub recipients: &'a [&'a Recipient],
    pub eight_bit: bool,
    pub smtputf8: bool,
    pub ret: Option<crate::mail::Return>,
    pub envid: Option<&'a crate::mail::Xtext>,
    pub size: u64,
}

/// What became of each recipient, in the order of the transaction.
#[derive(Debug)]
pub struct Outcome {
    pub recipients: Vec<RecipientOutcome>,
    /// The connection may carry another transaction.
    pub reusable: bool,
    /// The DSN parameters were passed on, so the next hop reports success (RFC 3461 5.2.2).
    pub dsn_passed_on: bool,
}

#[derive(Debug)]
pub enum RecipientOutcome {
    Delivered(Reply),
    /// 4xx of the remote server for this recipient or for the whole transaction.
    Deferred(Reply),
    /// 5xx, or what cannot be sent honestly (8-bit, SMTPUTF8, SIZE).
    Failed(Reply),
    /// Not tried in this transaction: the server's limit of recipients was reached; try again at once.
    Untried,
}

/// The connection or the dialogue broke; nothing is known beyond what `stage` says.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("stub")]
    Stub,
}

impl ClientError {
    /// As a 4xx reply for the log and the queue (a 5xx only where the remote's greeting/EHLO was 5xx: see `refusal`).
    pub fn to_reply(&self) -> Reply {
        todo!()
    }
    /// Content was complete on the wire and the reply did not come: a second copy is possible.
    pub fn may_have_delivered(&self) -> bool {
        todo!()
    }
}

/// An open session with a remote server.
pub struct Connection<S> {
    stream: S,
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Connection<S> {
    /// Reads the greeting and says EHLO, or HELO where EHLO is unknown.
    pub async fn open(
        stream: S,
        hello: &Domain,
        timeouts: Timeouts,
        transcript: Option<Arc<dyn Transcript>>,
    ) -> Result<Self, ClientError> {
        todo!()
    }
    pub fn extensions(&self) -> &Extensions {
        todo!()
    }
    /// The name in the remote's greeting, printable.
    pub fn remote_name(&self) -> &str {
        todo!()
    }
    /// One transaction; pipelined where offered. An Err leaves the connection unusable.
    pub async fn deliver(
        &mut self,
        transaction: &Transaction<'_>,
        body: &mut impl Body,
    ) -> Result<Outcome, ClientError> {
        todo!()
    }
    /// Whether the idle connection is still open (nothing readable, no EOF).
    pub fn is_alive(&mut self) -> bool {
        todo!()
    }
    /// QUIT, its reply awaited for a short bounded time.
    pub async fn quit(self) {
        todo!()
    }
}

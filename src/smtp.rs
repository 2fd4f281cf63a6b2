//! SMTP on the wire: the protocol as state machines, the server around one, the pipelined client.
//!
//! This module knows neither queue nor delivery policy. A server session asks a [`Host`] for what it needs of the
//! house; a client is handed a transaction and says what became of each recipient.

mod client;
mod command;
mod data;
mod dialogue;
mod host;
mod limits;
mod line;
mod parameters;
mod path;
mod server;
mod transcript;

pub use client::{
    Body, ClientError, Connection, Credentials, Extensions, Opening, Outcome, RecipientOutcome, ReplyError,
    ReplyReader, Security, Stage, Start, Timeouts, Tls, Transaction,
};
pub use command::{Command, CommandError, Foreign};
pub use data::{Decoder, Framing, Irregularities, Piece};
pub use dialogue::{Chunk, Dialogue, Protection, Step};
pub use host::{Admission, Claim, Draft, Host, Login, Password, Peer, Refusal, Submission};
pub use parameters::{MailParameters, ParameterError, RcptParameters};
pub use path::{Path, PathError};
pub use server::{serve, serve_tls};
pub use transcript::{Milestone, Side, Transcript};

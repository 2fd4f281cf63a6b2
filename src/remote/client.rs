//! A command's end of the control socket.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};

use super::line::Lines;
use super::{Guest, Hello};
use crate::engine::view;
use crate::engine::{Command, Outcome};
use crate::platform::{self, ClientStream};

/// The longest answer taken, in octets: a page of the queue with many recipients, or a large message.
const MAX_ANSWER: usize = 512 * 1024 * 1024;

/// A connection to a running engine.
pub struct Client {
    lines: Lines<BufReader<ClientStream>>,
    socket: PathBuf,
}

/// The engine could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no mailroot engine answers at {0}: start one with `mailroot serve`")]
    NoEngine(PathBuf),
    /// Somebody does, and not for us.
    #[error("the mailroot engine at {0} belongs to another user: run this as that user or as an administrator")]
    Denied(PathBuf),
    /// The connection broke.
    #[error("the mailroot engine at {socket} did not answer: {source}")]
    Broken {
        /// Where.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The answer is none.
    #[error("the answer of the mailroot engine at {socket} was not understood ({source}): is it another version?")]
    Strange {
        /// Where.
        socket: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Client {
    /// Connects to the engine whose control socket is at `socket`.
    pub async fn connect(socket: &Path) -> Result<Self, ClientError> {
        let stream = platform::connect(socket).await.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NoEngine(socket.to_owned()),
            io::ErrorKind::PermissionDenied => ClientError::Denied(socket.to_owned()),
            _ => ClientError::Broken { socket: socket.to_owned(), source },
        })?;
        Ok(Self { lines: Lines::new(BufReader::new(stream), MAX_ANSWER), socket: socket.to_owned() })
    }

    /// Has a command carried out.
    pub async fn execute(&mut self, command: &Command) -> Result<Outcome, ClientError> {
        self.ask(command).await
    }

    async fn ask(&mut self, request: &impl Serialize) -> Result<Outcome, ClientError> {
        let mut request = serde_json::to_vec(request).map_err(|source| self.strange(source))?;
        request.push(b'\n');
        let stream = self.lines.get_mut();
        let sent = match stream.write_all(&request).await {
            Ok(()) => stream.flush().await,
            error => error,
        };
        // An engine that refuses a connection says so and hangs up: its answer counts more than our broken pipe.
        let answer = self.next_line().await?;
        sent.map_err(|source| self.broken(source))?;
        answer.ok_or_else(|| self.broken(io::ErrorKind::UnexpectedEof.into()))
    }

    /// Asks for the dashboard. `Err` within is the engine's refusal.
    pub async fn attach(
        mut self,
        hello: &Hello,
    ) -> Result<Result<Guest<impl AsyncRead + AsyncWrite + Send + use<>>, String>, ClientError> {
        match self.ask(hello).await? {
            Outcome::Refused { reason } => Ok(Err(reason)),
            _ => Ok(Ok(Guest::new(self.lines.into_inner(), hello.size()))),
        }
    }

    /// After `log` with `follow`: the next record, `None` when the engine ends. A refusal in its place says why
    /// the engine ends it.
    pub async fn next_record(&mut self) -> Result<Option<Followed>, ClientError> {
        self.next_line().await
    }

    async fn next_line<T: DeserializeOwned>(&mut self) -> Result<Option<T>, ClientError> {
        match self.lines.next().await {
            Ok(Some(line)) => serde_json::from_slice(&line).map(Some).map_err(|source| self.strange(source)),
            Ok(None) => Ok(None),
            Err(source) => Err(self.broken(source)),
        }
    }

    fn broken(&self, source: io::Error) -> ClientError {
        ClientError::Broken { socket: self.socket.clone(), source }
    }

    fn strange(&self, source: serde_json::Error) -> ClientError {
        ClientError::Strange { socket: self.socket.clone(), source }
    }
}

/// A line of a log that is followed.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
pub enum Followed {
    /// A new record.
    Record(Box<view::Record>),
    /// The end, with its reason.
    End(Outcome),
}

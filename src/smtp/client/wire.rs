//! The connection as the client uses it: flights of commands out, replies in, every wait bounded.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;
use zeroize::Zeroize as _;

use super::opening::Tls;
use super::transport::Transport;
use super::{ClientError, ReplyReader, Stage, Timeouts};
use crate::mail::{Reply, Severity};
use crate::smtp::transcript::{self, Transcript};
use crate::text::printable;

/// How many octets are read at once. Replies are short; a connection that waits keeps this much memory.
const READ: usize = 2 * 1024;
/// How much of the outgoing buffer an idle connection keeps.
const KEEP: usize = 16 * 1024;

pub(super) struct Wire<S> {
    stream: Transport<S>,
    replies: ReplyReader,
    /// What goes out with the next flush.
    pub(super) out: Vec<u8>,
    /// A login is under way: what both sides say is told by whoever knows what of it may be shown.
    pub(super) is_secret: bool,
    pub(super) timeouts: Timeouts,
    pub(super) transcript: Option<Arc<dyn Transcript>>,
}

/// What the other side did without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unasked {
    Nothing,
    Spoke,
    Closed,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire<S> {
    pub(super) fn new(stream: S, timeouts: Timeouts, transcript: Option<Arc<dyn Transcript>>) -> Self {
        Self {
            stream: Transport::Clear(stream),
            replies: ReplyReader::default(),
            out: Vec::new(),
            is_secret: false,
            timeouts,
            transcript,
        }
    }

    /// Makes the handshake; from here on nothing travels in clear. What was received before it is no longer there to
    /// be read, and must have been nothing (RFC 3207 4.2).
    pub(super) async fn encrypt(&mut self, tls: Tls<'_>) -> Result<(), ClientError> {
        self.expect_silence(Stage::StartTls)?;
        self.replies = ReplyReader::default();
        let wait = self.timeouts.command;
        match timeout(wait, self.stream.encrypt(tls.client, tls.name)).await {
            Ok(made) => made.map_err(ClientError::Tls),
            Err(_) => Err(ClientError::TimedOut { stage: Stage::Handshake, after: wait }),
        }
    }

    /// What carries the connection.
    pub(super) fn transport(&self) -> &Transport<S> {
        &self.stream
    }

    /// Sends the commands gathered in `out`, in one write where the system takes them at once.
    ///
    /// All earlier replies must have been read. One that was not asked for would be taken for the reply to the
    /// first of these commands, and each later reply for that of its predecessor.
    pub(super) async fn send_commands(&mut self, stage: Stage) -> Result<(), ClientError> {
        if self.unasked() == Unasked::Spoke {
            // Reading it tells a 421, which a server may send at any time, from a server that cannot count.
            let said = self.reply(stage, self.timeouts.command).await?.to_string();
            return Err(ClientError::OutOfStep { stage, said });
        }
        if let Some(transcript) = self.transcript.as_deref().filter(|_| !self.is_secret) {
            transcript::tell_commands(transcript, &self.out);
        }
        // Where the server closed behind a last word, the word is worth more than the error: it is read next.
        self.flush(stage, self.timeouts.command).await.map(|_| ())
    }

    /// Writes `out`, waiting at most `wait` for each part the system takes.
    ///
    /// Gives false if the connection ended but the server said something first, which is then there to be read.
    pub(super) async fn flush(&mut self, stage: Stage, wait: Duration) -> Result<bool, ClientError> {
        let result = self.write_out(stage, wait).await;
        if self.is_secret {
            std::mem::take(&mut self.out).zeroize();
        } else {
            self.out.clear();
        }
        match result {
            Ok(()) => Ok(true),
            Err(ClientError::Lost { .. }) if self.unasked() == Unasked::Spoke => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The next reply; 421 is an error, since the server closes behind it (RFC 5321 3.8).
    pub(super) async fn reply(&mut self, stage: Stage, wait: Duration) -> Result<Reply, ClientError> {
        let reply = match timeout(wait, self.read_reply(stage)).await {
            Ok(reply) => reply?,
            Err(_) => return Err(ClientError::TimedOut { stage, after: wait }),
        };
        if reply.code == 421 { Err(ClientError::Refused { stage, reply }) } else { Ok(reply) }
    }

    /// The next reply, which must not be a 3xx: only DATA has one.
    pub(super) async fn verdict(&mut self, stage: Stage, wait: Duration) -> Result<Reply, ClientError> {
        let reply = self.reply(stage, wait).await?;
        match reply.severity() {
            Severity::Intermediate => Err(ClientError::OutOfStep { stage, said: reply.to_string() }),
            _ => Ok(reply),
        }
    }

    /// Fails if anything was received beyond the replies read so far.
    pub(super) fn expect_silence(&mut self, stage: Stage) -> Result<(), ClientError> {
        if self.unasked() != Unasked::Spoke {
            return Ok(());
        }
        let said = printable(self.replies.buffer()).into_owned();
        Err(ClientError::OutOfStep { stage, said })
    }

    /// Whether the other side neither closed nor said anything since its last reply.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.unasked() == Unasked::Nothing
    }

    /// Gives back memory that only a large message needed.
    pub(super) fn trim(&mut self) {
        self.out.shrink_to(KEEP);
    }

    async fn write_out(&mut self, stage: Stage, wait: Duration) -> Result<(), ClientError> {
        let lost = |source| ClientError::Lost { stage, source };
        let late = |_| ClientError::TimedOut { stage, after: wait };
        let mut sent = 0;
        while sent < self.out.len() {
            match timeout(wait, self.stream.write(&self.out[sent..])).await.map_err(late)? {
                Ok(0) => return Err(lost(io::ErrorKind::WriteZero.into())),
                Ok(octets) => sent += octets,
                Err(error) => return Err(lost(error)),
            }
        }
        timeout(wait, self.stream.flush()).await.map_err(late)?.map_err(lost)
    }

    async fn read_reply(&mut self, stage: Stage) -> Result<Reply, ClientError> {
        loop {
            let transcript = self.transcript.as_deref().filter(|_| !self.is_secret);
            let seen = |line: &[u8]| {
                if let Some(transcript) = transcript {
                    transcript::tell_replies(transcript, line);
                }
            };
            match self.replies.next_reply(seen) {
                Ok(Some(reply)) => return Ok(reply),
                Ok(None) => {}
                Err(problem) => return Err(ClientError::BadReply { stage, problem }),
            }
            let buffer = self.replies.buffer();
            buffer.reserve(READ);
            match self.stream.read_buf(buffer).await {
                Ok(0) => return Err(ClientError::Lost { stage, source: io::ErrorKind::UnexpectedEof.into() }),
                Ok(_) => {}
                Err(source) => return Err(ClientError::Lost { stage, source }),
            }
        }
    }

    /// Waits until the other side says something without being asked, or closes.
    pub(super) async fn disturbed(&mut self) {
        poll_fn(|context| match self.poll_unasked(context) {
            Unasked::Nothing => Poll::Pending,
            Unasked::Spoke | Unasked::Closed => Poll::Ready(()),
        })
        .await;
    }

    /// Looks, without waiting, whether the other side said anything or closed.
    fn unasked(&mut self) -> Unasked {
        self.poll_unasked(&mut Context::from_waker(Waker::noop()))
    }

    fn poll_unasked(&mut self, context: &mut Context<'_>) -> Unasked {
        if !self.replies.is_empty() {
            return Unasked::Spoke;
        }
        let mut room = [0; READ];
        let mut room = ReadBuf::new(&mut room);
        match Pin::new(&mut self.stream).poll_read(context, &mut room) {
            Poll::Pending => Unasked::Nothing,
            Poll::Ready(Ok(())) if !room.filled().is_empty() => {
                self.replies.buffer().extend_from_slice(room.filled());
                Unasked::Spoke
            }
            Poll::Ready(_) => Unasked::Closed,
        }
    }
}

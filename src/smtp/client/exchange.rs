//! One transaction on the wire: MAIL, RCPT, DATA, content, and which reply belongs to whom.
//!
//! Replies carry no mark of the command they answer; only their order tells. A server that sends one too many would
//! shift every later reply by one. Such a shift cannot hide: the 3xx that answers DATA is the only one of a
//! transaction, so a 3xx in its place shows that all replies before it were where they belonged, and where DATA was
//! not reached or refused, RSET and its reply show it.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::dot_stuffing::DotStuffer;
use super::outcome::Progress;
use super::transaction::{Body, Transaction};
use super::wire::Wire;
use super::{ClientError, Extensions, Stage};
use crate::mail::{Reply, Severity};
use crate::smtp::transcript;

/// RCPT commands sent before their replies are read. The replies to so many fit into any socket's buffers, so that
/// the two sides never wait for each other to read.
const FLIGHT: usize = 100;
/// Content gathered before it is written, in octets. A message below this goes out in one write.
const BLOCK: usize = 64 * 1024;
/// The longest wait for the reply to RSET; nothing but the connection is at stake.
const RESET: Duration = Duration::from_secs(30);

pub(super) struct Exchange<'a, S> {
    wire: &'a mut Wire<S>,
    offered: &'a Extensions,
    transaction: &'a Transaction<'a>,
    progress: &'a mut Progress,
    utf8: bool,
}

impl<'a, S: AsyncRead + AsyncWrite + Send + Unpin> Exchange<'a, S> {
    pub(super) fn new(
        wire: &'a mut Wire<S>,
        offered: &'a Extensions,
        transaction: &'a Transaction<'a>,
        progress: &'a mut Progress,
    ) -> Self {
        let utf8 = transaction.wants_smtputf8(offered);
        Self { wire, offered, transaction, progress, utf8 }
    }

    /// Runs the transaction; gives whether the connection may carry another.
    pub(super) async fn run(mut self, body: &mut impl Body) -> Result<bool, ClientError> {
        let envelope = if self.offered.pipelining { self.pipelined().await } else { self.stepwise().await };
        match envelope {
            Ok(Some(reply)) if reply.severity() == Severity::Intermediate => self.begun(body).await,
            Ok(Some(reply)) if reply.severity() == Severity::Success => {
                Err(ClientError::OutOfStep { stage: Stage::Data, said: reply.to_string() })
            }
            Ok(refusal) => {
                if let Some(reply) = refusal {
                    self.progress.answer_accepted(&reply);
                }
                self.reset().await
            }
            // Servers that refuse and hang up at once did refuse; only the others are to be tried again.
            Err(error) if is_hang_up(&error) && self.progress.is_answered() => {
                self.progress.answer_all(&error.to_reply());
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// MAIL, the recipients and DATA in as few flights as can be; gives the reply to DATA, if it was sent.
    async fn pipelined(&mut self) -> Result<Option<Reply>, ClientError> {
        let count = self.transaction.recipients.len();
        for start in (0..count).step_by(FLIGHT) {
            let end = count.min(start + FLIGHT);
            let is_first = start == 0;
            let is_last = end == count;
            let flight: Vec<usize> = self.progress.ready(start..end).collect();
            if is_first {
                self.transaction.write_mail(self.offered, self.utf8, &mut self.wire.out);
            }
            for &recipient in &flight {
                self.write_rcpt(recipient);
            }
            if is_last {
                self.wire.out.extend_from_slice(b"DATA\r\n");
            }
            self.wire.send_commands(if is_first { Stage::Mail } else { Stage::Rcpt }).await?;
            let is_open = if is_first { self.mail_reply().await? } else { true };
            for recipient in flight {
                let reply = self.wire.verdict(Stage::Rcpt, self.wire.timeouts.command).await?;
                if is_open {
                    self.progress.answer(recipient, reply);
                }
            }
            if is_last {
                return self.data_reply().await.map(Some);
            }
            if !is_open {
                return Ok(None);
            }
            if self.progress.is_full() {
                break;
            }
        }
        self.data().await
    }

    /// One command at a time, as it must be without PIPELINING.
    async fn stepwise(&mut self) -> Result<Option<Reply>, ClientError> {
        self.transaction.write_mail(self.offered, self.utf8, &mut self.wire.out);
        self.wire.send_commands(Stage::Mail).await?;
        if !self.mail_reply().await? {
            return Ok(None);
        }
        let ready: Vec<usize> = self.progress.ready(0..self.transaction.recipients.len()).collect();
        for recipient in ready {
            self.write_rcpt(recipient);
            self.wire.send_commands(Stage::Rcpt).await?;
            let reply = self.wire.verdict(Stage::Rcpt, self.wire.timeouts.command).await?;
            self.progress.answer(recipient, reply);
            if self.progress.is_full() {
                break;
            }
        }
        self.data().await
    }

    /// DATA alone, if there is anyone to send to.
    async fn data(&mut self) -> Result<Option<Reply>, ClientError> {
        if self.progress.accepted() == 0 {
            return Ok(None);
        }
        self.wire.out.extend_from_slice(b"DATA\r\n");
        self.wire.send_commands(Stage::Data).await?;
        self.data_reply().await.map(Some)
    }

    /// The server waits for content and is in step.
    async fn begun(mut self, body: &mut impl Body) -> Result<bool, ClientError> {
        self.wire.expect_silence(Stage::Data)?;
        if self.progress.accepted() == 0 {
            // RFC 2920 3.1: all recipients were refused, and the server took DATA all the same.
            self.wire.out.extend_from_slice(b".\r\n");
            let ended = self.wire.send_commands(Stage::EndOfData).await.is_ok()
                && self.wire.reply(Stage::EndOfData, self.wire.timeouts.command).await.is_ok();
            return Ok(ended && self.reset().await.unwrap_or(false));
        }
        let complete = self.send_content(body).await?;
        let stage = if complete { Stage::EndOfData } else { Stage::Content };
        let reply = self.wire.verdict(stage, self.wire.timeouts.data_end).await?;
        let success = reply.severity() == Severity::Success;
        if success && !complete {
            return Err(ClientError::OutOfStep { stage, said: reply.to_string() });
        }
        self.progress.answer_accepted(&reply);
        if success { Ok(self.wire.is_quiet()) } else { Ok(complete && self.reset().await.unwrap_or(false)) }
    }

    /// Sends the content and its end. Gives false if the server spoke and hung up before it had all of it.
    async fn send_content(&mut self, body: &mut impl Body) -> Result<bool, ClientError> {
        let wait = self.wire.timeouts.data_block;
        let mut stuffer = DotStuffer::default();
        let mut octets = 0;
        while let Some(piece) = body.next().await.map_err(|source| ClientError::Unreadable { source })? {
            octets += piece.len() as u64;
            for part in piece.chunks(BLOCK) {
                stuffer.push(part, &mut self.wire.out)?;
                if self.wire.out.len() >= BLOCK && !self.wire.flush(Stage::Content, wait).await? {
                    return Ok(false);
                }
            }
        }
        stuffer.finish(&mut self.wire.out)?;
        if let Some(transcript) = &self.wire.transcript {
            transcript::tell_content(&**transcript, octets);
            transcript::tell_commands(&**transcript, b".");
        }
        self.wire.flush(Stage::Content, wait).await
    }

    /// Ends a transaction that failed, and makes sure that both sides count alike: no refusal is believed before.
    ///
    /// A server that has gone, or goes, is believed: many hang up behind a refusal.
    async fn reset(&mut self) -> Result<bool, ClientError> {
        self.wire.out.extend_from_slice(b"RSET\r\n");
        let wait = self.wire.timeouts.command.min(RESET);
        let reply = match self.wire.send_commands(Stage::Reset).await {
            Ok(()) => self.wire.reply(Stage::Reset, wait).await,
            Err(error) => Err(error),
        };
        match reply {
            Ok(reply) if reply.severity() == Severity::Success => Ok(self.wire.is_quiet()),
            Ok(reply) => Err(ClientError::OutOfStep { stage: Stage::Reset, said: reply.to_string() }),
            Err(error) if is_hang_up(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn write_rcpt(&mut self, recipient: usize) {
        self.transaction.write_rcpt(recipient, self.offered, self.utf8, &mut self.wire.out);
    }

    /// Takes the reply to MAIL; false if it was refused, which speaks for all recipients.
    async fn mail_reply(&mut self) -> Result<bool, ClientError> {
        let reply = self.wire.verdict(Stage::Mail, self.wire.timeouts.command).await?;
        let is_open = reply.severity() == Severity::Success;
        if !is_open {
            self.progress.answer_all(&reply);
        }
        Ok(is_open)
    }

    async fn data_reply(&mut self) -> Result<Reply, ClientError> {
        self.wire.reply(Stage::Data, self.wire.timeouts.data_start).await
    }
}

fn is_hang_up(error: &ClientError) -> bool {
    matches!(error, ClientError::Lost { .. } | ClientError::TimedOut { .. } | ClientError::Refused { .. })
}

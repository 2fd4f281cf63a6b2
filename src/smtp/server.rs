//! The server around the dialogue: it owns the socket, the buffers and the timers.
//!
//! One task per session, one thing at a time: replies are gathered while commands are at hand, and sent before
//! anything more is read. A client that does not read its replies is therefore not read from either.

mod content;
mod incoming;
mod input;
mod output;
mod stream;
mod trust;

use std::convert::Infallible;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::incoming::Incoming;
use self::input::Input;
use self::output::Output;
use self::stream::Stream;
use super::command::Foreign;
use super::dialogue::{Dialogue, Protection, Step, replies};
use super::host::{Admission, Host, Peer};
use super::limits::{PENALTY, Verdict};
use super::line::{Found, Lines};
use super::transcript::{self, Side};
use crate::ledger::{Activity, SessionGuard};
use crate::mail::Reply;
use crate::tls;

/// How long the last reply may take to leave.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long, and how much, is still read behind the last reply, so that a client in full flow gets to see it.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_OCTETS: usize = 256 * 1024;

/// Runs one session to its end. `draining` turning true lets the session finish the message whose content is on its
/// way, and answers the commands at hand; to a client that is then silent, or done, it says 421.
///
/// Timeouts are those of the settings at the start of the session: `general.connection_timeout` for each command,
/// counted from the moment it is awaited and not from its last octet; for each read of content; and for the client
/// to take our replies. Commands behind EHLO or behind the end of data in one group are answered in order.
pub async fn serve<S, H>(stream: S, peer: Peer, host: Arc<H>, session: SessionGuard, draining: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Host,
{
    let mut server = Server::new(stream, peer, host, session, draining);
    let Err(end) = server.run().await;
    server.close(end).await;
}

/// Runs one session of a client that speaks TLS from the first octet on (RFC 8314 3.3), as [`serve`] does. Without a
/// certificate that can be used the connection is closed: nothing is ever said in clear.
pub async fn serve_tls<S, H>(
    stream: S,
    peer: Peer,
    host: Arc<H>,
    session: SessionGuard,
    draining: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    H: Host,
{
    let mut server = Server::new(stream, peer, host, session, draining);
    let Err(end) = server.run_under_tls().await;
    server.close(end).await;
}

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The client left, or does not take our replies: there is nobody to say anything to.
    Gone,
    /// The last reply to QUIT is said.
    Quit,
    /// The last reply is said, perhaps in the middle of what the client sends.
    Hangup,
    /// The client was silent for too long.
    TimedOut,
    /// A person closed the session.
    Closed,
    /// The engine stops.
    Draining,
}

struct Server<S, H: Host> {
    stream: Stream<S>,
    /// By what to speak TLS.
    identity: Option<tls::Identity>,
    host: Arc<H>,
    session: SessionGuard,
    draining: watch::Receiver<bool>,
    timeout: Duration,
    dialogue: Dialogue,
    lines: Lines,
    input: Input,
    output: Output,
    /// The message that comes in chunks, between two of them.
    chunks: Option<Incoming<H::Draft>>,
}

impl<S, H> Server<S, H>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    H: Host,
{
    fn new(stream: S, peer: Peer, host: Arc<H>, session: SessionGuard, draining: watch::Receiver<bool>) -> Self {
        let (settings, identity) = (host.settings(), host.tls());
        let protection = match identity {
            Some(_) => Protection::Offered,
            None if settings.access.certificate.is_some() => Protection::Unavailable,
            None => Protection::None,
        };
        let dialogue = Dialogue::new(settings, peer, protection);
        Self {
            timeout: dialogue.limits().timeout,
            stream: Stream::Clear(stream),
            identity,
            host,
            session,
            draining,
            dialogue,
            lines: Lines::default(),
            input: Input::default(),
            output: Output::default(),
            chunks: None,
        }
    }

    async fn run_under_tls(&mut self) -> Result<Infallible, End> {
        self.session.set_activity(Activity::Greeting);
        let session = self.shake_hands().await?;
        self.dialogue.secured(session, false);
        self.run().await
    }

    async fn run(&mut self) -> Result<Infallible, End> {
        self.greet().await?;
        loop {
            self.session.set_activity(match self.dialogue.helo() {
                _ if self.dialogue.in_transaction() => Activity::Envelope,
                Some(_) => Activity::Idle,
                None => Activity::Greeting,
            });
            let step = self.next_step().await?;
            self.perform(step).await?;
            if !self.dialogue.in_transaction() {
                self.chunks = None;
            }
        }
    }

    /// Says the first words. A stranger that does not wait for them is no mail server, and is told so.
    async fn greet(&mut self) -> Result<(), End> {
        self.session.set_activity(Activity::Greeting);
        if !self.dialogue.peer().may_relay && self.has_spoken().await? {
            if let Some(protocol) = Foreign::recognize(self.input.unread()) {
                return self.perform(Step::Foreign(protocol)).await;
            }
            tracing::info!(client = %self.dialogue.peer().address, "client spoke before the greeting");
            self.output.push(&replies::out_of_step());
            return Err(End::Hangup);
        }
        self.output.push(&self.dialogue.greeting(self.host.now()));
        Ok(())
    }

    /// Whether anything is there to be read, without waiting for it.
    async fn has_spoken(&mut self) -> Result<bool, End> {
        // One turn of the runtime, in which it learns what came with the connection.
        tokio::task::yield_now().await;
        tokio::select! {
            biased;
            received = self.input.fill(&mut self.stream) => match received {
                Ok(0) | Err(_) => Err(End::Gone),
                Ok(_) => Ok(true),
            },
            () = future::ready(()) => Ok(false),
        }
    }

    /// The next line, and what it means.
    async fn next_step(&mut self) -> Result<Step, End> {
        let deadline = Instant::now() + self.timeout;
        loop {
            if !self.dialogue.in_transaction() && *self.draining.borrow() {
                return Err(End::Draining);
            }
            let unread = self.input.unread();
            // A ClientHello has no line end to wait for.
            if Foreign::recognize(unread) == Some(Foreign::Tls) {
                return Ok(Step::Foreign(Foreign::Tls));
            }
            match self.lines.find(unread, self.dialogue.longest_line(unread)) {
                Found::Line(length) => {
                    let line = &unread[..length];
                    if self.dialogue.awaits_response() {
                        transcript::tell_secret(&**self.session.audience(), Side::Client, "");
                    } else {
                        transcript::tell_commands(&**self.session.audience(), line);
                    }
                    let step = self.dialogue.command(line, self.host.now());
                    self.input.consume_secret(length + 2);
                    return Ok(step);
                }
                Found::TooLong(octets) => {
                    self.session.audience().remark("the client sent a line that is too long to be read");
                    self.input.consume(octets);
                    return Ok(Step::Reply(self.dialogue.line_too_long()));
                }
                Found::Endless => return Ok(Step::Close(self.dialogue.line_too_long())),
                Found::Incomplete(octets) => {
                    self.input.consume(octets);
                    self.receive(deadline).await?;
                }
            }
        }
    }

    async fn perform(&mut self, step: Step) -> Result<(), End> {
        match step {
            Step::Reply(reply) => self.answer(&reply).await,
            Step::Hello(reply) => {
                self.session.set_name(self.dialogue.helo().unwrap_or_default());
                self.answer(&reply).await
            }
            Step::Refuse(refusal) => {
                self.host.refused(self.dialogue.peer(), self.dialogue.user(), &refusal);
                self.answer(&refusal.reply).await
            }
            Step::Admit(transaction) => {
                let admission = Admission {
                    peer: self.dialogue.peer(),
                    user: self.dialogue.user(),
                    sender: transaction.sender(),
                    declared_size: transaction.declared_size(),
                };
                let reply = match self.host.admit(admission) {
                    Ok(()) => self.dialogue.open(*transaction),
                    Err(reply) => reply,
                };
                self.answer(&reply).await
            }
            Step::Data(submission) => self.data(submission).await,
            Step::RefuseData(reply) => {
                self.answer(&reply).await?;
                if self.input.is_empty() {
                    return Ok(());
                }
                tracing::info!(client = %self.dialogue.peer().address, "client did not wait for the reply to DATA");
                self.output.push(&replies::out_of_step());
                Err(End::Hangup)
            }
            Step::Chunk(chunk) => self.chunk(chunk).await,
            Step::Swallow(octets, reply) => {
                self.swallow(octets).await?;
                self.answer(&reply).await
            }
            Step::StartTls(reply) => self.start_tls(&reply).await,
            Step::Login(claim) => self.log_in(claim).await,
            Step::RunQueue(domain) => {
                let messages = self.host.run_queue(&domain);
                self.answer(&replies::queue_run(&domain, messages)).await
            }
            Step::Foreign(protocol) => {
                tracing::info!(client = %self.dialogue.peer().address, "{protocol} on a plain SMTP port");
                self.output.push(&replies::foreign(protocol));
                Err(End::Hangup)
            }
            Step::Close(reply) => {
                self.output.push(&reply);
                Err(if reply.code == 221 { End::Quit } else { End::Hangup })
            }
        }
    }

    /// Gathers a reply, or ends the session of a client that has had enough of them.
    async fn answer(&mut self, reply: &Reply) -> Result<(), End> {
        match self.dialogue.judge(reply) {
            Verdict::Fine => {}
            Verdict::Late => {
                self.flush().await?;
                tokio::select! {
                    biased;
                    () = self.session.closed() => return Err(End::Closed),
                    () = sleep(PENALTY) => {}
                }
            }
            Verdict::Enough => {
                self.output.push(&replies::too_many_errors(self.dialogue.host()));
                return Err(End::Hangup);
            }
        }
        self.output.push(reply);
        if self.output.is_full() { self.flush().await } else { Ok(()) }
    }

    /// Sends what is gathered and waits for more commands; while the engine stops, only between two chunks of content.
    async fn receive(&mut self, deadline: Instant) -> Result<(), End> {
        self.flush().await?;
        let between_chunks = self.chunks.is_some();
        let Self { stream, input, session, draining, .. } = self;
        tokio::select! {
            biased;
            () = session.closed() => Err(End::Closed),
            received = input.fill(stream) => some(&received),
            () = drained(draining), if !between_chunks => Err(End::Draining),
            () = sleep_until(deadline) => Err(End::TimedOut),
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let Self { stream, output, session, .. } = self;
        transcript::tell_replies(&**session.audience(), output.as_bytes());
        let sent = tokio::select! {
            biased;
            () = session.closed() => return Err(End::Gone),
            sent = send(stream, output.as_bytes()) => sent,
            () = sleep(self.timeout) => return Err(End::Gone),
        };
        output.clear();
        sent.map_err(|_| End::Gone)
    }

    /// Says the last words, and closes so that they arrive.
    async fn close(mut self, end: End) {
        self.session.set_activity(Activity::Closing);
        let host = self.dialogue.host();
        match end {
            End::Gone => return self.session.audience().remark("the client has gone"),
            End::Quit | End::Hangup => {}
            End::TimedOut => self.output.push(&replies::timed_out(host)),
            End::Closed => self.output.push(&replies::closed_by_hand(host)),
            End::Draining => self.output.push(&replies::shutting_down(host)),
        }
        let Self { mut stream, output, input, chunks, session, .. } = self;
        drop(chunks);
        transcript::tell_replies(&**session.audience(), output.as_bytes());
        let farewell = async {
            send(&mut stream, output.as_bytes()).await?;
            stream.shutdown().await
        };
        let said = matches!(timeout(FAREWELL, farewell).await, Ok(Ok(())));
        // To close a socket with unread octets resets the connection, and the client may lose our last reply.
        if said && (end != End::Quit || !input.is_empty()) {
            let _ = timeout(LINGER, discard(&mut stream)).await;
        }
    }
}

/// Whether anything came.
fn some(received: &std::io::Result<usize>) -> Result<(), End> {
    match received {
        Ok(0) | Err(_) => Err(End::Gone),
        Ok(_) => Ok(()),
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), octets: &[u8]) -> std::io::Result<()> {
    stream.write_all(octets).await?;
    stream.flush().await
}

async fn discard(stream: &mut (impl AsyncRead + Unpin)) {
    let mut scrap = vec![0; 4096];
    let mut left = LINGER_OCTETS;
    while let Ok(read @ 1..) = stream.read(&mut scrap).await {
        left = left.saturating_sub(read);
        if left == 0 {
            return;
        }
    }
}

/// Resolves once the engine stops; never, if it has gone without a word.
async fn drained(draining: &mut watch::Receiver<bool>) {
    if draining.wait_for(|&stopping| stopping).await.is_err() {
        future::pending::<()>().await;
    }
}

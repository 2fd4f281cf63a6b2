//! The SMTP client against servers that do what they should, what they may, and what no server should.
//!
//! Tests are named by the row of the conformance checklist or the attack vector that they prove.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/scripted_peer.rs"]
mod scripted_peer;

mod content;
mod desync;
mod envelopes;
mod logins;
mod opening;
mod reuse;
mod robustness;
mod tls;
mod transcripts;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use mailroot::mail::{Address, Domain, EnhancedStatus, Recipient, Reply, ReversePath};
use mailroot::smtp::{
    Body, ClientError, Connection, Credentials, Milestone, Opening, Outcome, RecipientOutcome, Security, Side, Stage,
    Start, Timeouts, Tls, Transaction, Transcript,
};
use scripted_peer::{Act, END_OF_DATA, GREETING, ScriptedPeer, TLS, say, say_and_close};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::time::Instant;

const CONTENT: &[u8] = b"Subject: hello\r\n\r\n.dot\r\ntext\r\n";
const MINUTE: Duration = Duration::from_mins(1);

/// Content in memory, in pieces.
struct Pieces(VecDeque<Bytes>);

impl Pieces {
    fn new(content: &[u8]) -> Self {
        Self([Bytes::copy_from_slice(content)].into())
    }
}

impl Body for Pieces {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        Ok(self.0.pop_front())
    }
}

fn hello() -> Domain {
    "relay.example".parse().unwrap()
}

fn recipients(locals: &[&str]) -> Vec<Recipient> {
    locals.iter().map(|local| Recipient::new(address(&format!("{local}@dest.example")))).collect()
}

fn address(text: &str) -> Address {
    Address::parse(text, true).unwrap()
}

async fn open<S>(stream: S) -> Result<Connection<S>, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    Connection::open(stream, Opening::plain(&hello(), Timeouts::default())).await
}

async fn connect(peer: &ScriptedPeer) -> Connection<DuplexStream> {
    open(peer.connect()).await.unwrap()
}

/// Sends `CONTENT` to these recipients of `dest.example`.
async fn send<S>(connection: &mut Connection<S>, locals: &[&str]) -> Result<Outcome, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    send_content(connection, locals, CONTENT).await
}

async fn send_content<S>(
    connection: &mut Connection<S>,
    locals: &[&str],
    content: &[u8],
) -> Result<Outcome, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let recipients = recipients(locals);
    let recipients: Vec<&Recipient> = recipients.iter().collect();
    let sender = ReversePath::Mailbox(address("app@corp.example"));
    let transaction = Transaction { size: content.len() as u64, ..transaction(&sender, &recipients) };
    connection.deliver(&transaction, &mut Pieces::new(content)).await
}

fn transaction<'a>(sender: &'a ReversePath, recipients: &'a [&'a Recipient]) -> Transaction<'a> {
    Transaction { sender, recipients, eight_bit: false, smtputf8: false, ret: None, envid: None, size: 10 }
}

/// One letter per recipient: Delivered, deferred (`4`), Failed, Untried.
fn letters(outcome: &Outcome) -> String {
    let letter = |outcome: &RecipientOutcome| match outcome {
        RecipientOutcome::Delivered(_) => 'D',
        RecipientOutcome::Deferred(_) => '4',
        RecipientOutcome::Failed(_) => 'F',
        RecipientOutcome::Untried => 'U',
    };
    outcome.recipients.iter().map(letter).collect()
}

fn reply(outcome: &Outcome, recipient: usize) -> &Reply {
    match &outcome.recipients[recipient] {
        RecipientOutcome::Delivered(reply) | RecipientOutcome::Deferred(reply) | RecipientOutcome::Failed(reply) => {
            reply
        }
        RecipientOutcome::Untried => panic!("recipient {recipient} is untried"),
    }
}

/// Both ways of sending an envelope must come to the same end.
fn both_ways() -> [ScriptedPeer; 2] {
    [ScriptedPeer::new(), ScriptedPeer::new().offering(&["PIPELINING"])]
}

/// Plays a server that reads a command behind each of its replies.
async fn answer(server: &mut DuplexStream, replies: &[&str]) {
    let mut command = [0; 4096];
    for reply in replies {
        server.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
        assert_ne!(server.read(&mut command).await.unwrap(), 0);
    }
}

/// A stream that records each write.
struct Watched<S> {
    stream: S,
    writes: Writes,
}

type Writes = Arc<Mutex<Vec<String>>>;

impl<S> Watched<S> {
    fn new(stream: S) -> (Self, Writes) {
        let writes = Writes::default();
        (Self { stream, writes: writes.clone() }, writes)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.lock().unwrap().push(String::from_utf8_lossy(bytes).into_owned());
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

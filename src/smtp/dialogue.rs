//! The server's side of the SMTP dialogue as a state machine: lines in, replies and acts out (RFC 5321 3, 4.1.4).
//!
//! It decides what a command means, whether it is in order, and who may send to whom. It knows no socket, no timer
//! and no file: what a [`Step`] asks for, the server around it does.

pub(super) mod replies;
#[cfg(test)]
mod tests;
mod transaction;
mod trust;

use std::sync::Arc;

use self::transaction::Transaction;
pub use self::trust::Protection;
use self::trust::Trust;
use super::command::{Command, CommandError, Foreign};
use super::host::{Claim, Peer, Refusal, Submission};
use super::limits::{Conduct, Limits, Verdict};
use super::path::{Path, PathError, Written};
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::mail::{AddressError, Domain, Reply};

/// The longest name taken in HELO and EHLO, in octets (RFC 5321 4.5.3.1.2).
const MAX_HELLO: usize = 255;

/// One session's state: who the client says it is, the transaction under way, and how the client behaves.
#[derive(Debug)]
pub struct Dialogue {
    settings: Arc<Settings>,
    limits: Limits,
    peer: Peer,
    hello: Option<Hello>,
    stage: Stage,
    trust: Trust,
    conduct: Conduct,
    /// Octets of the messages accepted so far.
    accepted: u64,
}

/// What the server has to do for one line.
#[derive(Debug)]
pub enum Step {
    /// Say this.
    Reply(Reply),
    /// The client said who it is: take note of [`Dialogue::helo`] and say this.
    Hello(Reply),
    /// Say the reply, and let the house know.
    Refuse(Box<Refusal>),
    /// Ask the house whether it has room for a message of the declared size, then [`Dialogue::open`] it or say what
    /// the house answered.
    Admit(Box<Transaction>),
    /// Say 354 and read content up to the end of data.
    Data(Box<Submission>),
    /// DATA was refused: say this. Content that did not wait for the 354 may stand behind it already, and must never
    /// run as commands.
    RefuseData(Reply),
    /// Read a chunk of content.
    Chunk(Chunk),
    /// Throw away so many octets, then say this.
    Swallow(u64, Reply),
    /// Say this, and speak TLS from here on: nothing that stands behind the command may be read.
    StartTls(Reply),
    /// Ask the house who this is, and [`Dialogue::settle`] it.
    Login(Claim),
    /// Make the messages for this domain due, and say how many there are.
    RunQueue(Domain),
    /// The client speaks another protocol: say so and close.
    Foreign(Foreign),
    /// Say this and close.
    Close(Reply),
}

/// A chunk to be read (RFC 3030).
#[derive(Debug)]
pub struct Chunk {
    /// How many octets.
    pub octets: u64,
    /// Whether the message ends with it.
    pub last: bool,
    /// The transaction, with the first chunk of it.
    pub submission: Option<Box<Submission>>,
}

#[derive(Debug)]
struct Hello {
    name: Box<str>,
    extended: bool,
}

/// How far the transaction is.
#[derive(Debug)]
enum Stage {
    /// There is none.
    Idle,
    /// MAIL was accepted.
    Envelope(Transaction),
    /// So many octets came in chunks; more chunks follow.
    Chunks(u64),
    /// A chunk was refused, and with it every further one until RSET (RFC 3030 2).
    ChunkRefused,
}

impl Dialogue {
    /// A session that has just begun.
    pub fn new(settings: Arc<Settings>, peer: Peer, protection: Protection) -> Self {
        let limits = Limits::new(&settings, peer.may_relay);
        let (trust, conduct) = (Trust::new(protection), Conduct::default());
        Self { settings, limits, peer, hello: None, stage: Stage::Idle, trust, conduct, accepted: 0 }
    }

    /// The first words.
    pub fn greeting(&self, now: Timestamp) -> Reply {
        replies::greeting(self.host(), now)
    }

    /// Takes a whole line, without its CRLF: a command, or a response within a login.
    pub fn command(&mut self, line: &[u8], now: Timestamp) -> Step {
        if let Some(exchange) = self.take_exchange() {
            return self.respond(exchange, line);
        }
        let utf8 = matches!(&self.stage, Stage::Envelope(transaction) if transaction.envelope.smtputf8);
        let command = Command::parse(line, utf8);
        self.conduct.command(command.as_ref().is_ok_and(Command::is_junk));
        match command {
            Ok(command) => self.obey(command, now),
            Err(CommandError::Foreign(protocol)) => Step::Foreign(protocol),
            // Octets that nobody can count follow.
            Err(error @ CommandError::Count) => Step::Close(replies::syntax(&error)),
            // The order comes first: a recipient of no transaction is not looked at.
            Err(CommandError::ForwardPath(_)) if !self.in_transaction() => Step::Reply(replies::need_mail()),
            Err(error) => Step::Reply(replies::syntax(&error)),
        }
    }

    /// Takes note of a line that was too long to be read.
    pub fn line_too_long(&mut self) -> Reply {
        self.conduct.command(false);
        if self.take_exchange().is_some() {
            return replies::response_too_long();
        }
        replies::line_too_long()
    }

    /// Opens the transaction that the house has room for.
    pub fn open(&mut self, transaction: Transaction) -> Reply {
        let reply = replies::sender_ok(&transaction.envelope.sender);
        self.stage = Stage::Envelope(transaction);
        reply
    }

    /// Takes note that the chunk just read was refused.
    pub fn chunk_refused(&mut self) {
        if matches!(self.stage, Stage::Chunks(_)) {
            self.stage = Stage::ChunkRefused;
        }
    }

    /// Takes note that a message of so many octets was accepted.
    pub fn accepted(&mut self, octets: u64) {
        self.accepted = self.accepted.saturating_add(octets);
        self.conduct.delivered();
    }

    /// Whether a transaction is under way.
    pub fn in_transaction(&self) -> bool {
        !matches!(self.stage, Stage::Idle)
    }

    /// The client.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Our host name.
    pub fn host(&self) -> &Domain {
        &self.settings.general.hostname
    }

    /// What the client called itself.
    pub fn helo(&self) -> Option<&str> {
        self.hello.as_ref().map(|hello| &*hello.name)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Octets of content that the session may still bring.
    pub(super) fn session_left(&self) -> Option<u64> {
        self.limits.session.map(|limit| limit.saturating_sub(self.accepted))
    }

    /// Whether a reply may be said as it is; every reply to a command passes here once.
    pub(super) fn judge(&mut self, reply: &Reply) -> Verdict {
        self.conduct.judge(reply)
    }

    fn obey(&mut self, command: Command<'_>, now: Timestamp) -> Step {
        let asks = matches!(command, Command::Vrfy(..) | Command::Etrn(_));
        if let Some(reply) = self.clear_text().filter(|_| asks) {
            return Step::Reply(reply);
        }
        match command {
            Command::Helo(name) => self.greet(name, false),
            Command::Ehlo(name) => self.greet(name, true),
            Command::Mail(path, parameters) => self.mail(path, parameters),
            Command::Rcpt(path, parameters) => self.rcpt(path, parameters),
            Command::Data => self.data(),
            Command::Bdat(octets, last) => self.bdat(octets, last),
            Command::Rset => {
                self.stage = Stage::Idle;
                Step::Reply(replies::resetting())
            }
            Command::Noop => Step::Reply(replies::ok()),
            Command::Quit => Step::Close(replies::closing(self.host())),
            Command::Vrfy(name, utf8) => Step::Reply(self.verify(name, utf8)),
            Command::Help => Step::Reply(replies::help()),
            Command::StartTls => self.start_tls(),
            Command::Auth(mechanism, initial) => self.auth(mechanism, initial, now),
            Command::Etrn(node) => self.etrn(node),
            Command::NotOffered => Step::Reply(replies::not_offered()),
        }
    }

    /// HELO and EHLO. The name is no reason to refuse (RFC 5321 4.1.4), unless it is none: then only clients that
    /// may relay pass, among which there are devices that send it empty.
    fn greet(&mut self, name: &str, extended: bool) -> Step {
        let legal = !name.is_empty() && name.len() <= MAX_HELLO && name.bytes().all(|b| b.is_ascii_graphic());
        let excused = name.is_empty() && self.may_relay();
        if !legal && !excused {
            return Step::Reply(replies::bad_hello());
        }
        self.stage = Stage::Idle;
        self.hello = Some(Hello { name: name.into(), extended });
        let client = Domain::from(self.peer.address.ip());
        if extended {
            Step::Hello(replies::extensions(self.host(), &client, &self.offer()))
        } else {
            Step::Hello(replies::hello(self.host(), &client))
        }
    }

    /// What EHLO lists at this point of the session.
    fn offer(&self) -> replies::Offer {
        replies::Offer {
            size: self.limits.message,
            recipients: self.limits.announced_recipients,
            starttls: self.trust.protection == Protection::Offered,
            mechanisms: self.mechanisms(),
        }
    }

    /// VRFY never tells who exists (RFC 5321 7.3): there is no directory of users to tell it from.
    fn verify(&self, name: &str, utf8: bool) -> Reply {
        let path = Written::split(name).and_then(|written| written.parse(utf8));
        let address = match path {
            Err(PathError::Address(AddressError::NotAscii)) => return replies::needs_smtputf8(),
            Ok(Path::Mailbox(address)) => Some(address),
            Ok(Path::Local(local)) => self.complete(&local, utf8).ok(),
            _ => None,
        };
        replies::cannot_verify(address.filter(|address| self.may_send_to(address)).as_ref())
    }

    /// ETRN (RFC 1985), for clients that may relay: to others a queue run is nothing but a way to make us work.
    fn etrn(&self, node: &str) -> Step {
        if node.starts_with('#') {
            return Step::Reply(replies::no_such_queue());
        }
        match node.strip_prefix('@').unwrap_or(node).parse::<Domain>() {
            Err(_) => Step::Reply(replies::syntax(&CommandError::Arguments("ETRN domain"))),
            Ok(domain) if !self.may_relay() => Step::Reply(replies::queue_run_refused(&domain)),
            Ok(domain) => Step::RunQueue(domain),
        }
    }
}

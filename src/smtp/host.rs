//! What a server session asks of the house, and what the house learns of it.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::config::Settings;
use crate::mail::{Address, Domain, Envelope, Reply, ReversePath};
use crate::sasl::{NtlmLogin, Zeroizing};
use crate::tls;

/// Who is at the other end of a server session; decided before the greeting.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The client's end of the connection.
    pub address: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
    /// Verified by reverse DNS and back, where it was asked for.
    pub name: Option<Domain>,
    /// Whether the client may relay to any domain, by its address or verified name.
    pub may_relay: bool,
    /// Whether it may log in without TLS, by the same.
    pub may_log_in_clear: bool,
}

/// What is known of a transaction when its content begins.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Sender and recipients; at least one.
    pub envelope: Envelope,
    /// The client.
    pub peer: Peer,
    /// What the client called itself: printable ASCII without spaces; `None` before HELO and EHLO.
    pub helo: Option<Box<str>>,
    /// The login, where there is one.
    pub user: Option<Box<str>>,
    /// The TLS that protects the session, if any.
    pub encryption: Option<tls::Session>,
    /// The keyword for our `Received:` field: `SMTP`, `ESMTPSA`, ... (RFC 3848, RFC 6531 4.3).
    pub protocol: &'static str,
}

/// Mail that was not taken, for the log and the totals. Faults of syntax and of order are no such thing.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The sender, as given or completed.
    pub sender: ReversePath,
    /// The recipient that was refused; `None` where it was the message.
    pub recipient: Option<Address>,
    /// What the client was told.
    pub reply: Reply,
}

/// What a transaction is judged by before it is opened.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    /// The client.
    pub peer: &'a Peer,
    /// Its login, where there is one.
    pub user: Option<&'a str>,
    /// The sender, as given or completed.
    pub sender: &'a ReversePath,
    /// The size declared with SIZE, in octets.
    pub declared_size: Option<u64>,
}

/// Who a client says it is, and what it shows for it. Secrets are not shown.
#[derive(Debug)]
pub enum Claim {
    /// A password (PLAIN, LOGIN).
    Password {
        /// The user, as the client wrote it: a stranger's text.
        user: Box<str>,
        /// Theirs, perhaps.
        password: Password,
    },
    /// A proof to know the password (NTLM).
    Ntlm(NtlmLogin),
    /// What cannot be right, whoever the users are. It must cost the client what a wrong password costs.
    Impossible,
}

/// A password; `Debug` does not show it.
pub struct Password(pub Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// What the house makes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// It is right.
    Accepted {
        /// The user's name as the house writes it.
        user: Box<str>,
    },
    /// It is wrong: what of it, nobody says.
    Refused,
    /// There were too many that were wrong, and nobody looked at this one.
    Throttled,
    /// Nobody can tell at the moment.
    Unavailable,
}

/// What an SMTP server session asks of the house.
pub trait Host: Send + Sync + 'static {
    /// A message on its way into the queue.
    type Draft: Draft;

    /// The settings as of now. A session keeps those it started with.
    fn settings(&self) -> Arc<Settings>;

    /// The time for greetings and `Received:` fields.
    fn now(&self) -> Timestamp;

    /// Our instance id, for `Received:` fields and loop detection.
    fn instance(&self) -> &str;

    /// By what to speak TLS; `None` without a certificate that can be used. A session keeps what it started with.
    fn tls(&self) -> Option<tls::Identity>;

    /// Who a client is. A failure takes its time, which is the same whatever is wrong, and is logged and counted here.
    fn authenticate(&self, peer: &Peer, claim: Claim) -> impl Future<Output = Login> + Send;

    /// Whether a message may come: whether its sender may be this user's, and whether there is room; else the reply.
    fn admit(&self, admission: Admission<'_>) -> Result<(), Reply>;

    /// Starts a message.
    fn begin(&self, submission: &Submission) -> Self::Draft;

    /// Makes a message durable: only after `Ok` is 250 said. `Err` is the reply to give; nothing is kept then.
    fn commit(&self, draft: Self::Draft) -> impl Future<Output = Result<(), Reply>> + Send;

    /// Makes the messages for a domain due, as ETRN asks, and says how many there are.
    fn run_queue(&self, domain: &Domain) -> usize;

    /// Learns of mail that the session refused; not of what `admit` and `commit` refused themselves.
    fn refused(&self, peer: &Peer, user: Option<&str>, refusal: &Refusal) {
        let _ = (peer, user, refusal);
    }
}

/// A message on its way in, as the server sees it. Dropped before its commit, it leaves nothing behind.
pub trait Draft: Send + 'static {
    /// The queue id: an atom.
    fn id(&self) -> &str;

    /// Appends content in normal form.
    fn push(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<()>> + Send;
}

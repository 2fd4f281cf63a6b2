//! An SMTP session with the server, over memory or loopback, and a house that keeps its messages in memory.
//!
//! Every reply that a test reads is checked for its form on the way: see [`Said`].

#![allow(dead_code, reason = "every test uses its part of this")]

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailroot::clock::Timestamp;
use mailroot::config::{self, DomainPattern, Settings};
use mailroot::ledger::{Direction, Ledger, SessionGuard};
use mailroot::mail::{Domain, EnhancedStatus, Reply};
use mailroot::sasl::NtHash;
use mailroot::smtp::{self, Admission, Claim, Draft, Host, Login, Peer, Refusal, Submission};
use mailroot::tls;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

#[path = "certificates.rs"]
pub(crate) mod certificates;

use certificates::{Certificate, server_name};

/// The host name of the server under test, which is its only local domain too.
pub(crate) const HOST: &str = "relay.test";
/// Its instance id.
pub(crate) const INSTANCE: &str = "k3x9q7";
/// The one who may log in, where anybody may.
pub(crate) const USER: &str = "app";
pub(crate) const PASSWORD: &str = "geheim";

/// A house without queue: what the server commits is kept in a list.
pub(crate) struct House {
    settings: Arc<Settings>,
    messages: Mutex<Vec<Kept>>,
    pub(crate) runs: Mutex<Vec<Domain>>,
    pub(crate) refusals: Mutex<Vec<Refusal>>,
    /// The certificate, if it has one.
    pub(crate) certificate: Option<Certificate>,
    /// What was tried: `user:password`, `(ntlm)user`, `(impossible)`.
    pub(crate) logins: Mutex<Vec<String>>,
    pub(crate) trouble: Trouble,
    drafts: AtomicUsize,
    open_drafts: Arc<AtomicUsize>,
}

/// What goes wrong in the house.
#[derive(Default)]
pub(crate) struct Trouble {
    /// `admit` answers this.
    pub(crate) no_room: Option<Reply>,
    /// Every write fails so.
    pub(crate) write_fails: Option<io::ErrorKind>,
    /// `commit` answers this.
    pub(crate) commit_fails: Option<Reply>,
    /// Nobody can tell who a client is.
    pub(crate) no_logins: bool,
    /// `commit` waits for this.
    pub(crate) commit_waits: Option<Arc<Notify>>,
}

/// A message that was committed.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) submission: Submission,
    /// All of it, our `Received:` field first.
    pub(crate) content: Vec<u8>,
}

impl Kept {
    /// Our `Received:` field.
    pub(crate) fn received(&self) -> &str {
        let end = self.content.len() - self.body().len();
        std::str::from_utf8(&self.content[..end]).unwrap()
    }

    /// What is below our `Received:` field.
    pub(crate) fn body(&self) -> &[u8] {
        let mut lines = self.content.split_inclusive(|&b| b == b'\n');
        let first = lines.next().unwrap();
        let folded = lines.take_while(|line| line[0] == b'\t');
        &self.content[folded.map(<[u8]>::len).sum::<usize>() + first.len()..]
    }

    /// The recipients.
    pub(crate) fn recipients(&self) -> Vec<&str> {
        self.submission.envelope.recipients.iter().map(|recipient| recipient.address.as_str()).collect()
    }
}

/// The settings of the house: the defaults, in the name of [`HOST`], and open for `partner.example`.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::defaults(Path::new("/nowhere"));
    settings.general.hostname = domain(HOST);
    settings.local.default_domain = domain(HOST);
    let name = DomainPattern::Exact(domain("partner.example"));
    settings.domains.push(config::Domain { relay: true, ..config::Domain::new(name) });
    settings
}

pub(crate) fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

/// A client that may relay.
pub(crate) fn insider() -> Peer {
    peer("192.0.2.10:40000", true)
}

/// A client that may not.
pub(crate) fn outsider() -> Peer {
    peer("203.0.113.9:40000", false)
}

fn peer(address: &str, may_relay: bool) -> Peer {
    let (address, local) = (address.parse().unwrap(), "192.0.2.1:25".parse().unwrap());
    Peer { address, local, name: None, may_relay, may_log_in_clear: false }
}

impl House {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(settings(), Trouble::default())
    }

    /// A house whose settings differ from [`settings`].
    pub(crate) fn set(change: impl FnOnce(&mut Settings)) -> Arc<Self> {
        let mut settings = settings();
        change(&mut settings);
        Self::with(settings, Trouble::default())
    }

    /// A house that has a certificate, and takes logins of `app` with the password `geheim`.
    pub(crate) fn secure() -> Arc<Self> {
        Self::secure_with(|_| {})
    }

    /// The same with other settings.
    pub(crate) fn secure_with(change: impl FnOnce(&mut Settings)) -> Arc<Self> {
        let mut settings = settings();
        let certificate = Certificate::made_for(HOST);
        settings.access.certificate = Some(certificate.file());
        settings.access.authentication.basic = true;
        change(&mut settings);
        Arc::new(Self { certificate: Some(certificate), ..Self::made(settings, Trouble::default()) })
    }

    pub(crate) fn troubled(trouble: Trouble) -> Arc<Self> {
        Self::with(settings(), trouble)
    }

    pub(crate) fn with(settings: Settings, trouble: Trouble) -> Arc<Self> {
        Arc::new(Self::made(settings, trouble))
    }

    fn made(settings: Settings, trouble: Trouble) -> Self {
        Self {
            settings: Arc::new(settings),
            messages: Mutex::default(),
            runs: Mutex::default(),
            refusals: Mutex::default(),
            certificate: None,
            logins: Mutex::default(),
            trouble,
            drafts: AtomicUsize::new(0),
            open_drafts: Arc::default(),
        }
    }

    /// What was committed so far.
    pub(crate) fn messages(&self) -> Vec<Kept> {
        self.messages.lock().unwrap().clone()
    }

    /// The only message committed.
    pub(crate) fn message(&self) -> Kept {
        let messages = self.messages();
        assert_eq!(messages.len(), 1);
        messages[0].clone()
    }

    /// Drafts begun and neither committed nor dropped.
    pub(crate) fn open_drafts(&self) -> usize {
        self.open_drafts.load(Ordering::SeqCst)
    }
}

/// A message in memory on its way in.
pub(crate) struct MemoryDraft {
    id: String,
    submission: Submission,
    content: Vec<u8>,
    write_fails: Option<io::ErrorKind>,
    open: Arc<AtomicUsize>,
}

impl Drop for MemoryDraft {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Draft for MemoryDraft {
    fn id(&self) -> &str {
        &self.id
    }

    async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(kind) = self.write_fails {
            return Err(kind.into());
        }
        self.content.extend_from_slice(bytes);
        Ok(())
    }
}

impl Host for House {
    type Draft = MemoryDraft;

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings)
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_795_518_903)
    }

    fn instance(&self) -> &str {
        INSTANCE
    }

    fn tls(&self) -> Option<tls::Identity> {
        self.certificate.as_ref().map(Certificate::identity)
    }

    async fn authenticate(&self, _peer: &Peer, claim: Claim) -> Login {
        let (tried, is_right) = match claim {
            Claim::Password { user, password } => {
                (format!("{user}:{}", *password.0), &*user == USER && *password.0 == PASSWORD)
            }
            Claim::Ntlm(login) => {
                (format!("(ntlm){}", login.user()), login.user() == USER && login.proves(&NtHash::of(PASSWORD)))
            }
            Claim::Impossible => ("(impossible)".to_owned(), false),
        };
        self.logins.lock().unwrap().push(tried);
        match is_right {
            _ if self.trouble.no_logins => Login::Unavailable,
            true => Login::Accepted { user: USER.into() },
            false => Login::Refused,
        }
    }

    fn admit(&self, _admission: Admission<'_>) -> Result<(), Reply> {
        self.trouble.no_room.clone().map_or(Ok(()), Err)
    }

    fn begin(&self, submission: &Submission) -> MemoryDraft {
        self.open_drafts.fetch_add(1, Ordering::SeqCst);
        MemoryDraft {
            id: format!("Q{}", self.drafts.fetch_add(1, Ordering::SeqCst)),
            submission: submission.clone(),
            content: Vec::new(),
            write_fails: self.trouble.write_fails,
            open: Arc::clone(&self.open_drafts),
        }
    }

    async fn commit(&self, mut draft: MemoryDraft) -> Result<(), Reply> {
        if let Some(gate) = &self.trouble.commit_waits {
            gate.notified().await;
        }
        if let Some(reply) = &self.trouble.commit_fails {
            return Err(reply.clone());
        }
        let content = std::mem::take(&mut draft.content);
        let kept = Kept { id: draft.id.clone(), submission: draft.submission.clone(), content };
        self.messages.lock().unwrap().push(kept);
        Ok(())
    }

    fn run_queue(&self, domain: &Domain) -> usize {
        let mut runs = self.runs.lock().unwrap();
        runs.push(domain.clone());
        usize::from(!domain.as_str().starts_with("empty"))
    }

    fn refused(&self, _peer: &Peer, _user: Option<&str>, refusal: &Refusal) {
        self.refusals.lock().unwrap().push(refusal.clone());
    }
}

/// The client's end of a session.
pub(crate) struct Session<S = DuplexStream> {
    stream: S,
    received: Vec<u8>,
    pub(crate) house: Arc<House>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) draining: watch::Sender<bool>,
    pub(crate) server: JoinHandle<()>,
}

impl Session {
    /// A session in memory whose greeting was read.
    pub(crate) async fn start(house: &Arc<House>, peer: Peer) -> Self {
        let mut session = Self::open(house, peer, b"").await;
        assert_eq!(session.reply().await.code, 220);
        session
    }

    /// A session as [`Session::start`] makes it, behind EHLO.
    pub(crate) async fn hello(house: &Arc<House>, peer: Peer) -> Self {
        let mut session = Self::start(house, peer).await;
        assert_eq!(session.say("EHLO client.example").await.code, 250);
        session
    }

    /// A session of a listener where clients begin with TLS, before it has begun.
    pub(crate) fn begin_implicit(house: &Arc<House>, peer: Peer) -> Self {
        let (stream, far) = duplex(64 * 1024);
        Self::served(stream, peer, house, |peer, house, guard, draining| {
            tokio::spawn(smtp::serve_tls(far, peer, house, guard, draining))
        })
    }

    /// A session in memory in which the client has said something before anything was said to it.
    pub(crate) async fn open(house: &Arc<House>, peer: Peer, early: &[u8]) -> Self {
        let (mut stream, far) = duplex(64 * 1024);
        stream.write_all(early).await.unwrap();
        Self::over(stream, far, house, peer)
    }
}

impl Session<ClientStream> {
    /// A session under TLS from its first octet on, whose greeting was read.
    pub(crate) async fn secure(house: &Arc<House>, peer: Peer) -> Self {
        let mut session = Session::begin_implicit(house, peer).shake_hands().await;
        assert_eq!(session.reply().await.code, 220);
        session
    }
}

/// The client's end of TLS.
pub(crate) type ClientStream<S = DuplexStream> = tokio_rustls::client::TlsStream<S>;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    /// Says STARTTLS, and goes on under TLS.
    pub(crate) async fn start_tls(mut self) -> Session<ClientStream<S>> {
        let reply = self.say("STARTTLS").await;
        assert_eq!((reply.code, reply.text().as_str()), (220, "2.0.0 SMTP server ready"));
        self.shake_hands().await
    }

    /// Goes on under TLS.
    pub(crate) async fn shake_hands(self) -> Session<ClientStream<S>> {
        assert!(self.received.is_empty(), "said in clear before TLS: {:?}", String::from_utf8_lossy(&self.received));
        let connector = self.house.certificate.as_ref().unwrap().connector();
        let stream = connector.connect(server_name(HOST), self.stream).await.unwrap();
        let Self { house, ledger, draining, server, .. } = self;
        Session { stream, received: Vec::new(), house, ledger, draining, server }
    }

    /// The client's end itself, with what the server said and nobody read.
    pub(crate) fn into_stream(self) -> (S, Vec<u8>) {
        (self.stream, self.received)
    }

    /// A session over any pair of streams.
    pub(crate) fn over<F>(stream: S, far: F, house: &Arc<House>, peer: Peer) -> Self
    where
        F: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        Self::served(stream, peer, house, |peer, house, guard, draining| {
            tokio::spawn(smtp::serve(far, peer, house, guard, draining))
        })
    }

    fn served(
        stream: S,
        peer: Peer,
        house: &Arc<House>,
        serve: impl FnOnce(Peer, Arc<House>, SessionGuard, watch::Receiver<bool>) -> JoinHandle<()>,
    ) -> Self {
        let ledger = Ledger::new();
        let guard = ledger.open_session(Direction::Inbound, peer.address);
        let (draining, watched) = watch::channel(false);
        let server = serve(peer, Arc::clone(house), guard, watched);
        Self { stream, received: Vec::new(), house: Arc::clone(house), ledger, draining, server }
    }

    /// Sends octets as they are.
    pub(crate) async fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.try_send(octets).await.unwrap();
    }

    /// Sends octets to a server that may be gone.
    pub(crate) async fn try_send(&mut self, octets: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(octets.as_ref()).await?;
        self.stream.flush().await
    }

    /// Sends a line and reads the reply.
    pub(crate) async fn say(&mut self, line: &str) -> Said {
        self.send(format!("{line}\r\n")).await;
        self.reply().await
    }

    /// Sends lines and reads a reply to each of them, whose codes come back.
    pub(crate) async fn codes(&mut self, lines: &[&str]) -> Vec<u16> {
        let mut codes = Vec::new();
        for line in lines {
            codes.push(self.say(line).await.code);
        }
        codes
    }

    /// The next reply.
    pub(crate) async fn reply(&mut self) -> Said {
        self.next().await.expect("the server closed the connection and owed a reply")
    }

    /// The next reply, or `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some((said, length)) = Said::parse(&self.received) {
                self.received.drain(..length);
                return Some(said);
            }
            if self.stream.read_buf(&mut self.received).await.unwrap_or(0) == 0 {
                assert!(self.received.is_empty(), "half a reply: {:?}", String::from_utf8_lossy(&self.received));
                return None;
            }
        }
    }

    /// Every reply up to the end of the stream.
    pub(crate) async fn rest(&mut self) -> Vec<Said> {
        let mut said = Vec::new();
        while let Some(reply) = self.next().await {
            said.push(reply);
        }
        said
    }

    /// Ends the client's side of the stream; what the server still says comes back.
    pub(crate) async fn leave(&mut self) -> Vec<Said> {
        self.stream.shutdown().await.unwrap();
        self.rest().await
    }

    /// Whether nothing is said for a while.
    pub(crate) async fn is_silent(&mut self) -> bool {
        timeout(Duration::from_secs(1), self.next()).await.is_err()
    }

    /// MAIL and RCPT for the recipients, all of them accepted.
    pub(crate) async fn envelope(&mut self, recipients: &[&str]) {
        assert_eq!(self.say("MAIL FROM:<a@x.example>").await.code, 250);
        for recipient in recipients {
            assert_eq!(self.say(&format!("RCPT TO:<{recipient}>")).await.code, 250, "{recipient}");
        }
    }

    /// A whole transaction with content as it goes on the wire, without its last dot: the reply to the dot.
    pub(crate) async fn deliver(&mut self, recipients: &[&str], content: impl AsRef<[u8]>) -> Said {
        self.envelope(recipients).await;
        assert_eq!(self.say("DATA").await.code, 354);
        self.send(content).await;
        self.say(".").await
    }

    /// Waits for the server's task.
    pub(crate) async fn join(self) {
        drop(self.stream);
        self.server.await.unwrap();
    }
}

/// A reply, as checked: form and length of each line (RFC 5321 4.2, 4.5.3.1.5), one code in all of them, and an
/// enhanced status code of its class, registered for it, wherever one belongs (RFC 2034, RFC 5248).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: u16,
    pub(crate) status: Option<EnhancedStatus>,
    /// The text of each line, behind the codes.
    pub(crate) lines: Vec<String>,
}

impl Said {
    /// The text of all lines.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Code and enhanced status code: `550 5.7.1`.
    pub(crate) fn codes(&self) -> String {
        self.status.map_or_else(|| self.code.to_string(), |status| format!("{} {status}", self.code))
    }

    fn parse(received: &[u8]) -> Option<(Self, usize)> {
        let mut length = 0;
        let mut lines = Vec::new();
        loop {
            let end = received[length..].iter().position(|&b| b == b'\n')?;
            let line = &received[length..=length + end];
            length += end + 1;
            let (code, more, text) = check_line(line);
            lines.push((code, text));
            if !more {
                break;
            }
        }
        let code = lines[0].0;
        assert!(lines.iter().all(|(other, _)| *other == code), "one reply, two codes: {lines:?}");
        let bare = matches!(code, 220 | 334 | 354) || lines[0].1.starts_with(&format!("{HOST} Hello "));
        let mut status = None;
        let mut texts = Vec::new();
        for (_, text) in lines {
            if bare {
                texts.push(text);
                continue;
            }
            let (first, rest) = text.split_once(' ').expect("an enhanced status code and a text");
            let found = first.parse::<EnhancedStatus>().expect("an enhanced status code");
            assert_eq!(u16::from(found.class()), code / 100, "{code} {text}");
            assert!(is_registered(code, first), "{code} {text}");
            status = Some(found);
            texts.push(rest.to_owned());
        }
        Some((Self { code, status, lines: texts }, length))
    }
}

fn check_line(line: &[u8]) -> (u16, bool, String) {
    let shown = String::from_utf8_lossy(line);
    assert!(line.len() <= 512 || line.starts_with(b"334 "), "{shown:?}");
    let text = line.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("{shown:?}"));
    assert!(text.iter().all(|b| matches!(b, b'\t' | b' '..=b'~')), "{shown:?}");
    let digits = matches!(text, [b'2'..=b'5', b'0'..=b'5', b'0'..=b'9', b' ' | b'-', ..]);
    assert!(digits, "{shown:?}");
    let code = String::from_utf8_lossy(&text[..3]).parse().unwrap();
    (code, text[3] == b'-', String::from_utf8_lossy(&text[4..]).into_owned())
}

/// The pairs of codes that the server may use. The enhanced ones are those of the IANA registry (RFC 5248).
fn is_registered(code: u16, status: &str) -> bool {
    let statuses: &[&str] = match code {
        214 | 221 | 251 => &["2.0.0"],
        235 => &["2.7.0"],
        250 => &["2.0.0", "2.1.0", "2.1.5", "2.6.0"],
        252 => &["2.1.5"],
        421 => &["4.3.2", "4.3.4", "4.4.2", "4.5.3", "4.7.0"],
        451 => &["4.3.0"],
        452 => &["4.3.1", "4.5.3"],
        454 => &["4.7.0"],
        458 => &["4.5.4"],
        459 => &["4.7.1"],
        500 => &["5.5.1", "5.5.2", "5.5.6"],
        501 => &["5.1.2", "5.1.3", "5.1.7", "5.1.8", "5.5.2", "5.5.4", "5.7.0"],
        502 | 503 => &["5.5.1"],
        504 => &["5.7.4"],
        530 => &["5.7.0"],
        535 => &["5.7.3"],
        538 => &["5.7.11"],
        550 => &["5.7.1"],
        552 => &["5.3.4"],
        553 => &["5.6.7"],
        554 => &["5.4.6", "5.5.0", "5.5.1", "5.6.0"],
        555 => &["5.5.4"],
        _ => &[],
    };
    statuses.contains(&status)
}

/// The address of a listener on a free port of loopback, and the listener.
pub(crate) async fn listener() -> (tokio::net::TcpListener, SocketAddr) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

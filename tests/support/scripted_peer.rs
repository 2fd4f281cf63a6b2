//! A mail server that plays a script: it does what real servers cannot be made to do, and records every byte.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The rule for a new connection.
pub(crate) const GREETING: &str = "(greeting)";
/// Stands among the commands where a handshake was made.
pub(crate) const TLS: &str = "(tls)";
/// The rule for the dot behind the content.
pub(crate) const END_OF_DATA: &str = "(end of data)";

/// What the peer does at one command.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes; a CRLF is added where no line end stands.
    Say(Vec<u8>),
    /// Sends them after a while.
    SayAfter(Duration, Vec<u8>),
    /// Sends them and closes.
    SayAndClose(Vec<u8>),
    /// Sends them, and then makes a handshake.
    SayAndEncrypt(Vec<u8>),
    /// Closes.
    Close,
    /// Reads on and says nothing.
    Ignore,
    /// Neither reads nor says anything any more.
    Freeze,
}

/// Sends a reply; a CRLF is added where no line end stands.
pub(crate) fn say(text: impl AsRef<[u8]>) -> Act {
    Act::Say(text.as_ref().to_vec())
}

/// Sends a reply and closes.
pub(crate) fn say_and_close(text: impl AsRef<[u8]>) -> Act {
    Act::SayAndClose(text.as_ref().to_vec())
}

/// The script, and the record of what came. Cheap to clone; all clones are one peer.
#[derive(Clone, Default)]
pub(crate) struct ScriptedPeer(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    extensions: Vec<String>,
    acceptor: Option<TlsAcceptor>,
    is_implicit: bool,
    rules: Vec<Rule>,
    sessions: Vec<Session>,
}

struct Rule {
    prefix: String,
    acts: VecDeque<Act>,
    /// The last act stays for ever.
    repeats: bool,
}

/// What one connection brought.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// Commands without their line ends.
    pub(crate) commands: Vec<String>,
    /// The content of each message as it was on the wire: dots stuffed, the final dot left out.
    pub(crate) contents: Vec<Vec<u8>>,
    /// Every byte.
    pub(crate) raw: Vec<u8>,
    /// The other side closed, or we did.
    pub(crate) closed: bool,
}

impl ScriptedPeer {
    /// A peer that takes everything and offers nothing.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Lines for the answer to EHLO.
    pub(crate) fn offering(self, extensions: &[&str]) -> Self {
        self.lock().extensions = extensions.iter().map(ToString::to_string).collect();
        self
    }

    /// Does STARTTLS by this, and offers it while it is of use.
    pub(crate) fn with_tls(self, acceptor: TlsAcceptor) -> Self {
        self.lock().acceptor = Some(acceptor);
        self
    }

    /// Makes a handshake before it says anything.
    pub(crate) fn with_implicit_tls(self, acceptor: TlsAcceptor) -> Self {
        self.lock().is_implicit = true;
        self.with_tls(acceptor)
    }

    /// What to do at every command that starts so, in any case; of several rules that fit, the first.
    pub(crate) fn on(self, prefix: &str, act: Act) -> Self {
        self.rule(prefix, vec![act], true)
    }

    /// What to do at the first such commands, one act each; later ones are for the other rules.
    pub(crate) fn first(self, prefix: &str, acts: Vec<Act>) -> Self {
        self.rule(prefix, acts, false)
    }

    /// One end of a connection in memory, which follows paused time.
    pub(crate) fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(1024 * 1024);
        let peer = self.clone();
        tokio::spawn(async move { peer.serve(theirs).await });
        ours
    }

    /// Listens on loopback until the test's runtime ends.
    pub(crate) async fn listen(&self) -> SocketAddr {
        self.listen_on("127.0.0.1:0").await
    }

    /// Listens on an address, port 0 for any.
    pub(crate) async fn listen_on(&self, address: &str) -> SocketAddr {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        self.listen_with(listener);
        address
    }

    /// Takes the connections of a listener until the test's runtime ends.
    pub(crate) fn listen_with(&self, listener: TcpListener) {
        let peer = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let peer = peer.clone();
                tokio::spawn(async move { peer.serve(stream).await });
            }
        });
    }

    /// What every connection so far brought.
    pub(crate) fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.clone()
    }

    /// The commands of all connections.
    pub(crate) fn commands(&self) -> Vec<String> {
        self.sessions().into_iter().flat_map(|session| session.commands).collect()
    }

    /// The contents of all connections.
    pub(crate) fn contents(&self) -> Vec<Vec<u8>> {
        self.sessions().into_iter().flat_map(|session| session.contents).collect()
    }

    fn rule(self, prefix: &str, acts: Vec<Act>, repeats: bool) -> Self {
        self.lock().rules.push(Rule { prefix: prefix.to_ascii_uppercase(), acts: acts.into(), repeats });
        self
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap()
    }

    async fn serve(&self, stream: impl Stream) {
        let session = {
            let mut shared = self.lock();
            shared.sessions.push(Session::default());
            shared.sessions.len() - 1
        };
        let _ = self.play(session, Box::new(stream)).await;
        self.lock().sessions[session].closed = true;
    }

    async fn play(&self, session: usize, mut stream: Box<dyn Stream>) -> Option<()> {
        let mut pending = Vec::new();
        if self.lock().is_implicit {
            stream = self.encrypt(session, stream).await?;
        }
        let mut in_content = perform(self.act(GREETING, session), &mut stream).await?.starts_with(b"3");
        loop {
            let end = if in_content { end_of_data(&pending) } else { end_of_line(&pending) };
            let Some((length, whole)) = end else {
                let mut block = vec![0; 16 * 1024];
                let octets = stream.read(&mut block).await.ok().filter(|&octets| octets > 0)?;
                pending.extend_from_slice(&block[..octets]);
                self.lock().sessions[session].raw.extend_from_slice(&block[..octets]);
                continue;
            };
            let command = {
                let mut shared = self.lock();
                let record = &mut shared.sessions[session];
                if in_content {
                    record.contents.push(pending[..length].to_vec());
                    END_OF_DATA.to_string()
                } else {
                    record.commands.push(String::from_utf8_lossy(&pending[..length]).into_owned());
                    record.commands[record.commands.len() - 1].clone()
                }
            };
            pending.drain(..whole);
            let act = self.act(&command, session);
            let is_handshake = matches!(act, Act::SayAndEncrypt(_));
            let said = perform(act, &mut stream).await?;
            if is_handshake {
                stream = self.encrypt(session, stream).await?;
            }
            in_content = command.eq_ignore_ascii_case("DATA") && said.starts_with(b"3");
            if command.eq_ignore_ascii_case("QUIT") {
                return None;
            }
        }
    }

    async fn encrypt(&self, session: usize, stream: Box<dyn Stream>) -> Option<Box<dyn Stream>> {
        let acceptor = self.lock().acceptor.clone()?;
        let encrypted = acceptor.accept(stream).await.ok()?;
        self.lock().sessions[session].commands.push(TLS.to_owned());
        Some(Box::new(encrypted))
    }

    fn act(&self, command: &str, session: usize) -> Act {
        let mut shared = self.lock();
        let is_encrypted = shared.sessions[session].commands.iter().any(|command| command == TLS);
        let command = command.to_ascii_uppercase();
        for rule in &mut shared.rules {
            if command.starts_with(&rule.prefix) && !rule.acts.is_empty() {
                let keep = rule.repeats && rule.acts.len() == 1;
                let act = if keep { rule.acts.front().cloned() } else { rule.acts.pop_front() };
                return act.unwrap();
            }
        }
        match command.split(' ').next().unwrap_or_default() {
            "(GREETING)" => say("220 peer.example ESMTP"),
            "EHLO" => {
                let mut lines = vec!["peer.example"];
                if shared.acceptor.is_some() && !is_encrypted {
                    lines.push("STARTTLS");
                }
                lines.extend(shared.extensions.iter().map(String::as_str));
                let last = lines.pop().unwrap();
                let mut answer = String::new();
                for line in lines {
                    answer.extend(["250-", line, "\r\n"]);
                }
                say(answer + "250 " + last)
            }
            "STARTTLS" if shared.acceptor.is_some() => Act::SayAndEncrypt(b"220 2.0.0 go ahead".to_vec()),
            "DATA" => say("354 go ahead"),
            "QUIT" => say("221 2.0.0 bye"),
            "(END" => say("250 2.6.0 taken"),
            "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => say("250 2.0.0 ok"),
            _ => say("500 5.5.2 what?"),
        }
    }
}

/// What a session goes over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// Does it; gives what was said, or nothing where the connection ends.
async fn perform(act: Act, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<Vec<u8>> {
    let (text, close) = match act {
        Act::Say(text) | Act::SayAndEncrypt(text) => (text, false),
        Act::SayAfter(wait, text) => {
            tokio::time::sleep(wait).await;
            (text, false)
        }
        Act::SayAndClose(text) => (text, true),
        Act::Close => return None,
        Act::Ignore => return Some(Vec::new()),
        Act::Freeze => std::future::pending().await,
    };
    let mut wire = text.clone();
    if !wire.ends_with(b"\n") {
        wire.extend_from_slice(b"\r\n");
    }
    stream.write_all(&wire).await.ok()?;
    stream.flush().await.ok()?;
    if close { None } else { Some(text) }
}

/// Length of the line, and with its end.
fn end_of_line(bytes: &[u8]) -> Option<(usize, usize)> {
    bytes.windows(2).position(|pair| pair == b"\r\n").map(|at| (at, at + 2))
}

/// Length of the content, and with the final dot.
fn end_of_data(bytes: &[u8]) -> Option<(usize, usize)> {
    if bytes.starts_with(b".\r\n") {
        return Some((0, 3));
    }
    bytes.windows(5).position(|end| end == b"\r\n.\r\n").map(|at| (at + 2, at + 5))
}

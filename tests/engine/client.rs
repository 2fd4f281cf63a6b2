//! A client that says what it likes, from the loopback address it likes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::server_name;

/// A server that has not answered by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client<S = TcpStream> {
    stream: S,
    read: Vec<u8>,
}

/// A client under TLS.
pub(crate) type TlsClient = Client<TlsStream<TcpStream>>;

impl Client {
    /// Connects from 127.0.0.1 and hears the greeting.
    pub(crate) async fn connect(server: SocketAddr) -> Self {
        let (client, greeting) = Self::from("127.0.0.1", server).await;
        assert!(greeting.starts_with("220 "), "{greeting}");
        client
    }

    /// Connects from an address; gives what it was greeted with.
    pub(crate) async fn from(address: &str, server: SocketAddr) -> (Self, String) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
        let mut client = Self { stream: socket.connect(server).await.unwrap(), read: Vec::new() };
        let greeting = client.reply().await;
        (client, greeting)
    }

    /// Connects, and hands over messages in this session.
    pub(crate) async fn hello(server: SocketAddr) -> Self {
        let mut client = Self::connect(server).await;
        assert!(client.say("EHLO client.example").await.starts_with("250-"));
        client
    }

    /// Says STARTTLS and goes on under TLS, behind EHLO.
    pub(crate) async fn start_tls(mut self, connector: &TlsConnector) -> TlsClient {
        assert_eq!(self.say("STARTTLS").await, "220 2.0.0 SMTP server ready");
        assert!(self.read.is_empty());
        let stream = connector.connect(server_name("relay.test"), self.stream).await.unwrap();
        let mut client = Client { stream, read: Vec::new() };
        assert!(client.say("EHLO client.example").await.starts_with("250-"));
        client
    }
}

impl TlsClient {
    /// Connects where clients begin with TLS, and says EHLO.
    pub(crate) async fn secure(server: SocketAddr, connector: &TlsConnector) -> io::Result<Self> {
        let stream = TcpStream::connect(server).await?;
        let stream = connector.connect(server_name("relay.test"), stream).await?;
        let mut client = Self { stream, read: Vec::new() };
        assert!(client.reply().await.starts_with("220 "));
        assert!(client.say("EHLO client.example").await.starts_with("250-"));
        Ok(client)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// One command, one reply: all its lines, without the last line end.
    pub(crate) async fn say(&mut self, line: impl AsRef<[u8]>) -> String {
        self.send([line.as_ref(), b"\r\n"].concat()).await;
        self.reply().await
    }

    pub(crate) async fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.stream.write_all(octets.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next reply.
    pub(crate) async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let line = self.line().await;
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            reply.push_str(&line);
            if is_last {
                return reply;
            }
            reply.push('\n');
        }
    }

    /// Says MAIL, RCPT and DATA, each of which must be taken.
    pub(crate) async fn open(&mut self, mail: &str, recipients: &[&str]) {
        assert_code(&self.say(format!("MAIL FROM:{mail}")).await, "250");
        for recipient in recipients {
            assert_code(&self.say(format!("RCPT TO:<{recipient}>")).await, "250");
        }
        assert_code(&self.say("DATA").await, "354");
    }

    /// Hands over a message, whose content is stuffed and ends with CRLF. Gives its queue id.
    pub(crate) async fn submit(&mut self, mail: &str, recipients: &[&str], content: impl AsRef<[u8]>) -> String {
        self.open(mail, recipients).await;
        self.send(content).await;
        let reply = self.say(".").await;
        assert_code(&reply, "250");
        let (_, rest) = reply.split_once('<').expect("a queue id");
        rest.split_once('>').unwrap().0.to_owned()
    }

    /// Whether the server has closed, once all that it said is read.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut block = [0; 1024];
        let end = async { while matches!(self.stream.read(&mut block).await, Ok(octets) if octets > 0) {} };
        tokio::time::timeout(PATIENCE, end).await.is_ok()
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(2).position(|pair| pair == b"\r\n") {
                let line = self.read.drain(..end + 2).take(end).collect();
                return String::from_utf8(line).unwrap();
            }
            let mut block = [0; 4096];
            let octets = tokio::time::timeout(PATIENCE, self.stream.read(&mut block)).await.expect("a reply").unwrap();
            assert!(octets > 0, "the server closed in the middle of {:?}", self.read.escape_ascii().to_string());
            self.read.extend_from_slice(&block[..octets]);
        }
    }
}

fn assert_code(reply: &str, code: &str) {
    assert!(reply.starts_with(code), "expected {code}: {reply}");
}

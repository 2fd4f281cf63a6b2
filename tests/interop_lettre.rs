//! The built program, a client that is not ours (lettre), and a next hop that keeps what it was sent.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lettre::message::{Mailbox, SinglePart, header::ContentTransferEncoding};
use lettre::{Message, SmtpTransport, Transport};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn what_lettre_sends_arrives_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (next_hop, received) = next_hop();
    let relay = Relay::start(folder.path(), next_hop);
    let body = ".\r\n..\r\n.a dot first\r\nblanks behind  \r\n\r\nFrom here on\r\nthe last line\r\n";
    let message = Message::builder()
        .from("app@corp.example".parse::<Mailbox>().unwrap())
        .to("bob@far.example".parse::<Mailbox>().unwrap())
        .cc("Eve <eve@far.example>".parse::<Mailbox>().unwrap())
        .subject("Grüße")
        .message_id(None)
        .date_now()
        .singlepart(SinglePart::builder().header(ContentTransferEncoding::SevenBit).body(body.to_owned()))
        .unwrap();

    relay.client().send(&message).unwrap();

    let delivered = received.recv_timeout(PATIENCE).unwrap();
    assert_eq!(delivered.sender, "<app@corp.example>");
    assert_eq!(delivered.recipients, ["<bob@far.example>", "<eve@far.example>"]);
    // lettre sends a CRLF of its own before the final dot, whatever the message ends with.
    let sent = [&message.formatted()[..], b"\r\n"].concat();
    let content = below_our_received(&delivered.content);
    assert_eq!(content.escape_ascii().to_string(), sent.escape_ascii().to_string());
}

#[test]
fn many_messages_of_one_lettre_connection_arrive_once_each() {
    let folder = tempfile::tempdir().unwrap();
    let (next_hop, received) = next_hop();
    let relay = Relay::start(folder.path(), next_hop);
    let client = relay.client();
    for number in 0..50 {
        let message = Message::builder()
            .from("app@corp.example".parse().unwrap())
            .to("bob@far.example".parse().unwrap())
            .subject(format!("number {number}"))
            .body(String::from("hello\r\n"))
            .unwrap();
        client.send(&message).unwrap();
    }

    let mut subjects: Vec<String> = (0..50)
        .map(|_| String::from_utf8(received.recv_timeout(PATIENCE).unwrap().content).unwrap())
        .map(|content| content.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned())
        .collect();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 50);
}

/// `mailroot serve` below a temporary folder, killed when dropped.
struct Relay {
    process: Child,
    port: u16,
}

impl Relay {
    fn start(folder: &Path, next_hop: u16) -> Self {
        let port = free_port();
        let settings = folder.join("mailroot.toml");
        let text = format!(
            "[general]\nhostname = 'relay.test'\nlisten = ['127.0.0.1:{port}']\n\
             [delivery.advanced]\nsmart_host = '[127.0.0.1]:{next_hop}'\n\
             [log]\nlevel = 'error'\n"
        );
        fs::write(&settings, text).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_mailroot"))
            .args(["serve", "--config"])
            .arg(&settings)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let relay = Self { process, port };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "mailroot did not open its port");
            thread::sleep(Duration::from_millis(20));
        }
        relay
    }

    fn client(&self) -> SmtpTransport {
        SmtpTransport::builder_dangerous("127.0.0.1").port(self.port).timeout(Some(PATIENCE)).build()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the next hop was sent.
struct Delivered {
    sender: String,
    recipients: Vec<String>,
    /// As it was before dots were stuffed.
    content: Vec<u8>,
}

/// A next hop without any extension, and what it receives.
fn next_hop() -> (u16, mpsc::Receiver<Delivered>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || converse(&stream, &sender));
        }
    });
    (port, receiver)
}

/// Ends, without a word, when the other side is gone.
fn converse(stream: &TcpStream, delivered: &mpsc::Sender<Delivered>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let say = |reply: &str| (&*stream).write_all(format!("{reply}\r\n").as_bytes()).ok();
    let (mut mail_from, mut recipients) = (String::new(), Vec::new());
    say("220 sink.test ESMTP")?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|&length| length > 0)?;
        let path = || line.split([':', ' ']).find(|word| word.starts_with('<')).unwrap_or("").trim().to_owned();
        match line.get(..4)?.to_ascii_uppercase().as_str() {
            "MAIL" => mail_from = path(),
            "RCPT" => recipients.push(path()),
            "DATA" => {
                say("354 go ahead")?;
                let content = read_content(&mut reader)?;
                let recipients = std::mem::take(&mut recipients);
                delivered.send(Delivered { sender: mail_from.clone(), recipients, content }).ok()?;
            }
            "QUIT" => return say("221 bye"),
            _ => {}
        }
        say("250 ok")?;
    }
}

fn read_content(reader: &mut impl Read) -> Option<Vec<u8>> {
    // The line end of DATA counts as the first of the content: its very first line may be the dot.
    let mut wire = b"\r\n".to_vec();
    let mut byte = [0];
    while !wire.ends_with(b"\r\n.\r\n") {
        reader.read_exact(&mut byte).ok()?;
        wire.push(byte[0]);
    }
    wire.truncate(wire.len() - 3);
    let mut content = Vec::with_capacity(wire.len());
    let mut at = 2;
    while at < wire.len() {
        let stuffed = wire[at] == b'.' && wire[..at].ends_with(b"\r\n");
        at += usize::from(stuffed);
        content.extend(wire.get(at));
        at += 1;
    }
    Some(content)
}

/// The content behind our own `Received:` field, which is the first.
fn below_our_received(content: &[u8]) -> &[u8] {
    assert!(content.starts_with(b"Received: "), "{}", content.escape_ascii());
    let folded = |at: usize| matches!(content.get(at + 2), Some(b' ' | b'\t'));
    let end = (0..content.len()).find(|&at| content[at..].starts_with(b"\r\n") && !folded(at)).unwrap();
    &content[end + 2..]
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

//! A session of a smart host: SMTP as another server speaks it, with what mailboxes and tempers make of it.

use std::io;
use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Manners, Temper};
use crate::demo::people::{Mailbox, mailbox};
use crate::smtp::{Command, Decoder, Framing, Path, Piece};

/// The longest line read, in octets.
const MAX_LINE: u64 = 4096;
/// What RCPT and the end of data take, in milliseconds.
const CHECK: RangeInclusive<u64> = 5..=60;
const STORE: RangeInclusive<u64> = 150..=900;
/// How long a stall is, in milliseconds. The longest ones are longer than the relay waits.
const STALL: RangeInclusive<u64> = 12_000..=70_000;
/// One step in so many stalls, at a host that does.
const STALL_ONE_IN: u8 = 3;

pub(super) struct Session {
    stream: BufReader<TcpStream>,
    manners: &'static Manners,
    rng: Rng,
    /// Recipients of this transaction.
    accepted: usize,
}

impl Session {
    pub(super) fn new(stream: TcpStream, manners: &'static Manners, rng: Rng) -> Self {
        Self { stream: BufReader::new(stream), manners, rng, accepted: 0 }
    }

    /// Talks until the relay leaves.
    pub(super) async fn run(mut self) {
        let _ = self.converse().await; // whoever cut the connection had a reason
    }

    async fn converse(&mut self) -> io::Result<()> {
        let wait = self.rng.u128(0..=self.manners.greeting.as_millis());
        sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(0))).await;
        let name = self.manners.name;
        self.say(&format!("220 {name} ESMTP")).await?;
        while let Some(line) = self.line().await? {
            let reply = match Command::parse(&line, true) {
                Ok(Command::Ehlo(_)) => {
                    format!(
                        "250-{name}\r\n250-PIPELINING\r\n250-SIZE 36700160\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES"
                    )
                }
                Ok(Command::Helo(_)) => format!("250 {name}"),
                Ok(Command::Mail(..)) => {
                    self.accepted = 0;
                    "250 2.1.0 Ok".to_owned()
                }
                Ok(Command::Rcpt(path, _)) => self.recipient(&path).await,
                Ok(Command::Data) if self.accepted == 0 => "554 5.5.1 Error: no valid recipients".to_owned(),
                Ok(Command::Data) => self.content().await?,
                Ok(Command::Rset) => {
                    self.accepted = 0;
                    "250 2.0.0 Ok".to_owned()
                }
                Ok(Command::Noop) => "250 2.0.0 Ok".to_owned(),
                Ok(Command::Quit) => return self.say("221 2.0.0 Bye").await,
                Ok(_) => "502 5.5.1 Error: command not implemented".to_owned(),
                Err(_) => "500 5.5.2 Error: bad syntax".to_owned(),
            };
            self.say(&reply).await?;
        }
        Ok(())
    }

    async fn recipient(&mut self, path: &Path) -> String {
        self.pause(CHECK).await;
        let Path::Mailbox(address) = path else { return "550 5.1.1 Recipient address rejected".to_owned() };
        let address = address.as_str();
        match mailbox(address) {
            Mailbox::Missing => {
                format!("550 5.1.1 <{address}>: Recipient address rejected: User unknown in virtual mailbox table")
            }
            Mailbox::Full => format!("452 4.2.2 <{address}>: The mailbox is over its quota, try again later"),
            Mailbox::Greylisted if self.rng.u8(..3) > 0 => {
                format!("450 4.2.0 <{address}>: Recipient address rejected: Greylisted, try again in a minute")
            }
            Mailbox::Greylisted | Mailbox::Open => {
                if self.stalls() {
                    self.pause(STALL).await;
                }
                self.accepted += 1;
                "250 2.1.5 Ok".to_owned()
            }
        }
    }

    /// Reads a message and forgets it.
    async fn content(&mut self) -> io::Result<String> {
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let mut decoder = Decoder::new(Framing::Dots);
        let mut ended = false;
        while !ended {
            let received = self.stream.fill_buf().await?;
            if received.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut rest = received;
            while !ended && let Some(piece) = decoder.next(&mut rest) {
                ended = piece == Piece::End;
            }
            let taken = received.len() - rest.len();
            self.stream.consume(taken);
        }
        let time = if self.stalls() { STALL } else { STORE };
        self.pause(time).await;
        self.accepted = 0;
        Ok(match self.rng.u8(..) {
            0..4 => "451 4.3.0 Error: queue file write error".to_owned(),
            4..6 => "554 5.7.1 Message content rejected: it looks like advertising".to_owned(),
            _ => format!("250 2.0.0 Ok: queued as {:010X}", self.rng.u64(..1 << 40)),
        })
    }

    fn stalls(&mut self) -> bool {
        self.manners.temper == Temper::Stalls && self.rng.u8(..STALL_ONE_IN) == 0
    }

    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        (&mut self.stream).take(MAX_LINE).read_until(b'\n', &mut line).await?;
        Ok(line.strip_suffix(b"\r\n").map(<[u8]>::to_vec))
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await
    }

    async fn pause(&mut self, milliseconds: RangeInclusive<u64>) {
        sleep(Duration::from_millis(self.rng.u64(milliseconds))).await;
    }
}

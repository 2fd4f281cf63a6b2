//! Who sends: the programs, devices and people of a site, each in a task of its own with an address of its own.
//!
//! An errand that fails is not made up for; the next one comes soon. That is how most such clients are, and how the
//! demonstration goes on while a person pauses the server or closes sessions.

mod files;
mod programs;
mod typists;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::letter::Letter;
use crate::clock::{Clock, Timestamp};
use crate::engine::Handle;
use crate::mail::{Address, Domain, Recipient, ReversePath};
use crate::smtp::{self, Connection, Opening, RecipientOutcome, Timeouts, Transaction};

/// How long a client waits for a reply.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a slow sender sends at once, in octets.
const BLOCK: usize = 24 * 1024;

/// Starts them all.
pub(super) fn spawn_all(
    client: impl Fn(&'static str, Ipv4Addr) -> Client,
    cast: &mut JoinSet<()>,
    machine: &runtime::Handle,
) {
    let inside = |host| Ipv4Addr::new(127, 0, 10, host);
    cast.spawn_on(programs::scan(client("mfp-2nd-floor.corp.example", inside(21))), machine);
    cast.spawn_on(programs::report(client("db01.corp.example", inside(12))), machine);
    cast.spawn_on(programs::watch(client("monitor.corp.example", inside(13))), machine);
    cast.spawn_on(programs::sell(client("shop.corp.example", inside(14))), machine);
    cast.spawn_on(typists::device(client("UPS_ROOM2", inside(31))), machine);
    cast.spawn_on(typists::person(client("laptop-anna", inside(50))), machine);
    cast.spawn_on(typists::stranger(client("mail.bulk-offers.example", Ipv4Addr::new(127, 0, 66, 6))), machine);
    cast.spawn_on(files::drop_off(client("erp.corp.example", inside(15))), machine);
}

/// A client: where it is, what it calls itself, and what it does next.
pub(super) struct Client {
    pub(super) handle: Handle,
    clock: Arc<Clock>,
    name: &'static str,
    address: Ipv4Addr,
    rng: Rng,
}

impl Client {
    /// Its address is also the seed of all that it does.
    pub(super) fn new(handle: Handle, clock: Arc<Clock>, name: &'static str, address: Ipv4Addr) -> Self {
        Self { handle, clock, name, address, rng: Rng::with_seed(u64::from(address.to_bits())) }
    }

    /// Connects and says EHLO.
    pub(super) async fn open(&self) -> Option<Connection<TcpStream>> {
        let hello: Domain = self.name.parse().ok()?;
        let stream = self.connect().await.ok()?;
        Connection::open(stream, Opening::plain(&hello, Timeouts::bounded_by(PATIENCE))).await.ok()
    }

    /// Sends a message; true if all recipients were taken.
    pub(super) async fn send(&mut self, connection: &mut Connection<TcpStream>, letter: &Letter) -> Option<bool> {
        self.send_slowly(connection, letter, Duration::ZERO).await
    }

    /// Sends a message with a pause before each block of it.
    async fn send_slowly(
        &mut self,
        connection: &mut Connection<TcpStream>,
        letter: &Letter,
        pause: Duration,
    ) -> Option<bool> {
        let address = |text| Address::parse(text, true).ok();
        let sender = ReversePath::Mailbox(address(letter.sender)?);
        let recipients: Option<Vec<_>> =
            letter.recipients.iter().map(|text| address(text).map(Recipient::new)).collect();
        let recipients = recipients?;
        let content = letter.compose(self.now(), &mut self.rng);
        let transaction = Transaction {
            sender: &sender,
            recipients: &recipients.iter().collect::<Vec<_>>(),
            eight_bit: !content.is_ascii(),
            smtputf8: false,
            ret: None,
            envid: None,
            size: content.len() as u64,
        };
        let outcome = connection.deliver(&transaction, &mut Blocks { content, pause }).await.ok()?;
        Some(outcome.recipients.iter().all(|outcome| matches!(outcome, RecipientOutcome::Delivered(_))))
    }

    /// A connection from its own address; from another one, where a system has no more than one on loopback.
    async fn connect(&self) -> io::Result<TcpStream> {
        match self.connect_as_itself().await {
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                TcpStream::connect(self.server().await?).await
            }
            connected => connected,
        }
    }

    /// A connection from its own address.
    async fn connect_as_itself(&self) -> io::Result<TcpStream> {
        let server = self.server().await?;
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((self.address, 0)))?;
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Where the engine listens now: a person may have changed that.
    async fn server(&self) -> io::Result<SocketAddr> {
        let listeners = self.handle.listeners().await;
        listeners.into_iter().find(SocketAddr::is_ipv4).ok_or(io::ErrorKind::AddrNotAvailable.into())
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> Option<T> {
        self.rng.choice(choices.iter().copied())
    }

    async fn pause(&mut self, milliseconds: RangeInclusive<u64>) {
        sleep(Duration::from_millis(self.rng.u64(milliseconds))).await;
    }
}

/// Content in blocks, with a pause before each.
struct Blocks {
    content: Bytes,
    pause: Duration,
}

impl smtp::Body for Blocks {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.content.is_empty() {
            return Ok(None);
        }
        if self.pause.is_zero() {
            return Ok(Some(std::mem::take(&mut self.content)));
        }
        sleep(self.pause).await;
        Ok(Some(self.content.split_to(BLOCK.min(self.content.len()))))
    }
}

//! `test`: a message through this server, with the dialogue printed line by line. The old telnet test.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use tokio::net::TcpStream;

use super::{output, remote};
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::mail::{Address, Recipient, Reply, ReversePath};
use crate::smtp::{Body, Connection, RecipientOutcome, Side, Timeouts, Transaction, Transcript};
use crate::text;

/// How long to wait for a server on this machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends the message to the first listener of the settings.
pub(super) fn send(file: Option<&Path>, to: &Address, from: Option<&Address>) -> anyhow::Result<()> {
    let settings = config::locate(file)?.settings;
    let from = match from {
        Some(from) => from.clone(),
        None => Address::from_parts("postmaster", &settings.general.hostname, true)?,
    };
    let reply = remote::block_on(converse(&settings, &from, to))?;
    output::write(&advice(&reply))?;
    Ok(())
}

async fn converse(settings: &Settings, from: &Address, to: &Address) -> anyhow::Result<Reply> {
    let Some(&listener) = settings.general.listen.first() else {
        bail!("general.listen names no address, so there is nothing to send through");
    };
    let server = reachable(listener);
    let connect = tokio::time::timeout(PATIENCE, TcpStream::connect(server));
    let stream = connect.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut)).flatten();
    let stream = stream.with_context(|| format!("nothing answers at {server}; is `mailroot serve` running?"))?;
    let transcript: Arc<dyn Transcript> = Arc::new(Printed);
    let timeouts = Timeouts::bounded_by(PATIENCE);
    let mut connection = Connection::open(stream, &settings.general.hostname, timeouts, Some(transcript)).await?;
    let content = message(settings, from, to);
    let recipient = Recipient::new(to.clone());
    let transaction = Transaction {
        sender: &ReversePath::Mailbox(from.clone()),
        recipients: &[&recipient],
        eight_bit: !content.is_ascii(),
        smtputf8: from.needs_smtputf8() || to.needs_smtputf8(),
        ret: None,
        envid: None,
        size: content.len() as u64,
    };
    let mut outcome = connection.deliver(&transaction, &mut Once(Some(content.into()))).await?;
    connection.quit().await;
    match outcome.recipients.pop() {
        Some(RecipientOutcome::Delivered(reply)) => Ok(reply),
        Some(RecipientOutcome::Deferred(reply)) => bail!("the server does not take the message now: {reply}"),
        Some(RecipientOutcome::Failed(reply)) => bail!("the server refused the message: {reply}"),
        Some(RecipientOutcome::Untried) | None => bail!("the server did not say what became of the message"),
    }
}

/// A listener on all addresses is reached by loopback.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let ip = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listener.port())
}

fn message(settings: &Settings, from: &Address, to: &Address) -> String {
    let hostname = &settings.general.hostname;
    let (date, number) = (Clock::system().now().rfc5322(), fastrand::u64(..));
    format!(
        "From: <{from}>\r\n\
         To: <{to}>\r\n\
         Subject: Test message from mailroot\r\n\
         Date: {date}\r\n\
         Message-ID: <test.{number:016x}@{hostname}>\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         This is a test message, sent through the mailroot relay on {hostname}.\r\n"
    )
}

/// What to do next, with the id where the reply has one: `<id> Queued mail for delivery`.
fn advice(reply: &Reply) -> String {
    let id = reply.text.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(id, _)| id);
    match id.map(|id| text::printable(id.split('@').next().unwrap_or(id)).into_owned()) {
        Some(id) => format!(
            "\nAccepted as {id}. What becomes of it: `mailroot log --follow --filter id:{id}`; while it waits: \
             `mailroot queue show {id}`.\n"
        ),
        None => "\nAccepted. What becomes of it: `mailroot log --follow`.\n".to_owned(),
    }
}

/// Prints the dialogue while it happens.
struct Printed;

impl Transcript for Printed {
    fn line(&self, side: Side, line: &str) {
        let side = match side {
            Side::Client => 'C',
            Side::Server => 'S',
        };
        // Nobody may read along; the message is sent all the same.
        let _ = output::write(&format!("{side}: {}\n", text::printable(line)));
    }
}

/// Content in one piece.
struct Once(Option<Bytes>);

impl Body for Once {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        Ok(self.0.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::EnhancedStatus;

    #[test]
    fn the_advice_names_the_id_of_the_reply() {
        let reply = |text: &str| Reply::new(250, EnhancedStatus::new(2, 6, 0), text);
        assert!(advice(&reply("<0JX4-a_b> Queued mail for delivery")).contains("queue show 0JX4-a_b`"));
        assert!(advice(&reply("<0JX4@relay.example> Queued mail for delivery")).contains("id:0JX4`"));
        assert!(advice(&reply("ok")).starts_with("\nAccepted. "));
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_by_loopback() {
        for (listener, reached) in
            [("0.0.0.0:25", "127.0.0.1:25"), ("[::]:2525", "[::1]:2525"), ("192.0.2.1:587", "192.0.2.1:587")]
        {
            assert_eq!(reachable(listener.parse().unwrap()), reached.parse().unwrap());
        }
    }
}

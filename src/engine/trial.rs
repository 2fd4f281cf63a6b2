//! The test message: sent through this server like any client's, with its dialogue told as it happens. The old
//! telnet test.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::clock::{Clock, Timestamp};
use crate::ledger::Side;
use crate::mail::{Address, AddressError, Domain, EnhancedStatus, Recipient, Reply, ReversePath};
use crate::smtp::{
    Body, ClientError, Connection, Opening, RecipientOutcome, Security, Timeouts, Tls, Transaction, Transcript,
};
use crate::{text, tls};

/// How long to wait for a server on this machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A message to be sent as a trial.
#[derive(Clone, Debug)]
pub struct Trial {
    hostname: Domain,
    from: Address,
    to: Address,
}

/// Why a trial did not end with an accepted message.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The server is told not to listen.
    #[error("general.listen names no address, so there is nothing to send through")]
    NoListener,
    /// Nothing listens.
    #[error("nothing answers at {server}; is `mailroot serve` running?")]
    Unreachable {
        /// Where.
        server: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing here can speak TLS.
    #[error(transparent)]
    Tls(#[from] tls::TrustError),
    /// The dialogue broke, or the server refused it as a whole.
    #[error(transparent)]
    Dialogue(#[from] ClientError),
    /// A refusal for now.
    #[error("the server does not take the message now: {0}")]
    Deferred(Reply),
    /// A refusal for good.
    #[error("the server refused the message: {0}")]
    Refused(Reply),
    /// The server ended the dialogue without an answer for the recipient.
    #[error("the server did not say what became of the message")]
    Unanswered,
}

impl TrialError {
    /// What the server said, where it said no.
    fn refusal(&self) -> Option<&Reply> {
        match self {
            Self::Deferred(reply) | Self::Refused(reply) => Some(reply),
            Self::Dialogue(error) => error.refusal(),
            Self::NoListener | Self::Unreachable { .. } | Self::Tls(_) | Self::Unanswered => None,
        }
    }
}

impl Trial {
    /// A trial of the server with this name. Without `from` its postmaster sends the message.
    pub fn new(hostname: Domain, from: Option<Address>, to: Address) -> Result<Self, AddressError> {
        let from = from.map_or_else(|| Address::from_parts("postmaster", &hostname, true), Ok)?;
        Ok(Self { hostname, from, to })
    }

    /// Sends the message to a listener, and gives the reply with which it was accepted.
    pub async fn send(
        &self,
        listener: Option<SocketAddr>,
        now: Timestamp,
        transcript: Arc<dyn Transcript>,
    ) -> Result<Reply, TrialError> {
        let server = reachable(listener.ok_or(TrialError::NoListener)?);
        let connect = tokio::time::timeout(PATIENCE, TcpStream::connect(server));
        let stream = connect.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut)).flatten();
        let stream = stream.map_err(|source| TrialError::Unreachable { server, source })?;
        // As other clients do where the server lets them. Who it is is known: it is this machine.
        let (client, name) = (tls::Client::new(&tls::Trust::Nobody)?, server.ip().to_string());
        let security = Security::Opportunistic(Tls { client: &client, name: &name });
        let timeouts = Timeouts::bounded_by(PATIENCE);
        let opening = Opening { hello: &self.hostname, timeouts, transcript: Some(transcript), security };
        let mut connection = Connection::open(stream, opening).await?;
        let content = self.content(now);
        let recipient = Recipient::new(self.to.clone());
        let transaction = Transaction {
            sender: &ReversePath::Mailbox(self.from.clone()),
            recipients: &[&recipient],
            eight_bit: !content.is_ascii(),
            smtputf8: self.from.needs_smtputf8() || self.to.needs_smtputf8(),
            ret: None,
            envid: None,
            size: content.len() as u64,
        };
        let mut outcome = connection.deliver(&transaction, &mut Once(Some(content.into()))).await?;
        connection.quit().await;
        match outcome.recipients.pop() {
            Some(RecipientOutcome::Delivered(reply)) => Ok(reply),
            Some(RecipientOutcome::Deferred(reply)) => Err(TrialError::Deferred(reply)),
            Some(RecipientOutcome::Failed(reply)) => Err(TrialError::Refused(reply)),
            Some(RecipientOutcome::Untried) | None => Err(TrialError::Unanswered),
        }
    }

    /// The id in the reply to an accepted message, where there is one: `<id> Queued mail for delivery`.
    pub fn queue_id(reply: &Reply) -> Option<String> {
        let (id, _) = reply.text.split_once('<')?.1.split_once('>')?;
        Some(text::printable(id.split('@').next().unwrap_or(id)).into_owned())
    }

    fn content(&self, now: Timestamp) -> String {
        let Self { hostname, from, to } = self;
        let (date, number) = (now.rfc5322(), fastrand::u64(..));
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
}

/// A trial under way. It goes on as it is read; dropping it breaks the dialogue off.
pub struct TrialWatch {
    /// `None` once the dialogue is over.
    dialogue: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Unbounded, as a dialogue between our own client and server is not.
    events: mpsc::UnboundedReceiver<TrialEvent>,
}

/// What happens in a trial: the lines of its dialogue, then what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrialEvent {
    /// A line of the dialogue.
    Line {
        /// Whose words these are.
        side: Side,
        /// Printable, without line end.
        text: String,
        /// When it was said.
        at: Timestamp,
    },
    /// The message is in the queue. The last event.
    Accepted {
        /// The queue id.
        id: Option<String>,
        /// A sentence, with what to do next.
        advice: String,
    },
    /// The message was not taken. The last event.
    Refused {
        /// A sentence, with what to do next.
        advice: String,
    },
}

impl TrialWatch {
    pub(super) fn new(
        trial: Trial,
        clock: Arc<Clock>,
        listener: impl Future<Output = Option<SocketAddr>> + Send + 'static,
    ) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let dialogue = async move {
            let lines = Arc::new(Lines { events: sender.clone(), clock: Arc::clone(&clock) });
            let outcome = match trial.send(listener.await, clock.now(), lines).await {
                Ok(reply) => accepted(&reply),
                Err(error) => TrialEvent::Refused { advice: advice(&error) },
            };
            let _ = sender.send(outcome); // the receiver is there: it is what polls this
        };
        Self { dialogue: Some(Box::pin(dialogue)), events }
    }

    /// The next event; `None` behind the outcome.
    pub async fn next(&mut self) -> Option<TrialEvent> {
        while let Some(dialogue) = &mut self.dialogue {
            tokio::select! {
                biased;
                event = self.events.recv() => return event,
                () = dialogue => self.dialogue = None,
            }
        }
        self.events.recv().await
    }
}

struct Lines {
    events: mpsc::UnboundedSender<TrialEvent>,
    clock: Arc<Clock>,
}

impl Transcript for Lines {
    fn line(&self, side: Side, line: &str) {
        let event = TrialEvent::Line { side, text: text::printable(line).into_owned(), at: self.clock.now() };
        let _ = self.events.send(event); // as above
    }
}

/// Content in one piece.
struct Once(Option<Bytes>);

impl Body for Once {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        Ok(self.0.take())
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

fn accepted(reply: &Reply) -> TrialEvent {
    match Trial::queue_id(reply) {
        Some(id) => {
            let advice = format!("Accepted as {id}. What becomes of it is in the log, under id:{id}.");
            TrialEvent::Accepted { id: Some(id), advice }
        }
        None => TrialEvent::Accepted { id: None, advice: "Accepted. What becomes of it is in the log.".to_owned() },
    }
}

/// What went wrong, and what to do about it.
fn advice(error: &TrialError) -> String {
    let next = match error {
        TrialError::NoListener => "give it one in the settings",
        TrialError::Unreachable { .. } => "look for the listener in the status, and for a firewall on this machine",
        _ => match error.refusal() {
            Some(reply) => answer_to(reply),
            None => "the application log may say more",
        },
    };
    let cause = std::error::Error::source(error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    format!("{}{cause}: {next}.", text::printable(&error.to_string()))
}

/// What to do about a refusal of our own server.
fn answer_to(reply: &Reply) -> &'static str {
    const STATUS: [(EnhancedStatus, &str); 6] = [
        (
            EnhancedStatus::new(5, 7, 0),
            "a test message has no login; \"anonymous\" in access.authentication lets it in",
        ),
        (EnhancedStatus::new(5, 7, 1), "the settings under Access must let this machine connect and relay"),
        (EnhancedStatus::new(4, 3, 2), "the server takes no connections just now; resume it if it is paused"),
        (EnhancedStatus::new(4, 3, 1), "make room on the disk of the queue"),
        (EnhancedStatus::new(4, 3, 0), "the disk of the queue is in trouble; the application log says which"),
        (
            EnhancedStatus::new(4, 7, 0),
            "this machine has too many connections open; see general.max_connections_per_client",
        ),
    ];
    let known = STATUS.iter().find(|(status, _)| reply.status == Some(*status));
    known.map_or("the reply says why", |(_, next)| next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_taken_from_the_reply() {
        let id = |text: &str| Trial::queue_id(&Reply::new(250, EnhancedStatus::new(2, 6, 0), text));
        assert_eq!(id("<0JX4-a_b> Queued mail for delivery").as_deref(), Some("0JX4-a_b"));
        assert_eq!(id("<0JX4@relay.example> Queued mail for delivery").as_deref(), Some("0JX4"));
        assert_eq!(id("ok"), None);
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_by_loopback() {
        for (listener, reached) in
            [("0.0.0.0:25", "127.0.0.1:25"), ("[::]:2525", "[::1]:2525"), ("192.0.2.1:587", "192.0.2.1:587")]
        {
            assert_eq!(reachable(listener.parse().unwrap()), reached.parse().unwrap());
        }
    }

    #[test]
    fn a_refusal_says_what_to_do_next() {
        let refused = TrialError::Refused(Reply::new(550, EnhancedStatus::new(5, 7, 1), "Unable to relay"));
        assert_eq!(
            advice(&refused),
            "the server refused the message: 550 5.7.1 Unable to relay: the settings under Access must let this \
             machine connect and relay."
        );
        assert!(advice(&TrialError::NoListener).ends_with("nothing to send through: give it one in the settings."));
    }
}

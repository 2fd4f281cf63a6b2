//! What the queue knows of a message besides its content: everything its envelope block says.

use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::mail::{Envelope, Reply};

/// A message in the queue, without its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Sender, recipients and what was asked for.
    pub envelope: Envelope,
    /// How far each recipient is; always as long as `envelope.recipients`.
    pub progress: Vec<Progress>,
    /// Where the message came from.
    pub origin: Origin,
    /// When it was accepted.
    pub received: Timestamp,
    /// Octets of content, our own `Received:` line included, when the file was last read or written.
    pub size: u64,
    /// Whether it may be tried at all.
    pub state: State,
    /// Attempts made so far.
    pub attempts: u32,
    /// When to try next.
    pub next: Timestamp,
    /// The sender was told of the delay.
    pub delay_reported: bool,
    /// The last thing a remote server, or we ourselves, said of it: one printable line.
    pub last_reply: Option<Box<str>>,
}

/// How far delivery to one recipient is.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Progress {
    /// Done or not.
    pub status: Status,
    /// What was last said of this recipient: one printable line. Kept in memory, not in the file.
    pub reply: Option<Box<str>>,
}

/// Whether a recipient still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// Still to be delivered.
    #[default]
    Pending,
    /// Handed on; never tried again.
    Delivered,
    /// Refused for good; where the sender wants to know, the report was made before this was written.
    Failed,
}

impl Status {
    /// The word in the queue file and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Whether the scheduler may take the message. That an attempt is under way is not state of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum State {
    /// Waiting for its next attempt.
    #[default]
    Queued,
    /// Set aside by a person until released.
    Held,
}

/// Where a message came from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Origin {
    /// By which door.
    pub via: Via,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// What the client called itself: printable.
    pub helo: Option<Box<str>>,
    /// The login it used.
    pub user: Option<Box<str>>,
}

/// The door by which a message came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Via {
    /// An SMTP session.
    #[default]
    Smtp,
    /// A file in Pickup.
    Pickup,
    /// A report of our own.
    Report,
    /// A file that a person put into Queue.
    Hand,
}

impl Via {
    /// All doors.
    pub(super) const ALL: [Self; 4] = [Self::Smtp, Self::Pickup, Self::Report, Self::Hand];

    /// The word in the queue file and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Pickup => "pickup",
            Self::Report => "report",
            Self::Hand => "hand",
        }
    }
}

impl Message {
    /// A fresh message, due at once.
    pub fn new(envelope: Envelope, origin: Origin, received: Timestamp) -> Self {
        let progress = vec![Progress::default(); envelope.recipients.len()];
        Self {
            envelope,
            progress,
            origin,
            received,
            size: 0,
            state: State::Queued,
            attempts: 0,
            next: received,
            delay_reported: false,
            last_reply: None,
        }
    }

    /// The indices of the recipients still to be delivered.
    pub fn pending(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.progress.len()).filter(|&i| self.progress[i].status == Status::Pending)
    }

    /// Writes down what became of one recipient.
    pub fn settle(&mut self, recipient: usize, status: Status, reply: &Reply, host: &str) {
        let line: Box<str> = if host.is_empty() { reply.to_string() } else { format!("{reply} ({host})") }.into();
        self.progress[recipient] = Progress { status, reply: Some(line.clone()) };
        self.last_reply = Some(line);
    }
}

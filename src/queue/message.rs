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
    /// The last thing a remote server, or we ourselves, said of it that was no success: why it waits, or failed. One
    /// printable line.
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
        let before = std::mem::replace(&mut self.progress[recipient], Progress { status, reply: Some(line.clone()) });
        if status != Status::Delivered {
            self.last_reply = Some(line);
        } else if before.reply.is_some() && before.reply == self.last_reply {
            self.last_reply = self.said(Status::Pending).or_else(|| self.said(Status::Failed));
        }
    }

    /// What was said of the last recipient that is so far.
    fn said(&self, status: Status) -> Option<Box<str>> {
        self.progress.iter().rev().filter(|progress| progress.status == status).find_map(|other| other.reply.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Status::{Delivered, Failed, Pending};
    use super::*;
    use crate::mail::{Address, EnhancedStatus, Recipient, ReversePath};

    /// A message with this many recipients, after what was said of some of them, in this order.
    fn settled(recipients: usize, said: &[(usize, Status, &str)]) -> Message {
        let mut envelope = Envelope::new(ReversePath::Null);
        let recipient = Recipient::new(Address::parse("a@x.example", true).unwrap());
        envelope.recipients = vec![recipient; recipients];
        let mut message = Message::new(envelope, Origin::default(), Timestamp::default());
        for (recipient, status, text) in said {
            message.settle(*recipient, *status, &Reply::new(250, EnhancedStatus::new(2, 0, 0), *text), "");
        }
        message
    }

    fn last(recipients: usize, said: &[(usize, Status, &str)]) -> Option<String> {
        let reply = settled(recipients, said).last_reply?;
        Some(reply.trim_start_matches("250 2.0.0 ").to_owned())
    }

    #[test]
    fn the_last_reply_is_the_newest_that_was_no_success() {
        assert_eq!(last(2, &[(0, Pending, "full"), (1, Delivered, "ok")]).as_deref(), Some("full"));
        assert_eq!(last(2, &[(1, Delivered, "ok"), (0, Pending, "full")]).as_deref(), Some("full"));
        assert_eq!(last(2, &[(0, Failed, "nobody"), (1, Pending, "full")]).as_deref(), Some("full"));
        assert_eq!(last(2, &[(0, Failed, "nobody"), (1, Delivered, "ok")]).as_deref(), Some("nobody"));
        assert_eq!(last(1, &[(0, Delivered, "ok")]), None);
    }

    #[test]
    fn what_was_said_of_a_recipient_before_its_success_makes_way_for_what_keeps_the_others() {
        let busy = [(0, Failed, "nobody"), (1, Pending, "full"), (2, Pending, "busy")];
        let then = |rest: &[_]| last(3, &[&busy, rest].concat());
        assert_eq!(then(&[(2, Delivered, "ok")]).as_deref(), Some("full"));
        assert_eq!(then(&[(1, Delivered, "ok")]).as_deref(), Some("busy"));
        assert_eq!(then(&[(2, Delivered, "ok"), (1, Delivered, "ok")]).as_deref(), Some("nobody"));
        assert_eq!(last(2, &[(0, Pending, "busy"), (0, Delivered, "ok")]), None, "of the other nothing is known");
    }

    #[test]
    fn a_reply_read_back_from_the_file_stays_where_nobody_knows_whose_it_was() {
        let mut message = settled(2, &[]);
        message.last_reply = Some("451 later".into());
        message.settle(0, Delivered, &Reply::new(250, EnhancedStatus::new(2, 0, 0), "ok"), "");
        assert_eq!(message.last_reply.as_deref(), Some("451 later"));
    }
}

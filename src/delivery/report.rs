//! Delivery status notifications (RFC 3464, RFC 6522, RFC 6533): what a sender is told of a message, as a message.
//!
//! Pure text: whether a report is due, and how it enters the queue, is decided elsewhere.

mod copy;
mod lines;
mod people;
mod status;

pub(crate) use copy::{Copy, Excerpt};

use std::fmt::{self, Write as _};

use self::lines::Lines;
use super::attempt::Attempt;
use crate::clock::Timestamp;
use crate::mail::{Address, Body, Domain, Envelope, Recipient, ReversePath};
use crate::queue::{Message, QueueId};

/// What a report tells; one report tells one thing of all its recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Given up.
    Failure,
    /// Still being tried, until then.
    Delay {
        /// When the message is given up, if ever.
        until: Option<Timestamp>,
    },
    /// Put into Drop.
    Delivered,
    /// Handed to a server that sends no success reports.
    Relayed,
}

impl Kind {
    /// The word of the `Action:` field (RFC 3464 2.3.3).
    const fn action(self) -> &'static str {
        match self {
            Self::Failure => "failed",
            Self::Delay { .. } => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
        }
    }

    /// The word in the subject, as the old server wrote it.
    const fn subject(self) -> &'static str {
        match self {
            Self::Failure => "Failure",
            Self::Delay { .. } => "Delay",
            Self::Delivered => "Success",
            Self::Relayed => "Relay",
        }
    }
}

/// As the log names it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failure => "failure",
            Self::Delay { .. } => "delay",
            Self::Delivered => "success",
            Self::Relayed => "relay",
        })
    }
}

/// A report about one message.
pub(crate) struct Report<'a> {
    /// What it tells.
    pub kind: Kind,
    /// This server's name.
    pub hostname: &'a Domain,
    /// The message that is reported.
    pub message: &'a Message,
    /// Of whom, and what the last attempt came to.
    pub recipients: Vec<(&'a Recipient, &'a Attempt)>,
    /// What comes back of the message.
    pub copy: &'a Copy,
    /// The time of the attempt and of the report.
    pub now: Timestamp,
}

impl Report<'_> {
    /// The envelope of the report on its way to `to`: from `<>`, so that it is never answered (RFC 5321 6.1).
    pub(crate) fn envelope(&self, to: Recipient) -> Envelope {
        let mut envelope = Envelope::new(ReversePath::Null);
        envelope.smtputf8 = self.is_international();
        envelope.body = if self.copy.is_eight_bit() || envelope.smtputf8 { Body::EightBit } else { Body::SevenBit };
        envelope.recipients.push(to);
        envelope
    }

    /// The content, for the queue entry `id`, below the `received` line that the queue asks for.
    pub(crate) fn content(&self, id: &QueueId, to: &Recipient, received: &str) -> Vec<u8> {
        let boundary = format!("report={:016x}={id}", fastrand::u64(..));
        let utf8 = self.is_international();
        let mut lines = Lines::new(utf8);
        lines.raw(received);
        self.header(&mut lines, id, to, &boundary);
        let charset = if utf8 { "utf-8" } else { "us-ascii" };
        lines.part(&boundary, &format!("text/plain; charset={charset}"), utf8);
        people::explain(&mut lines, self);
        let kind = if utf8 { "message/global-delivery-status" } else { "message/delivery-status" };
        lines.part(&boundary, kind, utf8);
        status::fields(&mut lines, self);
        if let Some(kind) = self.copy.media_type(utf8) {
            lines.part(&boundary, kind, self.copy.is_eight_bit());
            lines.bytes(self.copy.content());
        }
        lines.raw(&format!("\r\n--{boundary}--\r\n"));
        lines.finish()
    }

    /// Whether addresses are written in UTF-8: the sender who reads this showed that its way knows SMTPUTF8.
    fn is_international(&self) -> bool {
        let envelope = &self.message.envelope;
        envelope.smtputf8 || envelope.sender.mailbox().is_some_and(Address::needs_smtputf8)
    }

    fn header(&self, lines: &mut Lines, id: &QueueId, to: &Recipient, boundary: &str) {
        lines.field("From", &format!("postmaster@{}", self.hostname));
        lines.address_field("To", "", &to.address);
        lines.field("Subject", &format!("Delivery Status Notification ({})", self.kind.subject()));
        lines.field("Date", &self.now.rfc5322());
        lines.field("Message-ID", &format!("<{id}@{}>", self.hostname));
        lines.field("Auto-Submitted", "auto-replied");
        lines.field("MIME-Version", "1.0");
        lines.raw("Content-Type: multipart/report; report-type=delivery-status;\r\n");
        lines.raw(&format!("\tboundary=\"{boundary}\"\r\n"));
        lines.raw("\r\nThis is a MIME-encapsulated message.\r\n");
    }
}

/// A span for people: `2 days`, `12 hours`, `90 minutes`.
fn span_in_words(seconds: u64) -> String {
    let (number, unit) = match seconds {
        s if s >= 2 * 86_400 || s == 86_400 => (s / 86_400, "day"),
        s if s >= 2 * 3600 || s == 3600 => (s / 3600, "hour"),
        s => (s / 60, "minute"),
    };
    let mut words = format!("{number} {unit}");
    if number != 1 {
        let _ = write!(words, "s"); // writing to a String cannot fail
    }
    words
}

#[cfg(test)]
mod tests;

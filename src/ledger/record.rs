//! One line of the delivery log, and its written form.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::clock::Timestamp;
use crate::text;

/// The longest value kept of a record, in characters: a remote server may say more than anybody wants to read.
const MAX_VALUE: usize = 512;

/// What a line of the delivery log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// Accepted into the queue; one line per message.
    Accepted,
    /// Refused at the door.
    Refused,
    /// Handed to the next hop.
    Delivered,
    /// Not now; to be tried again.
    Deferred,
    /// Refused for good by the next hop, or by what cannot be sent honestly.
    Failed,
    /// Given up after `delivery.expiration`.
    Expired,
    /// Put into Drop.
    Local,
    /// A report was made for it; `reply` says which and its id.
    Reported,
    /// Moved to Badmail; `reply` says why.
    Badmail,
    /// Removed by a named person.
    Removed,
    /// Set aside by a named person.
    Held,
    /// No longer held.
    Released,
    /// Tried before its time, since a named person wants it so.
    Retried,
    /// Brought back after it was removed.
    Restored,
    /// Removed from Badmail or Drop because of their limits.
    Purged,
    /// Something else that a named person did, or did to many messages at once; `reply` says what came of it.
    Act,
}

impl Event {
    const ALL: [Self; 16] = [
        Self::Accepted,
        Self::Refused,
        Self::Delivered,
        Self::Deferred,
        Self::Failed,
        Self::Expired,
        Self::Local,
        Self::Reported,
        Self::Badmail,
        Self::Removed,
        Self::Held,
        Self::Released,
        Self::Retried,
        Self::Restored,
        Self::Purged,
        Self::Act,
    ];

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }

    /// The word in the log and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Delivered => "delivered",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Local => "local",
            Self::Reported => "reported",
            Self::Badmail => "badmail",
            Self::Removed => "removed",
            Self::Held => "held",
            Self::Released => "released",
            Self::Retried => "retried",
            Self::Restored => "restored",
            Self::Purged => "purged",
            Self::Act => "act",
        }
    }
}

/// One line of the delivery log: one message, recipient and attempt. What strangers wrote may stand in it as it
/// came; it is made printable and cut to 512 characters when it is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// When.
    pub time: Timestamp,
    /// What happened.
    pub event: Event,
    /// The queue id.
    pub id: String,
    /// The client's address.
    pub client: Option<String>,
    /// The reverse-path; empty for the null path.
    pub sender: Option<String>,
    /// The recipient.
    pub recipient: Option<String>,
    /// The next hop, `name[address]:port`; for accepted mail what the client called itself.
    pub host: Option<String>,
    /// What the next hop, or we ourselves, said.
    pub reply: Option<String>,
    /// Since the message was accepted; whole seconds in JSON and in the log.
    #[serde(serialize_with = "seconds")]
    pub delay: Option<Duration>,
    /// Octets of content.
    pub size: Option<u64>,
    /// Which attempt, counted from 1.
    pub attempt: Option<u32>,
    /// Who did it, for acts of a person; for accepted mail the login.
    pub actor: Option<String>,
}

impl Record {
    /// A record that tells no more than what happened to which message.
    pub fn new(time: Timestamp, event: Event, id: impl Into<String>) -> Self {
        Self {
            time,
            event,
            id: id.into(),
            client: None,
            sender: None,
            recipient: None,
            host: None,
            reply: None,
            delay: None,
            size: None,
            attempt: None,
            actor: None,
        }
    }

    pub(super) fn make_printable(&mut self) {
        make_printable(&mut self.id);
        let texts =
            [&mut self.client, &mut self.sender, &mut self.recipient, &mut self.host, &mut self.reply, &mut self.actor];
        texts.into_iter().flatten().for_each(make_printable);
    }
}

/// The line without its end: the time, then `key=value` pairs. Every text is in quotes, in which no stranger can
/// forge a field; ids are bare where they are made of letters, digits, hyphens and underscores, as ours are.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} event={} id={}", self.time, self.event.as_str(), bare_or_quoted(&self.id))?;
        let texts = [
            ("client", &self.client),
            ("sender", &self.sender),
            ("recipient", &self.recipient),
            ("host", &self.host),
            ("reply", &self.reply),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                write!(f, " {key}={}", text::quoted(value))?;
            }
        }
        if let Some(delay) = self.delay {
            write!(f, " delay={}s", delay.as_secs())?;
        }
        if let Some(size) = self.size {
            write!(f, " size={size}")?;
        }
        if let Some(attempt) = self.attempt {
            write!(f, " attempt={attempt}")?;
        }
        if let Some(actor) = &self.actor {
            write!(f, " actor={}", text::quoted(actor))?;
        }
        Ok(())
    }
}

fn make_printable(value: &mut String) {
    if let Cow::Borrowed(_) = text::printable(value)
        && value.len() <= MAX_VALUE
    {
        return;
    }
    *value = text::shortened(value, MAX_VALUE);
}

fn bare_or_quoted(id: &str) -> Cow<'_, str> {
    let is_plain = !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_plain { Cow::Borrowed(id) } else { Cow::Owned(text::quoted(id)) }
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn seconds<S: Serializer>(delay: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    delay.map(|delay| delay.as_secs()).serialize(serializer)
}

/// Appends the record as a whole line.
pub(super) fn write_line(record: &Record, out: &mut String) {
    let _ = writeln!(out, "{record}"); // writing to a String cannot fail
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A record of which only the id matters.
    pub(in crate::ledger) fn record(id: &str) -> Record {
        Record::new(Timestamp::from_unix(1_795_518_903), Event::Accepted, id)
    }

    fn delivered() -> Record {
        Record {
            event: Event::Delivered,
            client: Some("192.0.2.7".to_owned()),
            sender: Some("app@corp.example".to_owned()),
            recipient: Some("bob@example.com".to_owned()),
            host: Some("mx1.example.com[192.0.2.25]:25".to_owned()),
            reply: Some("250 2.0.0 ok".to_owned()),
            delay: Some(Duration::from_millis(3900)),
            size: Some(4096),
            attempt: Some(1),
            actor: Some("uid 0".to_owned()),
            ..record("0JX4-a_b")
        }
    }

    #[test]
    fn a_line_starts_with_the_time_and_holds_every_field_under_its_name() {
        assert_eq!(
            delivered().to_string(),
            "2026-11-24T11:15:03Z event=delivered id=0JX4-a_b client=\"192.0.2.7\" sender=\"app@corp.example\" \
             recipient=\"bob@example.com\" host=\"mx1.example.com[192.0.2.25]:25\" reply=\"250 2.0.0 ok\" delay=3s \
             size=4096 attempt=1 actor=\"uid 0\""
        );
    }

    #[test]
    fn lg02_a_stranger_can_forge_neither_a_field_nor_a_line() {
        let mut forged = record("x\" event=delivered");
        forged.sender = Some("\"\\\" to=x status=sent\"@x.example".to_owned());
        forged.reply = Some("250 ok\r\n2026-11-24T11:15:03Z event=delivered \x1b[2J\u{202e}".to_owned());
        forged.make_printable();
        assert_eq!(
            forged.to_string(),
            "2026-11-24T11:15:03Z event=accepted id=\"x\\\" event=delivered\" \
             sender=\"\\\"\\\\\\\" to=x status=sent\\\"@x.example\" \
             reply=\"250 ok\\\\r\\\\n2026-11-24T11:15:03Z event=delivered ␛[2J<U+202E>\""
        );
    }

    #[test]
    fn a_value_without_end_is_cut() {
        let mut long = record("1");
        long.reply = Some("x".repeat(100_000));
        long.make_printable();
        assert_eq!(long.reply.unwrap().chars().count(), MAX_VALUE);
    }

    #[test]
    fn json_names_the_same_fields_with_the_delay_in_seconds() {
        let json = serde_json::to_value(delivered()).unwrap();
        assert_eq!(json["time"], "2026-11-24T11:15:03Z");
        assert_eq!((&json["event"], &json["delay"]), (&"delivered".into(), &3.into()));
        assert_eq!(serde_json::to_value(record("1")).unwrap()["delay"], serde_json::Value::Null);
    }
}

//! The public JSON forms, as types: the engine fills them in, the text views read them, scripts rely on them.
//!
//! A field may be added at any time; to rename or remove one takes a new [`SCHEMA`] number. Times are RFC 3339 in
//! UTC, ids are strings, sizes are octets, spans are whole seconds. Every text is printable.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::accounts;
use crate::config::Confidential;

/// The number in every view's `schema`.
pub const SCHEMA: u32 = 1;

/// A page of the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueList {
    /// [`SCHEMA`].
    pub schema: u32,
    /// How many messages match in all.
    pub total: usize,
    /// Those of this page.
    pub messages: Vec<Message>,
}

/// A message, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The queue id.
    pub id: String,
    /// `queued`, `active` or `held`.
    pub state: String,
    /// When it was accepted.
    pub received: String,
    /// The reverse-path; empty for the null path.
    pub sender: String,
    /// To whom.
    pub recipients: Vec<Recipient>,
    /// Octets of content.
    pub size: u64,
    /// Attempts so far.
    pub attempts: u32,
    /// When to try next; `null` where that is not planned.
    pub next: Option<String>,
    /// What was last said of it.
    pub last_reply: Option<String>,
    /// Where it goes: a smart host or the recipients' domain.
    pub destination: Option<String>,
}

/// How far one recipient is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// `pending`, `delivered` or `failed`.
    pub status: String,
    /// What was last said of it.
    pub reply: Option<String>,
}

/// One message of the queue in full, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueShow {
    /// [`SCHEMA`].
    pub schema: u32,
    /// As in the list.
    pub message: Message,
    /// Where it came from.
    pub origin: Origin,
    /// The sender's own name for it (RFC 3461 ENVID).
    pub envid: Option<String>,
    /// The lines of its header.
    pub header: Vec<String>,
}

/// Where a message came from.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// `smtp`, `pickup`, `report` or `hand`.
    pub via: String,
    /// The client's address.
    pub client: Option<String>,
    /// What the client called itself.
    pub helo: Option<String>,
    /// Its login.
    pub user: Option<String>,
}

/// What an act on the queue would do; it is done by its name, to exactly these messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The name by which it is applied, for some minutes.
    pub plan: String,
    /// How many messages it would change.
    pub count: usize,
    /// The first few of them.
    pub sample: Vec<Message>,
}

/// A message as a person reads it: nothing in it can do anything.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preview {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The queue id.
    pub id: String,
    /// From, To, Cc, Subject, Date: those there are, in this order, decoded.
    pub header: Vec<(String, String)>,
    /// The lines of the text.
    pub text: Vec<String>,
    /// Whether more of the text was left out.
    pub is_cut: bool,
    /// The other parts.
    pub attachments: Vec<Attachment>,
}

/// A part of a message that is not its text.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attachment {
    /// The name the sender gave it.
    pub name: Option<String>,
    /// Its media type.
    pub media_type: String,
    /// Its octets, decoded; estimated where the message was not read to its end.
    pub size: u64,
}

/// The settings file, for an editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsText {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Where it is, or would be made.
    pub path: String,
    /// The folder that relative paths in it start from.
    pub base: String,
    /// What it holds, with a stand-in for each of its secrets; empty if it is not there yet.
    pub text: Confidential,
}

/// A message with its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The queue id.
    pub id: String,
    /// The octets of the message, each as the character of the same number (ISO 8859-1): JSON has no octets, and
    /// mail is mostly ASCII.
    pub content: String,
}

impl Export {
    /// Wraps a message.
    pub fn new(id: impl Into<String>, content: &[u8]) -> Self {
        Self { schema: SCHEMA, id: id.into(), content: content.iter().copied().map(char::from).collect() }
    }

    /// The message as it was; `None` if the content is not in the form above.
    pub fn octets(&self) -> Option<Vec<u8>> {
        self.content.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
    }
}

/// A page of Badmail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadmailList {
    /// [`SCHEMA`].
    pub schema: u32,
    /// How many messages match in all.
    pub total: usize,
    /// Those of this page.
    pub messages: Vec<Badmail>,
}

/// A message in Badmail: as in the queue, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Badmail {
    /// As in the queue.
    #[serde(flatten)]
    pub message: Message,
    /// Why it could be neither delivered nor returned.
    pub reason: String,
}

/// One message of Badmail in full, without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadmailShow {
    /// [`SCHEMA`].
    pub schema: u32,
    /// As in the list.
    pub message: Badmail,
    /// The lines of its header.
    pub header: Vec<String>,
}

/// The sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionList {
    /// [`SCHEMA`].
    pub schema: u32,
    /// How many.
    pub total: usize,
    /// All of them, oldest first.
    pub sessions: Vec<Session>,
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// For `sessions close`.
    pub id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Address and port of the other end.
    pub peer: String,
    /// HELO name inbound, host name outbound.
    pub name: Option<String>,
    /// The login.
    pub user: Option<String>,
    /// Whether TLS protects it.
    #[serde(default)]
    pub tls: bool,
    /// Version and cipher: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
    #[serde(default)]
    pub cipher: Option<String>,
    /// What it is doing.
    pub state: String,
    /// Messages so far.
    pub messages: u64,
    /// Octets so far.
    pub bytes: u64,
    /// How long it has been open.
    pub age: u64,
}

/// The newest lines of the delivery log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Oldest first.
    pub records: Vec<Record>,
}

/// A line of the delivery log, in the form in which `ledger::Record` is written as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When.
    pub time: String,
    /// What happened.
    pub event: String,
    /// The queue id.
    pub id: String,
    /// The client's address.
    pub client: Option<String>,
    /// The reverse-path; empty for the null path.
    pub sender: Option<String>,
    /// The recipient.
    pub recipient: Option<String>,
    /// The next hop.
    pub host: Option<String>,
    /// What was said.
    pub reply: Option<String>,
    /// Since the message was accepted.
    pub delay: Option<u64>,
    /// Octets of content.
    pub size: Option<u64>,
    /// Which attempt.
    pub attempt: Option<u32>,
    /// Who did it.
    pub actor: Option<String>,
}

/// The whole picture in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Of the program.
    pub version: String,
    /// `running`, `paused` or `stopping`.
    pub state: String,
    /// When the engine started.
    pub since: String,
    /// The name this server gives itself.
    pub hostname: String,
    /// The addresses in service where clients begin in clear.
    pub listeners: Vec<String>,
    /// Those where they begin with TLS.
    #[serde(default)]
    pub tls_listeners: Vec<String>,
    /// The server's certificate; `null` if the settings name none.
    #[serde(default)]
    pub certificate: Option<Certificate>,
    /// The access tokens that mail needs.
    #[serde(default)]
    pub tokens: Vec<Token>,
    /// The queue in numbers.
    pub queue: QueueCounts,
    /// Counts since the start, by name.
    pub totals: BTreeMap<String, u64>,
    /// The disk of the mailroot; `null` where it cannot be asked.
    pub disk: Option<Disk>,
    /// Where mail goes.
    pub destinations: Vec<Destination>,
    /// What needs a person.
    pub problems: Vec<String>,
    /// What may be meant otherwise, such as a relay open to the world.
    pub warnings: Vec<String>,
}

/// The server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The hosts it is for; empty where the files cannot be used.
    pub names: Vec<String>,
    /// Its end.
    pub expires: Option<String>,
    /// Whether nobody but this server vouches for it.
    pub self_signed: bool,
    /// What needs a person: files that cannot be used, an end less than 21 days ahead.
    pub problem: Option<String>,
}

/// An access token that mail needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The remote domain with security of its own; `null` for all other mail.
    pub domain: Option<String>,
    /// The mailbox it is for.
    pub mailbox: String,
    /// Until when there is one.
    pub valid_until: Option<String>,
    /// Why the last request for one failed, and what to do.
    pub error: Option<String>,
    /// Whether a person has to log in.
    pub needs_login: bool,
}

/// `user list --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserList {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The users file.
    pub path: String,
    /// In the order of the file.
    pub users: Vec<UserRow>,
}

/// A user who may log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// The name.
    pub name: String,
    /// Whether the user may log in by NTLM, for which the file holds an NT hash.
    pub ntlm: bool,
    /// The addresses and domains the user may send from; empty for any.
    pub senders: Vec<String>,
    /// How many messages in an hour; `null` for any number.
    pub max_messages_per_hour: Option<u32>,
}

impl From<&accounts::User> for UserRow {
    fn from(user: &accounts::User) -> Self {
        Self {
            name: user.name.to_string(),
            ntlm: user.nt_hash.is_some(),
            senders: user.senders.iter().map(ToString::to_string).collect(),
            max_messages_per_hour: user.max_messages_per_hour,
        }
    }
}

/// The queue in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QueueCounts {
    /// All messages.
    pub total: usize,
    /// Being tried at the moment.
    pub active: usize,
    /// Set aside by a person.
    pub held: usize,
    /// When the oldest was accepted.
    pub oldest: Option<String>,
}

/// Octets of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Free for us.
    pub free: u64,
    /// In all.
    pub total: u64,
}

/// The destinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationList {
    /// [`SCHEMA`].
    pub schema: u32,
    /// All that have mail, or had it lately.
    pub destinations: Vec<Destination>,
}

/// Where mail goes, and how that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// A smart host or a domain.
    pub name: String,
    /// `ready`, `held-back` after failures, or `paused` by a person.
    pub state: String,
    /// Messages that wait for it.
    pub waiting: usize,
    /// Connections open.
    pub connections: usize,
    /// When it is probed next, while it is held back.
    pub next: Option<String>,
    /// What it last said.
    pub last_reply: Option<String>,
    /// What a person has to do about it, where time alone does not mend it.
    pub advice: Option<String>,
}

/// What a check of a smart host came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmartHostCheck {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Whether mail could be sent.
    pub can_send: bool,
    /// The steps in their order, up to the one that failed; several where a host has several addresses.
    pub steps: Vec<CheckStep>,
    /// The dialogue line by line, with `C: ` or `S: ` before each; secrets are masked.
    pub dialogue: Vec<String>,
}

/// A step of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckStep {
    /// `route`, `secrets`, `resolve`, `connect`, `greeting`, `ehlo`, `tls`, `login` or `quit`.
    pub step: String,
    /// `passed`, `note` or `failed`.
    pub state: String,
    /// What was found.
    pub text: String,
    /// What to do.
    pub advice: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_octets_survive_an_export() {
        let octets: Vec<u8> = (0..=255).collect();
        let json = serde_json::to_string(&Export::new("1", &octets)).unwrap();
        let export: Export = serde_json::from_str(&json).unwrap();
        assert_eq!(export.octets().unwrap(), octets);
    }

    #[test]
    fn a_record_is_the_same_in_the_ledger_and_here() {
        let ledger = crate::ledger::Record::new(crate::clock::Timestamp::default(), crate::ledger::Event::Held, "1");
        let json = serde_json::to_value(ledger).unwrap();
        let view: Record = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(view).unwrap(), json);
    }

    #[test]
    fn content_that_is_no_export_is_refused() {
        let export = Export { schema: SCHEMA, id: "1".to_owned(), content: "€".to_owned() };
        assert_eq!(export.octets(), None);
    }
}

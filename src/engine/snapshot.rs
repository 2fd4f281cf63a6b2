//! What a viewer sees: plain data, made by the sampler and never changed afterwards.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::view::Disk;
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::delivery::DestinationRow;
use crate::ledger::{History, Record, SessionSnapshot};
use crate::oauth::TokenHealth;
use crate::queue::Counts;

/// The relay at one moment. Parts that did not change since the last snapshot are the same `Arc`, so that a viewer
/// can tell by the pointer that there is nothing new.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When it was taken.
    pub time: Timestamp,
    /// Whether mail is taken.
    pub state: EngineState,
    /// When the engine started.
    pub since: Timestamp,
    /// The addresses in service.
    pub listeners: Arc<[SocketAddr]>,
    /// Those of clients that speak TLS from the first octet on.
    pub tls_listeners: Arc<[SocketAddr]>,
    /// The server's certificate; `None` if the settings name none.
    pub certificate: Option<Arc<CertificateHealth>>,
    /// The access tokens that mail needs, for all mail first.
    pub tokens: Arc<[TokenRow]>,
    /// The settings in force.
    pub settings: Arc<Settings>,
    /// The file they come from; `None` while the defaults serve.
    pub settings_file: Option<Arc<PathBuf>>,
    /// The sessions, oldest first.
    pub sessions: Arc<[SessionSnapshot]>,
    /// The queue in numbers.
    pub queue: QueueSummary,
    /// Where mail goes, by name.
    pub destinations: Arc<[DestinationRow]>,
    /// Files in Badmail.
    pub badmail: usize,
    /// Counts since the start, by name.
    pub totals: Arc<[(&'static str, u64)]>,
    /// The last minute and the last hour.
    pub history: Arc<History>,
    /// The newest lines of the delivery log.
    pub log: Arc<LogTail>,
    /// The disk of the mailroot; `None` where it cannot be asked.
    pub disk: Option<Disk>,
    /// What needs a person.
    pub problems: Arc<[String]>,
    /// What may be meant otherwise, such as a relay open to the world.
    pub warnings: Arc<[String]>,
}

/// The server's certificate, as far as a person has to know it. Every text is printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateHealth {
    /// The hosts it is for; empty where the files cannot be used.
    pub names: Vec<String>,
    /// Its end; `None` where the files cannot be used.
    pub expires: Option<Timestamp>,
    /// Whether nobody but this server vouches for it.
    pub is_self_signed: bool,
    /// What needs a person: files that cannot be used, an end less than 21 days ahead.
    pub problem: Option<String>,
}

/// An access token that mail needs, as far as a person has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// The remote domain with security of its own, as the settings name it; `None` for all other mail.
    pub domain: Option<String>,
    /// The mailbox it is for, as the settings have it.
    pub mailbox: String,
    /// Whether it comes by a login with a code, so that a person can log in again.
    pub by_code: bool,
    /// How it stands.
    pub health: TokenHealth,
}

/// Whether mail is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineState {
    /// As usual.
    Running,
    /// New connections are refused, since a person wants it so; what is queued is delivered.
    Paused,
    /// The engine ends what is under way and stops.
    Draining,
}

impl EngineState {
    /// The word in lists and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Draining => "stopping",
        }
    }
}

/// The queue in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct QueueSummary {
    /// By phase.
    pub counts: Counts,
    /// When the oldest message was accepted.
    pub oldest: Option<Timestamp>,
    /// Grows with every change of any message, so that a viewer knows when its page is stale.
    pub revision: u64,
}

/// The newest lines of the delivery log, oldest first.
#[derive(Clone, Debug, Default)]
pub struct LogTail {
    /// The number of the first record here; records are numbered from the start of the engine.
    pub first: u64,
    /// The records.
    pub records: Vec<Arc<Record>>,
}

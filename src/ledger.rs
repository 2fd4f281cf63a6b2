//! What is happening now: live sessions, totals, and the delivery log.
//!
//! Engine tasks touch only atomics, short mutexes and guards here; nobody who looks can make them wait.

// ---- STUB (builder 7). Split into files, keep the signatures. ----

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
}

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    Connecting,
    Greeting,
    Idle,
    Envelope,
    Content,
    Committing,
    Closing,
}

/// Registers a session; dropping it removes the session. Cheap to clone is not needed.
pub struct SessionGuard {}

impl SessionGuard {
    pub fn id(&self) -> u64 {
        todo!()
    }
    /// HELO name inbound, host name outbound; made printable here.
    pub fn set_name(&self, name: &str) {
        todo!()
    }
    pub fn set_activity(&self, activity: Activity) {
        todo!()
    }
    pub fn count_message(&self) {
        todo!()
    }
    pub fn count_bytes(&self, bytes: u64) {
        todo!()
    }
    /// Resolves when a person closes the session.
    pub async fn closed(&self) {
        todo!()
    }
}

pub struct Ledger {
    pub totals: Totals,
}

/// Since start; atomics with `add`/`get`.
#[derive(Default)]
pub struct Totals {
    pub connections: Counter,
    pub connections_refused: Counter,
    pub accepted: Counter,
    pub refused: Counter,
    pub delivered: Counter,
    pub deferred: Counter,
    pub failed: Counter,
    pub reports: Counter,
    pub badmail: Counter,
    pub picked_up: Counter,
    pub dropped_local: Counter,
    pub bytes_in: Counter,
    pub bytes_out: Counter,
}

#[derive(Default)]
pub struct Counter(std::sync::atomic::AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
    }
    pub fn get(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// What a line of the delivery log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Accepted into the queue (one line per message).
    Accepted,
    /// Refused at the door.
    Refused,
    Delivered,
    Deferred,
    Failed,
    Expired,
    /// Put into Drop.
    Local,
    /// A report was made for it; `reply` says what and its id.
    Reported,
    Badmail,
    /// By a named person.
    Removed,
    Held,
    Released,
    /// A file of Badmail or Drop removed by the caps.
    Purged,
}

/// One line of the delivery log: one message, recipient and attempt. All text is made printable when written.
#[derive(Clone, Debug)]
pub struct Record {
    pub time: Timestamp,
    pub event: Event,
    pub id: String,
    pub client: Option<String>,
    pub sender: Option<String>,
    pub recipient: Option<String>,
    /// Next hop, `name[address]:port`.
    pub host: Option<String>,
    pub reply: Option<String>,
    /// Since the message was accepted.
    pub delay: Option<Duration>,
    pub size: Option<u64>,
    pub attempt: Option<u32>,
    /// Who did it, for acts of a person.
    pub actor: Option<String>,
}

impl Ledger {
    /// Without a log file yet (tests); `with_log` adds the daily file writer.
    pub fn new() -> Arc<Self> {
        todo!()
    }
    pub fn open_session(self: &Arc<Self>, direction: Direction, peer: SocketAddr) -> SessionGuard {
        todo!()
    }
    /// True if it existed.
    pub fn close_session(&self, id: u64) -> bool {
        todo!()
    }
    pub fn record(&self, record: Record) {
        todo!()
    }
}

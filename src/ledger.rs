//! What is happening now, and what has happened: live sessions, totals, history, and the logs.
//!
//! Engine tasks touch only atomics, short mutexes and guards here; nobody who looks can make them wait. The one
//! wait there is, for a full buffer of the delivery log to reach the disk, is bounded. The ledger does not know
//! who looks, and decides nothing.

mod application;
mod audience;
mod files;
mod filter;
mod history;
mod log;
mod record;
mod session;
mod tail;
mod totals;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

pub use application::{AlreadyInstalled, ApplicationLog};
pub use audience::{Audience, Side, Told};
pub use files::purge_logs;
pub use filter::RecordFilter;
pub use history::{History, Sample};
pub use log::LogError;
pub use record::{Event, Record};
pub use session::{Activity, Direction, SessionGuard, SessionSnapshot};
pub use totals::{Counter, Totals};

use crate::clock::Timestamp;

/// The books of a running engine. Shared by all its tasks.
pub struct Ledger {
    /// Counts since the start.
    pub totals: Totals,
    sessions: session::Registry,
    history: Mutex<history::Recorder>,
    tail: tail::Tail,
    /// `None` in tests and tools, which keep no log.
    log: Option<log::DeliveryLog>,
}

impl Ledger {
    /// A ledger that writes no log.
    pub fn new() -> Arc<Self> {
        Self::build(None)
    }

    /// A ledger with the delivery log in `directory`, which is made if it is missing. A disk that is full just now
    /// is no error: the lines wait until there is room.
    pub fn with_log(directory: &Path) -> Result<Arc<Self>, LogError> {
        log::DeliveryLog::open(directory).map(|log| Self::build(Some(log)))
    }

    fn build(log: Option<log::DeliveryLog>) -> Arc<Self> {
        Arc::new(Self {
            totals: Totals::default(),
            sessions: session::Registry::default(),
            history: Mutex::default(),
            tail: tail::Tail::new(),
            log,
        })
    }

    /// Registers a session. It is in the books until the guard is dropped.
    pub fn open_session(self: &Arc<Self>, direction: Direction, peer: SocketAddr) -> SessionGuard {
        SessionGuard::new(Arc::clone(self), direction, peer)
    }

    /// Asks a session to end. True if it existed.
    pub fn close_session(&self, id: u64) -> bool {
        self.sessions.close(id)
    }

    /// A session as it is, and what is told of it from now on; `None` if there is no such session.
    pub fn watch_session(&self, id: u64) -> Option<(SessionSnapshot, broadcast::Receiver<Told>)> {
        self.sessions.watch(id)
    }

    /// The sessions as they are now, oldest first.
    pub fn sessions(&self) -> Vec<SessionSnapshot> {
        self.sessions.snapshots()
    }

    /// Resolves as soon as no inbound session is open.
    pub async fn inbound_sessions_ended(&self) {
        self.sessions.inbound_ended().await;
    }

    /// Writes a line of the delivery log. Waits only while a full buffer is being written, and while the disk
    /// fails or does not answer not at all.
    pub fn record(&self, mut record: Record) {
        record.make_printable();
        let record = Arc::new(record);
        if let Some(log) = &self.log {
            log.append(&record);
        }
        self.tail.push(record);
    }

    /// The newest `limit` records that match, oldest first. Those of earlier runs are in the files only.
    pub fn recent(&self, filter: &RecordFilter, limit: usize) -> Vec<Arc<Record>> {
        self.tail.recent(filter, limit)
    }

    /// Up to `limit` records from this number on, or from the oldest one still kept, and the number of the first.
    /// Records are numbered from 0 at the start.
    pub fn records_from(&self, number: u64, limit: usize) -> (u64, Vec<Arc<Record>>) {
        self.tail.from(number, limit)
    }

    /// Every record from now on. Who reads too slowly misses some and is told how many.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        self.tail.follow()
    }

    /// Advances the history; to be called once a second.
    pub fn tick(&self, now: Timestamp) {
        let totals = Sample::from(&self.totals);
        self.history.lock().unwrap_or_else(PoisonError::into_inner).tick(now, totals);
    }

    /// What was counted in each of the last seconds and minutes.
    pub fn history(&self) -> History {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).history()
    }

    /// Writes out what the delivery log still holds in memory. Blocks for at most a few seconds.
    pub fn flush(&self) {
        if let Some(log) = &self.log {
            log.flush();
        }
    }

    /// What is wrong with the delivery log, if anything.
    pub fn log_problem(&self) -> Option<String> {
        self.log.as_ref().and_then(log::DeliveryLog::problem)
    }
}

//! Delivery: where each message goes, when, over which connection, and what is told to its sender.

// ---- STUB (builder 6). Split into files, keep the signatures. ----

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::config::Settings;
use crate::dns::Resolver;
use crate::ledger::Ledger;
use crate::mail::Domain;
use crate::queue::{Committed, Filter, Message, Queue, QueueId, Stamp};

pub struct Context {
    pub queue: Queue,
    pub settings: Arc<ArcSwap<Settings>>,
    pub resolver: Arc<dyn Resolver>,
    pub ledger: Arc<Ledger>,
    pub clock: Arc<Clock>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher {}

impl Dispatcher {
    /// Starts the scheduler's task on the current tokio runtime.
    pub fn start(context: Context) -> Self {
        todo!()
    }
    /// A message just committed, content still in memory: tried at once.
    pub fn submit(&self, committed: Committed) {
        todo!()
    }
    /// A message found at start, dropped in or edited by hand; replaces what was known of it.
    pub fn insert(&self, id: QueueId, message: Message, stamp: Stamp) {
        todo!()
    }
    /// Its file is gone.
    pub fn forget(&self, id: &QueueId) {
        todo!()
    }
    /// What was last known of its file.
    pub fn known(&self, id: &QueueId) -> Option<Stamp> {
        todo!()
    }
    /// Every id known (for the reconcile after a scan).
    pub fn ids(&self) -> Vec<QueueId> {
        todo!()
    }
    pub fn select(&self, filter: &Filter) -> Vec<QueueId> {
        todo!()
    }
    /// Due now, back-off of their destinations lifted. Returns how many existed.
    pub fn retry(&self, ids: &[QueueId]) -> usize {
        todo!()
    }
    pub async fn hold(&self, ids: &[QueueId], actor: &str) -> usize {
        todo!()
    }
    pub async fn release(&self, ids: &[QueueId], actor: &str) -> usize {
        todo!()
    }
    /// Moves them to `.state/deleted`.
    pub async fn delete(&self, ids: &[QueueId], actor: &str) -> usize {
        todo!()
    }
    /// ETRN and `queue retry --filter domain:`.
    pub fn run_queue(&self, domain: &Domain) -> usize {
        todo!()
    }
    /// Holds back one destination domain until resumed; paused time burns no attempts.
    pub fn pause(&self, domain: Domain) {
        todo!()
    }
    pub fn resume(&self, domain: &Domain) -> bool {
        todo!()
    }
    pub fn paused(&self) -> Vec<Domain> {
        todo!()
    }
    /// New settings are in place: routes and limits are decided anew.
    pub fn settings_changed(&self) {
        todo!()
    }
    /// Starts no new transaction, waits for those under way, closes connections.
    pub async fn drain(&self) {
        todo!()
    }
}

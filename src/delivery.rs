//! Delivery: where each message goes, when, over which connection, and what is told to its sender.
//!
//! The decisions are pure and lie apart from the work. `scheduler` knows what waits, what is under way and what is
//! known of each destination, and reads neither clock nor socket; it stands on `schedule` (waits and expiration),
//! `wheel` (a million timers), `route` and `mx` (where a domain's mail goes), `window` and `health` (how many
//! connections a destination bears, and whether it is tried at all) and `round` (what follows from an attempt).
//! The work is done by `session` (a connection that takes jobs until none are left, by way of `jobs`), `connect`, `local` (Drop),
//! `closing` (writing down, returning, removing), `bounce` (which makes a `report` of what `round` decided) and
//! `acts` (what people do to messages); `journal` tells the ledger.
//!
//! A message is delivered, then unlinked, and only then does its connection take the next one: a crash can cause
//! no more second copies than there are connections.

mod acts;
mod attempt;
mod bounce;
mod closing;
mod connect;
mod destination;
mod health;
mod jobs;
mod journal;
mod local;
mod mx;
mod report;
mod round;
mod route;
mod schedule;
mod scheduler;
mod session;
mod shared;
mod wheel;
mod window;

pub use scheduler::{DestinationRow, RecipientRow, Row};

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use self::scheduler::Scheduler;
use self::shared::Shared;
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::dns::Resolver;
use crate::ledger::Ledger;
use crate::mail::Domain;
use crate::queue::{Committed, Counts, Cursor, Filter, Message, Queue, QueueId, Stamp};

/// How often the timer wheel turns.
const TICK: Duration = Duration::from_secs(1);
/// Messages looked at in one go while a list is made, so that delivery never waits for a viewer.
const BUDGET: usize = 10_000;

/// What delivery works with.
pub struct Context {
    /// Where the messages are.
    pub queue: Queue,
    /// The settings, replaced as a whole.
    pub settings: Arc<ArcSwap<Settings>>,
    /// Name resolution.
    pub resolver: Arc<dyn Resolver>,
    /// Sessions, totals and the delivery log.
    pub ledger: Arc<Ledger>,
    /// The engine's clock.
    pub clock: Arc<Clock>,
}

/// Delivers what it is given until it is drained. Cheap to clone.
#[derive(Clone)]
pub struct Dispatcher(Arc<Shared>);

impl Dispatcher {
    /// Starts delivery on the current tokio runtime.
    pub fn start(context: Context) -> Self {
        let shared = Arc::new(Shared::new(context));
        let weak = Arc::downgrade(&shared);
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(TICK);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
            loop {
                interval.tick().await;
                let Some(shared) = weak.upgrade() else { return };
                shared.with(Scheduler::tick);
            }
        });
        Self(shared)
    }

    /// A message just committed, tried at once; its content is taken from memory where it still is there.
    pub fn submit(&self, committed: Committed) {
        self.0.submit(committed);
    }

    /// A message found at start, dropped in or edited by hand; replaces what was known of it. An attempt under way
    /// goes on as it began.
    pub fn insert(&self, id: &QueueId, message: Message, stamp: Stamp) {
        self.0.with(|scheduler, now| scheduler.insert(id, message, stamp, now));
    }

    /// Its file is gone.
    pub fn forget(&self, id: &QueueId) {
        self.0.with(|scheduler, _| scheduler.forget(id));
    }

    /// What was last known of its file.
    pub fn known(&self, id: &QueueId) -> Option<Stamp> {
        self.0.with(|scheduler, _| scheduler.known(id))
    }

    /// Every id known, for the reconcile after a scan.
    pub fn ids(&self) -> Vec<QueueId> {
        self.select(&Filter::default())
    }

    /// How many messages wait, are active, are held.
    pub fn counts(&self) -> Counts {
        self.0.with(|scheduler, _| scheduler.index().counts())
    }

    /// When the message that waits longest was accepted.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.0.with(|scheduler, _| scheduler.index().oldest())
    }

    /// The ids of all messages that match, in the order of arrival.
    pub fn select(&self, filter: &Filter) -> Vec<QueueId> {
        let mut ids = Vec::new();
        self.walk(|scheduler, now, cursor| {
            scheduler.index().walk(cursor, BUDGET, |listed| {
                if filter.matches(&listed, now) {
                    ids.push(listed.id().clone());
                }
            })
        });
        ids
    }

    /// How many messages match, and the rows of `limit` of them behind the first `offset`, in the order of arrival.
    pub fn rows(&self, filter: &Filter, offset: usize, limit: usize) -> (usize, Vec<Row>) {
        if filter.is_empty() {
            return self.0.with(|scheduler, now| {
                let page = scheduler.index().page(filter, now, offset, limit);
                (page.total, page.entries.iter().map(|listed| scheduler.row_of(listed)).collect())
            });
        }
        let (mut total, mut rows) = (0, Vec::new());
        self.walk(|scheduler, now, cursor| {
            scheduler.index().walk(cursor, BUDGET, |listed| {
                if filter.matches(&listed, now) {
                    if total >= offset && rows.len() < limit {
                        rows.push(scheduler.row_of(&listed));
                    }
                    total += 1;
                }
            })
        });
        (total, rows)
    }

    /// The row of one message.
    pub fn row(&self, id: &QueueId) -> Option<Row> {
        self.0.with(|scheduler, _| scheduler.row(id))
    }

    /// The destinations known now, by name.
    pub fn destinations(&self) -> Vec<DestinationRow> {
        self.0.with(|scheduler, _| scheduler.destination_rows())
    }

    /// Makes messages due now and lifts the back-off of their destinations. Returns how many existed; held ones stay
    /// held.
    pub fn retry(&self, ids: &[QueueId]) -> usize {
        ids.chunks(BUDGET).map(|ids| self.0.with(|scheduler, now| scheduler.retry(ids, now))).sum()
    }

    /// Makes due what waits for a domain (ETRN). Returns how many messages.
    pub fn run_queue(&self, domain: &Domain) -> usize {
        self.0.with(|scheduler, now| scheduler.run_queue(domain, now))
    }

    /// Holds back mail for a domain, or for a next hop of that name, until it is resumed. What is under way is
    /// finished; what waits burns no attempts and does not expire without one.
    pub fn pause(&self, domain: Domain) {
        self.0.with(|scheduler, _| scheduler.pause(domain));
    }

    /// Lets a paused domain go on, at once; false if it was not paused.
    pub fn resume(&self, domain: &Domain) -> bool {
        self.0.with(|scheduler, now| scheduler.resume(domain, now))
    }

    /// The paused domains.
    pub fn paused(&self) -> Vec<Domain> {
        self.0.with(|scheduler, _| scheduler.paused())
    }

    /// New settings are in place: routes and limits are decided anew, and held-back destinations are tried.
    pub fn settings_changed(&self) {
        let settings = self.0.context.settings.load_full();
        self.0.with(|scheduler, now| scheduler.adopt(settings, now));
    }

    /// Starts no new transaction, waits for those under way, closes the connections.
    pub async fn drain(&self) {
        self.0.with(|scheduler, _| scheduler.drain());
        self.0.quiet().await;
    }

    /// Calls `piece` with the lock held for one piece of the index at a time, until it returns no cursor.
    fn walk(&self, mut piece: impl FnMut(&Scheduler, Timestamp, Option<&Cursor>) -> Option<Cursor>) {
        let mut cursor = None;
        loop {
            cursor = self.0.with(|scheduler, now| piece(scheduler, now, cursor.as_ref()));
            if cursor.is_none() {
                return;
            }
        }
    }
}

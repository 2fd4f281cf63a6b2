//! Delivery: where each message goes, when, over which connection, and what is told to its sender.
//!
//! The decisions are pure and lie apart from the work. `scheduler` knows what waits, what is under way and what is
//! known of each destination, and reads neither clock nor socket; it stands on `schedule` (waits and expiration),
//! `wheel` (a million timers), `route`, `manner` and `mx` (where a domain's mail goes, and how), `window`, `pace` and
//! `health` (how many connections and messages a destination bears, and whether it is tried at all) and `round` (what
//! follows from an attempt).
//! The work is done by `session` (a connection that takes jobs until none are left, by way of `jobs`), `connect` (with
//! what `protection` gathers, and what `trouble` says of its failures), `check` (the same for a person who looks),
//! `local` (Drop), `closing` (writing down, returning, removing), `bounce` (which makes a `report` of what `round`
//! decided) and `acts` (what people do to messages); `journal` tells the ledger, and `lists` those who look.
//!
//! A message is delivered, then unlinked, and only then does its connection take the next one: a crash can cause
//! no more second copies than there are connections.

mod acts;
mod attempt;
mod bounce;
mod check;
mod closing;
mod connect;
mod destination;
mod health;
mod jobs;
mod journal;
mod lists;
mod local;
mod manner;
mod mx;
mod pace;
mod protection;
mod report;
mod round;
mod route;
mod schedule;
mod scheduler;
mod session;
mod shared;
mod trouble;
mod wheel;
mod window;

pub use check::{Finding, Step, StepKind, StepState};
pub use lists::Window;
pub use scheduler::{DestinationRow, RecipientRow, Row};

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::mpsc::UnboundedSender;

use self::scheduler::Scheduler;
use self::shared::Shared;
use crate::clock::Clock;
use crate::config::Settings;
use crate::dns::Resolver;
use crate::ledger::Ledger;
use crate::mail::Domain;
use crate::oauth::Tokens;
use crate::queue::{Committed, Message, Queue, QueueId, Stamp};

/// How often the timer wheel turns.
const TICK: Duration = Duration::from_secs(1);

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
    /// Access tokens for logins.
    pub tokens: Tokens,
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

    /// What needs a person before mail can go on, a sentence for each destination.
    pub fn problems(&self) -> Vec<String> {
        self.0.with(|scheduler, _| scheduler.problems())
    }

    /// Checks the way of a domain's mail, or the general smart host, up to the login and without sending mail. Tells
    /// each step; the result says whether mail could be sent.
    pub async fn check(&self, domain: Option<Domain>, findings: UnboundedSender<Finding>) -> bool {
        check::run(&self.0, domain, findings).await
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
}

//! The scheduler: which message goes where, when, over which connection. It does no input or output and reads no
//! clock: what happens is told to it, with the time, and what is to be done comes back as [`Action`]s and answers.
//!
//! A message that comes due begins a round: its pending recipients are grouped by destination into jobs, each job
//! waits in the ready queue of its destination until a connection takes it, and when the last job has come to something
//! the round is closed. A round is one attempt. Mail that meets a held-back destination comes to its result at once,
//! with the words of the last failure, and keeps its schedule; besides, it is released early when the destination
//! answers a probe. Mail of a paused domain takes part in no round, and so burns no attempts.

mod acts;
#[cfg(test)]
mod bench;
mod connections;
#[cfg(test)]
mod endurance;
mod placing;
mod rounds;
mod routed;
mod sites;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use acts::Claim;
pub(crate) use connections::{Assignment, Next, Plan};
pub(crate) use rounds::{Closed, Closing, Saving, Step};
pub(crate) use routed::Routed;
pub use view::{DestinationRow, RecipientRow, Row};

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::connections::Link;
use self::sites::Sites;
use super::attempt::Attempt;
use super::destination::{ConnectionId, Destination, DestinationId, Target};
use super::mx::Exchange;
use super::round::Round;
use super::route::Routes;
use super::wheel::Wheel;
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::mail::{Domain, Reply};
use crate::queue::{Index, Listed, Message, QueueId, Stamp};

/// Messages and contents kept in memory between acceptance and delivery, in octets. What is beyond is read again.
const MEMORY: u64 = 64 << 20;
/// What a message costs there besides its content.
const MESSAGE_MEMORY: u64 = 1024;
/// How often unused destinations are forgotten.
const SWEEP: Duration = Duration::from_mins(1);
/// How long a destination stays known unused.
const UNUSED: Duration = Duration::from_mins(10);
/// Over how many seconds the mail of a destination that came back is spread, at most.
const RELEASE_SECONDS: usize = 10;
/// Messages released in the first second at least: a handful need not be spread.
const RELEASE_AT_ONCE: usize = 200;

/// What the scheduler wants done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Open a connection and let it take jobs.
    Connect(ConnectionId),
    /// Wake an idle connection: there is work, or its place is needed.
    Wake(ConnectionId),
    /// Ask DNS for the MX hosts of a domain.
    Resolve(Domain),
    /// There are rounds to be closed that no connection closes.
    Close,
}

enum Timer {
    Message(QueueId),
    Probe(DestinationId),
    /// The pace of a destination lets messages go again.
    Pace(DestinationId),
}

/// How urgently a message is to be tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// As its schedule says.
    Due,
    /// A person wants it tried: holds of its destinations are lifted.
    ByHand,
}

/// All that waits, is under way, and is known of where it goes.
pub(crate) struct Scheduler {
    settings: Arc<Settings>,
    routes: Routes,
    index: Index,
    wheel: Wheel<Timer>,
    rounds: HashMap<QueueId, Round>,
    /// Rounds that came to their end without a connection.
    closings: VecDeque<QueueId>,
    destinations: HashMap<DestinationId, Destination>,
    by_target: HashMap<Target, DestinationId>,
    /// The names of the destinations that new settings have not replaced.
    names: HashMap<Box<str>, DestinationId>,
    sites: Sites,
    links: HashMap<ConnectionId, Link>,
    /// Destinations that would open a connection if the total allowed it, in the order of their turns.
    starving: VecDeque<DestinationId>,
    paused: HashSet<Domain>,
    actions: Vec<Action>,
    random: fastrand::Rng,
    memory: u64,
    serial: u64,
    /// How often it became known anew where mail goes.
    reroutings: u64,
    swept: Timestamp,
    draining: bool,
}

impl Scheduler {
    /// An empty scheduler.
    pub(crate) fn new(settings: Arc<Settings>, now: Timestamp, random: fastrand::Rng) -> Self {
        Self {
            routes: Routes::new(Arc::clone(&settings)),
            settings,
            index: Index::new(),
            wheel: Wheel::new(now),
            rounds: HashMap::new(),
            closings: VecDeque::new(),
            destinations: HashMap::new(),
            by_target: HashMap::new(),
            names: HashMap::new(),
            sites: Sites::default(),
            links: HashMap::new(),
            starving: VecDeque::new(),
            paused: HashSet::new(),
            actions: Vec::new(),
            random,
            memory: 0,
            serial: 0,
            reroutings: 0,
            swept: now,
            draining: false,
        }
    }

    /// What is to be done, in order; empties the list.
    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.actions)
    }

    /// What was last known of a message's file.
    pub(crate) fn known(&self, id: &QueueId) -> Option<Stamp> {
        self.index.get(id).map(Listed::stamp)
    }

    /// All messages, by id and in the order of arrival.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// A message just accepted, tried at once. Content and message stay in memory where there is room.
    pub(crate) fn submit(
        &mut self,
        id: &QueueId,
        message: Message,
        stamp: Stamp,
        content: Option<Bytes>,
        now: Timestamp,
    ) {
        if self.known(id) == Some(stamp) {
            return; // whoever watches the folder was faster
        }
        if self.rounds.contains_key(id) {
            // Deleted during an attempt, and brought back before its end.
            self.replace(id, message, stamp, now);
            return;
        }
        self.index.insert(id.clone(), &message, stamp);
        if message.next > now {
            self.wait(id, message.next);
            return;
        }
        self.start(id, Urgency::Due, now);
        let memory = MESSAGE_MEMORY + content.as_ref().map_or(0, |content| content.len() as u64);
        if self.memory + memory > MEMORY {
            return;
        }
        if let Some(round) = self.rounds.get_mut(id) {
            round.basis = Some(Arc::new(message));
            round.content = content;
            round.memory = memory;
            self.memory += memory;
        }
    }

    /// A message found at start, dropped in or edited by hand. An attempt under way is not disturbed: what the edit
    /// says applies to the next one. A look at the file older than what is known of it tells nothing new.
    pub(crate) fn insert(&mut self, id: &QueueId, message: Message, stamp: Stamp, now: Timestamp) {
        if self.known(id).is_none_or(|known| known != stamp && known.modified <= stamp.modified) {
            self.replace(id, message, stamp, now);
        }
    }

    /// Puts what a file says in the place of what was known of it.
    fn replace(&mut self, id: &QueueId, message: Message, stamp: Stamp, now: Timestamp) {
        if let Some(round) = self.rounds.get_mut(id) {
            // What was delivered and not written yet must not be forgotten, though nobody works on the rest.
            if !round.is_idle() || !round.results.is_empty() {
                round.call_off();
                if std::mem::take(&mut round.gone) {
                    self.index.insert(id.clone(), &message, stamp);
                    self.index.set_active(id, true);
                }
                round.edited = Some(Box::new((message, stamp)));
                self.close_if_settled(id);
                return;
            }
            self.end_round(id);
        }
        self.index.insert(id.clone(), &message, stamp);
        self.resume_schedule(id, now);
    }

    /// Its file is gone.
    pub(crate) fn forget(&mut self, id: &QueueId) {
        self.index.remove(id);
        if let Some(round) = self.rounds.get_mut(id) {
            round.gone = true;
            round.call_off();
            if round.is_idle() {
                self.end_round(id);
            }
        }
    }

    /// Time has passed: what came due is begun.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        let mut fired = Vec::new();
        self.wheel.advance(now, &mut fired);
        for timer in fired {
            match timer {
                Timer::Message(id) => {
                    if self.index.get(&id).is_some_and(|entry| entry.next() <= now) {
                        self.start(&id, Urgency::Due, now);
                    }
                }
                Timer::Probe(destination) => self.probe(destination, now),
                Timer::Pace(id) => {
                    if let Some(destination) = self.destinations.get_mut(&id) {
                        destination.is_paced = false;
                    }
                    self.balance(id);
                }
            }
        }
        if now.since(self.swept) >= SWEEP {
            self.swept = now;
            self.sweep(now);
        }
    }

    /// DNS has answered for a domain.
    pub(crate) fn resolved(&mut self, domain: &Domain, answer: Result<Exchange, Reply>, now: Timestamp) {
        self.reroutings += 1;
        let answer = match answer {
            Ok(exchange) => {
                let port = self.settings.delivery.connections.port;
                let id = self.destination(
                    &Target::Site { hosts: exchange.site(), port, manner: self.routes.manner_of_mx(domain) },
                    now,
                );
                if let Some(destination) = self.destinations.get_mut(&id) {
                    destination.exchange = Some(exchange);
                }
                Ok(id)
            }
            Err(reply) => Err(Arc::new(Attempt::ours(reply))),
        };
        for job in self.sites.answer(domain, answer, now) {
            self.place_again(&job, now);
        }
    }

    /// Puts new settings in force: routes and limits are decided anew, and what was held back is tried under them.
    pub(crate) fn adopt(&mut self, settings: Arc<Settings>, now: Timestamp) {
        self.routes = Routes::new(Arc::clone(&settings));
        self.settings = settings;
        self.reroutings += 1;
        self.sites.clear();
        self.names.clear();
        // All of them, before the first is used again.
        self.destinations.values_mut().for_each(|destination| destination.is_former = true);
        let ids: Vec<DestinationId> = self.destinations.keys().copied().collect();
        for id in ids {
            let Some(destination) = self.destinations.get_mut(&id) else { continue };
            destination.health.lift();
            let jobs = destination.ready.drain();
            self.release(id, now);
            for job in jobs {
                self.place_again(&job, now);
            }
        }
    }

    /// Begins no transaction from now on.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
        let idle: Vec<ConnectionId> =
            self.destinations.values_mut().flat_map(|destination| std::mem::take(&mut destination.idle)).collect();
        for connection in idle {
            self.wake(connection);
        }
    }

    /// Whether nothing is under way, so that the process may end.
    pub(crate) fn is_quiet(&self) -> bool {
        self.links.is_empty() && self.closings.is_empty() && !self.rounds.values().any(|round| round.writing)
    }

    /// Sets the timer of a message that waits.
    fn wait(&mut self, id: &QueueId, next: Timestamp) {
        self.wheel.insert(next, Timer::Message(id.clone()));
    }

    /// Begins a round now if the message is due, else waits for its time.
    fn resume_schedule(&mut self, id: &QueueId, now: Timestamp) {
        match self.index.get(id).map(Listed::next) {
            Some(next) if next > now => self.wait(id, next),
            Some(_) => self.start(id, Urgency::Due, now),
            None => {}
        }
    }

    /// The rest of a dead destination is over.
    fn probe(&mut self, id: DestinationId, now: Timestamp) {
        let Some(destination) = self.destinations.get_mut(&id) else { return };
        if destination.parked.is_empty() {
            // Nobody waits: the next message finds out.
            if destination.health.until().is_some_and(|until| until <= now) {
                destination.health.lift();
            }
        } else if !self.draining && destination.health.probe(now) {
            self.connect(id, true);
        }
    }

    /// Makes due what was parked at a destination, the oldest first, spread over a few seconds where it is much.
    fn release(&mut self, id: DestinationId, now: Timestamp) {
        let Some(destination) = self.destinations.get_mut(&id) else { return };
        let parked = std::mem::take(&mut destination.parked);
        let mut waiting: Vec<(Timestamp, QueueId)> = parked
            .into_iter()
            .filter(|id| !self.rounds.contains_key(id))
            .filter_map(|id| self.index.get(&id).map(|entry| (entry.received(), id)))
            .collect();
        waiting.sort();
        let per_second = waiting.len().div_ceil(RELEASE_SECONDS).max(RELEASE_AT_ONCE);
        for (second, group) in (0..).zip(waiting.chunks(per_second)) {
            for (_, id) in group {
                let next = now.plus(Duration::from_secs(second));
                self.index.set_next(id, next);
                if second == 0 { self.start(id, Urgency::Due, now) } else { self.wait(id, next) }
            }
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        self.reroutings += 1;
        self.sites.sweep(now);
        let (by_target, names) = (&mut self.by_target, &mut self.names);
        self.destinations.retain(|id, destination| {
            let keep = !destination.is_unused() || now.since(destination.last_used) < UNUSED;
            if !keep {
                by_target.remove(&destination.target);
                if names.get(&destination.name) == Some(id) {
                    names.remove(&destination.name);
                }
            }
            keep
        });
    }
}

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
mod rounds;
mod sites;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use acts::Claim;
pub(crate) use connections::{Assignment, Next, Plan};
pub(crate) use rounds::{Closed, Closing, Saving, Step};
pub use view::{DestinationRow, RecipientRow, Row};

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::connections::Link;
use self::sites::{Knowledge, Sites};
use super::attempt::Attempt;
use super::destination::{ConnectionId, Destination, DestinationId, Job, Target};
use super::mx::Exchange;
use super::round::Round;
use super::route::{self, Route};
use super::wheel::Wheel;
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::mail::{Domain, EnhancedStatus, Reply};
use crate::queue::{Index, Message, QueueId, Stamp, State, Status};

/// Messages and contents kept in memory between acceptance and delivery, in octets. What is beyond is read again.
const MEMORY: u64 = 64 << 20;
/// What a message costs there besides its content.
const MESSAGE_MEMORY: u64 = 1024;
/// How often unused destinations are forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// How long a destination stays known unused.
const UNUSED: Duration = Duration::from_secs(600);
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
    index: Index,
    wheel: Wheel<Timer>,
    rounds: HashMap<QueueId, Round>,
    /// Rounds that came to their end without a connection.
    closings: VecDeque<QueueId>,
    destinations: HashMap<DestinationId, Destination>,
    by_target: HashMap<Target, DestinationId>,
    sites: Sites,
    links: HashMap<ConnectionId, Link>,
    /// Destinations that would open a connection if the total allowed it, in the order of their turns.
    starving: VecDeque<DestinationId>,
    paused: HashSet<Domain>,
    actions: Vec<Action>,
    random: fastrand::Rng,
    memory: u64,
    serial: u64,
    swept: Timestamp,
    draining: bool,
}

impl Scheduler {
    /// An empty scheduler.
    pub(crate) fn new(settings: Arc<Settings>, now: Timestamp, random: fastrand::Rng) -> Self {
        Self {
            settings,
            index: Index::new(),
            wheel: Wheel::new(now),
            rounds: HashMap::new(),
            closings: VecDeque::new(),
            destinations: HashMap::new(),
            by_target: HashMap::new(),
            sites: Sites::default(),
            links: HashMap::new(),
            starving: VecDeque::new(),
            paused: HashSet::new(),
            actions: Vec::new(),
            random,
            memory: 0,
            serial: 0,
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
        self.index.get(id).map(|entry| entry.stamp())
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
            if !round.is_idle() {
                round.edited = Some(Box::new((message, stamp)));
                round.call_off();
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
            }
        }
        if now.since(self.swept) >= SWEEP {
            self.swept = now;
            self.sweep(now);
        }
    }

    /// DNS has answered for a domain.
    pub(crate) fn resolved(&mut self, domain: &Domain, answer: Result<Exchange, Reply>, now: Timestamp) {
        let answer = match answer {
            Ok(exchange) => {
                let port = self.settings.delivery.connections.port;
                let id = self.destination(&Target::Site { hosts: exchange.site(), port }, now);
                if let Some(destination) = self.destinations.get_mut(&id) {
                    destination.exchange = Some(exchange);
                }
                Ok(id)
            }
            Err(reply) => Err(Arc::new(Attempt::ours(reply))),
        };
        for job in self.sites.answer(domain, answer, now) {
            self.place_again(job, now);
        }
    }

    /// Puts new settings in force: routes and limits are decided anew, and what was held back is tried under them.
    pub(crate) fn adopt(&mut self, settings: Arc<Settings>, now: Timestamp) {
        self.settings = settings;
        self.sites.clear();
        let ids: Vec<DestinationId> = self.destinations.keys().copied().collect();
        for id in ids {
            let Some(destination) = self.destinations.get_mut(&id) else { continue };
            destination.health.lift();
            let jobs = destination.ready.drain();
            self.release(id, now);
            for job in jobs {
                self.place_again(job, now);
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
        match self.index.get(id).map(|entry| entry.next()) {
            Some(next) if next > now => self.wait(id, next),
            Some(_) => self.start(id, Urgency::Due, now),
            None => {}
        }
    }

    /// Begins a round, unless one is under way, the message is held, or all it waits for is paused.
    fn start(&mut self, id: &QueueId, urgency: Urgency, now: Timestamp) {
        let Some(entry) = self.index.get(id) else { return };
        if self.draining || entry.state() == State::Held || self.rounds.contains_key(id) {
            return;
        }
        let fresh = entry.attempts() == 0;
        let pending: Vec<(usize, Domain)> = (0..)
            .zip(entry.recipients())
            .filter(|(_, recipient)| recipient.status == Status::Pending)
            .map(|(place, recipient)| (place, recipient.domain.clone()))
            .collect();
        let finished = pending.is_empty();
        let tried: Vec<(usize, Domain)> = pending.into_iter().filter(|(_, domain)| !self.is_paused(domain)).collect();
        if tried.is_empty() && !finished {
            return;
        }
        self.serial += 1;
        self.rounds.insert(id.clone(), Round::new(self.serial));
        self.index.set_active(id, true);
        self.place(id, tried, fresh, urgency, now);
        self.close_if_settled(id);
    }

    /// Makes jobs of recipients and puts each where it goes. Their round must exist.
    fn place(&mut self, id: &QueueId, recipients: Vec<(usize, Domain)>, fresh: bool, urgency: Urgency, now: Timestamp) {
        let mut groups: Vec<(Placement, Vec<usize>)> = Vec::new();
        for (recipient, domain) in recipients {
            let placement = self.placement(&domain, urgency, now);
            match groups.iter_mut().rev().find(|(other, _)| *other == placement) {
                Some((_, group)) => group.push(recipient),
                None => groups.push((placement, vec![recipient])),
            }
        }
        let Some(round) = self.rounds.get_mut(id) else { return };
        let serial = round.serial;
        round.waiting += u32::try_from(groups.len()).unwrap_or(u32::MAX);
        for (placement, recipients) in groups {
            let job = Job { id: id.clone(), round: serial, recipients };
            match placement {
                Placement::At(destination) => self.enqueue(destination, job, fresh, urgency, now),
                Placement::Asked(domain) => self.sites.wait(&domain, job),
                Placement::Nowhere(attempt) => self.give_up(&job, &attempt),
            }
        }
    }

    /// Places a job anew, by the routes and the knowledge of now.
    fn place_again(&mut self, job: Job, now: Timestamp) {
        if !self.is_current(&job) {
            return;
        }
        if let Some(round) = self.rounds.get_mut(&job.id) {
            round.waiting -= 1;
        }
        let Some(entry) = self.index.get(&job.id) else { return };
        let fresh = entry.attempts() == 0;
        let domains: Vec<Domain> = entry.recipients().map(|recipient| recipient.domain.clone()).collect();
        let recipients =
            job.recipients.iter().filter_map(|&place| Some((place, domains.get(place)?.clone()))).collect();
        self.place(&job.id, recipients, fresh, Urgency::Due, now);
        self.close_if_settled(&job.id);
    }

    /// Where the mail for a domain goes now; asks DNS where that has to be known first.
    fn placement(&mut self, domain: &Domain, urgency: Urgency, now: Timestamp) -> Placement {
        let (domain, fallback) = match route::decide(&self.settings, domain) {
            Route::Local => return Placement::At(self.destination(&Target::Local, now)),
            Route::Hop(hop) => return Placement::At(self.destination(&Target::Hop(hop), now)),
            Route::Mx { domain, fallback } => (domain, fallback),
        };
        if urgency == Urgency::ByHand {
            self.sites.forget_failure(&domain);
        }
        let knowledge = self.sites.look_up(&domain, now);
        let direct = match knowledge {
            Knowledge::Known(id) if self.destinations.contains_key(&id) => Placement::At(id),
            Knowledge::Failed(attempt) => Placement::Nowhere(attempt),
            Knowledge::Asked => return Placement::Asked(domain),
            Knowledge::Known(_) | Knowledge::Unknown => {
                self.sites.ask(&domain);
                self.actions.push(Action::Resolve(domain.clone()));
                return Placement::Asked(domain);
            }
        };
        let fails = match &direct {
            Placement::At(id) => urgency == Urgency::Due && self.is_held_back(*id),
            // A null MX is the domain's own word that it takes no mail; a smart host knows nothing better.
            Placement::Nowhere(attempt) => attempt.reply.status != Some(NULL_MX),
            Placement::Asked(_) => false,
        };
        match fallback.filter(|_| fails) {
            Some(hop) => Placement::At(self.destination(&Target::Hop(hop), now)),
            None => direct,
        }
    }

    /// Puts a job into the ready queue of a destination; where the destination is held back, its answer is known.
    fn enqueue(&mut self, id: DestinationId, job: Job, fresh: bool, urgency: Urgency, now: Timestamp) {
        let Some(destination) = self.destinations.get_mut(&id) else { return };
        destination.last_used = now;
        if urgency == Urgency::ByHand {
            destination.health.lift();
        }
        if let Some(cause) = destination.health.held_back().map(Arc::clone) {
            destination.parked.insert(job.id.clone());
            self.give_up(&job, &cause);
            return;
        }
        destination.ready.push(job, fresh);
        self.balance(id);
    }

    /// A waiting job has come to something without being tried by a connection.
    fn give_up(&mut self, job: &Job, attempt: &Arc<Attempt>) {
        if !self.is_current(job) {
            return;
        }
        if let Some(round) = self.rounds.get_mut(&job.id) {
            round.waiting -= 1;
            round.results.extend(job.recipients.iter().map(|&recipient| (recipient, Arc::clone(attempt))));
        }
    }

    /// Whether a waiting job still has its round, and the round wants it done. A round that was called off no longer
    /// counts its waiting jobs.
    fn is_current(&self, job: &Job) -> bool {
        self.rounds.get(&job.id).is_some_and(|round| round.serial == job.round && !round.called_off)
    }

    fn destination(&mut self, target: &Target, now: Timestamp) -> DestinationId {
        if let Some(id) = self.by_target.get(target) {
            return *id;
        }
        self.serial += 1;
        let id = DestinationId(self.serial);
        self.by_target.insert(target.clone(), id);
        self.destinations.insert(id, Destination::new(target.clone(), now));
        id
    }

    fn is_held_back(&self, id: DestinationId) -> bool {
        self.destinations.get(&id).is_some_and(|destination| destination.health.held_back().is_some())
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
        self.sites.sweep(now);
        let by_target = &mut self.by_target;
        self.destinations.retain(|_, destination| {
            let keep = !destination.is_unused() || now.since(destination.last_used) < UNUSED;
            if !keep {
                by_target.remove(&destination.target);
            }
            keep
        });
    }
}

/// Where a recipient goes.
#[derive(PartialEq, Eq)]
enum Placement {
    At(DestinationId),
    /// DNS has been asked for the domain.
    Asked(Domain),
    /// Nowhere, for this reason.
    Nowhere(Arc<Attempt>),
}

/// RFC 7505.
const NULL_MX: EnhancedStatus = EnhancedStatus::new(5, 1, 10);

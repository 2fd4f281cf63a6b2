//! Connections: when one more is worth opening, what each takes, and what their success and failure teach.

use std::sync::Arc;

use bytes::Bytes;

use super::{Action, Scheduler, Step, Timer};
use crate::clock::Timestamp;
use crate::delivery::attempt::{Attempt, Verdict};
use crate::delivery::destination::{ConnectionId, DestinationId, Job, Target};
use crate::delivery::mx::Exchange;
use crate::delivery::round;
use crate::mail::{EnhancedStatus, Reply};
use crate::queue::{Message, QueueId, Status};

/// Messages that are copied to Drop at the same time.
const LOCAL_CONNECTIONS: u32 = 4;

/// A connection as the scheduler sees it.
pub(super) struct Link {
    pub(super) destination: DestinationId,
    phase: Phase,
    /// It tries whether a destination that was held back answers again.
    is_probe: bool,
    /// What it is delivering.
    pub(super) job: Option<Job>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Opening,
    Busy,
    Idle,
    Woken,
}

/// Where a connection is to be opened to.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The destination.
    pub target: Target,
    /// The hosts and preferences of a site.
    pub exchange: Option<Exchange>,
}

/// What a connection does next.
pub(crate) enum Next {
    /// This job.
    Deliver(Assignment),
    /// Wait to be woken.
    Wait,
    /// Say goodbye.
    Leave,
}

/// A job that a connection has taken.
pub(crate) struct Assignment {
    /// The message.
    pub id: QueueId,
    /// The message as it was when its round began; `None` if it has to be read first.
    pub message: Option<Arc<Message>>,
    /// Its content, where that is still in memory.
    pub content: Option<Bytes>,
    /// The recipients to try.
    pub recipients: Vec<usize>,
}

impl Scheduler {
    /// Where to open a connection to; `None` if it is no longer wanted, and then it is closed already.
    pub(crate) fn plan(&mut self, connection: ConnectionId) -> Option<Plan> {
        let destination = self.destination_of(connection)?;
        Some(Plan { target: destination.target.clone(), exchange: destination.exchange.clone() })
    }

    /// A connection is open. If its destination had been held back, all that waits for it is released.
    pub(crate) fn opened(&mut self, connection: ConnectionId, now: Timestamp) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.phase = Phase::Woken; // it is about to take a job
        let id = link.destination;
        let Some(destination) = self.destinations.get_mut(&id) else { return };
        destination.opening -= 1;
        destination.woken += 1;
        destination.window.success();
        destination.health.revive();
        if !destination.parked.is_empty() {
            self.release(id, now);
        }
    }

    /// A connection could not be opened, for this reason. Where that speaks for the whole destination, the jobs that
    /// waited for it share the reason: refused for good if the verdict is so (a host that takes no mail at all), else
    /// deferred, or sent by the smart host where that is the second way.
    pub(crate) fn not_opened(&mut self, connection: ConnectionId, reason: Attempt, now: Timestamp) {
        let Some(link) = self.links.remove(&connection) else { return };
        let id = link.destination;
        let Some(destination) = self.destinations.get_mut(&id) else { return };
        let dead = destination.window.failure(destination.open) | reason.trouble.is_some();
        destination.open -= 1;
        destination.opening -= 1;
        let reason = Arc::new(reason);
        if reason.verdict == Verdict::Failed {
            destination.health.lift();
            for job in destination.ready.drain() {
                self.give_up(&job, &reason);
                self.close_if_settled(&job.id);
            }
        } else if link.is_probe || (dead && destination.health.held_back().is_none()) {
            let longest = self.settings.delivery.retry.iter().max().copied().unwrap_or_default();
            let until = destination.health.die(Arc::clone(&reason), now, longest, self.random.f64());
            let jobs = destination.ready.drain();
            self.wheel.insert(until, Timer::Probe(id));
            for job in jobs {
                self.place_again(&job, now);
            }
        }
        self.after_close(id);
    }

    /// What a connection does next.
    pub(crate) fn take(&mut self, connection: ConnectionId, now: Timestamp) -> Next {
        let Some(link) = self.links.get_mut(&connection) else { return Next::Leave };
        let was_woken = link.phase == Phase::Woken;
        link.phase = Phase::Busy;
        let id = link.destination;
        let Some(destination) = self.destinations.get_mut(&id) else { return Next::Leave };
        if was_woken {
            destination.woken -= 1;
        }
        if self.draining {
            return Next::Leave;
        }
        while let Some(job) = self.next_job(id, now) {
            if let Some(assignment) = self.assign(connection, job) {
                if let Some(destination) = self.destinations.get_mut(&id) {
                    destination.pace.count(now);
                }
                self.balance(id); // success may have made room for more
                return Next::Deliver(assignment);
            }
        }
        if self.is_full() && !self.starving.is_empty() {
            return Next::Leave; // another destination has more use for the place
        }
        if let Some(link) = self.links.get_mut(&connection) {
            link.phase = Phase::Idle;
        }
        if let Some(destination) = self.destinations.get_mut(&id) {
            destination.idle.push(connection);
        }
        Next::Wait
    }

    /// An idle connection has waited long enough: true if it may leave, false if it was just woken.
    pub(crate) fn stop_waiting(&mut self, connection: ConnectionId) -> bool {
        let Some(link) = self.links.get_mut(&connection) else { return true };
        if link.phase != Phase::Idle {
            return false;
        }
        link.phase = Phase::Busy;
        let id = link.destination;
        if let Some(destination) = self.destinations.get_mut(&id) {
            destination.idle.retain(|other| *other != connection);
        }
        true
    }

    /// A connection's job has come to something. `leftover` are recipients not tried for no fault of theirs: they go
    /// back to the front of the queue.
    pub(crate) fn settle(
        &mut self,
        connection: ConnectionId,
        results: Vec<round::Result>,
        leftover: Vec<usize>,
        now: Timestamp,
    ) -> Step {
        let Some(link) = self.links.get_mut(&connection) else { return Step::Done };
        let (destination, job) = (link.destination, link.job.take());
        let Some(job) = job else { return Step::Done };
        if let Some(destination) = self.destinations.get_mut(&destination) {
            destination.last_used = now;
            if results.iter().any(|(_, attempt)| attempt.verdict != Verdict::Deferred) {
                destination.window.success();
            }
            if results.iter().any(|(_, attempt)| attempt.is_busy()) {
                destination.window.shrink();
            }
        }
        let Some(round) = self.rounds.get_mut(&job.id).filter(|round| round.serial == job.round) else {
            return Step::Done;
        };
        round.in_flight -= 1;
        let news = results.iter().any(|(_, attempt)| attempt.verdict.status() == Status::Delivered);
        round.results.extend(results);
        if !leftover.is_empty() && !round.called_off {
            round.waiting += 1;
            let rest = Job { recipients: leftover, ..job.clone() };
            if let Some(destination) = self.destinations.get_mut(&destination) {
                destination.ready.push_front(rest);
            }
            self.balance(destination);
        }
        self.step(&job.id, news)
    }

    /// A connection is closed; `broken` if by an error in the middle of a dialogue. A job it still had is deferred.
    pub(crate) fn close(&mut self, connection: ConnectionId, broken: bool, now: Timestamp) -> Step {
        let reply = Reply::new(451, EnhancedStatus::new(4, 3, 0), "The attempt was broken off");
        if self.links.get(&connection).is_some_and(|link| link.phase == Phase::Opening) {
            self.not_opened(connection, Attempt::ours(reply), now);
            return Step::Done;
        }
        self.stop_waiting(connection);
        let job = self.links.get(&connection).and_then(|link| link.job.clone());
        let step = match job {
            Some(job) => {
                let attempt = Arc::new(Attempt::ours(reply));
                let results = job.recipients.iter().map(|&recipient| (recipient, Arc::clone(&attempt))).collect();
                self.settle(connection, results, Vec::new(), now)
            }
            None => Step::Done,
        };
        let Some(link) = self.links.remove(&connection) else { return step };
        let Some(destination) = self.destinations.get_mut(&link.destination) else { return step };
        if broken {
            destination.window.shrink();
        }
        if link.phase == Phase::Woken {
            destination.woken -= 1;
        }
        destination.open -= 1;
        self.after_close(link.destination);
        step
    }

    /// Wakes idle connections, then opens new ones, as long as there is work that deserves them.
    pub(super) fn balance(&mut self, id: DestinationId) {
        let per_domain = self.settings.delivery.connections.max_per_domain;
        while let Some(destination) = self.destinations.get_mut(&id).filter(|_| !self.draining) {
            let limit = if destination.target == Target::Local { Some(LOCAL_CONNECTIONS) } else { per_domain };
            if destination.health.held_back().is_some() || destination.is_paced || !destination.has_unserved_jobs() {
                return;
            }
            if let Some(idle) = destination.idle.pop() {
                self.wake(idle);
            } else if !destination.wants_connection(limit) {
                return;
            } else if self.is_full() {
                if !self.starving.contains(&id) {
                    self.starving.push_back(id);
                }
                self.take_idle_place();
                return;
            } else {
                self.connect(id, false);
            }
        }
    }

    /// Opens a connection, whatever the backlog.
    pub(super) fn connect(&mut self, id: DestinationId, is_probe: bool) {
        let Some(destination) = self.destinations.get_mut(&id) else { return };
        destination.open += 1;
        destination.opening += 1;
        self.serial += 1;
        let connection = ConnectionId(self.serial);
        self.links.insert(connection, Link { destination: id, phase: Phase::Opening, is_probe, job: None });
        self.actions.push(Action::Connect(connection));
    }

    /// The job whose turn it is, unless the pace says that none is. Then a timer is set for the next one.
    fn next_job(&mut self, id: DestinationId, now: Timestamp) -> Option<Job> {
        let destination = self.destinations.get_mut(&id)?;
        if destination.is_paced || destination.ready.len() == 0 {
            return None;
        }
        if let Some(until) = destination.pace.next(now) {
            destination.is_paced = true;
            self.wheel.insert(until, Timer::Pace(id));
            return None;
        }
        destination.ready.pop()
    }

    fn assign(&mut self, connection: ConnectionId, job: Job) -> Option<Assignment> {
        if !self.is_current(&job) {
            return None;
        }
        if self.is_paused_job(&job) {
            self.withdraw(&job);
            return None;
        }
        let round = self.rounds.get_mut(&job.id)?;
        round.waiting -= 1;
        round.in_flight += 1;
        let assignment = Assignment {
            id: job.id.clone(),
            message: round.basis.clone(),
            content: round.content.clone(),
            recipients: job.recipients.clone(),
        };
        if let Some(link) = self.links.get_mut(&connection) {
            link.job = Some(job);
        }
        Some(assignment)
    }

    fn destination_of(&self, connection: ConnectionId) -> Option<&super::Destination> {
        self.links.get(&connection).and_then(|link| self.destinations.get(&link.destination))
    }

    /// Makes room in the total for a destination without any connection, at the cost of one that is idle.
    fn take_idle_place(&mut self) {
        let idle = self.destinations.values_mut().find_map(|destination| destination.idle.pop());
        if let Some(idle) = idle {
            self.wake(idle);
        }
    }

    /// Wakes a connection that was taken off its list of idle ones.
    pub(super) fn wake(&mut self, connection: ConnectionId) {
        let Some(link) = self.links.get_mut(&connection) else { return };
        link.phase = Phase::Woken;
        if let Some(destination) = self.destinations.get_mut(&link.destination) {
            destination.woken += 1;
        }
        self.actions.push(Action::Wake(connection));
    }

    /// A place has become free: the destination whose turn it is gets one connection.
    fn after_close(&mut self, id: DestinationId) {
        while !self.is_full() && !self.draining {
            let Some(next) = self.starving.pop_front() else { break };
            let limit = self.settings.delivery.connections.max_per_domain;
            let wants = |destination: &super::Destination| destination.wants_connection(limit);
            if self.destinations.get(&next).is_some_and(wants) {
                self.connect(next, false);
                if self.destinations.get(&next).is_some_and(wants) {
                    self.starving.push_back(next);
                }
            }
        }
        self.balance(id);
    }

    fn is_full(&self) -> bool {
        self.settings.delivery.connections.max.is_some_and(|max| self.links.len() >= max as usize)
    }
}

//! What people do to messages and destinations.

use super::{Scheduler, Urgency};
use crate::clock::Timestamp;
use crate::delivery::destination::Job;
use crate::delivery::round::Round;
use crate::delivery::route::Route;
use crate::mail::Domain;
use crate::queue::{Listed, QueueId, State};

/// Whether a message may be changed now by somebody who is not delivering it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// There is no such message.
    Unknown,
    /// It is being delivered at this moment.
    Busy,
    /// Nobody else touches it until [`Scheduler::closed`] or [`Scheduler::give_back`] is called.
    Granted,
}

impl Scheduler {
    /// Makes messages due now and lifts the holds of their destinations. Returns how many there were; those that a
    /// person holds stay held.
    pub(crate) fn retry(&mut self, ids: &[QueueId], now: Timestamp) -> usize {
        let known: Vec<&QueueId> = ids.iter().filter(|id| self.index.get(id).is_some()).collect();
        for id in &known {
            self.retry_one(id, now);
        }
        known.len()
    }

    /// Makes due what waits for a domain; returns how many messages there were.
    pub(crate) fn run_queue(&mut self, domain: &Domain, now: Timestamp) -> usize {
        let ids = self.messages_for(domain);
        self.retry(&ids, now)
    }

    /// Holds back a domain, or a next hop by its name. What is under way is finished.
    pub(crate) fn pause(&mut self, domain: Domain) {
        self.paused.insert(domain);
    }

    /// Lets a domain go on; false if it was not paused.
    pub(crate) fn resume(&mut self, domain: &Domain, now: Timestamp) -> bool {
        if !self.paused.remove(domain) {
            return false;
        }
        // What came due meanwhile has no timer any more, whatever it was paused by.
        let due: Vec<QueueId> =
            self.index.iter().filter(|entry| entry.next() <= now).map(|entry| entry.id().clone()).collect();
        for id in due {
            self.start(&id, Urgency::Due, now);
        }
        self.run_queue(domain, now);
        true
    }

    /// The paused domains, in order.
    pub(crate) fn paused(&self) -> Vec<Domain> {
        let mut paused: Vec<Domain> = self.paused.iter().cloned().collect();
        paused.sort();
        paused
    }

    /// Claims a message for a change. If no connection works on it, its round is called off.
    pub(crate) fn claim(&mut self, id: &QueueId) -> Claim {
        if self.index.get(id).is_none() {
            return Claim::Unknown;
        }
        if self.rounds.get(id).is_some_and(|round| !round.is_idle()) {
            return Claim::Busy;
        }
        self.end_round(id);
        self.serial += 1;
        let mut round = Round::new(self.serial);
        round.writing = true;
        self.rounds.insert(id.clone(), round);
        Claim::Granted
    }

    /// Gives back a claim under which nothing was changed, or the message was deleted.
    pub(crate) fn give_back(&mut self, id: &QueueId, now: Timestamp) {
        let Some(round) = self.rounds.get_mut(id) else { return };
        let edited = round.edited.take();
        round.writing = false;
        self.end_round(id);
        match edited {
            Some(edited) => self.replace(id, edited.0, edited.1, now),
            None => self.resume_schedule(id, now),
        }
    }

    /// Whether a person holds a message.
    pub(crate) fn state(&self, id: &QueueId) -> Option<State> {
        self.index.get(id).map(Listed::state)
    }

    /// Has a message held, or not held, as soon as those who deliver it have finished.
    pub(crate) fn hold_later(&mut self, id: &QueueId, hold: bool) {
        if let Some(round) = self.rounds.get_mut(id) {
            round.hold = hold;
            if hold {
                round.call_off();
            }
        }
    }

    pub(super) fn is_paused(&self, domain: &Domain) -> bool {
        if self.paused.is_empty() {
            return false;
        }
        let hop_paused = match self.routes.decide(domain) {
            Route::Hop(hop) => self.is_paused_host(&hop.host),
            Route::Mx { domain, .. } => {
                let site = self.sites.last_known(&domain).and_then(|id| self.destinations.get(&id));
                site.is_some_and(|site| self.is_paused_target(&site.target))
            }
            Route::Local => false,
        };
        hop_paused || self.paused.contains(domain)
    }

    /// Whether all recipients of a job are paused. Recipients of one job mostly share a domain; where they do not,
    /// the paused ones go along with the others rather than making a transaction of their own.
    pub(super) fn is_paused_job(&self, job: &Job) -> bool {
        if self.paused.is_empty() {
            return false;
        }
        let Some(entry) = self.index.get(&job.id) else { return false };
        let domains: Vec<&Domain> = entry.recipients().map(|recipient| recipient.domain).collect();
        job.recipients.iter().all(|&place| domains.get(place).is_some_and(|domain| self.is_paused(domain)))
    }

    fn retry_one(&mut self, id: &QueueId, now: Timestamp) {
        let waits = self.index.get(id).is_some_and(|entry| entry.state() == State::Queued);
        if waits && !self.rounds.contains_key(id) {
            self.index.set_next(id, now);
            self.start(id, Urgency::ByHand, now);
        }
    }

    fn messages_for(&self, domain: &Domain) -> Vec<QueueId> {
        let concerns = |entry: &Listed<'_>| entry.recipients().any(|r| r.domain == domain);
        self.index.iter().filter(concerns).map(|entry| entry.id().clone()).collect()
    }
}

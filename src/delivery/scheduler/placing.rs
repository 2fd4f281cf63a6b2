//! Placing: how a round begins, and where each of its recipients goes.

use std::collections::HashMap;
use std::sync::Arc;

use super::sites::Knowledge;
use super::{Action, Scheduler, Urgency};
use crate::clock::Timestamp;
use crate::delivery::attempt::Attempt;
use crate::delivery::destination::{Destination, DestinationId, Job, Target};
use crate::delivery::round::Round;
use crate::delivery::route::Route;
use crate::mail::{Domain, EnhancedStatus};
use crate::queue::{QueueId, State, Status};

/// What a null MX comes to (RFC 7505 4).
const NULL_MX: EnhancedStatus = EnhancedStatus::new(5, 1, 10);

/// Where a recipient goes.
#[derive(PartialEq, Eq)]
enum Placement {
    At(DestinationId),
    /// DNS has been asked for the domain.
    Asked(Domain),
    /// Nowhere, for this reason.
    Nowhere(Arc<Attempt>),
}

impl Scheduler {
    /// Begins a round, unless one is under way, the message is held, or all it waits for is paused.
    pub(super) fn start(&mut self, id: &QueueId, urgency: Urgency, now: Timestamp) {
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
    pub(super) fn place_again(&mut self, job: &Job, now: Timestamp) {
        if !self.is_current(job) {
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
        let (domain, fallback) = match self.routes.decide(domain) {
            Route::Local => return Placement::At(self.destination(&Target::Local, now)),
            Route::Hop(hop) => return Placement::At(self.destination(&Target::Hop(hop), now)),
            Route::Mx { domain, fallback, .. } => (domain, fallback),
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
    pub(super) fn give_up(&mut self, job: &Job, attempt: &Arc<Attempt>) {
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
    pub(super) fn is_current(&self, job: &Job) -> bool {
        self.rounds.get(&job.id).is_some_and(|round| round.serial == job.round && !round.called_off)
    }

    pub(super) fn destination(&mut self, target: &Target, now: Timestamp) -> DestinationId {
        if let Some(id) = self.by_target.get(target) {
            let id = *id;
            if let Some(destination) = self.destinations.get_mut(&id)
                && std::mem::take(&mut destination.is_former)
            {
                destination.name = free_name(&mut self.names, id, target);
            }
            return id;
        }
        self.serial += 1;
        let id = DestinationId(self.serial);
        let name = free_name(&mut self.names, id, target);
        self.by_target.insert(target.clone(), id);
        self.destinations.insert(id, Destination::new(target.clone(), name, now));
        id
    }

    pub(super) fn is_held_back(&self, id: DestinationId) -> bool {
        self.destinations.get(&id).is_some_and(|destination| destination.health.held_back().is_some())
    }
}

/// Takes a name for a destination that mail goes to: its host's, with a number where the same host is known in another
/// manner.
fn free_name(names: &mut HashMap<Box<str>, DestinationId>, id: DestinationId, target: &Target) -> Box<str> {
    let host = target.to_string();
    let mut name: Box<str> = host.as_str().into();
    let mut number = 1;
    while names.contains_key(&name) {
        number += 1;
        name = format!("{host} ({number})").into();
    }
    names.insert(name.clone(), id);
    name
}

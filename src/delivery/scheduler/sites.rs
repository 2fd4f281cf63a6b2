//! What was lately learnt of the MX hosts of domains, and who waits to learn it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::delivery::attempt::Attempt;
use crate::delivery::destination::{DestinationId, Job};
use crate::mail::Domain;

/// How long an answer is good for. DNS's own times to live are kept by the resolver; this only spares a domain with
/// much mail a lookup per message.
const GOOD: Duration = Duration::from_mins(5);
/// How long a failure stands, so that a thousand messages to one domain do not ask a thousand times.
const FAILED: Duration = Duration::from_secs(15);

/// The domains looked up.
#[derive(Default)]
pub(super) struct Sites(HashMap<Domain, Site>);

enum Site {
    /// The question is under way; these jobs wait for the answer.
    Asked(Vec<Job>),
    Known(DestinationId, Timestamp),
    Failed(Arc<Attempt>, Timestamp),
}

/// What is known of a domain now.
pub(super) enum Knowledge {
    /// Somebody has to ask.
    Unknown,
    /// Somebody has asked.
    Asked,
    /// Where its mail goes.
    Known(DestinationId),
    /// Why its mail goes nowhere.
    Failed(Arc<Attempt>),
}

impl Sites {
    pub(super) fn look_up(&self, domain: &Domain, now: Timestamp) -> Knowledge {
        match self.0.get(domain) {
            Some(Site::Asked(_)) => Knowledge::Asked,
            Some(Site::Known(destination, until)) if now < *until => Knowledge::Known(*destination),
            Some(Site::Failed(attempt, until)) if now < *until => Knowledge::Failed(Arc::clone(attempt)),
            _ => Knowledge::Unknown,
        }
    }

    /// The destination of a domain as it was last known, for lists.
    pub(super) fn last_known(&self, domain: &Domain) -> Option<DestinationId> {
        match self.0.get(domain) {
            Some(Site::Known(destination, _)) => Some(*destination),
            _ => None,
        }
    }

    /// Writes down that somebody asks.
    pub(super) fn ask(&mut self, domain: &Domain) {
        self.0.insert(domain.clone(), Site::Asked(Vec::new()));
    }

    /// Keeps a job until the answer comes, which must have been asked for.
    pub(super) fn wait(&mut self, domain: &Domain, job: Job) {
        if let Some(Site::Asked(jobs)) = self.0.get_mut(domain) {
            jobs.push(job);
        }
    }

    /// Writes down the answer; returns the jobs that waited for it.
    pub(super) fn answer(
        &mut self,
        domain: &Domain,
        answer: Result<DestinationId, Arc<Attempt>>,
        now: Timestamp,
    ) -> Vec<Job> {
        let site = match answer {
            Ok(destination) => Site::Known(destination, now.plus(GOOD)),
            Err(attempt) => Site::Failed(attempt, now.plus(FAILED)),
        };
        match self.0.insert(domain.clone(), site) {
            Some(Site::Asked(jobs)) => jobs,
            _ => Vec::new(),
        }
    }

    /// Forgets a failure, so that the domain is asked for again.
    pub(super) fn forget_failure(&mut self, domain: &Domain) {
        if matches!(self.0.get(domain), Some(Site::Failed(..))) {
            self.0.remove(domain);
        }
    }

    /// Forgets what was learnt, but not who waits.
    pub(super) fn clear(&mut self) {
        self.0.retain(|_, site| matches!(site, Site::Asked(_)));
    }

    /// Forgets what is out of date.
    pub(super) fn sweep(&mut self, now: Timestamp) {
        self.0.retain(|_, site| match site {
            Site::Asked(_) => true,
            Site::Known(_, until) | Site::Failed(_, until) => now < *until,
        });
    }
}

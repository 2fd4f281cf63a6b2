//! A message of the index with the routes beside it, as filters ask of it.

use super::Scheduler;
use crate::clock::Timestamp;
use crate::mail::Domain;
use crate::queue::{Candidate, Listed, Phase};

/// A message of which it is known where it goes.
pub(crate) struct Routed<'a> {
    listed: Listed<'a>,
    scheduler: &'a Scheduler,
}

impl<'a> Routed<'a> {
    /// A message with the routes of now.
    pub(crate) fn new(listed: Listed<'a>, scheduler: &'a Scheduler) -> Self {
        Self { listed, scheduler }
    }
}

impl Candidate for Routed<'_> {
    fn id(&self) -> &str {
        self.listed.id().as_str()
    }

    fn sender(&self) -> &str {
        self.listed.sender()
    }

    fn recipients(&self) -> impl Iterator<Item = (&str, &Domain)> {
        self.listed.recipients().map(|recipient| (recipient.address, recipient.domain))
    }

    fn phase(&self) -> Option<Phase> {
        Some(self.listed.phase())
    }

    fn received(&self) -> Timestamp {
        self.listed.received()
    }

    fn size(&self) -> u64 {
        self.listed.size()
    }

    fn last_reply(&self) -> Option<&str> {
        self.listed.last_reply()
    }

    fn goes_to(&self, destination: &str) -> bool {
        self.scheduler.destination_name(&self.listed).eq_ignore_ascii_case(destination)
    }
}

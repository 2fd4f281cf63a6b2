//! Rows for lists of messages and of destinations.

use serde::Serialize;

use super::Scheduler;
use crate::clock::Timestamp;
use crate::config::Host;
use crate::delivery::destination::{Destination, Target};
use crate::delivery::route::Route;
use crate::mail::Domain;
use crate::queue::{Listed, QueueId};

/// A message as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The queue id.
    pub id: String,
    /// `queued`, `active` or `held`.
    pub state: &'static str,
    /// When it was accepted.
    pub received: Timestamp,
    /// The sender without brackets; the null path is the empty text.
    pub sender: String,
    /// The recipients in the order of the envelope.
    pub recipients: Vec<RecipientRow>,
    /// Octets of content.
    pub size: u64,
    /// Attempts made so far.
    pub attempts: u32,
    /// When it is tried next; it may lie in the past where that is paused.
    pub next: Timestamp,
    /// What was last said of it.
    pub last_reply: Option<String>,
    /// Where the first recipient that still waits goes, by the settings of now: a destination, or a domain whose MX
    /// hosts are not known yet.
    pub destination: String,
}

/// A recipient of a [`Row`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecipientRow {
    /// The address as it was written.
    pub address: String,
    /// `pending`, `delivered` or `failed`.
    pub status: &'static str,
    /// What was last said of it.
    pub reply: Option<String>,
}

/// A destination as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DestinationRow {
    /// A smart host with its port, the first MX host and how many more there are, or `Drop`.
    pub name: String,
    /// Messages that wait for a connection.
    pub ready: usize,
    /// Messages that wait because the destination is held back, to be released when it answers.
    pub deferred: usize,
    /// Connections, those being opened included.
    pub connections: u32,
    /// `up`, `held` or `probing`.
    pub health: &'static str,
    /// Until when it is held back.
    pub until: Option<Timestamp>,
    /// Why it is held back.
    pub reason: Option<String>,
    /// What a person has to do about it, where time alone does not mend it.
    pub advice: Option<String>,
    /// Whether a person holds it back.
    pub paused: bool,
}

/// Destinations whose troubles are told one by one.
const MAX_PROBLEMS: usize = 5;

impl Scheduler {
    /// The row of a message.
    pub(crate) fn row(&self, id: &QueueId) -> Option<Row> {
        self.index.get(id).map(|listed| self.row_of(&listed))
    }

    /// The row of a message that was found in the index.
    pub(crate) fn row_of(&self, listed: &Listed<'_>) -> Row {
        let recipient = |recipient: crate::queue::ListedRecipient<'_>| RecipientRow {
            address: recipient.address.to_owned(),
            status: recipient.status.as_str(),
            reply: recipient.reply.map(str::to_owned),
        };
        Row {
            id: listed.id().to_string(),
            state: listed.phase().as_str(),
            received: listed.received(),
            sender: listed.sender().to_owned(),
            recipients: listed.recipients().map(recipient).collect(),
            size: listed.size(),
            attempts: listed.attempts(),
            next: listed.next(),
            last_reply: listed.last_reply().map(str::to_owned),
            destination: self.destination_name(listed),
        }
    }

    /// All destinations known, by name.
    pub(crate) fn destination_rows(&self) -> Vec<DestinationRow> {
        // What new settings have replaced is of no interest, and would be there twice.
        let current = self.destinations.values().filter(|destination| !destination.is_former);
        let mut rows: Vec<DestinationRow> = current.map(|other| self.destination_row(other)).collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows
    }

    /// What a person has to mend before mail goes on, a sentence for each destination.
    pub(crate) fn problems(&self) -> Vec<String> {
        let current = self.destinations.values().filter(|destination| !destination.is_former);
        let mut problems: Vec<String> = current.filter_map(problem).collect();
        problems.sort();
        let more = problems.len().saturating_sub(MAX_PROBLEMS);
        problems.truncate(MAX_PROBLEMS);
        if more > 0 {
            problems.push(format!("{more} more destinations are held back; `mailroot status` lists all"));
        }
        problems
    }

    fn destination_row(&self, destination: &Destination) -> DestinationRow {
        let health = &destination.health;
        let held = health.held_back();
        DestinationRow {
            name: destination.name.to_string(),
            ready: destination.ready.len(),
            deferred: destination.parked.len(),
            connections: destination.open,
            health: match held {
                None => "up",
                Some(_) if health.is_probed() => "probing",
                Some(_) => "held",
            },
            until: health.until(),
            reason: held.map(|cause| cause.reply.to_string()),
            advice: held.and_then(|cause| cause.trouble.as_ref()).map(|trouble| trouble.advice.to_string()),
            paused: self.is_paused_target(&destination.target),
        }
    }

    /// Grows with every change of any message and of where mail goes.
    pub(crate) fn revision(&self) -> u64 {
        self.index.revision() + self.reroutings
    }

    /// Where a message goes next, as [`Row::destination`] names it.
    pub(super) fn destination_name(&self, listed: &Listed<'_>) -> String {
        listed.leading_domain().map_or_else(String::new, |domain| self.destination_named_for(domain))
    }

    /// Where mail for a domain goes, as [`Row::destination`] names it.
    pub(crate) fn destination_named_for(&self, domain: &Domain) -> String {
        match self.routes.decide(domain) {
            Route::Local => Target::Local.to_string(),
            Route::Hop(hop) => {
                let target = Target::Hop(hop);
                let known = self.by_target.get(&target).and_then(|id| self.destinations.get(id));
                known.map_or_else(|| target.to_string(), |destination| destination.name.to_string())
            }
            Route::Mx { domain, .. } => {
                let site = self.sites.last_known(&domain).and_then(|id| self.destinations.get(&id));
                site.map_or_else(|| domain.to_string(), |destination| destination.name.to_string())
            }
        }
    }

    /// Whether a destination is paused by the name of a host of it.
    pub(super) fn is_paused_target(&self, target: &Target) -> bool {
        match target {
            Target::Local => false,
            Target::Hop(hop) => self.is_paused_host(&hop.host),
            Target::Site { hosts, .. } => hosts.iter().any(|host| self.paused.contains(host)),
        }
    }

    /// Whether a next hop is paused by its own name.
    pub(super) fn is_paused_host(&self, host: &Host) -> bool {
        match host {
            Host::Name(name) => self.paused.contains(name),
            Host::Address(address) => self.paused.contains(&Domain::from(*address)),
        }
    }
}

fn problem(destination: &Destination) -> Option<String> {
    let cause = destination.health.held_back()?;
    let advice = &cause.trouble.as_ref()?.advice;
    let Destination { name, .. } = destination;
    let what = cause.reply.text.trim_end_matches('.');
    let when = if cause.is_without_asking() { "within a minute" } else { "or at once when it is retried" };
    Some(format!("Mail for {name} waits: {what}; {advice}. Once that is mended it goes on by itself, {when}."))
}

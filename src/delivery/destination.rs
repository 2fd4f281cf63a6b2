//! A destination: where mail for one or many domains goes together, with its ready queue, its connections and its
//! health.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::health::Health;
use super::manner::Manner;
use super::mx::Exchange;
use super::pace::Pace;
use super::route::Hop;
use super::window::Window;
use crate::clock::Timestamp;
use crate::config::Host;
use crate::mail::Domain;
use crate::queue::QueueId;

/// Names a destination for as long as the scheduler knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DestinationId(pub(super) u64);

/// Names a connection, from the moment it is wanted until it is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionId(pub(super) u64);

/// What makes two routes one destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// The Drop folder.
    Local,
    /// A smart host or an address.
    Hop(Hop),
    /// The MX hosts of a domain, sorted by name: all domains of one provider share connections.
    Site {
        /// The hosts.
        hosts: Arc<[Domain]>,
        /// Their port.
        port: u16,
        /// How they are given mail.
        manner: Arc<Manner>,
    },
}

impl Target {
    /// How mail is handed over there; `None` for Drop.
    pub(super) fn manner(&self) -> Option<&Manner> {
        match self {
            Self::Local => None,
            Self::Hop(hop) => Some(&hop.manner),
            Self::Site { manner, .. } => Some(manner),
        }
    }
}

/// As lists show it: `smart.example:587`, `[192.0.2.10]:25`, `mx1.example.net+2`, `Drop`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("Drop"),
            Self::Hop(Hop { host: Host::Name(name), port, .. }) => write!(f, "{name}:{port}"),
            Self::Hop(Hop { host: Host::Address(address), port, .. }) => write!(f, "[{address}]:{port}"),
            Self::Site { hosts, .. } => match &hosts[..] {
                [] => Ok(()),
                [only] => only.fmt(f),
                [first, rest @ ..] => write!(f, "{first}+{}", rest.len()),
            },
        }
    }
}

/// Some recipients of one message, all for one destination.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The message.
    pub id: QueueId,
    /// The round of attempts that the job belongs to; a job of a round that is over is dropped.
    pub round: u64,
    /// Their places in the envelope.
    pub recipients: Vec<usize>,
}

/// The jobs that wait for a connection: fresh mail first, but never so that retries wait for ever.
#[derive(Default)]
pub(super) struct Ready {
    fresh: VecDeque<Job>,
    retries: VecDeque<Job>,
    /// Counts the jobs taken; every fourth may be a retry though fresh mail waits.
    turn: u8,
}

impl Ready {
    pub(super) fn len(&self) -> usize {
        self.fresh.len() + self.retries.len()
    }

    pub(super) fn push(&mut self, job: Job, fresh: bool) {
        if fresh { &mut self.fresh } else { &mut self.retries }.push_back(job);
    }

    /// Puts a job back that could not be finished through no fault of its own.
    pub(super) fn push_front(&mut self, job: Job) {
        self.fresh.push_front(job);
    }

    pub(super) fn pop(&mut self) -> Option<Job> {
        self.turn = (self.turn + 1) % 4;
        let (first, second) =
            if self.turn == 0 { (&mut self.retries, &mut self.fresh) } else { (&mut self.fresh, &mut self.retries) };
        first.pop_front().or_else(|| second.pop_front())
    }

    /// Empties the queue.
    pub(super) fn drain(&mut self) -> Vec<Job> {
        self.fresh.drain(..).chain(self.retries.drain(..)).collect()
    }
}

/// One destination.
pub(super) struct Destination {
    pub(super) target: Target,
    /// As lists show it, different from that of every other destination mail goes to.
    pub(super) name: Box<str>,
    /// New settings came, and nothing has gone there since: another destination may have taken its place.
    pub(super) is_former: bool,
    pub(super) ready: Ready,
    pub(super) window: Window,
    pub(super) pace: Pace,
    /// The pace lets nothing go for the moment; a timer ends that.
    pub(super) is_paced: bool,
    pub(super) health: Health,
    /// Connections in all, those being opened included.
    pub(super) open: u32,
    /// Connections being opened.
    pub(super) opening: u32,
    /// Connections just opened, or woken when they were idle, that have not taken a job yet.
    pub(super) woken: u32,
    /// Connections that wait for a job; the last one to become idle is the first to be used again.
    pub(super) idle: Vec<ConnectionId>,
    /// Messages that were deferred because the destination is dead, to be released when it answers.
    pub(super) parked: HashSet<QueueId>,
    /// The MX hosts with their preferences.
    pub(super) exchange: Option<Exchange>,
    pub(super) last_used: Timestamp,
}

impl Destination {
    pub(super) fn new(target: Target, name: Box<str>, now: Timestamp) -> Self {
        let manner = target.manner();
        // Where there is a login, one connection shows first whether it is taken: servers count those that are not.
        let logs_in = manner.is_some_and(|manner| manner.security.logs_in());
        Self {
            window: if logs_in { Window::of_one() } else { Window::new() },
            pace: Pace::new(manner.and_then(|manner| manner.per_minute)),
            is_paced: false,
            target,
            name,
            is_former: false,
            ready: Ready::default(),
            health: Health::default(),
            open: 0,
            opening: 0,
            woken: 0,
            idle: Vec::new(),
            parked: HashSet::new(),
            exchange: None,
            last_used: now,
        }
    }

    /// Whether more jobs wait than connections are about to take.
    pub(super) fn has_unserved_jobs(&self) -> bool {
        self.ready.len() > (self.opening + self.woken) as usize
    }

    /// Whether another connection is worth opening under the limit of the settings.
    pub(super) fn wants_connection(&self, limit: Option<u32>) -> bool {
        let waiting = self.opening as usize + self.woken as usize + self.idle.len();
        let busy = (self.open as usize).saturating_sub(waiting);
        self.health.held_back().is_none()
            && !self.is_paced
            && self.has_unserved_jobs()
            && self.open < self.window.wanted(self.ready.len() + busy, limit)
    }

    /// Whether nothing would be lost by forgetting it.
    pub(super) fn is_unused(&self) -> bool {
        self.open == 0 && self.ready.len() == 0 && self.parked.is_empty() && self.health.held_back().is_none()
    }
}

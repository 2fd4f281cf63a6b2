//! What is in a picture of the engine, and what of it is taken over from the last one.

use std::sync::Arc;

use super::Source;
use crate::clock::Timestamp;
use crate::config::Settings;
use crate::delivery::DestinationRow;
use crate::engine::handle::Shared;
use crate::engine::tokens;
use crate::engine::{LogTail, QueueSummary, Snapshot};
use crate::ledger::{History, SessionSnapshot};

/// Above so many sessions, or destinations, they are looked at once a second only: to copy them costs time.
const MANY: usize = 500;
/// Records copied from the ledger in one go.
const RECORDS: usize = 1000;
/// Records in a picture.
const TAIL: usize = 20_000;

impl Source for Shared {
    fn picture(&self, last: Option<&Snapshot>) -> Snapshot {
        let time = self.clock.now();
        let (counts, oldest, revision) = self.dispatcher.summary();
        let settings = self.settings.load_full();
        let in_service = self.reloader.in_service();
        let surroundings = self.surroundings.seen(&self.ledger);
        let mut problems = self.problems.list();
        problems.extend(self.ledger.log_problem());
        problems.extend(self.dispatcher.problems());
        Snapshot {
            time,
            state: self.state(),
            since: self.started,
            listeners: in_service.clear,
            tls_listeners: in_service.tls,
            certificate: self.certificate.health(),
            tokens: kept(last.map(|last| &last.tokens), tokens::health(&self.tokens, &settings)),
            settings_file: self.reloader.file(),
            sessions: self.sessions(last, time),
            queue: QueueSummary { counts, oldest, revision },
            destinations: self.destinations(last, time, revision),
            badmail: surroundings.badmail,
            totals: kept(last.map(|last| &last.totals), self.ledger.totals.named().into()),
            history: self.history(last),
            log: self.log_tail(last.map(|last| &last.log)),
            disk: surroundings.disk,
            problems: kept(last.map(|last| &last.problems), problems),
            warnings: warnings(last, &settings),
            settings,
        }
    }
}

impl Shared {
    /// The sessions; their ages move by the second.
    fn sessions(&self, last: Option<&Snapshot>, time: Timestamp) -> Arc<[SessionSnapshot]> {
        let Some(last) = last.filter(|last| last.time == time) else { return self.ledger.sessions().into() };
        if last.sessions.len() > MANY {
            return Arc::clone(&last.sessions);
        }
        let mut sessions = self.ledger.sessions();
        let is_same = |(new, old): (&mut SessionSnapshot, &SessionSnapshot)| {
            let age = std::mem::replace(&mut new.age, old.age);
            let is_same = new == old;
            new.age = age;
            is_same
        };
        if sessions.len() == last.sessions.len() && sessions.iter_mut().zip(last.sessions.iter()).all(is_same) {
            return Arc::clone(&last.sessions);
        }
        sessions.into()
    }

    fn destinations(&self, last: Option<&Snapshot>, time: Timestamp, revision: u64) -> Arc<[DestinationRow]> {
        match last {
            Some(last) if last.time == time && (last.queue.revision == revision || last.destinations.len() > MANY) => {
                Arc::clone(&last.destinations)
            }
            _ => kept(last.map(|last| &last.destinations), self.dispatcher.destinations()),
        }
    }

    fn history(&self, last: Option<&Snapshot>) -> Arc<History> {
        let history = self.ledger.history();
        match last {
            Some(last) if *last.history == history => Arc::clone(&last.history),
            _ => Arc::new(history),
        }
    }

    /// The newest records: those of the last picture, and what came since.
    fn log_tail(&self, last: Option<&Arc<LogTail>>) -> Arc<LogTail> {
        let (first, known) = last.map_or((0, &[][..]), |last| (last.first, &last.records));
        let next = first + known.len() as u64;
        let (mut from, mut new) = self.ledger.records_from(next, RECORDS);
        if let Some(last) = last.filter(|_| new.is_empty()) {
            return Arc::clone(last);
        }
        loop {
            let (at, more) = self.ledger.records_from(from + new.len() as u64, RECORDS);
            if more.is_empty() {
                break;
            }
            if at != from + new.len() as u64 {
                // So much came meanwhile that some of it is gone.
                (from, new) = (at, Vec::new());
            }
            new.extend(more);
        }
        let known = if from == next { known } else { &[] };
        let excess = (known.len() + new.len()).saturating_sub(TAIL);
        let mut records = Vec::with_capacity(known.len() + new.len() - excess);
        records.extend(known.iter().chain(&new).skip(excess).cloned());
        Arc::new(LogTail { first: from - known.len() as u64 + excess as u64, records })
    }
}

fn warnings(last: Option<&Snapshot>, settings: &Arc<Settings>) -> Arc<[String]> {
    match last {
        Some(last) if Arc::ptr_eq(&last.settings, settings) => Arc::clone(&last.warnings),
        _ => settings.warnings().iter().map(ToString::to_string).collect(),
    }
}

/// The old part if it says the same as the new one.
fn kept<T: PartialEq>(old: Option<&Arc<[T]>>, new: Vec<T>) -> Arc<[T]> {
    match old {
        Some(old) if **old == *new => Arc::clone(old),
        _ => new.into(),
    }
}

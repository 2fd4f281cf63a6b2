//! The sessions in the order in which they are shown, with those that ended a moment ago.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use super::columns::SessionSort;
use super::filter::SessionFilter;
use crate::clock::Timestamp;
use crate::engine::Snapshot;
use crate::ledger::SessionSnapshot;

/// How long an ended session stays in sight.
const LINGER: Duration = Duration::from_secs(3);
/// So many ended sessions stay at most: a busy relay ends hundreds a second, and they are not what one looks for.
const LINGERING: usize = 20;
/// Rates are taken over at least this span.
const SPAN: Duration = Duration::from_secs(2);

/// The sessions of the newest picture, and the few that are no longer in it.
pub(super) struct Roll {
    live: Arc<[SessionSnapshot]>,
    ended: Vec<Ended>,
    /// What is shown, in order.
    shown: Vec<Place>,
    /// The time of `live`.
    seen: Timestamp,
    /// Pictures from some seconds ago, from which rates are taken: the older one counts, the newer one will.
    past: [Option<(Timestamp, Arc<[SessionSnapshot]>)>; 2],
}

struct Ended {
    session: SessionSnapshot,
    at: Timestamp,
}

#[derive(Clone, Copy)]
enum Place {
    Live(usize),
    Ended(usize),
}

/// A session as the pane shows it.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) session: &'a SessionSnapshot,
    /// It is not there any more.
    pub(super) is_ended: bool,
}

impl Default for Roll {
    fn default() -> Self {
        Self {
            live: Arc::from([]),
            ended: Vec::new(),
            shown: Vec::new(),
            seen: Timestamp::default(),
            past: [None, None],
        }
    }
}

impl Roll {
    /// Takes the sessions of a picture.
    pub(super) fn see(&mut self, snapshot: &Snapshot) {
        let live = Arc::clone(&snapshot.sessions);
        if !Arc::ptr_eq(&live, &self.live) {
            let gone = self.live.iter().filter(|session| find(&live, session.id).is_none());
            self.ended.extend(gone.map(|session| Ended { session: session.clone(), at: self.seen }));
            self.live = live;
        }
        self.seen = snapshot.time;
        self.ended.retain(|ended| snapshot.time.since(ended.at) < LINGER);
        let surplus = self.ended.len().saturating_sub(LINGERING);
        self.ended.drain(..surplus);
        self.keep_past();
    }

    /// Sets what is shown, and in which order.
    pub(super) fn arrange(&mut self, filter: &SessionFilter, by: SessionSort, descending: bool) {
        let mut shown = std::mem::take(&mut self.shown);
        shown.clear();
        let all = (0..self.live.len()).map(Place::Live).chain((0..self.ended.len()).map(Place::Ended));
        shown.extend(all.filter(|&place| filter.matches(self.entry(place).session)));
        shown.sort_by(|&one, &other| {
            let (one, other) = (self.entry(one).session, self.entry(other).session);
            let order = self.compare(by, one, other);
            // The oldest first among equals, whatever the direction, so that rows stay where they are.
            if descending { order.reverse() } else { order }.then(one.id.cmp(&other.id))
        });
        self.shown = shown;
    }

    /// How many are shown.
    pub(super) fn len(&self) -> usize {
        self.shown.len()
    }

    /// How many there are, not counting those that ended.
    pub(super) fn live(&self) -> &[SessionSnapshot] {
        &self.live
    }

    /// What is shown at a place.
    pub(super) fn get(&self, place: usize) -> Option<Entry<'_>> {
        self.shown.get(place).map(|&place| self.entry(place))
    }

    /// What is shown from a place on.
    pub(super) fn from(&self, place: usize) -> impl Iterator<Item = Entry<'_>> {
        self.shown.iter().skip(place).map(|&place| self.entry(place))
    }

    /// At which place a session is shown.
    pub(super) fn place(&self, id: u64) -> Option<usize> {
        self.shown.iter().position(|&place| self.entry(place).session.id == id)
    }

    /// Octets of content a second, lately; 0 while it is not known.
    pub(super) fn rate(&self, session: &SessionSnapshot) -> u64 {
        let Some((_, past)) = &self.past[0] else { return 0 };
        let (bytes, age) = find(past, session.id).map_or((0, Duration::ZERO), |past| (past.bytes, past.age));
        let span = session.age.saturating_sub(age).as_millis().max(100);
        u64::try_from(u128::from(session.bytes.saturating_sub(bytes)) * 1000 / span).unwrap_or(u64::MAX)
    }

    fn keep_past(&mut self) {
        let [older, newer] = &mut self.past;
        let elapsed = newer.as_ref().map_or(Duration::MAX, |(at, _)| self.seen.since(*at));
        if elapsed >= SPAN {
            let before = newer.replace((self.seen, Arc::clone(&self.live)));
            // Where the pane was out of sight, the one before tells of another time.
            *older = before.filter(|_| elapsed < 3 * SPAN);
        }
    }

    fn entry(&self, place: Place) -> Entry<'_> {
        match place {
            Place::Live(at) => Entry { session: &self.live[at], is_ended: false },
            Place::Ended(at) => Entry { session: &self.ended[at].session, is_ended: true },
        }
    }

    fn compare(&self, by: SessionSort, one: &SessionSnapshot, other: &SessionSnapshot) -> Ordering {
        match by {
            SessionSort::Direction => one.direction.as_str().cmp(other.direction.as_str()),
            SessionSort::Peer => one.peer.ip().to_canonical().cmp(&other.peer.ip().to_canonical()),
            SessionSort::Name => one.name.cmp(&other.name),
            SessionSort::User => one.user.cmp(&other.user),
            SessionSort::Tls => one.encryption.is_some().cmp(&other.encryption.is_some()),
            SessionSort::State => (one.activity as u8).cmp(&(other.activity as u8)),
            SessionSort::Messages => one.messages.cmp(&other.messages),
            SessionSort::Bytes => one.bytes.cmp(&other.bytes),
            SessionSort::Rate => self.rate(one).cmp(&self.rate(other)),
            SessionSort::Age => one.age.cmp(&other.age),
        }
    }
}

/// Pictures hold their sessions by ascending id.
fn find(sessions: &[SessionSnapshot], id: u64) -> Option<&SessionSnapshot> {
    sessions.binary_search_by_key(&id, |session| session.id).ok().map(|at| &sessions[at])
}

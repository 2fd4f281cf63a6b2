//! The catalogue of queued messages in memory: what lists, filters and the scheduler ask without reading a file.
//!
//! One message with one recipient takes about 210 octets (215 MB for a million, measured): 112 for its record in the slab, 48 for its id, which
//! everyone who holds the id shares, 32 for the address, and about 15 for its places in the table by id and in the
//! order of arrival. A further recipient takes 16 and its address. Senders, domains and replies are kept once however
//! many messages share them. There are no bodies here, nor anything that only the file needs to know.
//!
//! The index locks nothing: its owner keeps it behind a mutex. What may take long at a million messages can be
//! done in pieces by [`Index::walk`], so that no viewer holds the mutex for longer than a blink.

mod listed;
mod order;
mod pool;

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Place;

use self::listed::{Pools, Record};
use self::order::Order;
use super::{Filter, Message, QueueId, Stamp};
use crate::clock::Timestamp;

pub use listed::{Listed, ListedRecipient};

/// The state of a message as lists show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Waiting for its next attempt.
    Queued,
    /// An attempt is under way.
    Active,
    /// Set aside by a person until released.
    Held,
}

impl Phase {
    /// The word in lists, in JSON and behind `state:`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Active => "active",
            Self::Held => "held",
        }
    }

    /// The phase of a word, in either case.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Queued, Self::Active, Self::Held].into_iter().find(|phase| word.eq_ignore_ascii_case(phase.as_str()))
    }
}

/// How many messages are in which phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting.
    pub queued: usize,
    /// Being tried.
    pub active: usize,
    /// Held by a person.
    pub held: usize,
}

/// A part of a filtered list.
pub struct Page<'a> {
    /// How many messages match in all.
    pub total: usize,
    /// Those asked for, oldest first.
    pub entries: Vec<Listed<'a>>,
}

/// Where a [walk](Index::walk) paused; stays good whatever is added or removed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(Timestamp, QueueId);

/// The messages, by id and in the order of arrival.
pub struct Index {
    /// The slab; a slot is the position in it.
    records: Vec<Option<Record>>,
    free: Vec<u32>,
    by_id: HashTable<u32>,
    hasher: RandomState,
    /// By time of arrival and id, the oldest first.
    order: Order,
    pools: Pools,
    counts: Counts,
    revision: u64,
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self {
            records: Vec::new(),
            free: Vec::new(),
            by_id: HashTable::new(),
            hasher: RandomState::new(),
            order: Order::default(),
            pools: Pools::new(),
            counts: Counts::default(),
            revision: 0,
        }
    }

    /// Writes down a message, replacing what was known of it; whether an attempt is under way is kept.
    pub fn insert(&mut self, id: QueueId, message: &Message, stamp: Stamp) {
        self.revision += 1;
        let active = self.take(&id).is_some_and(|old| old.active);
        let mut record = Record::new(id, message, stamp, &mut self.pools);
        record.active = active;
        *self.counts.of(record.phase()) += 1;

        let hash = self.hasher.hash_one(&record.id);
        let slot = if let Some(slot) = self.free.pop() {
            self.records[slot as usize] = Some(record);
            slot
        } else {
            self.records.push(Some(record));
            u32::try_from(self.records.len() - 1).unwrap_or(u32::MAX)
        };
        let (records, hasher) = (&self.records, &self.hasher);
        self.by_id.insert_unique(hash, slot, |&slot| hash_of(records, slot, hasher));
        self.order.insert(slot, |slot| key_of(records, slot));
    }

    /// Writes down what an attempt or a person changed; false, and nothing done, for a message not known.
    pub fn apply(&mut self, id: &QueueId, message: &Message, stamp: Stamp) -> bool {
        let known = self.slot(id).is_some();
        if known {
            self.insert(id.clone(), message, stamp);
        }
        known
    }

    /// Says that an attempt begins or ends; false for a message not known.
    pub fn set_active(&mut self, id: &QueueId, active: bool) -> bool {
        let Some(record) = self.slot(id).and_then(|slot| self.records[slot as usize].as_mut()) else { return false };
        *self.counts.of(record.phase()) -= 1;
        record.active = active;
        *self.counts.of(record.phase()) += 1;
        self.revision += 1;
        true
    }

    /// Moves the next attempt, as a retry by hand does without writing the file; false for a message not known.
    pub fn set_next(&mut self, id: &QueueId, next: Timestamp) -> bool {
        let Some(record) = self.slot(id).and_then(|slot| self.records[slot as usize].as_mut()) else { return false };
        record.next = next;
        self.revision += 1;
        true
    }

    /// Forgets a message; false if it was not known.
    pub fn remove(&mut self, id: &QueueId) -> bool {
        let known = self.take(id).is_some();
        self.revision += u64::from(known);
        known
    }

    /// A message by its id.
    pub fn get(&self, id: &QueueId) -> Option<Listed<'_>> {
        self.slot(id).and_then(|slot| self.entry(slot))
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// How many messages are in which phase.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Grows with every change of any message.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The place of a message in the order of arrival, counted from 0.
    pub fn place(&self, id: &QueueId) -> Option<usize> {
        let slot = self.slot(id)?;
        Some(self.order.rank(slot, |slot| key_of(&self.records, slot)))
    }

    /// When the oldest message was accepted.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.iter().next().map(Listed::received)
    }

    /// All messages in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = Listed<'_>> {
        self.order.skipping(0).filter_map(|slot| self.entry(slot))
    }

    /// Shows `each` of at most `budget` messages behind `after`, in the order of arrival; returns where to go on,
    /// or `None` at the end.
    pub fn walk<'a>(
        &'a self,
        after: Option<&Cursor>,
        budget: usize,
        mut each: impl FnMut(Listed<'a>),
    ) -> Option<Cursor> {
        let after = after.map(|Cursor(received, id)| Some((*received, id)));
        let mut slots = self.order.after(after.as_ref(), |slot| key_of(&self.records, slot));
        let mut last = None;
        for entry in slots.by_ref().take(budget).filter_map(|slot| self.entry(slot)) {
            each(entry);
            last = Some(entry);
        }
        let last = last?;
        slots.next().map(|_| Cursor(last.received(), last.id().clone()))
    }

    /// The ids of all messages that match, in the order of arrival.
    pub fn select(&self, filter: &Filter, now: Timestamp) -> Vec<QueueId> {
        self.iter().filter(|entry| filter.matches(entry, now)).map(|entry| entry.id().clone()).collect()
    }

    /// The `limit` messages behind the first `offset` that match. Without a filter only these are looked at.
    pub fn page(&self, filter: &Filter, now: Timestamp, offset: usize, limit: usize) -> Page<'_> {
        if filter.is_empty() {
            let entries = self.order.skipping(offset).take(limit).filter_map(|slot| self.entry(slot));
            return Page { total: self.len(), entries: entries.collect() };
        }
        let mut page = Page { total: 0, entries: Vec::new() };
        for entry in self.iter().filter(|entry| filter.matches(entry, now)) {
            if page.total >= offset && page.entries.len() < limit {
                page.entries.push(entry);
            }
            page.total += 1;
        }
        page
    }

    fn slot(&self, id: &QueueId) -> Option<u32> {
        self.by_id.find(self.hasher.hash_one(id), |&slot| id_of(&self.records, slot) == Some(id)).copied()
    }

    fn entry(&self, slot: u32) -> Option<Listed<'_>> {
        self.records[slot as usize].as_ref().map(|record| Listed::new(record, &self.pools))
    }

    fn take(&mut self, id: &QueueId) -> Option<Record> {
        let (records, hasher) = (&self.records, &self.hasher);
        let same = |&slot: &u32| id_of(records, slot) == Some(id);
        let rehash = |&slot: &u32| hash_of(records, slot, hasher);
        let Place::Occupied(place) = self.by_id.entry(hasher.hash_one(id), same, rehash) else { return None };
        let (slot, _) = place.remove();
        self.order.remove(slot, |slot| key_of(records, slot));
        self.free.push(slot);
        let record = self.records[slot as usize].take()?;
        record.release(&mut self.pools);
        *self.counts.of(record.phase()) -= 1;
        Some(record)
    }
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl Counts {
    fn of(&mut self, phase: Phase) -> &mut usize {
        match phase {
            Phase::Queued => &mut self.queued,
            Phase::Active => &mut self.active,
            Phase::Held => &mut self.held,
        }
    }
}

fn id_of(records: &[Option<Record>], slot: u32) -> Option<&QueueId> {
    records[slot as usize].as_ref().map(|record| &record.id)
}

fn hash_of(records: &[Option<Record>], slot: u32, hasher: &RandomState) -> u64 {
    id_of(records, slot).map_or(0, |id| hasher.hash_one(id))
}

fn key_of(records: &[Option<Record>], slot: u32) -> Option<(Timestamp, &QueueId)> {
    records[slot as usize].as_ref().map(|record| (record.received, &record.id))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::mail::{Address, Envelope, Recipient, ReversePath};
    use crate::queue::{Origin, State, Status};

    const STAMP: Stamp = Stamp { modified: 0, size: 0 };

    fn id(text: &str) -> QueueId {
        text.parse().unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn message(received: i64, recipients: &[&str]) -> Message {
        let address = |text: &str| Address::parse(text, false).unwrap();
        let mut envelope = Envelope::new(ReversePath::Mailbox(address("app@corp.example")));
        envelope.recipients = recipients.iter().map(|text| Recipient::new(address(text))).collect();
        Message::new(envelope, Origin::default(), at(received))
    }

    fn ids(entries: &[Listed<'_>]) -> Vec<String> {
        entries.iter().map(|entry| entry.id().to_string()).collect()
    }

    #[test]
    fn an_entry_says_again_what_the_message_said() {
        let mut index = Index::new();
        let mut message = message(5, &["bob@example.com", "Eve@Example.net"]);
        message.progress[0].status = Status::Delivered;
        message.progress[1].reply = Some("452 4.2.2 full".into());
        message.last_reply = Some("452 4.2.2 full".into());
        (message.size, message.attempts, message.next) = (4096, 3, at(9));
        index.insert(id("a"), &message, Stamp { modified: 7, size: 5000 });

        let entry = index.get(&id("a")).unwrap();
        let recipients: Vec<_> =
            entry.recipients().map(|r| (r.address, r.domain.as_str(), r.status, r.reply)).collect();
        let expected = [
            ("bob@example.com", "example.com", Status::Delivered, None),
            ("Eve@Example.net", "example.net", Status::Pending, Some("452 4.2.2 full")),
        ];
        assert_eq!(recipients, expected);
        assert_eq!((entry.sender(), entry.last_reply()), ("app@corp.example", Some("452 4.2.2 full")));
        assert_eq!((entry.size(), entry.attempts(), entry.received(), entry.next()), (4096, 3, at(5), at(9)));
        assert_eq!(entry.stamp(), Stamp { modified: 7, size: 5000 });
    }

    #[test]
    fn a_null_sender_is_empty_and_a_message_without_recipients_has_none() {
        let mut index = Index::new();
        let report = Message::new(Envelope::new(ReversePath::Null), Origin::default(), at(0));
        index.insert(id("r"), &report, STAMP);
        let entry = index.get(&id("r")).unwrap();
        assert_eq!((entry.sender(), entry.recipients().count()), ("", 0));
    }

    #[test]
    fn a_reply_without_end_is_shortened() {
        let mut index = Index::new();
        let mut long = message(0, &["bob@example.com"]);
        long.last_reply = Some("x".repeat(5000).into());
        index.insert(id("a"), &long, STAMP);
        assert_eq!(index.get(&id("a")).unwrap().last_reply().map(|reply| reply.chars().count()), Some(300));
    }

    #[test]
    fn lists_are_in_the_order_of_arrival_whatever_the_ids() {
        let mut index = Index::new();
        for (name, received) in [("zz", 1), ("by-hand", 3), ("aa", 2)] {
            index.insert(id(name), &message(received, &["bob@example.com"]), STAMP);
        }
        let all = Filter::default();
        assert_eq!(ids(&index.page(&all, at(9), 0, 10).entries), ["zz", "aa", "by-hand"]);
        assert_eq!(ids(&index.page(&all, at(9), 1, 1).entries), ["aa"]);
        assert_eq!(index.oldest(), Some(at(1)));
    }

    #[test]
    fn a_filtered_page_counts_all_that_match() {
        let mut index = Index::new();
        for n in 0..100 {
            let to = if n % 2 == 0 { "bob@example.com" } else { "eve@example.net" };
            index.insert(id(&format!("m{n:03}")), &message(n, &[to]), STAMP);
        }
        let filter = "domain:example.net".parse().unwrap();
        let page = index.page(&filter, at(100), 10, 2);
        assert_eq!((page.total, ids(&page.entries)), (50, vec!["m021".to_owned(), "m023".to_owned()]));
        assert_eq!(index.select(&filter, at(100)).len(), 50);
    }

    #[test]
    fn the_phase_follows_attempts_and_holds_and_is_counted() {
        let mut index = Index::new();
        let mut held = message(0, &["bob@example.com"]);
        index.insert(id("a"), &held, STAMP);
        index.insert(id("b"), &held, STAMP);
        assert!(index.set_active(&id("a"), true) && !index.set_active(&id("nobody"), true));
        assert_eq!(index.counts(), Counts { queued: 1, active: 1, held: 0 });

        held.state = State::Held;
        assert!(index.apply(&id("a"), &held, STAMP) && index.apply(&id("b"), &held, STAMP));
        assert!(!index.apply(&id("nobody"), &held, STAMP));
        assert_eq!(index.counts(), Counts { queued: 0, active: 1, held: 1 }, "an attempt goes on while it is held");
        index.set_active(&id("a"), false);
        assert!(index.remove(&id("b")) && !index.remove(&id("b")));
        assert_eq!(index.counts(), Counts { queued: 0, active: 0, held: 1 });
    }

    #[test]
    fn a_walk_in_pieces_sees_everything_while_messages_come_and_go() {
        let mut index = Index::new();
        for n in 0..10 {
            index.insert(id(&format!("m{n}")), &message(n, &["bob@example.com"]), STAMP);
        }
        let mut seen = Vec::new();
        let mut cursor = index.walk(None, 4, |entry| seen.push(entry.id().clone()));
        index.remove(&id("m3"));
        index.remove(&id("m4"));
        index.insert(id("m10"), &message(10, &["bob@example.com"]), STAMP);
        while cursor.is_some() {
            cursor = index.walk(cursor.as_ref(), 4, |entry| seen.push(entry.id().clone()));
        }
        let expected = ["m0", "m1", "m2", "m3", "m5", "m6", "m7", "m8", "m9", "m10"];
        assert_eq!(seen, expected.map(id));
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_map_holds(steps in proptest::collection::vec((0..3_u8, 0..60_u32, 0..50_i64), 0..300)) {
            let (mut index, mut model) = (Index::new(), BTreeMap::new());
            for (act, n, received) in steps {
                let name = id(&format!("m{n}"));
                if act == 0 {
                    prop_assert_eq!(index.remove(&name), model.remove(&name).is_some());
                } else {
                    index.insert(name.clone(), &message(received, &["bob@example.com", "eve@example.net"]), STAMP);
                    model.insert(name, received);
                }
            }
            prop_assert_eq!(index.len(), model.len());
            prop_assert_eq!(index.counts().queued, model.len());
            let mut expected: Vec<_> = model.iter().map(|(name, received)| (at(*received), name)).collect();
            expected.sort();
            prop_assert!(index.iter().map(|entry| (entry.received(), entry.id())).eq(expected));
            for name in model.keys() {
                prop_assert!(index.get(name).is_some());
            }
        }
    }
}

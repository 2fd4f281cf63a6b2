//! A hierarchical timer wheel with slots of one second: insertion, cancellation and advance cost the same whether
//! ten timers wait or a million.
//!
//! The wheel knows nothing of messages. Cancellation is lazy: an entry stays until its time comes, and its owner then
//! sees (by a generation in the item) that it no longer counts.

use std::mem;

use crate::clock::Timestamp;

/// Each level has 64 slots, each as long as a whole turn of the level below.
const BITS: u32 = 6;
const SLOTS: u64 = 1 << BITS;
/// Five levels reach 34 years; what lies beyond waits in the last slot and is looked at once a turn.
const LEVELS: u32 = 5;

/// Timers, each with an item that comes back when it fires.
pub(crate) struct Wheel<T> {
    /// The second up to which everything has fired, on the wheel's own count.
    now: u64,
    /// Unix seconds at count 0.
    origin: i64,
    /// Slots of all levels, one level behind the other.
    slots: Vec<Vec<Entry<T>>>,
    len: usize,
}

struct Entry<T> {
    due: u64,
    item: T,
}

impl<T> Wheel<T> {
    /// An empty wheel that has fired everything up to `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        let slots = (0..SLOTS * u64::from(LEVELS)).map(|_| Vec::new()).collect();
        Self { now: 0, origin: now.as_unix(), slots, len: 0 }
    }

    /// How many entries wait, cancelled ones included.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.len
    }

    /// Sets a timer. One in the past, or for this second, fires at the next advance.
    pub(crate) fn insert(&mut self, due: Timestamp, item: T) {
        let due = u64::try_from(due.as_unix().saturating_sub(self.origin)).unwrap_or(0).max(self.now + 1);
        self.len += 1;
        self.place(Entry { due, item });
    }

    /// Moves the time on to `now` and appends what came due to `fired`, earliest first. A clock that was set back
    /// fires nothing and loses nothing.
    pub(crate) fn advance(&mut self, now: Timestamp, fired: &mut Vec<T>) {
        let target = u64::try_from(now.as_unix().saturating_sub(self.origin)).unwrap_or(0);
        while self.now < target {
            if self.len == 0 {
                self.now = target;
                return;
            }
            self.tick(fired);
        }
    }

    fn tick(&mut self, fired: &mut Vec<T>) {
        self.now += 1;
        // A level that has come round takes in the next slot of the level above, outermost first.
        let turned = (1..LEVELS).take_while(|level| self.now.is_multiple_of(1 << (BITS * level))).count();
        for level in (1..LEVELS).take(turned).rev() {
            for entry in mem::take(self.slot(self.now, level)) {
                self.place(entry);
            }
        }
        let slot = self.slot(self.now, 0);
        let count = slot.len();
        fired.extend(slot.drain(..).map(|entry| entry.item));
        if slot.capacity() > KEPT {
            *slot = Vec::new();
        }
        self.len -= count;
    }

    /// Puts an entry on the lowest level whose turn reaches as far as its time.
    fn place(&mut self, entry: Entry<T>) {
        let horizon = self.now + (1 << (BITS * LEVELS)) - 1;
        let due = entry.due.clamp(self.now, horizon);
        let reaches = |level: &u32| due - self.now < 1 << (BITS * (level + 1));
        let level = (0..LEVELS - 1).find(reaches).unwrap_or(LEVELS - 1);
        self.slot(due, level).push(entry);
    }

    fn slot(&mut self, time: u64, level: u32) -> &mut Vec<Entry<T>> {
        let index = u64::from(level) * SLOTS + (time >> (BITS * level)) % SLOTS;
        &mut self.slots[usize::try_from(index).unwrap_or_default()] // at most 319
    }
}

/// A slot that held more than this gives its memory back once it has fired.
const KEPT: usize = 1024;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp::from_unix(1_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(START.as_unix() + seconds)
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(i64),
        Advance(i64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let far = prop_oneof![-10..200_i64, 0..20_000_i64, 0..50_000_000_i64];
        let turn = prop_oneof![8 => 0..5_i64, 8 => 0..300_i64, 1 => 0..100_000_i64];
        prop_oneof![3 => far.prop_map(Step::Insert), 1 => turn.prop_map(Step::Advance)]
    }

    proptest! {
        #[test]
        fn the_wheel_fires_what_a_sorted_map_would_and_in_its_order(steps in prop::collection::vec(step(), 1..200)) {
            let mut wheel = Wheel::new(START);
            let mut model: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
            let mut now = 0;
            for (item, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Insert(ahead) => {
                        wheel.insert(at(now + ahead), item);
                        model.entry((now + ahead).max(now + 1)).or_default().push(item);
                    }
                    Step::Advance(by) => {
                        now += by;
                        let mut fired = Vec::new();
                        wheel.advance(at(now), &mut fired);
                        let later = model.split_off(&(now + 1));
                        let times: Vec<Vec<usize>> = std::mem::replace(&mut model, later).into_values().collect();
                        let mut rest = &fired[..];
                        for mut expected in times {
                            let (these, behind) = rest.split_at(expected.len().min(rest.len()));
                            let mut these = these.to_vec();
                            these.sort_unstable();
                            expected.sort_unstable();
                            prop_assert_eq!(these, expected);
                            rest = behind;
                        }
                        prop_assert!(rest.is_empty());
                    }
                }
                prop_assert_eq!(wheel.len(), model.values().map(Vec::len).sum::<usize>());
            }
        }
    }

    #[test]
    fn a_timer_beyond_the_last_level_still_fires_in_its_second() {
        let mut wheel = Wheel::new(START);
        let far = 1 << 31;
        wheel.insert(at(far), ());
        let mut fired = Vec::new();
        // Sixty-eight years of ticks would take a minute; a jump of the count tests the same re-insertion.
        wheel.now = (1 << 30) - 1;
        wheel.advance(at(1 << 30), &mut fired);
        assert!(fired.is_empty());
        assert_eq!(wheel.len(), 1);
    }

    #[test]
    fn a_clock_set_back_fires_nothing_twice() {
        let mut wheel = Wheel::new(START);
        wheel.insert(at(5), 'a');
        let mut fired = Vec::new();
        wheel.advance(at(10), &mut fired);
        wheel.advance(at(3), &mut fired);
        wheel.insert(at(4), 'b');
        wheel.advance(at(10), &mut fired);
        assert_eq!(fired, ['a']);
        wheel.advance(at(11), &mut fired);
        assert_eq!(fired, ['a', 'b']);
    }

    #[test]
    fn a_million_timers_come_due_in_the_hour_they_were_set_for() {
        let mut wheel = Wheel::new(START);
        for item in 0..1_000_000_u32 {
            wheel.insert(at(i64::from(item % 3600) + 1), item);
        }
        let mut fired = Vec::new();
        wheel.advance(at(1800), &mut fired);
        assert!(fired.len() > 499_000 && fired.len() < 501_000);
        wheel.advance(at(3600), &mut fired);
        assert_eq!((fired.len(), wheel.len()), (1_000_000, 0));
    }
}

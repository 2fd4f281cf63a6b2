//! The order of the entries: slots sorted by a key that lies with the entries, in blocks, so that a place in a
//! list of a million is found, filled and emptied in microseconds.

/// Slots in one block at most: a block is moved as a whole page of memory.
const BLOCK: usize = 1024;

/// Slot numbers in the order of their keys, four octets each. The key of a slot must stay the same while the slot
/// is in here; every call that needs keys is handed the function that looks them up.
#[derive(Default)]
pub(super) struct Order {
    /// Never an empty block.
    blocks: Vec<Vec<u32>>,
}

impl Order {
    /// Adds a slot whose key is not in here yet.
    pub(super) fn insert<K: Ord>(&mut self, slot: u32, key: impl Fn(u32) -> K) {
        let (mut block, mut at) = self.place(&key(slot), &key);
        if block == self.blocks.len() {
            // New mail comes last: the last block fills up whole before another one begins.
            match self.blocks.last_mut() {
                Some(last) if last.len() < BLOCK => last.push(slot),
                _ => self.blocks.push(vec![slot]),
            }
            return;
        }
        if self.blocks[block].len() == BLOCK {
            let upper = self.blocks[block].split_off(BLOCK / 2);
            self.blocks.insert(block + 1, upper);
            if at > BLOCK / 2 {
                block += 1;
                at -= BLOCK / 2;
            }
        }
        self.blocks[block].insert(at, slot);
    }

    /// Takes a slot out.
    pub(super) fn remove<K: Ord>(&mut self, slot: u32, key: impl Fn(u32) -> K) {
        let (block, at) = self.place(&key(slot), &key);
        if self.blocks.get(block).and_then(|slots| slots.get(at)) == Some(&slot) {
            self.blocks[block].remove(at);
            if self.blocks[block].is_empty() {
                self.blocks.remove(block);
            }
        }
    }

    /// All slots from the `rank`-th on.
    pub(super) fn skipping(&self, rank: usize) -> impl Iterator<Item = u32> + '_ {
        let (mut block, mut at) = (0, rank);
        while let Some(slots) = self.blocks.get(block).filter(|slots| slots.len() <= at) {
            at -= slots.len();
            block += 1;
        }
        self.starting_at(block, at)
    }

    /// How many slots come before a slot that is in here.
    pub(super) fn rank<K: Ord>(&self, slot: u32, key: impl Fn(u32) -> K) -> usize {
        let (block, at) = self.place(&key(slot), &key);
        self.blocks[..block].iter().map(Vec::len).sum::<usize>() + at
    }

    /// All slots whose key is greater than `after`; all there are without one.
    pub(super) fn after<K: Ord>(&self, after: Option<&K>, key: impl Fn(u32) -> K) -> impl Iterator<Item = u32> + '_ {
        let Some(after) = after else { return self.starting_at(0, 0) };
        let (block, at) = self.place(after, &key);
        let found = self.blocks.get(block).and_then(|slots| slots.get(at)).is_some_and(|&slot| key(slot) == *after);
        self.starting_at(block, if found { at + 1 } else { at })
    }

    /// Block and position of the first slot whose key is not below `wanted`.
    fn place<K: Ord>(&self, wanted: &K, key: &impl Fn(u32) -> K) -> (usize, usize) {
        let below = |&slot: &u32| key(slot) < *wanted;
        let block = self.blocks.partition_point(|slots| slots.last().is_some_and(below));
        let at = self.blocks.get(block).map_or(0, |slots| slots.partition_point(below));
        (block, at)
    }

    fn starting_at(&self, block: usize, at: usize) -> impl Iterator<Item = u32> + use<'_> {
        let first = self.blocks.get(block).map_or(&[][..], |slots| &slots[at..]);
        let rest = self.blocks.get(block + 1..).unwrap_or_default();
        first.iter().chain(rest.iter().flatten()).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a sorted vector, its keys scattered so that the middle fills up too.
        #[test]
        fn it_keeps_the_order_of_a_sorted_list(
            steps in proptest::collection::vec((any::<bool>(), 0..4000_u32), 0..4000),
            rank in 0..4000_usize,
            after in 0..4001_u32,
        ) {
            let key = |slot: u32| slot * 2111 % 4001;
            let (mut order, mut model) = (Order::default(), std::collections::BTreeMap::new());
            for (adds, slot) in steps {
                if adds && model.insert(key(slot), slot).is_none() {
                    order.insert(slot, key);
                } else if !adds && model.remove(&key(slot)).is_some() {
                    order.remove(slot, key);
                }
            }
            prop_assert!(order.skipping(0).eq(model.values().copied()));
            prop_assert!(order.skipping(rank).eq(model.values().copied().skip(rank)));
            for (rank, slot) in model.values().enumerate() {
                prop_assert_eq!(order.rank(*slot, key), rank);
            }
            prop_assert!(order.after(Some(&after), key).eq(model.range(after + 1..).map(|(_, slot)| *slot)));
        }
    }

    #[test]
    fn blocks_split_when_old_mail_comes_late() {
        let mut order = Order::default();
        let key = |slot: u32| u32::MAX - slot;
        for slot in 0..5000 {
            order.insert(slot, key);
        }
        assert!(order.skipping(0).eq((0..5000).rev()));
        assert!(order.skipping(4990).eq((0..10).rev()));
    }
}

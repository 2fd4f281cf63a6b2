//! Values that many entries share, each kept once and counted.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;

/// Where a value lies in its [`Pool`]: four octets, also as an `Option`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol(NonZeroU32);

/// The values by symbol and by content. `T` is cheap to clone; a value leaves when its last use is released.
pub(super) struct Pool<T> {
    slots: Vec<Slot<T>>,
    free: Vec<Symbol>,
    by_value: HashMap<T, Symbol>,
}

struct Slot<T> {
    /// `None` in a free slot.
    value: Option<T>,
    uses: u32,
}

impl<T: Clone + Hash + Eq> Pool<T> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), by_value: HashMap::new() }
    }

    /// The symbol of a value, with one use more; `own` makes the kept copy where the value is new.
    pub(super) fn intern<'q, Q>(&mut self, value: &'q Q, own: impl FnOnce(&'q Q) -> T) -> Symbol
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(&symbol) = self.by_value.get(value) {
            self.slots[symbol.slot()].uses += 1;
            return symbol;
        }
        let value = own(value);
        let slot = Slot { value: Some(value.clone()), uses: 1 };
        let symbol = if let Some(symbol) = self.free.pop() {
            self.slots[symbol.slot()] = slot;
            symbol
        } else {
            self.slots.push(slot);
            Symbol::of(self.slots.len())
        };
        self.by_value.insert(value, symbol);
        symbol
    }

    /// Gives back one use.
    pub(super) fn release(&mut self, symbol: Symbol) {
        let slot = &mut self.slots[symbol.slot()];
        slot.uses -= 1;
        if slot.uses == 0
            && let Some(value) = slot.value.take()
        {
            self.by_value.remove(&value);
            self.free.push(symbol);
        }
    }

    /// The value, as long as a use of its symbol is held.
    pub(super) fn get(&self, symbol: Symbol) -> Option<&T> {
        self.slots[symbol.slot()].value.as_ref()
    }
}

impl Symbol {
    /// The symbol of the last of `count` slots. Four thousand million values would fill the memory many times
    /// over before the number runs out.
    fn of(count: usize) -> Self {
        Self(u32::try_from(count).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MAX))
    }

    fn slot(self) -> usize {
        self.0.get() as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_value_is_kept_once_and_leaves_with_its_last_use() {
        let mut pool = Pool::<Arc<str>>::new();
        let first = pool.intern("a", Arc::from);
        assert_eq!(pool.intern("a", Arc::from), first);
        let other = pool.intern("b", Arc::from);
        pool.release(first);
        assert_eq!(pool.get(first).map(|value| &**value), Some("a"));
        pool.release(first);
        assert_eq!(pool.get(first), None);
        assert_eq!(pool.intern("c", Arc::from), first, "the slot is used again");
        assert_eq!(pool.get(other).map(|value| &**value), Some("b"));
    }
}

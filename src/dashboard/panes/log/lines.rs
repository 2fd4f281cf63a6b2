//! Which lines of the log are wanted, by their numbers.

use std::collections::VecDeque;

use crate::engine::LogTail;
use crate::ledger::Record;

/// The numbers of the lines that pass a test, oldest first. Each line is tested once, when it is new.
#[derive(Debug, Default)]
pub(super) struct Lines {
    numbers: VecDeque<u64>,
    /// The first number that was not tested yet.
    next: u64,
}

impl Lines {
    /// Tests what is new in the log and forgets what is no longer in it.
    pub(super) fn follow(&mut self, tail: &LogTail, is_wanted: impl Fn(&Record) -> bool) {
        let end = tail.first + tail.records.len() as u64;
        if end < self.next {
            // Another log: numbers only grow.
            *self = Self::default();
        }
        let gone = self.place_of(tail.first);
        self.numbers.drain(..gone);
        for number in self.next.max(tail.first)..end {
            if line(tail, number).is_some_and(&is_wanted) {
                self.numbers.push_back(number);
            }
        }
        self.next = end;
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The number of the line at a place.
    pub(super) fn number(&self, place: usize) -> Option<u64> {
        self.numbers.get(place).copied()
    }

    /// The place of a line, or of the first one behind it if it is not wanted.
    pub(super) fn place_of(&self, number: u64) -> usize {
        self.numbers.partition_point(|&other| other < number)
    }
}

/// The line with this number, while it is in the log.
pub(super) fn line(tail: &LogTail, number: u64) -> Option<&Record> {
    let at = usize::try_from(number.checked_sub(tail.first)?).ok()?;
    tail.records.get(at).map(|record| &**record)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ops::Range;
    use std::sync::Arc;

    use super::*;
    use crate::clock::Timestamp;
    use crate::ledger::Event;

    /// A log of which each line has its number as id.
    fn tail(numbers: Range<u64>) -> LogTail {
        let record = |number: u64| Arc::new(Record::new(Timestamp::default(), Event::Held, number.to_string()));
        LogTail { first: numbers.start, records: numbers.map(record).collect() }
    }

    fn is_even(record: &Record) -> bool {
        record.id.parse::<u64>().unwrap().is_multiple_of(2)
    }

    #[test]
    fn each_line_is_tested_once_and_goes_with_the_log() {
        let tests = Cell::new(0);
        let mut lines = Lines::default();
        for (log, tested, wanted) in [(0..10, 10, 0..10_u64), (0..10, 0, 0..10), (4..13, 3, 4..13), (40..42, 2, 40..42)]
        {
            tests.set(0);
            lines.follow(&tail(log), |record| {
                tests.set(tests.get() + 1);
                is_even(record)
            });
            assert_eq!(tests.get(), tested);
            assert!(lines.numbers.iter().copied().eq(wanted.filter(|number| number % 2 == 0)));
        }
    }

    #[test]
    fn a_line_that_is_not_wanted_has_the_place_of_the_one_behind_it() {
        let mut lines = Lines::default();
        lines.follow(&tail(10..20), is_even);
        assert_eq!([10, 13, 14, 30].map(|number| lines.place_of(number)), [0, 2, 2, 5]);
        assert_eq!(lines.number(2), Some(14));
    }

    #[test]
    fn a_log_that_starts_anew_is_read_anew() {
        let mut lines = Lines::default();
        lines.follow(&tail(10..20), is_even);
        lines.follow(&tail(0..3), is_even);
        assert_eq!(lines.numbers, [0, 2]);
    }
}

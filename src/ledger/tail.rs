//! The newest records in memory, and those who read along.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::{Record, RecordFilter};

/// Records kept in memory: about 10 MB of usual mail.
const KEPT: usize = 20_000;
/// How far a reader may fall behind before it misses records.
const LAG: usize = 1024;

/// A ring of the newest records.
pub(super) struct Tail {
    kept: Mutex<Kept>,
    readers: broadcast::Sender<Arc<Record>>,
}

#[derive(Default)]
struct Kept {
    /// The number of the oldest.
    first: u64,
    records: VecDeque<Arc<Record>>,
}

impl Tail {
    pub(super) fn new() -> Self {
        Self { kept: Mutex::default(), readers: broadcast::Sender::new(LAG) }
    }

    pub(super) fn push(&self, record: Arc<Record>) {
        let mut kept = self.lock();
        let oldest = if kept.records.len() == KEPT { kept.records.pop_front() } else { None };
        kept.first += u64::from(oldest.is_some());
        kept.records.push_back(Arc::clone(&record));
        // To free a record takes longer than to add one; others need not wait for it.
        drop(kept);
        drop(oldest);
        if self.readers.receiver_count() > 0 {
            let _ = self.readers.send(record); // the last reader may just have left
        }
    }

    pub(super) fn recent(&self, filter: &RecordFilter, limit: usize) -> Vec<Arc<Record>> {
        // Copied first: the filter looks at text, and the engine must not wait for that.
        let records: Vec<_> = self.lock().records.iter().cloned().collect();
        let mut newest: Vec<_> =
            records.into_iter().rev().filter(|record| filter.matches(record)).take(limit).collect();
        newest.reverse();
        newest
    }

    pub(super) fn from(&self, number: u64, limit: usize) -> (u64, Vec<Arc<Record>>) {
        let kept = self.lock();
        let number = number.max(kept.first);
        let skipped = usize::try_from(number - kept.first).unwrap_or(usize::MAX);
        (number, kept.records.iter().skip(skipped).take(limit).cloned().collect())
    }

    pub(super) fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        self.readers.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    fn ids(records: &[Arc<Record>]) -> Vec<&str> {
        records.iter().map(|record| record.id.as_str()).collect()
    }

    #[test]
    fn the_newest_that_match_come_oldest_first() {
        let tail = Tail::new();
        for id in ["a1", "b2", "a3", "a4"] {
            tail.push(Arc::new(record(id)));
        }
        let filter: RecordFilter = "id:a".parse().unwrap();
        assert_eq!(ids(&tail.recent(&filter, 2)), ["a3", "a4"]);
        assert_eq!(ids(&tail.recent(&RecordFilter::default(), 100)), ["a1", "b2", "a3", "a4"]);
    }

    #[test]
    fn the_memory_of_records_is_bounded() {
        let tail = Tail::new();
        for number in 0..KEPT + 5 {
            tail.push(Arc::new(record(&number.to_string())));
        }
        let kept = tail.recent(&RecordFilter::default(), usize::MAX);
        assert_eq!((kept.len(), kept[0].id.as_str()), (KEPT, "5"));
    }

    #[test]
    fn a_reader_that_falls_behind_is_told_and_nobody_waits_for_it() {
        let tail = Tail::new();
        let mut reader = tail.follow();
        for number in 0..=LAG {
            tail.push(Arc::new(record(&number.to_string())));
        }
        assert!(matches!(reader.try_recv(), Err(broadcast::error::TryRecvError::Lagged(1))));
        assert_eq!(reader.try_recv().unwrap().id, "1");
    }
}

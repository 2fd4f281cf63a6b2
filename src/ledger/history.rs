//! What was counted in each of the last sixty seconds and sixty minutes.

use std::collections::VecDeque;
use std::ops::{Add, Sub};

use super::Totals;
use crate::clock::Timestamp;

/// Seconds and minutes kept.
const KEPT: usize = 60;

/// What was counted in one second or one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Sample {
    /// Inbound connections.
    pub connections: u64,
    /// Messages taken into the queue.
    pub accepted: u64,
    /// Messages refused.
    pub refused: u64,
    /// Recipients delivered.
    pub delivered: u64,
    /// Recipients deferred.
    pub deferred: u64,
    /// Recipients given up.
    pub failed: u64,
    /// Octets taken.
    pub bytes_in: u64,
    /// Octets sent.
    pub bytes_out: u64,
}

/// The recent past, oldest first; at the start shorter than sixty of each.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct History {
    /// One sample a second, the last minute.
    pub seconds: Vec<Sample>,
    /// One sample a minute, the hour before the minute under way.
    pub minutes: Vec<Sample>,
}

/// Makes samples out of totals.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    last: Option<(Timestamp, Sample)>,
    seconds: VecDeque<Sample>,
    minutes: VecDeque<Sample>,
    /// The minute under way, and how many of its seconds are in it.
    minute: (Sample, usize),
}

impl Recorder {
    /// Takes the totals of this second. Seconds that were missed count as empty, so that the time axis stays true;
    /// after a clock set back the next sample comes when time has caught up by a second.
    pub(super) fn tick(&mut self, now: Timestamp, totals: Sample) {
        let Some((then, before)) = self.last else {
            self.last = Some((now, totals));
            return;
        };
        if now < then {
            self.last = Some((now, before));
            return;
        }
        let elapsed = usize::try_from(now.since(then).as_secs()).unwrap_or(usize::MAX);
        if elapsed == 0 {
            return;
        }
        // Beyond an hour nothing would be left to see.
        for _ in 1..elapsed.min(KEPT * KEPT) {
            self.push(Sample::default());
        }
        self.push(totals - before);
        self.last = Some((now, totals));
    }

    pub(super) fn history(&self) -> History {
        History { seconds: self.seconds.iter().copied().collect(), minutes: self.minutes.iter().copied().collect() }
    }

    fn push(&mut self, second: Sample) {
        push_bounded(&mut self.seconds, second);
        let (sum, seconds) = self.minute;
        self.minute = (sum + second, seconds + 1);
        if self.minute.1 == KEPT {
            push_bounded(&mut self.minutes, self.minute.0);
            self.minute = Default::default();
        }
    }
}

impl From<&Totals> for Sample {
    fn from(totals: &Totals) -> Self {
        Self {
            connections: totals.connections.get(),
            accepted: totals.accepted.get(),
            refused: totals.refused.get(),
            delivered: totals.delivered.get(),
            deferred: totals.deferred.get(),
            failed: totals.failed.get(),
            bytes_in: totals.bytes_in.get(),
            bytes_out: totals.bytes_out.get(),
        }
    }
}

impl Add for Sample {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            accepted: self.accepted + other.accepted,
            refused: self.refused + other.refused,
            delivered: self.delivered + other.delivered,
            deferred: self.deferred + other.deferred,
            failed: self.failed + other.failed,
            bytes_in: self.bytes_in + other.bytes_in,
            bytes_out: self.bytes_out + other.bytes_out,
        }
    }
}

/// Totals only grow, so the difference of two is never negative.
impl Sub for Sample {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            connections: self.connections.saturating_sub(earlier.connections),
            accepted: self.accepted.saturating_sub(earlier.accepted),
            refused: self.refused.saturating_sub(earlier.refused),
            delivered: self.delivered.saturating_sub(earlier.delivered),
            deferred: self.deferred.saturating_sub(earlier.deferred),
            failed: self.failed.saturating_sub(earlier.failed),
            bytes_in: self.bytes_in.saturating_sub(earlier.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(earlier.bytes_out),
        }
    }
}

fn push_bounded(ring: &mut VecDeque<Sample>, sample: Sample) {
    if ring.len() == KEPT {
        ring.pop_front();
    }
    ring.push_back(sample);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(count: u64) -> Sample {
        Sample { accepted: count, ..Sample::default() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix(second)
    }

    #[test]
    fn each_second_holds_what_was_counted_in_it() {
        let mut recorder = Recorder::default();
        for (second, total) in [(0, 5), (1, 7), (2, 7), (3, 10)] {
            recorder.tick(at(second), accepted(total));
        }
        assert_eq!(recorder.history().seconds, [accepted(2), accepted(0), accepted(3)]);
    }

    #[test]
    fn missed_seconds_are_empty_and_a_second_tick_in_one_second_adds_nothing() {
        let mut recorder = Recorder::default();
        for (second, total) in [(0, 0), (3, 6), (3, 9), (4, 10)] {
            recorder.tick(at(second), accepted(total));
        }
        assert_eq!(recorder.history().seconds, [accepted(0), accepted(0), accepted(6), accepted(4)]);
    }

    #[test]
    fn sixty_seconds_make_a_minute_and_only_sixty_of_each_are_kept() {
        let mut recorder = Recorder::default();
        for second in 0..=60 * 90 {
            recorder.tick(at(second), accepted(u64::try_from(second).unwrap()));
        }
        let history = recorder.history();
        assert_eq!((history.seconds.len(), history.minutes.len()), (60, 60));
        assert!(history.minutes.iter().all(|minute| *minute == accepted(60)));
    }

    #[test]
    fn a_clock_set_back_loses_no_count() {
        let mut recorder = Recorder::default();
        recorder.tick(at(100), accepted(0));
        recorder.tick(at(50), accepted(3));
        recorder.tick(at(51), accepted(4));
        assert_eq!(recorder.history().seconds, [accepted(4)]);
    }
}

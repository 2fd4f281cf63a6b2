//! How fast a destination is given mail: at most so many messages in any minute. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// A minute, and the second that is lost where time is counted in whole ones.
const MINUTE: Duration = Duration::from_secs(61);

/// The messages of the last minute, by the second.
#[derive(Debug)]
pub(super) struct Pace {
    limit: Option<u32>,
    given: VecDeque<(Timestamp, u32)>,
}

impl Pace {
    /// At most this many messages in any minute; `None` is no limit.
    pub(super) fn new(limit: Option<u32>) -> Self {
        Self { limit, given: VecDeque::new() }
    }

    /// When the next message may go; `None` is now.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Timestamp> {
        let limit = self.limit?;
        while self.given.front().is_some_and(|(second, _)| second.plus(MINUTE) <= now) {
            self.given.pop_front();
        }
        let given: u32 = self.given.iter().map(|(_, count)| count).sum();
        (given >= limit).then(|| self.given.front().map_or(now, |(second, _)| second.plus(MINUTE)))
    }

    /// A message goes.
    pub(super) fn count(&mut self, now: Timestamp) {
        if self.limit.is_none() {
            return;
        }
        match self.given.back_mut() {
            Some((second, count)) if *second >= now => *count += 1,
            _ => self.given.push_back((now, 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    #[test]
    fn without_a_limit_all_go_at_once() {
        let mut pace = Pace::new(None);
        (0..1000).for_each(|_| pace.count(at(0)));
        assert_eq!(pace.next(at(0)), None);
        assert!(pace.given.is_empty());
    }

    #[test]
    fn the_message_beyond_the_limit_waits_until_the_first_is_a_minute_old() {
        let mut pace = Pace::new(Some(2));
        for second in [0, 20] {
            assert_eq!(pace.next(at(second)), None);
            pace.count(at(second));
        }
        assert_eq!(pace.next(at(20)), Some(at(61)));
        assert_eq!(pace.next(at(60)), Some(at(61)));
        assert_eq!(pace.next(at(61)), None);
        pace.count(at(61));
        assert_eq!(pace.next(at(61)), Some(at(81)));
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_the_limit(limit in 1_u32..10, steps in prop::collection::vec(0_i64..30, 1..200)) {
            let mut pace = Pace::new(Some(limit));
            let (mut now, mut sent) = (0, Vec::new());
            for step in steps {
                now += step;
                while pace.next(at(now)).is_none() {
                    pace.count(at(now));
                    sent.push(now);
                }
                prop_assert!(pace.next(at(now)).is_some_and(|next| next > at(now)));
            }
            let limit = usize::try_from(limit).unwrap();
            prop_assert!(sent.windows(limit + 1).all(|window| window[limit] - window[0] > 60), "{sent:?}");
        }
    }
}

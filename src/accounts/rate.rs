//! How many messages a user may send in an hour.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;

const HOUR: u64 = 3600;

/// What each user with a limit has left. There are no more entries than users ever had one.
#[derive(Debug, Default)]
pub(super) struct Rates(HashMap<Arc<str>, Left>);

/// A user may send what is left at once; it grows back evenly over an hour.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// Messages times seconds of an hour, so that nothing is lost by rounding.
    parts: u64,
    at: Timestamp,
}

impl Rates {
    /// Takes one message from what is left; if nothing is, tells when there is again.
    pub(super) fn take(&mut self, user: &Arc<str>, limit: u32, now: Timestamp) -> Result<(), Duration> {
        let full = u64::from(limit) * HOUR;
        let left = self.0.entry(Arc::clone(user)).or_insert(Left { parts: full, at: now });
        let grown = now.since(left.at).as_secs().saturating_mul(limit.into());
        *left = Left { parts: left.parts.saturating_add(grown).min(full), at: now };
        match left.parts.checked_sub(HOUR) {
            Some(parts) => {
                left.parts = parts;
                Ok(())
            }
            None => Err(Duration::from_secs((HOUR - left.parts).div_ceil(u64::from(limit.max(1))))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_sends_as_many_as_allowed_and_the_next_when_there_is_room() {
        let (mut rates, bob, start) = (Rates::default(), Arc::from("bob"), Timestamp::from_unix(1_795_518_903));
        for _ in 0..30 {
            assert_eq!(rates.take(&bob, 30, start), Ok(()));
        }
        assert_eq!(rates.take(&bob, 30, start), Err(Duration::from_mins(2)));
        assert_eq!(rates.take(&bob, 30, start.plus(Duration::from_secs(119))), Err(Duration::from_secs(1)));
        assert_eq!(rates.take(&bob, 30, start.plus(Duration::from_mins(2))), Ok(()));
        assert_eq!(rates.take(&Arc::from("ann"), 1, start), Ok(()), "each user has an own limit");
        let sent = (0..100).filter(|_| rates.take(&bob, 30, start.plus(Duration::from_hours(9))).is_ok()).count();
        assert_eq!(sent, 30, "no more than for an hour is saved up");
    }

    #[test]
    fn a_lower_limit_holds_at_once() {
        let (mut rates, bob, start) = (Rates::default(), Arc::from("bob"), Timestamp::from_unix(1_795_518_903));
        assert_eq!(rates.take(&bob, 1000, start), Ok(()));
        let sent = (0..100).filter(|_| rates.take(&bob, 5, start).is_ok()).count();
        assert_eq!(sent, 5);
    }
}

//! When a message is tried again, when its sender hears of a delay, when it is given up: pure arithmetic.
//!
//! The waits are those of the old server: each counts from the attempt before, the last one repeats, and nothing is
//! added at random, so that a list of attempts reads exactly like the settings. What spreads the load is the
//! back-off of a destination, not the schedule of a message.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::Delivery;
use crate::queue::Message;

/// When the next attempt is due after one at `now`, with `attempts` made so far (that one included).
///
/// The last attempt of all is made at the moment of expiration and not beyond it, so that a sender never waits a
/// whole long interval for an answer that is already certain.
pub(crate) fn next_attempt(settings: &Delivery, received: Timestamp, attempts: u32, now: Timestamp) -> Timestamp {
    no_later_than_the_end(settings, received, now.plus(wait(&settings.retry, attempts)), now)
}

fn no_later_than_the_end(settings: &Delivery, received: Timestamp, due: Timestamp, now: Timestamp) -> Timestamp {
    match expires(settings, received) {
        Some(end) if end > now => due.min(end),
        _ => due,
    }
}

/// When a message is due next that was not tried at `now` and whose attempts say nothing of its age: at the next time
/// that an unbroken series of attempts since it was received would have had.
pub(crate) fn next_on_time(settings: &Delivery, received: Timestamp, now: Timestamp) -> Timestamp {
    let mut due = received;
    for attempts in 1..=u32::try_from(settings.retry.len()).unwrap_or(u32::MAX) {
        due = due.plus(wait(&settings.retry, attempts));
        if due > now {
            break;
        }
    }
    if due <= now {
        let step = wait(&settings.retry, u32::MAX).max(Duration::from_secs(1));
        let steps = now.since(due).as_secs() / step.as_secs().max(1) + 1;
        due = due.plus(Duration::from_secs(steps.saturating_mul(step.as_secs().max(1))));
    }
    no_later_than_the_end(settings, received, due, now)
}

/// When a message is due next that a server had no room for at `now`.
pub(crate) fn next_soon(settings: &Delivery, received: Timestamp, now: Timestamp) -> Timestamp {
    no_later_than_the_end(settings, received, now.plus(SOON), now)
}

/// When a message is given up; `None` is never.
pub(crate) fn expires(settings: &Delivery, received: Timestamp) -> Option<Timestamp> {
    settings.expiration.map(|span| received.plus(span))
}

/// Whether an attempt that failed at `now` was the last one.
pub(crate) fn is_expired(settings: &Delivery, received: Timestamp, now: Timestamp) -> bool {
    expires(settings, received).is_some_and(|end| now >= end)
}

/// Whether the sender is to be told now that the message is late. A message about to be given up is not late but
/// failed, and of that the sender is told anyway.
pub(crate) fn is_late(settings: &Delivery, message: &Message, now: Timestamp) -> bool {
    let over = |span| now.since(message.received) >= span;
    !message.delay_reported && settings.delay_notification.is_some_and(over)
}

/// The wait behind the attempt of this number, which counts from 1.
fn wait(retry: &[Duration], attempt: u32) -> Duration {
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    retry.get(index).or(retry.last()).copied().unwrap_or(FALLBACK)
}

/// Settings hold at least one wait; if they did not, this one would do.
const FALLBACK: Duration = Duration::from_mins(15);
/// The wait for room at a busy server.
const SOON: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Envelope, ReversePath};
    use crate::queue::Origin;

    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;

    fn settings() -> Delivery {
        crate::config::Settings::defaults(std::path::Path::new("/")).delivery
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix(seconds)
    }

    fn attempts_of_a_message_that_never_leaves(settings: &Delivery) -> Vec<i64> {
        let mut times = vec![0];
        loop {
            let now = at(times[times.len() - 1]);
            if is_expired(settings, at(0), now) {
                return times;
            }
            let attempts = u32::try_from(times.len()).unwrap();
            times.push(next_attempt(settings, at(0), attempts, now).as_unix());
        }
    }

    #[test]
    fn s010_waits_count_from_the_attempt_before_and_the_last_repeats_until_expiration() {
        let times = attempts_of_a_message_that_never_leaves(&settings());
        let first: Vec<i64> = [0, 15, 45, 105, 345, 585].iter().map(|minutes| minutes * MINUTE).collect();
        assert_eq!(times[..6], first);
        assert!(times.windows(2).skip(4).all(|pair| pair[1] - pair[0] <= 4 * HOUR));
        assert_eq!(times.last(), Some(&(48 * HOUR)), "the last attempt is made when the message expires");
    }

    #[test]
    fn without_expiration_a_message_is_never_given_up() {
        let settings = Delivery { expiration: None, ..settings() };
        assert!(!is_expired(&settings, at(0), at(i64::MAX / 2)));
        assert_eq!(next_attempt(&settings, at(0), 99, at(0)), at(4 * HOUR));
    }

    #[test]
    fn an_attempt_made_by_hand_behind_the_expiration_still_has_a_next_one_in_the_future() {
        let later = at(72 * HOUR);
        assert!(next_attempt(&settings(), at(0), 3, later) > later);
    }

    #[test]
    fn what_was_not_tried_is_due_when_it_would_have_been_due_anyway() {
        let times = attempts_of_a_message_that_never_leaves(&settings());
        for pair in times.windows(2) {
            for now in [pair[0], pair[0] + 1, pair[1] - 1] {
                assert_eq!(next_on_time(&settings(), at(0), at(now)), at(pair[1]), "{now}");
            }
        }
        let settings = Delivery { expiration: None, retry: vec![Duration::ZERO], ..settings() };
        assert_eq!(next_on_time(&settings, at(0), at(50)), at(51), "always in the future");
    }

    #[test]
    fn a_delay_is_told_once_and_only_after_the_set_time() {
        let mut message = Message::new(Envelope::new(ReversePath::Null), Origin::default(), at(0));
        assert!(!is_late(&settings(), &message, at(12 * HOUR - 1)));
        assert!(is_late(&settings(), &message, at(12 * HOUR)));
        message.delay_reported = true;
        assert!(!is_late(&settings(), &message, at(13 * HOUR)));
        let never = Delivery { delay_notification: None, ..settings() };
        message.delay_reported = false;
        assert!(!is_late(&never, &message, at(13 * HOUR)));
    }
}

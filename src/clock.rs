//! Time: points in it, their written forms, and a clock that tests and jumping system clocks cannot disturb.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// How far the system clock may differ from ours and still be believed. Anything beyond is a fault of the
/// machine: to follow it would expire the whole queue at once, or stop every retry.
const BELIEVABLE: i64 = 12 * 3600;

/// A point in time, in whole seconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time of the form 2026-11-24T11:15:03Z")]
pub struct TimestampError;

impl Timestamp {
    /// From seconds since 1970 (UTC).
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970 (UTC).
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This point and a span later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_secs()).unwrap_or(i64::MAX)))
    }

    /// The date-time of RFC 5322 3.3 in local time with its numeric zone: `Tue, 24 Nov 2026 11:15:03 +0000`.
    pub fn rfc5322(self) -> String {
        self.zoned(TimeZone::system()).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
    }

    /// The date as `2026-11-24` (UTC), for the names of daily files.
    pub fn date(self) -> String {
        self.zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
    }

    fn zoned(self, zone: TimeZone) -> jiff::Zoned {
        // Out of jiff's range lies year 9999, which no clock of ours reports; the epoch is as good as any answer.
        jiff::Timestamp::from_second(self.0).unwrap_or_default().to_zoned(zone)
    }
}

/// RFC 3339 in UTC, always 20 characters: `2026-11-24T11:15:03Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>().map(|at| Self(at.as_second())).map_err(|_| TimestampError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The engine's clock: starts at the system's time and then runs by the monotonic clock, so that setting the
/// system clock neither expires mail nor stalls a retry. Under `tokio::time::pause` it stands still.
#[derive(Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
    /// Unix seconds at `origin`; moved by [`Clock::follow`].
    base: AtomicI64,
}

impl Clock {
    /// A clock set to the system's time.
    pub fn system() -> Self {
        Self::starting_at(Timestamp(system_seconds()))
    }

    /// A clock set to a chosen time, for tests.
    pub fn starting_at(start: Timestamp) -> Self {
        Self { origin: tokio::time::Instant::now(), base: AtomicI64::new(start.0) }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.at(tokio::time::Instant::now())
    }

    /// The time at a moment since the start of this clock.
    pub fn at(&self, moment: tokio::time::Instant) -> Timestamp {
        let elapsed = i64::try_from(moment.duration_since(self.origin).as_secs()).unwrap_or(i64::MAX);
        Timestamp(self.base.load(Ordering::Relaxed) + elapsed)
    }

    /// Adopts the system's time, to be called once a minute. A jump of more than twelve hours is not believed:
    /// the difference in seconds comes back for the caller to report, and the clock runs on as it was.
    pub fn follow(&self) -> Result<(), i64> {
        let difference = system_seconds() - self.now().0;
        if difference.abs() > BELIEVABLE {
            return Err(difference);
        }
        self.base.fetch_add(difference, Ordering::Relaxed);
        Ok(())
    }
}

fn system_seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_back_as_it_was_written_in_twenty_characters() {
        let at = Timestamp::from_unix(1_795_518_903);
        assert_eq!(at.to_string(), "2026-11-24T11:15:03Z");
        assert_eq!("2026-11-24T11:15:03Z".parse(), Ok(at));
        assert_eq!("yesterday".parse::<Timestamp>(), Err(TimestampError));
    }

    #[test]
    fn a_message_date_carries_a_numeric_zone() {
        let date = Timestamp::from_unix(1_795_518_903).rfc5322();
        let zone = &date[date.len() - 5..];
        assert!(zone.starts_with(['+', '-']) && zone[1..].bytes().all(|b| b.is_ascii_digit()), "{date}");
    }

    #[tokio::test(start_paused = true)]
    async fn fs15_the_clock_runs_by_the_monotonic_clock() {
        let clock = Clock::starting_at(Timestamp::from_unix(1000));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), Timestamp::from_unix(1090));
    }

    #[tokio::test(start_paused = true)]
    async fn fs15_a_clock_set_ten_years_ahead_is_not_followed() {
        let clock = Clock::starting_at(Timestamp(system_seconds() - 10 * 365 * 86_400));
        let before = clock.now();
        assert!(clock.follow().is_err());
        assert_eq!(clock.now(), before);
    }
}

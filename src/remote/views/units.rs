//! Spans, times and sizes in the few characters that a list has room for.

use std::time::Duration;

use crate::clock::Timestamp;

/// In the largest unit of which there is at least one: `40s`, `5m`, `3h`, `2d`.
pub(super) fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ ..60 => format!("{seconds}s"),
        seconds @ ..3600 => format!("{}m", seconds / 60),
        // Up to two days hours say more: mail expires after two days.
        seconds @ ..172_800 => format!("{}h", seconds / 3600),
        seconds => format!("{}d", seconds / 86_400),
    }
}

/// How long ago a time was. What is no time is shown as it is.
pub(super) fn age(time: &str, now: Timestamp) -> String {
    time.parse::<Timestamp>().map_or_else(|_| time.to_owned(), |time| span(now.since(time)))
}

/// How far ahead a time is: `in 5m`, or `now` when it has come.
pub(super) fn ahead(time: Option<&str>, now: Timestamp) -> String {
    match time.map(str::parse::<Timestamp>) {
        None => "-".to_owned(),
        Some(Err(_)) => time.unwrap_or_default().to_owned(),
        Some(Ok(time)) if time <= now => "now".to_owned(),
        Some(Ok(time)) => format!("in {}", span(time.since(now))),
    }
}

/// In units of 1024, as the old server counts: `512 B`, `4.0 KB`, `12 MB`.
pub(super) fn size(octets: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if octets < 1024 {
        return format!("{octets} B");
    }
    let mut value = octets as f64 / 1024.0;
    let mut unit = 0;
    // What would be rounded up to 1024 belongs to the next unit.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_shown_in_its_largest_unit() {
        let shown: Vec<_> = [0, 59, 60, 3599, 3600, 172_799, 172_800].map(|s| span(Duration::from_secs(s))).into();
        assert_eq!(shown, ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
    }

    #[test]
    fn times_are_shown_by_their_distance() {
        let now = "2026-11-24T11:15:03Z".parse().unwrap();
        assert_eq!(age("2026-11-24T08:15:03Z", now), "3h");
        assert_eq!(age("no time", now), "no time");
        assert_eq!(ahead(Some("2026-11-24T11:30:03Z"), now), "in 15m");
        assert_eq!(ahead(Some("2026-11-24T11:15:03Z"), now), "now");
        assert_eq!(ahead(None, now), "-");
    }

    #[test]
    fn sizes_have_at_most_four_digits() {
        let shown: Vec<_> = [0, 1023, 1024, 4000, 10_240, 1_048_575, 2_097_152, 5_000_000_000_000_000].map(size).into();
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KB", "3.9 KB", "10 KB", "1.0 MB", "2.0 MB", "4547 TB"]);
    }
}

//! Numbers as people read them at a glance.

use std::time::Duration;

use crate::clock::Timestamp;

/// A span in one or two units: `45s`, `7m`, `3h12`, `2d04`.
pub(crate) fn age(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h{:02}", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// When something is due: `now`, or how long until then.
pub(crate) fn until(at: Timestamp, now: Timestamp) -> String {
    if at <= now { "now".to_owned() } else { age(at.since(now)) }
}

/// Octets: `812 B`, `4.1 KB`, `23 MB`.
pub(crate) fn size(octets: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if octets < 1000 {
        return format!("{octets} B");
    }
    let mut value = octets as f64 / 1024.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A number with blanks between its groups of three digits.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}

/// So many of something: `1 line`, `1 234 lines`.
pub(crate) fn counted(number: impl TryInto<usize>, one: &str) -> String {
    let number = number.try_into().unwrap_or(usize::MAX);
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", count(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_sizes_and_counts_are_short() {
        let ages = [5, 125, 11_520, 187_200].map(|seconds| age(Duration::from_secs(seconds)));
        assert_eq!(ages, ["5s", "2m", "3h12", "2d04"]);
        assert_eq!([size(999), size(1000), size(4200), size(24_000_000)], ["999 B", "1.0 KB", "4.1 KB", "23 MB"]);
        assert_eq!([counted(1_u64, "line"), counted(1200, "line")], ["1 line", "1 200 lines"]);
        assert_eq!([count(7), count(1234), count(1_000_000)], ["7", "1 234", "1 000 000"]);
    }

    #[test]
    fn what_is_due_is_due_now() {
        let now = Timestamp::from_unix(100);
        assert_eq!(until(now, now), "now");
        assert_eq!(until(now.plus(Duration::from_secs(90)), now), "1m");
    }
}

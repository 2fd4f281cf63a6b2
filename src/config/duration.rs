//! Time spans: `"15m"`, `"1h30m"`, `"2d"`.

use std::time::Duration;

/// Units in which a span is written, largest first, in milliseconds. Months and years are read but never
/// written: nobody agrees on their length.
const UNITS: [(&str, u128); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A written span: numbers with units from `ms` to `y`, as `humantime` reads them. `None` if it is no span.
pub fn parse(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

/// The span in days, hours, minutes, seconds and milliseconds, without those that are zero.
pub fn write(span: Duration) -> String {
    let mut rest = span.as_millis();
    let mut parts = Vec::new();
    for (name, size) in UNITS {
        if rest >= size {
            parts.push(format!("{}{name}", rest / size));
            rest %= size;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.concat() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spans_are_written_as_people_write_them() {
        for (text, seconds) in [("15m", 900), ("1h30m", 5400), ("2d", 172_800), ("90d", 7_776_000), ("0s", 0)] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
            assert_eq!(write(Duration::from_secs(seconds)), text);
        }
        assert_eq!(parse("10 minutes"), parse("600s"));
    }

    #[test]
    fn a_span_without_a_unit_is_refused() {
        for text in ["", "10", "-1s", "soon", "1 fortnight", "99999999999999999999s", "99999999999999y"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_span_reads_back_as_it_was_written(milliseconds in 0u64..1 << 50) {
            let span = Duration::from_millis(milliseconds);
            prop_assert_eq!(parse(&write(span)), Some(span));
        }
    }
}

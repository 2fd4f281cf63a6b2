//! Sizes: `"2048 KB"`, `"2 MiB"`, plain octets.

/// Units, largest first. In mail a kilobyte always was 1024 octets, so KB and KiB are the same; the old server's
/// `2048 KB` is announced as `SIZE 2097152`.
const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KB", 1 << 10)];

/// Octets of a written size: digits and perhaps a unit (B, KB, KiB, MB, MiB, GB, GiB, TB, TiB, in any case), with
/// or without a space between. `None` if it is no size, or more than a `u64` holds.
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    digits.parse::<u64>().ok()?.checked_mul(octets(unit.trim_start())?)
}

/// The size in the largest unit that divides it.
pub fn write(octets: u64) -> String {
    let unit = UNITS.into_iter().find(|(_, size)| octets >= *size && octets.is_multiple_of(*size));
    match unit {
        Some((name, size)) => format!("{} {name}", octets / size),
        None => format!("{octets} B"),
    }
}

fn octets(unit: &str) -> Option<u64> {
    match unit.to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "k" | "kb" | "kib" => Some(1 << 10),
        "m" | "mb" | "mib" => Some(1 << 20),
        "g" | "gb" | "gib" => Some(1 << 30),
        "t" | "tb" | "tib" => Some(1 << 40),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn kilobytes_are_1024_octets_however_they_are_written() {
        for text in ["2048 KB", "2048KiB", "2 MiB", "2mb", "2 M", "2097152", " 2097152 B "] {
            assert_eq!(parse(text), Some(2_097_152), "{text}");
        }
        assert_eq!(parse("1 GiB"), Some(1 << 30));
        assert_eq!(parse("0"), Some(0));
    }

    #[test]
    fn what_is_no_size_is_refused_and_nothing_overflows() {
        for text in ["", "KB", "12 XB", "-1", "1.5 MB", "1 K B", "٣ KB", "99999999999999999999", "20000000 TiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_size_reads_back_as_it_was_written(octets: u64) {
            prop_assert_eq!(parse(&write(octets)), Some(octets));
        }

        #[test]
        fn whole_units_read_back_as_they_were_written(count in 0u64..100_000, shift in 0u32..40) {
            prop_assert_eq!(parse(&write(count << shift)), Some(count << shift));
        }
    }
}

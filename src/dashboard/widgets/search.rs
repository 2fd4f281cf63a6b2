//! What a search finds in a text.

use std::ops::Range;

/// Where a text occurs in another one, upper and lower case being the same.
pub(crate) fn occurrences(text: &str, wanted: &str) -> Vec<Range<usize>> {
    let wanted: Vec<char> = wanted.chars().flat_map(char::to_lowercase).collect();
    let mut found: Vec<Range<usize>> = Vec::new();
    if wanted.is_empty() {
        return found;
    }
    for (at, _) in text.char_indices() {
        if found.last().is_none_or(|last| last.end <= at)
            && let Some(end) = end_of(&text[at..], &wanted)
        {
            found.push(at..at + end);
        }
    }
    found
}

/// Where `wanted` ends in a text that begins with it.
fn end_of(text: &str, wanted: &[char]) -> Option<usize> {
    let mut rest = wanted;
    for (at, c) in text.char_indices() {
        if rest.is_empty() {
            return Some(at);
        }
        for lower in c.to_lowercase() {
            rest = rest.strip_prefix(&[lower])?;
        }
    }
    rest.is_empty().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_every_occurrence_in_any_case() {
        assert_eq!(occurrences("Relay denied, RELAY", "relay"), [0..5, 14..19]);
        assert_eq!(occurrences("aaaaa", "aa"), [0..2, 2..4]);
        assert!(occurrences("abc", "").is_empty() && occurrences("ab", "abc").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(text in "\\PC{0,40}", wanted in "\\PC{1,3}") {
            for range in occurrences(&text, &wanted) {
                let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
                proptest::prop_assert_eq!(lower(&text[range]), lower(&wanted));
            }
        }
    }
}

//! "Did you mean …": the known key that an unknown one was most likely meant to be.

use super::fields::{SECTIONS, domain_fields, fields};

/// What is said of a key that does not exist.
pub(super) fn no_such_key(key: &str) -> String {
    match nearest(key) {
        Some(meant) => format!("no such key; did you mean {meant}?"),
        None => "no such key; the command `config show` lists them all".to_owned(),
    }
}

/// The key or section nearest to `unknown`. The last part decides, so that a key in the wrong section is found;
/// among equals it is the one whose whole path is nearest.
fn nearest(unknown: &str) -> Option<String> {
    let sections = SECTIONS.iter().map(|section| section.path.to_owned());
    let keys = fields().map(|field| field.key.to_owned());
    let domain = unknown.split_once("].").map(|(domain, _)| domain).filter(|domain| domain.starts_with("domain["));
    let domains = domain.into_iter().flat_map(|domain| domain_fields().map(move |f| format!("{domain}].{}", f.key)));
    let word = last(unknown);
    let allowed = word.chars().count().div_ceil(3);
    let known = sections.chain(["domain".to_owned()]).chain(keys).chain(domains);
    let near = known.map(|key| (distance(word, last(&key)), distance(unknown, &key), key));
    near.filter(|(distance, _, key)| *distance <= allowed && !key.is_empty() && key != unknown)
        .min()
        .map(|(_, _, key)| key)
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// The number of letters to add, take away or change to make one word of the other (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest("messages.max_mesage_size").as_deref(), Some("messages.max_message_size"));
        assert_eq!(nearest("delivery.advanced.smarthost").as_deref(), Some("delivery.advanced.smart_host"));
        assert_eq!(nearest("domain[3].smarthost").as_deref(), Some("domain[3].smart_host"));
        assert_eq!(nearest("generl").as_deref(), Some("general"));
    }

    #[test]
    fn a_key_in_the_wrong_section_is_found() {
        assert_eq!(nearest("hostname").as_deref(), Some("general.hostname"));
        assert_eq!(nearest("delivery.timeout").as_deref(), Some("delivery.outbound_connections.timeout"));
        assert_eq!(nearest("domains").as_deref(), Some("domain"));
    }

    #[test]
    fn what_resembles_nothing_gets_no_advice() {
        assert_eq!(nearest("general.colour_of_the_bikeshed"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(nearest("general"), None, "a section is no key");
    }

    #[test]
    fn distance_counts_edits() {
        for (from, to, edits) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("ü", "u", 1), ("ab", "ba", 2)]
        {
            assert_eq!(distance(from, to), edits, "{from} {to}");
        }
    }
}

//! Values as people read them.

use crate::config::{self, Apply, Kind};
use crate::text::printable;

/// A value, given as TOML, as it is read: without quotes, with words where a number means something else.
pub(super) fn shown(kind: Kind, toml: &str) -> String {
    let value = kind.entered(toml);
    match kind {
        Kind::Switch | Kind::Table => if is_on(&value) { "yes" } else { "no" }.to_owned(),
        Kind::List => {
            let entries = config::entries(toml);
            let entries: Vec<_> = entries.iter().map(|entry| printable(entry).into_owned()).collect();
            if entries.is_empty() { "(none)".to_owned() } else { entries.join(", ") }
        }
        Kind::Count { min: 0, .. } | Kind::Size | Kind::Span if value == "0" => "no limit".to_owned(),
        _ if value.is_empty() => "(none)".to_owned(),
        _ => printable(&value).into_owned(),
    }
}

/// The same as something to press: a switch with its box.
pub(super) fn pressable(kind: Kind, toml: &str) -> String {
    match (kind, toml) {
        (Kind::Switch | Kind::Table, toml) if is_on(toml) => "[x] yes".to_owned(),
        (Kind::Switch | Kind::Table, _) => "[ ] no".to_owned(),
        (kind, toml) => shown(kind, toml),
    }
}

/// Whether a switch is on, or a table there.
pub(super) fn is_on(value: &str) -> bool {
    value == "true" || value.starts_with('{')
}

/// A value of one side of a change.
pub(super) fn side(kind: Kind, toml: Option<&str>) -> String {
    toml.map_or_else(|| "(not there)".to_owned(), |toml| shown(kind, toml))
}

/// When a change of a setting takes effect, in a word or two.
pub(super) const fn when(apply: Apply) -> &'static str {
    match apply {
        Apply::Now => "at once",
        Apply::NextSession => "next session",
        Apply::Rebind => "opens listeners",
        Apply::Restart => "after a restart",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_without_toml() {
        assert_eq!(shown(Kind::Size, "\"2048 KB\""), "2048 KB");
        assert_eq!(shown(Kind::Count { min: 0, max: 9 }, "0"), "no limit");
        assert_eq!(shown(Kind::Count { min: 1, max: 9 }, "0"), "0");
        assert_eq!(shown(Kind::List, "[\"10.0.0.0/8\", \"a.example\"]"), "10.0.0.0/8, a.example");
        assert_eq!(shown(Kind::Text, "\"a\\u001b[2Jb\\u202e\""), "a␛[2Jb<U+202E>");
        assert_eq!(side(Kind::Text, None), "(not there)");
    }
}

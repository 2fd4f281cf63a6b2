//! Settings side by side with others: with the defaults, and with those before a change.

use std::path::Path;

use super::fields::{Apply, Field, Kind, domain_fields, fields};
use super::{Domain, Settings};

/// One setting as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Its key: `general.listen`, `domain[1].relay`.
    pub key: String,
    /// Its value as TOML, paths absolute and secrets masked.
    pub value: String,
    /// Whether it is what an empty file would have given.
    pub is_default: bool,
}

impl Settings {
    /// Every setting with its value, in the order of the sample file. `base` is where relative paths started.
    pub fn effective(&self, base: &Path) -> Vec<Effective> {
        let mut all: Vec<_> = fields().map(|field| effective(field, self, "", base)).collect();
        for (index, domain) in self.domains.iter().enumerate() {
            let parent = format!("domain[{}].", index + 1);
            all.extend(domain.fields().map(|field| effective(field, domain, &parent, base)));
        }
        all
    }
}

/// The keys whose values differ, each with the time from which the new value holds. Remote domains are one key,
/// `domain`.
pub fn changes(old: &Settings, new: &Settings) -> Vec<(&'static str, Apply)> {
    let changed = fields().filter(|field| field.differs(old, new)).map(|field| (field.key, field.apply));
    let domains = (old.domains != new.domains).then_some(("domain", Apply::NextSession));
    changed.chain(domains).collect()
}

impl Domain {
    /// Its settings that are not the default, as the table they are: `{ name = "a.example" }`. Secrets are masked.
    pub(crate) fn in_one_line(&self) -> String {
        let is_set = |field: &&Field<Self>| field.default.is_empty() || !field.is_default(self, Path::new(""));
        let set: Vec<_> = domain_fields().filter(is_set).collect();
        // A table of which keys follow is not named by itself as well.
        let is_shown = |field: &&Field<Self>| {
            field.kind() != Kind::Table || set.iter().all(|other| !other.key.starts_with(&format!("{}.", field.key)))
        };
        let shown = set.iter().copied().filter(is_shown);
        let fields: Vec<_> = shown.map(|field| format!("{} = {}", field.key, field.value(self))).collect();
        format!("{{ {} }}", fields.join(", "))
    }
}

/// One thing in which two settings differ, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs, whatever its number in the file.
    pub place: Place,
    /// Its key: `general.listen`, `domain[1].relay` with the number that holds now, `domain[2]`.
    pub key: String,
    /// The old server's name of it, or ours where it had none.
    pub label: &'static str,
    /// How it is edited.
    pub kind: Kind,
    /// The value before as TOML, a secret masked; `None` for a remote domain that is new.
    pub old: Option<String>,
    /// The value now; `None` for a remote domain that is gone.
    pub new: Option<String>,
    /// When the new value takes effect.
    pub apply: Apply,
}

/// What a difference is about. Remote domains go by their names, since numbers shift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A setting of the whole server.
    Setting(&'static str),
    /// A setting of a remote domain that is in both, by the name it had before.
    OfDomain(String, &'static str),
    /// A remote domain that is in one of them only.
    Domain(String),
}

/// All in which two settings differ, in the order of the sample file, remote domains last. Values are as a person reads
/// them, and a secret that changed is there with both its sides masked.
pub fn differences(old: &Settings, new: &Settings) -> Vec<Difference> {
    let differs = |field: &&'static Field| field.differs(old, new);
    let mut all: Vec<_> = fields()
        .filter(differs)
        .map(|field| difference(field, Place::Setting(field.key), field.key.to_owned(), old, new))
        .collect();
    let pairs = pairs(&old.domains, &new.domains);
    for (number, domain) in (1..).zip(&new.domains) {
        let key = format!("domain[{number}]");
        let Some(before) = pairs[number - 1].map(|index| &old.domains[index]) else {
            let place = Place::Domain(domain.name.to_string());
            all.push(of_domain(place, key, None, Some(domain.in_one_line())));
            continue;
        };
        all.extend(domain_fields().filter(|field| field.differs(before, domain)).map(|field| {
            let place = Place::OfDomain(before.name.to_string(), field.key);
            difference(field, place, format!("{key}.{}", field.key), before, domain)
        }));
    }
    let gone = old.domains.iter().enumerate().filter(|(index, _)| !pairs.contains(&Some(*index)));
    all.extend(gone.map(|(index, domain)| {
        let place = Place::Domain(domain.name.to_string());
        of_domain(place, format!("domain[{}]", index + 1), Some(domain.in_one_line()), None)
    }));
    all
}

/// For each of the new domains the one it was before: that of its name. Where as many are there as before, those whose
/// names are gone were renamed.
fn pairs(old: &[Domain], new: &[Domain]) -> Vec<Option<usize>> {
    let same_name = |domain: &Domain| old.iter().position(|before| before.name == domain.name);
    let is_gone = |index: usize| new.iter().all(|domain| domain.name != old[index].name);
    let renamed = |index: usize| (old.len() == new.len() && is_gone(index)).then_some(index);
    new.iter().enumerate().map(|(index, domain)| same_name(domain).or_else(|| renamed(index))).collect()
}

fn difference<S: Clone>(field: &'static Field<S>, place: Place, key: String, old: &S, new: &S) -> Difference {
    Difference {
        place,
        key,
        label: field.label,
        kind: field.kind(),
        old: Some(field.value(old)),
        new: Some(field.value(new)),
        apply: field.apply,
    }
}

fn of_domain(place: Place, key: String, old: Option<String>, new: Option<String>) -> Difference {
    Difference { place, key, label: "Remote domain", kind: Kind::Text, old, new, apply: Apply::NextSession }
}

fn effective<S: Clone>(field: &Field<S>, settings: &S, parent: &str, base: &Path) -> Effective {
    Effective {
        key: format!("{parent}{}", field.key),
        value: field.value(settings),
        is_default: field.is_default(settings, base),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn settings(toml: &str) -> Settings {
        parse(toml, Path::new("/srv")).unwrap()
    }

    #[test]
    fn what_changed_is_named_with_the_time_it_takes_effect() {
        let new = settings(
            "mailroot = \"elsewhere\"\n[general]\nlisten = []\n[access]\nrelay = { list = [\"10.0.0.0/8\"] }\n\
             [delivery]\nretry = [\"1m\"]\n[[domain]]\nname = \"a.example\"",
        );
        assert_eq!(
            changes(&settings(""), &new),
            [
                ("mailroot", Apply::Restart),
                ("general.listen", Apply::Rebind),
                ("access.relay.list", Apply::NextSession),
                ("delivery.retry", Apply::Now),
                ("domain", Apply::NextSession),
            ]
        );
    }

    #[test]
    fn the_same_value_in_other_words_is_no_change() {
        let (old, new) = ("max_message_size = \"2048 KB\"", "max_message_size = 2_097_152");
        let new = format!("[messages]\n{new}\n[log]\ndirectory = \"/srv/mailroot/Log\"");
        assert_eq!(changes(&settings(&format!("[messages]\n{old}")), &settings(&new)), []);
    }

    fn differing(old: &str, new: &str) -> Vec<(String, Option<String>, Option<String>)> {
        let all = differences(&settings(old), &settings(new));
        all.into_iter().map(|one| (one.key, one.old, one.new)).collect()
    }

    #[test]
    fn a_difference_shows_both_sides() {
        let size = "[messages]\nmax_message_size = \"4 MiB\"";
        let some = |text: &str| Some(text.to_owned());
        let key = "messages.max_message_size".to_owned();
        assert_eq!(differing("", size), [(key, some("\"2 MiB\""), some("\"4 MiB\""))]);
    }

    #[test]
    fn remote_domains_are_compared_by_name_whatever_their_numbers() {
        let a = "[[domain]]\nname = \"a.example\"\n";
        let b = "[[domain]]\nname = \"b.example\"\nrelay = true\n";
        let some = |text: &str| Some(text.to_owned());
        let gone = ("domain[1]".to_owned(), some("{ name = \"a.example\" }"), None);
        assert_eq!(differing(&format!("{a}{b}"), b), [gone]);
        let added = ("domain[1]".to_owned(), None, some("{ name = \"b.example\", relay = true }"));
        assert_eq!(differing(a, &format!("{b}{a}")), [added]);
        let changed = ("domain[2].relay".to_owned(), some("true"), some("false"));
        assert_eq!(differing(&format!("{b}{a}"), &format!("{a}{}", b.replace("true", "false"))), [changed]);
        let renamed = ("domain[1].name".to_owned(), some("\"a.example\""), some("\"c.example\""));
        assert_eq!(differing(&format!("{a}{b}"), &format!("{}{b}", a.replace("a.", "c."))), [renamed]);
    }

    #[test]
    fn only_what_was_set_differs_from_the_default() {
        let text = "[general]\nhostname = \"relay.example\"\nmax_connections = 2000\n\
                    [[domain]]\nname = \"a.example\"\nrelay = true";
        let effective = settings(text).effective(Path::new("/srv"));
        let set: Vec<_> =
            effective.iter().filter(|e| !e.is_default).map(|e| (e.key.as_str(), e.value.as_str())).collect();
        assert_eq!(
            set,
            [
                ("general.hostname", "\"relay.example\""),
                ("domain[1].name", "\"a.example\""),
                ("domain[1].relay", "true")
            ]
        );
        let local = effective.iter().find(|e| e.key == "local.default_domain").unwrap();
        assert_eq!(local.value, "\"relay.example\"", "it follows the host name");
    }
}

//! Settings side by side with others: with the defaults, and with those before a change.

use std::path::Path;

use super::Settings;
use super::fields::{Apply, DOMAIN, Field, fields};

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
            all.extend(DOMAIN.iter().map(|field| effective(field, domain, &parent, base)));
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

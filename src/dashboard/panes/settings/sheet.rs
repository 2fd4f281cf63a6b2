//! The property sheet: which settings stand on which tab, under the old names, and what they are.

use std::path::Path;

use crate::config::{self, Apply, DOMAIN, Field, Kind, SECTIONS, Section};

/// A tab and the sections on it, by their paths.
pub(super) struct Tab {
    pub(super) title: &'static str,
    sections: &'static [&'static str],
}

/// The tabs in their order. Every section stands on one of them.
pub(super) const TABS: [Tab; 10] = [
    Tab { title: "General", sections: &["", "general"] },
    Tab { title: "Access", sections: &["access", "access.connection", "access.relay"] },
    Tab { title: "Messages", sections: &["messages"] },
    Tab { title: "Delivery", sections: &["delivery"] },
    Tab { title: "Outbound security", sections: &["delivery.outbound_security", "delivery.outbound_security.oauth"] },
    Tab { title: "Outbound connections", sections: &["delivery.outbound_connections"] },
    Tab { title: "Advanced", sections: &["delivery.advanced"] },
    Tab { title: "Domains", sections: &["local"] },
    Tab { title: "Log", sections: &["log"] },
    Tab { title: "Services", sections: &["control", "ssh", "metrics"] },
];

/// The tab on which the remote domains stand.
pub(super) const DOMAINS: usize = 7;

/// A line of a tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The name of a section.
    Heading(String),
    /// A setting.
    Setting(Box<Setting>),
}

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// `general.listen`, `domain[1].relay`.
    pub(super) key: String,
    pub(super) label: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) apply: Apply,
    /// As TOML, a secret masked.
    pub(super) value: String,
    pub(super) is_default: bool,
    /// Whether its feature is not in this version.
    pub(super) is_later: bool,
    pub(super) default: &'static str,
}

/// The lines of a tab with the values of `settings`; relative paths start at `base`.
pub(super) fn lines(tab: usize, settings: &config::Settings, base: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    for section in TABS[tab].sections.iter().filter_map(|path| section(path)) {
        if TABS[tab].sections.len() > 1 {
            lines.push(Line::Heading(section.title.to_owned()));
        }
        lines.extend(section.fields.iter().map(|field| setting(field, settings, base, String::new())));
    }
    if tab == DOMAINS {
        for (at, domain) in settings.domains.iter().enumerate() {
            lines.push(Line::Heading(format!("Remote domain {}", at + 1)));
            lines.extend(DOMAIN.iter().map(|field| setting(field, domain, base, format!("domain[{}].", at + 1))));
        }
    }
    lines
}

/// The tab on which a key stands.
pub(super) fn tab_of(key: &str) -> Option<usize> {
    if key.starts_with("domain") {
        return Some(DOMAINS);
    }
    let section = SECTIONS.iter().find(|section| section.fields.iter().any(|field| field.key == key))?;
    TABS.iter().position(|tab| tab.sections.contains(&section.path))
}

fn section(path: &str) -> Option<&'static Section> {
    SECTIONS.iter().copied().find(|section| section.path == path)
}

fn setting<S: Clone>(field: &'static Field<S>, settings: &S, base: &Path, parent: String) -> Line {
    Line::Setting(Box::new(Setting {
        key: parent + field.key,
        label: field.label,
        help: field.help,
        kind: field.kind(),
        apply: field.apply,
        value: field.value(settings),
        is_default: field.is_default(settings, base),
        is_later: field.is_later(),
        default: field.default,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_stands_on_one_tab() {
        for section in SECTIONS {
            let tabs = TABS.iter().filter(|tab| tab.sections.contains(&section.path)).count();
            assert_eq!(tabs, 1, "{:?}", section.path);
        }
    }

    #[test]
    fn every_key_is_found_on_its_tab() {
        let settings = config::Settings::defaults(Path::new("/srv"));
        for field in config::fields() {
            let tab = tab_of(field.key).unwrap();
            let found = lines(tab, &settings, Path::new("/srv")).into_iter().any(|line| match line {
                Line::Setting(setting) => setting.key == field.key,
                Line::Heading(_) => false,
            });
            assert!(found, "{}", field.key);
        }
    }
}

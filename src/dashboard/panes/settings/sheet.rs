//! The property sheet: which settings stand on which tab, under the old names, and what they are.

use std::path::Path;

use crate::config::{self, Apply, Difference, Draft, Field, Kind, SECTIONS, Section};

/// A tab and the sections on it, by their paths.
pub(super) struct Tab {
    pub(super) title: &'static str,
    sections: &'static [&'static str],
}

impl Tab {
    /// Whether a section stands on it, by its path.
    pub(super) fn has(&self, section: &str) -> bool {
        self.sections.contains(&section)
    }
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
    /// Where a remote domain is added.
    NewDomain,
    /// Where the users are.
    Users,
}

impl Line {
    /// The setting that it shows.
    pub(super) fn setting(&self) -> Option<&Setting> {
        match self {
            Self::Setting(setting) => Some(setting),
            Self::Heading(_) | Self::NewDomain | Self::Users => None,
        }
    }

    /// Whether the cursor can be on it.
    pub(super) fn is_reachable(&self) -> bool {
        !matches!(self, Self::Heading(_))
    }
}

/// A setting as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// `general.listen`, `domain[1].relay`.
    pub(super) key: String,
    /// The name of the tab or dialog it stands in.
    pub(super) section: &'static str,
    pub(super) label: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) apply: Apply,
    /// As TOML, a secret masked. Sizes, time spans and lists are as somebody wrote them.
    pub(super) value: String,
    pub(super) is_default: bool,
    /// Whether its feature is not in this version.
    pub(super) is_later: bool,
    pub(super) default: &'static str,
    /// What is in the file, where that is another value.
    pub(super) change: Option<InFile>,
}

/// A value of the file; `None` for what is not in it at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InFile(pub(super) Option<String>);

impl Setting {
    /// Whether Space is enough to change it.
    pub(super) fn is_choice(&self) -> bool {
        matches!(self.kind, Kind::Switch | Kind::Table | Kind::Choice(_))
    }
}

/// All tabs with their lines. It is made anew whenever a setting changes, and only then.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet(Vec<Vec<Line>>);

impl Sheet {
    /// The sheet with the values of `settings`, where they come from `draft`; relative paths start at `base`.
    pub(super) fn new(settings: &config::Settings, base: &Path, draft: Option<&Draft>, changes: &[Difference]) -> Self {
        let reader = Reader { base, draft, changes };
        let mut tabs: Vec<_> = TABS.iter().map(|tab| reader.tab(tab, settings)).collect();
        for (number, domain) in (1..).zip(&settings.domains) {
            tabs[DOMAINS].push(Line::Heading(format!("Remote domain {number}")));
            let parent = format!("domain[{number}]");
            tabs[DOMAINS].extend(domain.fields().map(|field| reader.setting(field, domain, "Remote domain", &parent)));
        }
        tabs[DOMAINS].push(Line::Heading("More remote domains".to_owned()));
        tabs[DOMAINS].push(Line::NewDomain);
        Self(tabs)
    }

    /// The lines of a tab.
    pub(super) fn lines(&self, tab: usize) -> &[Line] {
        self.0.get(tab).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where a key is: on which tab, at which line.
    pub(super) fn find(&self, key: &str) -> Option<(usize, usize)> {
        let is_it = |line: &Line| line.setting().is_some_and(|setting| setting.key == key);
        self.0.iter().enumerate().find_map(|(tab, lines)| Some((tab, lines.iter().position(is_it)?)))
    }
}

/// Makes lines of settings.
struct Reader<'a> {
    base: &'a Path,
    draft: Option<&'a Draft>,
    changes: &'a [Difference],
}

impl Reader<'_> {
    fn tab(&self, tab: &Tab, settings: &config::Settings) -> Vec<Line> {
        let mut lines = Vec::new();
        for section in tab.sections.iter().filter_map(|path| section(path)) {
            if tab.sections.len() > 1 || tab.sections == ["local"] {
                lines.push(Line::Heading(section.title.to_owned()));
            }
            lines.extend(section.fields.iter().map(|field| self.setting(field, settings, section.title, "")));
            if section.path == "access" {
                lines.push(Line::Users);
            }
        }
        lines
    }

    fn setting<S: Clone>(&self, field: &'static Field<S>, settings: &S, section: &'static str, parent: &str) -> Line {
        let key = if parent.is_empty() { field.key.to_owned() } else { format!("{parent}.{}", field.key) };
        let is_it = |change: &&Difference| change.key == key || (change.key == parent && change.new.is_some());
        Line::Setting(Box::new(Setting {
            change: self.changes.iter().find(is_it).map(|change| InFile(change.old.clone())),
            section,
            label: field.label,
            help: field.help,
            kind: field.kind(),
            apply: field.apply,
            value: self
                .draft
                .and_then(|draft| written(draft, field.kind(), &key))
                .unwrap_or_else(|| field.value(settings)),
            is_default: field.is_default(settings, self.base),
            is_later: field.is_later(),
            default: field.default,
            key,
        }))
    }
}

/// The value of a key as somebody wrote it, where that tells more than the words we would have for it.
pub(super) fn written(draft: &Draft, kind: Kind, key: &str) -> Option<String> {
    matches!(kind, Kind::Size | Kind::Span | Kind::List).then(|| draft.value(key)).flatten()
}

fn section(path: &str) -> Option<&'static Section> {
    SECTIONS.iter().copied().find(|section| section.path == path)
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
    fn every_key_is_found_in_the_sheet() {
        let text = "[[domain]]\nname = \"a.example\"\n";
        let settings = config::parse(text, Path::new("/srv")).unwrap();
        let sheet = Sheet::new(&settings, Path::new("/srv"), None, &[]);
        for key in config::fields().map(|field| field.key).chain(["domain[1].name", "domain[1].smart_host"]) {
            let (tab, line) = sheet.find(key).unwrap();
            assert_eq!(sheet.lines(tab)[line].setting().unwrap().key, key);
        }
        assert_eq!(sheet.find("domain[1].relay").unwrap().0, DOMAINS);
    }
}

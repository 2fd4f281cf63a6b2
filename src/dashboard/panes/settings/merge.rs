//! Changes of two sides to the same settings, put together.

use super::document::Document;
use super::edits::{Edits, domain_number};
use crate::config::{self, Difference, Domain, Kind, Place};

/// What both sides changed since the settings were the same.
pub(super) struct Merge {
    /// The file as the other side has it now.
    theirs: Document,
    /// Where they disagree.
    pub(super) clashes: Vec<Clash>,
    /// What only this side changed.
    pub(super) mine: Vec<Difference>,
    /// How many settings only the other side changed.
    pub(super) theirs_alone: usize,
}

/// A setting that both sides changed, each in its own way.
pub(super) struct Clash {
    /// What this side wants.
    mine: Difference,
    pub(super) key: String,
    pub(super) label: &'static str,
    pub(super) kind: Kind,
    /// The three values as TOML, secrets masked; `None` for a remote domain that is not there.
    pub(super) was: Option<String>,
    pub(super) my_value: Option<String>,
    pub(super) their_value: Option<String>,
    pub(super) takes_mine: bool,
}

impl Merge {
    /// Lays `mine` beside the text that the file holds now; an error if that is no settings file.
    pub(super) fn new(mine: &Document, text: &str) -> Result<Self, String> {
        let theirs = mine.over(text)?;
        let their_changes = theirs.changes_from(mine);
        let (mut clashes, mut alone) = (Vec::new(), Vec::new());
        for change in &mine.changes {
            match their_changes.iter().find(|other| touches(&change.place, &other.place)) {
                Some(other)
                    if other.place == change.place && other.new == change.new && change.kind != Kind::Secret => {}
                Some(other) => clashes.push(clash(mine, &theirs, change, other)),
                None => alone.push(change.clone()),
            }
        }
        clashes.dedup_by(|one, other| one.mine.place == other.mine.place);
        let is_alone = |other: &&Difference| !mine.changes.iter().any(|own| touches(&own.place, &other.place));
        let theirs_alone = their_changes.iter().filter(is_alone).count();
        Ok(Self { theirs, clashes, mine: alone, theirs_alone })
    }

    /// The other side's file with all that this side changed and that was chosen.
    pub(super) fn settled(&self, mine: &Document) -> Result<Document, String> {
        let mut settled = self.theirs.over(self.theirs.original())?;
        let chosen = self.clashes.iter().filter(|clash| clash.takes_mine).map(|clash| &clash.mine);
        let changes: Vec<_> = self.mine.iter().chain(chosen).collect();
        settled.make_all(|edits| {
            let mut gone: Vec<_> = changes.into_iter().filter_map(|change| self.bring(edits, mine, change)).collect();
            gone.sort_unstable();
            for number in gone.into_iter().rev() {
                edits.remove_domain(number);
            }
        })?;
        Ok(settled)
    }

    /// Makes a change of `mine` to the other side's file. Gives the number of a remote domain that is to go, which has to
    /// wait until no number is needed any more.
    fn bring(&self, edits: &mut Edits, mine: &Document, change: &Difference) -> Option<usize> {
        match &change.place {
            Place::Setting(key) => {
                let field = config::fields().find(|field| field.key == *key)?;
                let toml = mine.value(key).unwrap_or_else(|| field.written(&mine.now));
                edits.set(key, toml);
            }
            Place::OfDomain(name, key) => {
                let field = config::domain_fields().find(|field| field.key == *key)?;
                let toml = mine.value(&change.key).or_else(|| Some(field.written(owned(mine, change)?)))?;
                edits.set(&format!("domain[{}].{key}", self.number(name)?), toml);
            }
            Place::Domain(name) => {
                let there = self.number(name);
                let Some(domain) = owned(mine, change) else { return there };
                let number = there.unwrap_or_else(|| edits.add_domain(name));
                let here = domain_number(&change.key)?;
                for field in domain.fields() {
                    let key = format!("domain[{number}].{}", field.key);
                    let value = mine.value(&format!("domain[{here}].{}", field.key));
                    // What only the other side names goes back to its default.
                    let default = || self.theirs.value(&key).map(|_| field.written(domain));
                    if let Some(toml) = value.or_else(default) {
                        edits.set(&key, toml);
                    }
                }
            }
        }
        None
    }

    /// The number that a remote domain has on the other side.
    fn number(&self, name: &str) -> Option<usize> {
        let is_it = |domain: &Domain| domain.name.to_string() == *name;
        self.theirs.now.domains.iter().position(is_it).map(|index| index + 1)
    }
}

/// The remote domain that a change of `mine` is about, as it is with the change; `None` if it is gone.
fn owned<'a>(mine: &'a Document, change: &Difference) -> Option<&'a Domain> {
    change.new.as_ref()?;
    mine.now.domains.get(domain_number(&change.key)?.checked_sub(1)?)
}

/// Whether what is changed at one place may be changed at the other.
fn touches(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::Domain(name), Place::OfDomain(other, _)) | (Place::OfDomain(name, _), Place::Domain(other)) => {
            name == other
        }
        (one, other) => one == other,
    }
}

fn clash(mine: &Document, theirs: &Document, own: &Difference, other: &Difference) -> Clash {
    let ((Place::Domain(name), _) | (Place::OfDomain(name, _), Place::Domain(_))) = (&own.place, &other.place) else {
        return Clash {
            mine: own.clone(),
            key: own.key.clone(),
            label: own.label,
            kind: own.kind,
            was: own.old.clone(),
            my_value: own.new.clone(),
            their_value: other.new.clone(),
            takes_mine: true,
        };
    };
    let whole = |side: &config::Settings| {
        side.domains.iter().find(|domain| domain.name.to_string() == *name).map(Domain::in_one_line)
    };
    Clash {
        mine: Difference { place: Place::Domain(name.clone()), ..own.clone() },
        key: name.clone(),
        label: "Remote domain",
        kind: Kind::Text,
        was: whole(&mine.before),
        my_value: owned(mine, own).map(Domain::in_one_line),
        their_value: whole(&theirs.now),
        takes_mine: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::view::SettingsText;

    const TEXT: &str = "# ours\n[[domain]]\nname = \"a.example\" # a\n\n[[domain]]\nname = \"b.example\" # b\n";

    fn document(text: &str) -> Document {
        let (path, base) = ("/srv/config/mailroot.toml".to_owned(), "/srv".to_owned());
        Document::open(&SettingsText { schema: 1, path, base, text: text.into() }).unwrap()
    }

    fn shown(document: &Document) -> Vec<String> {
        document.changes.iter().map(|change| format!("{}: {:?}", change.key, change.new.as_deref())).collect()
    }

    #[test]
    fn what_only_one_side_changed_goes_together() {
        let mut mine = document(TEXT);
        mine.set("domain[2].relay", "true").unwrap();
        mine.set("log.level", "\"debug\"").unwrap();
        mine.remove_domain(1).unwrap();
        mine.add_domain("c.example").unwrap();
        mine.set("domain[2].relay", "true").unwrap();
        let theirs = format!(
            "[messages]\nmax_recipients = 7\n{}",
            TEXT.replace("# ours\n", "[[domain]]\nname = \"z.example\"\n")
        );
        let merge = Merge::new(&mine, &theirs).unwrap();
        assert!(merge.clashes.is_empty());
        assert_eq!((merge.mine.len(), merge.theirs_alone), (4, 2));
        let settled = merge.settled(&mine).unwrap();
        assert_eq!(
            shown(&settled),
            [
                "log.level: Some(\"\\\"debug\\\"\")",
                "domain[2].relay: Some(\"true\")",
                "domain[3]: Some(\"{ name = \\\"c.example\\\", relay = true }\")",
                "domain[2]: None",
            ]
        );
        assert_eq!(settled.original(), theirs);
        assert!(settled.text().contains("name = \"b.example\" # b\n") && settled.text().contains("z.example"));
    }

    #[test]
    fn settings_that_depend_on_each_other_come_together() {
        let mut mine = document("");
        mine.set("messages.max_session_size", "\"20 MiB\"").unwrap();
        mine.set("messages.max_message_size", "\"15 MiB\"").unwrap();
        let merge = Merge::new(&mine, "# theirs\n").unwrap();
        assert_eq!(merge.settled(&mine).unwrap().changes.len(), 2);
    }

    #[test]
    fn a_key_that_both_changed_is_a_clash_and_goes_as_it_was_chosen() {
        let mut mine = document("");
        mine.set("messages.max_recipients", "50").unwrap();
        mine.set("log.level", "\"debug\"").unwrap();
        let theirs = "[messages]\nmax_recipients = 60 # theirs\n[log]\nlevel = \"debug\"\n";
        let mut merge = Merge::new(&mine, theirs).unwrap();
        assert_eq!((merge.clashes.len(), merge.mine.len(), merge.theirs_alone), (1, 0, 0), "they agree on the level");
        assert!(merge.settled(&mine).unwrap().text().contains("max_recipients = 50 # theirs\n"));
        merge.clashes[0].takes_mine = false;
        let settled = merge.settled(&mine).unwrap();
        assert!(settled.text() == theirs && !settled.is_changed());
    }

    #[test]
    fn a_domain_that_is_gone_there_and_changed_here_is_a_clash() {
        let mut mine = document(TEXT);
        mine.set("domain[1].name", "\"new.example\"").unwrap();
        mine.set("domain[1].relay", "true").unwrap();
        let theirs = "[[domain]]\nname = \"b.example\" # b\n";
        let mut merge = Merge::new(&mine, theirs).unwrap();
        assert_eq!(merge.clashes.len(), 1);
        assert_eq!(merge.clashes[0].their_value, None);
        let settled = merge.settled(&mine).unwrap();
        assert_eq!(shown(&settled), ["domain[2]: Some(\"{ name = \\\"new.example\\\", relay = true }\")"]);
        merge.clashes[0].takes_mine = false;
        assert_eq!(merge.settled(&mine).unwrap().text(), theirs);
    }

    #[test]
    fn a_domain_that_is_gone_here_and_changed_there_is_a_clash() {
        let mut mine = document(TEXT);
        mine.remove_domain(2).unwrap();
        let theirs = format!("{TEXT}relay = true\n");
        let mut merge = Merge::new(&mine, &theirs).unwrap();
        assert_eq!((merge.clashes.len(), merge.theirs_alone), (1, 0));
        assert!(!merge.settled(&mine).unwrap().text().contains("b.example"));
        merge.clashes[0].takes_mine = false;
        assert_eq!(merge.settled(&mine).unwrap().text(), theirs);
    }
}

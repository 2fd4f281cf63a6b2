//! The settings file being edited: what it was, and what a person wants changed.

use std::path::{Path, PathBuf};

use crate::config::{self, Apply, DOMAIN, Draft, Problem};
use crate::engine::view::SettingsText;

/// One change, kept so that it can be taken back alone, or made once more to another text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// A key is to have a value, given as TOML.
    Set { key: String, toml: String },
    /// There is to be one more remote domain.
    AddDomain { name: String },
    /// A remote domain is to go, by its number.
    RemoveDomain { number: usize },
}

/// A settings file with edits. The text is always valid settings if it was at the start.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) path: String,
    base: PathBuf,
    /// What the file holds, as far as is known.
    original: String,
    /// The text that the edits are made to: the original, or an earlier one that is to come back.
    start: String,
    draft: Draft,
    edits: Vec<Edit>,
    /// What the text means, before and with the edits.
    pub(super) before: config::Settings,
    pub(super) now: config::Settings,
}

/// A key whose value is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) key: String,
    /// As TOML, secrets masked; empty where the key was not there.
    pub(super) old: String,
    pub(super) new: String,
    pub(super) apply: Apply,
}

impl Document {
    /// Starts from what the engine read.
    pub(super) fn open(file: &SettingsText) -> Result<Self, String> {
        Self::start(file.path.clone(), &file.text, PathBuf::from(&file.base))
    }

    fn start(path: String, text: &str, base: PathBuf) -> Result<Self, String> {
        let draft = Draft::open(text, &base).map_err(|problems| said(&problems))?;
        let before = config::parse(text, &base).map_err(|problems| said(&problems))?;
        let text = text.to_owned();
        Ok(Self {
            path,
            base,
            original: text.clone(),
            start: text,
            draft,
            edits: Vec::new(),
            now: before.clone(),
            before,
        })
    }

    /// The same file with another text, and without edits.
    pub(super) fn over(&self, text: &str) -> Result<Self, String> {
        Self::start(self.path.clone(), text, self.base.clone())
    }

    /// The same file, in which an earlier text is to come back.
    pub(super) fn back_to(&self, earlier: &str) -> Result<Self, String> {
        let earlier = self.over(earlier)?;
        Ok(Self { original: self.original.clone(), before: self.before.clone(), ..earlier })
    }

    /// Whether there is anything to apply.
    pub(super) fn is_changed(&self) -> bool {
        !self.edits.is_empty() || self.start != self.original
    }

    /// Makes a change, or says why not; then nothing has changed.
    pub(super) fn edit(&mut self, edit: Edit) -> Result<(), String> {
        let mut edits = self.edits.clone();
        if let Edit::Set { key, .. } = &edit {
            edits.retain(|earlier| !matches!(earlier, Edit::Set { key: other, .. } if other == key));
        }
        edits.push(edit);
        self.redo(edits)
    }

    /// Takes the changes of one key back.
    pub(super) fn revert(&mut self, key: &str) -> Result<(), String> {
        let mut edits = self.edits.clone();
        edits.retain(|edit| !matches!(edit, Edit::Set { key: other, .. } if other == key));
        self.redo(edits)
    }

    /// Takes all changes back.
    pub(super) fn revert_all(&mut self) -> Result<(), String> {
        self.start = self.original.clone();
        self.redo(Vec::new())
    }

    /// What differs from the file, in the order of the sheet.
    pub(super) fn changes(&self) -> Vec<Change> {
        changes(&self.before, &self.now, &self.base)
    }

    /// The edits so far.
    pub(super) fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Where relative paths start.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The text with the edits, and the text it was made from.
    pub(super) fn texts(&self) -> (String, String) {
        (self.draft.render(), self.original.clone())
    }

    /// From the original on, so that a change taken back leaves no trace.
    fn redo(&mut self, edits: Vec<Edit>) -> Result<(), String> {
        let mut draft = Draft::open(&self.start, &self.base).map_err(|problems| said(&problems))?;
        for edit in &edits {
            match edit {
                Edit::Set { key, toml } => draft.set(key, toml).map_err(|problems| said(&problems))?,
                Edit::AddDomain { name } => draft.add_domain(name).map_err(|problems| said(&problems))?,
                Edit::RemoveDomain { number } => {
                    if !draft.remove_domain(*number) {
                        return Err(format!("there is no remote domain {number} any more"));
                    }
                }
            }
        }
        self.now = config::parse(&draft.render(), &self.base).map_err(|problems| said(&problems))?;
        (self.draft, self.edits) = (draft, edits);
        Ok(())
    }
}

/// The keys in which two settings differ.
pub(super) fn changes(old: &config::Settings, new: &config::Settings, base: &Path) -> Vec<Change> {
    let (old, new) = (old.effective(base), new.effective(base));
    let value = |all: &[config::Effective], key: &str| {
        all.iter().find(|one| one.key == key).map(|one| one.value.clone()).unwrap_or_default()
    };
    let gone = old.iter().filter(|one| !new.iter().any(|other| other.key == one.key));
    let keys = new.iter().chain(gone).map(|one| one.key.clone());
    keys.map(|key| Change { old: value(&old, &key), new: value(&new, &key), apply: apply_of(&key), key })
        .filter(|change| change.old != change.new)
        .collect()
}

/// When a change of a key takes effect.
fn apply_of(key: &str) -> Apply {
    let in_domain = key.split_once("].").map(|(_, name)| name);
    let found = match in_domain {
        Some(name) => DOMAIN.iter().find(|field| field.key == name).map(|field| field.apply),
        None => config::fields().find(|field| field.key == key).map(|field| field.apply),
    };
    found.unwrap_or(Apply::Now)
}

/// All that is wrong, in one line.
fn said(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let (path, base) = ("/srv/config/mailroot.toml".to_owned(), "/srv".to_owned());
        Document::open(&SettingsText { schema: 1, path, base, text: text.to_owned() }).unwrap()
    }

    fn set(key: &str, toml: &str) -> Edit {
        Edit::Set { key: key.to_owned(), toml: toml.to_owned() }
    }

    #[test]
    fn a_change_taken_back_leaves_no_trace() {
        let text = "# ours\n[messages]\nmax_recipients = 50 # fifty\n";
        let mut document = document(text);
        document.edit(set("messages.max_recipients", "60")).unwrap();
        document.edit(set("delivery.advanced.max_hops", "30")).unwrap();
        assert_eq!(
            document.changes().iter().map(|change| change.key.as_str()).collect::<Vec<_>>(),
            ["messages.max_recipients", "delivery.advanced.max_hops"]
        );
        document.revert("delivery.advanced.max_hops").unwrap();
        assert_eq!(document.texts().0, text.replace("50 #", "60 #"));
        document.revert_all().unwrap();
        assert_eq!(document.texts().0, text);
    }

    #[test]
    fn what_would_be_wrong_changes_nothing() {
        let mut document = document("");
        let why = document.edit(set("messages.max_message_size", "\"12 XB\"")).unwrap_err();
        assert!(why.contains("is not a size"), "{why}");
        assert!(document.changes().is_empty() && document.edits().is_empty());
    }
}

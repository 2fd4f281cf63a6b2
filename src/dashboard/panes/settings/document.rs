//! The settings file being edited: what it was, and what a person wants changed.

use std::fmt;
use std::path::PathBuf;

use super::edits::Edits;
use super::sheet::{Sheet, written};
use crate::config::presets::{Filled, Preset};
use crate::config::{self, Difference, Draft, Problem};
use crate::engine::view::SettingsText;

/// A settings file with edits. Its text is valid settings at every moment.
pub(super) struct Document {
    /// Where the file is, or is to be made.
    pub(super) path: String,
    base: PathBuf,
    /// What the file holds, as far as is known.
    original: Draft,
    /// The text that the edits are made to: the original, or an earlier one that is to come back.
    start: Draft,
    /// The same with the edits.
    draft: Draft,
    edits: Edits,
    /// What the text means, before and with the edits.
    pub(super) before: config::Settings,
    pub(super) now: config::Settings,
    /// In what those two differ, in the order of the sheet.
    pub(super) changes: Vec<Difference>,
    /// The sheet with the edits.
    pub(super) sheet: Sheet,
}

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    /// Which entry of the list it is about, counted from 1.
    pub(super) entry: Option<usize>,
    pub(super) text: String,
}

/// Tells no text: secrets may stand in it.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("path", &self.path).field("edits", &self.edits).finish_non_exhaustive()
    }
}

impl Document {
    /// Starts from what the engine read; an error says what is wrong with it, and where.
    pub(super) fn open(file: &SettingsText) -> Result<Self, String> {
        Self::start(file.path.clone(), PathBuf::from(&file.base), &file.text)
    }

    fn start(path: String, base: PathBuf, text: &str) -> Result<Self, String> {
        let said = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ");
        let start = Draft::open(text, &base).map_err(said)?;
        let before = config::parse(text, &base).map_err(said)?;
        Ok(Self {
            path,
            sheet: Sheet::new(&before, &base, Some(&start), &[]),
            original: start.clone(),
            draft: start.clone(),
            start,
            edits: Edits::new(before.domains.len()),
            now: before.clone(),
            changes: Vec::new(),
            before,
            base,
        })
    }

    /// The same file with another text, and without edits.
    pub(super) fn over(&self, text: &str) -> Result<Self, String> {
        Self::start(self.path.clone(), self.base.clone(), text)
    }

    /// The same file, in which an earlier text is to come back.
    pub(super) fn back_to(&self, earlier: &str) -> Result<Self, String> {
        let mut document = self.over(earlier)?;
        (document.original, document.before) = (self.original.clone(), self.before.clone());
        document.compare();
        Ok(document)
    }

    /// The same file once the engine has written what the edits make of it.
    pub(super) fn applied(&self) -> Result<Self, String> {
        self.over(&self.draft.render())
    }

    /// What differs from the file as it was before the edits of `mine`.
    pub(super) fn changes_from(&self, mine: &Self) -> Vec<Difference> {
        changes((&mine.before, &mine.original), (&self.now, &self.draft))
    }

    /// What a preset comes to for the settings with the edits.
    pub(super) fn fill(&self, preset: &Preset) -> Filled {
        preset.fill(&self.now, &self.base, &[])
    }

    /// Whether there is anything to apply.
    pub(super) fn is_changed(&self) -> bool {
        !self.edits.is_empty() || self.start.original() != self.original()
    }

    /// The text with the edits.
    pub(super) fn text(&self) -> String {
        self.draft.render()
    }

    /// What the file holds, as far as is known.
    pub(super) fn original(&self) -> &str {
        self.original.original()
    }

    /// The value of a key as it stands in the text with the edits, as TOML; it may be a secret.
    pub(super) fn value(&self, key: &str) -> Option<String> {
        self.draft.value(key)
    }

    /// What would be wrong if a key had a value.
    pub(super) fn try_out(&self, key: &str, toml: &str) -> Result<(), Vec<Complaint>> {
        self.with(|edits| edits.set(key, toml.to_owned()), key).map(drop)
    }

    /// Gives a key a value, or says why not; then nothing has changed.
    pub(super) fn set(&mut self, key: &str, toml: &str) -> Result<(), Vec<Complaint>> {
        self.make(|edits| edits.set(key, toml.to_owned()), key)
    }

    /// What would be wrong if there were one more remote domain.
    pub(super) fn try_domain(&self, name: &str) -> Result<(), Vec<Complaint>> {
        self.with(|edits| edits.add_domain(name) > 0, &self.next_domain()).map(drop)
    }

    /// Adds a remote domain.
    pub(super) fn add_domain(&mut self, name: &str) -> Result<(), Vec<Complaint>> {
        self.make(|edits| edits.add_domain(name) > 0, &self.next_domain())
    }

    /// Removes a remote domain.
    pub(super) fn remove_domain(&mut self, number: usize) -> Result<(), Vec<Complaint>> {
        self.make(|edits| edits.remove_domain(number), "domain")
    }

    /// Makes many changes that need only be right together.
    pub(super) fn make_all(&mut self, changes: impl FnOnce(&mut Edits)) -> Result<(), String> {
        let made = self.make(
            |edits| {
                changes(edits);
                true
            },
            "",
        );
        made.map_err(|complaints| said(&complaints))
    }

    /// Gives a key the value that it has in the file.
    pub(super) fn revert(&mut self, key: &str) -> Result<(), Vec<Complaint>> {
        if self.make(|edits| edits.revert(key), key).is_ok() {
            return Ok(());
        }
        // What an earlier text brought is no edit, and takes one to go.
        match config::fields().find(|field| field.key == key) {
            Some(field) => {
                let before = self.original.value(key).unwrap_or_else(|| field.written(&self.before));
                self.set(key, &before)
            }
            None => Err(vec![Complaint { entry: None, text: "it goes together with others; X takes all back".into() }]),
        }
    }

    /// Takes all changes back.
    pub(super) fn revert_all(&mut self) -> Result<(), String> {
        *self = self.over(self.original())?;
        Ok(())
    }

    /// The key of the name of a remote domain that is yet to be added.
    fn next_domain(&self) -> String {
        format!("domain[{}].name", self.now.domains.len() + 1)
    }

    fn make(&mut self, change: impl FnOnce(&mut Edits) -> bool, key: &str) -> Result<(), Vec<Complaint>> {
        (self.edits, self.draft, self.now) = self.with(change, key)?;
        self.compare();
        Ok(())
    }

    /// All edits with one more, made to the start, so that a change taken back leaves no trace.
    fn with(
        &self,
        change: impl FnOnce(&mut Edits) -> bool,
        key: &str,
    ) -> Result<(Edits, Draft, config::Settings), Vec<Complaint>> {
        let (mut edits, mut draft) = (self.edits.clone(), self.start.clone());
        if !change(&mut edits) {
            return Err(vec![Complaint { entry: None, text: "there is no such thing any more".to_owned() }]);
        }
        let settings = draft.edit(&edits.steps()).map_err(|problems| complaints(&problems, key))?;
        Ok((edits, draft, settings))
    }

    fn compare(&mut self) {
        self.changes = changes((&self.before, &self.original), (&self.now, &self.draft));
        self.sheet = Sheet::new(&self.now, &self.base, Some(&self.draft), &self.changes);
    }
}

/// In what two texts differ; values are as somebody wrote them.
fn changes(old: (&config::Settings, &Draft), new: (&config::Settings, &Draft)) -> Vec<Difference> {
    let mut changes = config::differences(old.0, new.0);
    for change in &mut changes {
        if let Some(value) = written(old.1, change.kind, &change.key) {
            change.old = Some(value);
        }
        if let Some(value) = written(new.1, change.kind, &change.key) {
            change.new = Some(value);
        }
    }
    changes
}

/// What is wrong, as it is said beside the key that is being edited. Places are left out: the text stands nowhere yet.
fn complaints(problems: &[Problem], key: &str) -> Vec<Complaint> {
    let complaint = |problem: &Problem| {
        let entry =
            problem.key.strip_prefix(key).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
        let expected = problem.expected.as_ref().map(|expected| format!("; expected {expected}")).unwrap_or_default();
        let said = format!("{}{expected}", problem.reason);
        let text = match entry {
            None if problem.key != key && !problem.key.is_empty() => format!("{}: {said}", problem.key),
            _ => said,
        };
        Complaint { entry, text }
    };
    problems.iter().map(complaint).collect()
}

/// All complaints in one line.
pub(super) fn said(complaints: &[Complaint]) -> String {
    complaints.iter().map(|complaint| complaint.text.as_str()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let (path, base) = ("/srv/config/mailroot.toml".to_owned(), "/srv".to_owned());
        Document::open(&SettingsText { schema: 1, path, base, text: text.into() }).unwrap()
    }

    fn changed(document: &Document) -> Vec<&str> {
        document.changes.iter().map(|change| change.key.as_str()).collect()
    }

    #[test]
    fn a_change_taken_back_leaves_no_trace() {
        let text = "# ours\n[messages]\nmax_recipients = 50 # fifty\n";
        let mut document = document(text);
        document.set("messages.max_recipients", "60").unwrap();
        document.set("delivery.advanced.max_hops", "30").unwrap();
        assert_eq!(changed(&document), ["messages.max_recipients", "delivery.advanced.max_hops"]);
        document.revert("delivery.advanced.max_hops").unwrap();
        assert_eq!(document.text(), text.replace("50 #", "60 #"));
        document.revert_all().unwrap();
        assert!(document.text() == text && !document.is_changed());
    }

    #[test]
    fn only_the_sum_of_all_changes_has_to_be_right() {
        let mut document = document("");
        for (key, value) in
            [("session", "\"5 MiB\""), ("message", "\"5 MiB\""), ("session", "\"20 MiB\""), ("message", "\"15 MiB\"")]
        {
            document.set(&format!("messages.max_{key}_size"), value).unwrap();
        }
        let why = document.revert("messages.max_session_size").unwrap_err();
        assert!(said(&why).contains("less than one message"), "{why:?}");
    }

    #[test]
    fn what_would_be_wrong_changes_nothing_and_is_said_without_a_place() {
        let mut document = document("");
        let why = document.set("messages.max_message_size", "\"12 XB\"").unwrap_err();
        assert!(said(&why).starts_with("\"12 XB\" is not a size; expected for example"), "{why:?}");
        let why = document.set("general.listen", "[\"[::1]:25\", \"x\"]").unwrap_err();
        assert_eq!(why[0].entry, Some(2));
        assert!(document.changes.is_empty() && !document.is_changed());
    }

    #[test]
    fn what_an_earlier_text_brings_back_is_reverted_key_by_key() {
        let now = "[messages]\nmax_recipients = 60\n[log]\nlevel = \"warn\"\n";
        let mut document = document(now).back_to("[messages]\nmax_recipients = 50\n").unwrap();
        assert_eq!(changed(&document), ["messages.max_recipients", "log.level"]);
        document.revert("log.level").unwrap();
        assert_eq!(changed(&document), ["messages.max_recipients"]);
        assert!(document.is_changed() && document.original() == now);
    }
}

//! A list of values, edited row by row.

mod picture;

use super::document::{Complaint, Document};
use super::sheet::Setting;
use super::typing::Step;
use crate::config;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::ListCursor;

/// A list in the middle of being edited.
pub(super) struct ListEdit {
    key: String,
    title: String,
    help: &'static str,
    entries: Vec<String>,
    at_first: Vec<String>,
    list: ListCursor,
    /// The row being typed.
    field: Option<Field>,
    /// Why the list cannot be as it is.
    complaints: Vec<Complaint>,
    /// Esc was pressed, and would drop changes.
    is_leaving: bool,
}

impl ListEdit {
    /// Begins with the list as it stands in the file.
    pub(super) fn of(setting: &Setting, document: &Document) -> Self {
        let value = document.value(&setting.key).unwrap_or_else(|| setting.value.clone());
        let entries = config::entries(&value);
        Self {
            key: setting.key.clone(),
            title: format!("{}: {}", setting.section, setting.label),
            help: setting.help,
            at_first: entries.clone(),
            entries,
            list: ListCursor::default(),
            field: None,
            complaints: Vec::new(),
            is_leaving: false,
        }
    }

    /// There is room for so many rows.
    pub(super) fn fit(&mut self, height: u16) {
        self.list.fit(self.entries.len() + 1, usize::from(height.saturating_sub(4)));
    }

    /// Takes a key or a paste. The list is only taken over if it is right as a whole.
    pub(super) fn take(&mut self, input: &Input, document: &mut Document) -> Step {
        if self.field.is_some() {
            if self.type_row(input) {
                self.try_out(document);
            }
            return Step::Goes;
        }
        let Input::Key(key) = input else { return Step::Goes };
        let was_leaving = std::mem::take(&mut self.is_leaving);
        let place = self.list.place().unwrap_or(0);
        match key.code {
            KeyCode::Esc if was_leaving || self.entries == self.at_first => return Step::Dropped,
            KeyCode::Esc => self.is_leaving = true,
            KeyCode::Char('w') => return self.take_over(document),
            KeyCode::Char('s') if key.ctrl => return self.take_over(document),
            KeyCode::Enter | KeyCode::Char('e') => self.begin_row(place),
            KeyCode::Char('a') => self.begin_row(self.entries.len()),
            KeyCode::Char('d') | KeyCode::Delete if place < self.entries.len() => {
                self.entries.remove(place);
                self.try_out(document);
            }
            KeyCode::Char('K') if place > 0 && place < self.entries.len() => {
                self.entries.swap(place, place - 1);
                self.list.go(Motion::Up);
                self.try_out(document);
            }
            KeyCode::Char('J') if place + 1 < self.entries.len() => {
                self.entries.swap(place, place + 1);
                self.list.go(Motion::Down);
                self.try_out(document);
            }
            code => {
                if let Some(motion) = motion(code) {
                    self.go(motion);
                }
            }
        }
        Step::Goes
    }

    pub(super) fn go(&mut self, motion: Motion) {
        if self.field.is_none() {
            self.list.go(motion);
        }
    }

    pub(super) fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.field.is_some() {
            return vec![("Enter", "keep the row"), ("Esc", "as it was")];
        }
        let leave = if self.entries == self.at_first { "back" } else { "drop changes" };
        vec![
            ("w", "take over"),
            ("a", "add"),
            ("Enter", "edit"),
            ("d", "remove"),
            ("Esc", leave),
            ("K J", "move the row"),
        ]
    }

    /// How many entries there are, and whether they are other ones than before.
    pub(super) fn status(&self) -> String {
        let changed = if self.entries == self.at_first { "" } else { ", not taken over yet" };
        format!("{} entries{changed}", self.entries.len())
    }

    /// The list as it is, if that is right.
    fn take_over(&mut self, document: &mut Document) -> Step {
        if self.entries == self.at_first {
            return Step::Dropped;
        }
        match document.set(&self.key, &config::list(&self.entries)) {
            Ok(()) => Step::Done,
            Err(complaints) => {
                self.complain(complaints);
                Step::Goes
            }
        }
    }

    fn try_out(&mut self, document: &Document) {
        self.list.fit(self.entries.len() + 1, self.list.height());
        self.complaints = document.try_out(&self.key, &config::list(&self.entries)).err().unwrap_or_default();
    }

    /// Goes to the first entry that is wrong.
    fn complain(&mut self, complaints: Vec<Complaint>) {
        if let Some(entry) = complaints.iter().find_map(|complaint| complaint.entry) {
            self.list.set(entry.saturating_sub(1));
        }
        self.complaints = complaints;
    }

    fn begin_row(&mut self, place: usize) {
        self.list.set(place);
        self.field = Some(Field::new(self.entries.get(place).cloned().unwrap_or_default()));
    }

    /// Takes what is typed into a row; true if the list is another one now.
    fn type_row(&mut self, input: &Input) -> bool {
        let Some(field) = &mut self.field else { return false };
        let Input::Key(Key { code: code @ (KeyCode::Enter | KeyCode::Esc), .. }) = input else {
            field.take(input);
            return false;
        };
        let text = field.text().trim().to_owned();
        self.field = None;
        if *code == KeyCode::Esc {
            return false;
        }
        let place = self.list.place().unwrap_or(self.entries.len());
        match (place < self.entries.len(), text.is_empty()) {
            (true, true) => drop(self.entries.remove(place)),
            (true, false) => self.entries[place] = text,
            (false, true) => return false,
            (false, false) => {
                // The next one is added as easily.
                self.entries.push(text);
                self.list.fit(self.entries.len() + 1, self.list.height());
                self.list.set(self.entries.len());
            }
        }
        true
    }
}

//! A value being typed.

use crate::config::Kind;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};

use super::document::{Document, said};
use super::sheet::Setting;

/// A value being typed.
pub(super) struct Typing {
    target: Target,
    pub(super) field: Field,
    /// What it began with.
    at_first: String,
    /// Why it cannot be as it is.
    pub(super) error: Option<String>,
}

/// What the value is for.
pub(super) enum Target {
    /// A setting, by its key.
    Setting(String, Kind),
    /// The name of one more remote domain.
    NewDomain,
}

/// What became of an input.
pub(super) enum Step {
    /// It goes on.
    Goes,
    /// The value is taken over.
    Done,
    /// It is to stay as it was.
    Dropped,
}

impl Typing {
    /// Begins with the value as it stands in the file; a secret is typed anew.
    pub(super) fn of(setting: &Setting, document: &Document) -> Self {
        let value = document.value(&setting.key).unwrap_or_else(|| setting.value.clone());
        let text = if setting.kind == Kind::Secret { String::new() } else { setting.kind.entered(&value) };
        Self::new(Target::Setting(setting.key.clone(), setting.kind), text)
    }

    /// Begins with nothing.
    pub(super) fn of_domain() -> Self {
        Self::new(Target::NewDomain, String::new())
    }

    fn new(target: Target, text: String) -> Self {
        Self { target, field: Field::new(text.clone()), at_first: text, error: None }
    }

    /// Whether what is typed is not to be seen.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.target, Target::Setting(_, Kind::Secret))
    }

    /// Whether the value is the name of a new domain.
    pub(super) fn is_domain(&self) -> bool {
        matches!(self.target, Target::NewDomain)
    }

    /// Takes what was typed. Whether it is right is said with every character, and it is only taken over if it is.
    pub(super) fn take(&mut self, input: &Input, document: &mut Document) -> Step {
        let is_end = [Key::plain(KeyCode::Enter), Key::ctrl('s')].map(Input::Key).contains(input);
        if *input == Input::Key(Key::plain(KeyCode::Esc)) || (is_end && self.field.text() == self.at_first) {
            return Step::Dropped;
        }
        let text = self.field.text();
        let outcome = match &self.target {
            Target::Setting(key, kind) if is_end => document.set(key, &kind.toml(text)),
            Target::NewDomain if is_end => document.add_domain(text.trim()),
            target => {
                if self.field.take(input) != Some(true) {
                    return Step::Goes;
                }
                match target {
                    Target::Setting(key, kind) => document.try_out(key, &kind.toml(self.field.text())),
                    // An empty one is not wrong yet.
                    Target::NewDomain if self.field.text().is_empty() => Ok(()),
                    Target::NewDomain => document.try_domain(self.field.text().trim()),
                }
            }
        };
        self.error = outcome.as_ref().err().map(|complaints| said(complaints));
        if is_end && outcome.is_ok() { Step::Done } else { Step::Goes }
    }
}

//! What the keys are for: the form, a value being typed, a list, the review, a conflict.

use super::Settings;
use super::conflict::Conflict;
use super::document::said;
use super::list::ListEdit;
use super::review::Review;
use super::sheet::{Line, Setting};
use super::typing::{Step, Typing};
use super::value::is_on;
use crate::config::Kind;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::overlays::picker::Picker;
use crate::dashboard::toasts::Weight;

/// What the keys are for.
#[derive(Default)]
pub(super) enum Mode {
    /// Moving about.
    #[default]
    Form,
    /// A value is typed.
    Typing(Typing),
    /// A list is edited.
    List(ListEdit),
    /// What an apply would do.
    Review(Review),
    /// The file was changed meanwhile.
    Conflict(Box<Conflict>),
}

impl Mode {
    /// Whether the engine is at work for it.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Review(review) if review.is_waiting)
    }

    /// The keys that count in place of those of the actions.
    pub(super) fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        match self {
            Self::Form => None,
            Self::Typing(_) => Some(vec![("Enter", "take over"), ("Esc", "as it was")]),
            Self::List(edit) => Some(edit.hints()),
            Self::Review(review) => Some(review.hints()),
            Self::Conflict(_) => Some(Conflict::hints()),
        }
    }
}

impl Settings {
    /// Takes an input; `None` in the form, and for keys that count whatever is edited.
    pub(super) fn input(&mut self, input: &Input, shared: &mut Shared) -> Option<Vec<Effect>> {
        let everywhere = [Key::ctrl('c'), Key::ctrl('l'), Key::ctrl('z'), Key::plain(KeyCode::F(1))];
        if matches!(self.mode, Mode::Form) || everywhere.map(Input::Key).contains(input) {
            return None;
        }
        let step = match (&mut self.mode, &mut self.file.document, input) {
            (Mode::Typing(typing), Some(document), input) => typing.take(input, document),
            (Mode::List(edit), Some(document), input) => {
                edit.fit(self.area.height);
                edit.take(input, document)
            }
            (Mode::Review(_), _, Input::Key(key)) => return Some(self.look_over(*key, shared)),
            (Mode::Conflict(_), _, Input::Key(key)) => {
                self.settle_by(*key, shared);
                Step::Goes
            }
            (Mode::Review(_) | Mode::Conflict(_), _, _) => Step::Goes,
            // Without a document there is nothing to edit.
            (_, None, _) | (Mode::Form, ..) => Step::Dropped,
        };
        match step {
            Step::Goes => {}
            Step::Dropped => self.back(),
            Step::Done => {
                let is_domain = matches!(&self.mode, Mode::Typing(typing) if typing.is_domain());
                self.back();
                if is_domain {
                    self.select_last_domain();
                }
            }
        }
        Some(Vec::new())
    }

    /// Why the selected setting cannot be edited, if so.
    pub(super) fn can_edit(&self, shared: &Shared) -> Result<(), String> {
        match self.line() {
            Some(Line::Setting(setting)) if setting.is_later => {
                return Err(format!("{} is not in this version", setting.key));
            }
            Some(Line::Heading(_)) | None => return Err("no setting is selected".to_owned()),
            // Who may log in is in a file of its own.
            Some(Line::Users) => return Ok(()),
            Some(Line::Setting(_) | Line::NewDomain) => {}
        }
        self.has_document(shared)
    }

    /// Why nothing can be edited, if so.
    pub(super) fn has_document(&self, shared: &Shared) -> Result<(), String> {
        if self.file.document.is_some() || self.file.is_awaited() && shared.viewer.may(crate::engine::Role::Admin) {
            return Ok(());
        }
        Err(self.file.trouble.clone().unwrap_or_else(|| "the settings file was not read yet".to_owned()))
    }

    /// Begins to edit the selected setting, or does so once the file is there.
    pub(super) fn begin(&mut self, shared: &mut Shared) {
        let Some(document) = &self.file.document else {
            self.is_eager = true;
            return;
        };
        let mode = match self.line() {
            Some(Line::Setting(setting)) if setting.is_choice() => return self.toggle(shared),
            Some(Line::Setting(setting)) if setting.kind == Kind::List => Mode::List(ListEdit::of(setting, document)),
            Some(Line::Setting(setting)) => Mode::Typing(Typing::of(setting, document)),
            Some(Line::NewDomain) => Mode::Typing(Typing::of_domain()),
            Some(Line::Heading(_) | Line::Users) | None => return,
        };
        self.mode = mode;
    }

    /// Takes the next choice of those that can be: others may need settings that are not there yet.
    pub(super) fn toggle(&mut self, shared: &mut Shared) {
        let Some(setting) = self.selected() else { return };
        let value = setting.kind.entered(&setting.value);
        let others: Vec<_> = match setting.kind {
            Kind::Switch => vec![(!is_on(&value)).to_string()],
            Kind::Table => vec![if is_on(&value) { "" } else { "{}" }.to_owned()],
            Kind::Choice(choices) => {
                let behind = choices.iter().position(|choice| *choice == value).map_or(0, |at| at + 1);
                let around = choices.iter().cycle().skip(behind).take(choices.len());
                around.filter(|choice| **choice != value).map(|choice| (*choice).to_owned()).collect()
            }
            _ => return,
        };
        let (key, kind) = (setting.key.clone(), setting.kind);
        let Some(document) = &mut self.file.document else { return };
        let mut refusal = None;
        for other in &others {
            match document.set(&key, &kind.toml(other)) {
                Ok(()) => return,
                Err(complaints) => refusal = refusal.or(Some(complaints)),
            }
        }
        if let Some(complaints) = refusal {
            let now = shared.now();
            shared.toasts.push(now, Weight::Error, said(&complaints));
        }
    }

    /// Takes one of the choices, by its place among them.
    pub(super) fn choose(&mut self, place: usize, shared: &mut Shared) {
        let Some(Setting { kind: Kind::Choice(choices), key, .. }) = self.selected() else { return };
        let (key, toml) = (key.clone(), Kind::Text.toml(choices.get(place).copied().unwrap_or_default()));
        if let Some(Err(complaints)) = self.file.document.as_mut().map(|document| document.set(&key, &toml)) {
            let now = shared.now();
            shared.toasts.push(now, Weight::Error, said(&complaints));
        }
    }

    /// The selected setting, if it is a choice among more than two, as the question which one.
    pub(super) fn question(&self) -> Option<Picker> {
        let Some(Setting { kind: Kind::Choice(choices @ [_, _, _, ..]), value, label, .. }) = self.selected() else {
            return None;
        };
        let current = Kind::Text.entered(value);
        let at = choices.iter().position(|choice| *choice == current).unwrap_or(0);
        let names = choices.iter().map(|choice| (*choice).to_owned()).collect();
        Some(Picker::new(label, names, at, |model, place| {
            model.panes.settings.choose(place, &mut model.shared);
            Vec::new()
        }))
    }

    /// Shows what an apply would do.
    pub(super) fn review(&mut self, shared: &Shared, notice: Option<String>) {
        if let Some(document) = &self.file.document {
            let is_first = document.original().is_empty() && shared.snapshot.settings_file.is_none();
            let review = Review::new(document, is_first);
            self.mode = Mode::Review(match notice {
                Some(notice) => review.noting(notice),
                None => review,
            });
        }
    }

    /// Back to the form, which shows what the file holds now unless edits wait.
    fn back(&mut self) {
        self.mode = Mode::Form;
        self.keep_selected(|pane| pane.file.catch_up());
    }

    fn select_last_domain(&mut self) {
        let key =
            format!("domain[{}].name", self.file.document.as_ref().map_or(0, |document| document.now.domains.len()));
        if let Some((_, line)) = self.sheet().find(&key) {
            // The rest of it comes into sight too.
            self.list.set(line + 3);
            self.set(line);
        }
    }

    fn look_over(&mut self, key: Key, shared: &Shared) -> Vec<Effect> {
        let area = self.area;
        let Mode::Review(review) = &mut self.mode else { return Vec::new() };
        match key.code {
            _ if review.is_waiting => {}
            KeyCode::Esc => self.back(),
            KeyCode::Enter => {
                review.is_waiting = true;
                review.refusal = None;
                return self.file.apply();
            }
            KeyCode::Char('t') => review.turn(),
            code => {
                if let Some(motion) = motion(code) {
                    review.go(motion, area, shared);
                }
            }
        }
        Vec::new()
    }

    fn settle_by(&mut self, key: Key, shared: &mut Shared) {
        let (Mode::Conflict(conflict), Some(mine)) = (&mut self.mode, &self.file.document) else { return };
        match key.code {
            KeyCode::Esc => self.back(),
            KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => conflict.turn(),
            KeyCode::Char('m') => conflict.turn_all(true),
            KeyCode::Char('t') => conflict.turn_all(false),
            KeyCode::Enter => match conflict.settled(mine) {
                Ok(settled) => self.take_settled(settled, None, shared),
                Err(why) => conflict.error = Some(why),
            },
            code => {
                if let Some(motion) = motion(code) {
                    conflict.go(motion);
                }
            }
        }
    }
}

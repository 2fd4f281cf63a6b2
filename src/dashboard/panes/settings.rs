//! The settings: the property sheet, edited in place.
//!
//! What is shown comes from `config`'s table of fields. An administrator edits a copy of the file's text, which is
//! valid settings at every moment, reviews what the changes will do, and applies all of them or none. Others see the
//! settings in force.

mod actions;
mod conflict;
mod document;
mod form;
mod list;
mod review;
mod sheet;

use std::path::PathBuf;
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use self::conflict::Conflict;
use self::document::{Document, Edit};
use self::form::Parts;
use self::list::{ListEdit, ListStep};
use self::review::Review;
use self::sheet::{DOMAINS, Line, Setting, TABS};
use crate::config::{self, Kind};
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect, Request};
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::ListCursor;
use crate::engine::view::SettingsText;
use crate::engine::{Command, Outcome, Role};

pub(crate) use self::actions::ACTIONS;

/// The key under which the name of a new remote domain is typed.
const NEW_DOMAIN: &str = "domain";

/// The pane.
#[derive(Default)]
pub(crate) struct Settings {
    tab: usize,
    list: ListCursor,
    area: Rect,
    mode: Mode,
    /// `None` until the engine has read the file, and for those who may not.
    document: Option<Document>,
    /// Why there is none.
    problem: Option<String>,
    is_asked: bool,
    /// The settings in force when the file was last read.
    seen: Option<Arc<config::Settings>>,
    /// The settings in force changed while edits were pending.
    is_stale: bool,
    /// The text before the last apply, and the one that is being applied.
    previous: Option<String>,
    applying: Option<String>,
}

/// What the keys are for.
#[derive(Default)]
enum Mode {
    /// Moving about.
    #[default]
    Form,
    /// A value is typed.
    Text(TextEdit),
    /// A list is edited.
    List(ListEdit),
    /// What an apply would do.
    Review(Review),
    /// The file was changed meanwhile.
    Conflict(Conflict),
}

/// A value being typed.
struct TextEdit {
    key: String,
    kind: Kind,
    field: Field,
    error: Option<String>,
}

impl TextEdit {
    fn new(key: String, kind: Kind, text: &str) -> Self {
        Self { key, kind, field: Field::new(text), error: None }
    }
}

impl Setting {
    /// Whether Space is enough to change it.
    fn is_choice(&self) -> bool {
        matches!(self.kind, Kind::Switch | Kind::Choice(_))
    }
}

impl Settings {
    /// Selects a setting by its key.
    pub(crate) fn show_field(&mut self, key: &str, shared: &Shared) {
        let Some(tab) = sheet::tab_of(key) else { return };
        self.turn(tab, shared);
        let is_it = |line: &Line| matches!(line, Line::Setting(setting) if setting.key == key);
        if let Some(place) = self.lines(shared).iter().position(is_it) {
            self.list.set(place);
        }
    }

    fn turn(&mut self, tab: usize, shared: &Shared) {
        self.tab = tab;
        self.fit(shared);
        self.list.set(0);
        self.off_headings(Motion::Down, shared);
    }

    fn fit(&mut self, shared: &Shared) {
        let height = Parts::of(self.area).lines.height;
        self.list.fit(self.lines(shared).len(), usize::from(height));
    }

    /// The cursor goes past headings.
    fn off_headings(&mut self, motion: Motion, shared: &Shared) {
        let lines = self.lines(shared);
        let is_heading =
            |list: &ListCursor| matches!(list.place().and_then(|place| lines.get(place)), Some(Line::Heading(_)));
        let direction = match motion {
            Motion::Up | Motion::PageUp | Motion::HalfUp => Motion::Up,
            _ => Motion::Down,
        };
        for direction in [direction, Motion::Down, Motion::Up] {
            if is_heading(&self.list) {
                self.list.go(direction);
            }
        }
    }

    /// The lines of the tab, with the values that an apply would bring.
    fn lines(&self, shared: &Shared) -> Vec<Line> {
        match &self.document {
            Some(document) => sheet::lines(self.tab, &document.now, document.base()),
            None => sheet::lines(self.tab, &shared.snapshot.settings, &base(shared)),
        }
    }

    fn selected(&self, shared: &Shared) -> Option<Setting> {
        match self.list.place().and_then(|place| self.lines(shared).into_iter().nth(place)) {
            Some(Line::Setting(setting)) => Some(*setting),
            _ => None,
        }
    }

    /// The number of the remote domain under the cursor.
    fn selected_domain(&self, shared: &Shared) -> Option<usize> {
        let setting = self.selected(shared)?;
        setting.key.strip_prefix("domain[")?.split_once(']')?.0.parse().ok()
    }

    fn is_changed(&self, key: &str) -> bool {
        let is_edit = |edit: &Edit| matches!(edit, Edit::Set { key: other, .. } if other == key);
        self.document.as_ref().is_some_and(|document| document.edits().iter().any(is_edit))
    }

    fn trouble(&self) -> Option<String> {
        if self.is_stale {
            return Some("The file was changed on disk while you edit. c settles it, nothing is lost.".to_owned());
        }
        self.problem.clone()
    }

    /// Begins to edit the selected setting.
    fn begin(&mut self, shared: &Shared) {
        let Some(setting) = self.selected(shared) else { return };
        self.mode = match setting.kind {
            _ if setting.is_choice() => {
                let _ = self.toggle(shared); // the table's own words are always right
                return;
            }
            Kind::List => Mode::List(ListEdit::new(setting.key, setting.label, config::entries(&setting.value))),
            Kind::Secret => Mode::Text(TextEdit::new(setting.key, setting.kind, "")),
            kind => Mode::Text(TextEdit::new(setting.key, kind, &kind.entered(&setting.value))),
        };
    }

    /// Takes the next choice.
    fn toggle(&mut self, shared: &Shared) -> Result<(), String> {
        let Some(setting) = self.selected(shared) else { return Ok(()) };
        let value = setting.kind.entered(&setting.value);
        let next = match setting.kind {
            Kind::Switch => (value != "true").to_string(),
            Kind::Choice(choices) => {
                let at = choices.iter().position(|choice| *choice == value).unwrap_or(0);
                choices.get((at + 1) % choices.len().max(1)).copied().unwrap_or_default().to_owned()
            }
            _ => return Ok(()),
        };
        self.set(setting.key, setting.kind.toml(&next))
    }

    fn set(&mut self, key: String, toml: String) -> Result<(), String> {
        let Some(document) = &mut self.document else { return Ok(()) };
        if key == NEW_DOMAIN {
            return document.edit(Edit::AddDomain { name: Kind::Text.entered(&toml) });
        }
        document.edit(Edit::Set { key, toml })
    }

    fn review(&mut self) {
        if let Some(document) = &self.document {
            self.mode = Mode::Review(Review::new(document));
        }
    }

    /// The settings before the last apply, for review.
    fn undo(&mut self) -> Result<(), String> {
        let (Some(document), Some(previous)) = (&self.document, &self.previous) else { return Ok(()) };
        let undone = document.back_to(previous)?;
        self.document = Some(undone);
        self.review();
        Ok(())
    }

    fn apply(&mut self) -> Vec<Effect> {
        let Some(document) = &self.document else { return Vec::new() };
        let (text, base) = document.texts();
        self.applying = Some(base.clone());
        vec![Effect::Execute(Request::SettingsApply, Command::SettingsApply { text, base })]
    }

    fn type_value(&mut self, input: &Input) {
        let Mode::Text(edit) = &mut self.mode else { return };
        match input {
            Input::Key(Key { code: KeyCode::Esc, .. }) => self.mode = Mode::Form,
            Input::Key(Key { code: KeyCode::Enter, .. }) => {
                let (key, toml) = (edit.key.clone(), edit.kind.toml(edit.field.text()));
                match self.set(key, toml) {
                    Ok(()) => self.mode = Mode::Form,
                    Err(error) => self.complain(error),
                }
            }
            input => {
                if edit.field.take(input) == Some(true) {
                    let (key, toml) = (edit.key.clone(), edit.kind.toml(edit.field.text()));
                    self.try_out(key, toml);
                }
            }
        }
    }

    /// Says of a value being typed whether it would be right.
    fn try_out(&mut self, key: String, toml: String) {
        let Some(document) = &self.document else { return };
        let tried = document.over(&document.texts().1).and_then(|mut copy| match key.as_str() {
            NEW_DOMAIN => copy.edit(Edit::AddDomain { name: Kind::Text.entered(&toml) }),
            _ => document
                .edits()
                .iter()
                .cloned()
                .try_for_each(|edit| copy.edit(edit))
                .and_then(|()| copy.edit(Edit::Set { key, toml })),
        });
        if let Mode::Text(edit) = &mut self.mode {
            edit.error = tried.err();
        }
    }

    fn complain(&mut self, error: String) {
        match &mut self.mode {
            Mode::Text(edit) => edit.error = Some(error),
            Mode::List(edit) => edit.error = Some(error),
            Mode::Conflict(conflict) => conflict.error = Some(error),
            Mode::Form | Mode::Review(_) => {}
        }
    }

    fn edit_list(&mut self, input: &Input) {
        let height = self.area.height;
        let Mode::List(edit) = &mut self.mode else { return };
        match edit.take(input, height) {
            ListStep::Goes => {}
            ListStep::Dropped => self.mode = Mode::Form,
            ListStep::Done => {
                let (key, toml) = (edit.key.clone(), config::list(&edit.entries));
                match self.set(key, toml) {
                    Ok(()) => self.mode = Mode::Form,
                    Err(error) => self.complain(error),
                }
            }
        }
    }

    fn look_over(&mut self, key: Key) -> Vec<Effect> {
        let height = self.area.height;
        let Mode::Review(review) = &mut self.mode else { return Vec::new() };
        match key.code {
            KeyCode::Esc => self.mode = Mode::Form,
            KeyCode::Enter if !review.is_waiting => {
                review.is_waiting = true;
                return self.apply();
            }
            KeyCode::Char('t') => review.turn(),
            code => {
                if let Some(motion) = crate::dashboard::overlays::messages::motion(code) {
                    review.go(motion, height);
                }
            }
        }
        Vec::new()
    }

    fn settle(&mut self, key: Key) {
        let Mode::Conflict(conflict) = &mut self.mode else { return };
        match key.code {
            KeyCode::Esc => self.mode = Mode::Form,
            KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right => conflict.turn(),
            KeyCode::Enter => {
                let Some(mine) = &self.document else { return };
                match conflict.settle(mine) {
                    Ok(settled) => {
                        self.is_stale = false;
                        self.document = Some(settled);
                        self.review();
                    }
                    Err(error) => conflict.error = Some(error),
                }
            }
            code => {
                if let Some(motion) = crate::dashboard::overlays::messages::motion(code) {
                    conflict.go(motion);
                }
            }
        }
    }

    /// The engine has read the file.
    fn read(&mut self, file: &SettingsText, shared: &Shared) {
        self.seen = Some(Arc::clone(&shared.snapshot.settings));
        let pending = self.document.as_ref().filter(|document| document.is_changed());
        match pending {
            Some(mine) if mine.texts().1 != file.text => self.clash(&file.text),
            Some(_) => self.is_stale = false,
            None => match Document::open(file) {
                Ok(document) => {
                    (self.problem, self.is_stale) = (None, false);
                    self.document = Some(document);
                }
                Err(error) => {
                    self.document = None;
                    self.problem = Some(format!("the file cannot be edited here: {error}"));
                }
            },
        }
    }

    fn clash(&mut self, text: &str) {
        let Some(mine) = &self.document else { return };
        match Conflict::new(mine, text) {
            Ok(conflict) => self.mode = Mode::Conflict(conflict),
            Err(error) => {
                self.mode = Mode::Form;
                self.problem = Some(format!("the file on disk is no settings file now: {error}"));
            }
        }
    }

    /// What came of an apply.
    fn applied(&mut self, outcome: &Outcome, shared: &mut Shared) -> Vec<Effect> {
        let now = shared.now();
        let base = self.applying.take();
        match outcome {
            Outcome::Done { message, .. } => {
                shared.toasts.push(now, Weight::Info, format!("{message}; U undoes"));
                self.previous = base;
                self.document = None;
                self.mode = Mode::Form;
                self.is_stale = false;
                return vec![Effect::Execute(Request::SettingsText, Command::SettingsText)];
            }
            Outcome::Refused { reason } => {
                if let Mode::Review(review) = &mut self.mode {
                    review.is_waiting = false;
                    review.refusal = Some(reason.clone());
                } else {
                    shared.toasts.push(now, Weight::Error, reason.clone());
                }
            }
            Outcome::Conflict { text } => self.clash(text),
            Outcome::View { .. } => {}
        }
        Vec::new()
    }
}

impl Pane for Settings {
    fn edit(&mut self, input: &Input, _: &mut Shared) -> Option<Vec<Effect>> {
        match (&self.mode, input) {
            (Mode::Form, _) => None,
            (Mode::Text(_), _) => {
                self.type_value(input);
                Some(Vec::new())
            }
            (Mode::List(_), _) => {
                self.edit_list(input);
                Some(Vec::new())
            }
            (Mode::Review(_), Input::Key(key)) => Some(self.look_over(*key)),
            (Mode::Conflict(_), Input::Key(key)) => {
                self.settle(*key);
                Some(Vec::new())
            }
            (Mode::Review(_) | Mode::Conflict(_), _) => Some(Vec::new()),
        }
    }

    fn go(&mut self, motion: Motion, shared: &mut Shared) -> Vec<Effect> {
        match motion {
            Motion::Left => self.turn((self.tab + TABS.len() - 1) % TABS.len(), shared),
            Motion::Right => self.turn((self.tab + 1) % TABS.len(), shared),
            motion => {
                self.list.go(motion);
                self.off_headings(motion, shared);
            }
        }
        Vec::new()
    }

    fn click(&mut self, at: Position, shared: &mut Shared) -> Vec<Effect> {
        let line = usize::from(at.y.saturating_sub(1)) + self.list.offset();
        if matches!(self.mode, Mode::Form) && at.y > 0 && line < self.list.len() {
            self.list.set(line);
            self.off_headings(Motion::Down, shared);
        }
        Vec::new()
    }

    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.area = area;
        self.fit(shared);
        self.off_headings(Motion::Down, shared);
        if !shared.viewer.may(Role::Admin) {
            self.problem = Some("Only an administrator may change settings.".to_owned());
            return Vec::new();
        }
        let is_new = self.seen.as_ref().is_none_or(|seen| !Arc::ptr_eq(seen, &shared.snapshot.settings));
        if !is_new || self.is_asked {
            return Vec::new();
        }
        let is_pending = self.document.as_ref().is_some_and(|document| document.is_changed());
        if is_pending || !matches!(self.mode, Mode::Form) {
            self.is_stale = self.document.as_ref().is_some_and(|document| document.before != *shared.snapshot.settings);
            return Vec::new();
        }
        self.is_asked = true;
        vec![Effect::Execute(Request::SettingsText, Command::SettingsText)]
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::Outcome(Request::SettingsText, outcome) => {
                self.is_asked = false;
                match outcome {
                    Outcome::View { view } => match serde_json::from_value::<SettingsText>(view.clone()) {
                        Ok(file) => self.read(&file, shared),
                        Err(error) => self.problem = Some(error.to_string()),
                    },
                    Outcome::Refused { reason } => self.problem = Some(reason.clone()),
                    Outcome::Done { .. } | Outcome::Conflict { .. } => {}
                }
                self.fit(shared);
                Vec::new()
            }
            Answer::Outcome(Request::SettingsApply, outcome) => self.applied(outcome, shared),
            _ => Vec::new(),
        }
    }

    fn status(&self, shared: &Shared) -> String {
        let changes = self.document.as_ref().map_or(0, |document| document.changes().len());
        let file = shared.snapshot.settings_file.as_ref().map_or_else(
            || "no file yet: the defaults serve".to_owned(),
            |file| crate::text::printable(file.to_string_lossy().as_bytes()).into_owned(),
        );
        match (changes, self.is_stale) {
            (0, _) => file,
            (1, false) => "1 change not applied".to_owned(),
            (count, false) => format!("{count} changes not applied"),
            (count, true) => format!("{count} changes not applied, and the file changed on disk"),
        }
    }

    fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        match &self.mode {
            Mode::Form => None,
            Mode::Text(_) => Some(vec![("Enter", "take over"), ("Esc", "as it was")]),
            Mode::List(edit) => Some(edit.hints()),
            Mode::Review(review) => Some(review.hints()),
            Mode::Conflict(conflict) => Some(conflict.hints()),
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        match &self.mode {
            Mode::Form | Mode::Text(_) => form::draw(self, frame, area, shared, has_focus),
            Mode::List(edit) => edit.draw(frame, area, shared),
            Mode::Review(review) => Some(review.draw(frame, area, shared)),
            Mode::Conflict(conflict) => Some(conflict.draw(frame, area, shared)),
        }
    }
}

/// Where relative paths of the settings in force start.
fn base(shared: &Shared) -> PathBuf {
    let file = shared.snapshot.settings_file.as_ref();
    file.and_then(|file| config::base_of(file).ok()).unwrap_or_default()
}

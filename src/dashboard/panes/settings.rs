//! The settings: the property sheet, edited in place.
//!
//! What is shown comes from `config`'s table of fields. An administrator edits a copy of the file's text, which is
//! valid settings at every moment, reviews what the changes will do, and applies all of them or none. Others see the
//! settings in force.

mod actions;
mod conflict;
mod cursor;
mod difference;
mod document;
mod edits;
mod file;
mod form;
mod list;
mod merge;
mod modes;
mod presets;
mod review;
mod settling;
mod sheet;
mod typing;
mod value;

use std::path::PathBuf;
use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use self::file::File;
use self::form::Parts;
use self::modes::Mode;
use self::sheet::{Line, Setting, Sheet, TABS};
use crate::config::{self, Apply, DomainPattern};
use crate::dashboard::Shared;
use crate::dashboard::input::Input;
use crate::dashboard::message::{Answer, Effect, Request};
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::widgets::ListCursor;
use crate::mail::Domain;
use crate::text::shown_path;

pub(crate) use self::actions::ACTIONS;

/// The pane.
#[derive(Default)]
pub(crate) struct Settings {
    tab: usize,
    list: ListCursor,
    area: Rect,
    mode: Mode,
    file: File,
    /// The settings in force, for as long as there is no file.
    in_force: Sheet,
    in_force_of: Option<Arc<config::Settings>>,
    /// The keys of settings that are in the file and not in force before the next start.
    waiting: Vec<String>,
    /// The key of a setting that is to be shown.
    wanted: Option<String>,
    /// The selected setting is to be edited as soon as the file is there.
    is_eager: bool,
}

impl Settings {
    /// Goes to a setting by its key, the next time the pane is in sight.
    pub(crate) fn show_field(&mut self, key: &str) {
        self.wanted = Some(key.to_owned());
        if !self.mode.is_waiting() {
            self.mode = Mode::Form;
        }
    }

    /// How many changes wait to be applied.
    pub(crate) fn pending(&self) -> usize {
        self.file.document.as_ref().map_or(0, |document| document.changes.len())
    }

    /// The remote domain that is selected, if it is one and not all below one.
    pub(crate) fn selected_domain(&self) -> Option<Domain> {
        let number = edits::domain_number(&self.selected()?.key)?;
        match &self.file.document.as_ref()?.now.domains.get(number.checked_sub(1)?)?.name {
            DomainPattern::Exact(name) => Some(name.clone()),
            DomainPattern::Below(_) => None,
        }
    }

    /// All tabs, with the values that an apply would bring.
    fn sheet(&self) -> &Sheet {
        self.file.document.as_ref().map_or(&self.in_force, |document| &document.sheet)
    }

    /// The lines of the tab.
    fn lines(&self) -> &[Line] {
        self.sheet().lines(self.tab)
    }

    /// The line under the cursor.
    fn line(&self) -> Option<&Line> {
        self.lines().get(self.list.place()?)
    }

    fn selected(&self) -> Option<&Setting> {
        self.line()?.setting()
    }

    /// What stands in the way of editing, or is to be known before.
    fn trouble(&self) -> Option<&str> {
        if self.file.newer.is_some() {
            return Some("The file was changed on disk while you edit it here. c settles that; nothing is lost.");
        }
        self.file.trouble.as_deref()
    }

    fn see_settings_in_force(&mut self, shared: &Shared) {
        let settings = &shared.snapshot.settings;
        if self.in_force_of.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, settings)) {
            return;
        }
        self.in_force_of = Some(Arc::clone(settings));
        self.keep_selected(|pane| pane.in_force = Sheet::new(settings, &base(shared), None, &[]));
    }

    /// Finds out which settings wait for the next start.
    fn compare_with_force(&mut self) {
        let (Some(document), Some(in_force)) = (&self.file.document, &self.in_force_of) else { return };
        let all = config::changes(in_force, &document.before).into_iter();
        self.waiting = all.filter(|(_, apply)| *apply == Apply::Restart).map(|(key, _)| key.to_owned()).collect();
    }
}

impl Pane for Settings {
    fn edit(&mut self, input: &Input, shared: &mut Shared) -> Option<Vec<Effect>> {
        self.input(input, shared)
    }

    fn go(&mut self, motion: Motion, shared: &mut Shared) -> Vec<Effect> {
        match (&mut self.mode, motion) {
            (Mode::Form, Motion::Left) => self.turn((self.tab + TABS.len() - 1) % TABS.len()),
            (Mode::Form, Motion::Right) => self.turn((self.tab + 1) % TABS.len()),
            (Mode::Form, motion) => {
                self.list.go(motion);
                self.select_a_setting(motion);
            }
            (Mode::Typing(_), _) => {}
            (Mode::List(edit), motion) => edit.go(motion),
            (Mode::Review(review), motion) => review.go(motion, self.area, shared),
            (Mode::Conflict(conflict), motion) => conflict.go(motion),
        }
        Vec::new()
    }

    fn click(&mut self, at: Position, shared: &mut Shared) -> Vec<Effect> {
        if !matches!(self.mode, Mode::Form) {
            return Vec::new();
        }
        if at.y == 0 {
            if let Some(tab) = form::tab_at(self.tab, self.area.width, at.x) {
                self.turn(tab);
            }
            return Vec::new();
        }
        let line = usize::from(at.y - 1) + self.list.offset();
        let is_in_sight = at.y <= Parts::of(self.area).lines.height;
        if !is_in_sight || !self.lines().get(line).is_some_and(Line::is_reachable) {
            return Vec::new();
        }
        shared.is_entered = self.list.place() == Some(line);
        self.set(line);
        Vec::new()
    }

    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.area = area;
        self.see_settings_in_force(shared);
        self.fit();
        if let Some((tab, line)) = self.wanted.take().and_then(|key| self.sheet().find(&key)) {
            self.turn(tab);
            self.set(line);
        }
        self.file.follow(shared)
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::Outcome(Request::SettingsText, outcome) => self.read(outcome, shared),
            Answer::Outcome(Request::SettingsApply, outcome) => return self.applied(outcome, shared),
            _ => {}
        }
        Vec::new()
    }

    fn status(&self, shared: &Shared) -> String {
        let stale = if self.file.newer.is_some() { "; the file changed" } else { "" };
        match (&self.mode, self.pending()) {
            (Mode::List(edit), _) => edit.status(),
            (_, 1) => format!("1 change not applied{stale}"),
            (_, count) if count > 0 => format!("{count} changes not applied{stale}"),
            _ => shared
                .snapshot
                .settings_file
                .as_ref()
                .map_or_else(|| "no file yet: the defaults serve".to_owned(), |file| shown_path(file)),
        }
    }

    fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        self.mode.hints()
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        match &self.mode {
            Mode::Form | Mode::Typing(_) => form::draw(self, frame, area, shared, has_focus),
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

//! The cursor: on a setting, never on a heading, and on the same setting whatever happens around it.

use super::Settings;
use super::edits::domain_number;
use super::form::Parts;
use super::sheet::{DOMAINS, Line, Setting};
use crate::dashboard::pane::Motion;

impl Settings {
    pub(super) fn turn(&mut self, tab: usize) {
        self.tab = tab;
        self.fit();
        self.list.set(0);
        self.select_a_setting(Motion::Down);
    }

    pub(super) fn fit(&mut self) {
        let height = Parts::of(self.area).lines.height;
        self.list.fit(self.lines().len(), usize::from(height));
        self.select_a_setting(Motion::Down);
    }

    pub(super) fn set(&mut self, line: usize) {
        self.list.set(line);
        self.select_a_setting(Motion::Down);
    }

    /// The cursor goes past headings, which come into sight with the setting below them.
    pub(super) fn select_a_setting(&mut self, motion: Motion) {
        let direction = match motion {
            Motion::Up | Motion::PageUp | Motion::HalfUp => Motion::Up,
            _ => Motion::Down,
        };
        for direction in [direction, Motion::Down, Motion::Up] {
            if self.line().is_some_and(|line| !line.is_reachable()) {
                self.list.go(direction);
            }
        }
        let Some(place) = self.list.place() else { return };
        let has_heading =
            place.checked_sub(1).and_then(|above| self.lines().get(above)).is_some_and(|line| !line.is_reachable());
        if has_heading && self.list.offset() == place && self.list.height() > 1 {
            self.list.set(place - 1);
            self.list.set(place);
        }
    }

    /// Does something to the sheet, after which the cursor is on the setting it was on, or on what took its place.
    pub(super) fn keep_selected<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.selected().map(|setting| (setting.key.clone(), self.domain_of(&setting.key)));
        let outcome = act(self);
        if let Some((key, domain)) = before {
            let renumbered = domain.and_then(|name| self.key_in_domain(&key, &name));
            if let Some((tab, line)) = self.sheet().find(&renumbered.unwrap_or(key)) {
                self.tab = tab;
                self.list.fit(self.lines().len(), self.list.height());
                self.list.follow(line);
            }
        }
        self.fit();
        self.compare_with_force();
        outcome
    }

    /// The name of the remote domain that a key belongs to, as TOML.
    fn domain_of(&self, key: &str) -> Option<String> {
        let (tab, line) = self.sheet().find(&format!("domain[{}].name", domain_number(key)?))?;
        Some(self.sheet().lines(tab)[line].setting()?.value.clone())
    }

    /// The same key of the remote domain that has a name now.
    fn key_in_domain(&self, key: &str, name: &str) -> Option<String> {
        let (_, field) = key.split_once("].")?;
        let is_it = |setting: &&Setting| setting.key.ends_with("].name") && setting.value == name;
        let named = self.sheet().lines(DOMAINS).iter().filter_map(Line::setting).find(is_it)?;
        Some(format!("domain[{}].{field}", domain_number(&named.key)?))
    }
}

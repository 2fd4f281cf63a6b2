//! The pane of what waits: message by message, or by destination; and Badmail, where the rest ends.
//!
//! The queue is read in windows, never as a whole: the pane asks for the rows around those in sight, and whatever it
//! selects or marks is kept by id.

mod acts;
mod badmail;
mod conditions;
mod destinations;
mod detail;
mod keys;
mod list;
mod marks;
mod question;
mod rows;
mod sort;
mod view;
mod views;
mod why;
mod window;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use self::badmail::Badmail;
use self::destinations::Destinations;
use self::detail::{Detail, Place};
use self::list::List;
use crate::dashboard::Shared;
use crate::dashboard::input::Input;
use crate::dashboard::message::{Answer, Effect, Request};
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::preferences::QueuePreferences;
use crate::dashboard::toasts::Weight;
use crate::engine::Outcome;
use crate::engine::view::Export;

pub(crate) use self::keys::ACTIONS;
pub use self::view::View;

/// The pane.
pub(crate) struct Queue {
    view: View,
    list: List,
    destinations: Destinations,
    badmail: Badmail,
    /// Where it was drawn last.
    area: Rect,
}

impl Queue {
    /// The pane as a viewer left it.
    pub(crate) fn new(preferences: QueuePreferences) -> Self {
        let QueuePreferences { view, sort, descending } = preferences;
        Self {
            view,
            list: List::new(sort, descending),
            destinations: Destinations::default(),
            badmail: Badmail::default(),
            area: Rect::ZERO,
        }
    }

    /// What the viewer is to find again.
    pub(crate) fn preferences(&self) -> QueuePreferences {
        QueuePreferences { view: self.view, sort: self.list.sort, descending: self.list.descending }
    }

    /// Selects a message of the list, if it still waits; the next refresh looks for it. The keys are given by the
    /// caller.
    pub(crate) fn show_message(&mut self, id: &str) {
        self.view = View::List;
        self.list.seek(id);
    }

    /// Shows another view.
    fn show(&mut self, view: View, shared: &mut Shared) -> Vec<Effect> {
        self.view = view;
        self.refresh(self.area, shared)
    }

    /// Opens what is under the cursor: a message, or the messages of a destination.
    fn open(&mut self, shared: &mut Shared) -> Vec<Effect> {
        let (place, id) = match self.view {
            View::List => (Place::Queue, self.list.selected().map(|row| row.id.clone())),
            View::Badmail => (Place::Badmail, self.badmail.selected().map(|bad| bad.message.id.clone())),
            View::Destinations => {
                let Some(name) = self.destinations.selected() else { return Vec::new() };
                if self.list.filter.set(&format!("destination:{name}")) {
                    self.list.filtered();
                }
                return self.show(View::List, shared);
            }
        };
        let Some(id) = id else { return Vec::new() };
        let (detail, effects) = Detail::new(place, &id, shared);
        shared.opening.push(Box::new(detail));
        effects
    }

    /// The id of the message under the cursor.
    fn message(&self) -> Option<&str> {
        match self.view {
            View::List => self.list.selected().map(|row| row.id.as_str()),
            View::Badmail => self.badmail.selected().map(|bad| bad.message.id.as_str()),
            View::Destinations => None,
        }
    }

    /// Takes the marks of the view away.
    fn unmark(&mut self) {
        match self.view {
            View::Badmail => self.badmail.marks.clear(),
            View::List | View::Destinations => self.list.unmark(),
        }
    }

    /// The filter of the view is another one, or takes other room.
    fn filtered(&mut self, is_other: bool, shared: &Shared) -> Vec<Effect> {
        match self.view {
            View::Badmail => {
                if is_other {
                    self.badmail.marks.clear();
                }
                self.badmail.refresh(self.area, shared)
            }
            View::List | View::Destinations => {
                if is_other {
                    self.list.filtered();
                }
                self.list.settle(self.area, shared)
            }
        }
    }
}

impl Pane for Queue {
    fn edit(&mut self, input: &Input, shared: &mut Shared) -> Option<Vec<Effect>> {
        let is_other = match self.view {
            View::List => self.list.filter.edit(input)?,
            View::Badmail => self.badmail.filter.edit(input)?,
            View::Destinations => return None,
        };
        Some(self.filtered(is_other, shared))
    }

    fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        let is_open = match self.view {
            View::List => self.list.filter.is_open(),
            View::Badmail => self.badmail.filter.is_open(),
            View::Destinations => false,
        };
        is_open.then(|| vec![("Enter", "keep"), ("Esc", "show all"), ("Up Down", "move")])
    }

    fn go(&mut self, motion: Motion, shared: &mut Shared) -> Vec<Effect> {
        match self.view {
            View::List => self.list.go(motion, self.area, shared),
            View::Destinations => {
                self.destinations.go(motion, self.area, shared);
                Vec::new()
            }
            View::Badmail => {
                self.badmail.go(motion);
                self.badmail.refresh(self.area, shared)
            }
        }
    }

    fn click(&mut self, at: Position, shared: &mut Shared) -> Vec<Effect> {
        let Some(row) = at.y.checked_sub(1).map(usize::from) else {
            if self.view == View::List
                && let Some(sort) = self.list.sort_at(at.x, self.area)
            {
                self.list.sort_by(sort);
            }
            return self.refresh(self.area, shared);
        };
        let was_there = match self.view {
            View::List => self.list.point(row),
            View::Destinations => self.destinations.point(row),
            View::Badmail => self.badmail.point(row),
        };
        if was_there { self.open(shared) } else { self.refresh(self.area, shared) }
    }

    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.area = area;
        match self.view {
            View::List => self.list.refresh(area, shared),
            View::Destinations => self.destinations.refresh(area, shared),
            View::Badmail => self.badmail.refresh(area, shared),
        }
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::Page(page) => self.list.take(page, self.area, shared),
            Answer::Ids(ids) => {
                if !self.list.take_ids(ids) {
                    let now = shared.now();
                    shared.toasts.push(now, Weight::Warning, "the ends of the range have left the list: mark again");
                }
                Vec::new()
            }
            Answer::Shape(shape) => {
                self.destinations.take(shape, self.area, shared);
                Vec::new()
            }
            Answer::Outcome(Request::Badmail, outcome) => self.badmail.take(outcome, self.area, shared),
            Answer::Outcome(Request::BadmailAct, outcome) => {
                if matches!(outcome, Outcome::Done { .. }) {
                    self.badmail.marks.clear();
                }
                self.badmail.is_outdated();
                if self.view == View::Badmail { self.badmail.refresh(self.area, shared) } else { Vec::new() }
            }
            Answer::Outcome(Request::Content(id), outcome @ Outcome::View { .. }) => {
                let octets = views::read::<Export>(outcome).and_then(|export| {
                    export.octets().ok_or_else(|| "the engine's answer holds no message".to_owned())
                });
                match octets {
                    Ok(octets) => vec![Effect::Export { name: format!("{id}.eml"), octets }],
                    Err(reason) => {
                        let now = shared.now();
                        shared.toasts.push(now, Weight::Error, reason);
                        Vec::new()
                    }
                }
            }
            _ => Vec::new(),
        }
    }

    fn status(&self, shared: &Shared) -> String {
        match self.view {
            View::List => self.list.status(shared),
            View::Destinations => self.destinations.status(shared),
            View::Badmail => self.badmail.status(shared),
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let buffer = frame.buffer_mut();
        match self.view {
            View::List => self.list.draw(buffer, area, shared, has_focus),
            View::Destinations => self.destinations.draw(buffer, area, shared, has_focus),
            View::Badmail => self.badmail.draw(buffer, area, shared, has_focus),
        }
    }
}

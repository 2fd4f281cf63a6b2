//! The pane of settings.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::dashboard::Shared;
use crate::dashboard::action::Action;
use crate::dashboard::message::Effect;
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::widgets::ListCursor;

pub(crate) const ACTIONS: &[Action] = &[];

/// The pane.
#[derive(Default)]
pub(crate) struct Settings {
    cursor: ListCursor,
}

impl Settings {
    /// Goes to a field by its key.
    pub(crate) fn show_field(&mut self, _key: &str) {}
}

impl Pane for Settings {
    fn go(&mut self, motion: Motion, _: &mut Shared) -> Vec<Effect> {
        self.cursor.go(motion);
        Vec::new()
    }

    fn refresh(&mut self, area: Rect, _: &mut Shared) -> Vec<Effect> {
        self.cursor.fit(0, usize::from(area.height));
        Vec::new()
    }

    fn draw(&self, _: &mut Frame<'_>, area: Rect, _: &Shared, _: bool) -> Option<Position> {
        Some(area.as_position())
    }
}

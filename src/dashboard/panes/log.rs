//! The pane of log.

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
pub(crate) struct Log {
    cursor: ListCursor,
}

impl Log {
    /// Shows what happened to one message.
    pub(crate) fn show_message(&mut self, _id: &str) {}

    /// Shows only what a filter matches.
    pub(crate) fn show_filter(&mut self, _filter: &str) {}
}

impl Pane for Log {
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

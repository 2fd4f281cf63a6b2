//! What lies above the panes: help, palette, dialogs, details. The top one has the keys.

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};

use super::action::Action;
use super::input::Input;
use super::message::{Answer, Effect};
use super::{Model, Shared};

/// What an overlay made of an input.
pub(crate) enum Reaction {
    /// Taken; these effects follow.
    Stay(Vec<Effect>),
    /// Taken; the overlay is done.
    Close(Vec<Effect>),
    /// Another one goes on top.
    Open(Box<dyn Overlay>, Vec<Effect>),
    /// The overlay is done, and an action follows.
    Run(&'static Action),
    /// The overlay is done, and what it was opened for follows.
    Then(Follow),
}

/// Something done to the model once an overlay has gone.
pub(crate) type Follow = Box<dyn FnOnce(&mut Model) -> Vec<Effect>>;

/// Where an overlay that wants so much room for its content is on a screen, its frame included. The line of hints stays
/// in sight.
pub(crate) fn area((columns, rows): (u16, u16), screen: Size) -> Rect {
    let height = screen.height.saturating_sub(1);
    let columns = columns.saturating_add(4).min(screen.width);
    let rows = rows.saturating_add(2).min(height);
    Rect { x: (screen.width - columns) / 2, y: (height - rows) / 2, width: columns, height: rows }
}

/// The part of an overlay's area that is its own to draw in.
pub(crate) fn inner(area: Rect) -> Rect {
    area.inner(ratatui::layout::Margin::new(2, 1))
}

/// One layer above the panes.
pub(crate) trait Overlay: Send {
    /// What stands in its frame.
    fn title(&self) -> String;

    /// Its keys and what they do, for the line of hints.
    fn hints(&self) -> Vec<(&'static str, &'static str)>;

    /// Something was pressed, pasted or clicked. Esc closes an overlay that does not want it otherwise.
    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction;

    /// Something came of an effect; the overlay takes what it asked for.
    fn answer(&mut self, _answer: &Answer, _shared: &mut Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// There is a new snapshot in `shared`.
    fn refresh(&mut self, _shared: &mut Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// What is to be done when it goes.
    fn closed(&mut self) -> Vec<Effect> {
        Vec::new()
    }

    /// How much room its content would like, columns and rows; it may get less.
    fn wants(&self, shared: &Shared) -> (u16, u16);

    /// Draws into the inner area. Returns where the hardware cursor belongs.
    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position>;
}

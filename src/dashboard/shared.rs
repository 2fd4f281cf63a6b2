//! What every pane and overlay may know, and the few things all of them may do.

use std::sync::Arc;

use ratatui::layout::Size;

use super::overlay::Overlay;
use super::theme::{Glyphs, Theme};
use super::toasts::Toasts;
use super::undo::Undo;
use super::viewer::Viewer;
use crate::clock::Timestamp;
use crate::engine::Snapshot;

/// The part of a model that belongs to no pane.
pub(crate) struct Shared {
    pub(crate) viewer: Viewer,
    /// What is shown; older than the engine while the picture is frozen.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Whether the picture stands still.
    pub(crate) is_frozen: bool,
    pub(crate) size: Size,
    pub(crate) theme: Theme,
    pub(crate) glyphs: Glyphs,
    pub(crate) toasts: Toasts,
    /// Whether the terminal reports the mouse.
    pub(crate) mouse: bool,
    /// What was deleted last and can be brought back.
    pub(crate) undo: Undo,
    /// What panes and overlays want on top; the model puts it there once the message is dealt with.
    pub(crate) opening: Vec<Box<dyn Overlay>>,
    /// How many checks and logins were begun: each has a number, by which late answers of an earlier one are told apart.
    pub(crate) errands: u64,
    /// Set by a pane whose selected row was clicked: that counts as Enter.
    pub(crate) is_entered: bool,
}

impl Shared {
    /// The time of the picture.
    pub(crate) fn now(&self) -> Timestamp {
        self.snapshot.time
    }
}

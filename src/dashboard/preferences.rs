//! What a viewer finds again the next time: never marks, never a filter half typed.

use serde::{Deserialize, Serialize};

use super::pane::PaneId;
use super::theme::ThemeName;

/// Kept from one run to the next, for each person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// The pane that had the keys.
    pub pane: PaneId,
    /// Whether it filled the screen.
    pub zoomed: bool,
    /// The colours.
    pub theme: ThemeName,
    /// Whether the mouse is used.
    pub mouse: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { pane: PaneId::Queue, zoomed: false, theme: ThemeName::default(), mouse: true }
    }
}

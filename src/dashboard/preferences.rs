//! What a viewer finds again the next time: never marks, never a filter half typed.

use serde::{Deserialize, Serialize};

use super::pane::PaneId;
use super::panes::queue::View;
use super::panes::sessions::SessionSort;
use super::theme::ThemeName;
use crate::engine::SortKey;

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
    /// What the sessions looked like.
    pub sessions: SessionsPreferences,
    /// What the queue looked like.
    pub queue: QueuePreferences,
}

/// What a viewer finds again of the sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionsPreferences {
    /// By what they were sorted.
    pub sort: SessionSort,
    /// The largest first.
    pub descending: bool,
}

/// What a viewer finds again of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QueuePreferences {
    /// Which view it was.
    pub view: View,
    /// By what the list was sorted.
    pub sort: SortKey,
    /// The other way round.
    pub descending: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            pane: PaneId::Queue,
            zoomed: false,
            theme: ThemeName::default(),
            mouse: true,
            sessions: SessionsPreferences::default(),
            queue: QueuePreferences::default(),
        }
    }
}

/// The oldest first, so that rows stay where they are while others come.
impl Default for SessionsPreferences {
    fn default() -> Self {
        Self { sort: SessionSort::Age, descending: true }
    }
}

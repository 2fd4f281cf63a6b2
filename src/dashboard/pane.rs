//! What a pane is to the model.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::input::Input;
use super::message::{Answer, Effect};

/// The panes, in the order of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaneId {
    /// Who is connected.
    Sessions,
    /// What waits.
    Queue,
    /// What happened.
    Log,
    /// What is set.
    Settings,
}

impl PaneId {
    /// All, in the order of their keys.
    pub const ALL: [Self; 4] = [Self::Sessions, Self::Queue, Self::Log, Self::Settings];

    /// Its name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Sessions => "Sessions",
            Self::Queue => "Queue",
            Self::Log => "Log",
            Self::Settings => "Settings",
        }
    }

    /// Its place among [`PaneId::ALL`].
    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

/// Where to in a list or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    First,
    Last,
    Left,
    Right,
}

/// A pane. Its keys are in its table of actions; this is all else that reaches it.
pub(crate) trait Pane {
    /// Keys and pastes that go into a text of the pane, before any action sees them. `None` if the pane edits none.
    fn edit(&mut self, _input: &Input, _shared: &mut Shared) -> Option<Vec<Effect>> {
        None
    }

    /// The cursor is to move.
    fn go(&mut self, motion: Motion, shared: &mut Shared) -> Vec<Effect>;

    /// A click inside the frame, `at` counted from the corner of the pane's inner area.
    fn click(&mut self, _at: Position, _shared: &mut Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// There is a new snapshot in `shared`, or the inner area of the pane is another one.
    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect>;

    /// Something came of an effect; the pane takes what it asked for.
    fn answer(&mut self, _answer: &Answer, _shared: &mut Shared) -> Vec<Effect> {
        Vec::new()
    }

    /// What stands in its frame behind its name: counts, the filter, the sort.
    fn status(&self, _shared: &Shared) -> String {
        String::new()
    }

    /// The keys that count while the pane edits something, in place of those of its actions.
    fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        None
    }

    /// Draws into the inner area. Returns where the hardware cursor belongs: on the selection, or in the text being
    /// edited.
    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position>;
}

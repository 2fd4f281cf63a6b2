//! The four panes.

pub(super) mod log;
pub(super) mod queue;
pub(super) mod sessions;
pub(super) mod settings;

use super::pane::{Pane, PaneId};
use super::preferences::Preferences;

/// The panes of a viewer.
pub(super) struct Panes {
    pub(super) sessions: sessions::Sessions,
    pub(super) queue: queue::Queue,
    pub(super) log: log::Log,
    pub(super) settings: settings::Settings,
}

impl Panes {
    /// The panes as a viewer left them.
    pub(super) fn new(preferences: &Preferences) -> Self {
        Self {
            sessions: sessions::Sessions::new(preferences.sessions),
            queue: queue::Queue::new(preferences.queue),
            log: log::Log::default(),
            settings: settings::Settings::default(),
        }
    }

    pub(super) fn get(&self, pane: PaneId) -> &dyn Pane {
        match pane {
            PaneId::Sessions => &self.sessions,
            PaneId::Queue => &self.queue,
            PaneId::Log => &self.log,
            PaneId::Settings => &self.settings,
        }
    }

    pub(super) fn get_mut(&mut self, pane: PaneId) -> &mut dyn Pane {
        match pane {
            PaneId::Sessions => &mut self.sessions,
            PaneId::Queue => &mut self.queue,
            PaneId::Log => &mut self.log,
            PaneId::Settings => &mut self.settings,
        }
    }
}

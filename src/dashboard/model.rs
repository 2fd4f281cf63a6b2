//! The whole state of one viewer.

use std::sync::Arc;

use ratatui::layout::{Rect, Size};

use super::Shared;
use super::header;
use super::layout::Areas;
use super::message::Effect;
use super::overlay::Overlay;
use super::pane::{Pane, PaneId};
use super::panes::Panes;
use super::preferences::Preferences;
use super::theme::{Glyphs, Theme};
use super::toasts::Toasts;
use super::undo::Undo;
use super::viewer::Viewer;
use crate::engine::Snapshot;

/// One viewer's dashboard. It knows no clock, file or socket: messages go in, effects come out.
pub struct Model {
    pub(super) shared: Shared,
    pub(super) panes: Panes,
    /// The pane that has the keys, unless an overlay has them.
    pub(super) focus: PaneId,
    pub(super) is_zoomed: bool,
    pub(super) overlays: Vec<Box<dyn Overlay>>,
    /// The newest snapshot while the picture is frozen.
    pub(super) newest: Option<Arc<Snapshot>>,
}

impl Model {
    /// A dashboard for a viewer, and what is to be done first.
    pub fn new(viewer: Viewer, snapshot: Arc<Snapshot>, size: Size, preferences: &Preferences) -> (Self, Vec<Effect>) {
        let shared = Shared {
            theme: Theme::new(preferences.theme, viewer.colors),
            glyphs: Glyphs { ascii: viewer.ascii },
            snapshot,
            is_frozen: false,
            size,
            toasts: Toasts::default(),
            mouse: preferences.mouse,
            undo: Undo::default(),
            opening: Vec::new(),
            errands: 0,
            is_entered: false,
            viewer,
        };
        let mut model = Self {
            shared,
            panes: Panes::new(preferences),
            focus: preferences.pane,
            is_zoomed: preferences.zoomed,
            overlays: Vec::new(),
            newest: None,
        };
        let mut effects = vec![Effect::Mouse(preferences.mouse)];
        effects.extend(model.refresh());
        (model, effects)
    }

    /// What the viewer is to find again the next time.
    pub fn preferences(&self) -> Preferences {
        Preferences {
            pane: self.focus,
            zoomed: self.is_zoomed,
            theme: self.shared.theme.name,
            mouse: self.shared.mouse,
            sessions: self.panes.sessions.preferences(),
            queue: self.panes.queue.preferences(),
        }
    }

    /// Where everything stands now.
    pub(super) fn areas(&self) -> Areas {
        self.areas_of(self.shared.size)
    }

    /// Where everything stands on a screen of this size.
    pub(super) fn areas_of(&self, size: Size) -> Areas {
        Areas::new(size, self.focus, self.is_zoomed, header::notice(&self.shared).is_some())
    }

    /// Tells the panes in sight, and the overlays, what there is to see.
    pub(super) fn refresh(&mut self) -> Vec<Effect> {
        let areas = self.areas();
        let mut effects = Vec::new();
        for (pane, area) in &areas.panes {
            let inner = areas.inner(*area);
            effects.extend(self.panes.get_mut(*pane).refresh(inner, &mut self.shared));
        }
        for overlay in &mut self.overlays {
            effects.extend(overlay.refresh(&mut self.shared));
        }
        effects
    }

    /// Gives the keys to a pane.
    pub(super) fn focus(&mut self, pane: PaneId) -> Vec<Effect> {
        self.focus = pane;
        self.refresh()
    }

    /// Gives the keys to the log, filtered.
    pub(super) fn show_log(&mut self, filter: &str) -> Vec<Effect> {
        self.panes.log.show_filter(filter);
        self.focus(PaneId::Log)
    }

    /// Puts an overlay on top.
    pub(super) fn open(&mut self, overlay: impl Overlay + 'static) {
        self.overlays.push(Box::new(overlay));
    }

    /// The pane that has the keys, with what it may know.
    pub(super) fn focused(&mut self) -> (&mut dyn Pane, &mut Shared) {
        (self.panes.get_mut(self.focus), &mut self.shared)
    }

    /// The inner area of a pane in sight.
    pub(super) fn inner(&self, pane: PaneId) -> Option<Rect> {
        let areas = self.areas();
        areas.panes.iter().find(|(id, _)| *id == pane).map(|(_, area)| areas.inner(*area))
    }
}

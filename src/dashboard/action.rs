//! Actions: one table a place says what keys do, and makes hints, help, palette and `docs/keys.md`.

use super::input::Key;
use super::message::Effect;
use super::model::Model;
use super::pane::PaneId;
use super::{global, panes};
use crate::engine::Role;

/// Something a viewer can do by a key or from the palette.
pub struct Action {
    /// A name that never changes: `queue.retry`.
    pub name: &'static str,
    /// Its keys; the first one is shown.
    pub keys: &'static [Key],
    /// In a word or two, for hints.
    pub hint: &'static str,
    /// In a sentence, for help and palette.
    pub help: &'static str,
    /// The higher, the sooner it is among the hints; 0 is never.
    pub priority: u8,
    /// The least role that may do it.
    pub needs: Role,
    /// Why it cannot be done at the moment, if so.
    pub(super) ready: fn(&Model) -> Result<(), String>,
    /// Does it.
    pub(super) run: fn(&mut Model) -> Vec<Effect>,
}

/// Where the keys of a table count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere but in overlays.
    Everywhere,
    /// While a pane has the keys.
    Pane(PaneId),
}

impl Scope {
    /// Its heading in help and document.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "Everywhere",
            Self::Pane(pane) => pane.title(),
        }
    }
}

/// All tables. A pane's own keys go before those that count everywhere.
pub fn actions() -> [(Scope, &'static [Action]); 5] {
    [
        (Scope::Pane(PaneId::Sessions), panes::sessions::ACTIONS),
        (Scope::Pane(PaneId::Queue), panes::queue::ACTIONS),
        (Scope::Pane(PaneId::Log), panes::log::ACTIONS),
        (Scope::Pane(PaneId::Settings), panes::settings::ACTIONS),
        (Scope::Everywhere, global::ACTIONS),
    ]
}

/// The actions whose keys count while `pane` has them, its own first.
pub(super) fn in_reach(pane: PaneId) -> impl Iterator<Item = &'static Action> {
    let reaches = move |scope: Scope| scope == Scope::Pane(pane) || scope == Scope::Everywhere;
    actions().into_iter().filter(move |(scope, _)| reaches(*scope)).flat_map(|(_, table)| table)
}

impl Action {
    /// An action that everybody can do at any time, and that is not among the hints.
    pub(super) const fn new(
        name: &'static str,
        keys: &'static [Key],
        hint: &'static str,
        help: &'static str,
        run: fn(&mut Model) -> Vec<Effect>,
    ) -> Self {
        Self { name, keys, hint, help, priority: 0, needs: Role::Observer, ready: always, run }
    }

    /// The same among the hints; the higher, the sooner.
    pub(super) const fn hinted(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// The same for a role.
    pub(super) const fn needs(mut self, role: Role) -> Self {
        self.needs = role;
        self
    }

    /// The same with a condition; an error says why it cannot be done now.
    pub(super) const fn when(mut self, ready: fn(&Model) -> Result<(), String>) -> Self {
        self.ready = ready;
        self
    }

    /// Why the viewer of `model` cannot do it at the moment.
    pub(super) fn refusal(&self, model: &Model) -> Option<String> {
        let viewer = &model.shared.viewer;
        if !viewer.may(self.needs) {
            return Some(format!("this needs the role {}; you are {}", self.needs, viewer.actor.role));
        }
        (self.ready)(model).err()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands among functions that refuse")]
fn always(_: &Model) -> Result<(), String> {
    Ok(())
}

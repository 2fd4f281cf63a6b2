//! Who looks, and through what.

use super::theme::Colors;
use crate::engine::{Actor, Role};

/// The person and the terminal behind one model.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// Who acts; the engine checks it again with every command.
    pub actor: Actor,
    /// How the viewer is connected to the engine.
    pub mode: Mode,
    /// What the terminal can show.
    pub colors: Colors,
    /// Whether only ASCII may be drawn.
    pub ascii: bool,
}

/// How a viewer is connected; it decides what leaving means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the process of the engine: leaving stops the relay.
    Run,
    /// The demonstration: leaving ends it, and nothing is lost.
    Demo,
    /// From outside: leaving only ends the view.
    Attached,
}

impl Viewer {
    /// Whether the viewer may do what needs a role.
    pub fn may(&self, needs: Role) -> bool {
        self.actor.role >= needs
    }
}

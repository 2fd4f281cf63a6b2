//! Stand-in until the dashboard is there.

mod input;
mod message;
mod theme;
mod viewer;

pub use input::{Input, Key, KeyCode, Mouse, MouseKind};
pub use message::{Answer, Effect, Msg, Request};
pub use theme::Colors;
pub use viewer::{Mode, Viewer};

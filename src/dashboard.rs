//! The dashboard: what a viewer sees and what keys do, as a pure function of snapshots, answers and keys.
//!
//! [`Model::update`] takes a [`Msg`] and says what is to be done as [`Effect`]s; [`Model::view`] draws. Neither reads
//! a clock, a file or a socket, so that every viewer, on this terminal or over a wire, is the same code, and a test
//! presses keys without a terminal. Everything a stranger wrote arrives printable, or passes `text` here.
//!
//! The model owns the panes and a stack of overlays. Keys are tables of [`Action`]s; the same tables make the hints, the
//! help, the palette and `docs/keys.md`. A pane never reaches into another: what they share is [`Shared`].

mod action;
mod field;
mod global;
mod header;
mod hints;
mod input;
mod layout;
mod message;
mod model;
mod overlay;
mod overlays;
mod pane;
mod panes;
mod preferences;
mod shared;
mod theme;
mod toasts;
mod undo;
mod update;
mod view;
mod viewer;
mod widgets;

pub use action::{Action, Scope, actions};
pub use input::{Input, Key, KeyCode, Mouse, MouseKind};
pub use message::{Answer, Effect, Msg, Request};
pub use model::Model;
pub use pane::PaneId;
pub use panes::queue::View as QueueView;
pub use panes::sessions::SessionSort;
pub use preferences::{Preferences, QueuePreferences, SessionsPreferences};
pub use theme::{Colors, ThemeName};
pub use viewer::{Mode, Viewer};

use shared::Shared;

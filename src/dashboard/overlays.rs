//! The overlays that belong to no pane.

pub(crate) mod check;
pub(crate) mod confirm;
mod entries;
pub(crate) mod help;
pub(crate) mod login;
pub(crate) mod messages;
pub(crate) mod notice;
pub(crate) mod palette;
pub(crate) mod picker;
pub(crate) mod trial;
pub(crate) mod users;

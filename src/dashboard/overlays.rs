//! The overlays that belong to no pane.

pub(crate) mod confirm;
pub(crate) mod help;
pub(crate) mod messages;
pub(crate) mod palette;
pub(crate) mod picker;
pub(crate) mod trial;

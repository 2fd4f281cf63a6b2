//! Pieces that several panes are made of.

mod format;
mod list;
mod table;
mod text;

pub(crate) use format::{age, count, size, until};
pub(crate) use list::ListCursor;
pub(crate) use table::{Cell, Column, Room, Row, Table};
pub(crate) use text::{cut, skip, width};

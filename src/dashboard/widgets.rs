//! Pieces that several panes are made of.

mod dialogue;
mod filter;
mod format;
mod list;
mod scroll;
mod search;
mod table;
mod text;
mod wrap;

pub(crate) use dialogue::{Dialogue, Voice};
pub(crate) use filter::FilterLine;
pub(crate) use format::{age, count, counted, size, until};
pub(crate) use list::ListCursor;
pub(crate) use scroll::Scroll;
pub(crate) use search::occurrences;
pub(crate) use table::{Cell, Column, Room, Row, Table};
pub(crate) use text::{cut, skip, width};
pub(crate) use wrap::{wrap, wrapped};

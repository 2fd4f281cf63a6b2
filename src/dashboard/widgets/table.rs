//! A table that draws the rows in sight, and drops the columns that matter least where there is no room.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::text::{cut, width};
use crate::dashboard::Shared;

/// Between two columns.
const GAP: u16 = 1;
/// For the mark in front of a row.
const MARGIN: u16 = 2;

/// How much room a column takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Room {
    /// So many columns of the terminal.
    Fixed(u16),
    /// At least `min`, and its part of what is left.
    Share {
        /// Without this much it is dropped.
        min: u16,
        /// Its part, compared with the others.
        weight: u16,
    },
}

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its head.
    pub(crate) title: &'static str,
    /// How wide it is.
    pub(crate) room: Room,
    /// Columns with the highest number are dropped first; 0 stays always.
    pub(crate) rank: u8,
    /// Numbers stand right.
    pub(crate) is_number: bool,
}

/// One value of a row.
#[derive(Clone, Debug)]
pub(crate) struct Cell<'a> {
    /// What it says; printable already.
    pub(crate) text: Cow<'a, str>,
    /// How it looks, unless the row is selected.
    pub(crate) style: Style,
}

/// One row: a cell for each column.
pub(crate) struct Row<'a> {
    pub(crate) cells: Vec<Cell<'a>>,
    /// The cursor is on it.
    pub(crate) is_selected: bool,
    /// A person marked it.
    pub(crate) is_marked: bool,
}

/// The table around the rows.
pub(crate) struct Table<'a> {
    /// All columns there could be.
    pub(crate) columns: &'a [Column],
    /// The column by which the rows are sorted, and whether downwards.
    pub(crate) sorted: Option<(usize, bool)>,
    /// Whether the table has the keys.
    pub(crate) has_focus: bool,
}

impl Table<'_> {
    /// Rows that fit below the head.
    pub(crate) fn rows_in(area: Rect) -> usize {
        usize::from(area.height.saturating_sub(1))
    }

    /// Draws head and rows. Returns the place of the selected row, for the hardware cursor.
    pub(crate) fn draw<'r>(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        rows: impl Iterator<Item = Row<'r>>,
        shared: &Shared,
    ) -> Option<Position> {
        if area.is_empty() {
            return None;
        }
        let columns = self.places(area);
        self.draw_head(buffer, area.y, &columns, shared);
        let mut cursor = None;
        for (y, row) in (area.y + 1..area.bottom()).zip(rows) {
            self.draw_row(buffer, Rect { y, height: 1, ..area }, &row, &columns, shared);
            if row.is_selected {
                cursor = Some(Position::new(area.x, y));
            }
        }
        cursor
    }

    /// The column whose head is at `x`, counted from the left edge of the table.
    pub(crate) fn column_at(&self, x: u16, width: u16) -> Option<usize> {
        let places = self.places(Rect::new(0, 0, width, 1));
        places.iter().find(|place| x >= place.x && x < place.x + place.width + GAP).map(|place| place.column)
    }

    fn draw_head(&self, buffer: &mut Buffer, y: u16, places: &[Place], shared: &Shared) {
        let style = shared.theme.column;
        for place in places {
            let column = &self.columns[place.column];
            let arrow = match self.sorted {
                Some((sorted, descending)) if sorted == place.column => shared.glyphs.sorted(descending),
                _ => "",
            };
            let title = format!("{}{arrow}", column.title);
            put(buffer, place, y, &title, style, column.is_number, shared);
        }
    }

    fn draw_row(&self, buffer: &mut Buffer, area: Rect, row: &Row<'_>, places: &[Place], shared: &Shared) {
        let theme = &shared.theme;
        let selected = if self.has_focus { theme.selected } else { theme.selected_elsewhere };
        if row.is_selected {
            buffer.set_style(area, selected);
        }
        if row.is_marked {
            let style = if row.is_selected { selected } else { theme.marked };
            buffer.set_stringn(area.x, area.y, shared.glyphs.mark(), 1, style);
        }
        for place in places {
            let Some(cell) = row.cells.get(place.column) else { continue };
            let style = match (row.is_selected, row.is_marked) {
                (true, _) => selected,
                (false, true) => theme.marked,
                (false, false) => cell.style,
            };
            put(buffer, place, area.y, &cell.text, style, self.columns[place.column].is_number, shared);
        }
    }

    /// The columns for which a table of this width has room.
    pub(crate) fn fitting(&self, width: u16) -> Vec<usize> {
        let room = width.saturating_sub(MARGIN);
        let mut kept: Vec<usize> = (0..self.columns.len()).collect();
        while needed(self.columns, &kept) > room {
            let Some(at) = (0..kept.len()).rev().max_by_key(|&at| self.columns[kept[at]].rank) else { break };
            if self.columns[kept[at]].rank == 0 {
                break;
            }
            kept.remove(at);
        }
        kept
    }

    /// Where each of the columns stands for which there is room.
    fn places(&self, area: Rect) -> Vec<Place> {
        let room = area.width.saturating_sub(MARGIN);
        let kept = self.fitting(area.width);
        let spare = room.saturating_sub(needed(self.columns, &kept));
        let weights: u16 = kept.iter().map(|&column| weight(&self.columns[column])).sum();
        let mut x = area.x + MARGIN;
        let mut places = Vec::with_capacity(kept.len());
        for column in kept {
            let share = spare.saturating_mul(weight(&self.columns[column])).checked_div(weights).unwrap_or(0);
            let width = (least(&self.columns[column]) + share).min(area.right().saturating_sub(x));
            places.push(Place { column, x, width });
            x = x.saturating_add(width + GAP).min(area.right());
        }
        places
    }
}

/// Where a column stands.
struct Place {
    column: usize,
    x: u16,
    width: u16,
}

fn put(buffer: &mut Buffer, place: &Place, y: u16, text: &str, style: Style, right: bool, shared: &Shared) {
    let room = usize::from(place.width);
    let text = cut(text, room, shared.glyphs.ellipsis());
    let indent = if right { room.saturating_sub(width(&text)) } else { 0 };
    buffer.set_stringn(place.x + u16::try_from(indent).unwrap_or(0), y, &text, room, style);
}

fn needed(columns: &[Column], kept: &[usize]) -> u16 {
    let gaps = u16::try_from(kept.len().saturating_sub(1)).unwrap_or(u16::MAX).saturating_mul(GAP);
    kept.iter().map(|&column| least(&columns[column])).fold(gaps, u16::saturating_add)
}

fn least(column: &Column) -> u16 {
    match column.room {
        Room::Fixed(width) => width,
        Room::Share { min, .. } => min,
    }
}

fn weight(column: &Column) -> u16 {
    match column.room {
        Room::Fixed(_) => 0,
        Room::Share { weight, .. } => weight,
    }
}

//! What the list looks like.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::List;
use crate::dashboard::Shared;
use crate::dashboard::panes::queue::rows::{self, COLUMNS};
use crate::dashboard::panes::queue::why::Why;
use crate::dashboard::widgets::{Row as TableRow, Table, count, cut};

/// Where the parts of the list stand.
pub(super) struct Parts {
    pub(super) table: Rect,
    why: Rect,
    filter: Rect,
}

impl List {
    /// What stands behind the name of the pane.
    pub(crate) fn status(&self, shared: &Shared) -> String {
        if !self.window.is_read() {
            return String::new();
        }
        let (matched, total) = self.counts();
        let mut parts = vec![match self.filter.chip() {
            Some(_) => format!("{} of {}", count(matched), count(total)),
            None if total == 1 => "1 message".to_owned(),
            None => format!("{} messages", count(total)),
        }];
        if !self.marks.is_empty() {
            parts.push(format!("{} marked", count(self.marks.count(matched))));
        }
        if self.is_ranging() {
            parts.push("range".to_owned());
        }
        parts.extend(self.filter.chip());
        parts.join(shared.glyphs.pick(" · ", ", "))
    }

    /// Draws the list.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let parts = self.parts(area, shared);
        let rows = Table::rows_in(parts.table);
        let mut cursor = self.cursor;
        cursor.fit(self.cursor.len(), rows);
        let in_sight = cursor.offset()..cursor.len().min(cursor.offset() + rows);
        let range = self.ranged();
        let drawn = in_sight.map(|place| {
            let row = self.window.row(place);
            TableRow {
                cells: row.map_or_else(|| rows::placeholder(shared), |row| rows::cells(row, shared)),
                is_selected: cursor.place() == Some(place),
                is_marked: row.is_some_and(|row| self.marks.contains(&row.id)) || range.contains(&place),
            }
        });
        let selection = self.table(has_focus).draw(buffer, parts.table, drawn, shared);
        if cursor.len() == 0 {
            self.draw_empty(buffer, parts.table, shared);
        }
        if let Some(why) = self.why(shared) {
            why.draw(buffer, parts.why, shared);
        }
        if self.filter.is_open() { Some(self.filter.draw(buffer, parts.filter, shared)) } else { selection }
    }

    pub(super) fn table(&self, has_focus: bool) -> Table<'static> {
        Table { columns: COLUMNS, sorted: rows::sorted_column(self.sort, self.descending), has_focus }
    }

    fn why(&self, shared: &Shared) -> Option<Why> {
        self.selected().map(|row| Why::of_message(row, shared))
    }

    pub(super) fn parts(&self, area: Rect, shared: &Shared) -> Parts {
        let filter = self.filter.rows(area.width).min(area.height);
        let spare = (area.height - filter).saturating_sub(4);
        let why = self.why(shared).map_or(1, |why| why.rows(area.width)).min(spare);
        let table = Rect { height: area.height - filter - why, ..area };
        let why = Rect { y: table.bottom(), height: why, ..area };
        Parts { table, why, filter: Rect { y: why.bottom(), height: filter, ..area } }
    }

    fn draw_empty(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let (_, total) = self.counts();
        let lines = if !self.window.is_read() {
            ["Reading the queue".to_owned(), String::new()]
        } else if let Some(chip) = self.filter.chip() {
            [format!("None of {} messages matches {chip}.", count(total)), "Esc shows all again.".to_owned()]
        } else {
            ["No message waits.".to_owned(), "T sends a test message through this server.".to_owned()]
        };
        let rows = area.rows().skip(2).zip(lines).zip([shared.theme.title, shared.theme.dim]);
        for ((row, line), style) in rows {
            let room = usize::from(row.width.saturating_sub(2));
            let text = cut(&line, room, shared.glyphs.ellipsis());
            buffer.set_stringn(row.x + 2, row.y, text, room, style);
        }
    }
}

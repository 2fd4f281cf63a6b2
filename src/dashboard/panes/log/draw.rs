//! The lines of the log as a table.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::Log;
use super::columns::Columns;
use super::lines;
use crate::dashboard::Shared;
use crate::dashboard::widgets::{Row, Table, wrapped};
use crate::text::printable;

/// As wide as the margin of the table.
const MARGIN: u16 = 2;

impl Log {
    pub(super) fn draw_rows(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        shared: &Shared,
        has_focus: bool,
    ) -> Option<Position> {
        let columns = Columns::new(area.width, self.moved);
        let tail = &shared.snapshot.log;
        let shown = (self.cursor.offset()..self.lines.len()).filter_map(|place| {
            let record = lines::line(tail, self.lines.number(place)?)?;
            Some((place, record))
        });
        let mut day = String::new();
        let rows = shown.map(|(place, record)| {
            let date = record.time.date();
            let is_new_day = !day.is_empty() && day != date;
            day = date;
            Row {
                cells: columns.cells(record, is_new_day, shared),
                is_selected: self.cursor.place() == Some(place),
                is_marked: false,
            }
        });
        let table = Table { columns: &columns.shown, sorted: None, has_focus };
        let cursor = table.draw(frame.buffer_mut(), area, rows, shared);
        self.draw_head(frame, area, &columns, shared);
        let needle = self.search.filter();
        for row in area.rows().skip(1).filter(|_| !needle.is_empty()) {
            needle.highlight(frame.buffer_mut(), row, shared.theme.found);
        }
        cursor
    }

    /// Puts the day of the first line in sight into the head, and signs where there are more columns.
    fn draw_head(&self, frame: &mut Frame<'_>, area: Rect, columns: &Columns, shared: &Shared) {
        let (buffer, style) = (frame.buffer_mut(), shared.theme.column);
        let room = |from: u16| usize::from(area.width.saturating_sub(from));
        if let Some(record) = lines::line(&shared.snapshot.log, self.view.top) {
            buffer.set_stringn(area.x + MARGIN, area.y, columns.day(&record.time.date()), room(MARGIN), style);
        }
        let (left, right) = columns.more;
        buffer.set_stringn(area.x, area.y, if left { shared.glyphs.pick("◂", "<") } else { " " }, room(0), style);
        buffer.set_stringn(area.x + 1, area.y, if right { shared.glyphs.pick("▸", ">") } else { " " }, room(1), style);
    }

    /// Says why there is nothing to see, and what to do.
    pub(super) fn draw_nothing(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
        let area = Rect { x: area.x + MARGIN.min(area.width), width: area.width.saturating_sub(MARGIN), ..area };
        let lines = if self.filter.chip().is_some() {
            vec!["No line matches the filter.".to_owned(), "Esc takes it away, & changes it.".to_owned()]
        } else {
            vec![
                "Nothing has happened since the start.".to_owned(),
                "What happened before is in the daily files below".to_owned(),
                printable(&*shared.snapshot.settings.log.directory.to_string_lossy()).into_owned(),
            ]
        };
        let columns = usize::from(area.width);
        let rows = lines.iter().flat_map(|line| wrapped(line, columns));
        for (y, row) in (area.top()..area.bottom()).zip(rows) {
            frame.buffer_mut().set_stringn(area.x, y, row, columns, shared.theme.dim);
        }
    }
}

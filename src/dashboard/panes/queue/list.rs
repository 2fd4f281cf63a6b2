//! The list of messages: what is in sight of it, what is selected, what is marked.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::marks::Marks;
use super::rows::{self, COLUMNS};
use super::why::Why;
use super::window::{Order, Window};
use crate::dashboard::Shared;
use crate::dashboard::message::Effect;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{FilterLine, ListCursor, Row as TableRow, Table, count};
use crate::delivery::Row;
use crate::engine::{QueuePage, QueueQuery, SortKey};
use crate::queue::{Filter, QueueId};

/// What can be typed into the filter.
const ADVICE: &str = "from: to: domain: destination: state: id: reply: age>1h size>1MB !word";

/// The list.
pub(super) struct List {
    pub(super) filter: FilterLine<Filter>,
    pub(super) sort: SortKey,
    pub(super) descending: bool,
    pub(super) marks: Marks,
    /// Where a range of marks begins that is being drawn.
    anchor: Option<Anchor>,
    cursor: ListCursor,
    /// The message under the cursor; `None` while its row is not read.
    selected: Option<String>,
    window: Window,
    /// For what the ids of the whole list were asked.
    reading: Option<Reading>,
}

/// The message at which a range begins, and its place when it was seen last.
struct Anchor {
    id: String,
    place: usize,
}

/// What the ids of the whole list are for.
enum Reading {
    /// Marks from one message to another.
    Range(String, String),
    /// Marks for what has none.
    Invert,
}

/// Where the parts of the list stand.
struct Parts {
    table: Rect,
    why: Rect,
    filter: Rect,
}

impl List {
    /// A list in an order, of which nothing was read yet.
    pub(super) fn new(sort: SortKey, descending: bool) -> Self {
        Self {
            filter: FilterLine::new(ADVICE),
            sort,
            descending,
            marks: Marks::default(),
            anchor: None,
            cursor: ListCursor::default(),
            selected: None,
            window: Window::default(),
            reading: None,
        }
    }

    /// There is a new snapshot, or another area.
    pub(super) fn refresh(&mut self, area: Rect, shared: &Shared) -> Vec<Effect> {
        self.window.see(shared.snapshot.queue.revision);
        self.settle(area, shared)
    }

    /// Moves the cursor.
    pub(super) fn go(&mut self, motion: Motion, area: Rect, shared: &Shared) -> Vec<Effect> {
        self.cursor.go(motion);
        self.select();
        self.settle(area, shared)
    }

    /// Puts the cursor on the row that is drawn at a height, if there is one. True if it was there already.
    pub(super) fn point(&mut self, row: usize) -> bool {
        let place = self.cursor.offset() + row;
        let was_there = self.cursor.place() == Some(place);
        if place < self.cursor.len() {
            self.cursor.set(place);
            self.select();
        }
        was_there
    }

    /// The order of the column whose head is at `x`.
    pub(super) fn sort_at(&self, x: u16, area: Rect) -> Option<SortKey> {
        rows::sort_of(self.table(false).column_at(x, area.width)?)
    }

    /// Sorts; by the same key once more the other way round.
    pub(super) fn sort_by(&mut self, sort: SortKey) {
        self.descending = self.sort == sort && !self.descending;
        self.sort = sort;
    }

    /// The filter is another one now.
    pub(super) fn filtered(&mut self) {
        self.anchor = None;
        if matches!(self.marks, Marks::Matching(_)) {
            self.marks = Marks::default();
        }
    }

    /// Takes a page.
    pub(super) fn take(&mut self, page: &QueuePage, area: Rect, shared: &Shared) -> Vec<Effect> {
        let before = self.window.filter().cloned();
        let Some(asked) = self.window.take(page) else { return Vec::new() };
        let is_new = before.as_ref() != Some(&asked.order.filter);
        self.cursor.fit(page.matched, self.cursor.height());
        match (&self.selected, page.selected) {
            // The cursor has moved on since it was asked.
            (Some(selected), _) if asked.selected.as_ref() != Some(selected) => {
                if let Some(place) = self.window.place_of(selected) {
                    self.cursor.follow(place);
                }
            }
            (Some(_), Some(place)) => self.cursor.follow(place),
            (Some(_), None) if is_new => {
                self.cursor.set(0);
                self.select();
            }
            (_, _) => self.select(),
        }
        self.see_marks();
        self.settle(area, shared)
    }

    /// Takes the ids of the whole list. False if they were not asked for, or the ends of a range are no longer there.
    pub(super) fn take_ids(&mut self, ids: &[QueueId]) -> bool {
        match self.reading.take() {
            Some(Reading::Invert) => self.marks.invert(ids.iter().map(ToString::to_string)),
            Some(Reading::Range(from, to)) => {
                let place = |wanted: &str| ids.iter().position(|id| id.as_str() == wanted);
                let (Some(from), Some(to)) = (place(&from), place(&to)) else { return false };
                self.marks.extend(ids[from.min(to)..=from.max(to)].iter().map(ToString::to_string));
            }
            None => return false,
        }
        true
    }

    /// The row under the cursor, if it was read.
    pub(super) fn selected(&self) -> Option<&Row> {
        self.window.row(self.cursor.place()?)
    }

    /// The rows that were read and are marked.
    pub(super) fn marked_rows(&self) -> impl Iterator<Item = &Row> {
        self.window.rows().iter().filter(|row| self.marks.contains(&row.id))
    }

    /// Messages that match, and messages in all.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.window.matched(), self.window.total())
    }

    /// Whether a range of marks is being drawn.
    pub(super) fn is_ranging(&self) -> bool {
        self.anchor.is_some()
    }

    /// Marks the row under the cursor, or no longer, and goes to the next one.
    pub(super) fn toggle(&mut self) {
        if let Some(id) = self.selected.clone() {
            self.marks.toggle(&id);
            self.cursor.go(Motion::Down);
            self.select();
        }
    }

    /// Begins a range of marks at the cursor, or ends it there. The effect reads what was not read yet.
    pub(super) fn range(&mut self) -> Vec<Effect> {
        let (Some(id), Some(place)) = (self.selected.clone(), self.cursor.place()) else { return Vec::new() };
        let Some(anchor) = self.anchor.take() else {
            self.anchor = Some(Anchor { id, place });
            return Vec::new();
        };
        let places = anchor.place.min(place)..=anchor.place.max(place);
        let ids: Option<Vec<String>> = places.map(|place| self.window.row(place).map(|row| row.id.clone())).collect();
        match ids {
            Some(ids) => {
                self.marks.extend(ids);
                Vec::new()
            }
            None => self.read_ids(Reading::Range(anchor.id, id)),
        }
    }

    /// Gives up the range that is being drawn.
    pub(super) fn end_range(&mut self) {
        self.anchor = None;
    }

    /// Marks all that match.
    pub(super) fn mark_all(&mut self) {
        self.anchor = None;
        self.marks = if self.window.is_whole() {
            Marks::Ids(self.window.rows().iter().map(|row| row.id.clone()).collect())
        } else {
            Marks::Matching(self.filter.filter().clone())
        };
    }

    /// Takes all marks away.
    pub(super) fn unmark(&mut self) {
        self.anchor = None;
        self.marks = Marks::default();
    }

    /// Marks what is not marked, and nothing else.
    pub(super) fn invert(&mut self) -> Vec<Effect> {
        self.anchor = None;
        if self.marks.is_empty() {
            self.mark_all();
        } else if matches!(self.marks, Marks::Matching(_)) {
            self.unmark();
        } else if self.window.is_whole() {
            let all: Vec<String> = self.window.rows().iter().map(|row| row.id.clone()).collect();
            self.marks.invert(all);
        } else {
            return self.read_ids(Reading::Invert);
        }
        Vec::new()
    }

    /// Fits the parts to each other, and asks for the rows that are wanted.
    pub(super) fn settle(&mut self, area: Rect, shared: &Shared) -> Vec<Effect> {
        let rows = Table::rows_in(self.parts(area, shared).table);
        self.cursor.fit(self.window.matched(), rows);
        let order = self.order();
        self.window.ask(&order, &self.cursor, self.selected.as_deref()).into_iter().collect()
    }

    /// What stands behind the name of the pane.
    pub(super) fn status(&self, shared: &Shared) -> String {
        let (matched, total) = self.counts();
        let mut parts = vec![match self.filter.chip() {
            Some(_) => format!("{} of {}", count(matched), count(total)),
            None => count(total),
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
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
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

    fn order(&self) -> Order {
        Order { filter: self.filter.filter().clone(), sort: self.sort, descending: self.descending }
    }

    fn table(&self, has_focus: bool) -> Table<'static> {
        Table { columns: COLUMNS, sorted: rows::sorted_column(self.sort, self.descending), has_focus }
    }

    /// The message under the cursor is the selected one.
    fn select(&mut self) {
        self.selected = self.selected().map(|row| row.id.clone());
    }

    fn read_ids(&mut self, reading: Reading) -> Vec<Effect> {
        self.reading = Some(reading);
        let Order { filter, sort, descending } = self.order();
        vec![Effect::ReadIds(QueueQuery { filter, sort, descending, offset: 0, limit: 0, selected: None })]
    }

    /// Keeps marks and range true to what was read.
    fn see_marks(&mut self) {
        if let Some(anchor) = &mut self.anchor
            && let Some(place) = self.window.place_of(&anchor.id)
        {
            anchor.place = place;
        }
        if self.window.is_whole() && self.window.matched() == self.window.total() {
            let all: BTreeSet<&str> = self.window.rows().iter().map(|row| row.id.as_str()).collect();
            self.marks.prune(&all);
        }
    }

    /// The places that a range covers while it is being drawn.
    fn ranged(&self) -> std::ops::Range<usize> {
        match (&self.anchor, self.cursor.place()) {
            (Some(anchor), Some(place)) => anchor.place.min(place)..anchor.place.max(place) + 1,
            _ => 0..0,
        }
    }

    fn why(&self, shared: &Shared) -> Option<Why> {
        self.selected().map(|row| Why::of_message(row, shared))
    }

    fn parts(&self, area: Rect, shared: &Shared) -> Parts {
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
            let text = crate::dashboard::widgets::cut(&line, room, shared.glyphs.ellipsis());
            buffer.set_stringn(row.x + 2, row.y, text, room, style);
        }
    }
}

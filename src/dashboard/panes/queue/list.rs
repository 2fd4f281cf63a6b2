//! The list of messages: what is in sight of it, what is selected, what is marked.

mod marking;
mod picture;

use ratatui::layout::Rect;

use self::marking::{Anchor, Reading};
use super::marks::Marks;
use super::rows;
use super::window::{Order, Window};
use crate::dashboard::Shared;
use crate::dashboard::message::Effect;
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::{FilterLine, ListCursor, Table};
use crate::delivery::Row;
use crate::engine::{QueuePage, SortKey};
use crate::queue::Filter;

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
    /// The message to which somebody wants to be taken.
    sought: Option<String>,
    /// For what the ids of the whole list were asked.
    reading: Option<Reading>,
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
            sought: None,
            reading: None,
        }
    }

    /// There is a new snapshot, or another area.
    pub(super) fn refresh(&mut self, area: Rect, shared: &Shared) -> Vec<Effect> {
        self.window.see(&shared.snapshot);
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

    /// Looks for a message. The filter goes if it may hide it.
    pub(super) fn seek(&mut self, id: &str) {
        if self.window.place_of(id).is_none() && self.filter.clear() {
            self.filtered();
        }
        self.selected = Some(id.to_owned());
        self.sought = self.selected.clone();
        self.window.outdate();
    }

    /// Takes a page.
    pub(super) fn take(&mut self, page: &QueuePage, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        let before = self.window.filter().cloned();
        let Some(asked) = self.window.take(page) else { return Vec::new() };
        let is_new = before.as_ref() != Some(&asked.order.filter);
        self.cursor.fit(page.matched, self.cursor.height());
        if asked.selected.is_some() && asked.selected == self.sought {
            self.sought = None;
            if page.selected.is_none() {
                let now = shared.now();
                shared.toasts.push(now, Weight::Warning, "the message is not in the queue any more");
            }
        }
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

    /// The row under the cursor, if it was read.
    pub(super) fn selected(&self) -> Option<&Row> {
        self.window.row(self.cursor.place()?)
    }

    /// Messages that match, and messages in all.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.window.matched(), self.window.total())
    }

    /// Fits the parts to each other, and asks for the rows that are wanted.
    pub(super) fn settle(&mut self, area: Rect, shared: &Shared) -> Vec<Effect> {
        let rows = Table::rows_in(self.parts(area, shared).table);
        self.cursor.fit(self.window.matched(), rows);
        let order = self.order();
        self.window.ask(&order, &self.cursor, self.selected.as_deref()).into_iter().collect()
    }

    fn order(&self) -> Order {
        Order { filter: self.filter.filter().clone(), sort: self.sort, descending: self.descending }
    }

    /// The message under the cursor is the selected one.
    fn select(&mut self) {
        self.selected = self.selected().map(|row| row.id.clone());
    }
}

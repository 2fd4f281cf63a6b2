//! Badmail: what could be neither delivered nor returned, each with the reason.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::views;
use crate::clock::Timestamp;
use crate::dashboard::Shared;
use crate::dashboard::message::{Effect, Request};
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{
    Cell, Column, FilterLine, ListCursor, Room, Row as TableRow, Table, age, count, cut, size,
};
use crate::engine::view::{Badmail as Message, BadmailList};
use crate::engine::{Command, Outcome};
use crate::queue::Filter;
use crate::text::printable;

/// Messages asked for at a time, the most that a page brings.
const PAGE: usize = 500;
/// What can be typed into the filter.
const ADVICE: &str = "from: to: domain: id: age>1d size>1MB !word";

const COLUMNS: &[Column] = &[
    Column { title: "Age", room: Room::Fixed(5), rank: 0, is_number: true },
    Column { title: "Sender", room: Room::Share { min: 16, weight: 2 }, rank: 2, is_number: false },
    Column { title: "Recipient", room: Room::Share { min: 14, weight: 2 }, rank: 1, is_number: false },
    Column { title: "Size", room: Room::Fixed(6), rank: 3, is_number: true },
    Column { title: "Reason", room: Room::Share { min: 18, weight: 5 }, rank: 0, is_number: false },
    Column { title: "Id", room: Room::Fixed(17), rank: 4, is_number: false },
];

/// The view.
pub(super) struct Badmail {
    pub(super) filter: FilterLine<Filter>,
    pub(super) marks: BTreeSet<String>,
    cursor: ListCursor,
    selected: Option<String>,
    /// The messages of the page that was read last, and the place of the first of them.
    messages: Vec<Message>,
    offset: usize,
    /// Messages that match; `None` before the first answer.
    total: Option<usize>,
    /// Why there is no list.
    failure: Option<String>,
    /// What was asked for last: the filter, the offset, and how many files there were.
    asked: Option<(Filter, usize, usize)>,
    is_under_way: bool,
}

impl Default for Badmail {
    fn default() -> Self {
        Self {
            filter: FilterLine::new(ADVICE),
            marks: BTreeSet::new(),
            cursor: ListCursor::default(),
            selected: None,
            messages: Vec::new(),
            offset: 0,
            total: None,
            failure: None,
            asked: None,
            is_under_way: false,
        }
    }
}

impl Badmail {
    /// Fits the view to its area, and asks for the page that is wanted if it is not here.
    pub(super) fn refresh(&mut self, area: Rect, shared: &Shared) -> Vec<Effect> {
        let (table, _) = self.parts(area);
        self.cursor.fit(self.total.unwrap_or(0), Table::rows_in(table));
        let in_sight = self.cursor.offset()..self.cursor.offset() + self.cursor.height();
        let is_here =
            self.offset <= in_sight.start && in_sight.end.min(self.cursor.len()) <= self.offset + self.messages.len();
        let offset = if is_here { self.offset } else { in_sight.start.saturating_sub(PAGE / 3) };
        let wanted = (self.filter.filter().clone(), offset, shared.snapshot.badmail);
        if self.is_under_way || self.asked.as_ref() == Some(&wanted) {
            return Vec::new();
        }
        let filter = wanted.0.to_string();
        self.asked = Some(wanted);
        self.is_under_way = true;
        vec![Effect::Execute(Request::Badmail, Command::BadmailList { filter, offset, limit: PAGE })]
    }

    /// Takes a page.
    pub(super) fn take(&mut self, outcome: &Outcome, area: Rect, shared: &Shared) -> Vec<Effect> {
        self.is_under_way = false;
        match views::read::<BadmailList>(outcome) {
            Ok(list) => {
                self.failure = None;
                self.offset = self.asked.as_ref().map_or(0, |(_, offset, _)| *offset);
                self.total = Some(list.total);
                self.messages = list.messages;
                self.cursor.fit(list.total, self.cursor.height());
                if list.total == self.messages.len() && self.filter.filter().is_empty() {
                    let all: BTreeSet<&str> = self.messages.iter().map(|bad| bad.message.id.as_str()).collect();
                    self.marks.retain(|id| all.contains(id.as_str()));
                }
                let is_selected = |bad: &Message| self.selected.as_ref() == Some(&bad.message.id);
                match self.messages.iter().position(is_selected) {
                    Some(at) => self.cursor.follow(self.offset + at),
                    None => self.select(),
                }
            }
            Err(reason) => self.failure = Some(reason),
        }
        self.refresh(area, shared)
    }

    /// The list is to be read again, whatever is known of it.
    pub(super) fn is_outdated(&mut self) {
        self.asked = None;
    }

    /// Moves the cursor.
    pub(super) fn go(&mut self, motion: Motion) {
        self.cursor.go(motion);
        self.select();
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

    /// The message under the cursor.
    pub(super) fn selected(&self) -> Option<&Message> {
        self.at(self.cursor.place()?)
    }

    /// Marks the message under the cursor, or no longer, and goes to the next one.
    pub(super) fn toggle(&mut self) {
        if let Some(id) = self.selected.clone() {
            if !self.marks.remove(&id) {
                self.marks.insert(id);
            }
            self.go(Motion::Down);
        }
    }

    /// Marks all that were read. Returns how many match but were not.
    pub(super) fn mark_all(&mut self) -> usize {
        self.marks = self.messages.iter().map(|bad| bad.message.id.clone()).collect();
        self.total.unwrap_or(0).saturating_sub(self.marks.len())
    }

    /// The ids of what is marked, else of the message under the cursor.
    pub(super) fn subject(&self) -> Vec<String> {
        if self.marks.is_empty() {
            self.selected.iter().cloned().collect()
        } else {
            self.marks.iter().cloned().collect()
        }
    }

    /// What stands behind the name of the pane.
    pub(super) fn status(&self, shared: &Shared) -> String {
        let total = self.total.unwrap_or(shared.snapshot.badmail);
        let mut parts = vec![match self.filter.chip() {
            Some(_) => format!("Badmail {} of {}", count(total), count(shared.snapshot.badmail)),
            None => format!("Badmail {}", count(total)),
        }];
        if !self.marks.is_empty() {
            parts.push(format!("{} marked", count(self.marks.len())));
        }
        parts.extend(self.filter.chip());
        parts.join(shared.glyphs.pick(" · ", ", "))
    }

    /// Draws the view.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let (table, below) = self.parts(area);
        let rows = Table::rows_in(table);
        let mut cursor = self.cursor;
        cursor.fit(self.cursor.len(), rows);
        let in_sight = cursor.offset()..cursor.len().min(cursor.offset() + rows);
        let drawn = in_sight.map(|place| {
            let bad = self.at(place);
            TableRow {
                cells: bad.map(|bad| cells(bad, shared)).unwrap_or_default(),
                is_selected: cursor.place() == Some(place),
                is_marked: bad.is_some_and(|bad| self.marks.contains(&bad.message.id)),
            }
        });
        let selection = Table { columns: COLUMNS, sorted: None, has_focus }.draw(buffer, table, drawn, shared);
        if cursor.len() == 0 {
            self.draw_empty(buffer, table, shared);
        }
        if self.filter.is_open() {
            return Some(self.filter.draw(buffer, below, shared));
        }
        if let Some(bad) = self.selected() {
            let room = usize::from(below.width);
            let reason = cut(&printable(&bad.reason), room, shared.glyphs.ellipsis());
            buffer.set_stringn(below.x, below.y, reason, room, shared.theme.warning);
        }
        selection
    }

    fn at(&self, place: usize) -> Option<&Message> {
        self.messages.get(place.checked_sub(self.offset)?)
    }

    fn select(&mut self) {
        self.selected = self.selected().map(|bad| bad.message.id.clone());
    }

    /// The table, and the line below it: the reason in full, or the filter while it is typed.
    fn parts(&self, area: Rect) -> (Rect, Rect) {
        let below = self.filter.rows(area.width).max(1).min(area.height);
        let table = Rect { height: area.height - below, ..area };
        (table, Rect { y: table.bottom(), height: below, ..area })
    }

    fn draw_empty(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let (text, advice) = match (&self.failure, self.total, self.filter.chip()) {
            (Some(reason), ..) => (printable(reason).into_owned(), "B goes back to the queue."),
            (None, None, _) => ("Reading Badmail".to_owned(), ""),
            (None, Some(_), Some(chip)) => (format!("Nothing in Badmail matches {chip}."), "Esc shows all again."),
            (None, Some(_), None) => ("Badmail is empty.".to_owned(), "B goes back to the queue."),
        };
        let lines = [(text.as_str(), shared.theme.title), (advice, shared.theme.dim)];
        for (row, (line, style)) in area.rows().skip(2).zip(lines) {
            let room = usize::from(row.width.saturating_sub(2));
            buffer.set_stringn(row.x + 2, row.y, cut(line, room, shared.glyphs.ellipsis()), room, style);
        }
    }
}

fn cells<'a>(bad: &'a Message, shared: &Shared) -> Vec<Cell<'a>> {
    let theme = &shared.theme;
    let message = &bad.message;
    let old = message.received.parse::<Timestamp>().map(|at| age(shared.now().since(at))).unwrap_or_default();
    let sender = if message.sender.is_empty() { Cow::Borrowed("<>") } else { printable(&message.sender) };
    let recipient = match &message.recipients[..] {
        [] => Cow::Borrowed(""),
        [only] => printable(&only.address),
        [first, rest @ ..] => format!("+{} {}", rest.len(), printable(&first.address)).into(),
    };
    vec![
        Cell { text: old.into(), style: theme.text },
        Cell { text: sender, style: theme.text },
        Cell { text: recipient, style: theme.text },
        Cell { text: size(message.size).into(), style: theme.dim },
        Cell { text: printable(&bad.reason), style: theme.warning },
        Cell { text: printable(&message.id), style: theme.dim },
    ]
}

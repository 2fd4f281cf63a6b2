//! The queue by destination: how much waits for each, how old it is, and how the destination is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::why::Why;
use crate::clock::Timestamp;
use crate::dashboard::Shared;
use crate::dashboard::message::Effect;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{Cell, Column, ListCursor, Room, Row as TableRow, Table, count, cut, until};
use crate::delivery::DestinationRow;
use crate::engine::{QueueShape, ShapeRow};
use crate::text::printable;

/// How long a shape does in which only ages have changed.
const AGEING: Duration = Duration::from_secs(5);

const COLUMNS: &[Column] = &[
    text("Destination", Room::Share { min: 16, weight: 3 }, 0),
    number("Total", 7, 0),
    number("5m", 4, 5),
    number("15m", 4, 5),
    number("1h", 4, 5),
    number("4h", 4, 5),
    number("12h", 4, 5),
    number("1d", 4, 5),
    number("2d", 4, 5),
    number(">2d", 4, 4),
    text("Health", Room::Fixed(10), 0),
    number("Conn", 4, 3),
    text("Reason", Room::Share { min: 12, weight: 4 }, 6),
];

/// The view.
#[derive(Default)]
pub(super) struct Destinations {
    entries: Vec<Entry>,
    cursor: ListCursor,
    selected: Option<String>,
    shape: Option<QueueShape>,
    /// What `entries` were made from.
    known: Option<Arc<[DestinationRow]>>,
    /// The revision and the time at which the shape was asked for last.
    asked: Option<(u64, Timestamp)>,
    is_under_way: bool,
}

/// One destination: its mail, and how it is if the relay has met it.
struct Entry {
    shape: ShapeRow,
    health: Option<DestinationRow>,
}

impl Destinations {
    /// There is a new snapshot, or another area.
    pub(super) fn refresh(&mut self, area: Rect, shared: &Shared) -> Vec<Effect> {
        let snapshot = &shared.snapshot;
        if !self.known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &snapshot.destinations)) {
            self.known = Some(Arc::clone(&snapshot.destinations));
            self.arrange();
        }
        self.settle(area, shared);
        let is_due = self
            .asked
            .is_none_or(|(revision, at)| revision != snapshot.queue.revision || snapshot.time.since(at) >= AGEING);
        if self.is_under_way || !is_due {
            return Vec::new();
        }
        self.is_under_way = true;
        self.asked = Some((snapshot.queue.revision, snapshot.time));
        vec![Effect::ReadShape]
    }

    /// Takes the shape of the queue.
    pub(super) fn take(&mut self, shape: &QueueShape, area: Rect, shared: &Shared) {
        self.is_under_way = false;
        self.shape = Some(shape.clone());
        self.arrange();
        self.settle(area, shared);
    }

    /// Moves the cursor.
    pub(super) fn go(&mut self, motion: Motion, area: Rect, shared: &Shared) {
        self.cursor.go(motion);
        self.select();
        self.settle(area, shared);
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

    /// The name of the destination under the cursor.
    pub(super) fn selected(&self) -> Option<&str> {
        self.entry().map(|entry| entry.shape.destination.as_str())
    }

    /// What stands behind the name of the pane.
    pub(super) fn status(&self, shared: &Shared) -> String {
        let separator = shared.glyphs.pick(" · ", ", ");
        let held = self.entries.iter().filter(|entry| entry.health.as_ref().is_some_and(|it| it.health != "up"));
        let mut status = format!("destinations {}", count(self.entries.len()));
        match held.count() {
            0 => {}
            held => status = format!("{status}{separator}{held} held back"),
        }
        status
    }

    /// Draws the view.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let why = self.why(shared);
        let (table, below) = parts(area, why.as_ref());
        if let Some(why) = why {
            why.draw(buffer, below, shared);
        }
        let mut cursor = self.cursor;
        cursor.fit(self.entries.len(), Table::rows_in(table));
        let rows = self.entries.iter().enumerate().skip(cursor.offset()).map(|(place, entry)| TableRow {
            cells: cells(entry, shared),
            is_selected: cursor.place() == Some(place),
            is_marked: false,
        });
        let selection = Table { columns: COLUMNS, sorted: None, has_focus }.draw(buffer, table, rows, shared);
        if self.entries.is_empty() {
            let text = if self.shape.is_some() { "No mail waits for any destination." } else { "Reading the queue" };
            let room = usize::from(table.width.saturating_sub(2));
            buffer.set_stringn(table.x + 2, table.y + 2, cut(text, room, ""), room, shared.theme.title);
        }
        selection
    }

    fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.cursor.place()?)
    }

    fn select(&mut self) {
        self.selected = self.selected().map(str::to_owned);
    }

    fn why(&self, shared: &Shared) -> Option<Why> {
        self.entry()?.health.as_ref().and_then(|row| Why::of_destination(row, "R", shared))
    }

    fn settle(&mut self, area: Rect, shared: &Shared) {
        let (table, _) = parts(area, self.why(shared).as_ref());
        self.cursor.fit(self.entries.len(), Table::rows_in(table));
    }

    /// Brings together what waits and where it goes: the fullest first, then what has no mail. The selected one stays
    /// selected.
    fn arrange(&mut self) {
        // Before the shape is there, the order would be another one, and the cursor on the wrong row.
        let Some(shape) = self.shape.take() else { return };
        let known = self.known.clone().unwrap_or_default();
        let mut by_name: HashMap<&str, &DestinationRow> = known.iter().map(|row| (row.name.as_str(), row)).collect();
        self.entries = shape
            .rows
            .iter()
            .map(|row| Entry { shape: row.clone(), health: by_name.remove(row.destination.as_str()).cloned() })
            .collect();
        let is_idle = |row: &&DestinationRow| by_name.contains_key(row.name.as_str());
        self.entries.extend(known.iter().filter(is_idle).map(|row| Entry {
            shape: ShapeRow { destination: row.name.clone(), ..ShapeRow::default() },
            health: Some(row.clone()),
        }));
        self.shape = Some(shape);
        self.cursor.fit(self.entries.len(), self.cursor.height());
        let place = self
            .selected
            .as_ref()
            .and_then(|selected| self.entries.iter().position(|entry| entry.shape.destination == *selected));
        match place {
            Some(place) => self.cursor.follow(place),
            None => self.select(),
        }
    }
}

fn cells<'a>(entry: &'a Entry, shared: &Shared) -> Vec<Cell<'a>> {
    let theme = &shared.theme;
    let (health, style) = health(entry, shared);
    let cell = |text: String, style: Style| Cell { text: text.into(), style };
    let mut cells = vec![
        Cell { text: printable(&entry.shape.destination), style: theme.text },
        cell(count(entry.shape.total), theme.title),
    ];
    for (class, &number) in entry.shape.ages.iter().enumerate() {
        // What is older than a delay notification is what one looks for.
        let style = if number > 0 && class >= 5 { theme.warning } else { theme.text };
        cells.push(if number == 0 { cell("-".to_owned(), theme.dim) } else { cell(brief(number), style) });
    }
    cells.push(cell(health, style));
    let connections = entry.health.as_ref().map_or(0, |row| row.connections);
    cells.push(cell(connections.to_string(), theme.dim));
    let reason = entry.health.as_ref().and_then(|row| row.reason.as_deref());
    cells.push(Cell { text: reason.map_or("".into(), |reason| printable(reason)), style });
    cells
}

fn health(entry: &Entry, shared: &Shared) -> (String, Style) {
    let theme = &shared.theme;
    match &entry.health {
        None => ("-".to_owned(), theme.dim),
        Some(row) if row.paused => (format!("{} paused", shared.glyphs.pick("‖", "=")), theme.warning),
        Some(row) if row.health == "held" => {
            let next = row.until.map(|at| until(at, shared.now())).unwrap_or_default();
            (format!("! held {next}"), theme.bad)
        }
        Some(row) if row.health == "probing" => ("! probing".to_owned(), theme.bad),
        Some(row) => (format!("{} {}", shared.glyphs.pick("✓", "+"), printable(row.health)), theme.good),
    }
}

/// A number in at most four columns.
fn brief(number: usize) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", number / 1000),
        _ => format!("{}M", number / 1_000_000),
    }
}

/// The table, and the line below it.
fn parts(area: Rect, why: Option<&Why>) -> (Rect, Rect) {
    let why = why.map_or(1, |why| why.rows(area.width)).min(area.height.saturating_sub(4));
    let table = Rect { height: area.height - why, ..area };
    (table, Rect { y: table.bottom(), height: why, ..area })
}

const fn text(title: &'static str, room: Room, rank: u8) -> Column {
    Column { title, room, rank, is_number: false }
}

const fn number(title: &'static str, columns: u16, rank: u8) -> Column {
    Column { title, room: Room::Fixed(columns), rank, is_number: true }
}

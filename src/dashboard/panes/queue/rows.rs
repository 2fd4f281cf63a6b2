//! How a message looks as a row of the list.

use std::borrow::Cow;

use ratatui::style::Style;

use crate::dashboard::Shared;
use crate::dashboard::widgets::{Cell, Column, Room, age, size, until};
use crate::delivery::{DestinationRow, Row};
use crate::engine::SortKey;
use crate::text::printable;

/// The columns in their order. What is waited for, since when and why stays on the smallest screen.
pub(super) const COLUMNS: &[Column] = &[
    number("Age", 5, 0),
    text("Sender", Room::Share { min: 13, weight: 2 }, 4),
    text("Recipient", Room::Share { min: 15, weight: 3 }, 0),
    number("Size", 6, 5),
    text("State", Room::Fixed(8), 0),
    number("Tries", 6, 6),
    number("Next", 5, 1),
    text("Last reply", Room::Share { min: 16, weight: 6 }, 3),
    text("Destination", Room::Share { min: 20, weight: 1 }, 7),
    text("Id", Room::Fixed(17), 8),
];

/// By what a click on the head of a column sorts.
const SORTS: &[Option<SortKey>] = &[
    Some(SortKey::Received),
    Some(SortKey::Sender),
    Some(SortKey::Recipient),
    Some(SortKey::Size),
    Some(SortKey::State),
    Some(SortKey::Attempts),
    Some(SortKey::Next),
    None,
    Some(SortKey::Destination),
    None,
];

/// The order of a column.
pub(super) fn sort_of(column: usize) -> Option<SortKey> {
    SORTS.get(column).copied().flatten()
}

/// The column that shows an order, and whether its values go down: the oldest message has the earliest time, and the
/// highest age.
pub(super) fn sorted_column(sort: SortKey, descending: bool) -> Option<(usize, bool)> {
    let column = SORTS.iter().position(|&of| of == Some(sort))?;
    Some((column, descending != (sort == SortKey::Received)))
}

/// The cells of a message.
pub(super) fn cells<'a>(row: &'a Row, shared: &Shared) -> Vec<Cell<'a>> {
    let theme = &shared.theme;
    let (sign, style) = state(row, shared);
    let next = if row.state == "queued" { until(row.next, shared.now()) } else { "-".to_owned() };
    let sender = if row.sender.is_empty() { Cow::Borrowed("<>") } else { printable(&row.sender) };
    let cell = |text: Cow<'a, str>, style: Style| Cell { text, style };
    vec![
        cell(age(shared.now().since(row.received)).into(), theme.text),
        cell(sender, theme.text),
        cell(recipient(row), theme.text),
        cell(size(row.size).into(), theme.dim),
        cell(format!("{sign} {}", row.state).into(), style),
        cell(row.attempts.to_string().into(), theme.dim),
        cell(next.into(), theme.text),
        cell(row.last_reply.as_deref().map_or(Cow::Borrowed(""), |reply| printable(reply)), style),
        cell(printable(&row.destination), theme.dim),
        cell(printable(&row.id), theme.dim),
    ]
}

/// The cells of a message that was not read yet.
pub(super) fn placeholder(shared: &Shared) -> Vec<Cell<'static>> {
    let text = shared.glyphs.pick("·", ".");
    COLUMNS.iter().map(|_| Cell { text: Cow::Borrowed(text), style: shared.theme.dim }).collect()
}

/// A message as one line of text, its fields divided by two blanks: a tab would not pass a terminal.
pub(super) fn as_text(row: &Row) -> String {
    let recipients: Vec<_> = row.recipients.iter().map(|recipient| printable(&recipient.address)).collect();
    let fields = [
        printable(&row.id),
        Cow::Owned(row.received.to_string()),
        Cow::Borrowed(row.state),
        printable(&row.sender),
        Cow::Owned(recipients.join(" ")),
        Cow::Owned(row.size.to_string()),
        Cow::Owned(row.attempts.to_string()),
        printable(&row.destination),
        row.last_reply.as_deref().map_or(Cow::Borrowed(""), |reply| printable(reply)),
    ];
    fields.join("  ")
}

/// The destination of a message, if it is one that the relay knows.
pub(super) fn destination_of<'a>(row: &Row, shared: &'a Shared) -> Option<&'a DestinationRow> {
    destination(&row.destination, shared)
}

/// The destination of this name.
pub(super) fn destination<'a>(name: &str, shared: &'a Shared) -> Option<&'a DestinationRow> {
    let rows = &shared.snapshot.destinations;
    rows.binary_search_by(|row| row.name.as_str().cmp(name)).ok().map(|at| &rows[at])
}

/// A sign and a colour for the state.
fn state(row: &Row, shared: &Shared) -> (&'static str, Style) {
    let theme = &shared.theme;
    match row.state {
        "active" => (shared.glyphs.pick("▶", ">"), theme.active),
        "held" => (shared.glyphs.pick("‖", "="), theme.warning),
        _ if destination_of(row, shared).is_some_and(|it| it.paused || it.health != "up") => ("!", theme.bad),
        _ if row.attempts > 0 => (shared.glyphs.pick("↻", "~"), theme.warning),
        _ => (shared.glyphs.pick("·", "."), theme.text),
    }
}

fn recipient(row: &Row) -> Cow<'_, str> {
    match &row.recipients[..] {
        [] => Cow::Borrowed(""),
        [only] => printable(&only.address),
        [first, rest @ ..] => format!("+{} {}", rest.len(), printable(&first.address)).into(),
    }
}

const fn text(title: &'static str, room: Room, rank: u8) -> Column {
    Column { title, room, rank, is_number: false }
}

const fn number(title: &'static str, columns: u16, rank: u8) -> Column {
    Column { title, room: Room::Fixed(columns), rank, is_number: true }
}

//! The columns of the log: which of them are in sight, and what each says of a line.

use std::borrow::Cow;

use super::look;
use crate::dashboard::Shared;
use crate::dashboard::widgets::{Cell, Column, Room, Table, age, size};
use crate::ledger::{Event, Record};
use crate::text::printable;

/// In narrower panes the event is its sign alone, and the time has no room for the day.
const WIDE: u16 = 56;

/// What a column tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Time,
    Event,
    Id,
    Sender,
    Recipient,
    Host,
    Reply,
    Delay,
    Attempt,
    Size,
    Actor,
}

/// The columns in sight, in their order.
pub(super) struct Columns {
    pub(super) fields: Vec<Field>,
    /// The same for the table.
    pub(super) shown: Vec<Column>,
    /// Whether the event is its sign alone.
    is_narrow: bool,
    /// Whether there are more to the left, and to the right.
    pub(super) more: (bool, bool),
}

impl Columns {
    /// The columns that fit into a pane once it was moved so many columns to the right. Time and event always stay.
    /// Unmoved, those stand there that matter most; moved, all others follow.
    pub(super) fn new(width: u16, moved: usize) -> Self {
        let is_narrow = width < WIDE;
        let all = all(is_narrow);
        let columns: Vec<_> = all.iter().map(|(_, column)| *column).collect();
        let first = fitting(&columns, width);
        let rest = (FROZEN..all.len()).filter(|column| !first.contains(column));
        let order: Vec<_> = first.iter().skip(FROZEN).copied().chain(rest).map(|column| all[column]).collect();
        let from = moved.min(last_move(&order, &all[..FROZEN], width));
        let mut chosen: Vec<_> = all[..FROZEN].iter().chain(&order[from..]).copied().collect();
        let room = if from == 0 { first.len().max(FROZEN + 1) } else { count_fitting(&chosen, width) };
        let more = (from > 0, room < chosen.len());
        chosen.truncate(room);
        let (fields, shown) = chosen.into_iter().unzip();
        Self { fields, shown, is_narrow, more }
    }

    /// How far the columns of a pane can be moved.
    pub(super) fn last_move(width: u16) -> usize {
        (0..all(false).len()).take_while(|&moved| Self::new(width, moved).more.1).count()
    }

    /// What the columns say of a line.
    pub(super) fn cells<'r>(&self, record: &'r Record, is_new_day: bool, shared: &Shared) -> Vec<Cell<'r>> {
        let text = if look::is_by_person(record) { shared.theme.title } else { shared.theme.text };
        let cell = |&field: &Field| {
            let style = match field {
                Field::Event => look::style(record, &shared.theme),
                Field::Time => shared.theme.dim,
                _ => text,
            };
            Cell { text: self.text(field, record, is_new_day, shared), style }
        };
        self.fields.iter().map(cell).collect()
    }

    /// The head of the column of times: the day of the first line in sight.
    pub(super) fn day<'r>(&self, date: &'r str) -> &'r str {
        if self.is_narrow { &date[5..] } else { date }
    }

    fn text<'r>(&self, field: Field, record: &'r Record, is_new_day: bool, shared: &Shared) -> Cow<'r, str> {
        match field {
            Field::Time => time(&record.time.to_string(), is_new_day, self.is_narrow).into(),
            Field::Event if self.is_narrow => look::sign(record, shared.glyphs).into(),
            Field::Event => format!("{} {}", look::sign(record, shared.glyphs), record.event.as_str()).into(),
            Field::Id => printable(&record.id),
            Field::Sender => path(record.sender.as_deref()),
            Field::Recipient => match &record.recipient {
                None if !self.has(Field::Sender) && record.sender.is_some() => {
                    format!("from {}", path(record.sender.as_deref())).into()
                }
                recipient => path(recipient.as_deref()),
            },
            Field::Host => host(record),
            Field::Reply => self.reply(record),
            Field::Delay => record.delay.map(age).unwrap_or_default().into(),
            Field::Attempt => record.attempt.map(|attempt| attempt.to_string()).unwrap_or_default().into(),
            Field::Size => record.size.map(size).unwrap_or_default().into(),
            Field::Actor => record.actor.as_deref().map(printable).unwrap_or_default(),
        }
    }

    /// What was said; where nothing was, or who said it has no column of its own, that.
    fn reply<'r>(&self, record: &'r Record) -> Cow<'r, str> {
        let reply = record.reply.as_deref().map(printable).unwrap_or_default();
        match &record.actor {
            Some(actor) if look::is_by_person(record) && !self.has(Field::Actor) => {
                let gap = if reply.is_empty() { "" } else { ", " };
                format!("{reply}{gap}by {}", printable(actor)).into()
            }
            _ if reply.is_empty() && record.event == Event::Accepted && !self.has(Field::Host) => {
                let host = host(record);
                if host.is_empty() { host } else { format!("from {host}").into() }
            }
            _ => reply,
        }
    }

    fn has(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }
}

/// Columns that are never moved out of sight.
const FROZEN: usize = 2;

/// Every column, with the rank in which they go where there is no room.
fn all(is_narrow: bool) -> [(Field, Column); 11] {
    let fixed = |title, width, rank| Column { title, room: Room::Fixed(width), rank, is_number: false };
    let number = |title, width, rank| Column { is_number: true, ..fixed(title, width, rank) };
    let share = |title, min, weight, rank| Column { room: Room::Share { min, weight }, ..fixed(title, 0, rank) };
    let (time, event, recipient, reply) = if is_narrow { (8, 1, 12, 12) } else { (11, 11, 17, 22) };
    [
        (Field::Time, fixed("Time", time, 0)),
        (Field::Event, fixed(if is_narrow { "" } else { "Event" }, event, 0)),
        (Field::Id, fixed("Id", 17, 3)),
        (Field::Sender, share("Sender", 16, 2, 4)),
        (Field::Recipient, share("Recipient", recipient, 2, 1)),
        (Field::Host, share("Host", 16, 2, 7)),
        (Field::Reply, share("Reply", reply, 5, 2)),
        (Field::Delay, number("After", 5, 5)),
        (Field::Attempt, number("Try", 3, 6)),
        (Field::Size, number("Size", 6, 8)),
        (Field::Actor, share("By", 10, 1, 9)),
    ]
}

fn fitting(columns: &[Column], width: u16) -> Vec<usize> {
    Table { columns, sorted: None, has_focus: false }.fitting(width)
}

/// How many of the chosen columns fit, from the left; one behind the frozen ones always counts.
fn count_fitting(chosen: &[(Field, Column)], width: u16) -> usize {
    // Ranks that grow to the right make the table drop columns from there.
    let columns: Vec<_> = (0..).zip(chosen).map(|(rank, (_, column))| Column { rank, ..*column }).collect();
    fitting(&columns, width).len().max(FROZEN + 1).min(chosen.len())
}

/// The first move after which everything to the right is in sight.
fn last_move(order: &[(Field, Column)], frozen: &[(Field, Column)], width: u16) -> usize {
    let fits = |from: &usize| {
        let chosen: Vec<_> = frozen.iter().chain(&order[*from..]).copied().collect();
        count_fitting(&chosen, width) == chosen.len()
    };
    (0..order.len()).find(fits).unwrap_or(order.len() - 1)
}

/// The time of day; at the first line of a day with the day of the month before it.
fn time(at: &str, is_new_day: bool, is_narrow: bool) -> String {
    match (is_new_day, is_narrow) {
        (false, true) => at[11..19].to_owned(),
        (false, false) => format!("   {}", &at[11..19]),
        (true, true) => format!("{} {}", &at[8..10], &at[11..16]),
        (true, false) => format!("{} {}", &at[8..10], &at[11..19]),
    }
}

fn path(address: Option<&str>) -> Cow<'_, str> {
    match address {
        Some("") => "<>".into(),
        Some(address) => printable(address),
        None => "".into(),
    }
}

/// The other end: the next hop, or the client with what it called itself.
pub(super) fn host(record: &Record) -> Cow<'_, str> {
    match (&record.host, &record.client) {
        (Some(host), Some(client)) if record.event == Event::Accepted => {
            format!("{}[{}]", printable(host), printable(client)).into()
        }
        (Some(host), _) => printable(host),
        (None, Some(client)) if matches!(record.event, Event::Accepted | Event::Refused) => {
            format!("[{}]", printable(client)).into()
        }
        _ => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_most_stays_and_the_rest_is_reached_sideways() {
        use Field::{Actor, Event, Recipient, Reply, Time};
        assert_eq!(Columns::new(40, 0).fields, [Time, Event, Recipient, Reply]);
        assert_eq!(Columns::new(80, 0).fields[..2], [Time, Event]);
        assert!(Columns::new(200, 0).fields.contains(&Actor));
        for width in [1, 20, 40, 78, 118, 198] {
            let mut seen = Vec::new();
            for moved in 0..=Columns::last_move(width) {
                seen.extend(Columns::new(width, moved).fields);
            }
            seen.sort_by_key(|field| *field as u8);
            seen.dedup();
            assert_eq!(seen.len(), 11, "{width}");
            assert!(!Columns::new(width, usize::MAX).more.1, "{width}");
        }
    }

    #[test]
    fn where_all_columns_fit_nothing_moves() {
        assert_eq!(Columns::last_move(198), 0);
        assert_eq!(Columns::new(198, 5).more, (false, false));
    }

    #[test]
    fn the_day_stands_where_it_changes() {
        let at = "2026-11-24T11:15:03Z";
        assert_eq!(time(at, false, false), "   11:15:03");
        assert_eq!(time(at, true, false), "24 11:15:03");
        assert_eq!(time(at, true, true), "24 11:15");
    }
}

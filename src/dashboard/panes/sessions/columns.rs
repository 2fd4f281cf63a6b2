//! What the rows of the sessions say.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::roll::Entry;
use crate::dashboard::Shared;
use crate::dashboard::theme::{Glyphs, Theme};
use crate::dashboard::widgets::{Cell, Column, Room, age, counted, size};
use crate::ledger::{Activity, Direction, SessionSnapshot};
use crate::text::printable;

/// By what sessions are sorted: the columns in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionSort {
    /// Clients first.
    Direction,
    /// By number, not by text.
    Peer,
    /// HELO name or host.
    Name,
    /// Login.
    User,
    /// Those without first.
    Tls,
    /// In the order in which a session goes through them.
    State,
    /// So far.
    Messages,
    /// So far.
    Bytes,
    /// Of the last seconds.
    Rate,
    /// Since the connection was made.
    Age,
}

impl SessionSort {
    pub(super) const ALL: [Self; 10] = [
        Self::Direction,
        Self::Peer,
        Self::Name,
        Self::User,
        Self::Tls,
        Self::State,
        Self::Messages,
        Self::Bytes,
        Self::Rate,
        Self::Age,
    ];

    /// Whether the largest come first when a person first sorts by it.
    pub(super) const fn starts_descending(self) -> bool {
        matches!(self, Self::Messages | Self::Bytes | Self::Rate | Self::Age)
    }
}

/// The columns; what matters least is dropped first.
pub(super) const COLUMNS: [Column; 10] = [
    Column { title: "Dir", room: Room::Fixed(5), rank: 1, is_number: false },
    Column { title: "Peer", room: Room::Share { min: 15, weight: 1 }, rank: 0, is_number: false },
    Column { title: "HELO or host", room: Room::Share { min: 12, weight: 4 }, rank: 3, is_number: false },
    Column { title: "User", room: Room::Share { min: 8, weight: 1 }, rank: 8, is_number: false },
    Column { title: "TLS", room: Room::Fixed(4), rank: 6, is_number: false },
    Column { title: "State", room: Room::Fixed(10), rank: 0, is_number: false },
    Column { title: "Msgs", room: Room::Fixed(5), rank: 4, is_number: true },
    Column { title: "Bytes", room: Room::Fixed(7), rank: 5, is_number: true },
    Column { title: "Rate", room: Room::Fixed(9), rank: 7, is_number: true },
    Column { title: "Age", room: Room::Fixed(5), rank: 2, is_number: true },
];

/// A row, in the order of the columns; `rate` is octets a second. Where there is no room for names, a server is shown by
/// its name in place of its address, which tells less of it.
pub(super) fn cells<'a>(entry: Entry<'a>, rate: u64, has_names: bool, shared: &Shared) -> Vec<Cell<'a>> {
    let Entry { session, is_ended } = entry;
    let theme = &shared.theme;
    let dimmed = |style| if is_ended { theme.dim } else { style };
    let cell = |text: Cow<'a, str>, style| Cell { text, style: dimmed(style) };
    let or_dash = |text: Option<&'a str>| text.map_or(Cow::Borrowed("-"), |text| printable(text));
    let rate = if rate == 0 || is_ended { "-".to_owned() } else { format!("{}/s", size(rate)) };
    let peer = match (&session.name, session.direction) {
        (Some(name), Direction::Outbound) if !has_names => printable(&**name),
        _ => session.peer.ip().to_string().into(),
    };
    vec![
        cell(direction(session.direction, shared.glyphs).into(), theme.text),
        cell(peer, theme.text),
        cell(or_dash(session.name.as_deref()), theme.text),
        cell(or_dash(session.user.as_deref()), theme.text),
        cell(tls(session).into(), theme.text),
        cell(state(entry).into(), state_style(session.activity, theme)),
        cell(session.messages.to_string().into(), theme.text),
        cell(size(session.bytes).into(), theme.text),
        cell(rate.into(), theme.text),
        cell(age(session.age).into(), theme.dim),
    ]
}

/// A row as a line of text, to be copied.
pub(super) fn line(session: &SessionSnapshot) -> String {
    let name = session.name.as_deref().unwrap_or("-");
    format!(
        "{} {} {} {} {}, {}, {}",
        session.direction.as_str(),
        session.peer,
        printable(name),
        session.activity.as_str(),
        counted(session.messages, "message"),
        size(session.bytes),
        age(session.age)
    )
}

/// Whether the connection is protected, in a word.
pub(super) fn tls(session: &SessionSnapshot) -> &'static str {
    if session.encryption.is_some() { "yes" } else { "no" }
}

fn direction(direction: Direction, glyphs: Glyphs) -> &'static str {
    match direction {
        Direction::Inbound => glyphs.pick("↓ in", "> in"),
        Direction::Outbound => glyphs.pick("↑ out", "< out"),
    }
}

fn state(entry: Entry<'_>) -> &'static str {
    if entry.is_ended { "ended" } else { entry.session.activity.as_str() }
}

fn state_style(activity: Activity, theme: &Theme) -> ratatui::style::Style {
    match activity {
        Activity::Envelope | Activity::Content | Activity::Committing => theme.active,
        Activity::Connecting | Activity::Greeting | Activity::Closing => theme.text,
        Activity::Idle => theme.dim,
    }
}

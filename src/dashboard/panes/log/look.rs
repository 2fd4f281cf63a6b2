//! How an event looks: a sign, a word and a style.

use ratatui::style::Style;

use crate::dashboard::theme::{Glyphs, Theme};
use crate::ledger::{Event, Record};

/// What an event means to the administrator.
#[derive(Clone, Copy)]
enum Meaning {
    /// A message came.
    Came,
    /// A message arrived where it should.
    Done,
    /// Later, perhaps.
    Later,
    /// It went wrong.
    Wrong,
    /// A report, or something was tidied up.
    Aside,
    /// A person did something.
    Person,
}

fn meaning(record: &Record) -> Meaning {
    match record.event {
        // Of accepted mail the actor is the login of the client.
        Event::Accepted => Meaning::Came,
        _ if record.actor.is_some() => Meaning::Person,
        Event::Delivered | Event::Local => Meaning::Done,
        Event::Deferred => Meaning::Later,
        Event::Refused | Event::Failed | Event::Expired | Event::Badmail => Meaning::Wrong,
        Event::Reported
        | Event::Removed
        | Event::Held
        | Event::Released
        | Event::Retried
        | Event::Restored
        | Event::Purged
        | Event::Act => Meaning::Aside,
    }
}

/// Whether a person did it.
pub(super) fn is_by_person(record: &Record) -> bool {
    matches!(meaning(record), Meaning::Person)
}

/// The sign before the word.
pub(super) fn sign(record: &Record, glyphs: Glyphs) -> &'static str {
    match meaning(record) {
        Meaning::Came => glyphs.pick("→", ">"),
        Meaning::Done => glyphs.pick("✓", "+"),
        Meaning::Later => glyphs.pick("↻", "~"),
        Meaning::Wrong => glyphs.pick("✗", "x"),
        Meaning::Aside => glyphs.pick("·", "."),
        Meaning::Person => glyphs.pick("◆", "#"),
    }
}

/// The style of sign and word.
pub(super) fn style(record: &Record, theme: &Theme) -> Style {
    match meaning(record) {
        Meaning::Came | Meaning::Aside => theme.text,
        Meaning::Done => theme.good,
        Meaning::Later => theme.warning,
        Meaning::Wrong => theme.bad,
        Meaning::Person => theme.marked,
    }
}

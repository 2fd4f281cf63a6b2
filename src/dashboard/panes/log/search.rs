//! Looking for a text in the log, and showing where it stands.

use std::str::FromStr;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::dashboard::widgets::{occurrences, width};
use crate::ledger::Record;
use crate::text::FilterError;

/// A text that is looked for, in lower case; empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needle(String);

impl FromStr for Needle {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Ok(Self(text.trim().to_lowercase()))
    }
}

impl Needle {
    /// Whether nothing is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it stands in one of the columns of a line.
    pub(super) fn is_in(&self, record: &Record) -> bool {
        let Record { event, id, client, sender, recipient, host, reply, actor, .. } = record;
        let texts = [client, sender, recipient, host, reply, actor].into_iter().flatten();
        [event.as_str(), id].into_iter().chain(texts.map(String::as_str)).any(|text| self.stands_in(text))
            || (self.may_be_time() && record.time.to_string().to_lowercase().contains(&self.0))
    }

    /// Marks every place in a row of a picture where it stands.
    pub(super) fn highlight(&self, buffer: &mut Buffer, row: Rect, style: Style) {
        // Where in the row's text each character begins, and its column. Wide ones are followed by empty columns.
        let mut starts = Vec::with_capacity(usize::from(row.width));
        let mut text = String::new();
        let mut x = row.left();
        while x < row.right() {
            let symbol = buffer[(x, row.y)].symbol();
            starts.push((text.len(), x));
            text.push_str(symbol);
            x += u16::try_from(width(symbol).max(1)).unwrap_or(1);
        }
        for found in occurrences(&text, &self.0) {
            for &(_, x) in starts.iter().filter(|(start, _)| found.contains(start)) {
                buffer[(x, row.y)].set_style(style);
            }
        }
    }

    fn stands_in(&self, text: &str) -> bool {
        let needle = self.0.as_bytes();
        if text.is_ascii() && !needle.is_empty() {
            return text.as_bytes().windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle));
        }
        text.to_lowercase().contains(&self.0)
    }

    /// To write a time out is slow, and most of what people look for cannot stand in one.
    fn may_be_time(&self) -> bool {
        self.0.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'-' | b't' | b'z'))
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;
    use crate::clock::Timestamp;
    use crate::ledger::Event;

    fn needle(text: &str) -> Needle {
        text.parse().unwrap()
    }

    #[test]
    fn a_text_is_found_in_any_column_and_any_case() {
        let mut record = Record::new(Timestamp::from_unix(1_795_518_903), Event::Deferred, "0JX4");
        record.reply = Some("451 Später ÜBERLASTET".to_owned());
        record.sender = Some("App@corp.example".to_owned());
        for text in ["deferred", "0jx4", "app@", "überlastet", "11:15:03"] {
            assert!(needle(text).is_in(&record), "{text}");
        }
        for text in ["delivered", "überlastet!", "11:15:04"] {
            assert!(!needle(text).is_in(&record), "{text}");
        }
    }

    #[test]
    fn every_place_is_marked_in_whole_characters() {
        let row = Rect::new(0, 0, 12, 1);
        let marked = |text| {
            let mut buffer = Buffer::empty(row);
            buffer.set_string(0, 0, "漢字 AB ab", Style::new());
            needle(text).highlight(&mut buffer, row, Style::new().bg(Color::Red));
            (0..12).filter(|&x| buffer[(x, 0)].bg == Color::Red).collect::<Vec<_>>()
        };
        assert_eq!(marked("ab"), [5, 6, 8, 9]);
        assert_eq!(marked("漢字"), [0, 2]);
    }
}

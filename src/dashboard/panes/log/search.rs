//! Looking for a text in the log, and showing where it stands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::lines::Lines;
use crate::dashboard::widgets::width;
use crate::engine::LogTail;
use crate::ledger::Record;

/// A text that is looked for, and the lines in which it stands.
#[derive(Debug)]
pub(super) struct Search {
    /// In lower case.
    needle: String,
    pub(super) found: Lines,
}

impl Search {
    /// A search for a text that is not empty, in whatever case.
    pub(super) fn new(text: &str) -> Option<Self> {
        let needle = text.to_lowercase();
        (!needle.is_empty()).then(|| Self { needle, found: Lines::default() })
    }

    /// Looks at what is new in the log, as far as it is wanted.
    pub(super) fn follow(&mut self, tail: &LogTail, is_wanted: impl Fn(&Record) -> bool) {
        let needle = &self.needle;
        self.found.follow(tail, |record| is_wanted(record) && is_in(record, needle));
    }

    /// The text, in lower case.
    pub(super) fn text(&self) -> &str {
        &self.needle
    }

    /// Marks every place in a row of a picture where the text stands.
    pub(super) fn highlight(&self, buffer: &mut Buffer, row: Rect, style: Style) {
        // Where in the row's text each character begins, and its first column. Wide ones are followed by empty columns.
        let mut starts = Vec::with_capacity(usize::from(row.width));
        let mut text = String::new();
        let mut x = row.left();
        while x < row.right() {
            let symbol = buffer[(x, row.y)].symbol();
            starts.push((text.len(), x));
            text.push_str(&symbol.to_lowercase());
            x += u16::try_from(width(symbol).max(1)).unwrap_or(1);
        }
        for (from, found) in text.match_indices(&self.needle) {
            let to = from + found.len();
            for &(_, x) in starts.iter().filter(|(start, _)| (from..to).contains(start)) {
                buffer[(x, row.y)].set_style(style);
            }
        }
    }
}

/// Whether a text in lower case stands in one of the columns.
fn is_in(record: &Record, needle: &str) -> bool {
    let Record { event, id, client, sender, recipient, host, reply, actor, .. } = record;
    let texts = [client, sender, recipient, host, reply, actor].into_iter().flatten();
    [event.as_str(), id].into_iter().chain(texts.map(String::as_str)).any(|text| contains(text, needle))
        || (may_be_time(needle) && record.time.to_string().to_lowercase().contains(needle))
}

/// To write a time out is slow, and most of what people look for cannot stand in one.
fn may_be_time(needle: &str) -> bool {
    needle.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'-' | b't' | b'z'))
}

fn contains(text: &str, needle: &str) -> bool {
    if text.is_ascii() {
        return text.as_bytes().windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle.as_bytes()));
    }
    text.to_lowercase().contains(needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ledger::Event;

    #[test]
    fn a_text_is_found_in_any_column_and_any_case() {
        let mut record = Record::new(Timestamp::from_unix(1_795_518_903), Event::Deferred, "0JX4");
        record.reply = Some("451 Später ÜBERLASTET".to_owned());
        record.sender = Some("App@corp.example".to_owned());
        for needle in ["deferred", "0jx4", "app@", "überlastet", "11:15:03"] {
            assert!(is_in(&record, needle), "{needle}");
        }
        for needle in ["delivered", "überlastet!", "11:15:04"] {
            assert!(!is_in(&record, needle), "{needle}");
        }
    }

    #[test]
    fn every_place_is_marked_in_whole_characters() {
        let row = Rect::new(0, 0, 12, 1);
        let mut buffer = Buffer::empty(row);
        buffer.set_string(0, 0, "漢字 AB ab", Style::new());
        let marked = |buffer: &Buffer| {
            (0..12)
                .filter(|&x| buffer[(x, 0)].style().bg.is_some_and(|bg| bg == ratatui::style::Color::Red))
                .collect::<Vec<_>>()
        };
        let style = Style::new().bg(ratatui::style::Color::Red);
        let mut found = buffer.clone();
        Search::new("ab").unwrap().highlight(&mut found, row, style);
        assert_eq!(marked(&found), [5, 6, 8, 9]);
        Search::new("漢字").unwrap().highlight(&mut buffer, row, style);
        assert_eq!(marked(&buffer), [0, 2]);
    }
}

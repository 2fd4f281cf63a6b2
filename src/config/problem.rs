//! What is wrong with a settings file, said so that a person can mend it.

use std::fmt;

use crate::text::Printable;

/// One thing that is wrong.
///
/// Its display is `12:9: messages.max_message_size: "12 XB" is not a size; expected for example "2048 KB"`,
/// printable whatever the file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the text it stands; `None` where it concerns a value that is in no file yet.
    pub at: Option<Position>,
    /// The path of the key, entries counted from 1: `delivery.retry`, `domain[2].smart_host`. Empty where the
    /// text is no TOML.
    pub key: String,
    /// What is wrong.
    pub reason: String,
    /// What would be right.
    pub expected: Option<String>,
}

/// A place in a text, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Position {
    /// The place of the octet at `offset`; the end of the text if that lies beyond it.
    pub(crate) fn in_text(text: &str, offset: usize) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let column = String::from_utf8_lossy(&before[line_start..]).trim_start_matches('\u{feff}').chars().count() + 1;
        Self { line, column }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(at) = self.at {
            write!(f, "{at}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", Printable::new(&self.key))?;
        }
        write!(f, "{}", Printable::new(&self.reason))?;
        match &self.expected {
            Some(expected) => write!(f, "; expected {}", Printable::new(expected)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        assert_eq!(Position::in_text("a\nüü = 1", 7), Position { line: 2, column: 4 });
        assert_eq!(Position::in_text("\u{feff}a = 1", 3), Position { line: 1, column: 1 });
        assert_eq!(Position::in_text("a\r\nb", 99), Position { line: 2, column: 2 });
        assert_eq!(Position::in_text("", 0), Position { line: 1, column: 1 });
    }

    #[test]
    fn escape_sequences_of_the_file_are_shown_and_not_run() {
        let problem = Problem { at: None, key: "a\x1b[2J".into(), reason: "b\u{202e}".into(), expected: None };
        assert_eq!(problem.to_string(), "a␛[2J: b<U+202E>");
    }
}

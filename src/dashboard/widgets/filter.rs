//! The line in which a filter is typed. It counts while it is typed; what is not understood is said beside it, and what
//! was understood last goes on.

use std::str::FromStr;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::text::{cut, width};
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::text::{FilterError, printable};

/// Columns that a text has at least.
const LEAST: u16 = 12;

/// A filter and the line in which it is typed.
pub(crate) struct FilterLine<F> {
    field: Field,
    is_open: bool,
    /// The last one that was understood, and as it was written.
    filter: F,
    written: String,
    error: Option<FilterError>,
    /// The key that opens it, before the text.
    prompt: &'static str,
    /// What can be typed, for an empty line.
    advice: &'static str,
}

impl<F: FromStr<Err = FilterError> + Default + PartialEq> FilterLine<F> {
    /// A line that filters nothing. `advice` stands in it as long as it is empty.
    pub(crate) fn new(advice: &'static str) -> Self {
        Self {
            field: Field::default(),
            is_open: false,
            filter: F::default(),
            written: String::new(),
            error: None,
            prompt: "/",
            advice,
        }
    }

    /// The same, opened by another key than `/`.
    pub(crate) fn opened_by(mut self, key: &'static str) -> Self {
        self.prompt = key;
        self
    }

    /// The filter in force.
    pub(crate) fn filter(&self) -> &F {
        &self.filter
    }

    /// Whether what stands in the line is the filter in force.
    pub(crate) fn is_understood(&self) -> bool {
        self.error.is_none()
    }

    /// Whether it is being typed.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open
    }

    /// The filter in force as it was written, with the key that opens the line: `/from:app`. `None` if all is shown.
    pub(crate) fn chip(&self) -> Option<String> {
        (!self.written.is_empty()).then(|| format!("{}{}", self.prompt, printable(&self.written)))
    }

    /// Opens the line.
    pub(crate) fn open(&mut self) {
        self.is_open = true;
    }

    /// Puts a filter in force, as if it had been typed. Returns whether that changes anything.
    pub(crate) fn set(&mut self, text: &str) -> bool {
        self.field = Field::new(text);
        self.parse()
    }

    /// Shows all again, and closes the line. Returns whether that changes anything.
    pub(crate) fn clear(&mut self) -> bool {
        self.is_open = false;
        self.set("")
    }

    /// Takes an input while the line is open: whether the filter is another one now. `None` for what is not its
    /// business: a closed line takes nothing, and an open one leaves alone what moves in the list.
    pub(crate) fn edit(&mut self, input: &Input) -> Option<bool> {
        if !self.is_open {
            return None;
        }
        let Input::Key(key) = input else { return Some(self.field.take(input) == Some(true) && self.parse()) };
        match key.code {
            KeyCode::Enter => {
                self.is_open = self.error.is_some();
                Some(false)
            }
            KeyCode::Esc => Some(self.clear()),
            _ if *key == Key::ctrl('c') => Some(self.clear()),
            KeyCode::Up | KeyCode::Down | KeyCode::PageUp | KeyCode::PageDown | KeyCode::F(_) => None,
            _ => match self.field.take(input) {
                Some(changed) => Some(changed && self.parse()),
                None if key.ctrl => None,
                None => Some(false),
            },
        }
    }

    /// The rows it takes: none while it is closed, a second one for an error that does not fit beside the text.
    pub(crate) fn rows(&self, columns: u16) -> u16 {
        match &self.error {
            _ if !self.is_open => 0,
            Some(error) if columns < self.columns().saturating_add(as_columns(error.expected).saturating_add(2)) => 2,
            _ => 1,
        }
    }

    /// Draws the line, which takes the last row of the area. Returns where the hardware cursor belongs.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let line = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        buffer.set_stringn(line.x, line.y, self.prompt, usize::from(line.width), theme.key);
        let x = (line.x + 1).min(line.right());
        let field = Rect { x, width: (line.right() - x).min(self.columns()), ..line };
        let cursor = self.field.draw(buffer, field, theme.field);
        let behind = (field.right() + 1).min(line.right());
        let (at, style, text) = match &self.error {
            Some(error) if area.height > 1 => (area.as_position(), theme.bad, error.expected),
            Some(error) => (Position::new(behind, line.y), theme.bad, error.expected),
            None if self.field.text().is_empty() => (Position::new(behind, line.y), theme.dim, self.advice),
            None => return cursor,
        };
        let room = usize::from(area.right() - at.x);
        buffer.set_stringn(at.x, at.y, cut(text, room, shared.glyphs.ellipsis()), room, style);
        cursor
    }

    /// Columns for the text and the cursor behind it.
    fn columns(&self) -> u16 {
        as_columns(&printable(self.field.text())).max(LEAST).saturating_add(1)
    }

    fn parse(&mut self) -> bool {
        match self.field.text().parse::<F>() {
            Ok(filter) => {
                self.field.text().trim().clone_into(&mut self.written);
                self.error = None;
                let is_other = filter != self.filter;
                self.filter = filter;
                is_other
            }
            Err(error) => {
                self.error = Some(error);
                false
            }
        }
    }
}

fn as_columns(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Filter;

    fn typed(text: &str) -> FilterLine<Filter> {
        let mut line = FilterLine::new("");
        line.open();
        for c in text.chars() {
            line.edit(&Input::Key(Key::char(c)));
        }
        line
    }

    fn press(line: &mut FilterLine<Filter>, code: KeyCode) -> Option<bool> {
        line.edit(&Input::Key(Key::plain(code)))
    }

    #[test]
    fn it_counts_while_it_is_typed_and_enter_keeps_it() {
        let mut line = typed("from:app");
        assert_eq!(line.filter().to_string(), "from:\"app\"");
        press(&mut line, KeyCode::Enter);
        assert!(!line.is_open());
        assert_eq!(line.chip().as_deref(), Some("/from:app"));
        assert_eq!(press(&mut line, KeyCode::Backspace), None, "a closed line takes nothing");
    }

    #[test]
    fn escape_clears_it() {
        let mut line = typed("x");
        assert_eq!(press(&mut line, KeyCode::Esc), Some(true));
        assert!(!line.is_open() && line.filter().is_empty() && line.chip().is_none());
    }

    #[test]
    fn what_is_not_understood_keeps_the_line_open_and_the_last_filter_in_force() {
        let mut line = typed("app ");
        line.edit(&Input::Paste("state:".to_owned()));
        press(&mut line, KeyCode::Enter);
        assert!(line.is_open());
        assert_eq!(line.filter().to_string(), "\"app\"");
        assert_eq!((line.rows(80), line.rows(40)), (1, 2), "an error that does not fit gets a row of its own");
    }

    #[test]
    fn keys_that_move_in_the_list_pass_by() {
        let mut line = typed("a");
        assert_eq!(press(&mut line, KeyCode::Down), None);
        assert_eq!(line.edit(&Input::Key(Key::ctrl('l'))), None);
        assert_eq!(press(&mut line, KeyCode::Tab), Some(false), "Tab is no way out of a text");
    }
}

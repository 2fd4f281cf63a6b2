//! A line of text being edited.

use std::fmt;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tui_input::{InputRequest, StateChanged};

use super::input::{Input, Key, KeyCode};
use crate::text;

/// The longest text that can be entered, in characters.
const LIMIT: usize = 1000;

/// A line of text with a cursor.
#[derive(Clone, Default)]
pub(crate) struct Field(tui_input::Input);

/// Tells no text: a secret may be typed.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} characters)", self.text().chars().count())
    }
}

impl Field {
    /// A field that holds `text`, with the cursor behind it.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(tui_input::Input::new(text.into()))
    }

    /// What it holds.
    pub(crate) fn text(&self) -> &str {
        self.0.value()
    }

    /// The same with a sign in place of each character, for what nobody is to see.
    pub(crate) fn hidden(&self) -> Self {
        let signs = "*".repeat(self.text().chars().count());
        Self(tui_input::Input::new(signs).with_cursor(self.0.cursor()))
    }

    /// Takes what edits a text; `None` for any other input, else whether the text changed. Pasted line ends become
    /// blanks, since a field is one line.
    pub(crate) fn take(&mut self, input: &Input) -> Option<bool> {
        match input {
            Input::Paste(pasted) => {
                for c in pasted.chars().map(|c| if c.is_control() { ' ' } else { c }) {
                    self.insert(c);
                }
                Some(!pasted.is_empty())
            }
            Input::Key(key) => match key.typed() {
                Some(c) => Some(self.insert(c)),
                None => request(*key).map(|request| self.apply(request)),
            },
            _ => None,
        }
    }

    /// Draws the part around the cursor; what the text hides is shown as `text` shows it. Returns where the hardware
    /// cursor belongs.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect, style: Style) -> Position {
        let width = usize::from(area.width.saturating_sub(1));
        let before: String = self.text().chars().take(self.0.cursor()).collect();
        let (before, shown) = (text::printable(&before), text::printable(self.text()));
        let cursor = super::widgets::width(&before);
        let scroll = cursor.saturating_sub(width);
        buffer.set_style(Rect { height: 1, ..area }, style);
        let visible = super::widgets::skip(&shown, scroll);
        buffer.set_stringn(area.x, area.y, visible, usize::from(area.width), style);
        let offset = u16::try_from(cursor - scroll).unwrap_or(area.width);
        Position::new(area.x.saturating_add(offset).min(area.right().saturating_sub(1)), area.y)
    }

    fn insert(&mut self, c: char) -> bool {
        self.text().chars().count() < LIMIT && self.apply(InputRequest::InsertChar(c))
    }

    fn apply(&mut self, request: InputRequest) -> bool {
        matches!(self.0.handle(request), Some(StateChanged { value: true, .. }))
    }
}

fn request(key: Key) -> Option<InputRequest> {
    Some(match (key.code, key.ctrl, key.alt) {
        (KeyCode::Backspace, false, false) => InputRequest::DeletePrevChar,
        (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, _, _) => InputRequest::DeletePrevWord,
        (KeyCode::Delete, ..) => InputRequest::DeleteNextChar,
        (KeyCode::Left, false, false) => InputRequest::GoToPrevChar,
        (KeyCode::Left, ..) => InputRequest::GoToPrevWord,
        (KeyCode::Right, false, false) => InputRequest::GoToNextChar,
        (KeyCode::Right, ..) => InputRequest::GoToNextWord,
        (KeyCode::Home, ..) | (KeyCode::Char('a'), true, false) => InputRequest::GoToStart,
        (KeyCode::End, ..) | (KeyCode::Char('e'), true, false) => InputRequest::GoToEnd,
        (KeyCode::Char('u'), true, false) => InputRequest::DeleteLine,
        (KeyCode::Char('k'), true, false) => InputRequest::DeleteTillEnd,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_of_many_lines_stays_one_line_and_bounded() {
        let mut field = Field::new("a");
        assert_eq!(field.take(&Input::Paste("b\nc\x1b".into())), Some(true));
        assert_eq!(field.text(), "ab c ");
        field.take(&Input::Paste("x".repeat(5000)));
        assert_eq!(field.text().chars().count(), LIMIT);
    }

    #[test]
    fn a_hidden_text_shows_only_how_long_it_is() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        let cursor = Field::new("s3cré").hidden().draw(&mut buffer, Rect::new(0, 0, 8, 1), Style::new());
        assert_eq!(
            (cursor, buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()),
            (Position::new(5, 0), "*****   ".to_owned())
        );
    }

    #[test]
    fn the_cursor_stays_in_sight_behind_a_long_text() {
        let area = Rect::new(3, 0, 6, 1);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        let cursor = Field::new("abcdefghijkl").draw(&mut buffer, area, Style::new());
        assert_eq!(cursor, Position::new(8, 0));
        assert_eq!(buffer[(3, 0)].symbol(), "h");
    }
}

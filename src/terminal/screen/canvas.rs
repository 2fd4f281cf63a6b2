//! What ratatui draws on: collects the bytes of a frame and remembers the cursor.

use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::sequences;

/// A backend without a terminal: drawing is delegated, everything that would be asked of a terminal is known.
#[derive(Debug)]
pub(super) struct Canvas {
    size: Size,
    /// The frame so far.
    drawn: Vec<u8>,
    cursor: Cursor,
    /// The cursor as the terminal has it.
    sent: Cursor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    shown: bool,
    at: Position,
}

impl Canvas {
    pub(super) const fn new(size: Size) -> Self {
        let hidden = Cursor { shown: false, at: Position::ORIGIN };
        Self { size, drawn: Vec::new(), cursor: hidden, sent: hidden }
    }

    pub(super) const fn size_drawn(&self) -> Size {
        self.size
    }

    pub(super) fn resize(&mut self, size: Size) -> Option<Size> {
        (std::mem::replace(&mut self.size, size) != size).then_some(size)
    }

    /// Appends what was drawn since the last time as one update, so that no half of it is ever seen.
    pub(super) fn take_frame(&mut self, bytes: &mut Vec<u8>) {
        let drawn = std::mem::take(&mut self.drawn);
        let Cursor { shown, at } = self.cursor;
        let is_moved = shown && (!drawn.is_empty() || at != self.sent.at);
        if drawn.is_empty() && shown == self.sent.shown && !is_moved {
            return;
        }
        bytes.extend(sequences::BEGIN_UPDATE);
        if self.sent.shown && (!shown || !drawn.is_empty()) {
            bytes.extend(sequences::HIDE_CURSOR);
        }
        bytes.extend(&drawn);
        if is_moved {
            bytes.extend(sequences::move_to(at));
        }
        if shown && (!self.sent.shown || !drawn.is_empty()) {
            bytes.extend(sequences::SHOW_CURSOR);
        }
        bytes.extend(sequences::END_UPDATE);
        self.sent = self.cursor;
    }

    fn delegate(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.drawn)
    }
}

impl Backend for Canvas {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> io::Result<()> {
        let mut content = content.peekable();
        // Else it would end nothing with a reset of all colours.
        if content.peek().is_none() { Ok(()) } else { self.delegate().draw(content) }
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.cursor.shown = false;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.cursor.shown = true;
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.cursor.at)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.cursor.at = position.into();
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.delegate().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.delegate().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

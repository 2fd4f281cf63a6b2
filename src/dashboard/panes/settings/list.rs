//! A list of values, edited row by row.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, KeyCode};
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::ListCursor;
use crate::text::printable;

/// A list in the middle of being edited.
pub(super) struct ListEdit {
    pub(super) key: String,
    label: &'static str,
    pub(super) entries: Vec<String>,
    list: ListCursor,
    /// The row being typed.
    field: Option<Field>,
    /// Why the list cannot be as it is.
    pub(super) error: Option<String>,
}

/// What became of a key.
pub(super) enum ListStep {
    /// The list goes on being edited.
    Goes,
    /// It is to be taken over.
    Done,
    /// It is to stay as it was.
    Dropped,
}

impl ListEdit {
    pub(super) fn new(key: String, label: &'static str, entries: Vec<String>) -> Self {
        Self { key, label, entries, list: ListCursor::default(), field: None, error: None }
    }

    pub(super) fn take(&mut self, input: &Input, height: u16) -> ListStep {
        self.list.fit(self.entries.len() + 1, usize::from(height.saturating_sub(2)));
        if let Some(field) = &mut self.field {
            match input {
                Input::Key(key) if key.code == KeyCode::Enter => self.keep_row(),
                Input::Key(key) if key.code == KeyCode::Esc => self.field = None,
                input => {
                    field.take(input);
                }
            }
            return ListStep::Goes;
        }
        let Input::Key(key) = input else { return ListStep::Goes };
        let place = self.list.place().unwrap_or(0);
        match key.code {
            KeyCode::Esc => return ListStep::Dropped,
            KeyCode::Char('s') if key.ctrl => return ListStep::Done,
            KeyCode::Enter if place == self.entries.len() && self.entries.is_empty() => self.type_row(place),
            KeyCode::Enter | KeyCode::Char('e') => self.type_row(place),
            KeyCode::Char('a') => self.type_row(self.entries.len()),
            KeyCode::Char('d') | KeyCode::Delete if place < self.entries.len() => {
                self.entries.remove(place);
                self.error = None;
            }
            KeyCode::Char('K') if place > 0 && place < self.entries.len() => {
                self.entries.swap(place, place - 1);
                self.list.go(Motion::Up);
            }
            KeyCode::Char('J') if place + 1 < self.entries.len() => {
                self.entries.swap(place, place + 1);
                self.list.go(Motion::Down);
            }
            KeyCode::Char('w') => return ListStep::Done,
            code => {
                if let Some(motion) = crate::dashboard::overlays::messages::motion(code) {
                    self.list.go(motion);
                }
            }
        }
        ListStep::Goes
    }

    pub(super) fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.field.is_some() {
            vec![("Enter", "keep"), ("Esc", "as it was")]
        } else {
            vec![
                ("w", "take over"),
                ("a", "add"),
                ("Enter", "edit"),
                ("d", "remove"),
                ("K J", "move"),
                ("Esc", "drop changes"),
            ]
        }
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let mut list = self.list;
        list.fit(self.entries.len() + 1, usize::from(area.height.saturating_sub(2)));
        let width = usize::from(area.width);
        let buffer = frame.buffer_mut();
        buffer.set_stringn(area.x, area.y, format!("{} ({})", self.label, self.key), width, theme.title);
        let mut cursor = None;
        for (y, place) in (area.y + 1..area.bottom().saturating_sub(1)).zip(list.offset()..=self.entries.len()) {
            let is_here = list.place() == Some(place);
            let row = Rect { x: area.x + 2, y, width: area.width.saturating_sub(2), height: 1 };
            if let (true, Some(field)) = (is_here, &self.field) {
                cursor = Some(field.draw(buffer, row, theme.field));
                continue;
            }
            let (text, style) = match self.entries.get(place) {
                Some(entry) => (printable(entry).into_owned(), theme.text),
                None => ("(add one with a)".to_owned(), theme.dim),
            };
            let style = if is_here { theme.selected } else { style };
            buffer.set_stringn(row.x, y, text, usize::from(row.width), style);
            if is_here {
                cursor = Some(Position::new(row.x, y));
            }
        }
        if let Some(error) = &self.error {
            buffer.set_stringn(area.x, area.bottom() - 1, printable(error), width, theme.bad);
        }
        cursor
    }

    fn type_row(&mut self, place: usize) {
        self.list.set(place);
        self.field = Some(Field::new(self.entries.get(place).cloned().unwrap_or_default()));
        self.error = None;
    }

    fn keep_row(&mut self) {
        let Some(field) = self.field.take() else { return };
        let place = self.list.place().unwrap_or(self.entries.len());
        let text = field.text().trim().to_owned();
        match (place < self.entries.len(), text.is_empty()) {
            (true, true) => {
                self.entries.remove(place);
            }
            (true, false) => self.entries[place] = text,
            (false, true) => {}
            (false, false) => self.entries.push(text),
        }
    }
}

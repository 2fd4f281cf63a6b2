//! The addresses of a test message.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, KeyCode};
use crate::dashboard::widgets::{cut, wrap};
use crate::mail::Address;

/// Columns and rows that the form would like.
pub(super) const WANTS: (u16, u16) = (70, 8);
/// Columns for the names of the fields.
const LABEL: u16 = 6;

/// Two fields, and what is wrong with each.
pub(super) struct Form {
    from: Line,
    to: Line,
    /// Whether the recipient is being edited, not the sender.
    is_at_end: bool,
    /// What stands for no sender.
    postmaster: String,
}

#[derive(Default)]
struct Line {
    field: Field,
    error: Option<String>,
}

impl Form {
    /// Empty fields, with the recipient to be entered.
    pub(super) fn new(shared: &Shared) -> Self {
        let postmaster = format!("postmaster@{}", shared.snapshot.settings.general.hostname);
        Self { from: Line::default(), to: Line::default(), is_at_end: true, postmaster }
    }

    /// Whether the last field is being edited.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_at_end
    }

    /// Sender, if there is one, and recipient. Where there is an error, it is shown and its field edited next.
    pub(super) fn addresses(&mut self) -> Option<(Option<Address>, Address)> {
        let from = self.from.address();
        let to = self.to.address();
        if self.from.error.is_some() {
            self.is_at_end = false;
            return None;
        }
        if to.is_none() && self.to.error.is_none() {
            self.to.error = Some("who is it for?".to_owned());
        }
        self.is_at_end = true;
        Some((from, to?))
    }

    /// Takes what edits the form.
    pub(super) fn take(&mut self, input: &Input) {
        if let Input::Key(key) = input
            && matches!(key.code, KeyCode::Tab | KeyCode::BackTab | KeyCode::Up | KeyCode::Down | KeyCode::Enter)
        {
            self.is_at_end = !self.is_at_end;
            return;
        }
        let line = if self.is_at_end { &mut self.to } else { &mut self.from };
        if line.field.take(input) == Some(true) {
            line.error = None;
        }
    }

    /// Draws the form. Returns where the hardware cursor belongs.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let width = usize::from(area.width);
        let row = |below: u16| Rect { y: area.y + below, height: 1, ..area }.intersection(area);
        let empty = format!("empty: {}", self.postmaster);
        let from = self.from.draw(buffer, [row(0), row(1)], "From", &empty, shared);
        let to = self.to.draw(buffer, [row(2), row(3)], "To", "", shared);
        let listeners: Vec<_> = shared.snapshot.listeners.iter().map(ToString::to_string).collect();
        let by = if listeners.is_empty() { String::new() } else { format!(" at {}", listeners[0]) };
        let text = format!("It enters this server{by} like any mail; the dialogue appears line by line.");
        for (y, part) in (area.y + 5..area.bottom()).zip(wrap(&text, width)) {
            buffer.set_stringn(area.x, y, &text[part], width, theme.dim);
        }
        if self.is_at_end { to } else { from }
    }
}

impl Line {
    /// The address, if one was entered and is one.
    fn address(&mut self) -> Option<Address> {
        match self.field.text().trim() {
            "" => None,
            text => {
                let parsed = Address::parse(text, true);
                self.error = parsed.as_ref().err().map(ToString::to_string);
                parsed.ok()
            }
        }
    }

    fn draw(&self, buffer: &mut Buffer, rows: [Rect; 2], label: &str, hint: &str, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let [line, below] = rows.map(|row| {
            let taken = LABEL.min(row.width);
            Rect { x: row.x + taken, width: row.width - taken, ..row }
        });
        buffer.set_stringn(rows[0].x, rows[0].y, label, usize::from(rows[0].width), theme.title);
        let (style, text) = match &self.error {
            Some(error) => (theme.bad, error.as_str()),
            None if self.field.text().is_empty() => (theme.dim, hint),
            None => (theme.dim, ""),
        };
        if !below.is_empty() {
            let text = cut(text, usize::from(below.width), shared.glyphs.ellipsis());
            buffer.set_stringn(below.x, below.y, text, usize::from(below.width), style);
        }
        self.field.draw(buffer, line, theme.field)
    }
}

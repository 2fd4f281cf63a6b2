//! The line at the foot of the log into which a search or a filter is typed.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::View;
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::widgets::{cut, width};
use crate::text::printable;

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text that is to be found.
    Search,
    /// An expression that lines must match.
    Filter,
}

/// The line, while it has the keys.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) kind: Kind,
    pub(super) field: Field,
    /// What is wrong with the expression.
    pub(super) error: Option<String>,
    /// What was in sight before.
    pub(super) origin: View,
}

impl Prompt {
    /// Rows that it takes.
    pub(super) fn rows(&self) -> u16 {
        1 + u16::from(self.error.is_some())
    }

    /// Draws it. `said` is what came of it so far. Returns where the hardware cursor belongs.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, said: &str, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let label = match self.kind {
            Kind::Search => "/",
            Kind::Filter => "&",
        };
        let line = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        if let Some(error) = &self.error {
            let text = cut(&printable(error), usize::from(area.width), shared.glyphs.ellipsis());
            buffer.set_style(Rect { height: 1, ..area }, theme.text);
            buffer.set_stringn(area.x, area.y, text, usize::from(area.width), theme.bad);
        }
        buffer.set_stringn(line.x, line.y, label, 1, theme.key);
        let room = line.width.saturating_sub(1);
        let said_width = u16::try_from(width(said)).unwrap_or(u16::MAX).saturating_add(1);
        let field_width = if said_width < room / 2 { room - said_width } else { room };
        let field = Rect { x: line.x.saturating_add(1).min(line.right()), width: field_width, ..line };
        buffer.set_stringn(
            field.right(),
            line.y,
            format!(" {said}"),
            usize::from(line.right() - field.right()),
            theme.dim,
        );
        self.field.draw(buffer, field, theme.field)
    }
}

//! The line below a list: why the selected message, or the mail of the selected destination, waits.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::rows::destination_of;
use crate::dashboard::Shared;
use crate::dashboard::widgets::{cut, until, wrap};
use crate::delivery::{DestinationRow, Row};
use crate::engine::Role;
use crate::text::printable;

/// Rows that it takes at most.
const ROWS: usize = 2;

/// What is said, and how much it matters.
pub(super) struct Why {
    text: String,
    style: Style,
    /// Whether it may take a second row rather than be cut.
    is_urgent: bool,
}

impl Why {
    /// Why a message waits.
    pub(super) fn of_message(row: &Row, shared: &Shared) -> Self {
        let theme = &shared.theme;
        let reply = row.last_reply.as_deref().map(printable);
        match row.state {
            "active" => Self::calm("is being delivered now", theme.active),
            "held" => {
                let reply = reply.map(|reply| format!("; last reply: {reply}")).unwrap_or_default();
                Self::calm(format!("{}{reply}", allowed(shared, "held by a person", "; H releases it")), theme.warning)
            }
            _ => match destination_of(row, shared).and_then(|it| Self::of_destination(it, "r", shared)) {
                Some(why) => why,
                None => match reply {
                    Some(reply) => Self::calm(reply, theme.warning),
                    None => Self::calm("waits for its first try", theme.dim),
                },
            },
        }
    }

    /// Why the mail of a destination waits; `None` if it need not. `retry` is the key that tries it now.
    pub(super) fn of_destination(row: &DestinationRow, retry: &str, shared: &Shared) -> Option<Self> {
        let name = printable(&row.name);
        if row.paused {
            let text = allowed(shared, &format!("{name} is paused by a person"), "; O resumes it");
            return Some(Self::urgent(&text, shared));
        }
        if row.health == "up" {
            return None;
        }
        let reason = row.reason.as_deref().map_or("it did not answer".into(), printable);
        let next = match row.until {
            Some(at) if row.health == "held" => format!("next probe {}", in_span(&until(at, shared.now()))),
            _ => "a probe is under way".to_owned(),
        };
        let advice = row.advice.as_deref().map(|advice| format!("; {}", printable(advice))).unwrap_or_default();
        let text = format!("{name} is held back: {reason}{advice}; {next}");
        Some(Self::urgent(&allowed(shared, &text, &format!("; {retry} tries now")), shared))
    }

    /// What is said, and how it looks.
    pub(super) fn line(&self) -> (&str, Style) {
        (&self.text, self.style)
    }

    /// The rows it takes at so many columns.
    pub(super) fn rows(&self, columns: u16) -> u16 {
        let rows = if self.is_urgent { wrap(&self.text, usize::from(columns).max(1)).len().min(ROWS) } else { 1 };
        u16::try_from(rows).unwrap_or(1)
    }

    /// Draws it.
    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) {
        let columns = usize::from(area.width);
        let parts = wrap(&self.text, columns.max(1));
        for (y, part) in (area.y..area.bottom()).zip(parts) {
            let is_last = y + 1 == area.bottom();
            let text = if is_last { &self.text[part.start..] } else { &self.text[part] };
            let shown = cut(text, columns, shared.glyphs.ellipsis());
            buffer.set_stringn(area.x, y, shown, columns, self.style);
        }
    }

    fn calm(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style, is_urgent: false }
    }

    fn urgent(text: &str, shared: &Shared) -> Self {
        let style = shared.theme.bad.add_modifier(Modifier::BOLD);
        Self { text: format!("! {text}"), style, is_urgent: true }
    }
}

/// A sentence, and what can be done about it for those who may.
fn allowed(shared: &Shared, text: &str, advice: &str) -> String {
    let advice = if shared.viewer.may(Role::Operator) { advice } else { "" };
    format!("{text}{advice}")
}

/// `now`, or `in 47s`.
fn in_span(until: &str) -> String {
    if until == "now" { "now".to_owned() } else { format!("in {until}") }
}

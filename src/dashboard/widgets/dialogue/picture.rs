//! How a dialogue looks.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::{Dialogue, Entry, TAG, TIME, Voice, WIDE, occurrences, tag, time_of_day};
use crate::dashboard::Shared;
use crate::dashboard::theme::Theme;
use crate::dashboard::widgets::width;

impl Dialogue {
    /// Draws the lines in sight. Returns where the hardware cursor belongs: on what the search found, else on the
    /// newest line in sight.
    pub(crate) fn draw(&self, buffer: &mut Buffer, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let time = if area.width < WIDE { 0 } else { TIME };
        let mut cursor = area.as_position();
        for (y, (place, part)) in (area.y..area.bottom()).zip(self.shown()) {
            let Some(entry) = self.entry(place.entry) else { break };
            let style = style(entry, theme);
            if place.row == 0 {
                if time > 0 {
                    let at = time_of_day(entry.at);
                    buffer.set_stringn(area.x, y, at, usize::from(area.width.min(time - 1)), theme.dim);
                }
                let tag_style = if entry.voice == Voice::Client { theme.key } else { style };
                let left = area.width.saturating_sub(time);
                buffer.set_stringn(area.x + time, y, tag(entry.voice), usize::from(left), tag_style);
                if self.hit.is_none_or(|hit| hit == place.entry) {
                    cursor = Position::new(area.x, y);
                }
            }
            let x = area.x.saturating_add(time + TAG).min(area.right());
            let row = Rect { x, y, width: area.right() - x, height: 1 };
            let found = occurrences(&entry.text, &self.search);
            draw_part(buffer, row, &entry.text, part, &found, (style, theme.found));
        }
        cursor
    }
}

/// A reply that is no consent stands out.
fn style(entry: &Entry, theme: &Theme) -> Style {
    match (entry.voice, entry.text.as_bytes().first()) {
        (Voice::Server, Some(b'4')) | (Voice::Warning, _) => theme.warning,
        (Voice::Server, Some(b'5')) | (Voice::Bad, _) => theme.bad,
        (Voice::Client | Voice::Server, _) => theme.text,
        (Voice::Note, _) => theme.dim,
        (Voice::Good, _) => theme.good,
    }
}

/// Draws a part of a text, with what was found in it in a style of its own.
fn draw_part(
    buffer: &mut Buffer,
    row: Rect,
    text: &str,
    part: Range<usize>,
    found: &[Range<usize>],
    (plain, marked): (Style, Style),
) {
    let mut x = row.x;
    let mut put = |piece: &str, style: Style| {
        let left = row.right().saturating_sub(x);
        buffer.set_stringn(x, row.y, piece, usize::from(left), style);
        x = x.saturating_add(u16::try_from(width(piece)).unwrap_or(left)).min(row.right());
    };
    let mut at = part.start;
    for range in found {
        let (start, end) = (range.start.clamp(at, part.end), range.end.clamp(at, part.end));
        put(&text[at..start], plain);
        put(&text[start..end], marked);
        at = end;
    }
    put(&text[at..part.end], plain);
}

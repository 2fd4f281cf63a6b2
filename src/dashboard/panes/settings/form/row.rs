//! One setting on one row: marks, label, value, and when a change of it takes effect.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::config::{Kind, entries};
use crate::dashboard::Shared;
use crate::dashboard::panes::settings::sheet::{Line, Setting};
use crate::dashboard::panes::settings::typing::Typing;
use crate::dashboard::panes::settings::value::{pressable, when};
use crate::dashboard::widgets::{cut, width};

/// Before a label: whether the setting is changed, and whether it is not the default.
pub(super) const MARGIN: u16 = 3;
/// The column of when a change takes effect, where there is room for one.
const NOTE: u16 = 19;
/// From this width of the pane on there is.
const WIDE: u16 = 72;

/// Where things stand in the rows of a tab.
pub(super) struct Look<'a> {
    label: u16,
    note: u16,
    /// The keys of settings that are in the file and not in force before the next start.
    waiting: &'a [String],
}

impl<'a> Look<'a> {
    /// Labels take what the longest of them needs, and leave most of the room to the values.
    pub(super) fn of(lines: &[Line], waiting: &'a [String], room: u16) -> Self {
        let widths = lines.iter().filter_map(Line::setting).map(|setting| width(setting.label));
        let longest = u16::try_from(widths.max().unwrap_or(0)).unwrap_or(u16::MAX);
        let note = if room >= WIDE { NOTE } else { 0 };
        Self { label: longest.clamp(10, (room * 2 / 5).clamp(14, 50)), note, waiting }
    }

    /// Draws a row; `here` is whether the cursor is on it, and whether the pane has the keys.
    pub(super) fn draw(
        &self,
        line: &Line,
        typing: Option<&Typing>,
        buffer: &mut Buffer,
        row: Rect,
        shared: &Shared,
        here: Option<bool>,
    ) -> Position {
        let theme = &shared.theme;
        let style = match here {
            Some(true) if typing.is_none() => Some(theme.selected),
            Some(_) => Some(theme.selected_elsewhere),
            None => None,
        };
        if let Some(style) = style {
            buffer.set_style(row, style);
        }
        let or = |plain: Style| style.unwrap_or(plain);
        let columns = usize::from(self.label.min(row.width.saturating_sub(MARGIN)));
        let x = (row.x + MARGIN + self.label + 1).min(row.right());
        let value = Rect { x, width: row.right().saturating_sub(x), ..row };
        let label = match line {
            Line::Setting(setting) => setting.label,
            Line::NewDomain => "Add a remote domain",
            Line::Users => "Add, change and remove users",
            Line::Heading(title) => title,
        };
        let plain = if line.setting().is_none_or(|setting| setting.is_later) { theme.dim } else { theme.text };
        let label = cut(label, columns, shared.glyphs.ellipsis());
        buffer.set_stringn(row.x + MARGIN, row.y, label, columns, or(plain));
        if let Some(setting) = line.setting() {
            if setting.change.is_some() {
                buffer.set_stringn(row.x, row.y, shared.glyphs.pick("●", "#"), 1, or(theme.warning));
            }
            if !setting.is_default {
                buffer.set_stringn(row.x + 1, row.y, "*", 1, or(theme.marked));
            }
        }
        if let Some(typing) = typing {
            let field = if typing.is_secret() { &typing.field.hidden() } else { &typing.field };
            return field.draw(buffer, value, theme.field);
        }
        if let Some(setting) = line.setting() {
            self.draw_value(setting, buffer, value, shared, style);
        }
        row.as_position()
    }

    fn draw_value(&self, setting: &Setting, buffer: &mut Buffer, area: Rect, shared: &Shared, style: Option<Style>) {
        let theme = &shared.theme;
        let or = |plain: Style| style.unwrap_or(plain);
        let room = usize::from(area.width.saturating_sub(self.note));
        let plain = match setting {
            Setting { is_later: true, .. } => theme.dim,
            Setting { change: Some(_), .. } => theme.warning,
            _ => theme.text,
        };
        buffer.set_stringn(area.x, area.y, fitted(setting, room, shared), room, or(plain));
        if self.note > 0 {
            let (note, plain) = match setting {
                Setting { is_later: true, .. } => ("later version", theme.dim),
                setting if self.waiting.contains(&setting.key) => ("waits for restart", theme.warning),
                _ => (when(setting.apply), theme.dim),
            };
            buffer.set_stringn(area.right() - self.note + 2, area.y, note, usize::from(self.note), or(plain));
        }
    }
}

/// The value in so many columns; of a list that is cut one sees how long it is.
fn fitted(setting: &Setting, room: usize, shared: &Shared) -> String {
    let (text, ellipsis) = (pressable(setting.kind, &setting.value), shared.glyphs.ellipsis());
    if setting.kind == Kind::List && width(&text) > room {
        let count = format!(" ({} in all)", entries(&setting.value).len());
        if room > width(&count) + 8 {
            return cut(&text, room - width(&count), ellipsis) + &count;
        }
    }
    cut(&text, room, ellipsis)
}

//! The form: tabs, a line for each setting, and the help of the selected one.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line as Text;
use ratatui::widgets::{Paragraph, Wrap};

use super::sheet::{Line, Setting, TABS};
use super::{Mode, Settings, TextEdit};
use crate::config::{Apply, Kind};
use crate::dashboard::Shared;
use crate::dashboard::widgets::{cut, width};
use crate::text::printable;

/// Rows for the help, where there is room.
const HELP: u16 = 5;
/// Before a label: whether it is changed, and whether it is the default.
const MARGIN: u16 = 3;

/// The parts of the pane.
pub(super) struct Parts {
    pub(super) tabs: Rect,
    pub(super) lines: Rect,
    pub(super) help: Rect,
}

impl Parts {
    pub(super) fn of(area: Rect) -> Self {
        let help = if area.height >= 16 { HELP } else { 2.min(area.height.saturating_sub(2)) };
        let tabs = Rect { height: area.height.min(1), ..area };
        let lines = Rect { y: area.y + tabs.height, height: area.height.saturating_sub(tabs.height + help), ..area };
        let help = Rect { y: lines.bottom(), height: area.bottom().saturating_sub(lines.bottom()), ..area };
        Self { tabs, lines, help }
    }
}

pub(super) fn draw(
    pane: &Settings,
    frame: &mut Frame<'_>,
    area: Rect,
    shared: &Shared,
    has_focus: bool,
) -> Option<Position> {
    let parts = Parts::of(area);
    draw_tabs(pane, frame.buffer_mut(), parts.tabs, shared);
    let cursor = draw_lines(pane, frame.buffer_mut(), parts.lines, shared, has_focus);
    draw_help(pane, frame, parts.help, shared);
    cursor
}

/// The name of the tab, with as many of its neighbours as there is room for.
fn draw_tabs(pane: &Settings, buffer: &mut Buffer, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    let mut x = area.x;
    for tab in first_tab(pane.tab, area.width)..TABS.len() {
        let name = format!(" {} ", TABS[tab].title);
        let room = area.right().saturating_sub(x);
        if usize::from(room) < width(&name) {
            buffer.set_stringn(x, area.y, shared.glyphs.pick("›", ">"), usize::from(room), theme.dim);
            break;
        }
        let style = if tab == pane.tab { theme.selected } else { theme.dim };
        x = buffer.set_stringn(x, area.y, name, usize::from(room), style).0;
    }
}

/// The tab with which the names begin, so that the chosen one is in sight.
fn first_tab(chosen: usize, room: u16) -> usize {
    let needed = |first: usize| TABS[first..=chosen].iter().map(|tab| width(tab.title) + 2).sum::<usize>();
    (0..chosen).find(|&first| needed(first) < usize::from(room)).unwrap_or(chosen)
}

fn draw_lines(pane: &Settings, buffer: &mut Buffer, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
    let mut cursor = None;
    let mut y = area.y;
    for (place, line) in pane.lines(shared).iter().enumerate().skip(pane.list.offset()) {
        if y >= area.bottom() {
            break;
        }
        let row = Rect { y, height: 1, ..area };
        let is_here = pane.list.place() == Some(place);
        y += 1;
        match line {
            Line::Heading(title) => {
                buffer.set_stringn(row.x + 1, row.y, title, usize::from(row.width), shared.theme.title);
            }
            Line::Setting(setting) => {
                let edit = match &pane.mode {
                    Mode::Text(edit) if is_here => Some(edit),
                    _ => None,
                };
                let place = draw_setting(pane, setting, edit, buffer, row, shared, is_here.then_some(has_focus));
                if is_here {
                    cursor = Some(place);
                }
                if let Some(error) = edit.and_then(|edit| edit.error.as_ref())
                    && y < area.bottom()
                {
                    let text =
                        cut(&printable(error), usize::from(row.width.saturating_sub(MARGIN)), shared.glyphs.ellipsis());
                    buffer.set_stringn(row.x + MARGIN, y, text, usize::from(row.width), shared.theme.bad);
                    y += 1;
                }
            }
        }
    }
    cursor
}

/// Draws a setting; `here` is whether the cursor is on it, and whether the pane has the keys.
fn draw_setting(
    pane: &Settings,
    setting: &Setting,
    edit: Option<&TextEdit>,
    buffer: &mut Buffer,
    row: Rect,
    shared: &Shared,
    here: Option<bool>,
) -> Position {
    let theme = &shared.theme;
    let style = match here {
        Some(true) if edit.is_none() => Some(theme.selected),
        Some(_) => Some(theme.selected_elsewhere),
        None => None,
    };
    if let Some(style) = style {
        buffer.set_style(row, style);
    }
    let or = |plain: Style| style.unwrap_or(plain);
    let is_changed = pane.is_changed(&setting.key);
    if is_changed {
        buffer.set_stringn(row.x, row.y, shared.glyphs.mark(), 1, or(theme.warning));
    }
    if !setting.is_default {
        buffer.set_stringn(row.x + 1, row.y, "*", 1, or(theme.marked));
    }
    let labels = (row.width * 2 / 5).clamp(14, 44).min(row.width.saturating_sub(MARGIN));
    let label = cut(setting.label, usize::from(labels), shared.glyphs.ellipsis());
    let plain = if setting.is_later { theme.dim } else { theme.text };
    buffer.set_stringn(row.x + MARGIN, row.y, label, usize::from(labels), or(plain));
    let x = row.x + MARGIN + labels + 1;
    let value = Rect { x, width: row.right().saturating_sub(x), ..row };
    if let Some(edit) = edit {
        return edit.field.draw(buffer, value, theme.field);
    }
    let room = usize::from(value.width);
    let text = cut(&shown(setting), room, shared.glyphs.ellipsis());
    let plain = if is_changed { theme.warning } else { plain };
    buffer.set_stringn(x, row.y, &text, room, or(plain));
    let note = if setting.is_later { "not in this version" } else { class(setting.apply) };
    let at = value.right().saturating_sub(u16::try_from(width(note)).unwrap_or(0));
    if usize::from(at.saturating_sub(x)) > width(&text) + 1 {
        buffer.set_stringn(at, row.y, note, room, or(theme.dim));
    }
    row.as_position()
}

/// The value as people read it.
fn shown(setting: &Setting) -> String {
    let value = setting.kind.entered(&setting.value);
    match setting.kind {
        Kind::Switch => if value == "true" { "[x] yes" } else { "[ ] no" }.to_owned(),
        Kind::List if value == "[]" => "(none)".to_owned(),
        Kind::List => crate::config::entries(&setting.value)
            .iter()
            .map(|entry| printable(entry).into_owned())
            .collect::<Vec<_>>()
            .join(", "),
        Kind::Count { min: 0, .. } | Kind::Size | Kind::Span if value == "0" => "no limit".to_owned(),
        _ if value.is_empty() => "(empty)".to_owned(),
        _ => printable(&value).into_owned(),
    }
}

/// What a change waits for, where it is not for nothing.
const fn class(apply: Apply) -> &'static str {
    match apply {
        Apply::Now => "",
        Apply::NextSession => "next session",
        Apply::Rebind => "reopens listeners",
        Apply::Restart => "at restart",
    }
}

fn draw_help(pane: &Settings, frame: &mut Frame<'_>, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    if area.height > 2 {
        let rule = shared.glyphs.pick("─", "-").repeat(usize::from(area.width));
        frame.buffer_mut().set_stringn(area.x, area.y, rule, usize::from(area.width), theme.frame);
    }
    let skip = u16::from(area.height > 2);
    let body = Rect { y: area.y + skip, height: area.height.saturating_sub(skip), ..area };
    let mut text = Vec::new();
    if let Some(trouble) = pane.trouble() {
        text.push(Text::styled(printable(&trouble).into_owned(), theme.warning));
    }
    if let Some(setting) = pane.selected(shared) {
        text.push(Text::styled(setting.help, theme.text));
        text.push(Text::styled(
            format!(
                "{}  default {}  takes effect {}",
                setting.key,
                if setting.default.is_empty() { "none" } else { setting.default },
                setting.apply
            ),
            theme.dim,
        ));
    }
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), body);
}

//! The form: tabs, a line for each setting, and the help of the selected one.

mod help;
mod row;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::row::Look;
use super::Settings;
use super::modes::Mode;
use super::sheet::{Line, TABS};
use super::typing::Typing;
use crate::dashboard::Shared;
use crate::dashboard::widgets::{cut, width, wrapped};
use crate::text::printable;

/// Lines are no wider than this.
const WIDEST: u16 = 130;

/// The parts of the pane.
pub(super) struct Parts {
    pub(super) tabs: Rect,
    pub(super) lines: Rect,
    pub(super) help: Rect,
}

impl Parts {
    pub(super) fn of(area: Rect) -> Self {
        let help = match area.height {
            30.. => 9,
            16.. => 6,
            9.. => 3,
            height => 2.min(height.saturating_sub(2)),
        };
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
    draw_tabs(pane.tab, frame.buffer_mut(), parts.tabs, shared);
    let cursor = draw_lines(pane, frame.buffer_mut(), parts.lines, shared, has_focus);
    help::draw(pane, frame, parts.help, shared);
    cursor
}

/// The tab at a column of the line of tabs.
pub(super) fn tab_at(chosen: usize, room: u16, x: u16) -> Option<usize> {
    tabs(chosen, room).find(|&(_, start, end)| (start..end).contains(&x)).map(|(tab, ..)| tab)
}

/// The name of the tab, with as many of its neighbours as there is room for, and signs for those that are not seen.
fn draw_tabs(chosen: usize, buffer: &mut Buffer, area: Rect, shared: &Shared) {
    let theme = &shared.theme;
    let mut last = None;
    for (tab, start, end) in tabs(chosen, area.width) {
        let style = if tab == chosen { theme.selected } else { theme.dim };
        buffer.set_stringn(area.x + start, area.y, format!(" {} ", TABS[tab].title), usize::from(end - start), style);
        if last.is_none() && tab > 0 {
            buffer.set_stringn(area.x, area.y, shared.glyphs.pick("‹", "<"), 1, theme.key);
        }
        last = Some(tab);
    }
    if last.is_some_and(|last| last + 1 < TABS.len()) && area.width > 0 {
        buffer.set_stringn(area.right() - 1, area.y, shared.glyphs.pick("›", ">"), 1, theme.key);
    }
}

/// The tabs that are seen, each with the columns it takes. The first and the last column are kept for signs.
fn tabs(chosen: usize, room: u16) -> impl Iterator<Item = (usize, u16, u16)> {
    let columns = |tab: usize| u16::try_from(width(TABS[tab].title) + 2).unwrap_or(0);
    let room = room.saturating_sub(2);
    let needed = move |first: usize| (first..=chosen).map(columns).sum::<u16>();
    // The next one is to be seen too, so that one sees where the way goes on.
    let next = if chosen + 1 < TABS.len() { columns(chosen + 1) } else { 0 };
    let first = (0..chosen).find(|&first| needed(first) + next <= room).unwrap_or(chosen);
    let mut at = 1;
    (first..TABS.len()).map_while(move |tab| {
        let start = at;
        at += columns(tab);
        (tab == chosen || at <= room + 1).then_some((tab, start, at.min(room + 1)))
    })
}

fn draw_lines(pane: &Settings, buffer: &mut Buffer, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
    let theme = &shared.theme;
    let typing = match &pane.mode {
        Mode::Typing(typing) => Some(typing),
        _ => None,
    };
    // On a wide screen the eye has to find its way from a label to its value.
    let area = Rect { width: area.width.min(WIDEST), ..area };
    let look = Look::of(pane.lines(), &pane.waiting, area.width);
    let errors = typing.map(|typing| errors(typing, area)).unwrap_or_default();
    let here = pane.list.place();
    // With what is wrong below it the line under the cursor is still in sight.
    let needed = (here.unwrap_or(0) + 1 + errors.len()).saturating_sub(usize::from(area.height));
    let offset = pane.list.offset().max(needed).min(here.unwrap_or(0));
    let mut rows = area.rows();
    let mut cursor = None;
    for (place, line) in pane.lines().iter().enumerate().skip(offset) {
        let Some(row) = rows.next() else { break };
        let is_here = here == Some(place);
        let typing = typing.filter(|_| is_here);
        match line {
            Line::Heading(title) => {
                let title = cut(title, usize::from(row.width.saturating_sub(1)), shared.glyphs.ellipsis());
                buffer.set_stringn(row.x + 1, row.y, title, usize::from(row.width), theme.title);
            }
            Line::Setting(_) | Line::NewDomain | Line::Users => {
                let place = look.draw(line, typing, buffer, row, shared, is_here.then_some(has_focus));
                if is_here {
                    cursor = Some(place);
                }
            }
        }
        if is_here {
            for (at, (error, row)) in errors.iter().zip(rows.by_ref()).enumerate() {
                let sign = if at == 0 { "! " } else { "  " };
                let text = format!("{sign}{error}");
                buffer.set_stringn(row.x + row::MARGIN, row.y, text, usize::from(row.width), theme.bad);
            }
        }
    }
    cursor
}

/// Why the value being typed cannot be as it is, in a few rows.
fn errors(typing: &Typing, area: Rect) -> Vec<String> {
    let columns = usize::from(area.width.saturating_sub(row::MARGIN + 2));
    let most = usize::from(area.height.saturating_sub(1)).min(3);
    let Some(error) = &typing.error else { return Vec::new() };
    let mut rows = wrapped(&printable(error), columns);
    rows.truncate(most);
    rows
}

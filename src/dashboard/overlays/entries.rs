//! What the lists of actions in help and palette have in common.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::dashboard::Shared;
use crate::dashboard::action::Action;
use crate::dashboard::overlay::{self, Overlay};
use crate::dashboard::widgets::{cut, wrapped};

/// With fewer columns there is less room for the keys, and more is said of the chosen action below the list.
const WIDE: u16 = 70;

/// The parts of such an overlay: the line of the search, the list, and the foot, in which the chosen action is told in
/// full.
pub(super) fn parts(area: Rect) -> [Rect; 3] {
    let foot = if area.width < WIDE { 2 } else { 1 };
    Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(foot)]).areas(area)
}

/// Rows of the list of an overlay.
pub(super) fn height(of: &dyn Overlay, shared: &Shared) -> usize {
    let [_, list, _] = parts(overlay::inner(overlay::area(of.wants(shared), shared.size)));
    usize::from(list.height)
}

/// Draws an action: its keys, what it does, and what else there is to say, cut to the row.
pub(super) fn draw(buffer: &mut Buffer, row: Rect, action: &Action, style: Style, why: &str, shared: &Shared) {
    let (keys, ellipsis) = (if row.width < WIDE { 10 } else { 13 }, shared.glyphs.ellipsis());
    let what = cut(action.help, usize::from(row.width).saturating_sub(keys + 1), ellipsis);
    let mut line = Line::from(vec![
        Span::styled(format!("{:keys$} ", cut(&keys_of(action), keys, ellipsis)), shared.theme.key),
        Span::styled(what, style),
    ]);
    let room = usize::from(row.width).saturating_sub(line.width());
    line.push_span(Span::styled(cut(why, room, ellipsis), shared.theme.dim));
    buffer.set_line(row.x, row.y, &line, row.width);
}

/// Draws the foot.
pub(super) fn draw_foot(buffer: &mut Buffer, area: Rect, text: &str, shared: &Shared) {
    for (row, part) in area.rows().zip(wrapped(text, usize::from(area.width))) {
        buffer.set_stringn(row.x, row.y, part, usize::from(row.width), shared.theme.dim);
    }
}

/// An action's keys as one text.
pub(super) fn keys_of(action: &Action) -> String {
    action.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

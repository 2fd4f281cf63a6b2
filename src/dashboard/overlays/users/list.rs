//! The users, one on a row.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::{Users, remark};
use crate::dashboard::Shared;
use crate::dashboard::widgets::{cut, width, wrapped};
use crate::engine::view::UserRow;
use crate::text::printable;

/// Columns for whether a user may log in by NTLM.
const NTLM: usize = 6;
/// Columns for the messages in an hour.
const LIMIT: usize = 9;

/// Draws the list, and below it what is asked or to be known. Returns where the hardware cursor belongs.
pub(super) fn draw(users: &Users, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Position {
    let theme = &shared.theme;
    let columns = usize::from(area.width);
    let remark = remark(users, shared);
    let below = remark.as_ref().map(|(text, _)| wrapped(text, columns)).unwrap_or_default();
    let taken = u16::try_from(below.len()).unwrap_or(u16::MAX).min(area.height.saturating_sub(2));
    let buffer = frame.buffer_mut();
    for (y, text) in (area.bottom() - taken..area.bottom()).zip(&below) {
        buffer.set_stringn(area.x, y, text, columns, remark.as_ref().map_or(theme.text, |(_, style)| *style));
    }
    let list = Rect { height: area.height - taken, ..area };
    let Some(rows) = users.rows.as_deref().filter(|rows| !rows.is_empty()) else {
        let text = match users.rows {
            Some(_) => "Nobody may log in yet; a adds a user.",
            None => "Reading the users...",
        };
        buffer.set_stringn(list.x, list.y, text, columns, theme.dim);
        return list.as_position();
    };
    let ellipsis = shared.glyphs.ellipsis();
    let name = rows.iter().map(|user| width(&printable(&user.name))).max().unwrap_or(0).clamp(4, columns / 3);
    let line = |one: &str, ntlm: &str, limit: &str, senders: &str| {
        let pad = |text: &str, room: usize| {
            let text = cut(text, room, ellipsis);
            let blanks = " ".repeat(room.saturating_sub(width(&text)));
            text + &blanks
        };
        let head = format!("{}  {}{}", pad(one, name), pad(ntlm, NTLM), pad(limit, LIMIT));
        let rest = columns.saturating_sub(width(&head));
        head + &cut(senders, rest, ellipsis)
    };
    buffer.set_stringn(list.x, list.y, line("Name", "NTLM", "An hour", "May send from"), columns, theme.title);
    let mut cursor = users.cursor;
    cursor.fit(rows.len(), usize::from(list.height.saturating_sub(1)));
    let mut at = list.as_position();
    for (y, (place, user)) in (list.y + 1..list.bottom()).zip(rows.iter().enumerate().skip(cursor.offset())) {
        let is_chosen = cursor.place() == Some(place);
        let style = if is_chosen { theme.selected } else { theme.text };
        let text = line(&printable(&user.name), if user.ntlm { "yes" } else { "no" }, &limit(user), &senders(user));
        buffer.set_style(Rect { y, height: 1, ..list }, style);
        buffer.set_stringn(list.x, y, text, columns, style);
        if is_chosen {
            at = Position::new(list.x, y);
        }
    }
    at
}

fn limit(user: &UserRow) -> String {
    user.max_messages_per_hour.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string())
}

fn senders(user: &UserRow) -> String {
    if user.senders.is_empty() { "any".to_owned() } else { printable(&user.senders.join(", ")).into_owned() }
}

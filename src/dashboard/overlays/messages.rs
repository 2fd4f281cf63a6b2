//! All messages that came and went.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::{Scroll, wrapped};
use crate::text::printable;

/// Columns for the time and what follows it.
const TIME: u16 = 10;
/// The widest that the list becomes.
const WIDEST: u16 = 90;

/// The list of messages, the newest first.
#[derive(Default)]
pub(crate) struct Messages {
    scroll: Scroll,
}

impl Messages {
    /// The rows of all messages: the time at the first one of each, a part of the text, and its style.
    fn rows(shared: &Shared, columns: u16) -> Vec<(String, String, Style)> {
        let columns = usize::from(columns.saturating_sub(TIME)).max(1);
        let rows = shared.toasts.all().rev().flat_map(|toast| {
            let style = match toast.weight {
                Weight::Info | Weight::Undo => shared.theme.text,
                Weight::Warning => shared.theme.warning,
                Weight::Error => shared.theme.bad,
            };
            let parts = wrapped(&printable(&toast.text), columns);
            let time = toast.at.to_string()[11..19].to_owned();
            let times = std::iter::once(time).chain(std::iter::repeat(String::new()));
            times.zip(parts).map(move |(time, part)| (time, part, style))
        });
        rows.collect()
    }
}

impl Overlay for Messages {
    fn title(&self) -> String {
        "Messages".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("Esc", "close"), ("j k", "move")]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter => return Reaction::Close(Vec::new()),
            _ if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            code => {
                if let Some(motion) = motion(code) {
                    let room = overlay::inner(overlay::area(self.wants(shared), shared.size));
                    self.scroll.go(motion, Self::rows(shared, room.width).len(), usize::from(room.height));
                }
            }
        }
        Reaction::Stay(Vec::new())
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        let columns = overlay::inner(overlay::area((WIDEST, 1), shared.size)).width;
        (columns, u16::try_from(Self::rows(shared, columns).len().max(1)).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let rows = Self::rows(shared, area.width);
        let (buffer, columns) = (frame.buffer_mut(), usize::from(area.width));
        if rows.is_empty() {
            buffer.set_stringn(area.x, area.y, "nothing so far", columns, shared.theme.dim);
        }
        let offset = self.scroll.offset(rows.len(), usize::from(area.height));
        for (y, (time, text, style)) in (area.y..area.bottom()).zip(rows.into_iter().skip(offset)) {
            buffer.set_stringn(area.x, y, time, columns, shared.theme.dim);
            let x = (area.x + TIME).min(area.right());
            buffer.set_stringn(x, y, text, usize::from(area.right() - x), style);
        }
        Some(area.as_position())
    }
}

/// The motion of a key in lists that are not panes.
pub(crate) fn motion(code: KeyCode) -> Option<Motion> {
    Some(match code {
        KeyCode::Up | KeyCode::Char('k') => Motion::Up,
        KeyCode::Down | KeyCode::Char('j') => Motion::Down,
        KeyCode::PageUp => Motion::PageUp,
        KeyCode::PageDown | KeyCode::Char(' ') => Motion::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Motion::First,
        KeyCode::End | KeyCode::Char('G') => Motion::Last,
        _ => return None,
    })
}

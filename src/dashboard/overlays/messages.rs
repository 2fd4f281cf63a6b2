//! All messages that came and went.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use crate::dashboard::Shared;
use crate::dashboard::input::{Input, KeyCode};
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::ListCursor;

/// The list of messages, the newest first.
#[derive(Default)]
pub(crate) struct Messages {
    cursor: ListCursor,
}

impl Overlay for Messages {
    fn title(&self) -> String {
        "Messages".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("j k", "move"), ("Esc", "close")]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        self.cursor.fit(shared.toasts.all().len(), usize::from(shared.size.height.saturating_sub(6)));
        if let Input::Key(key) = input {
            match key.code {
                KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter => return Reaction::Close(Vec::new()),
                code => {
                    if let Some(motion) = motion(code) {
                        self.cursor.go(motion);
                    }
                }
            }
        }
        Reaction::Stay(Vec::new())
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        (90, u16::try_from(shared.toasts.all().len().max(1)).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let mut cursor = self.cursor;
        cursor.fit(shared.toasts.all().len(), usize::from(area.height));
        if shared.toasts.all().len() == 0 {
            frame.buffer_mut().set_stringn(area.x, area.y, "nothing so far", usize::from(area.width), shared.theme.dim);
        }
        for (y, (place, toast)) in
            (area.y..area.bottom()).zip(shared.toasts.all().rev().enumerate().skip(cursor.offset()))
        {
            let style = match toast.weight {
                _ if cursor.place() == Some(place) => shared.theme.selected,
                Weight::Info | Weight::Undo => shared.theme.text,
                Weight::Warning => shared.theme.warning,
                Weight::Error => shared.theme.bad,
            };
            let line = format!("{}  {}", &toast.at.to_string()[11..19], toast.text);
            frame.buffer_mut().set_stringn(area.x, y, line, usize::from(area.width), style);
        }
        let row = cursor.place()?.saturating_sub(cursor.offset());
        Some(Position::new(area.x, area.y + u16::try_from(row).unwrap_or(0)))
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

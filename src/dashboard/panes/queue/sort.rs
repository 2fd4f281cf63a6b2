//! The picker of an order.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::rows;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, KeyCode};
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::widgets::ListCursor;
use crate::engine::SortKey;

/// The orders with their letters.
const CHOICES: &[(char, SortKey, &str)] = &[
    ('a', SortKey::Received, "Age"),
    ('f', SortKey::Sender, "Sender (from)"),
    ('t', SortKey::Recipient, "Recipient (to)"),
    ('z', SortKey::Size, "Size"),
    ('s', SortKey::State, "State"),
    ('r', SortKey::Attempts, "Tries"),
    ('n', SortKey::Next, "Next try"),
    ('d', SortKey::Destination, "Destination"),
];

/// Asks by what to sort. The order in force, chosen again, is turned round.
pub(super) struct SortPicker {
    sort: SortKey,
    descending: bool,
    cursor: ListCursor,
}

impl SortPicker {
    /// A picker over the order in force.
    pub(super) fn new(sort: SortKey, descending: bool) -> Self {
        let mut cursor = ListCursor::default();
        cursor.fit(CHOICES.len(), CHOICES.len());
        cursor.set(CHOICES.iter().position(|(_, key, _)| *key == sort).unwrap_or(0));
        Self { sort, descending, cursor }
    }
}

fn choose(sort: SortKey) -> Reaction {
    Reaction::Then(Box::new(move |model| {
        model.panes.queue.list.sort_by(sort);
        model.refresh()
    }))
}

impl Overlay for SortPicker {
    fn title(&self) -> String {
        "Sort by".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("letter", "sort"), ("j k", "choose"), ("Enter", "sort; again: turn round"), ("Esc", "close")]
    }

    fn input(&mut self, input: &Input, _: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        let chosen = key.typed().and_then(|typed| CHOICES.iter().find(|(letter, ..)| *letter == typed));
        if let Some((_, sort, _)) = chosen {
            return choose(*sort);
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Reaction::Close(Vec::new()),
            KeyCode::Enter => choose(CHOICES[self.cursor.place().unwrap_or(0)].1),
            code => {
                if let Some(motion) = motion(code) {
                    self.cursor.go(motion);
                }
                Reaction::Stay(Vec::new())
            }
        }
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        (24, u16::try_from(CHOICES.len()).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let mut cursor = self.cursor;
        cursor.fit(CHOICES.len(), usize::from(area.height));
        let mut place = area.as_position();
        for (row, (at, (letter, sort, name))) in area.rows().zip(CHOICES.iter().enumerate().skip(cursor.offset())) {
            let arrow = match rows::sorted_column(*sort, self.descending) {
                Some((_, is_down)) if *sort == self.sort => shared.glyphs.sorted(is_down),
                _ => "",
            };
            let is_chosen = cursor.place() == Some(at);
            let style = if is_chosen { theme.selected } else { theme.text };
            frame.buffer_mut().set_style(row, style);
            let key = if is_chosen { style } else { theme.key };
            frame.buffer_mut().set_stringn(row.x, row.y, letter.to_string(), 1, key);
            let room = usize::from(row.width.saturating_sub(2));
            frame.buffer_mut().set_stringn(row.x + 2, row.y, format!("{name} {arrow}"), room, style);
            if is_chosen {
                place = row.as_position();
            }
        }
        Some(place)
    }
}

//! One of a few, to be chosen.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::messages::motion;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::model::Model;
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::widgets::{ListCursor, width};

/// A list from which one is chosen.
pub(crate) struct Picker {
    title: &'static str,
    names: Vec<String>,
    cursor: ListCursor,
    /// What follows, given the place of the one that was chosen.
    choose: fn(&mut Model, usize) -> Vec<Effect>,
}

impl Picker {
    /// A choice among names, with the cursor on the one that holds now.
    pub(crate) fn new(
        title: &'static str,
        names: Vec<String>,
        current: usize,
        choose: fn(&mut Model, usize) -> Vec<Effect>,
    ) -> Self {
        let mut cursor = ListCursor::default();
        cursor.fit(names.len(), names.len());
        cursor.set(current);
        Self { title, names, cursor, choose }
    }
}

impl Overlay for Picker {
    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("j k", "move"), ("Enter", "choose"), ("Esc", "cancel")]
    }

    fn input(&mut self, input: &Input, _: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        match (key.code, self.cursor.place()) {
            (KeyCode::Esc | KeyCode::Char('q'), _) => return Reaction::Close(Vec::new()),
            _ if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            (KeyCode::Enter, Some(place)) => {
                let choose = self.choose;
                return Reaction::Then(Box::new(move |model| choose(model, place)));
            }
            (code, _) => {
                if let Some(motion) = motion(code) {
                    self.cursor.go(motion);
                }
            }
        }
        Reaction::Stay(Vec::new())
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        let widest = self.names.iter().map(|name| width(name)).max().unwrap_or(0).max(16);
        (u16::try_from(widest).unwrap_or(u16::MAX), u16::try_from(self.names.len()).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let mut cursor = self.cursor;
        cursor.fit(self.names.len(), usize::from(area.height));
        let mut at = None;
        for (y, (place, name)) in (area.y..area.bottom()).zip(self.names.iter().enumerate().skip(cursor.offset())) {
            let is_chosen = cursor.place() == Some(place);
            let style = if is_chosen { shared.theme.selected } else { shared.theme.text };
            frame.buffer_mut().set_style(Rect { y, height: 1, ..area }, style);
            frame.buffer_mut().set_stringn(area.x, y, name, usize::from(area.width), style);
            if is_chosen {
                at = Some(Position::new(area.x, y));
            }
        }
        at
    }
}

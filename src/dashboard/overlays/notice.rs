//! Something to be read.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::messages::motion;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::widgets::{Scroll, width, wrapped};

/// The widest that its text becomes.
const WIDEST: u16 = 90;

/// A text that a person reads and closes.
pub(crate) struct Notice {
    title: &'static str,
    paragraphs: Vec<String>,
    scroll: Scroll,
}

impl Notice {
    /// A text of some paragraphs, printable already.
    pub(crate) fn new(title: &'static str, paragraphs: Vec<String>) -> Self {
        Self { title, paragraphs, scroll: Scroll::default() }
    }

    fn rows(&self, columns: u16) -> Vec<String> {
        self.paragraphs.iter().flat_map(|text| wrapped(text, usize::from(columns))).collect()
    }
}

impl Overlay for Notice {
    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("Esc", "close"), ("j k", "move")]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => return Reaction::Close(Vec::new()),
            _ if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            code => {
                if let Some(motion) = motion(code) {
                    let room = overlay::inner(overlay::area(self.wants(shared), shared.size));
                    let rows = self.rows(room.width).len();
                    self.scroll.go(motion, rows, usize::from(room.height));
                }
            }
        }
        Reaction::Stay(Vec::new())
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        let room = overlay::inner(overlay::area((WIDEST, 1), shared.size)).width;
        let widest = self.paragraphs.iter().map(|text| width(text)).max().unwrap_or(0);
        let columns = u16::try_from(widest).unwrap_or(u16::MAX).clamp(30.min(room), room);
        (columns, u16::try_from(self.rows(columns).len()).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let rows = self.rows(area.width);
        let offset = self.scroll.offset(rows.len(), usize::from(area.height));
        for (y, row) in (area.top()..area.bottom()).zip(rows.into_iter().skip(offset)) {
            frame.buffer_mut().set_stringn(area.x, y, row, usize::from(area.width), shared.theme.text);
        }
        Some(area.as_position())
    }
}

//! A question before what cannot be undone.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::widgets::{width, wrap};

/// Asks whether to do something; the answer is no unless it is yes.
pub(crate) struct Confirm {
    title: &'static str,
    lines: Vec<String>,
    /// What yes is called: `Stop the relay`.
    yes: &'static str,
    effects: Vec<Effect>,
    is_yes: bool,
}

impl Confirm {
    /// A question of some lines, and what follows from yes.
    pub(crate) fn new(title: &'static str, lines: Vec<String>, yes: &'static str, effects: Vec<Effect>) -> Self {
        Self { title, lines, yes, effects, is_yes: false }
    }
}

impl Overlay for Confirm {
    fn title(&self) -> String {
        self.title.to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("y", self.yes), ("n", "cancel"), ("Tab", "choose"), ("Enter", "do it")]
    }

    fn input(&mut self, input: &Input, _: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        match key.code {
            KeyCode::Char('y' | 'Y') => Reaction::Close(std::mem::take(&mut self.effects)),
            KeyCode::Enter if self.is_yes => Reaction::Close(std::mem::take(&mut self.effects)),
            KeyCode::Enter | KeyCode::Esc | KeyCode::Char('n' | 'N' | 'q') => Reaction::Close(Vec::new()),
            KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
                self.is_yes = !self.is_yes;
                Reaction::Stay(Vec::new())
            }
            _ if *key == Key::ctrl('c') => Reaction::Close(Vec::new()),
            _ => Reaction::Stay(Vec::new()),
        }
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        let room = usize::from(overlay::inner(overlay::area((70, 1), shared.size)).width).max(30);
        let widest = self.lines.iter().map(|line| width(line)).max().unwrap_or(0).clamp(30, room);
        let rows: usize = self.lines.iter().map(|line| wrap(line, widest).len()).sum();
        (u16::try_from(widest).unwrap_or(70), u16::try_from(rows + 2).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let text: Vec<_> = self.lines.iter().map(|line| Line::styled(line.as_str(), theme.text)).collect();
        let [body, buttons] = ratatui::layout::Layout::vertical([
            ratatui::layout::Constraint::Min(1),
            ratatui::layout::Constraint::Length(1),
        ])
        .areas(area);
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: false }), body);
        let style = |chosen: bool| if chosen { theme.selected } else { theme.text };
        let (no, yes) = ("[ Cancel ]", format!("[ {} ]", self.yes));
        let cursor = if self.is_yes { buttons.x + 11 } else { buttons.x };
        let line = Line::from(vec![
            Span::styled(no, style(!self.is_yes)),
            Span::raw(" "),
            Span::styled(yes, style(self.is_yes)),
        ]);
        frame.render_widget(line, buttons);
        Some(Position::new(cursor, buttons.y))
    }
}

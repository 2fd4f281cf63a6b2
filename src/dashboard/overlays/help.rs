//! The help: every action with its keys, searched by typing.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use crate::dashboard::Shared;
use crate::dashboard::action::{Action, Scope, actions};
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, KeyCode};
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::pane::{Motion, PaneId};
use crate::dashboard::widgets::ListCursor;

/// Columns for the keys.
const KEYS: usize = 18;

/// All actions, those of the pane that has the keys first.
pub(crate) struct Help {
    pane: PaneId,
    search: Field,
    cursor: ListCursor,
}

enum Entry {
    Heading(&'static str),
    Action(&'static Action),
}

impl Help {
    /// The help as seen from a pane.
    pub(crate) fn new(pane: PaneId) -> Self {
        Self { pane, search: Field::default(), cursor: ListCursor::default() }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut tables = actions();
        tables.sort_by_key(|(scope, _)| match scope {
            Scope::Pane(pane) if *pane == self.pane => 0,
            Scope::Everywhere => 1,
            Scope::Pane(_) => 2,
        });
        let mut entries = Vec::new();
        for (scope, table) in tables {
            let found: Vec<_> = table.iter().filter(|action| is_found(action, self.search.text())).collect();
            if !found.is_empty() {
                entries.push(Entry::Heading(scope.title()));
                entries.extend(found.into_iter().map(Entry::Action));
            }
        }
        entries
    }
}

/// Whether all words of a search stand in an action's keys, name or help.
fn is_found(action: &Action, search: &str) -> bool {
    let text = format!("{} {} {}", keys_of(action), action.name, action.help).to_lowercase();
    search.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// An action's keys as one text.
pub(crate) fn keys_of(action: &Action) -> String {
    action.keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl Overlay for Help {
    fn title(&self) -> String {
        "Help".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("type", "search"), ("Up Down", "move"), ("Esc", "close")]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        if let Input::Key(key) = input {
            let motion = match key.code {
                KeyCode::Esc if self.search.text().is_empty() => return Reaction::Close(Vec::new()),
                KeyCode::Esc => {
                    self.search = Field::default();
                    return Reaction::Stay(Vec::new());
                }
                KeyCode::Up => Some(Motion::Up),
                KeyCode::Down => Some(Motion::Down),
                KeyCode::PageUp => Some(Motion::PageUp),
                KeyCode::PageDown | KeyCode::Enter => Some(Motion::PageDown),
                _ => None,
            };
            if let Some(motion) = motion {
                self.cursor.fit(self.entries().len(), usize::from(shared.size.height.saturating_sub(7)));
                self.cursor.go(motion);
                return Reaction::Stay(Vec::new());
            }
        }
        if self.search.take(input) == Some(true) {
            self.cursor = ListCursor::default();
        }
        Reaction::Stay(Vec::new())
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        (90, u16::MAX)
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let entries = self.entries();
        let mut list = self.cursor;
        list.fit(entries.len(), usize::from(area.height.saturating_sub(1)));
        let label = "Search: ";
        frame.buffer_mut().set_stringn(area.x, area.y, label, usize::from(area.width), theme.dim);
        let field = Rect { x: (area.x + 8).min(area.right()), width: area.width.saturating_sub(8), height: 1, ..area };
        let cursor = self.search.draw(frame.buffer_mut(), field, theme.field);
        for (y, (place, entry)) in (area.y + 1..area.bottom()).zip(entries.iter().enumerate().skip(list.offset())) {
            let row = Rect { y, height: 1, ..area };
            let line = match entry {
                Entry::Heading(title) => Line::styled(*title, theme.title),
                Entry::Action(action) => Line::from(vec![
                    Span::styled(format!("  {:KEYS$} ", keys_of(action)), theme.key),
                    Span::styled(action.help, theme.text),
                ]),
            };
            frame.render_widget(line, row);
            if list.place() == Some(place) {
                frame.buffer_mut().set_style(row, theme.selected_elsewhere);
            }
        }
        Some(cursor)
    }
}

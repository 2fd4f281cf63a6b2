//! The help: every action with its keys, searched by typing.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::entries::{self, keys_of};
use crate::dashboard::Shared;
use crate::dashboard::action::{Action, Scope, actions};
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::pane::{Motion, PaneId};
use crate::dashboard::widgets::ListCursor;

/// Before the text that is searched.
const LABEL: &str = "Search: ";

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

impl Overlay for Help {
    fn title(&self) -> String {
        "Help".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("Esc", "close"), ("type", "search"), ("Up Down", "move")]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        if let Input::Key(key) = input {
            let motion = match key.code {
                KeyCode::Esc if self.search.text().is_empty() => return Reaction::Close(Vec::new()),
                KeyCode::Esc => {
                    self.search = Field::default();
                    return Reaction::Stay(Vec::new());
                }
                _ if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
                KeyCode::Up => Some(Motion::Up),
                KeyCode::Down => Some(Motion::Down),
                KeyCode::PageUp => Some(Motion::PageUp),
                KeyCode::PageDown | KeyCode::Enter => Some(Motion::PageDown),
                _ => None,
            };
            if let Some(motion) = motion {
                self.cursor.fit(self.entries().len(), entries::height(self, shared));
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
        let found = self.entries();
        let [search, rows, foot] = entries::parts(area);
        let mut list = self.cursor;
        list.fit(found.len(), usize::from(rows.height));
        let buffer = frame.buffer_mut();
        buffer.set_stringn(search.x, search.y, LABEL, usize::from(search.width), theme.dim);
        let label = u16::try_from(LABEL.len()).unwrap_or(0).min(search.width);
        let field = Rect { x: search.x + label, width: search.width - label, ..search };
        let cursor = self.search.draw(buffer, field, theme.field);
        for (row, (place, entry)) in rows.rows().zip(found.iter().enumerate().skip(list.offset())) {
            match entry {
                Entry::Heading(title) => {
                    _ = buffer.set_stringn(row.x, row.y, title, usize::from(row.width), theme.title);
                }
                Entry::Action(action) => {
                    let indented = Rect { x: (row.x + 2).min(row.right()), width: row.width.saturating_sub(2), ..row };
                    entries::draw(buffer, indented, action, theme.text, "", shared);
                }
            }
            if list.place() == Some(place) {
                buffer.set_style(row, theme.selected_elsewhere);
            }
        }
        let chosen = list.place().and_then(|place| found.get(place));
        let told = match chosen {
            Some(Entry::Action(action)) => action.help,
            Some(Entry::Heading(_)) => "",
            None => "nothing found",
        };
        entries::draw_foot(buffer, foot, told, shared);
        Some(cursor)
    }
}

//! The palette: every action by name, with the reason where one cannot be done.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::entries;
use crate::dashboard::Shared;
use crate::dashboard::action::Action;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::overlay::{Overlay, Reaction};
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::ListCursor;

/// The actions in reach when it was opened.
pub(crate) struct Palette {
    search: Field,
    entries: Vec<Entry>,
    cursor: ListCursor,
}

struct Entry {
    action: &'static Action,
    /// Why it cannot be done.
    refusal: Option<String>,
}

impl Entry {
    /// The reason in brackets, behind a gap.
    fn why(&self) -> String {
        self.refusal.as_ref().map(|reason| format!("  ({reason})")).unwrap_or_default()
    }
}

impl Palette {
    /// A palette of these actions, each with the reason why it cannot be done, if so.
    pub(crate) fn new(actions: impl Iterator<Item = (&'static Action, Option<String>)>) -> Self {
        let entries = actions.map(|(action, refusal)| Entry { action, refusal }).collect();
        Self { search: Field::default(), entries, cursor: ListCursor::default() }
    }

    /// The actions that fit the search, the best first.
    fn found(&self) -> Vec<&Entry> {
        let search = self.search.text();
        let mut found: Vec<_> = self
            .entries
            .iter()
            .filter_map(|entry| {
                let (name, help) = (rank(entry.action.name, search), rank(entry.action.help, search));
                name.into_iter().chain(help.map(|rank| rank + 100)).min().map(|rank| (rank, entry))
            })
            .collect();
        found.sort_by_key(|(rank, _)| *rank);
        found.into_iter().map(|(_, entry)| entry).collect()
    }
}

/// How far the letters of a search lie apart in a text, in their order; `None` if they do not stand in it.
fn rank(text: &str, search: &str) -> Option<usize> {
    let mut letters = text.chars().flat_map(char::to_lowercase);
    let mut gaps = 0;
    for wanted in search.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase) {
        gaps += letters.by_ref().position(|letter| letter == wanted)?;
    }
    Some(gaps)
}

impl Overlay for Palette {
    fn title(&self) -> String {
        "Actions".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("Enter", "do it"), ("Esc", "close"), ("Up Down", "choose"), ("type", "search")]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        if let Input::Key(key) = input {
            let motion = match key.code {
                KeyCode::Esc => return Reaction::Close(Vec::new()),
                _ if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
                KeyCode::Enter => {
                    let found = self.found();
                    let Some(entry) = found.get(self.cursor.place().unwrap_or(0)) else {
                        return Reaction::Stay(Vec::new());
                    };
                    let Some(reason) = &entry.refusal else { return Reaction::Run(entry.action) };
                    let now = shared.now();
                    shared.toasts.push(now, Weight::Warning, reason.clone());
                    return Reaction::Stay(Vec::new());
                }
                KeyCode::Up => Some(Motion::Up),
                KeyCode::Down | KeyCode::Tab => Some(Motion::Down),
                KeyCode::PageUp => Some(Motion::PageUp),
                KeyCode::PageDown => Some(Motion::PageDown),
                _ => None,
            };
            if let Some(motion) = motion {
                self.cursor.fit(self.found().len(), entries::height(self, shared));
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
        (90, 24)
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let found = self.found();
        let [search, rows, foot] = entries::parts(area);
        let mut list = self.cursor;
        list.fit(found.len(), usize::from(rows.height));
        let buffer = frame.buffer_mut();
        buffer.set_stringn(search.x, search.y, ":", 1, theme.key);
        let field = Rect { x: (search.x + 1).min(search.right()), width: search.width.saturating_sub(1), ..search };
        let cursor = self.search.draw(buffer, field, theme.field);
        for (row, (place, entry)) in rows.rows().zip(found.iter().enumerate().skip(list.offset())) {
            let style = if entry.refusal.is_none() { theme.text } else { theme.dim };
            entries::draw(buffer, row, entry.action, style, &entry.why(), shared);
            if list.place() == Some(place) {
                buffer.set_style(row, theme.selected);
            }
        }
        let told = match list.place().and_then(|place| found.get(place)) {
            Some(entry) => format!("{}{}", entry.action.help, entry.why()),
            None => "no action has these letters".to_owned(),
        };
        entries::draw_foot(buffer, foot, &told, shared);
        Some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_in_their_order_find_an_action_and_near_ones_rank_first() {
        assert_eq!(rank("queue.retry", "qretry"), Some(5));
        assert_eq!(rank("queue.retry", "yr"), None);
        assert!(rank("retry", "ret") < rank("rare text", "ret"));
    }
}

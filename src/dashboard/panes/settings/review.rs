//! What an apply would do: old and new side by side, and when each takes effect.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::document::{Change, Document};
use crate::dashboard::Shared;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{ListCursor, cut, width};
use crate::text::printable;

/// The changes before they are applied.
pub(super) struct Review {
    changes: Vec<Change>,
    /// The lines of the text that go and come, with their signs.
    difference: Vec<(char, String)>,
    shows_text: bool,
    list: ListCursor,
    /// Why the engine did not take them.
    pub(super) refusal: Option<String>,
    /// The engine is at it.
    pub(super) is_waiting: bool,
}

impl Review {
    pub(super) fn new(document: &Document) -> Self {
        let (new, old) = document.texts();
        Self {
            changes: document.changes(),
            difference: difference(&old, &new),
            shows_text: false,
            list: ListCursor::default(),
            refusal: None,
            is_waiting: false,
        }
    }

    pub(super) fn turn(&mut self) {
        self.shows_text = !self.shows_text;
        self.list = ListCursor::default();
    }

    pub(super) fn go(&mut self, motion: Motion, height: u16) {
        self.list.fit(self.rows(), usize::from(height.saturating_sub(3)));
        self.list.go(motion);
    }

    fn rows(&self) -> usize {
        if self.shows_text { self.difference.len() } else { self.changes.len() * 3 }
    }

    pub(super) fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let other = if self.shows_text { "old and new" } else { "text" };
        vec![("Enter", "apply"), ("Esc", "back to the form"), ("t", other), ("j k", "scroll")]
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let mut list = self.list;
        list.fit(self.rows(), usize::from(area.height.saturating_sub(3)));
        let heading = match self.changes.len() {
            1 => "One change. Enter applies it.".to_owned(),
            count => format!("{count} changes. Enter applies all of them or none."),
        };
        let mut rows = area.rows();
        let mut put = |line: Line<'_>| {
            if let Some(row) = rows.next() {
                frame.render_widget(line, row);
            }
        };
        put(Line::styled(heading, theme.title));
        match &self.refusal {
            Some(refusal) => put(Line::styled(printable(refusal).into_owned(), theme.bad)),
            None if self.is_waiting => put(Line::styled("applying...", theme.active)),
            None => put(Line::default()),
        }
        let lines: Vec<Line<'_>> = if self.shows_text {
            self.difference.iter().map(|(sign, line)| text_line(*sign, line, shared)).collect()
        } else {
            self.changes.iter().flat_map(|change| side_by_side(change, area.width, shared)).collect()
        };
        for line in lines.into_iter().skip(list.offset()) {
            put(line);
        }
        area.as_position()
    }
}

fn side_by_side<'a>(change: &'a Change, room: u16, shared: &Shared) -> [Line<'a>; 3] {
    let theme = &shared.theme;
    let half = usize::from(room).saturating_sub(7) / 2;
    let shown = |value: &str| {
        cut(&printable(if value.is_empty() { "(not there)" } else { value }), half, shared.glyphs.ellipsis())
    };
    let old = shown(&change.old);
    let pad = " ".repeat(half.saturating_sub(width(&old)));
    [
        Line::from(vec![
            Span::styled(printable(&change.key).into_owned(), theme.key),
            Span::styled(format!("  takes effect {}", change.apply), theme.dim),
        ]),
        Line::from(vec![
            Span::styled(format!("  {old}{pad}"), theme.dim),
            Span::styled(shared.glyphs.pick(" → ", " > "), theme.text),
            Span::styled(shown(&change.new), theme.good),
        ]),
        Line::default(),
    ]
}

fn text_line<'a>(sign: char, line: &'a str, shared: &Shared) -> Line<'a> {
    let style = match sign {
        '-' => shared.theme.bad,
        '+' => shared.theme.good,
        _ => shared.theme.dim,
    };
    Line::styled(format!("{sign} {}", printable(line)), style)
}

/// The lines that go and come, with the two lines around each.
fn difference(old: &str, new: &str) -> Vec<(char, String)> {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(|(old, new)| old == new).count();
    let line = |sign| move |line: &&str| (sign, mask(line));
    let mut lines: Vec<_> = old[before.saturating_sub(2)..before].iter().map(line(' ')).collect();
    lines.extend(steps(&old[before..old.len() - after], &new[before..new.len() - after]));
    lines.extend(old[old.len() - after..].iter().take(2).map(line(' ')));
    lines
}

/// The longest common part of what is between the first and the last difference stays; the rest goes or comes.
fn steps(old: &[&str], new: &[&str]) -> Vec<(char, String)> {
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for (i, one) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            common[i][j] = if one == other { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', mask(old[i])));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', mask(old[i])));
            i += 1;
        } else {
            lines.push(('+', mask(new[j])));
            j += 1;
        }
    }
    lines
}

/// A line without the secret that may stand in it.
fn mask(line: &str) -> String {
    match line.split_once('=') {
        Some((key, _)) if ["password", "client_secret"].contains(&key.trim()) => format!("{key}= \"********\""),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown_with_what_stands_around_it() {
        let lines = difference("a\nb\nc\nd\ne\n", "a\nb\nx\nd\ne\n");
        let shown: Vec<_> = lines.iter().map(|(sign, line)| format!("{sign}{line}")).collect();
        assert_eq!(shown, [" a", " b", "-c", "+x", " d", " e"]);
    }

    #[test]
    fn a_secret_is_masked_in_the_text_too() {
        assert_eq!(difference("", "password = \"s3cret\"\n"), [('+', "password = \"********\"".to_owned())]);
    }
}

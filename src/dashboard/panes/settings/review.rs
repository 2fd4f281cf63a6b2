//! What an apply would do: old and new side by side, and when each takes effect.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::difference::{Step, difference};
use super::document::Document;
use super::value::{side, when};
use crate::config::{self, Apply, Difference};
use crate::dashboard::Shared;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{Scroll, width, wrapped};
use crate::text::printable;

/// The changes before they are applied.
pub(super) struct Review {
    changes: Vec<Difference>,
    /// What the settings would be warned of, and are not yet.
    warnings: Vec<String>,
    /// The lines of the text that go and come.
    difference: Vec<Step>,
    path: String,
    /// Whether the file has to be made.
    is_first: bool,
    /// What happened before, and is to be known.
    notice: Option<String>,
    shows_text: bool,
    scroll: Scroll,
    /// Why the engine did not take them.
    pub(super) refusal: Option<String>,
    /// The engine is at it.
    pub(super) is_waiting: bool,
}

impl Review {
    pub(super) fn new(document: &Document, is_first: bool) -> Self {
        let before = document.before.warnings();
        let warnings = document.now.warnings().into_iter().filter(|warning| !before.contains(warning));
        Self {
            changes: document.changes.clone(),
            warnings: warnings.map(|warning| warning.to_string()).collect(),
            difference: difference(document.original(), &document.text(), config::masked),
            path: document.path.clone(),
            is_first,
            notice: None,
            shows_text: false,
            scroll: Scroll::default(),
            refusal: None,
            is_waiting: false,
        }
    }

    /// The same with something that is to be known first.
    pub(super) fn noting(mut self, notice: String) -> Self {
        self.notice = Some(notice);
        self
    }

    /// Shows the text in place of the values, or the other way round.
    pub(super) fn turn(&mut self) {
        self.shows_text = !self.shows_text;
        self.scroll = Scroll::default();
    }

    pub(super) fn go(&mut self, motion: Motion, area: Rect, shared: &Shared) {
        let head = self.head(area.width, shared).len();
        let height = usize::from(area.height).saturating_sub(head);
        self.scroll.go(motion, self.body(area.width, shared).len(), height);
    }

    pub(super) fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.is_waiting {
            return vec![("", "the engine applies the changes")];
        }
        let other = if self.shows_text { "values" } else { "text of the file" };
        vec![("Enter", "apply"), ("Esc", "back to the form"), ("t", other), ("j k", "scroll")]
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Position {
        let head = self.head(area.width, shared);
        let body = self.body(area.width, shared);
        let top = u16::try_from(head.len()).unwrap_or(u16::MAX).min(area.height);
        let height = usize::from(area.height - top);
        let offset = self.scroll.offset(body.len(), height);
        let below = body.len().saturating_sub(offset + height);
        for (line, row) in head.into_iter().chain(body.into_iter().skip(offset)).zip(area.rows()) {
            frame.render_widget(line, row);
        }
        if below > 0 && height > 1 {
            let row = Rect { y: area.bottom() - 1, height: 1, ..area };
            frame.render_widget(Clear, row);
            frame.buffer_mut().set_style(row, shared.theme.text);
            frame.render_widget(Line::styled(format!("{} more rows below", below + 1), shared.theme.dim), row);
        }
        Position::new(area.x, area.y + top.min(area.height.saturating_sub(1)))
    }

    /// What stays in sight: how many changes, what became of them, what to think of before.
    fn head(&self, room: u16, shared: &Shared) -> Vec<Line<'static>> {
        let theme = &shared.theme;
        let mut lines = Vec::new();
        let mut say = |text: &str, style: Style| {
            lines.extend(wrapped(&printable(text), usize::from(room)).into_iter().map(|row| Line::styled(row, style)));
        };
        match self.changes.len() {
            0 => say("Nothing but the text of the file changes.", theme.title),
            1 => say("1 change.", theme.title),
            count => say(&format!("{count} changes: all of them or none."), theme.title),
        }
        let waits = self.changes.iter().filter(|change| change.apply == Apply::Restart).count();
        if waits > 0 {
            say(&format!("{waits} of them will wait for the next start of the server."), theme.warning);
        }
        if self.is_first {
            say(&format!("There is no settings file yet. It will be made: {}", self.path), theme.text);
        }
        if let Some(notice) = &self.notice {
            say(notice, theme.warning);
        }
        for warning in &self.warnings {
            say(&format!("Warning: {warning}"), theme.warning);
        }
        if let Some(refusal) = &self.refusal {
            say(&format!("Nothing was applied: {refusal}"), theme.bad);
        }
        if self.is_waiting {
            say("Applying...", theme.active);
        }
        lines.push(Line::default());
        lines
    }

    fn body(&self, room: u16, shared: &Shared) -> Vec<Line<'static>> {
        if self.shows_text {
            let columns = usize::from(room).saturating_sub(2);
            return self.difference.iter().flat_map(|step| text_lines(step, columns, shared)).collect();
        }
        self.changes.iter().flat_map(|change| side_by_side(change, room, shared)).collect()
    }
}

/// The name of a setting, and under it what it was and what it will be.
fn side_by_side(change: &Difference, room: u16, shared: &Shared) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let room = usize::from(room);
    let note = when(change.apply);
    let style = if change.apply == Apply::Restart { theme.warning } else { theme.dim };
    let mut lines = Vec::new();
    let (name, key) = (printable(change.label).into_owned(), format!("  {}", printable(&change.key)));
    let pad = room.saturating_sub(width(&name) + width(&key) + width(note));
    if pad > 1 {
        lines.push(Line::from(vec![
            Span::styled(name, theme.title),
            Span::styled(key, theme.dim),
            Span::raw(" ".repeat(pad)),
            Span::styled(note, style),
        ]));
    } else {
        lines.extend(wrapped(&name, room).into_iter().map(|row| Line::styled(row, theme.title)));
        let note = Span::styled(format!("  {note}"), style);
        if width(&key) + note.width() <= room {
            lines.push(Line::from(vec![Span::styled(key, theme.dim), note]));
        } else {
            lines.extend([Line::styled(key, theme.dim), Line::from(note)]);
        }
    }
    let arrow = shared.glyphs.pick(" → ", " > ");
    let half = room.saturating_sub(2 + width(arrow)) / 2;
    let side = |value: &Option<String>| wrapped(&side(change.kind, value.as_deref()), half);
    let (old, new) = (side(&change.old), side(&change.new));
    for row in 0..old.len().max(new.len()) {
        let text = |side: &[String]| side.get(row).cloned().unwrap_or_default();
        let (old, new) = (text(&old), text(&new));
        let pad = " ".repeat(half.saturating_sub(width(&old)));
        let arrow = if row == 0 { arrow.to_owned() } else { " ".repeat(width(arrow)) };
        lines.push(Line::from(vec![
            Span::styled(format!("  {old}{pad}"), theme.dim),
            Span::styled(arrow, theme.text),
            Span::styled(new, theme.good),
        ]));
    }
    lines.push(Line::default());
    lines
}

fn text_lines(step: &Step, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let (sign, line, style) = match step {
        Step::Stays(line) => (' ', line.as_str(), theme.dim),
        Step::Goes(line) => ('-', line.as_str(), theme.bad),
        Step::Comes(line) => ('+', line.as_str(), theme.good),
        Step::Gap => (' ', shared.glyphs.pick("⋮", ":"), theme.dim),
    };
    let row = |(at, row): (usize, String)| Line::styled(format!("{} {row}", if at == 0 { sign } else { ' ' }), style);
    wrapped(&printable(line), columns).into_iter().enumerate().map(row).collect()
}

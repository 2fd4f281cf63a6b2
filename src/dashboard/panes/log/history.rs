//! All that happened to a message.

use std::sync::Arc;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{columns, look};
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::model::Model;
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::pane::{Motion, PaneId};
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::{Scroll, age, size, wrapped};
use crate::engine::LogTail;
use crate::ledger::{Event, Record};
use crate::text::printable;

/// From here on details stand beside the event and not below it.
const WIDE: usize = 60;
/// Columns for time and event.
const BESIDE: usize = 22;

/// The lines of one message, oldest first; or one line that is about no message of the queue.
pub(super) struct History {
    /// Empty for a line alone.
    id: String,
    records: Vec<Arc<Record>>,
    /// The first number that was not read yet.
    next: u64,
    scroll: Scroll,
}

impl History {
    /// The history of the message that a line is about.
    pub(super) fn of(record: &Record, tail: &LogTail) -> Self {
        let id = record.id.clone();
        let records = if id.is_empty() { vec![Arc::new(record.clone())] } else { Vec::new() };
        let mut history = Self { id, records, next: 0, scroll: Scroll::default() };
        history.read(tail);
        history
    }

    /// Takes in what is new. What was read stays, even where the log no longer has it.
    fn read(&mut self, tail: &LogTail) {
        if self.id.is_empty() {
            return;
        }
        let skipped = usize::try_from(self.next.saturating_sub(tail.first)).unwrap_or(usize::MAX);
        let new = tail.records.iter().skip(skipped).filter(|record| record.id == self.id);
        self.records.extend(new.cloned());
        self.next = self.next.max(tail.first + tail.records.len() as u64);
    }

    /// Every row, for so many columns.
    fn rows(&self, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
        let mut rows = Vec::new();
        if !self.id.is_empty() && self.records.first().is_some_and(|record| record.event != Event::Accepted) {
            let directory = shared.snapshot.settings.log.directory.to_string_lossy();
            let text = format!("What happened before is in the files below {}", printable(&*directory));
            rows.extend(wrapped(&text, columns).into_iter().map(|line| Line::styled(line, shared.theme.dim)));
        }
        let mut day = String::new();
        for record in &self.records {
            let date = record.time.date();
            if date != day {
                rows.push(Line::styled(date.clone(), shared.theme.column));
                day = date;
            }
            rows.extend(block(record, columns, shared));
        }
        rows
    }

    fn scroll(&mut self, motion: Motion, shared: &Shared) {
        let room = overlay::inner(overlay::area(self.wants(shared), shared.size));
        let rows = self.rows(usize::from(room.width), shared).len();
        self.scroll.go(motion, rows, usize::from(room.height));
    }

    fn copy(shared: &mut Shared, what: &str, text: String) -> Reaction {
        let now = shared.now();
        shared.toasts.push(now, Weight::Info, format!("copied {what}"));
        Reaction::Stay(vec![Effect::Copy(text)])
    }

    fn then(&self, next: fn(&mut Model, &str) -> Vec<Effect>) -> Reaction {
        if self.id.is_empty() {
            return Reaction::Stay(Vec::new());
        }
        let id = self.id.clone();
        Reaction::Then(Box::new(move |model| next(model, &id)))
    }
}

/// One event: time, sign and word, and beside or below them what there is to say.
fn block(record: &Record, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let head = [
        Span::styled(format!("{} ", &record.time.to_string()[11..19]), theme.dim),
        Span::styled(
            format!("{:12} ", format!("{} {}", look::sign(record, shared.glyphs), record.event.as_str())),
            look::style(record, theme),
        ),
    ];
    let is_wide = columns >= WIDE;
    let indent = if is_wide { BESIDE } else { 2 };
    let details = details(record, shared).into_iter().flat_map(|(text, style)| {
        wrapped(&text, columns.saturating_sub(indent)).into_iter().map(move |row| Span::styled(row, style))
    });
    let mut rows = vec![Line::from_iter(head)];
    for (place, detail) in details.enumerate() {
        if place == 0 && is_wide {
            rows[0].push_span(detail);
        } else {
            rows.push(Line::from(vec![Span::raw(" ".repeat(indent)), detail]));
        }
    }
    rows
}

/// Who and how, where, what was said, and by whom it was done: each a text with its style.
fn details(record: &Record, shared: &Shared) -> Vec<(String, Style)> {
    let theme = &shared.theme;
    let path = |address: &str| if address.is_empty() { "<>".to_owned() } else { printable(address).into_owned() };
    let sender = record.sender.as_deref().filter(|_| record.recipient.is_none() || record.event == Event::Refused);
    let facts = [
        sender.map(|sender| format!("from {}", path(sender))),
        record.recipient.as_deref().map(|recipient| format!("to {}", path(recipient))),
        record.attempt.map(|attempt| format!("attempt {attempt}")),
        record.delay.map(|delay| format!("after {}", age(delay))),
        record.size.map(size),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    let host = columns::host(record);
    let is_inbound = matches!(record.event, Event::Accepted | Event::Refused);
    let is_by_person = look::is_by_person(record);
    let said = if is_by_person { theme.title } else { look::style(record, theme) };
    let who = if is_by_person { ("by", theme.marked) } else { ("logged in as", theme.text) };
    let details = [
        (!facts.is_empty()).then(|| (facts.join(", "), theme.text)),
        (!host.is_empty()).then(|| (format!("{} {host}", if is_inbound { "client" } else { "at" }), theme.dim)),
        record.reply.as_deref().map(|reply| (printable(reply).into_owned(), said)),
        record.actor.as_deref().map(|actor| (format!("{} {}", who.0, printable(actor)), who.1)),
    ];
    details.into_iter().flatten().collect()
}

impl Overlay for History {
    fn title(&self) -> String {
        if self.id.is_empty() { "One line".to_owned() } else { format!("Message {}", printable(&self.id)) }
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.id.is_empty() {
            return vec![("j k", "move"), ("Y", "copy line"), ("Esc", "close")];
        }
        vec![
            ("j k", "move"),
            ("o", "in queue"),
            ("f", "only its lines"),
            ("y", "copy id"),
            ("Y", "copy lines"),
            ("Esc", "close"),
        ]
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Reaction::Close(Vec::new()),
            KeyCode::Char('y') if !self.id.is_empty() => {
                let id = printable(&self.id).into_owned();
                Self::copy(shared, &id.clone(), id)
            }
            KeyCode::Char('Y') => {
                let lines: Vec<_> = self.records.iter().map(ToString::to_string).collect();
                Self::copy(shared, "all lines", lines.join("\n"))
            }
            KeyCode::Char('f') => self.then(|model, id| {
                model.panes.log.show_message(id);
                model.focus(PaneId::Log)
            }),
            KeyCode::Char('o') | KeyCode::Enter => self.then(|model, id| {
                model.panes.queue.show_message(id);
                model.focus(PaneId::Queue)
            }),
            code => {
                if let Some(motion) = motion(code) {
                    self.scroll(motion, shared);
                }
                Reaction::Stay(Vec::new())
            }
        }
    }

    fn refresh(&mut self, shared: &mut Shared) -> Vec<Effect> {
        self.read(&shared.snapshot.log);
        Vec::new()
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        let columns = overlay::inner(overlay::area((100, 1), shared.size)).width;
        let rows = self.rows(usize::from(columns), shared).len();
        (columns, u16::try_from(rows).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let rows = self.rows(usize::from(area.width), shared);
        let offset = self.scroll.offset(rows.len(), usize::from(area.height));
        for (y, row) in (area.top()..area.bottom()).zip(rows.into_iter().skip(offset)) {
            frame.render_widget(row, Rect { y, height: 1, ..area });
        }
        Some(area.as_position())
    }
}

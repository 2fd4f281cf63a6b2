//! The dialogue of a session, live.

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};

use super::close::{Closing, close};
use super::columns::tls;
use super::log_filter;
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::{Dialogue, Voice, age, counted, cut, size};
use crate::engine::{Role, TranscriptEvent};
use crate::ledger::SessionSnapshot;
use crate::text::printable;

/// As much room as there is.
const WANTS: (u16, u16) = (u16::MAX, u16::MAX);

/// A session that is watched.
pub(crate) struct Transcript {
    /// As it was last seen.
    session: SessionSnapshot,
    dialogue: Dialogue,
    /// The text of a search while it is typed.
    search: Option<Field>,
    /// Whether nothing more will be told.
    is_over: bool,
    /// Whether the viewer may close the session.
    may_close: bool,
}

impl Transcript {
    /// A transcript that begins now.
    pub(crate) fn new(session: SessionSnapshot, shared: &Shared) -> Self {
        let mut dialogue = Dialogue::default();
        dialogue.fit(room(shared));
        Self { session, dialogue, search: None, is_over: false, may_close: shared.viewer.may(Role::Operator) }
    }

    fn key(&mut self, key: Key, shared: &mut Shared) -> Reaction {
        match (key.code, key.ctrl) {
            (KeyCode::Esc, _) if self.dialogue.is_searched() => self.dialogue.search(""),
            (KeyCode::Esc | KeyCode::Char('q'), false) | (KeyCode::Char('c'), true) => {
                return Reaction::Close(Vec::new());
            }
            (KeyCode::Char('u'), true) => self.dialogue.go(Motion::HalfUp),
            (KeyCode::Char('d'), true) => self.dialogue.go(Motion::HalfDown),
            (KeyCode::Char('F'), false) => self.dialogue.go(Motion::Last),
            (KeyCode::Char('/'), false) => self.search = Some(Field::default()),
            (KeyCode::Char('n'), false) => self.next(false, shared),
            (KeyCode::Char('N'), false) => self.next(true, shared),
            (KeyCode::Char('f'), false) => {
                let filter = log_filter(&self.session);
                return Reaction::Then(Box::new(move |model| model.show_log(&filter)));
            }
            (KeyCode::Char('x'), false) => return self.close(shared),
            _ => return Reaction::Stay(self.dialogue.take(&Input::Key(key), shared)),
        }
        Reaction::Stay(Vec::new())
    }

    fn search_key(&mut self, input: &Input, shared: &mut Shared) {
        let Some(field) = &mut self.search else { return };
        match input {
            Input::Key(Key { code: KeyCode::Esc, .. }) => {
                self.search = None;
                self.dialogue.search("");
            }
            Input::Key(Key { code: KeyCode::Enter, .. }) => {
                self.search = None;
                if self.dialogue.is_searched() {
                    self.next(true, shared);
                }
            }
            input => {
                if field.take(input) == Some(true) {
                    self.dialogue.search(field.text());
                }
            }
        }
    }

    fn next(&mut self, backwards: bool, shared: &mut Shared) {
        if !self.dialogue.next(backwards) {
            let text = if self.dialogue.is_searched() { "no line has it" } else { "/ searches" };
            let now = shared.now();
            shared.toasts.push(now, Weight::Warning, text);
        }
    }

    fn close(&self, shared: &mut Shared) -> Reaction {
        let refusal = if self.is_over {
            Some("the session has ended".to_owned())
        } else if self.may_close {
            None
        } else {
            Some(format!("close: this needs the role {}; you are {}", Role::Operator, shared.viewer.actor.role))
        };
        if let Some(reason) = refusal {
            let now = shared.now();
            shared.toasts.push(now, Weight::Warning, reason);
            return Reaction::Stay(Vec::new());
        }
        match close(&self.session) {
            Closing::AtOnce(effects) => Reaction::Stay(effects),
            Closing::Asked(question) => Reaction::Open(Box::new(question), Vec::new()),
        }
    }

    fn end(&mut self, shared: &Shared, voice: Voice, text: &str) {
        if !self.is_over {
            self.is_over = true;
            self.dialogue.push(shared.now(), voice, text);
        }
    }

    fn facts(&self) -> String {
        let Self { session, .. } = self;
        let name = session.name.as_deref().map(|name| format!("{}, ", printable(name))).unwrap_or_default();
        let user = session.user.as_deref().map(|user| format!("user {}, ", printable(user))).unwrap_or_default();
        let state = if self.is_over { "ended" } else { session.activity.as_str() };
        format!(
            "{state}, {name}{user}TLS {}, {}, {}, {}",
            tls(session),
            counted(session.messages, "message"),
            size(session.bytes),
            age(session.age)
        )
    }

    fn place(&self) -> String {
        match (self.dialogue.below(), self.is_over) {
            (0, true) => "the session has ended; Esc closes".to_owned(),
            (0, _) if !self.dialogue.is_followed() => "standing still at the end; End follows".to_owned(),
            (below, _) if !self.dialogue.is_followed() => {
                format!("standing still, {} below; End follows", counted(below, "line"))
            }
            _ => "following".to_owned(),
        }
    }
}

impl Overlay for Transcript {
    fn title(&self) -> String {
        format!("Session {} {} {}", self.session.id, self.session.direction.as_str(), self.session.peer)
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.search.is_some() {
            return vec![("type", "search"), ("Enter", "go to the last one"), ("Esc", "no search")];
        }
        let mut hints = vec![("Esc", "close"), ("j k", "scroll")];
        if !self.dialogue.is_followed() {
            hints.push(("End", "follow"));
        }
        hints.push(("/", "search"));
        if self.dialogue.is_searched() {
            hints.push(("n N", "next, previous"));
        }
        hints.extend([("y", "copy"), ("f", "log")]);
        if self.may_close && !self.is_over {
            hints.push(("x", "close the session"));
        }
        hints
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        self.dialogue.fit(room(shared));
        match input {
            input if self.search.is_some() => {
                self.search_key(input, shared);
                Reaction::Stay(Vec::new())
            }
            Input::Key(key) => self.key(*key, shared),
            input => Reaction::Stay(self.dialogue.take(input, shared)),
        }
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::Transcript(id, Some(event)) if *id == self.session.id => match event {
                TranscriptEvent::Line { side, text, at } => self.dialogue.push(*at, (*side).into(), text),
                TranscriptEvent::Remark { text, at } => self.dialogue.push(*at, Voice::Note, text),
                TranscriptEvent::Missed { lines } => {
                    let text = format!("{} missed: they came faster than they could be shown", counted(*lines, "line"));
                    self.dialogue.push(shared.now(), Voice::Warning, &text);
                }
            },
            Answer::Transcript(id, None) if *id == self.session.id => {
                self.end(shared, Voice::Note, "the session has ended");
            }
            Answer::NoTranscript(id, reason) if *id == self.session.id => self.end(shared, Voice::Warning, reason),
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, shared: &mut Shared) -> Vec<Effect> {
        self.dialogue.fit(room(shared));
        if let Some(session) = shared.snapshot.sessions.iter().find(|session| session.id == self.session.id) {
            self.session = session.clone();
        }
        Vec::new()
    }

    fn closed(&mut self) -> Vec<Effect> {
        vec![Effect::UnwatchSession]
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        WANTS
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let buffer = frame.buffer_mut();
        let width = usize::from(area.width);
        let facts = cut(&self.facts(), width, shared.glyphs.ellipsis());
        buffer.set_stringn(area.x, area.y, facts, width, theme.title);
        let text = Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area };
        let cursor = self.dialogue.draw(buffer, text, shared);
        let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
        if let Some(field) = &self.search {
            buffer.set_stringn(last.x, last.y, "/", 1, theme.key);
            return Some(field.draw(
                buffer,
                Rect { x: last.x + 1, width: last.width.saturating_sub(1), ..last },
                theme.field,
            ));
        }
        let place = cut(&self.place(), width, shared.glyphs.ellipsis());
        buffer.set_stringn(last.x, last.y, place, width, theme.dim);
        Some(cursor)
    }
}

/// The room for the dialogue on a screen: all but a line above it and one below.
fn room(shared: &Shared) -> Size {
    let inner = overlay::inner(overlay::area(WANTS, shared.size));
    Size::new(inner.width, inner.height.saturating_sub(2))
}

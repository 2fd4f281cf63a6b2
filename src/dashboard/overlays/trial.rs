//! The test message: a mail sent through this server like any client's, its dialogue as it happens, and what becomes of
//! it. The old telnet test.

mod fate;
mod form;

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};

use self::form::Form;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::widgets::{Dialogue, Voice, cut};
use crate::engine::TrialEvent;

/// Columns and rows for the dialogue.
const WANTS: (u16, u16) = (100, u16::MAX);

/// The dialog.
pub(crate) struct Trial {
    form: Form,
    stage: Stage,
    dialogue: Dialogue,
    /// The number of the first record of the log that has not been looked at.
    unread: u64,
}

enum Stage {
    /// The addresses are being entered.
    Form,
    /// The dialogue goes on.
    Sending,
    /// The message is in the queue, under this id if the reply named one.
    Accepted { id: Option<String>, is_over: bool },
    /// The message was not taken.
    Refused,
}

impl Trial {
    /// The dialog with nothing entered.
    pub(crate) fn new(shared: &Shared) -> Self {
        let form = Form::new(shared);
        Self { form, stage: Stage::Form, dialogue: Dialogue::default(), unread: 0 }
    }

    fn send(&mut self, shared: &Shared) -> Vec<Effect> {
        let Some((from, to)) = self.form.addresses() else { return Vec::new() };
        self.stage = Stage::Sending;
        self.dialogue = Dialogue::default();
        self.dialogue.fit(room(shared));
        let log = &shared.snapshot.log;
        self.unread = log.first + log.records.len() as u64;
        vec![Effect::TestMessage { from, to }]
    }

    fn key(&mut self, key: Key, shared: &mut Shared) -> Reaction {
        let is_sending = matches!(self.stage, Stage::Sending);
        match (key.code, key.ctrl) {
            (KeyCode::Esc | KeyCode::Char('q'), false) | (KeyCode::Char('c'), true) => {
                return Reaction::Close(Vec::new());
            }
            (KeyCode::Enter, _) if !is_sending => return Reaction::Stay(self.send(shared)),
            (KeyCode::Char('e'), false) if !is_sending => self.stage = Stage::Form,
            (KeyCode::Char('f'), false) => {
                if let Stage::Accepted { id: Some(id), .. } = &self.stage {
                    let filter = format!("id:{id}");
                    return Reaction::Then(Box::new(move |model| model.show_log(&filter)));
                }
            }
            _ => return Reaction::Stay(self.dialogue.take(&Input::Key(key), shared)),
        }
        Reaction::Stay(Vec::new())
    }

    fn form_key(&mut self, input: &Input, shared: &Shared) -> Reaction {
        match input {
            Input::Key(Key { code: KeyCode::Esc, .. }) => return Reaction::Close(Vec::new()),
            Input::Key(key) if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            Input::Key(Key { code: KeyCode::Enter, .. }) if self.form.is_at_end() => {
                return Reaction::Stay(self.send(shared));
            }
            input => self.form.take(input),
        }
        Reaction::Stay(Vec::new())
    }

    fn tell(&mut self, event: &TrialEvent, shared: &Shared) {
        match event {
            TrialEvent::Line { side, text, at } => self.dialogue.push(*at, (*side).into(), text),
            TrialEvent::Accepted { id, advice } => {
                // What the advice says of the log beyond this is told below as it happens.
                let text = id.as_ref().map_or_else(|| advice.clone(), |id| format!("Accepted as {id}."));
                self.dialogue.push(shared.now(), Voice::Good, &text);
                self.stage = Stage::Accepted { id: id.clone(), is_over: false };
                self.follow(shared);
            }
            TrialEvent::Refused { advice } => {
                self.dialogue.push(shared.now(), Voice::Bad, advice);
                self.stage = Stage::Refused;
            }
        }
    }

    /// Tells what the log has of the message.
    fn follow(&mut self, shared: &Shared) {
        let Stage::Accepted { id: Some(id), is_over } = &mut self.stage else { return };
        let log = &shared.snapshot.log;
        let skipped = usize::try_from(self.unread.saturating_sub(log.first)).unwrap_or(usize::MAX);
        for record in log.records.iter().skip(skipped).filter(|record| record.id == *id) {
            if let Some((voice, text)) = fate::sentence(record) {
                self.dialogue.push(record.time, voice, &text);
            }
            *is_over |= fate::is_last(record.event);
        }
        self.unread = self.unread.max(log.first + log.records.len() as u64);
    }

    fn state(&self) -> &'static str {
        match &self.stage {
            Stage::Form => "",
            Stage::Sending => "sending",
            Stage::Accepted { id: Some(_), is_over: false } => "in the queue: what becomes of it will stand here",
            Stage::Accepted { is_over: true, .. } => "done; Enter sends another one",
            Stage::Accepted { id: None, .. } => "in the queue; Enter sends another one",
            Stage::Refused => "not sent; Enter tries again",
        }
    }
}

impl Overlay for Trial {
    fn title(&self) -> String {
        "Test message".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        match &self.stage {
            Stage::Form => vec![("Enter", "send"), ("Tab", "next field"), ("Esc", "cancel")],
            Stage::Sending => vec![("Esc", "close"), ("j k", "scroll")],
            Stage::Accepted { id: Some(_), .. } => {
                vec![("Enter", "send again"), ("f", "log"), ("e", "addresses"), ("y", "copy"), ("Esc", "close")]
            }
            Stage::Accepted { id: None, .. } | Stage::Refused => {
                vec![("Enter", "send again"), ("e", "addresses"), ("y", "copy"), ("Esc", "close")]
            }
        }
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        self.dialogue.fit(room(shared));
        match (&self.stage, input) {
            (Stage::Form, input) => self.form_key(input, shared),
            (_, Input::Key(key)) => self.key(*key, shared),
            (_, input) => Reaction::Stay(self.dialogue.take(input, shared)),
        }
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        if let (Stage::Sending, Answer::Trial(event)) = (&self.stage, answer) {
            self.tell(event, shared);
        }
        Vec::new()
    }

    fn refresh(&mut self, shared: &mut Shared) -> Vec<Effect> {
        self.dialogue.fit(room(shared));
        self.follow(shared);
        Vec::new()
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        match self.stage {
            Stage::Form => form::WANTS,
            _ => WANTS,
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let buffer = frame.buffer_mut();
        if let Stage::Form = self.stage {
            return Some(self.form.draw(buffer, area, shared));
        }
        let text = Rect { height: area.height.saturating_sub(1), ..area };
        let cursor = self.dialogue.draw(buffer, text, shared);
        let width = usize::from(area.width);
        let state = cut(self.state(), width, shared.glyphs.ellipsis());
        buffer.set_stringn(area.x, area.bottom().saturating_sub(1), state, width, shared.theme.dim);
        Some(cursor)
    }
}

/// The room for the dialogue on a screen: all but the line below it.
fn room(shared: &Shared) -> Size {
    let inner = overlay::inner(overlay::area(WANTS, shared.size));
    Size::new(inner.width, inner.height.saturating_sub(1))
}

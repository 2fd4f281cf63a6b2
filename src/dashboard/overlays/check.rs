//! The check of a smart host: everything that comes before the first message, step by step, and what to do about it.

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};

use crate::clock::Timestamp;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::widgets::{Dialogue, Voice, cut};
use crate::delivery::{Step, StepState};
use crate::engine::CheckEvent;
use crate::mail::Domain;

/// Columns and rows for the steps.
const WANTS: (u16, u16) = (100, u16::MAX);

/// The dialog. It begins to check at once.
pub(crate) struct Check {
    /// The domain whose way is checked; `None` for the general smart host.
    domain: Option<Domain>,
    /// What of the settings is not in force yet, and so is not checked.
    pending: usize,
    /// The check that is under way or was the last one.
    number: u64,
    state: State,
    told: Vec<Told>,
    /// Whether the dialogue is told between the steps.
    is_full: bool,
    dialogue: Dialogue,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Checking,
    Passed,
    Failed,
}

struct Told {
    at: Timestamp,
    voice: Voice,
    text: String,
}

impl Check {
    /// The dialog, and what begins the check.
    pub(crate) fn new(domain: Option<Domain>, pending: usize, shared: &mut Shared) -> (Self, Vec<Effect>) {
        let (told, dialogue) = (Vec::new(), Dialogue::default());
        let mut check = Self { domain, pending, number: 0, state: State::Checking, told, is_full: false, dialogue };
        let effects = check.begin(shared);
        (check, effects)
    }

    fn begin(&mut self, shared: &mut Shared) -> Vec<Effect> {
        shared.errands += 1;
        (self.number, self.state) = (shared.errands, State::Checking);
        self.told.clear();
        if self.pending > 0 {
            let text = format!("{} not applied yet: the settings in force are checked.", changes(self.pending));
            self.told.push(Told { at: shared.now(), voice: Voice::Warning, text });
        }
        self.tell_again(shared);
        vec![Effect::CheckSmartHost { number: self.number, domain: self.domain.clone() }]
    }

    /// Tells all of it anew, with the dialogue or without.
    fn tell_again(&mut self, shared: &Shared) {
        self.dialogue = Dialogue::default();
        self.dialogue.fit(room(shared));
        for told in &self.told {
            if self.is_full || !matches!(told.voice, Voice::Client | Voice::Server) {
                self.dialogue.push(told.at, told.voice, &told.text);
            }
        }
    }

    /// What we say ourselves has the time of the picture, which may be behind that of the line before.
    fn tell(&mut self, at: Timestamp, voice: Voice, text: String) {
        let at = self.told.last().map_or(at, |last| last.at.max(at));
        if self.is_full || !matches!(voice, Voice::Client | Voice::Server) {
            self.dialogue.push(at, voice, &text);
        }
        self.told.push(Told { at, voice, text });
    }

    fn take(&mut self, event: &CheckEvent, shared: &Shared) {
        match event {
            CheckEvent::Line { side, text, at } => self.tell(*at, (*side).into(), text.clone()),
            CheckEvent::Step(step) => {
                self.tell(shared.now(), voice(step), format!("{}: {}", step.kind.as_str(), step.text));
                if let Some(advice) = &step.advice {
                    self.tell(shared.now(), Voice::Note, format!("What to do: {advice}."));
                }
            }
            CheckEvent::Finished { can_send } => {
                self.state = if *can_send { State::Passed } else { State::Failed };
                let (voice, text) = match can_send {
                    true => (Voice::Good, "Mail can be sent there. None was sent."),
                    false => (Voice::Bad, "No mail could be sent there."),
                };
                self.tell(shared.now(), voice, text.to_owned());
            }
        }
    }

    fn key(&mut self, key: Key, shared: &mut Shared) -> Reaction {
        match (key.code, key.ctrl) {
            (KeyCode::Esc | KeyCode::Char('q'), false) | (KeyCode::Char('c'), true) => {
                return Reaction::Close(Vec::new());
            }
            (KeyCode::Enter, false) if self.state != State::Checking => return Reaction::Stay(self.begin(shared)),
            (KeyCode::Char('d'), false) => {
                self.is_full = !self.is_full;
                self.tell_again(shared);
            }
            _ => return Reaction::Stay(self.dialogue.take(&Input::Key(key), shared)),
        }
        Reaction::Stay(Vec::new())
    }
}

impl Overlay for Check {
    fn title(&self) -> String {
        self.domain
            .as_ref()
            .map_or_else(|| "Check of the smart host".to_owned(), |d| format!("Check of the way to {d}"))
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let dialogue = ("d", if self.is_full { "steps only" } else { "dialogue" });
        match self.state {
            State::Checking => vec![dialogue, ("Esc", "break off"), ("j k", "scroll")],
            State::Passed | State::Failed => vec![("Enter", "again"), dialogue, ("y", "copy"), ("Esc", "close")],
        }
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        self.dialogue.fit(room(shared));
        match input {
            Input::Key(key) => self.key(*key, shared),
            input => Reaction::Stay(self.dialogue.take(input, shared)),
        }
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::Check(number, event) if *number == self.number => self.take(event, shared),
            Answer::NoCheck(number, reason) if *number == self.number => {
                self.state = State::Failed;
                self.tell(shared.now(), Voice::Bad, reason.clone());
            }
            _ => {}
        }
        Vec::new()
    }

    fn refresh(&mut self, shared: &mut Shared) -> Vec<Effect> {
        self.dialogue.fit(room(shared));
        Vec::new()
    }

    fn closed(&mut self) -> Vec<Effect> {
        vec![Effect::BreakOffCheck]
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        WANTS
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let buffer = frame.buffer_mut();
        let text = Rect { height: area.height.saturating_sub(1), ..area };
        let cursor = self.dialogue.draw(buffer, text, shared);
        let width = usize::from(area.width);
        let state = match self.state {
            State::Checking => "checking; no mail is sent",
            State::Passed | State::Failed => "done; Enter checks again",
        };
        let state = cut(state, width, shared.glyphs.ellipsis());
        buffer.set_stringn(area.x, area.bottom().saturating_sub(1), state, width, shared.theme.dim);
        Some(cursor)
    }
}

fn voice(step: &Step) -> Voice {
    match step.state {
        StepState::Passed => Voice::Good,
        StepState::Noted => Voice::Warning,
        StepState::Failed => Voice::Bad,
    }
}

fn changes(count: usize) -> String {
    if count == 1 { "1 change of the settings is".to_owned() } else { format!("{count} changes of the settings are") }
}

/// The room for the steps on a screen: all but the line below them.
fn room(shared: &Shared) -> Size {
    let inner = overlay::inner(overlay::area(WANTS, shared.size));
    Size::new(inner.width, inner.height.saturating_sub(1))
}

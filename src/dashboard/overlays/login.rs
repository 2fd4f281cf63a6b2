//! The login with a code: which code, where it is to be typed in, and for how long it is good.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::clock::Timestamp;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::{Answer, Effect};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::{width, wrapped};
use crate::oauth::DeviceLoginEvent;
use crate::text::printable;

/// The widest that its text becomes.
const WIDEST: u16 = 72;
/// A code that is good for less than this is said in the colour of warnings.
const SHORT: u64 = 60;

/// The dialog. It asks for a code at once.
pub(crate) struct Login {
    /// The remote domain with security of its own, as the settings name it; `None` for all other mail.
    domain: Option<String>,
    /// Who is to log in.
    mailbox: String,
    /// The login that is under way or was the last one.
    number: u64,
    state: State,
}

enum State {
    /// The code is being asked for.
    Asking,
    /// It has to be typed in.
    Code {
        code: String,
        address: String,
        expires_at: Timestamp,
    },
    Done(String),
    Failed(String),
}

impl Login {
    /// The dialog, and what begins the login.
    pub(crate) fn new(domain: Option<String>, mailbox: String, shared: &mut Shared) -> (Self, Vec<Effect>) {
        let mut login = Self { domain, mailbox, number: 0, state: State::Asking };
        let effects = login.begin(shared);
        (login, effects)
    }

    fn begin(&mut self, shared: &mut Shared) -> Vec<Effect> {
        shared.errands += 1;
        (self.number, self.state) = (shared.errands, State::Asking);
        vec![Effect::LogIn { number: self.number, domain: self.domain.clone() }]
    }

    fn take(&mut self, event: &DeviceLoginEvent) {
        match event {
            DeviceLoginEvent::Code { code, address, expires_at } => {
                let (code, address) = (printable(code).into_owned(), printable(address).into_owned());
                self.state = State::Code { code, address, expires_at: *expires_at };
            }
            DeviceLoginEvent::Waiting => {}
            DeviceLoginEvent::Done { message } => self.state = State::Done(printable(message).into_owned()),
            DeviceLoginEvent::Failed { reason } => self.state = State::Failed(printable(reason).into_owned()),
        }
    }

    /// What is shown, line by line, each perhaps wrapped; and the place of the line that counts most.
    fn text(&self, shared: &Shared) -> (Vec<(String, Style)>, usize) {
        let theme = &shared.theme;
        let mail = self.domain.as_ref().map_or_else(|| "mail".to_owned(), |domain| format!("mail for {domain}"));
        let head = format!("So that {} may be sent as {}:", printable(&mail), printable(&self.mailbox));
        let mut lines = vec![(head, theme.text), (String::new(), theme.text)];
        match &self.state {
            State::Asking => lines.push(("The provider is asked for a code...".to_owned(), theme.active)),
            State::Code { code, address, expires_at } => {
                let left = expires_at.since(shared.now()).as_secs();
                let style = if left < SHORT { theme.warning } else { theme.dim };
                lines.extend([
                    ("1. Open this address, on any device:".to_owned(), theme.text),
                    (format!("   {address}"), theme.title),
                    ("2. Type in this code:".to_owned(), theme.text),
                    (format!("   {code}"), theme.title),
                    ("3. Log in there as the mailbox, or as who may send for it.".to_owned(), theme.text),
                    (String::new(), theme.text),
                    (format!("Waiting. The code is good for {} more.", span(left)), style),
                ]);
            }
            State::Done(message) => lines.push((message.clone(), theme.good)),
            State::Failed(reason) => lines.push((reason.clone(), theme.bad)),
        }
        let at = if matches!(self.state, State::Code { .. }) { 5 } else { 2 };
        (lines, at)
    }
}

impl Overlay for Login {
    fn title(&self) -> String {
        "Log in with a code".to_owned()
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        match self.state {
            State::Asking => vec![("Esc", "cancel")],
            State::Code { .. } => vec![("y", "copy the code"), ("a", "copy the address"), ("Esc", "cancel")],
            State::Done(_) => vec![("Esc", "close")],
            State::Failed(_) => vec![("Enter", "try again"), ("Esc", "close")],
        }
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        let Input::Key(key) = input else { return Reaction::Stay(Vec::new()) };
        let copied = match (key.code, &self.state) {
            (KeyCode::Esc | KeyCode::Char('q'), _) => return Reaction::Close(Vec::new()),
            _ if *key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            (KeyCode::Enter, State::Done(_)) => return Reaction::Close(Vec::new()),
            (KeyCode::Enter, State::Failed(_)) => return Reaction::Stay(self.begin(shared)),
            (KeyCode::Char('y'), State::Code { code, .. }) => (code.clone(), "the code is copied"),
            (KeyCode::Char('a'), State::Code { address, .. }) => (address.clone(), "the address is copied"),
            _ => return Reaction::Stay(Vec::new()),
        };
        let now = shared.now();
        shared.toasts.push(now, Weight::Info, copied.1);
        Reaction::Stay(vec![Effect::Copy(copied.0)])
    }

    fn answer(&mut self, answer: &Answer, _: &mut Shared) -> Vec<Effect> {
        match answer {
            Answer::LogIn(number, event) if *number == self.number => self.take(event),
            Answer::NoLogIn(number, reason) if *number == self.number => {
                self.state = State::Failed(printable(reason).into_owned());
            }
            _ => {}
        }
        Vec::new()
    }

    fn closed(&mut self) -> Vec<Effect> {
        vec![Effect::BreakOffLogIn]
    }

    fn wants(&self, shared: &Shared) -> (u16, u16) {
        let room = overlay::inner(overlay::area((WIDEST, 1), shared.size)).width;
        let (lines, _) = self.text(shared);
        let widest = lines.iter().map(|(line, _)| width(line)).max().unwrap_or(0);
        let columns = u16::try_from(widest).unwrap_or(u16::MAX).clamp(40.min(room), room);
        let rows: usize = lines.iter().map(|(line, _)| wrapped(line, usize::from(columns)).len().max(1)).sum();
        (columns, u16::try_from(rows).unwrap_or(u16::MAX))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let (lines, at) = self.text(shared);
        let mut rows = area.rows();
        let mut cursor = None;
        for (place, (line, style)) in lines.iter().enumerate() {
            let mut parts = wrapped(line, usize::from(area.width));
            if parts.is_empty() {
                parts.push(String::new());
            }
            for part in parts {
                let Some(row) = rows.next() else { return cursor };
                frame.buffer_mut().set_stringn(row.x, row.y, part, usize::from(row.width), *style);
                if place == at && cursor.is_none() {
                    cursor = Some(row.as_position());
                }
            }
        }
        cursor
    }
}

/// Minutes and seconds, as a person counts them down.
fn span(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {:02} s", seconds / 60, seconds % 60) }
}

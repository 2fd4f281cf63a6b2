//! One message in full: its envelope, what happened to it, its header, its text. It follows the message, and says what
//! became of it when it leaves.

mod acts;
mod content;
mod history;
mod page;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use self::content::Shown;
use super::views;
use crate::clock::Timestamp;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode, Mouse, MouseKind};
use crate::dashboard::message::{Answer, Effect, Request};
use crate::dashboard::overlay::{self, Overlay, Reaction};
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{Scroll, width};
use crate::engine::Command;
use crate::engine::view::{BadmailShow, Preview, QueueShow};
use crate::text::printable;

/// Columns and rows it would like.
const WANTED: (u16, u16) = (100, 30);

/// Where the message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Queue,
    Badmail,
}

/// What is shown of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Envelope,
    History,
    Headers,
    Text,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Envelope, Self::History, Self::Headers, Self::Text];

    const fn title(self) -> &'static str {
        match self {
            Self::Envelope => " Envelope ",
            Self::History => " History ",
            Self::Headers => " Headers ",
            Self::Text => " Text ",
        }
    }

    fn turn(self, by: usize) -> Self {
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// The overlay of one message.
pub(super) struct Detail {
    place: Place,
    id: String,
    tab: Tab,
    scroll: [Scroll; Tab::ALL.len()],
    /// What was last read of it.
    shown: Option<Shown>,
    /// Why nothing could be read the last time.
    gone: Option<String>,
    preview: Option<Result<Preview, String>>,
    /// When it was asked for last, and what the queue was like.
    asked: Option<(Timestamp, u64)>,
    is_under_way: bool,
}

impl Detail {
    /// The detail of a message, and what it has to read.
    pub(super) fn new(place: Place, id: &str, shared: &Shared) -> (Self, Vec<Effect>) {
        let mut detail = Self {
            place,
            id: id.to_owned(),
            tab: Tab::Envelope,
            scroll: [Scroll::default(); Tab::ALL.len()],
            shown: None,
            gone: None,
            preview: None,
            asked: None,
            is_under_way: false,
        };
        let effects = detail.read(shared);
        (detail, effects)
    }

    /// Reads the message again if the queue has changed, once a second at most.
    fn read(&mut self, shared: &Shared) -> Vec<Effect> {
        let snapshot = &shared.snapshot;
        let revision = match self.place {
            Place::Queue => snapshot.queue.revision,
            Place::Badmail => u64::try_from(snapshot.badmail).unwrap_or(u64::MAX),
        };
        let is_due = self.asked.is_none_or(|(at, seen)| seen != revision && at != snapshot.time);
        if self.is_under_way || !is_due {
            return Vec::new();
        }
        self.asked = Some((snapshot.time, revision));
        self.is_under_way = true;
        let id = self.id.clone();
        vec![match self.place {
            Place::Queue => Effect::Execute(Request::Message(id.clone()), Command::QueueShow { id }),
            Place::Badmail => Effect::Execute(Request::BadMessage(id.clone()), Command::BadmailShow { id }),
        }]
    }

    fn open(&mut self, tab: Tab, shared: &Shared) -> Vec<Effect> {
        self.tab = tab;
        if tab != Tab::Text || self.preview.is_some() {
            return Vec::new();
        }
        let id = self.id.clone();
        let command = match self.place {
            Place::Queue => Command::QueuePreview { id },
            Place::Badmail => Command::BadmailPreview { id },
        };
        if !shared.viewer.may(command.needs()) {
            return Vec::new();
        }
        vec![Effect::Execute(Request::Preview(self.id.clone()), command)]
    }

    /// The rows of the tab that is open.
    fn rows(&self, columns: u16, shared: &Shared) -> Vec<Line<'static>> {
        let columns = usize::from(columns);
        match self.tab {
            Tab::Envelope => content::envelope(self.shown.as_ref(), self.gone.as_deref(), columns, shared),
            Tab::History => history::rows(&self.id, columns, shared),
            Tab::Headers => content::headers(self.shown.as_ref(), self.gone.as_deref(), columns, shared),
            Tab::Text => content::text(self.preview.as_ref(), columns, shared),
        }
    }

    /// What stands above the tabs once the message has left.
    fn fate(&self, shared: &Shared) -> Option<Line<'static>> {
        self.gone.as_ref().filter(|_| self.shown.is_some())?;
        Some(history::fate(&self.id, self.place, shared))
    }

    /// The line of tabs, and the part for the rows.
    fn parts(&self, area: Rect, shared: &Shared) -> (Rect, Rect) {
        let fate = u16::from(self.fate(shared).is_some());
        let tabs = Rect { y: area.y + fate, height: 1, ..area };
        let rows = Rect { y: tabs.y + 2, height: area.height.saturating_sub(fate + 2), ..area };
        (tabs, rows)
    }

    fn go(&mut self, motion: Motion, shared: &Shared) {
        let (_, room) = self.parts(room(shared), shared);
        let rows = self.rows(room.width, shared).len();
        self.scroll[self.tab as usize].go(motion, rows, usize::from(room.height));
    }

    fn click(&mut self, mouse: Mouse, shared: &Shared) -> Vec<Effect> {
        match mouse.kind {
            MouseKind::WheelUp => self.go(Motion::Up, shared),
            MouseKind::WheelDown => self.go(Motion::Down, shared),
            MouseKind::Click => {
                let (line, _) = self.parts(room(shared), shared);
                let tab = tabs(line).find(|(_, place)| place.contains(mouse.at)).map(|(tab, _)| tab);
                return tab.map(|tab| self.open(tab, shared)).unwrap_or_default();
            }
        }
        Vec::new()
    }
}

/// Where the content stands on the screen.
fn room(shared: &Shared) -> Rect {
    overlay::inner(overlay::area(WANTED, shared.size))
}

/// The tabs, and where each of them stands.
fn tabs(line: Rect) -> impl Iterator<Item = (Tab, Rect)> {
    let mut x = line.x;
    Tab::ALL.into_iter().map(move |tab| {
        let columns = u16::try_from(width(tab.title())).unwrap_or(0);
        let place = Rect { x, width: columns, ..line }.intersection(line);
        x = x.saturating_add(columns);
        (tab, place)
    })
}

impl Overlay for Detail {
    fn title(&self) -> String {
        let place = match self.place {
            Place::Queue => "Message",
            Place::Badmail => "Badmail",
        };
        format!("{place} {}", printable(&self.id))
    }

    fn hints(&self) -> Vec<(&'static str, &'static str)> {
        let mut hints = vec![("Tab", "next part"), ("j k", "scroll")];
        hints.extend(match self.place {
            Place::Queue => &[("r", "retry"), ("H", "hold/release"), ("d", "delete"), ("e", "export")][..],
            Place::Badmail => &[("r", "send again"), ("d", "delete")],
        });
        hints.extend([("f", "log"), ("y", "copy id"), ("Esc", "close")]);
        hints
    }

    fn input(&mut self, input: &Input, shared: &mut Shared) -> Reaction {
        let key = match input {
            Input::Key(key) => *key,
            Input::Mouse(mouse) => return Reaction::Stay(self.click(*mouse, shared)),
            _ => return Reaction::Stay(Vec::new()),
        };
        if let Some(reaction) = self.act(key, shared) {
            return reaction;
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return Reaction::Close(Vec::new()),
            _ if key == Key::ctrl('c') => return Reaction::Close(Vec::new()),
            KeyCode::Tab | KeyCode::Right | KeyCode::Char('l') => {
                return Reaction::Stay(self.open(self.tab.turn(1), shared));
            }
            KeyCode::BackTab | KeyCode::Left | KeyCode::Char('h') => {
                return Reaction::Stay(self.open(self.tab.turn(3), shared));
            }
            _ if key == Key::ctrl('d') => self.go(Motion::HalfDown, shared),
            _ if key == Key::ctrl('u') => self.go(Motion::HalfUp, shared),
            code => {
                if let Some(motion) = motion(code) {
                    self.go(motion, shared);
                }
            }
        }
        Reaction::Stay(Vec::new())
    }

    fn answer(&mut self, answer: &Answer, shared: &mut Shared) -> Vec<Effect> {
        let Answer::Outcome(request, outcome) = answer else { return Vec::new() };
        let shown = match request {
            Request::Message(id) if *id == self.id && self.place == Place::Queue => {
                views::read::<QueueShow>(outcome).map(Shown::from)
            }
            Request::BadMessage(id) if *id == self.id && self.place == Place::Badmail => {
                views::read::<BadmailShow>(outcome).map(Shown::from)
            }
            Request::Preview(id) if *id == self.id => {
                self.preview = Some(views::read(outcome));
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        self.is_under_way = false;
        match shown {
            Ok(shown) => (self.shown, self.gone) = (Some(shown), None),
            Err(reason) => self.gone = Some(reason),
        }
        self.read(shared)
    }

    fn refresh(&mut self, shared: &mut Shared) -> Vec<Effect> {
        self.read(shared)
    }

    fn wants(&self, _: &Shared) -> (u16, u16) {
        WANTED
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let (line, room) = self.parts(area, shared);
        if let Some(fate) = self.fate(shared) {
            frame.render_widget(fate, Rect { height: 1, ..area });
        }
        for (tab, place) in tabs(line) {
            let style = if tab == self.tab { theme.selected } else { theme.dim };
            frame.buffer_mut().set_stringn(place.x, place.y, tab.title(), usize::from(place.width), style);
        }
        let rows = self.rows(room.width, shared);
        let offset = self.scroll[self.tab as usize].offset(rows.len(), usize::from(room.height));
        let below = rows.len().saturating_sub(offset + usize::from(room.height));
        for (row, line) in room.rows().zip(rows.into_iter().skip(offset)) {
            frame.render_widget(line, row);
        }
        if below > 0 {
            let text = format!("{below} more");
            let columns = u16::try_from(width(&text)).unwrap_or(0);
            let x = line.right().saturating_sub(columns).max(line.x);
            frame.buffer_mut().set_stringn(x, line.y + 1, text, usize::from(columns), theme.dim);
        }
        Some(room.as_position())
    }
}

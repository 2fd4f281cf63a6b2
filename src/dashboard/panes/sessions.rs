//! Who is connected: clients that bring mail, and servers that take it.

mod close;
mod columns;
mod filter;
mod nobody;
mod roll;
mod transcript;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use self::close::{Closing, close};
use self::columns::COLUMNS;
pub use self::columns::SessionSort;
use self::filter::SessionFilter;
use self::roll::{Entry, Roll};
use self::transcript::Transcript;
use crate::dashboard::Shared;
use crate::dashboard::action::Action;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::model::Model;
use crate::dashboard::overlays::picker::Picker;
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::preferences::SessionsPreferences;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::{FilterLine, ListCursor, Row, Table, count};
use crate::engine::Role;
use crate::ledger::{Direction, SessionSnapshot};

pub(crate) const ACTIONS: &[Action] = &[
    Action::new("sessions.watch", &[Key::plain(KeyCode::Enter)], "watch", "Read the dialogue as it happens", watch)
        .hinted(90)
        .when(any_live),
    Action::new("sessions.close", &[Key::char('x')], "close", "Close the session", ask_to_close)
        .hinted(80)
        .needs(Role::Operator)
        .when(any_live),
    Action::new("sessions.filter", &[Key::char('/')], "filter", "Show only some: ip: name: user: state: dir:", filter)
        .hinted(70),
    Action::new("sessions.sort", &[Key::char('s')], "sort", "Sort by another column, or the other way round", sort)
        .hinted(50),
    Action::new("sessions.log", &[Key::char('f')], "log", "Show what the log has of this peer", show_log)
        .hinted(60)
        .when(any),
    Action::new("sessions.copy", &[Key::char('y')], "copy address", "Copy the address of the peer", |model| {
        copy(model, |session| session.peer.ip().to_string())
    })
    .when(any),
    Action::new("sessions.copy-row", &[Key::char('Y')], "copy row", "Copy the row", |model| copy(model, columns::line))
        .when(any),
];

/// The pane.
pub(crate) struct Sessions {
    roll: Roll,
    filter: FilterLine<SessionFilter>,
    by: SessionSort,
    is_descending: bool,
    cursor: ListCursor,
    /// The session under the cursor.
    selected: Option<u64>,
    /// The inner area, as it was last told.
    area: Rect,
}

impl Sessions {
    /// The pane as a viewer left it.
    pub(crate) fn new(preferences: SessionsPreferences) -> Self {
        let SessionsPreferences { sort, descending } = preferences;
        Self {
            roll: Roll::default(),
            filter: FilterLine::new("any text, or ip: name: user: state: dir:"),
            by: sort,
            is_descending: descending,
            cursor: ListCursor::default(),
            selected: None,
            area: Rect::ZERO,
        }
    }

    /// What the viewer is to find again.
    pub(crate) fn preferences(&self) -> SessionsPreferences {
        SessionsPreferences { sort: self.by, descending: self.is_descending }
    }

    /// The session under the cursor.
    fn selected(&self) -> Option<Entry<'_>> {
        self.cursor.place().and_then(|place| self.roll.get(place))
    }

    /// Opens the dialogue of the session under the cursor.
    fn watch(&self, shared: &mut Shared) -> Vec<Effect> {
        let Some(Entry { session, is_ended: false }) = self.selected() else { return Vec::new() };
        let transcript = Transcript::new(session.clone(), shared);
        shared.opening.push(Box::new(transcript));
        vec![Effect::WatchSession(session.id)]
    }

    /// Sorts by a column, or the other way round if it is sorted by it already.
    fn sort(&mut self, by: SessionSort) {
        self.is_descending = if self.by == by { !self.is_descending } else { by.starts_descending() };
        self.by = by;
        self.arrange();
    }

    /// Puts the list together anew, and keeps the cursor on its session, or on the row that took its place.
    fn arrange(&mut self) {
        self.roll.arrange(self.filter.filter(), self.by, self.is_descending);
        self.cursor.fit(self.roll.len(), Table::rows_in(self.list()));
        if let Some(place) = self.selected.and_then(|id| self.roll.place(id)) {
            self.cursor.set(place);
        }
        self.remember();
    }

    fn remember(&mut self) {
        self.selected = self.selected().map(|entry| entry.session.id);
    }

    /// Where the table stands: all but the line of the filter.
    fn list(&self) -> Rect {
        Rect { height: self.area.height.saturating_sub(self.filter.rows(self.area.width)), ..self.area }
    }

    fn table(&self, has_focus: bool) -> Table<'static> {
        Table { columns: &COLUMNS, sorted: Some((self.by as usize, self.is_descending)), has_focus }
    }
}

impl Pane for Sessions {
    fn edit(&mut self, input: &Input, shared: &mut Shared) -> Option<Vec<Effect>> {
        let is_escape = *input == Input::Key(Key::plain(KeyCode::Esc));
        if is_escape && self.filter.chip().is_some() && !self.filter.is_open() && shared.toasts.current().is_none() {
            self.filter.clear();
        } else {
            self.filter.edit(input)?;
        }
        self.arrange();
        Some(Vec::new())
    }

    fn go(&mut self, motion: Motion, _: &mut Shared) -> Vec<Effect> {
        self.cursor.go(motion);
        self.remember();
        Vec::new()
    }

    fn click(&mut self, at: Position, shared: &mut Shared) -> Vec<Effect> {
        if at.y == 0 {
            if let Some(column) = self.table(true).column_at(at.x, self.area.width) {
                self.sort(SessionSort::ALL[column]);
            }
            return Vec::new();
        }
        let place = self.cursor.offset() + usize::from(at.y - 1);
        if place >= self.cursor.len() {
            return Vec::new();
        }
        if self.cursor.place() == Some(place) {
            return self.watch(shared);
        }
        self.cursor.set(place);
        self.remember();
        Vec::new()
    }

    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.area = area;
        self.roll.see(&shared.snapshot);
        self.arrange();
        Vec::new()
    }

    fn status(&self, _: &Shared) -> String {
        let inbound = self.roll.live().iter().filter(|session| session.direction == Direction::Inbound).count();
        let outbound = self.roll.live().len() - inbound;
        let counts = format!("{} in, {} out", count(inbound), count(outbound));
        match self.filter.chip() {
            None => counts,
            Some(chip) => format!("{counts}  {chip}"),
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let list = Rect { height: self.list().height.min(area.height), ..area };
        let cursor = if self.roll.len() == 0 {
            let is_filtered = !self.roll.live().is_empty();
            Some(nobody::draw(frame.buffer_mut(), list, shared, is_filtered))
        } else {
            let table = self.table(has_focus);
            let has_names = table.fitting(list.width).contains(&(SessionSort::Name as usize));
            let rows = self.roll.from(self.cursor.offset()).map(|entry| Row {
                cells: columns::cells(entry, self.roll.rate(entry.session), has_names, shared),
                is_selected: Some(entry.session.id) == self.selected,
                is_marked: false,
            });
            table.draw(frame.buffer_mut(), list, rows, shared)
        };
        if self.filter.is_open() {
            let line = Rect { y: list.bottom(), height: area.bottom() - list.bottom(), ..area };
            return Some(self.filter.draw(frame.buffer_mut(), line, shared));
        }
        cursor
    }
}

fn any(model: &Model) -> Result<(), String> {
    model.panes.sessions.selected().map(|_| ()).ok_or_else(|| "there is no session".to_owned())
}

fn any_live(model: &Model) -> Result<(), String> {
    match model.panes.sessions.selected() {
        Some(Entry { is_ended: true, .. }) => Err("the session has ended".to_owned()),
        selected => selected.map(|_| ()).ok_or_else(|| "there is no session".to_owned()),
    }
}

fn selected(model: &Model) -> Option<SessionSnapshot> {
    model.panes.sessions.selected().map(|entry| entry.session.clone())
}

fn watch(model: &mut Model) -> Vec<Effect> {
    model.panes.sessions.watch(&mut model.shared)
}

fn ask_to_close(model: &mut Model) -> Vec<Effect> {
    let Some(session) = selected(model) else { return Vec::new() };
    match close(&session) {
        Closing::AtOnce(effects) => effects,
        Closing::Asked(question) => {
            model.open(question);
            Vec::new()
        }
    }
}

fn filter(model: &mut Model) -> Vec<Effect> {
    model.panes.sessions.filter.open();
    model.panes.sessions.arrange();
    Vec::new()
}

fn sort(model: &mut Model) -> Vec<Effect> {
    let Sessions { by, is_descending, .. } = model.panes.sessions;
    let arrow = model.shared.glyphs.sorted(is_descending);
    let name = |one: SessionSort| {
        let title = COLUMNS[one as usize].title;
        if one == by { format!("{title} {arrow}") } else { title.to_owned() }
    };
    model.open(Picker::new("Sort by", SessionSort::ALL.map(name).into(), by as usize, |model, place| {
        model.panes.sessions.sort(SessionSort::ALL[place]);
        Vec::new()
    }));
    Vec::new()
}

fn show_log(model: &mut Model) -> Vec<Effect> {
    let Some(session) = selected(model) else { return Vec::new() };
    model.show_log(&log_filter(&session))
}

fn copy(model: &mut Model, what: fn(&SessionSnapshot) -> String) -> Vec<Effect> {
    let Some(session) = selected(model) else { return Vec::new() };
    let text = what(&session);
    model.say(Weight::Info, format!("copied {text}"));
    vec![Effect::Copy(text)]
}

/// What finds a peer in the log: clients stand there by address, next hops by name and address.
fn log_filter(session: &SessionSnapshot) -> String {
    let ip = session.peer.ip();
    match session.direction {
        Direction::Inbound => format!("client:{ip}"),
        Direction::Outbound => format!("host:{ip}"),
    }
}

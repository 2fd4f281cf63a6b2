//! The delivery log: what happened, the newest at the bottom.
//!
//! The newest line is followed until somebody goes up; then the text stays where it is, pinned to the numbers of its
//! lines, though new ones come and old ones go.

mod actions;
mod columns;
mod draw;
mod history;
mod lines;
mod look;
mod narrow;
mod search;

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};

pub(crate) use self::actions::ACTIONS;
use self::columns::Columns;
use self::history::History;
use self::lines::Lines;
use self::search::Needle;
use crate::dashboard::Shared;
use crate::dashboard::input::Input;
use crate::dashboard::message::Effect;
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::widgets::{FilterLine, ListCursor, count, cut};
use crate::engine::LogTail;
use crate::ledger::{Record, RecordFilter};

/// What can be typed into the filter.
const ADVICE: &str = "event: id: from: to: domain: client: host: reply: actor: !word";
/// Columns that filter and search may take in the pane's title.
const CHIP: usize = 30;

/// The pane.
pub(crate) struct Log {
    /// The lines that match the filter.
    lines: Lines,
    cursor: ListCursor,
    view: View,
    /// The number behind the newest line that was in sight.
    seen: u64,
    /// How many columns it is moved to the right.
    moved: usize,
    filter: FilterLine<RecordFilter>,
    search: FilterLine<Needle>,
    /// Those of the lines in which the text stands that is looked for.
    found: Lines,
    /// What was in sight before a filter or a search was typed.
    origin: View,
    size: Size,
}

/// What the cursor means.
#[derive(Clone, Copy, Debug)]
struct View {
    /// The number of the selected line.
    selected: u64,
    /// The number of the first line in sight.
    top: u64,
    /// Whether both move on with the newest line.
    is_following: bool,
}

impl View {
    /// The newest line, whatever comes.
    const NEWEST: Self = Self { selected: 0, top: 0, is_following: true };
}

impl Default for Log {
    fn default() -> Self {
        Self {
            lines: Lines::default(),
            cursor: ListCursor::default(),
            view: View::NEWEST,
            seen: 0,
            moved: 0,
            filter: FilterLine::new(ADVICE).opened_by("&"),
            search: FilterLine::new("a text to be found"),
            found: Lines::default(),
            origin: View::NEWEST,
            size: Size::ZERO,
        }
    }
}

impl Log {
    /// The selected line.
    fn line<'t>(&self, tail: &'t LogTail) -> Option<&'t Record> {
        lines::line(tail, self.lines.number(self.cursor.place()?)?)
    }

    /// Takes in what is new, and keeps the cursor on its line.
    fn follow(&mut self, tail: &LogTail) {
        let (filter, needle) = (self.filter.filter(), self.search.filter());
        self.lines.follow(tail, |record| filter.matches(record));
        if !needle.is_empty() {
            self.found.follow(tail, |record| filter.matches(record) && needle.is_in(record));
        }
        if self.moved > 0 {
            self.moved = self.moved.min(Columns::last_move(self.size.width));
        }
        let rows = self.size.height.saturating_sub(1 + self.edited_rows());
        self.cursor.fit(self.lines.len(), usize::from(rows));
        if self.view.is_following {
            self.cursor.go(Motion::Last);
        } else {
            self.cursor.restore(self.lines.place_of(self.view.selected), self.lines.place_of(self.view.top));
        }
        self.pin();
    }

    /// Remembers what the cursor means.
    fn pin(&mut self) {
        let number = |place| self.lines.number(place);
        if let (Some(selected), Some(top)) = (self.cursor.place().and_then(number), number(self.cursor.offset())) {
            (self.view.selected, self.view.top) = (selected, top);
        }
        let last = (self.cursor.offset() + self.cursor.height()).min(self.lines.len());
        let seen = last.checked_sub(1).and_then(number).map_or(0, |number| number + 1);
        self.seen = self.seen.max(seen);
    }

    fn select(&mut self, number: u64) {
        self.view.is_following = false;
        self.cursor.set(self.lines.place_of(number));
        self.pin();
    }

    fn following(&self) -> String {
        match self.lines.len() - self.lines.place_of(self.seen) {
            _ if self.view.is_following => "following".to_owned(),
            0 => "not following".to_owned(),
            new => format!("{} new below", count(new)),
        }
    }

    /// Opens all that happened to the message of the selected line.
    fn open(&self, shared: &mut Shared) {
        if let Some(record) = self.line(&shared.snapshot.log) {
            let history = History::of(record, &shared.snapshot.log);
            shared.opening.push(Box::new(history));
        }
    }
}

impl Pane for Log {
    fn edit(&mut self, input: &Input, shared: &mut Shared) -> Option<Vec<Effect>> {
        self.edit_lines(input, &shared.snapshot.log)?;
        Some(Vec::new())
    }

    fn go(&mut self, motion: Motion, shared: &mut Shared) -> Vec<Effect> {
        match motion {
            Motion::Left => self.moved = self.moved.saturating_sub(1),
            Motion::Right => self.moved += 1,
            Motion::Last => self.view.is_following = true,
            motion => {
                // Further down than the newest line is where new ones come.
                let was_last = self.cursor.place().is_none_or(|place| place + 1 == self.lines.len());
                let is_down = matches!(motion, Motion::Down | Motion::PageDown | Motion::HalfDown);
                self.cursor.go(motion);
                self.view.is_following = was_last && is_down;
                self.pin();
            }
        }
        self.follow(&shared.snapshot.log);
        self.origin = self.view;
        Vec::new()
    }

    fn click(&mut self, at: Position, shared: &mut Shared) -> Vec<Effect> {
        let Some(row) = usize::from(at.y).checked_sub(1) else { return Vec::new() };
        let place = self.cursor.offset() + row;
        if row >= self.cursor.height() || place >= self.lines.len() {
            return Vec::new();
        }
        if self.cursor.place() == Some(place) {
            self.open(shared);
        }
        self.view.is_following &= place + 1 == self.lines.len();
        self.cursor.set(place);
        self.pin();
        self.origin = self.view;
        Vec::new()
    }

    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.size = area.as_size();
        self.follow(&shared.snapshot.log);
        Vec::new()
    }

    fn status(&self, shared: &Shared) -> String {
        let chip = |text: String| cut(&text, CHIP, shared.glyphs.ellipsis());
        let filter = self.filter.chip().map(|text| format!("{} ({})", chip(text), count(self.lines.len())));
        let search = self.search.chip().map(|text| format!("{} ({})", chip(text), self.found()));
        let parts: Vec<_> = filter.into_iter().chain(search).chain([self.following()]).collect();
        parts.join(shared.glyphs.pick(" · ", " | "))
    }

    fn hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        if self.filter.is_open() {
            Some(vec![("Enter", "keep"), ("Esc", "all lines"), ("Up Down", "move")])
        } else if self.search.is_open() {
            Some(vec![("Enter", "keep"), ("Esc", "no search"), ("Up Down", "move")])
        } else {
            None
        }
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let edited = self.edited_rows().min(area.height);
        let list = Rect { height: area.height - edited, ..area };
        let cursor = if self.lines.len() == 0 {
            self.draw_nothing(frame, list, shared);
            None
        } else {
            self.draw_rows(frame, list, shared, has_focus)
        };
        let line = Rect { y: list.bottom(), height: edited, ..area };
        if line.is_empty() {
            cursor
        } else if self.filter.is_open() {
            Some(self.filter.draw(frame.buffer_mut(), line, shared))
        } else {
            Some(self.search.draw(frame.buffer_mut(), line, shared))
        }
    }
}

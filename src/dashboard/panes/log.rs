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
mod prompt;
mod search;

use ratatui::Frame;
use ratatui::layout::{Position, Rect, Size};

pub(crate) use actions::ACTIONS;
use columns::Columns;
use lines::Lines;
use prompt::{Kind, Prompt};
use search::Search;

use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::theme::Glyphs;
use crate::dashboard::widgets::{ListCursor, count, cut};
use crate::engine::LogTail;
use crate::ledger::{Record, RecordFilter};
use crate::text::printable;

/// Columns that the filter may take in the pane's title.
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
    filter: Option<Chip>,
    search: Option<Search>,
    prompt: Option<Prompt>,
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

/// A filter that is in force.
struct Chip {
    text: String,
    filter: RecordFilter,
}

impl Chip {
    /// A filter, unless it lets all lines pass.
    fn new(text: &str, filter: RecordFilter) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self { text: text.to_owned(), filter })
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            lines: Lines::default(),
            cursor: ListCursor::default(),
            view: View { selected: 0, top: 0, is_following: true },
            seen: 0,
            moved: 0,
            filter: None,
            search: None,
            prompt: None,
            size: Size::ZERO,
        }
    }
}

impl Log {
    /// Shows only what happened to a message, the newest of it selected. The keys are given by the caller.
    pub(crate) fn show_message(&mut self, id: &str) {
        let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let id = if is_plain { id.to_owned() } else { crate::text::quoted(id) };
        self.show_filter(&format!("id:{id}"));
    }

    /// Shows only what matches an expression, the newest of it selected. What is wrong with it is shown beside it.
    pub(crate) fn show_filter(&mut self, expression: &str) {
        self.prompt = None;
        self.view.is_following = true;
        match expression.parse() {
            Ok(filter) => self.set_filter(Chip::new(expression, filter)),
            Err(_) => self.ask(Kind::Filter, expression),
        }
    }

    /// The selected line.
    fn line<'t>(&self, tail: &'t LogTail) -> Option<&'t Record> {
        lines::line(tail, self.lines.number(self.cursor.place()?)?)
    }

    fn set_filter(&mut self, filter: Option<Chip>) {
        self.filter = filter;
        self.lines = Lines::default();
        if let Some(search) = &mut self.search {
            search.found = Lines::default();
        }
    }

    /// Takes in what is new, and keeps the cursor on its line.
    fn follow(&mut self, tail: &LogTail) {
        let filter = self.filter.as_ref().map(|chip| &chip.filter);
        let is_wanted = |record: &Record| filter.is_none_or(|filter| filter.matches(record));
        self.lines.follow(tail, is_wanted);
        if let Some(search) = &mut self.search {
            search.follow(tail, is_wanted);
        }
        let prompt = self.prompt.as_ref().map_or(0, Prompt::rows);
        let rows = usize::from(self.size.height.saturating_sub(1 + prompt));
        if self.moved > 0 {
            self.moved = self.moved.min(Columns::last_move(self.size.width));
        }
        self.cursor.fit(self.lines.len(), rows);
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
}

impl Pane for Log {
    fn edit(&mut self, input: &Input, shared: &mut Shared) -> Option<Vec<Effect>> {
        let prompt = self.prompt.as_mut()?;
        let tail = &shared.snapshot.log;
        match input {
            Input::Key(Key { code: KeyCode::Enter, .. }) if prompt.error.is_none() => self.end_prompt(true, tail),
            Input::Key(Key { code: KeyCode::Esc, .. }) => self.end_prompt(false, tail),
            Input::Key(key) if *key == Key::ctrl('c') => self.end_prompt(false, tail),
            input if prompt.field.take(input) == Some(true) => self.typed(tail),
            _ => {}
        }
        Some(Vec::new())
    }

    fn edit_hints(&self) -> Option<Vec<(&'static str, &'static str)>> {
        self.prompt.as_ref().map(|prompt| match prompt.kind {
            Kind::Search => vec![("Enter", "keep"), ("Esc", "back"), ("type", "a text")],
            Kind::Filter => {
                vec![
                    ("Enter", "keep"),
                    ("Esc", "all lines"),
                    ("type", "words, event:failed, to:bob, !reply:greylisted"),
                ]
            }
        })
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
        Vec::new()
    }

    fn click(&mut self, at: Position, shared: &mut Shared) -> Vec<Effect> {
        let Some(row) = usize::from(at.y).checked_sub(1) else { return Vec::new() };
        let place = self.cursor.offset() + row;
        if row >= self.cursor.height() || place >= self.lines.len() {
            return Vec::new();
        }
        shared.is_entered = self.cursor.place() == Some(place) && self.prompt.is_none();
        self.view.is_following &= place + 1 == self.lines.len();
        self.cursor.set(place);
        self.pin();
        Vec::new()
    }

    fn refresh(&mut self, area: Rect, shared: &mut Shared) -> Vec<Effect> {
        self.size = area.as_size();
        self.follow(&shared.snapshot.log);
        Vec::new()
    }

    fn status(&self, shared: &Shared) -> String {
        let mut parts = Vec::new();
        if let Some(chip) = &self.filter {
            let text = cut(&printable(&chip.text), CHIP, shared.glyphs.ellipsis());
            parts.push(format!("& {text} ({})", count(self.lines.len())));
        }
        if let Some(search) = &self.search {
            let text = cut(&printable(search.text()), CHIP, shared.glyphs.ellipsis());
            parts.push(format!("/{text} ({})", self.found().unwrap_or_default()));
        }
        parts.push(self.following());
        parts.join(separator(shared.glyphs))
    }

    fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared, has_focus: bool) -> Option<Position> {
        let prompt_rows = self.prompt.as_ref().map_or(0, Prompt::rows).min(area.height);
        let list = Rect { height: area.height - prompt_rows, ..area };
        let mut cursor = if self.lines.len() == 0 {
            self.draw_nothing(frame, list, shared);
            None
        } else {
            self.draw_rows(frame, list, shared, has_focus)
        };
        if let Some(prompt) = self.prompt.as_ref().filter(|_| prompt_rows > 0) {
            let line = Rect { y: list.bottom(), height: prompt_rows, ..area };
            let said = match prompt.kind {
                Kind::Search => self.found().map(|found| format!("{found} found")).unwrap_or_default(),
                Kind::Filter => format!("{} lines", count(self.lines.len())),
            };
            cursor = Some(prompt.draw(frame.buffer_mut(), line, &said, shared));
        }
        cursor
    }
}

fn separator(glyphs: Glyphs) -> &'static str {
    glyphs.pick(" · ", " | ")
}

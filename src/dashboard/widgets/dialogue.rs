//! The dialogue of an SMTP session while it is being told: bounded, wrapped, followed and searched.

mod picture;
mod reading;

use std::collections::VecDeque;
use std::fmt::Write as _;

use ratatui::layout::Size;

use super::search::occurrences;
use super::wrap;
use crate::clock::Timestamp;
use crate::dashboard::pane::Motion;
use crate::ledger::Side;
use crate::text::printable;

/// Entries kept; the oldest make room.
const KEPT: usize = 2000;
/// Columns for `11:15:03 `.
const TIME: u16 = 9;
/// Columns for `C: `.
const TAG: u16 = 3;
/// Without so many columns there is no room for the time.
const WIDE: u16 = 44;

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The side that sends mail.
    Client,
    /// The side that takes it.
    Server,
    /// The relay, about the dialogue.
    Note,
    /// The relay: something went well.
    Good,
    /// The relay: something is not as it should be.
    Warning,
    /// The relay: something went wrong.
    Bad,
}

impl From<Side> for Voice {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

/// The lines told so far and which of them are in sight: the newest, unless a person scrolled up.
#[derive(Default)]
pub(crate) struct Dialogue {
    entries: VecDeque<Entry>,
    /// The number of the first entry kept; they are numbered as they came.
    first: u64,
    /// What stands in the top row; `None` while the newest are followed.
    top: Option<Place>,
    room: Size,
    search: String,
    /// The entry that the search is at.
    hit: Option<u64>,
}

struct Entry {
    at: Timestamp,
    voice: Voice,
    text: String,
}

/// A row of an entry that may take several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    entry: u64,
    row: usize,
}

impl Dialogue {
    /// Adds what was said.
    pub(crate) fn push(&mut self, at: Timestamp, voice: Voice, text: &str) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
            self.first += 1;
            let oldest = Place { entry: self.first, row: 0 };
            self.top = self.top.map(|top| top.max(oldest));
        }
        self.entries.push_back(Entry { at, voice, text: printable(text).into_owned() });
    }

    /// There is so much room for it.
    pub(crate) fn fit(&mut self, room: Size) {
        if room == self.room {
            return;
        }
        self.room = room;
        let last = self.last_top();
        self.top = self.top.map(|top| Place { row: top.row.min(self.rows(top.entry) - 1), ..top }.min(last));
    }

    /// Scrolls; the end of the dialogue is followed again.
    pub(crate) fn go(&mut self, motion: Motion) {
        let page = usize::from(self.room.height.saturating_sub(1)).max(1);
        let half = usize::from(self.room.height / 2).max(1);
        let top = self.top();
        let top = match motion {
            Motion::Up => self.back(top, 1),
            Motion::Down => self.forward(top, 1),
            Motion::PageUp => self.back(top, page),
            Motion::PageDown => self.forward(top, page),
            Motion::HalfUp => self.back(top, half),
            Motion::HalfDown => self.forward(top, half),
            Motion::First => Place { entry: self.first, row: 0 },
            Motion::Last => self.last_top(),
            Motion::Left | Motion::Right => top,
        };
        self.top = (top < self.last_top()).then_some(top);
    }

    /// Whether the newest line is always in sight.
    pub(crate) fn is_followed(&self) -> bool {
        self.top.is_none()
    }

    /// Lines below those in sight.
    pub(crate) fn below(&self) -> usize {
        let shown = self.shown();
        let behind = shown.last().map_or(self.first, |(place, _)| place.entry + 1);
        usize::try_from(self.end() - behind).unwrap_or(usize::MAX)
    }

    /// Marks what a text occurs in; an empty one ends the search.
    pub(crate) fn search(&mut self, text: &str) {
        text.clone_into(&mut self.search);
        self.hit = None;
    }

    /// Whether something is searched for.
    pub(crate) fn is_searched(&self) -> bool {
        !self.search.is_empty()
    }

    /// Goes to the next line with what is searched for, around the end if need be; false if there is none.
    pub(crate) fn next(&mut self, backwards: bool) -> bool {
        let len = self.entries.len() as u64;
        let from = self.hit.map(|hit| hit.max(self.first) - self.first);
        let mut order = (1..=len).map(|step| match (backwards, from) {
            (false, Some(from)) => (from + step) % len,
            (true, Some(from)) => (from + len - step) % len,
            (false, None) => (self.top().entry - self.first + step - 1) % len,
            (true, None) => len - step,
        });
        let is_hit = |at: &u64| {
            let entry = usize::try_from(*at).ok().and_then(|at| self.entries.get(at));
            entry.is_some_and(|entry| !occurrences(&entry.text, &self.search).is_empty())
        };
        let Some(found) = order.find(is_hit).map(|at| at + self.first) else { return false };
        self.hit = Some(found);
        if !self.shown().any(|(place, _)| place == Place { entry: found, row: 0 }) {
            let above = usize::from(self.room.height / 3);
            self.top = Some(self.back(Place { entry: found, row: 0 }, above).min(self.last_top()));
        } else if self.top.is_none() {
            // What was found stays in sight, whatever comes.
            self.top = Some(self.top());
        }
        true
    }

    /// The lines in sight as text, and how many they are.
    pub(crate) fn visible(&self) -> (String, usize) {
        let mut text = String::new();
        let mut lines = 0;
        let mut before = None;
        for (place, _) in self.shown() {
            if before != Some(place.entry)
                && let Some(entry) = self.entry(place.entry)
            {
                let _ = writeln!(text, "{} {}{}", time_of_day(entry.at), tag(entry.voice), entry.text); // a String takes it
                lines += 1;
            }
            before = Some(place.entry);
        }
        (text, lines)
    }

    /// The rows in sight: where they are, and which part of their entry stands in them.
    fn shown(&self) -> impl Iterator<Item = (Place, std::ops::Range<usize>)> {
        let top = self.top();
        (top.entry..self.end())
            .flat_map(move |number| {
                let rows = self.entry(number).map(|entry| wrap(&entry.text, self.columns())).unwrap_or_default();
                rows.into_iter().enumerate().map(move |(row, part)| (Place { entry: number, row }, part))
            })
            .skip(top.row)
            .take(usize::from(self.room.height))
    }

    fn top(&self) -> Place {
        self.top.unwrap_or_else(|| self.last_top())
    }

    /// The top row where the last row is the last one in sight.
    fn last_top(&self) -> Place {
        self.back(Place { entry: self.end(), row: 0 }, usize::from(self.room.height.max(1)))
    }

    fn back(&self, from: Place, mut rows: usize) -> Place {
        let Place { mut entry, mut row } = from;
        while rows > row {
            if entry == self.first {
                return Place { entry, row: 0 };
            }
            rows -= row + 1;
            entry -= 1;
            row = self.rows(entry).saturating_sub(1);
        }
        Place { entry, row: row - rows }
    }

    fn forward(&self, from: Place, mut rows: usize) -> Place {
        let Place { mut entry, mut row } = from;
        while entry < self.end() {
            let left = self.rows(entry).saturating_sub(row + 1);
            if rows <= left {
                return Place { entry, row: row + rows };
            }
            rows -= left + 1;
            entry += 1;
            row = 0;
        }
        Place { entry, row: 0 }
    }

    fn rows(&self, number: u64) -> usize {
        self.entry(number).map_or(1, |entry| wrap(&entry.text, self.columns()).len())
    }

    fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// Columns for the text of an entry.
    fn columns(&self) -> usize {
        let time = if self.room.width < WIDE { 0 } else { TIME };
        usize::from(self.room.width.saturating_sub(time + TAG)).max(2)
    }
}

const fn tag(voice: Voice) -> &'static str {
    match voice {
        Voice::Client => "C: ",
        Voice::Server => "S: ",
        Voice::Note | Voice::Good => "-- ",
        Voice::Warning | Voice::Bad => "!! ",
    }
}

fn time_of_day(at: Timestamp) -> String {
    at.to_string()[11..19].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialogue(lines: u64, height: u16) -> Dialogue {
        let mut dialogue = Dialogue::default();
        dialogue.fit(Size::new(60, height));
        for line in 0..lines {
            dialogue.push(Timestamp::from_unix(1000), Voice::Server, &format!("250 line {line}"));
        }
        dialogue
    }

    fn first_in_sight(dialogue: &Dialogue) -> String {
        dialogue.visible().0.lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn the_newest_is_followed_until_a_person_scrolls_up_and_then_the_text_stands_still() {
        let mut dialogue = dialogue(100, 10);
        assert!(first_in_sight(&dialogue).ends_with("line 90"));
        dialogue.go(Motion::Up);
        dialogue.push(Timestamp::from_unix(1000), Voice::Client, "QUIT");
        assert!(first_in_sight(&dialogue).ends_with("line 89"));
        assert_eq!((dialogue.is_followed(), dialogue.below()), (false, 2));
        dialogue.go(Motion::Last);
        assert!(dialogue.is_followed() && dialogue.visible().0.ends_with("C: QUIT\n"));
    }

    #[test]
    fn what_stands_still_moves_only_when_its_lines_are_no_longer_kept() {
        let mut dialogue = dialogue(KEPT as u64, 10);
        dialogue.go(Motion::First);
        for _ in 0..7 {
            dialogue.push(Timestamp::from_unix(1000), Voice::Server, "250 new");
        }
        assert!(first_in_sight(&dialogue).ends_with("line 7"));
        assert_eq!(dialogue.entries.len(), KEPT);
    }

    #[test]
    fn a_line_of_many_rows_is_scrolled_row_by_row() {
        let mut dialogue = dialogue(0, 4);
        dialogue.push(Timestamp::from_unix(1000), Voice::Server, &"x".repeat(480));
        assert_eq!(dialogue.top(), Place { entry: 0, row: 6 }, "ten rows of 48 columns, four of them in sight");
        dialogue.go(Motion::Up);
        assert_eq!(dialogue.top, Some(Place { entry: 0, row: 5 }));
        dialogue.go(Motion::First);
        dialogue.go(Motion::PageDown);
        assert_eq!(dialogue.top, Some(Place { entry: 0, row: 3 }));
    }

    #[test]
    fn a_search_goes_from_hit_to_hit_and_around_the_end() {
        let mut dialogue = dialogue(30, 5);
        dialogue.search("LINE 1");
        let mut hits = Vec::new();
        for _ in 0..12 {
            assert!(dialogue.next(false));
            hits.push(dialogue.hit.unwrap());
        }
        assert_eq!(hits, [1, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 1]);
        assert!(dialogue.next(true) && dialogue.hit == Some(19));
        assert!(dialogue.visible().0.contains("line 19"));
        dialogue.search("nowhere");
        assert!(!dialogue.next(false));
    }

    proptest::proptest! {
        #[test]
        fn however_it_is_scrolled_the_room_is_full(steps in proptest::collection::vec((0u8..10, 2u16..70, 1u16..12), 1..40)) {
            let mut dialogue = dialogue(20, 5);
            for (step, width, height) in steps {
                match step {
                    0 | 1 => dialogue.fit(Size::new(width, height)),
                    2 => dialogue.go(Motion::Up),
                    3 => dialogue.go(Motion::Down),
                    4 => dialogue.go(Motion::PageUp),
                    5 => dialogue.go(Motion::PageDown),
                    6 => dialogue.go(Motion::First),
                    7 => dialogue.go(Motion::HalfUp),
                    8 => dialogue.push(Timestamp::from_unix(1), Voice::Note, &"word ".repeat(usize::from(width))),
                    _ => { dialogue.search("5"); dialogue.next(height % 2 == 0); }
                }
                let all: usize = (0..dialogue.end()).map(|entry| dialogue.rows(entry)).sum();
                let room = usize::from(dialogue.room.height);
                proptest::prop_assert_eq!(dialogue.shown().count(), room.min(all));
            }
        }
    }
}

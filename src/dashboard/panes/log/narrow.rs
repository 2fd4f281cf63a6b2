//! Narrowing the log down: the filter and the search, while they are typed and afterwards.

use super::lines::Lines;
use super::{Log, View};
use crate::dashboard::Shared;
use crate::dashboard::input::Input;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::count;
use crate::engine::LogTail;
use crate::text::quoted;

impl Log {
    /// Shows only what happened to a message, the newest of it selected. The keys are given by the caller.
    pub(crate) fn show_message(&mut self, id: &str) {
        let is_plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let id = if is_plain { id.to_owned() } else { quoted(id) };
        self.show_filter(&format!("id:{id}"));
    }

    /// Shows only what matches an expression, the newest of it selected. What is wrong with it is shown beside it.
    pub(crate) fn show_filter(&mut self, expression: &str) {
        self.view = View::NEWEST;
        self.origin = self.view;
        self.search.clear();
        if self.filter.set(expression) {
            self.forget();
        }
        if !self.filter.is_understood() {
            self.filter.open();
        }
    }

    /// Opens the line of the filter.
    pub(super) fn type_filter(&mut self, tail: &LogTail) {
        self.origin = self.view;
        self.filter.open();
        self.follow(tail);
    }

    /// Opens the line of the search, for a new one.
    pub(super) fn type_search(&mut self, tail: &LogTail) {
        self.origin = self.view;
        self.search.clear();
        self.search.open();
        self.follow(tail);
    }

    /// Takes the search away, or else the filter.
    pub(super) fn widen(&mut self, tail: &LogTail) {
        if self.search.chip().is_some() {
            self.search.clear();
        } else if self.filter.clear() {
            self.forget();
        }
        self.follow(tail);
    }

    /// Whether not all lines are shown, or some are marked.
    pub(super) fn is_narrowed(&self) -> bool {
        self.filter.chip().is_some() || self.search.chip().is_some()
    }

    /// Rows that the open line takes.
    pub(super) fn edited_rows(&self) -> u16 {
        let columns = self.size.width;
        if self.filter.is_open() { self.filter.rows(columns) } else { self.search.rows(columns) }
    }

    /// Takes an input while a filter or a search is typed; `None` for what is not their business. With every letter the
    /// log is looked at anew from where it was before.
    pub(super) fn edit_lines(&mut self, input: &Input, tail: &LogTail) -> Option<()> {
        if let Some(is_other) = self.filter.edit(input) {
            if is_other {
                self.view = self.origin;
                self.forget();
            }
        } else if self.search.edit(input)? {
            self.view = self.origin;
            self.found = Lines::default();
            self.follow(tail);
            self.find_nearest();
        }
        self.follow(tail);
        Some(())
    }

    /// The filter is another one: all lines are to be tested.
    fn forget(&mut self) {
        self.lines = Lines::default();
        self.found = Lines::default();
    }

    /// Goes to the next line in which the search stands, or to the one before, and round at the ends.
    pub(super) fn find(&mut self, forwards: bool, shared: &mut Shared) {
        let found = &self.found;
        let place = found.place_of(self.view.selected + u64::from(forwards));
        let next = if forwards { found.number(place) } else { place.checked_sub(1).and_then(|at| found.number(at)) };
        let round = if forwards { found.number(0) } else { found.len().checked_sub(1).and_then(|at| found.number(at)) };
        let now = shared.now();
        match (next, round) {
            (Some(number), _) => self.select(number),
            (None, Some(number)) => {
                let from = if forwards { "oldest" } else { "newest" };
                shared.toasts.push(now, Weight::Info, format!("no more; the search went on from the {from} line"));
                self.select(number);
            }
            (None, None) => shared.toasts.push(now, Weight::Warning, "no line has it"),
        }
    }

    /// Goes to the first line from the selected one on in which the search stands, or to the last one before it.
    fn find_nearest(&mut self) {
        if self.search.filter().is_empty() {
            return;
        }
        let place = self.found.place_of(self.view.selected).min(self.found.len().saturating_sub(1));
        if let Some(number) = self.found.number(place)
            && number != self.view.selected
        {
            self.select(number);
        }
    }

    /// How the search goes: which of the lines found is selected, and how many there are.
    pub(super) fn found(&self) -> String {
        let place = self.found.place_of(self.view.selected);
        let total = count(self.found.len());
        match self.found.number(place) {
            Some(number) if number == self.view.selected => format!("{} of {total}", count(place + 1)),
            _ => total,
        }
    }
}

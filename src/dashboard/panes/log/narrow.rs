//! Narrowing the log down: the search and the filter, while they are typed and afterwards.

use super::prompt::{Kind, Prompt};
use super::search::Search;
use super::{Chip, Log};
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::count;
use crate::engine::LogTail;
use crate::ledger::RecordFilter;
use crate::text::printable;

impl Log {
    /// Opens the line in which a search or a filter is typed.
    pub(super) fn ask(&mut self, kind: Kind, text: &str) {
        let error = text.parse::<RecordFilter>().err().filter(|_| kind == Kind::Filter);
        self.prompt = Some(Prompt {
            kind,
            field: Field::new(text),
            error: error.map(|error| error.to_string()),
            origin: self.view,
        });
    }

    /// Goes to the next line in which the search stands, or to the one before, and round at the ends.
    pub(super) fn find(&mut self, forwards: bool, shared: &mut Shared) {
        let Some(search) = &self.search else { return };
        let found = &search.found;
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
            (None, None) => {
                shared.toasts.push(now, Weight::Warning, format!("{} is not found", printable(search.text())));
            }
        }
    }

    /// Takes what was typed so far.
    pub(super) fn typed(&mut self, tail: &LogTail) {
        let Some(prompt) = &mut self.prompt else { return };
        let text = prompt.field.text().to_owned();
        self.view = prompt.origin;
        match prompt.kind {
            Kind::Filter => match text.parse() {
                Ok(filter) => {
                    prompt.error = None;
                    self.set_filter(Chip::new(&text, filter));
                }
                Err(error) => prompt.error = Some(error.to_string()),
            },
            Kind::Search => {
                self.search = Search::new(&text);
                self.follow(tail);
                self.find_nearest();
            }
        }
        self.follow(tail);
    }

    /// Goes to the first line from the selected one on in which the search stands, or to the last one before it.
    fn find_nearest(&mut self) {
        let Some(search) = &self.search else { return };
        let place = search.found.place_of(self.view.selected).min(search.found.len().saturating_sub(1));
        if let Some(number) = search.found.number(place)
            && number != self.view.selected
        {
            self.select(number);
        }
    }

    /// Ends the typing: what was typed holds, or it is as if there had been none.
    pub(super) fn end_prompt(&mut self, holds: bool, tail: &LogTail) {
        let Some(prompt) = self.prompt.take() else { return };
        if !holds {
            self.view = prompt.origin;
            match prompt.kind {
                Kind::Filter => self.set_filter(None),
                Kind::Search => self.search = None,
            }
        }
        self.follow(tail);
    }

    /// How the search goes: which of the lines found is selected, and how many there are.
    pub(super) fn found(&self) -> Option<String> {
        let found = &self.search.as_ref()?.found;
        let place = found.place_of(self.view.selected);
        let total = count(found.len());
        Some(match found.number(place) {
            Some(number) if number == self.view.selected => format!("{} of {total}", count(place + 1)),
            _ => total,
        })
    }
}

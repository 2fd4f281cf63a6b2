//! Marks: one by one, from here to there, all that match.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{List, Order};
use crate::dashboard::message::Effect;
use crate::dashboard::pane::Motion;
use crate::dashboard::panes::queue::marks::Marks;
use crate::delivery::Row;
use crate::engine::QueueQuery;
use crate::queue::QueueId;

/// The message at which a range begins, and its place when it was seen last.
pub(super) struct Anchor {
    id: String,
    place: usize,
}

/// What the ids of the whole list are for.
pub(super) enum Reading {
    /// Marks from one message to another.
    Range(String, String),
    /// Marks for what has none.
    Invert,
}

impl List {
    /// Whether a range of marks is being drawn.
    pub(crate) fn is_ranging(&self) -> bool {
        self.anchor.is_some()
    }

    /// Marks the row under the cursor, or no longer, and goes to the next one.
    pub(crate) fn toggle(&mut self) {
        if let Some(id) = self.selected.clone() {
            self.marks.toggle(&id);
            self.cursor.go(Motion::Down);
            self.select();
        }
    }

    /// Begins a range of marks at the cursor, or ends it there. The effect reads what was not read yet.
    pub(crate) fn range(&mut self) -> Vec<Effect> {
        let (Some(id), Some(place)) = (self.selected.clone(), self.cursor.place()) else { return Vec::new() };
        let Some(anchor) = self.anchor.take() else {
            self.anchor = Some(Anchor { id, place });
            return Vec::new();
        };
        let places = anchor.place.min(place)..=anchor.place.max(place);
        let ids: Option<Vec<String>> = places.map(|place| self.window.row(place).map(|row| row.id.clone())).collect();
        match ids {
            Some(ids) => {
                self.marks.extend(ids);
                Vec::new()
            }
            None => self.read_ids(Reading::Range(anchor.id, id)),
        }
    }

    /// Gives up the range that is being drawn.
    pub(crate) fn end_range(&mut self) {
        self.anchor = None;
    }

    /// Marks all that match.
    pub(crate) fn mark_all(&mut self) {
        self.anchor = None;
        self.marks = if self.window.is_whole() {
            Marks::Ids(self.window.rows().iter().map(|row| row.id.clone()).collect())
        } else {
            Marks::Matching(self.filter.filter().clone())
        };
    }

    /// Takes all marks away.
    pub(crate) fn unmark(&mut self) {
        self.anchor = None;
        self.marks = Marks::default();
    }

    /// Marks what is not marked, and nothing else.
    pub(crate) fn invert(&mut self) -> Vec<Effect> {
        self.anchor = None;
        if self.marks.is_empty() {
            self.mark_all();
        } else if matches!(self.marks, Marks::Matching(_)) {
            self.unmark();
        } else if self.window.is_whole() {
            let all: Vec<String> = self.window.rows().iter().map(|row| row.id.clone()).collect();
            self.marks.invert(all);
        } else {
            return self.read_ids(Reading::Invert);
        }
        Vec::new()
    }

    /// The rows that were read and are marked.
    pub(crate) fn marked_rows(&self) -> impl Iterator<Item = &Row> {
        self.window.rows().iter().filter(|row| self.marks.contains(&row.id))
    }

    /// Takes the ids of the whole list. False if they were not asked for, or the ends of a range are no longer there.
    pub(crate) fn take_ids(&mut self, ids: &[QueueId]) -> bool {
        match self.reading.take() {
            Some(Reading::Invert) => self.marks.invert(ids.iter().map(ToString::to_string)),
            Some(Reading::Range(from, to)) => {
                let place = |wanted: &str| ids.iter().position(|id| id.as_str() == wanted);
                let (Some(from), Some(to)) = (place(&from), place(&to)) else { return false };
                self.marks.extend(ids[from.min(to)..=from.max(to)].iter().map(ToString::to_string));
            }
            None => return false,
        }
        true
    }

    /// Keeps marks and range true to what was read.
    pub(super) fn see_marks(&mut self) {
        if let Some(anchor) = &mut self.anchor
            && let Some(place) = self.window.place_of(&anchor.id)
        {
            anchor.place = place;
        }
        if self.window.is_whole() && self.window.matched() == self.window.total() {
            let all: BTreeSet<&str> = self.window.rows().iter().map(|row| row.id.as_str()).collect();
            self.marks.prune(&all);
        }
    }

    /// The places that a range covers while it is being drawn.
    pub(super) fn ranged(&self) -> Range<usize> {
        match (&self.anchor, self.cursor.place()) {
            (Some(anchor), Some(place)) => anchor.place.min(place)..anchor.place.max(place) + 1,
            _ => 0..0,
        }
    }

    fn read_ids(&mut self, reading: Reading) -> Vec<Effect> {
        self.reading = Some(reading);
        let Order { filter, sort, descending } = self.order();
        vec![Effect::ReadIds(QueueQuery { filter, sort, descending, offset: 0, limit: 0, selected: None })]
    }
}

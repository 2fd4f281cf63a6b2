//! What those who look get to see of the queue: numbers, rows, windows of the list. Whatever is asked, the lock is
//! held for a short piece of the work at a time, so that delivery never waits for a viewer.

use super::scheduler::{Routed, Scheduler};
use super::{DestinationRow, Dispatcher, Row};
use crate::clock::Timestamp;
use crate::mail::Domain;
use crate::queue::{Counts, Cursor, Filter, Listed, QueueId};

/// Messages looked at in one go.
const PIECE: usize = 1000;
/// Rows made in one go; they cost more.
const ROWS: usize = 500;

/// A window of the list in the order of arrival, all of it from one moment.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Window {
    /// [`Dispatcher::summary`]'s revision.
    pub revision: u64,
    /// Messages in the queue.
    pub total: usize,
    /// The place of the first row.
    pub offset: usize,
    /// The rows.
    pub rows: Vec<Row>,
    /// The place of the message asked for.
    pub place: Option<usize>,
}

impl Dispatcher {
    /// How many messages wait, are active, are held.
    pub fn counts(&self) -> Counts {
        self.summary().0
    }

    /// When the message that waits longest was accepted.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.summary().1
    }

    /// The counts, the time of the oldest message, and a revision that grows with every change of any message or of
    /// where its mail goes.
    pub fn summary(&self) -> (Counts, Option<Timestamp>, u64) {
        self.0.with(|scheduler, _| {
            let index = scheduler.index();
            (index.counts(), index.oldest(), scheduler.revision())
        })
    }

    /// Every id known, for the reconcile after a scan.
    pub fn ids(&self) -> Vec<QueueId> {
        self.select(&Filter::default())
    }

    /// The ids of all messages that match, in the order of arrival.
    pub fn select(&self, filter: &Filter) -> Vec<QueueId> {
        let mut ids = Vec::new();
        self.survey(filter, |listed| listed.id().clone(), |piece| ids.append(piece));
        ids
    }

    /// Shows `pick` every message that matches, in the order of arrival, while delivery waits: it should copy and
    /// return. What it picked is handed to `take` piece by piece, while delivery goes on.
    pub fn survey<T>(&self, filter: &Filter, mut pick: impl FnMut(Listed<'_>) -> T, mut take: impl FnMut(&mut Vec<T>)) {
        let mut picked = Vec::with_capacity(PIECE);
        let mut cursor = None;
        loop {
            cursor = self.0.with(|scheduler, now| {
                scheduler.index().walk(cursor.as_ref(), PIECE, |listed| {
                    if filter.matches(&Routed::new(listed, scheduler), now) {
                        picked.push(pick(listed));
                    }
                })
            });
            take(&mut picked);
            picked.clear();
            if cursor.is_none() {
                return;
            }
            self.0.make_way();
        }
    }

    /// How many messages match, and the rows of `limit` of them behind the first `offset`, in the order of arrival.
    pub fn rows(&self, filter: &Filter, offset: usize, limit: usize) -> (usize, Vec<Row>) {
        if filter.is_empty() {
            return self.0.with(|scheduler, now| {
                let page = scheduler.index().page(filter, now, offset, limit);
                (page.total, page.entries.iter().map(|listed| scheduler.row_of(listed)).collect())
            });
        }
        let (mut total, mut rows) = (0, Vec::new());
        self.walk(|scheduler, now, cursor| {
            scheduler.index().walk(cursor, PIECE, |listed| {
                if filter.matches(&Routed::new(listed, scheduler), now) {
                    if total >= offset && rows.len() < limit {
                        rows.push(scheduler.row_of(&listed));
                    }
                    total += 1;
                }
            })
        });
        (total, rows)
    }

    /// At most 500 rows of the whole list behind the first `offset`, from the oldest or the newest message on, and the
    /// place of `selected` in it. Behind the end lies the last page. Costs as much as the rows, however long the list.
    pub fn window(&self, offset: usize, limit: usize, newest_first: bool, selected: Option<&QueueId>) -> Window {
        self.0.with(|scheduler, now| {
            let index = scheduler.index();
            let total = index.len();
            let limit = limit.min(ROWS);
            let offset = if offset < total { offset } else { total.saturating_sub(limit) };
            let count = limit.min(total - offset);
            let first = if newest_first { total - offset - count } else { offset };
            let page = index.page(&Filter::default(), now, first, count);
            let mut rows: Vec<Row> = page.entries.iter().map(|listed| scheduler.row_of(listed)).collect();
            if newest_first {
                rows.reverse();
            }
            let place = selected.and_then(|id| index.place(id));
            let place = place.map(|place| if newest_first { total - 1 - place } else { place });
            Window { revision: scheduler.revision(), total, offset, rows, place }
        })
    }

    /// The row of one message.
    pub fn row(&self, id: &QueueId) -> Option<Row> {
        self.0.with(|scheduler, _| scheduler.row(id))
    }

    /// The rows of these messages, without those that are gone.
    pub fn rows_of(&self, ids: &[QueueId]) -> Vec<Row> {
        let rows = |ids: &[QueueId]| {
            self.0.make_way();
            self.0.with(|scheduler, _| ids.iter().filter_map(|id| scheduler.row(id)).collect::<Vec<_>>())
        };
        ids.chunks(ROWS).flat_map(rows).collect()
    }

    /// Those of these messages that are in the queue and of which `wanted` says so.
    pub fn among(&self, ids: &[QueueId], wanted: impl Fn(Listed<'_>) -> bool) -> Vec<QueueId> {
        let known = |ids: &[QueueId]| {
            self.0.make_way();
            let is_wanted = |scheduler: &Scheduler, id: &QueueId| scheduler.index().get(id).is_some_and(&wanted);
            self.0.with(|scheduler, _| ids.iter().filter(|id| is_wanted(scheduler, id)).cloned().collect::<Vec<_>>())
        };
        ids.chunks(PIECE).flat_map(known).collect()
    }

    /// Where the mail for each of these domains goes, as [`Row::destination`] names it.
    pub fn destinations_of(&self, domains: &[Domain]) -> Vec<String> {
        let names = |domains: &[Domain]| {
            self.0.make_way();
            self.0.with(|scheduler, _| {
                domains.iter().map(|domain| scheduler.destination_named_for(domain)).collect::<Vec<_>>()
            })
        };
        domains.chunks(ROWS).flat_map(names).collect()
    }

    /// The destinations known now, by name.
    pub fn destinations(&self) -> Vec<DestinationRow> {
        self.0.with(|scheduler, _| scheduler.destination_rows())
    }

    /// Calls `piece` with the lock held for one piece of the index at a time, until it returns no cursor.
    fn walk(&self, mut piece: impl FnMut(&Scheduler, Timestamp, Option<&Cursor>) -> Option<Cursor>) {
        let mut cursor = None;
        loop {
            cursor = self.0.with(|scheduler, now| piece(scheduler, now, cursor.as_ref()));
            if cursor.is_none() {
                return;
            }
            self.0.make_way();
        }
    }
}

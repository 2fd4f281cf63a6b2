//! One viewer's window on the queue. It blocks, but never for long what delivers: the queue is read in short pieces,
//! and what takes time, the sorting, is done outside of its lock.
//!
//! The whole list in the order of arrival costs as much as the rows asked for. For any other list the order is worked
//! out once and kept as ids; the rows are fetched fresh by these. When the queue has changed, the order is worked out
//! anew, in a large queue no more than four times a second. Until then a page says by its revision how old it is, and
//! leaves out what is gone.

mod shape;
mod sorting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use self::shape::Shape;
use super::handle::Shared;
use super::{QueuePage, QueueQuery, QueueShape, SortKey};
use crate::clock::Timestamp;
use crate::queue::{Filter, QueueId};

/// The most rows of one page.
const PAGE: usize = 500;
/// In a queue of up to so many messages the order is always that of now.
const SMALL: usize = 20_000;
/// The least time between two workings out in a larger one,
const REST: Duration = Duration::from_millis(250);
/// and how many times longer than it took the last one has to serve.
const REST_FACTOR: u32 = 3;

/// Reads the queue for one viewer. To be used where blocking for some milliseconds does no harm.
pub struct QueueReader {
    shared: Arc<Shared>,
    order: Option<Order>,
    shape: Option<Shape>,
}

/// The ids that match a filter, in an order.
struct Order {
    filter: Filter,
    sort: SortKey,
    /// The first is the least; a descending list is read from the end.
    ids: Vec<QueueId>,
    /// All messages at that time.
    total: usize,
    revision: u64,
    time: Timestamp,
    pace: Pace,
    /// Where the selected message was found last.
    found: usize,
}

/// When something was worked out, and at what cost.
struct Pace {
    done: Instant,
    took: Duration,
    messages: usize,
}

impl QueueReader {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, order: None, shape: None }
    }

    /// At most 500 rows of a list. An offset behind the end gives the last page.
    pub fn page(&mut self, query: &QueueQuery) -> QueuePage {
        if query.filter.is_empty() && query.sort == SortKey::Received {
            self.order = None;
            let dispatcher = &self.shared.dispatcher;
            let window = dispatcher.window(query.offset, query.limit, query.descending, query.selected.as_ref());
            return QueuePage {
                revision: window.revision,
                total: window.total,
                matched: window.total,
                offset: window.offset,
                rows: window.rows,
                selected: window.place,
            };
        }
        let shared = Arc::clone(&self.shared);
        let order = self.order(&query.filter, query.sort);
        let matched = order.ids.len();
        let limit = query.limit.min(PAGE);
        let offset = if query.offset < matched { query.offset } else { matched.saturating_sub(limit) };
        let window = offset..matched.min(offset + limit);
        let ids: Vec<QueueId> =
            window.clone().map(|place| order.ids[order.index(place, query.descending)].clone()).collect();
        let selected = query.selected.as_ref().filter(|id| shared.dispatcher.row(id).is_some());
        QueuePage {
            revision: order.revision,
            total: order.total,
            matched,
            offset,
            selected: selected.and_then(|id| order.place(id, window, query.descending)),
            rows: shared.dispatcher.rows_of(&ids),
        }
    }

    /// The ids of all messages of a list, in its order, whatever its offset and limit: for marks, which outlast it.
    pub fn ids(&mut self, query: &QueueQuery) -> Vec<QueueId> {
        let ids = self.order(&query.filter, query.sort).ids.iter().cloned();
        if query.descending { ids.rev().collect() } else { ids.collect() }
    }

    /// How old the mail of each destination is.
    pub fn shape(&mut self) -> QueueShape {
        let revision = self.shared.dispatcher.summary().2;
        let time = self.shared.clock.now();
        match &self.shape {
            Some(shape) if shape.serves(revision, time) => shape.shown.clone(),
            _ => self.shape.insert(Shape::new(&self.shared.dispatcher, revision, time)).shown.clone(),
        }
    }

    /// The order of a list, as fresh as it may be.
    fn order(&mut self, filter: &Filter, sort: SortKey) -> &mut Order {
        let (counts, _, revision) = self.shared.dispatcher.summary();
        let time = self.shared.clock.now();
        let kept = self.order.take().filter(|order| order.sort == sort && order.filter == *filter);
        let kept = kept.filter(|order| order.serves(revision, time));
        let order = kept.unwrap_or_else(|| {
            let start = Instant::now();
            let ids = sorting::sorted(&self.shared.dispatcher, filter, sort);
            let total = counts.queued + counts.active + counts.held;
            let pace = Pace::since(start, total);
            Order { filter: filter.clone(), sort, ids, total, revision, time, pace, found: 0 }
        });
        self.order.insert(order)
    }
}

impl Order {
    fn serves(&self, revision: u64, time: Timestamp) -> bool {
        let is_fresh = self.revision == revision && (self.time == time || !self.filter.depends_on_time());
        is_fresh || self.pace.has_to_serve()
    }

    /// Where a place of the list is in the ids, and the other way round.
    fn index(&self, place: usize, descending: bool) -> usize {
        if descending { self.ids.len() - 1 - place } else { place }
    }

    /// The place of a message: mostly where it was, else in the window that is looked at, else anywhere.
    fn place(&mut self, id: &QueueId, window: std::ops::Range<usize>, descending: bool) -> Option<usize> {
        let is_at = |index: usize| self.ids.get(index) == Some(id);
        let seen = window.map(|place| self.index(place, descending)).find(|&index| is_at(index));
        let found = if is_at(self.found) { Some(self.found) } else { seen };
        self.found = found.or_else(|| self.ids.iter().position(|other| other == id))?;
        Some(self.index(self.found, descending))
    }
}

impl Pace {
    fn since(start: Instant, messages: usize) -> Self {
        Self { done: Instant::now(), took: start.elapsed(), messages }
    }

    fn has_to_serve(&self) -> bool {
        self.messages > SMALL && self.done.elapsed() < REST.max(self.took * REST_FACTOR)
    }
}

//! One viewer's window on the queue. It blocks, but never for long what delivers: the queue is read in short pieces,
//! and what takes time, the sorting, is done outside of its lock.
//!
//! The whole list in the order of arrival costs as much as the rows asked for. For any other list the order is worked
//! out once and kept as ids; the rows are fetched fresh by these. When the queue has changed, the order is worked out
//! anew, in a large queue no more than four times a second. Until then a page says by its revision how old it is, and
//! leaves out what is gone.

mod shape;
mod sorting;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::shape::Shape;
use super::{QueuePage, QueueQuery, QueueShape, SortKey};
use crate::clock::{Clock, Timestamp};
use crate::delivery::Dispatcher;
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
    dispatcher: Dispatcher,
    clock: Arc<Clock>,
    order: Option<Order>,
    shape: Option<Shape>,
    thrift: Thrift,
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
    /// The message that was looked for last, and where it is in the ids.
    sought: Option<(QueueId, Option<usize>)>,
}

/// How often something is worked out anew.
#[derive(Clone, Copy)]
struct Thrift {
    small: usize,
    rest: Duration,
}

/// When something was worked out, and how long it has to serve.
struct Pace {
    done: Instant,
    rest: Duration,
}

impl QueueReader {
    /// A reader of the queue of a dispatcher, by its clock.
    pub fn new(dispatcher: Dispatcher, clock: Arc<Clock>) -> Self {
        Self { dispatcher, clock, order: None, shape: None, thrift: Thrift { small: SMALL, rest: REST } }
    }

    /// At most 500 rows of a list. An offset behind the end gives the last page.
    pub fn page(&mut self, query: &QueueQuery) -> QueuePage {
        if query.filter.is_empty() && query.sort == SortKey::Received {
            self.order = None;
            let selected = query.selected.as_ref();
            let window = self.dispatcher.window(query.offset, query.limit, query.descending, selected);
            return QueuePage {
                revision: window.revision,
                total: window.total,
                matched: window.total,
                offset: window.offset,
                rows: window.rows,
                selected: window.place,
            };
        }
        let dispatcher = self.dispatcher.clone();
        let order = self.order(&query.filter, query.sort);
        let matched = order.ids.len();
        let limit = query.limit.min(PAGE);
        let offset = if query.offset < matched { query.offset } else { matched.saturating_sub(limit) };
        let window = offset..matched.min(offset + limit);
        let ids: Vec<QueueId> =
            window.clone().map(|place| order.ids[order.index(place, query.descending)].clone()).collect();
        let selected = query.selected.as_ref().filter(|id| dispatcher.row(id).is_some());
        QueuePage {
            revision: order.revision,
            total: order.total,
            matched,
            offset,
            selected: selected.and_then(|id| order.place(id, window, query.descending)),
            rows: dispatcher.rows_of(&ids),
        }
    }

    /// The ids of all messages of a list, in its order, whatever its offset and limit: for marks, which outlast it.
    pub fn ids(&mut self, query: &QueueQuery) -> Vec<QueueId> {
        let ids = self.order(&query.filter, query.sort).ids.iter().cloned();
        if query.descending { ids.rev().collect() } else { ids.collect() }
    }

    /// How old the mail of each destination is.
    pub fn shape(&mut self) -> QueueShape {
        let revision = self.dispatcher.summary().2;
        let time = self.clock.now();
        match &self.shape {
            Some(shape) if shape.serves(revision, time) => shape.shown.clone(),
            _ => self.shape.insert(Shape::new(&self.dispatcher, revision, time, self.thrift)).shown.clone(),
        }
    }

    /// The order of a list, as fresh as it may be.
    fn order(&mut self, filter: &Filter, sort: SortKey) -> &mut Order {
        let (counts, _, revision) = self.dispatcher.summary();
        let time = self.clock.now();
        let kept = self.order.take().filter(|order| order.sort == sort && order.filter == *filter);
        let kept = kept.filter(|order| order.serves(revision, time));
        let order = kept.unwrap_or_else(|| {
            let start = Instant::now();
            let ids = sorting::sorted(&self.dispatcher, filter, sort);
            let total = counts.queued + counts.active + counts.held;
            let pace = self.thrift.pace(start, total);
            Order { filter: filter.clone(), sort, ids, total, revision, time, pace, sought: None }
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

    /// The place of a message. One that was not looked for last is mostly in the window that is looked at.
    fn place(&mut self, id: &QueueId, window: Range<usize>, descending: bool) -> Option<usize> {
        let known = self.sought.take().filter(|(sought, _)| sought == id);
        let (_, found) = self.sought.insert(known.unwrap_or_else(|| {
            let seen = window.map(|place| self.index(place, descending)).find(|&index| self.ids[index] == *id);
            (id.clone(), seen.or_else(|| self.ids.iter().position(|other| other == id)))
        }));
        found.map(|index| self.index(index, descending))
    }
}

impl Thrift {
    /// For what was worked out since `start` over so many messages.
    fn pace(self, start: Instant, messages: usize) -> Pace {
        let rest = self.rest.max(start.elapsed() * REST_FACTOR);
        Pace { done: Instant::now(), rest: if messages > self.small { rest } else { Duration::ZERO } }
    }
}

impl Pace {
    fn has_to_serve(&self) -> bool {
        self.done.elapsed() < self.rest
    }
}

#[cfg(test)]
mod tests;

//! The part of the list that was read, and when another part is to be asked for.
//!
//! About three screens around what is in sight are kept, so that moving does not wait; never more than one request is
//! under way, so that a slow reader is not flooded.

use std::ops::Range;

use crate::clock::Timestamp;
use crate::dashboard::message::Effect;
use crate::dashboard::widgets::ListCursor;
use crate::delivery::Row;
use crate::engine::{QueuePage, QueueQuery, Snapshot, SortKey};
use crate::queue::Filter;

/// The most rows that one page brings.
const MOST: usize = 500;

/// Which messages, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) filter: Filter,
    pub(super) sort: SortKey,
    pub(super) descending: bool,
}

/// What was asked for.
pub(super) struct Asked {
    pub(super) order: Order,
    /// The message that was selected then.
    pub(super) selected: Option<String>,
    limit: usize,
}

/// The rows that were read last.
#[derive(Default)]
pub(super) struct Window {
    page: QueuePage,
    /// The places that the page answers for; a message that has just left may leave one of them without a row.
    covered: Range<usize>,
    /// The list that the page is of; `None` as long as none was read.
    order: Option<Order>,
    under_way: Option<Asked>,
    /// The queue has changed since.
    is_stale: bool,
    /// The time of the picture when rows were asked for last.
    asked_at: Timestamp,
    /// The time of the picture.
    now: Timestamp,
}

impl Window {
    /// The row at a place of the list, if it was read.
    pub(super) fn row(&self, place: usize) -> Option<&Row> {
        self.page.rows.get(place.checked_sub(self.page.offset)?)
    }

    /// The rows that were read.
    pub(super) fn rows(&self) -> &[Row] {
        &self.page.rows
    }

    /// The place of a message, if its row was read.
    pub(super) fn place_of(&self, id: &str) -> Option<usize> {
        self.page.rows.iter().position(|row| row.id == id).map(|at| at + self.page.offset)
    }

    /// Whether anything was read yet.
    pub(super) fn is_read(&self) -> bool {
        self.order.is_some()
    }

    /// Whether every row of the list is here.
    pub(super) fn is_whole(&self) -> bool {
        self.page.rows.len() == self.page.matched
    }

    /// Messages that match.
    pub(super) fn matched(&self) -> usize {
        self.page.matched
    }

    /// Messages in the queue.
    pub(super) fn total(&self) -> usize {
        self.page.total
    }

    /// The filter that the rows match.
    pub(super) fn filter(&self) -> Option<&Filter> {
        self.order.as_ref().map(|order| &order.filter)
    }

    /// There is a new picture. An order that depends on the time grows old by itself.
    pub(super) fn see(&mut self, snapshot: &Snapshot) {
        let is_ageing = self.filter().is_some_and(Filter::depends_on_time);
        self.is_stale |= self.page.revision < snapshot.queue.revision;
        self.is_stale |= is_ageing && self.asked_at != snapshot.time;
        self.now = snapshot.time;
    }

    /// The rows are to be read again, whatever the revision of the queue.
    pub(super) fn outdate(&mut self) {
        self.is_stale = true;
    }

    /// Asks for rows, if those that are here do not do.
    pub(super) fn ask(&mut self, order: &Order, cursor: &ListCursor, selected: Option<&str>) -> Option<Effect> {
        let is_other = self.order.as_ref() != Some(order);
        if self.under_way.is_some() || !(is_other || self.is_stale || self.runs_out(cursor)) {
            return None;
        }
        self.is_stale = false;
        self.asked_at = self.now;
        let height = cursor.height().max(1);
        let limit = (3 * height).min(MOST);
        self.under_way = Some(Asked { order: order.clone(), selected: selected.map(str::to_owned), limit });
        Some(Effect::ReadQueue(QueueQuery {
            filter: order.filter.clone(),
            sort: order.sort,
            descending: order.descending,
            offset: cursor.offset().saturating_sub((limit - height.min(limit)) / 2),
            limit,
            selected: selected.and_then(|id| id.parse().ok()),
        }))
    }

    /// Takes the answer. Returns what it answers; `None` if nothing was asked.
    pub(super) fn take(&mut self, page: &QueuePage) -> Option<Asked> {
        let asked = self.under_way.take()?;
        self.covered = page.offset..page.offset + asked.limit.max(page.rows.len());
        self.page = page.clone();
        self.order = Some(asked.order.clone());
        Some(asked)
    }

    /// Whether rows in sight, or those within half a screen of them, are not here.
    fn runs_out(&self, cursor: &ListCursor) -> bool {
        let margin = cursor.height() / 2;
        let wanted = Range {
            start: cursor.offset().saturating_sub(margin),
            end: (cursor.offset() + cursor.height() + margin).min(self.page.matched),
        };
        let covers = self.covered.start <= wanted.start && wanted.end <= self.covered.end;
        wanted.start < wanted.end && !covers
    }
}

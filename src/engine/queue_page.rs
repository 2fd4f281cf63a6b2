//! What a viewer asks of the queue and gets: one window of the sorted, filtered list, never the whole of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::delivery::Row;
use crate::queue::{Filter, QueueId};

/// By what the list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortKey {
    /// When the message was accepted: the order of the index, which costs nothing.
    #[default]
    Received,
    /// The sender, capitals beside small letters.
    Sender,
    /// The first recipient, likewise.
    Recipient,
    /// Octets of content.
    Size,
    /// Active, queued, held.
    State,
    /// Attempts so far.
    Attempts,
    /// When it is tried next; those that are held, and so are not, come last.
    Next,
    /// Where it goes.
    Destination,
}

/// One window of the list.
#[derive(Clone, Debug)]
pub struct QueueQuery {
    /// Which messages.
    pub filter: Filter,
    /// In which order.
    pub sort: SortKey,
    /// The other way round.
    pub descending: bool,
    /// The first row wanted; behind the end lies the last page.
    pub offset: usize,
    /// Rows wanted; more than 500 are not given.
    pub limit: usize,
    /// A message whose place is wanted too, wherever it is.
    pub selected: Option<QueueId>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct QueuePage {
    /// [`super::QueueSummary::revision`] it was made from. While that is behind the snapshot's, there is something newer
    /// to ask for: in a large queue a sorted or filtered list is worked out a few times a second only.
    pub revision: u64,
    /// Messages in the queue.
    pub total: usize,
    /// Messages that match.
    pub matched: usize,
    /// The place of the first row here.
    pub offset: usize,
    /// The rows as they are now, without those that are gone by now.
    pub rows: Vec<Row>,
    /// The place of the selected message; `None` if it is gone or does not match.
    pub selected: Option<usize>,
}

/// How old the mail of each destination is, as `qshape` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct QueueShape {
    /// One row a destination, the fullest first.
    pub rows: Vec<ShapeRow>,
}

/// The mail for one destination.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ShapeRow {
    /// As [`Row::destination`] names it.
    pub destination: String,
    /// Messages in all.
    pub total: usize,
    /// Messages by age; the bounds are [`AGES`], and the last number counts what is older than all of them.
    pub ages: [usize; AGES.len() + 1],
}

/// Upper bounds of the ages that [`ShapeRow::ages`] counts.
pub const AGES: [Duration; 7] = [
    Duration::from_mins(5),
    Duration::from_mins(15),
    Duration::from_hours(1),
    Duration::from_hours(4),
    Duration::from_hours(12),
    Duration::from_hours(24),
    Duration::from_hours(48),
];

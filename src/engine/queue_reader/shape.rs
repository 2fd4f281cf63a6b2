//! How old the mail of each destination is, as `qshape` shows it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::{Pace, Thrift, sorting};
use crate::clock::Timestamp;
use crate::delivery::Dispatcher;
use crate::engine::{AGES, QueueShape, ShapeRow};
use crate::mail::Domain;
use crate::queue::Filter;

/// How long a shape serves in which only ages have changed: the least bound of an age is five minutes.
const AGEING: Duration = Duration::from_secs(5);

type Ages = [usize; AGES.len() + 1];

/// A shape, and when it was worked out.
pub(super) struct Shape {
    pub(super) shown: QueueShape,
    revision: u64,
    time: Timestamp,
    pace: Pace,
}

impl Shape {
    pub(super) fn new(dispatcher: &Dispatcher, revision: u64, time: Timestamp, thrift: Thrift) -> Self {
        let start = Instant::now();
        let mut by_domain: HashMap<Option<Domain>, Ages> = HashMap::new();
        let mut messages = 0;
        dispatcher.survey(
            &Filter::default(),
            |listed| (listed.leading_domain().cloned(), listed.received()),
            |piece| {
                messages += piece.len();
                for (domain, received) in piece.drain(..) {
                    by_domain.entry(domain).or_default()[class_of(time.since(received))] += 1;
                }
            },
        );
        let names = sorting::destinations(dispatcher, by_domain.keys().flatten());
        let mut rows: HashMap<&str, ShapeRow> = HashMap::new();
        for (domain, ages) in &by_domain {
            let name = domain.as_ref().and_then(|domain| names.get(domain)).map_or("", String::as_str);
            let row = rows.entry(name).or_default();
            for (sum, count) in row.ages.iter_mut().zip(ages) {
                *sum += count;
                row.total += count;
            }
        }
        let mut rows: Vec<ShapeRow> =
            rows.into_iter().map(|(name, row)| ShapeRow { destination: name.to_owned(), ..row }).collect();
        rows.sort_by(|a, b| b.total.cmp(&a.total).then_with(|| a.destination.cmp(&b.destination)));
        Self { shown: QueueShape { rows }, revision, time, pace: thrift.pace(start, messages) }
    }

    /// Whether it still does for now.
    pub(super) fn serves(&self, revision: u64, time: Timestamp) -> bool {
        let is_fresh = self.revision == revision && time.since(self.time) < AGEING;
        is_fresh || self.pace.has_to_serve()
    }
}

fn class_of(age: Duration) -> usize {
    AGES.iter().position(|bound| age <= *bound).unwrap_or(AGES.len())
}

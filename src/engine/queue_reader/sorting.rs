//! The order of a list. What it is sorted by is copied out of the queue in pieces; the sorting holds no lock.

use std::collections::{HashMap, HashSet};

use crate::delivery::Dispatcher;
use crate::engine::SortKey;
use crate::mail::Domain;
use crate::queue::{Filter, Listed, Phase, QueueId, State};

/// The ids of all messages that match, by the key; those of one key in the order of arrival.
#[expect(clippy::redundant_closure_for_method_calls, reason = "a method is not general over the lifetime")]
pub(super) fn sorted(dispatcher: &Dispatcher, filter: &Filter, sort: SortKey) -> Vec<QueueId> {
    match sort {
        SortKey::Received => dispatcher.select(filter),
        SortKey::Sender => by(dispatcher, filter, |listed| Text::new(listed.sender())),
        SortKey::Recipient => {
            by(dispatcher, filter, |listed| listed.recipients().next().map(|recipient| Text::new(recipient.address)))
        }
        SortKey::Size => by(dispatcher, filter, |listed| listed.size()),
        SortKey::State => by(dispatcher, filter, |listed| match listed.phase() {
            Phase::Active => 0_u8,
            Phase::Queued => 1,
            Phase::Held => 2,
        }),
        SortKey::Attempts => by(dispatcher, filter, |listed| listed.attempts()),
        SortKey::Next => by(dispatcher, filter, |listed| (listed.state() == State::Held, listed.next())),
        SortKey::Destination => by_destination(dispatcher, filter),
    }
}

fn by<K: Ord>(dispatcher: &Dispatcher, filter: &Filter, key: impl Fn(Listed<'_>) -> K) -> Vec<QueueId> {
    let mut keyed = Vec::new();
    dispatcher.survey(filter, |listed| (key(listed), listed.id().clone()), |piece| keyed.append(piece));
    in_order(keyed)
}

/// To name a destination takes longer than to copy a domain, so that is done once a domain, and afterwards.
fn by_destination(dispatcher: &Dispatcher, filter: &Filter) -> Vec<QueueId> {
    let mut keyed = Vec::new();
    let pick = |listed: Listed<'_>| (listed.leading_domain().cloned(), listed.id().clone());
    dispatcher.survey(filter, pick, |piece| keyed.append(piece));
    let names = destinations(dispatcher, keyed.iter().filter_map(|(domain, _)| domain.as_ref()));
    let named = keyed.into_iter().map(|(domain, id)| (domain.and_then(|domain| names.get(&domain)), id));
    in_order(named.collect())
}

/// The destination of each of these domains.
pub(super) fn destinations<'a>(
    dispatcher: &Dispatcher,
    domains: impl Iterator<Item = &'a Domain>,
) -> HashMap<Domain, String> {
    let domains: HashSet<&Domain> = domains.collect();
    let domains: Vec<Domain> = domains.into_iter().cloned().collect();
    let found = dispatcher.destinations_of(&domains);
    domains.into_iter().zip(found).collect()
}

fn in_order<K: Ord>(mut keyed: Vec<(K, QueueId)>) -> Vec<QueueId> {
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    keyed.into_iter().map(|(_, id)| id).collect()
}

/// A text as people sort it, capitals beside small letters. Its head lies in the key itself: in a long list most
/// comparisons need no more, and to follow a pointer into cold memory takes the most time of all.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Text {
    head: [u8; 16],
    tail: Box<[u8]>,
}

impl Text {
    fn new(text: &str) -> Self {
        let mut head = [0; 16];
        let (front, back) = text.as_bytes().split_at(text.len().min(head.len()));
        head[..front.len()].copy_from_slice(front);
        head.make_ascii_lowercase();
        Self { head, tail: back.to_ascii_lowercase().into() }
    }
}

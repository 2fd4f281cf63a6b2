//! What delivery tells the ledger: a line of the delivery log per recipient and attempt, and the totals.

use super::attempt::{Attempt, Verdict};
use super::scheduler::Row;
use super::shared::Shared;
use crate::clock::Timestamp;
use crate::ledger::{Event, Record};
use crate::mail::ReversePath;
use crate::queue::{Message, QueueId};

/// What an attempt came to for one recipient.
pub(super) fn attempt(shared: &Shared, id: &QueueId, message: &Message, recipient: usize, attempt: &Attempt) {
    let totals = &shared.context.ledger.totals;
    let event = match attempt.verdict {
        Verdict::Local => {
            totals.dropped_local.add(1);
            Event::Local
        }
        Verdict::PassedOn | Verdict::Relayed => {
            totals.delivered.add(1);
            Event::Delivered
        }
        Verdict::Deferred => {
            totals.deferred.add(1);
            Event::Deferred
        }
        Verdict::Failed => {
            totals.failed.add(1);
            Event::Failed
        }
        Verdict::Expired => {
            totals.failed.add(1);
            Event::Expired
        }
    };
    let now = shared.context.clock.now();
    shared.context.ledger.record(Record {
        recipient: Some(message.envelope.recipients[recipient].address.to_string()),
        host: attempt.remote.as_ref().map(ToString::to_string),
        reply: Some(attempt.reply.to_string()),
        attempt: Some(message.attempts),
        ..of(id, message, event, now)
    });
}

/// A report was committed; `what` says which and to whom.
pub(super) fn reported(shared: &Shared, about: &QueueId, message: &Message, what: String) {
    shared.context.ledger.totals.reports.add(1);
    let now = shared.context.clock.now();
    shared.context.ledger.record(Record { reply: Some(what), ..of(about, message, Event::Reported, now) });
}

/// A message was moved to Badmail.
pub(super) fn badmail(shared: &Shared, id: &QueueId, message: Option<&Message>, reason: &str) {
    shared.context.ledger.totals.badmail.add(1);
    let now = shared.context.clock.now();
    let record = match message {
        Some(message) => of(id, message, Event::Badmail, now),
        None => bare(id, Event::Badmail, now),
    };
    shared.context.ledger.record(Record { reply: Some(reason.to_owned()), ..record });
}

/// A person did something to a message, which looked like this before.
pub(super) fn act(shared: &Shared, id: &QueueId, row: Row, event: Event, actor: &str) {
    let now = shared.context.clock.now();
    let mut recipients = row.recipients.into_iter().map(|recipient| recipient.address);
    let recipient = match (recipients.next(), recipients.len()) {
        (Some(only), 0) => Some(only),
        (Some(first), more) => Some(format!("{first} and {more} more")),
        (None, _) => None,
    };
    shared.context.ledger.record(Record {
        sender: Some(row.sender),
        recipient,
        delay: Some(now.since(row.received)),
        size: Some(row.size),
        actor: Some(actor.to_owned()),
        ..bare(id, event, now)
    });
}

fn of(id: &QueueId, message: &Message, event: Event, now: Timestamp) -> Record {
    let sender = match &message.envelope.sender {
        ReversePath::Null => String::new(),
        ReversePath::Mailbox(address) => address.to_string(),
    };
    Record {
        client: message.origin.client.map(|address| address.to_string()),
        sender: Some(sender),
        delay: Some(now.since(message.received)),
        size: Some(message.size),
        ..bare(id, event, now)
    }
}

fn bare(id: &QueueId, event: Event, now: Timestamp) -> Record {
    Record {
        time: now,
        event,
        id: id.to_string(),
        client: None,
        sender: None,
        recipient: None,
        host: None,
        reply: None,
        delay: None,
        size: None,
        attempt: None,
        actor: None,
    }
}

//! What delivery tells the ledger: a line of the delivery log per recipient and attempt, and the totals.

use super::attempt::{Attempt, Verdict};
use super::report::Kind;
use super::scheduler::Row;
use super::shared::Shared;
use crate::clock::Timestamp;
use crate::ledger::{Event, Record};
use crate::mail::Address;
use crate::queue::{Committed, Message, QueueId};

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

/// A report was committed: it is in the queue from now on, and was made for another message.
pub(super) fn reported(shared: &Shared, report: &Committed, to: &Address, kind: Kind, about: (&QueueId, &Message)) {
    let ledger = &shared.context.ledger;
    ledger.totals.reports.add(1);
    let now = shared.context.clock.now();
    ledger.record(Record { delay: None, ..of(&report.id, &report.message, Event::Accepted, now) });
    let what = format!("{kind} report {} to <{to}>", report.id);
    ledger.record(Record { reply: Some(what), ..of(about.0, about.1, Event::Reported, now) });
}

/// A message was moved to Badmail.
pub(super) fn badmail(shared: &Shared, id: &QueueId, message: Option<&Message>, reason: &str) {
    shared.context.ledger.totals.badmail.add(1);
    let now = shared.context.clock.now();
    let record = match message {
        Some(message) => of(id, message, Event::Badmail, now),
        None => Record::new(now, Event::Badmail, id.as_str()),
    };
    shared.context.ledger.record(Record { reply: Some(reason.to_owned()), ..record });
}

/// A person did something to a message, which looked like this before.
pub(super) fn act(shared: &Shared, id: &QueueId, row: Row, event: Event, actor: &str) {
    let now = shared.context.clock.now();
    shared.context.ledger.record(Record {
        sender: Some(row.sender),
        recipient: all_of(row.recipients.into_iter().map(|recipient| recipient.address)),
        delay: Some(now.since(row.received)),
        size: Some(row.size),
        actor: Some(actor.to_owned()),
        ..Record::new(now, event, id.as_str())
    });
}

/// A person brought a message back that had been deleted.
pub(super) fn restored(shared: &Shared, restored: &Committed, actor: &str) {
    let now = shared.context.clock.now();
    let recipients = &restored.message.envelope.recipients;
    shared.context.ledger.record(Record {
        recipient: all_of(recipients.iter().map(|recipient| recipient.address.to_string())),
        actor: Some(actor.to_owned()),
        ..of(&restored.id, &restored.message, Event::Restored, now)
    });
}

/// The recipients of a message in a few words.
fn all_of(mut recipients: impl ExactSizeIterator<Item = String>) -> Option<String> {
    match (recipients.next(), recipients.len()) {
        (Some(first), more) if more > 0 => Some(format!("{first} and {more} more")),
        (first, _) => first,
    }
}

fn of(id: &QueueId, message: &Message, event: Event, now: Timestamp) -> Record {
    Record {
        client: message.origin.client.map(|address| address.to_string()),
        sender: Some(message.envelope.sender.to_string()),
        delay: Some(now.since(message.received)),
        size: Some(message.size),
        ..Record::new(now, event, id.as_str())
    }
}

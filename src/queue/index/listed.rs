//! One message in the index: its compact record, and the view that turns a record back into words.

use std::sync::Arc;

use super::Phase;
use super::pool::{Pool, Symbol};
use crate::clock::Timestamp;
use crate::mail::Domain;
use crate::queue::filter::Candidate;
use crate::queue::{Message, QueueId, Stamp, State, Status};
use crate::text;

/// The longest reply kept in memory, in characters; the whole one is in the queue file and the delivery log.
const MAX_REPLY: usize = 300;

/// What many records share.
pub(super) struct Pools {
    senders: Pool<Arc<str>>,
    domains: Pool<Domain>,
    replies: Pool<Arc<str>>,
}

/// A message in memory. The addresses of all recipients lie in one text, end to end.
pub(super) struct Record {
    pub(super) id: QueueId,
    addresses: Box<str>,
    recipients: Recipients,
    pub(super) received: Timestamp,
    pub(super) next: Timestamp,
    pub(super) stamp: Stamp,
    size: u64,
    sender: Symbol,
    last_reply: Option<Symbol>,
    attempts: u32,
    state: State,
    pub(super) active: bool,
    delay_reported: bool,
}

/// Most messages have one recipient; it costs no allocation of its own.
enum Recipients {
    One(Recipient),
    Many(Box<[Recipient]>),
}

#[derive(Clone, Copy)]
struct Recipient {
    /// Where its address ends in the text; it starts where the one before ends.
    end: u32,
    domain: Symbol,
    reply: Option<Symbol>,
    status: Status,
}

impl Pools {
    pub(super) fn new() -> Self {
        Self { senders: Pool::new(), domains: Pool::new(), replies: Pool::new() }
    }

    fn reply(&mut self, reply: &str) -> Symbol {
        // A shorter text in octets has no more characters, and needs no counting.
        if reply.len() <= MAX_REPLY {
            self.replies.intern(reply, Arc::from)
        } else {
            self.replies.intern(text::shortened(reply, MAX_REPLY).as_str(), Arc::from)
        }
    }
}

impl Record {
    pub(super) fn new(id: QueueId, message: &Message, stamp: Stamp, pools: &mut Pools) -> Self {
        let mut addresses = String::new();
        let mut recipient = |(recipient, progress): (&crate::mail::Recipient, &crate::queue::Progress)| {
            addresses.push_str(recipient.address.as_str());
            Recipient {
                end: u32::try_from(addresses.len()).unwrap_or(u32::MAX),
                domain: pools.domains.intern(recipient.address.domain(), Domain::clone),
                reply: progress.reply.as_deref().map(|reply| pools.reply(reply)),
                status: progress.status,
            }
        };
        let mut each = message.envelope.recipients.iter().zip(&message.progress);
        let recipients = match (each.next(), each.len()) {
            (Some(only), 0) => Recipients::One(recipient(only)),
            (first, _) => Recipients::Many(first.into_iter().chain(each).map(recipient).collect()),
        };
        let sender = message.envelope.sender.mailbox().map_or("", |mailbox| mailbox.as_str());
        Self {
            id,
            addresses: addresses.into(),
            recipients,
            received: message.received,
            next: message.next,
            stamp,
            size: message.size,
            sender: pools.senders.intern(sender, Arc::from),
            last_reply: message.last_reply.as_deref().map(|reply| pools.reply(reply)),
            attempts: message.attempts,
            state: message.state,
            active: false,
            delay_reported: message.delay_reported,
        }
    }

    /// Gives back what the record shared.
    pub(super) fn release(&self, pools: &mut Pools) {
        pools.senders.release(self.sender);
        for recipient in self.recipients.as_slice() {
            pools.domains.release(recipient.domain);
        }
        let replies = self.recipients.as_slice().iter().map(|recipient| recipient.reply);
        for reply in replies.chain([self.last_reply]).flatten() {
            pools.replies.release(reply);
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.state {
            _ if self.active => Phase::Active,
            State::Queued => Phase::Queued,
            State::Held => Phase::Held,
        }
    }
}

impl Recipients {
    fn as_slice(&self) -> &[Recipient] {
        match self {
            Self::One(recipient) => std::slice::from_ref(recipient),
            Self::Many(recipients) => recipients,
        }
    }
}

/// A message as the index knows it.
#[derive(Clone, Copy)]
pub struct Listed<'a> {
    record: &'a Record,
    pools: &'a Pools,
}

/// A recipient of an [`Listed`].
#[derive(Clone, Copy, Debug)]
pub struct ListedRecipient<'a> {
    /// The mailbox, as it was written.
    pub address: &'a str,
    /// Its domain in normal form.
    pub domain: &'a Domain,
    /// Whether it still waits.
    pub status: Status,
    /// What was last said of it.
    pub reply: Option<&'a str>,
}

impl<'a> Listed<'a> {
    pub(super) fn new(record: &'a Record, pools: &'a Pools) -> Self {
        Self { record, pools }
    }

    /// The queue id.
    pub fn id(self) -> &'a QueueId {
        &self.record.id
    }

    /// The sender without brackets; the null path is the empty text.
    pub fn sender(self) -> &'a str {
        self.pools.senders.get(self.record.sender).map_or("", |sender| &**sender)
    }

    /// The recipients in the order of the envelope.
    pub fn recipients(self) -> impl Iterator<Item = ListedRecipient<'a>> {
        let mut start = 0;
        self.record.recipients.as_slice().iter().filter_map(move |recipient| {
            let end = recipient.end as usize;
            let address = self.record.addresses.get(std::mem::replace(&mut start, end)..end)?;
            let domain = self.pools.domains.get(recipient.domain)?;
            Some(ListedRecipient { address, domain, status: recipient.status, reply: self.reply(recipient.reply) })
        })
    }

    /// The domain of the first recipient that still waits, else of the first one: what decides where it goes next.
    pub fn leading_domain(self) -> Option<&'a Domain> {
        let waits = self.recipients().find(|recipient| recipient.status == Status::Pending);
        waits.or_else(|| self.recipients().next()).map(|recipient| recipient.domain)
    }

    /// The state shown in lists.
    pub fn phase(self) -> Phase {
        self.record.phase()
    }

    /// Whether a person holds it, which it may be even while an attempt is still under way.
    pub fn state(self) -> State {
        self.record.state
    }

    /// When it was accepted.
    pub fn received(self) -> Timestamp {
        self.record.received
    }

    /// When it is tried next.
    pub fn next(self) -> Timestamp {
        self.record.next
    }

    /// Octets of content.
    pub fn size(self) -> u64 {
        self.record.size
    }

    /// Attempts made so far.
    pub fn attempts(self) -> u32 {
        self.record.attempts
    }

    /// Whether its sender was told of the delay.
    pub fn delay_reported(self) -> bool {
        self.record.delay_reported
    }

    /// What was last said of it, shortened to 300 characters.
    pub fn last_reply(self) -> Option<&'a str> {
        self.reply(self.record.last_reply)
    }

    /// What its file looked like when it was last read or written.
    pub fn stamp(self) -> Stamp {
        self.record.stamp
    }

    fn reply(self, symbol: Option<Symbol>) -> Option<&'a str> {
        symbol.and_then(|symbol| self.pools.replies.get(symbol)).map(|reply| &**reply)
    }
}

impl Candidate for Listed<'_> {
    fn id(&self) -> &str {
        self.record.id.as_str()
    }

    fn sender(&self) -> &str {
        (*self).sender()
    }

    fn recipients(&self) -> impl Iterator<Item = (&str, &Domain)> {
        (*self).recipients().map(|recipient| (recipient.address, recipient.domain))
    }

    fn phase(&self) -> Option<Phase> {
        Some((*self).phase())
    }

    fn received(&self) -> Timestamp {
        self.record.received
    }

    fn size(&self) -> u64 {
        self.record.size
    }

    fn last_reply(&self) -> Option<&str> {
        (*self).last_reply()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_one_recipient_costs_what_the_budget_says() {
        assert_eq!(size_of::<Option<Record>>(), 112);
        assert_eq!(size_of::<Recipient>(), 16);
    }
}

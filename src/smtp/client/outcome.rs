//! What became of each recipient, while a transaction runs and after it.

use super::Extensions;
use super::transaction::{Transaction, recipient_refusal};
use crate::mail::{Domain, EnhancedStatus, Reply, Severity};

/// What became of a transaction that was carried through.
#[derive(Debug)]
pub struct Outcome {
    /// What became of each recipient, in the order of the transaction.
    pub recipients: Vec<RecipientOutcome>,
    /// The connection may carry another transaction.
    pub reusable: bool,
    /// The next hop knows DSN and was told the parameters, so that it reports success itself (RFC 3461 5.2.2).
    pub dsn_passed_on: bool,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipientOutcome {
    /// The next hop is responsible now.
    Delivered(Reply),
    /// To be tried later: 4xx for this recipient or the whole transaction, or 552 to RCPT, which RFC 5321
    /// 4.5.3.1.10 asks to take as a 4xx; the reply may have such a code.
    Deferred(Reply),
    /// 5xx, or what cannot be sent honestly (8-bit, SMTPUTF8, SIZE).
    Failed(Reply),
    /// Not taken into this transaction, since the server's limit of recipients was reached: to be tried at once in
    /// another. Others of the same transaction were taken, so that this comes to an end.
    Untried,
}

/// The recipients of a running transaction.
pub(super) struct Progress {
    standings: Vec<Standing>,
    accepted: usize,
    /// The server said that it takes no more recipients.
    full: bool,
    /// The server gave an answer that settles a recipient.
    answered: bool,
}

#[derive(Clone)]
enum Standing {
    /// To be told to the server.
    Ready,
    /// Beyond the limit.
    Left,
    /// RCPT succeeded.
    Accepted,
    Settled(RecipientOutcome),
}

impl Progress {
    /// Settles what cannot be sent, and leaves for another transaction what goes beyond the server's own limits
    /// (RFC 9422).
    pub(super) fn new(transaction: &Transaction<'_>, offered: &Extensions) -> Self {
        let whole = transaction.refusal(offered);
        let mut room = Room { recipients: 0, domains: Vec::new() };
        let standings = transaction.recipients.iter().map(|recipient| {
            match whole.clone().or_else(|| recipient_refusal(recipient, offered)) {
                Some(refusal) => Standing::Settled(RecipientOutcome::Failed(refusal)),
                None if room.take(recipient.address.domain(), offered) => Standing::Ready,
                None => Standing::Left,
            }
        });
        Self { standings: standings.collect(), accepted: 0, full: false, answered: false }
    }

    /// The recipients among these still to be told to the server.
    pub(super) fn ready(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = usize> + '_ {
        range.filter(|&i| matches!(self.standings[i], Standing::Ready))
    }

    /// How many RCPT succeeded.
    pub(super) fn accepted(&self) -> usize {
        self.accepted
    }

    /// Whether no further recipients should be told to the server.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Whether the server's answer settled any recipient.
    pub(super) fn is_answered(&self) -> bool {
        self.answered
    }

    /// Takes the reply to RCPT.
    pub(super) fn answer(&mut self, recipient: usize, reply: Reply) {
        self.standings[recipient] = match reply.severity() {
            Severity::Success => {
                self.accepted += 1;
                Standing::Accepted
            }
            // Without one accepted recipient there is no progress, and trying again at once would not end.
            _ if self.accepted > 0 && is_recipient_limit(&reply) => {
                self.full = true;
                Standing::Left
            }
            _ => {
                self.answered = true;
                Standing::Settled(refused_recipient(reply))
            }
        };
    }

    /// Takes a reply that speaks for the whole transaction: settles all recipients not settled yet.
    pub(super) fn answer_all(&mut self, reply: &Reply) {
        self.answered = true;
        self.settle(reply, |standing| !matches!(standing, Standing::Settled(_)));
    }

    /// Takes the reply to DATA or to the end of data: settles the accepted recipients.
    pub(super) fn answer_accepted(&mut self, reply: &Reply) {
        self.answered = true;
        self.settle(reply, |standing| matches!(standing, Standing::Accepted));
    }

    pub(super) fn finish(self) -> Vec<RecipientOutcome> {
        let outcome = |standing| match standing {
            Standing::Settled(outcome) => outcome,
            Standing::Ready | Standing::Left | Standing::Accepted => RecipientOutcome::Untried,
        };
        self.standings.into_iter().map(outcome).collect()
    }

    fn settle(&mut self, reply: &Reply, which: impl Fn(&Standing) -> bool) {
        for standing in self.standings.iter_mut().filter(|standing| which(standing)) {
            *standing = Standing::Settled(match reply.severity() {
                Severity::Success => RecipientOutcome::Delivered(reply.clone()),
                Severity::Permanent => RecipientOutcome::Failed(reply.clone()),
                Severity::Transient | Severity::Intermediate => RecipientOutcome::Deferred(reply.clone()),
            });
        }
    }
}

/// The room of one transaction, as the server limits it.
struct Room<'a> {
    recipients: u32,
    domains: Vec<&'a Domain>,
}

impl<'a> Room<'a> {
    fn take(&mut self, domain: &'a Domain, offered: &Extensions) -> bool {
        if offered.rcpt_max.is_some_and(|max| self.recipients >= max) {
            return false;
        }
        if let Some(max) = offered.rcpt_domain_max
            && !self.domains.contains(&domain)
        {
            if self.domains.len() >= usize::try_from(max).unwrap_or(usize::MAX) {
                return false;
            }
            self.domains.push(domain);
        }
        self.recipients += 1;
        true
    }
}

/// "Too many recipients" (RFC 5321 4.5.3.1.10; RFC 3463 X.5.3), which is nothing against this recipient. X.2.2, a
/// full mailbox, has the same codes and is.
fn is_recipient_limit(reply: &Reply) -> bool {
    let detail = reply.status.map(|status| status.with_class(4));
    match reply.code {
        452 | 552 => detail != Some(MAILBOX_FULL),
        _ => detail == Some(TOO_MANY_RECIPIENTS),
    }
}

fn refused_recipient(reply: Reply) -> RecipientOutcome {
    let full = reply.status.is_some_and(|status| status.with_class(4) == MAILBOX_FULL);
    match reply.severity() {
        Severity::Permanent if reply.code != 552 || full => RecipientOutcome::Failed(reply),
        _ => RecipientOutcome::Deferred(reply),
    }
}

const MAILBOX_FULL: EnhancedStatus = EnhancedStatus::new(4, 2, 2);
const TOO_MANY_RECIPIENTS: EnhancedStatus = EnhancedStatus::new(4, 5, 3);

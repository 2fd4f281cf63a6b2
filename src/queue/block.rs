//! The envelope block: the lines at the top of every file in Pickup, Queue, Badmail and Drop (design, section 3).
//!
//! ```text
//! x-mailroot: v1 len=000000412 state=queued attempts=0003 next=2026-11-24T11:15:03Z delayed=0 size=000000004123 ...
//! x-sender: <app@corp.example>
//! x-receiver: <bob@example.com> status=pending   notify=failure orcpt=rfc822;bob@example.com
//! x-receiver: <eve@example.net> status=delivered
//! x-last-reply: 451 4.7.1 Greylisted (mx1.example.net)
//! Received: ...
//! ```
//!
//! Written strictly: every field that changes while a message waits has a fixed width, so a new state is written over
//! the old one and the file never grows. What follows the block is a `Received:` line of ours, so that a message
//! whose own first lines look like a block can add nothing to it.
//!
//! Read leniently: a hand-made block needs only `x-sender` and `x-receiver` lines, in any order and case, with LF or
//! CRLF, with or without angle brackets. Unknown keys and `x-mailroot-…` lines are passed over: a later version may
//! write them within `v1`. A power cut can leave half of an unsynced state change on disk; only the word behind a
//! recipient's `status=` can then be torn, and a word that is none means `pending`: a second copy at worst.

mod parse;
mod render;

pub(super) use parse::{Extent, continues, measure, reason};
pub(super) use render::{Rendered, reason_line, render, render_for_drop};

use super::message::{Message, Origin, Progress, State, Status, Via};
use crate::clock::Timestamp;
use crate::mail::{Body, Domain, Envelope, Recipient, Return, ReversePath, Xtext};

/// Longest block that is read: hundreds of thousands of recipients.
pub(super) const MAX_BLOCK: usize = 32 << 20;
/// Octets kept for the last reply.
const REPLY_WIDTH: usize = 160;

/// What an envelope block says; everything but the version may be missing from a hand-made one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// `x-sender`.
    pub sender: Option<ReversePath>,
    /// `x-receiver`, and how far each is.
    pub recipients: Vec<(Recipient, Status)>,
    /// `len`, as it says: wrong after an edit by hand.
    pub len: Option<usize>,
    /// `state`.
    pub state: State,
    /// `attempts`.
    pub attempts: u32,
    /// `next`.
    pub next: Option<Timestamp>,
    /// `delayed`.
    pub delay_reported: bool,
    /// `size`: octets of content when the file was last written by us.
    pub size: Option<u64>,
    /// `received`.
    pub received: Option<Timestamp>,
    /// `via`, `client`, `helo`, `user`.
    pub origin: Option<Origin>,
    /// `body`.
    pub body: Body,
    /// `smtputf8`.
    pub smtputf8: bool,
    /// `envid`.
    pub envid: Option<Xtext>,
    /// `ret`.
    pub ret: Option<Return>,
    /// `x-last-reply`.
    pub last_reply: Option<Box<str>>,
    /// `x-reason`.
    pub reason: Option<Box<str>>,
}

/// Why a block cannot be read, as it will stand behind `x-reason:`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// The file does not start with a block.
    #[error("it has no envelope, that is no x-sender and x-receiver lines at its top")]
    NoEnvelope,
    /// Written by another version of the format.
    #[error("its envelope is of version {0:?}, which this program does not know")]
    Version(Box<str>),
    /// The file ends inside the block.
    #[error("it ends in the middle of its envelope")]
    CutOff,
    /// More than 32 MiB.
    #[error("its envelope is too long")]
    TooLong,
    /// One line is wrong.
    #[error("line {line} of its envelope: {what}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: Box<str>,
    },
    /// No `x-sender`.
    #[error("its envelope has no sender (x-sender)")]
    NoSender,
    /// No `x-receiver`.
    #[error("its envelope has no recipient (x-receiver)")]
    NoRecipient,
}

impl Block {
    /// Reads the block at the start of a whole file. The second value is its length in octets.
    pub fn parse(file: &[u8]) -> Result<(Self, usize), BlockError> {
        match parse::parse(file, true, None)? {
            Extent::Whole(parsed) => Ok(parsed),
            Extent::MoreThan(_) => Err(BlockError::CutOff),
        }
    }

    /// Reads the block at the start of a file of which only the first octets are at hand.
    pub(super) fn parse_head(head: &[u8], is_all: bool) -> Result<Extent<(Self, usize)>, BlockError> {
        parse::parse(head, is_all, None)
    }

    /// The same for a file of Pickup, where an address without a domain is one of ours, and no block is an empty one.
    pub(super) fn parse_submitted(
        head: &[u8],
        is_all: bool,
        default_domain: &Domain,
    ) -> Result<Extent<(Self, usize)>, BlockError> {
        match parse::parse(head, is_all, Some(default_domain)) {
            Err(BlockError::NoEnvelope) => Ok(Extent::Whole((Self::default(), parse::byte_order_mark(head)))),
            parsed => parsed,
        }
    }

    /// The message this block and `size` octets of content make. What a hand-made block leaves out is filled in:
    /// received when the file was last `touched`, due at once.
    pub fn into_message(self, size: u64, touched: Timestamp) -> Result<Message, BlockError> {
        let sender = self.sender.ok_or(BlockError::NoSender)?;
        if self.recipients.is_empty() {
            return Err(BlockError::NoRecipient);
        }
        let needs_utf8 = |address: &crate::mail::Address| address.needs_smtputf8();
        let smtputf8 = self.smtputf8
            || sender.mailbox().is_some_and(needs_utf8)
            || self.recipients.iter().any(|(recipient, _)| needs_utf8(&recipient.address));
        let received = self.received.unwrap_or(touched);
        let progress = self.recipients.iter().map(|&(_, status)| Progress { status, reply: None }).collect();
        let recipients = self.recipients.into_iter().map(|(recipient, _)| recipient).collect();
        Ok(Message {
            envelope: Envelope { sender, recipients, body: self.body, smtputf8, envid: self.envid, ret: self.ret },
            progress,
            origin: self.origin.unwrap_or(Origin { via: Via::Hand, ..Origin::default() }),
            received,
            size,
            state: self.state,
            attempts: self.attempts,
            next: self.next.unwrap_or(received),
            delay_reported: self.delay_reported,
            last_reply: self.last_reply,
        })
    }
}

#[cfg(test)]
mod tests;

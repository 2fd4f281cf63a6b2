//! Reading a file of Pickup: its envelope, and what of it becomes content.
//!
//! A file is read twice, from one handle and in pieces: once to see whether it may be sent and what its envelope
//! must say, once to send it. Memory holds its envelope and at most 64 KB of its header.

use std::collections::HashSet;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::header::{Header, HeaderError, MAX_HEADER};
use super::{MAX_RECIPIENTS, Rules};
use crate::clock::Timestamp;
use crate::mail::{Address, Body, Envelope, HopCounter, Recipient};
use crate::queue::block::{Block, BlockError};
use crate::queue::content::Content;
use crate::queue::error::ReadError;
use crate::queue::pool::Workers;
use crate::queue::read;
use crate::queue::store::{Stamp, StoredFile};
use crate::queue::{QueueId, Status};

/// Octets of envelope read at most: [`MAX_RECIPIENTS`] of the longest.
const MAX_ENVELOPE: usize = 8 << 20;

/// A file that can be sent.
pub(super) struct Submission {
    pub(super) envelope: Envelope,
    /// Where the message begins in the file.
    pub(super) start: u64,
    /// Octets of the message in normal form.
    pub(super) size: u64,
    /// `None` for a message we had before, which is sent on as it is.
    pub(super) header: Option<NewHeader>,
}

/// The header of a new message as it is sent: without what is private, with what is missing.
pub(super) struct NewHeader {
    fields: Vec<u8>,
    lacks_date: bool,
    lacks_message_id: bool,
    /// Octets of the message, in normal form, whose place it takes.
    pub(super) replaces: u64,
}

/// Why a file cannot be sent, as it will stand behind `x-reason:`.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0}")]
    Envelope(String),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("it has more than {MAX_RECIPIENTS} recipients")]
    TooManyRecipients,
    #[error("all its recipients have it already")]
    NobodyWaits,
    #[error("it is larger than messages.max_message_size allows ({0} octets)")]
    TooLarge(u64),
    #[error("it holds NUL characters; if it is a text, save it as UTF-8")]
    Nul,
    #[error("it went round in a loop: {0} Received fields")]
    Loop(u32),
    #[error("its header cannot be read")]
    Unreadable,
}

/// Reads an opened file; hands it back with what it holds.
pub(super) async fn read(
    file: Box<dyn StoredFile>,
    stamp: Stamp,
    rules: &Rules,
    workers: &Workers,
) -> io::Result<(Box<dyn StoredFile>, Result<Submission, Refusal>)> {
    let default_domain = rules.default_domain.clone();
    let work = move || {
        let parse = |head: &[u8], is_all| match Block::parse_submitted(head, is_all, &default_domain) {
            _ if head.len() > MAX_ENVELOPE => Err(BlockError::TooLong),
            parsed => parsed,
        };
        let read = read::with_head(&*file, stamp.size, parse);
        Ok((file, read))
    };
    let (file, block) = workers.run(work).await?;
    let (block, start) = match block {
        Ok((block, length)) => (block, length as u64),
        Err(ReadError::Malformed(reason)) => return Ok((file, Err(Refusal::Envelope(reason)))),
        Err(ReadError::Io(error)) => return Err(error),
        Err(ReadError::Gone) => return Err(io::ErrorKind::NotFound.into()),
    };
    if let Some(max) = rules.max_size.filter(|&max| stamp.size.saturating_sub(start) > max) {
        return Ok((file, Err(Refusal::TooLarge(max))));
    }
    let mut content = Content::file(file, start, workers.clone());
    let survey = Survey::of(&mut content, &rules.instance).await?;
    let file = content.into_file().ok_or_else(|| io::Error::other("the file was lost while it was read"))?;
    Ok((file, guarded(|| survey.judge(block, start, rules))))
}

impl NewHeader {
    fn new(header: &Header<'_>) -> Self {
        Self {
            fields: header.public().collect::<Vec<_>>().concat(),
            lacks_date: !header.has("Date"),
            lacks_message_id: !header.has("Message-ID"),
            replaces: header.body_at as u64,
        }
    }

    /// The header with its empty line. Whoever submits a message may leave the date and the id to us
    /// (RFC 6409 8.1, 8.3).
    pub(super) fn render(&self, id: &QueueId, rules: &Rules, now: Timestamp) -> Vec<u8> {
        let mut header = self.fields.clone();
        if self.lacks_date {
            header.extend_from_slice(format!("Date: {}\r\n", now.rfc5322()).as_bytes());
        }
        if self.lacks_message_id {
            header.extend_from_slice(format!("Message-ID: <{id}@{}>\r\n", rules.hostname).as_bytes());
        }
        header.extend_from_slice(b"\r\n");
        header
    }
}

/// Should reading a header ever panic, its file goes to Badmail, where it would else be tried again for ever.
fn guarded<T>(read: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or(Err(Refusal::Unreadable))
}

/// What a first reading of the content shows.
struct Survey {
    /// The beginning, longer than any header may be.
    start: Vec<u8>,
    size: u64,
    has_eight_bit: bool,
    has_nul: bool,
    hops: u32,
}

impl Survey {
    async fn of(content: &mut Content, instance: &str) -> io::Result<Self> {
        let mut survey = Self { start: Vec::new(), size: 0, has_eight_bit: false, has_nul: false, hops: 0 };
        let mut hops = HopCounter::new(instance);
        while let Some(piece) = content.next().await? {
            let room = (MAX_HEADER + 1).saturating_sub(survey.start.len());
            survey.start.extend_from_slice(&piece[..piece.len().min(room)]);
            survey.size += piece.len() as u64;
            survey.has_eight_bit |= !piece.is_ascii();
            survey.has_nul |= memchr::memchr(0, &piece).is_some();
            hops.see(&piece);
        }
        survey.hops = hops.hops();
        Ok(survey)
    }

    /// What the file amounts to.
    fn judge(&self, block: Block, start: u64, rules: &Rules) -> Result<Submission, Refusal> {
        if self.has_nul {
            return Err(Refusal::Nul);
        }
        if let Some(max) = rules.max_size.filter(|&max| self.size > max) {
            return Err(Refusal::TooLarge(max));
        }
        if self.hops > rules.max_hops {
            return Err(Refusal::Loop(self.hops));
        }
        // Only files of ours have an x-mailroot line, which tells the origin.
        let is_ours = block.origin.is_some();
        let is_addressed = block.sender.is_some() && !block.recipients.is_empty();
        let header = if is_ours && is_addressed {
            None
        } else {
            Some(Header::parse(&self.start, self.start.len() as u64 == self.size)?)
        };
        Ok(Submission {
            envelope: self.envelope(block, header.as_ref(), rules)?,
            start,
            size: self.size,
            header: header.as_ref().map(NewHeader::new),
        })
    }

    /// The envelope: what the block says and, where it says nothing, what the header says.
    fn envelope(&self, block: Block, header: Option<&Header<'_>>, rules: &Rules) -> Result<Envelope, Refusal> {
        let sender = match (block.sender, header) {
            (Some(sender), _) => sender,
            (None, Some(header)) => header.sender(&rules.default_domain)?,
            (None, None) => return Err(HeaderError::NoSender.into()),
        };
        let recipients = match header {
            Some(header) if block.recipients.is_empty() => header.recipients(&rules.default_domain)?,
            _ => waiting(block.recipients)?,
        };
        if recipients.len() > MAX_RECIPIENTS {
            return Err(Refusal::TooManyRecipients);
        }
        let mailboxes = recipients.iter().map(|recipient| &recipient.address).chain(sender.mailbox());
        let smtputf8 = block.smtputf8 || mailboxes.into_iter().any(Address::needs_smtputf8);
        let body = if self.has_eight_bit { Body::EightBit } else { block.body };
        Ok(Envelope { sender, recipients, body, smtputf8, envid: block.envid, ret: block.ret })
    }
}

/// The recipients still to be served, each once: the pending ones. Where none is, as in a file of Badmail that was
/// refused everywhere, whoever brings it here wants it tried again for those that failed.
fn waiting(recipients: Vec<(Recipient, Status)>) -> Result<Vec<Recipient>, Refusal> {
    let is_pending = |(_, status): &(Recipient, Status)| *status == Status::Pending;
    let wanted = if recipients.iter().any(is_pending) { Status::Pending } else { Status::Failed };
    let mut seen = HashSet::new();
    let of_wanted = recipients.into_iter().filter(|(_, status)| *status == wanted).map(|(recipient, _)| recipient);
    let waiting: Vec<_> = of_wanted.filter(|recipient| seen.insert(recipient.address.clone())).collect();
    if waiting.is_empty() { Err(Refusal::NobodyWaits) } else { Ok(waiting) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_header_parser_refuses_the_file() {
        assert!(matches!(guarded::<()>(|| panic!("as the test wants it")), Err(Refusal::Unreadable)));
    }
}

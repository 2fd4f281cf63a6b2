//! Reading a block.

use std::borrow::Cow;

use super::{Block, BlockError, MAX_BLOCK};
use crate::clock::Timestamp;
use crate::mail::{Address, Body, Domain, Recipient, Return, ReversePath, Xtext};
use crate::queue::message::{Origin, State, Status, Via};
use crate::text;

/// What editors put before text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The longest name of a field with its colon, and then some.
const LOOKAHEAD: usize = 64;

/// Whether the octets at hand hold all of something.
pub(in crate::queue) enum Extent<T> {
    /// They do.
    Whole(T),
    /// At least so many octets of the file are needed.
    MoreThan(usize),
}

/// The lines of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Mailroot,
    Sender,
    Receiver,
    LastReply,
    Reason,
    /// `x-mailroot-…`, of a later version.
    Later,
}

const FIELDS: [(&[u8], Field); 5] = [
    (b"x-mailroot:", Field::Mailroot),
    (b"x-sender:", Field::Sender),
    (b"x-receiver:", Field::Receiver),
    (b"x-last-reply:", Field::LastReply),
    (b"x-reason:", Field::Reason),
];
const LATER: &[u8] = b"x-mailroot-";

/// The length of the block, without a look at what it says. No block has length 0.
pub(in crate::queue) fn measure(head: &[u8], is_all: bool) -> Result<Extent<usize>, BlockError> {
    let mut lines = Lines::new(head, is_all);
    while lines.next()?.is_some() {}
    Ok(if lines.is_short { Extent::MoreThan(head.len() * 2) } else { Extent::Whole(lines.at) })
}

/// Whether content begins with a line that would be read as part of a block before it.
pub(in crate::queue) fn continues(content: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', content).unwrap_or(content.len());
    recognise(&content[..end]).is_some()
}

/// The block at the start of `head`. `default_domain` completes addresses without a domain.
pub(super) fn parse(
    head: &[u8],
    is_all: bool,
    default_domain: Option<&Domain>,
) -> Result<Extent<(Block, usize)>, BlockError> {
    let mut lines = Lines::new(head, is_all);
    let mut block = Block::default();
    let mut number = 0;
    while let Some((field, value)) = lines.next()? {
        number += 1;
        read_field(&mut block, field, value, default_domain).map_err(|error| match error {
            FieldError::Version(version) => BlockError::Version(version),
            FieldError::Wrong(what) => BlockError::Line { line: number, what },
        })?;
        if number == 1 && field == Field::Mailroot && !is_all {
            // `len` tells how much to read before anything more is looked at.
            let wanted = block.len.map_or(0, |len| len.min(MAX_BLOCK) + LOOKAHEAD);
            if wanted > head.len() {
                return Ok(Extent::MoreThan(wanted));
            }
        }
    }
    if number == 0 && !lines.is_short {
        return Err(BlockError::NoEnvelope);
    }
    Ok(if lines.is_short { Extent::MoreThan(head.len() * 2) } else { Extent::Whole((block, lines.at)) })
}

/// The length of a byte order mark at the start of a file.
pub(super) fn byte_order_mark(head: &[u8]) -> usize {
    if head.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

/// The reason in a block, whatever is wrong with its other lines.
pub(in crate::queue) fn reason(head: &[u8]) -> Option<Box<str>> {
    let mut lines = Lines::new(head, true);
    while let Ok(Some((field, value))) = lines.next() {
        if field == Field::Reason {
            return one_line(value);
        }
    }
    None
}

/// Walks the run of block lines at the start of a file.
struct Lines<'a> {
    head: &'a [u8],
    is_all: bool,
    at: usize,
    /// The run may go on behind the octets at hand.
    is_short: bool,
}

impl<'a> Lines<'a> {
    fn new(head: &'a [u8], is_all: bool) -> Self {
        Self { head, is_all, at: byte_order_mark(head), is_short: false }
    }

    /// The next line of the run, without its line end.
    fn next(&mut self) -> Result<Option<(Field, &'a [u8])>, BlockError> {
        if self.at > MAX_BLOCK {
            return Err(BlockError::TooLong);
        }
        let rest = &self.head[self.at..];
        let Some(end) = memchr::memchr(b'\n', &rest[..rest.len().min(MAX_BLOCK)]) else {
            return self.unended(rest);
        };
        let line = &rest[..end];
        let Some((field, value)) = recognise(line) else { return Ok(None) };
        self.at += end + 1;
        Ok(Some((field, value.strip_suffix(b"\r").unwrap_or(value))))
    }

    /// What stands behind the last line end at hand.
    fn unended(&mut self, rest: &[u8]) -> Result<Option<(Field, &'a [u8])>, BlockError> {
        let belongs = recognise(rest).is_some();
        if belongs && rest.len() >= MAX_BLOCK {
            return Err(BlockError::TooLong);
        }
        if self.is_all {
            return if belongs { Err(BlockError::CutOff) } else { Ok(None) };
        }
        self.is_short = belongs || could_become_one(rest);
        Ok(None)
    }
}

fn recognise(line: &[u8]) -> Option<(Field, &[u8])> {
    let starts = |name: &[u8]| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    for (name, field) in FIELDS {
        if starts(name) {
            return Some((field, &line[name.len()..]));
        }
    }
    let is_later = starts(LATER) && line[LATER.len()..].contains(&b':');
    is_later.then_some((Field::Later, &[]))
}

fn could_become_one(start: &[u8]) -> bool {
    let agrees = |name: &[u8]| {
        let common = name.len().min(start.len());
        name[..common].eq_ignore_ascii_case(&start[..common])
    };
    FIELDS.iter().any(|(name, _)| start.len() < name.len() && agrees(name)) || agrees(LATER)
}

enum FieldError {
    Version(Box<str>),
    Wrong(Box<str>),
}

fn wrong(what: &str, value: &str) -> FieldError {
    FieldError::Wrong(format!("{what}: {}", text::shortened(value, 80)).into())
}

fn read_field(
    block: &mut Block,
    field: Field,
    value: &[u8],
    default_domain: Option<&Domain>,
) -> Result<(), FieldError> {
    match field {
        Field::Later => Ok(()),
        Field::LastReply => {
            block.last_reply = one_line(value);
            Ok(())
        }
        Field::Reason => {
            // The latest reason is put in front of those from before.
            block.reason = block.reason.take().or_else(|| one_line(value));
            Ok(())
        }
        Field::Mailroot => read_state(block, as_text(value)?),
        Field::Sender => {
            let (path, _) = take_path(as_text(value)?)?;
            let sender = match path {
                "" => ReversePath::Null,
                path => ReversePath::Mailbox(mailbox(path, default_domain)?),
            };
            if block.sender.replace(sender).is_some() {
                return Err(FieldError::Wrong("a second x-sender".into()));
            }
            Ok(())
        }
        Field::Receiver => {
            let (path, rest) = take_path(as_text(value)?)?;
            block.recipients.push(read_recipient(mailbox(path, default_domain)?, rest)?);
            Ok(())
        }
    }
}

fn read_state(block: &mut Block, line: &str) -> Result<(), FieldError> {
    let mut words = line.split_ascii_whitespace();
    match words.next() {
        Some(version) if version.eq_ignore_ascii_case("v1") => {}
        other => return Err(FieldError::Version(text::shortened(other.unwrap_or_default(), 20).into())),
    }
    let mut origin = Origin { via: Via::Hand, ..Origin::default() };
    for (key, value) in words.filter_map(|word| word.split_once('=')) {
        let bad = || wrong("not understood", &format!("{key}={value}"));
        match key.to_ascii_lowercase().as_str() {
            "len" => block.len = Some(value.parse().map_err(|_| bad())?),
            "state" => block.state = read_word(value, &STATES).ok_or_else(bad)?,
            "attempts" => block.attempts = value.parse().map_err(|_| bad())?,
            "next" => block.next = Some(read_time(value).ok_or_else(bad)?),
            "delayed" => block.delay_reported = read_word(value, &SWITCH).ok_or_else(bad)?,
            "size" => block.size = Some(value.parse().map_err(|_| bad())?),
            "received" => block.received = Some(read_time(value).ok_or_else(bad)?),
            "via" => origin.via = read_word(value, &Via::ALL.map(|via| (via.as_str(), via))).ok_or_else(bad)?,
            "client" => origin.client = Some(value.parse().map_err(|_| bad())?),
            "helo" => origin.helo = Some(read_name(value).ok_or_else(bad)?),
            "user" => origin.user = Some(read_name(value).ok_or_else(bad)?),
            "body" => block.body = read_word(value, &BODIES).ok_or_else(bad)?,
            "smtputf8" => block.smtputf8 = read_word(value, &SWITCH).ok_or_else(bad)?,
            "ret" => block.ret = Some(read_word(value, &RETURNS).ok_or_else(bad)?),
            "envid" => block.envid = Some(Xtext::parse(value).map_err(|_| bad())?),
            _ => {}
        }
    }
    block.origin = Some(origin);
    Ok(())
}

const STATES: [(&str, State); 4] =
    [("queued", State::Queued), ("active", State::Queued), ("held", State::Held), ("hold", State::Held)];
const SWITCH: [(&str, bool); 2] = [("0", false), ("1", true)];
const BODIES: [(&str, Body); 2] = [("7bit", Body::SevenBit), ("8bitmime", Body::EightBit)];
const RETURNS: [(&str, Return); 2] = [("full", Return::Full), ("hdrs", Return::Headers)];

fn read_recipient(address: Address, words: &str) -> Result<(Recipient, Status), FieldError> {
    let mut recipient = Recipient::new(address);
    let mut status = Status::Pending;
    for (key, value) in words.split_ascii_whitespace().filter_map(|word| word.split_once('=')) {
        let bad = || wrong("not understood", &format!("{key}={value}"));
        match key.to_ascii_lowercase().as_str() {
            "status" => {
                let all = [Status::Delivered, Status::Failed];
                let named = all.into_iter().find(|status| value.eq_ignore_ascii_case(status.as_str()));
                status = named.unwrap_or_default();
            }
            "notify" => recipient.notify = Some(value.parse().map_err(|_| bad())?),
            "orcpt" => recipient.orcpt = Some(value.parse().map_err(|_| bad())?),
            _ => {}
        }
    }
    Ok((recipient, status))
}

fn as_text(value: &[u8]) -> Result<&str, FieldError> {
    let text = std::str::from_utf8(value).map_err(|_| FieldError::Wrong("it is not UTF-8".into()))?;
    Ok(text.trim_matches([' ', '\t']))
}

fn one_line(value: &[u8]) -> Option<Box<str>> {
    let shown = text::printable(value.trim_ascii());
    (!shown.is_empty()).then(|| shown.into())
}

fn read_word<T: Copy>(value: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| value.eq_ignore_ascii_case(word)).map(|&(_, meaning)| meaning)
}

fn read_time(value: &str) -> Option<Timestamp> {
    value.parse().ok()
}

fn read_name(value: &str) -> Option<Box<str>> {
    let decoded = Xtext::parse(value).ok()?.decode();
    let name: Cow<'_, str> = text::printable(&decoded);
    Some(name.into())
}

fn mailbox(path: &str, default_domain: Option<&Domain>) -> Result<Address, FieldError> {
    let address = match default_domain {
        Some(domain) if !path.is_empty() && !path.contains('@') => Address::from_parts(path, domain, true),
        _ => Address::parse(path, true),
    };
    address.map_err(|error| wrong(&error.to_string(), path))
}

/// Takes a path off the front of a line: `<a@b>`, `<>`, or an address without brackets. Neither a bracket nor a
/// space inside a quoted local part ends it.
fn take_path(line: &str) -> Result<(&str, &str), FieldError> {
    let (text, closing): (_, &[char]) = match line.strip_prefix('<') {
        Some(inner) => (inner, &['>']),
        None => (line, &[' ', '\t']),
    };
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            c if !is_quoted && closing.contains(&c) => return Ok((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    match closing {
        ['>'] => Err(wrong("the > is missing", line)),
        _ => Ok((text, "")),
    }
}

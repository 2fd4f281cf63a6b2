//! Writing a block.

use std::fmt::Write as _;
use std::ops::Range;

use super::REPLY_WIDTH;
use crate::clock::Timestamp;
use crate::mail::{Body, Recipient, Return, ReversePath, Xtext};
use crate::queue::message::{Message, State};
use crate::text;

/// Everything before the digits of `len`.
const START: &str = "x-mailroot: v1 len=";
/// The digits of `len`.
const LEN: Range<usize> = START.len()..START.len() + 9;
/// The digits of `size`: behind ` state=queued attempts=0000 next=2026-11-24T11:15:03Z delayed=0 size=`.
const SIZE: Range<usize> = LEN.end + 69..LEN.end + 69 + 12;
/// Octets kept of the names a client gives itself.
const NAME_WIDTH: usize = 255;
/// Characters kept of a reason.
const REASON_WIDTH: usize = 500;

/// A block in bytes.
pub(in crate::queue) struct Rendered(pub(in crate::queue) Vec<u8>);

impl Rendered {
    /// Fills in the octets of content, known only when all of it has come.
    pub(in crate::queue) fn set_size(&mut self, size: u64) {
        Self::set_size_in(&mut self.0, size);
    }

    /// The same in a buffer that starts with a block.
    pub(in crate::queue) fn set_size_in(buffer: &mut [u8], size: u64) {
        buffer[SIZE].copy_from_slice(size_digits(size).as_bytes());
    }

    /// The same for a block that is in a file: what to write there, and where.
    pub(in crate::queue) fn size_field(size: u64) -> (u64, String) {
        (SIZE.start as u64, size_digits(size))
    }
}

/// The block of a message; `reason` for Badmail only. Two states of one message give blocks of equal length.
pub(in crate::queue) fn render(message: &Message, reason: Option<&str>) -> Rendered {
    let mut out = String::with_capacity(512 + 64 * message.envelope.recipients.len());
    write_state(&mut out, message);
    write_origin(&mut out, message);
    write_sender(&mut out, &message.envelope.sender);
    for (recipient, progress) in message.envelope.recipients.iter().zip(&message.progress) {
        let _ = write!(out, "x-receiver: <{}> status={:<9}", recipient.address, progress.status.as_str());
        write_asked_for(&mut out, recipient);
    }
    let reply = text::printable(message.last_reply.as_deref().unwrap_or_default());
    let reply = shorten(&reply, REPLY_WIDTH);
    let _ = write!(out, "x-last-reply: {reply}{:1$}\r\n", "", REPLY_WIDTH - reply.len());

    let mut bytes = out.into_bytes();
    if let Some(reason) = reason {
        bytes.extend_from_slice(&reason_line(reason));
    }
    let digits = format!("{:09}", bytes.len().min(999_999_999));
    bytes[LEN].copy_from_slice(digits.as_bytes());
    let mut rendered = Rendered(bytes);
    rendered.set_size(message.size);
    rendered
}

/// The lines of a copy in Drop: sender and these recipients, as the old server wrote them.
pub(in crate::queue) fn render_for_drop(message: &Message, recipients: &[usize]) -> Vec<u8> {
    let mut out = String::new();
    write_sender(&mut out, &message.envelope.sender);
    for recipient in recipients.iter().filter_map(|&index| message.envelope.recipients.get(index)) {
        let _ = write!(out, "x-receiver: <{}>", recipient.address);
        write_asked_for(&mut out, recipient);
    }
    out.into_bytes()
}

/// The line that tells why a file is in Badmail.
pub(in crate::queue) fn reason_line(reason: &str) -> Vec<u8> {
    format!("x-reason: {}\r\n", text::shortened(reason, REASON_WIDTH)).into_bytes()
}

/// The fields that change while a message waits. They come first, within the one disk sector that is written as a
/// whole even when the power fails.
fn write_state(out: &mut String, message: &Message) {
    let state = match message.state {
        State::Queued => "queued",
        State::Held => "held  ",
    };
    // Writing to a String cannot fail, here and below.
    let _ = write!(
        out,
        "{START}000000000 state={state} attempts={:04} next={} delayed={} size=000000000000",
        message.attempts.min(9999),
        written(message.next),
        u8::from(message.delay_reported),
    );
}

fn write_origin(out: &mut String, message: &Message) {
    let via = message.origin.via.as_str();
    let _ = write!(out, " received={} via={via}", written(message.received));
    if message.envelope.body == Body::EightBit {
        out.push_str(" body=8bitmime");
    }
    if message.envelope.smtputf8 {
        out.push_str(" smtputf8=1");
    }
    if let Some(ret) = message.envelope.ret {
        out.push_str(if ret == Return::Full { " ret=full" } else { " ret=hdrs" });
    }
    if let Some(envid) = &message.envelope.envid {
        let _ = write!(out, " envid={}", envid.as_str());
    }
    if let Some(client) = message.origin.client {
        let _ = write!(out, " client={client}");
    }
    for (key, name) in [("helo", &message.origin.helo), ("user", &message.origin.user)] {
        if let Some(name) = name {
            let _ = write!(out, " {key}={}", Xtext::encode(shorten(name, NAME_WIDTH)).as_str());
        }
    }
    out.push_str("\r\n");
}

fn write_sender(out: &mut String, sender: &ReversePath) {
    let _ = write!(out, "x-sender: <{sender}>\r\n");
}

/// The parameters that came with the recipient, and the end of its line.
fn write_asked_for(out: &mut String, recipient: &Recipient) {
    if let Some(notify) = recipient.notify {
        let _ = write!(out, " notify={}", notify.to_string().to_ascii_lowercase());
    }
    if let Some(orcpt) = &recipient.orcpt {
        let _ = write!(out, " orcpt={orcpt}");
    }
    out.push_str("\r\n");
}

fn size_digits(size: u64) -> String {
    format!("{:012}", size.min(999_999_999_999))
}

/// Twenty characters, whatever the clock says.
fn written(at: Timestamp) -> Timestamp {
    Timestamp::from_unix(at.as_unix().max(0))
}

/// The longest start of a text that has at most `max` octets.
fn shorten(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

//! Writing the lines of a report: folded, below 998 octets, and in the character set that was promised.

use std::fmt::Write as _;

use crate::mail::Address;
use crate::text;

/// Where lines are folded, if a space allows it.
const FOLD: usize = 76;
/// Where a word is cut off that no space divides: a line may have 998 octets (RFC 5322 2.1.1).
const MAX_WORD: usize = 600;

/// The report as far as it is written.
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Whether text outside ASCII may stand as it is; else it is escaped as `\x{E9}` (RFC 6533 3).
    utf8: bool,
}

impl Lines {
    pub(super) fn new(utf8: bool) -> Self {
        Self { bytes: Vec::with_capacity(4096), utf8 }
    }

    /// Text of our own, with its line ends.
    pub(super) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Content in normal form, as it is.
    pub(super) fn bytes(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
    }

    /// The start of a part of the multipart.
    pub(super) fn part(&mut self, boundary: &str, media_type: &str, eight_bit: bool) {
        let encoding = if eight_bit { "8bit" } else { "7bit" };
        self.raw(&format!(
            "\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
        ));
    }

    /// `Name: value`, folded.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.raw(name);
        self.raw(":");
        self.folded(name.len() + 1, value, "\t");
        self.raw("\r\n");
    }

    /// `Name: type; address`, or without a type `Name: <address>`; never folded, since a space in a quoted local part
    /// must stay what it is.
    pub(super) fn address_field(&mut self, name: &str, kind: &str, address: &Address) {
        let address = self.address(address);
        if kind.is_empty() {
            self.raw(&format!("{name}: <{address}>\r\n"));
        } else {
            self.raw(&format!("{name}: {kind}; {address}\r\n"));
        }
    }

    /// An address as this report may write it.
    pub(super) fn address(&self, address: &Address) -> String {
        if self.utf8 { address.to_string() } else { self.encoded(&address.to_ascii()) }
    }

    /// A paragraph for people, every line of it indented.
    pub(super) fn paragraph(&mut self, indent: &str, value: &str) {
        self.raw(&indent[..indent.len().saturating_sub(1)]);
        self.folded(indent.len() - 1, value, indent);
        self.raw("\r\n");
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Words with a space in front of each, or a new line that starts with `indent`.
    fn folded(&mut self, mut column: usize, value: &str, indent: &str) {
        let shown = text::printable(value);
        for word in shown.split(' ').filter(|word| !word.is_empty()) {
            let word = self.encoded(word);
            if column > indent.len() && column + 1 + word.len() > FOLD {
                self.raw("\r\n");
                self.raw(indent);
                column = indent.len();
            } else {
                self.raw(" ");
                column += 1;
            }
            self.raw(&word);
            column += word.len();
        }
    }

    fn encoded(&self, word: &str) -> String {
        let mut encoded = String::with_capacity(word.len());
        for c in word.chars() {
            if c.is_ascii() || self.utf8 {
                encoded.push(c);
            } else {
                let _ = write!(encoded, "\\x{{{:X}}}", u32::from(c)); // writing to a String cannot fail
            }
            if encoded.len() >= MAX_WORD {
                encoded.push_str("...");
                break;
            }
        }
        encoded
    }
}

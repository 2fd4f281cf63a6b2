//! Replies on their way out: gathered, so that a group of commands is answered in one write, and bounded.

use std::fmt::Write as _;

use crate::mail::Reply;

/// The longest reply line, in octets with its CRLF (RFC 5321 4.5.3.1.5).
const MAX_LINE: usize = 512;
/// The longest challenge of a login: 12288 octets of base64 (RFC 4954 4).
const MAX_CHALLENGE: usize = 12_288 + 6;
/// Octets of replies gathered before they are sent, more to answer or not.
const HIGH_WATER: usize = 4096;

/// Replies not yet sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    text: String,
}

impl Output {
    /// Appends a reply: every line at most 512 octets of printable ASCII, whatever the text holds. Only the challenges
    /// of a login are longer.
    pub(super) fn push(&mut self, reply: &Reply) {
        let longest = if reply.code == 334 { MAX_CHALLENGE } else { MAX_LINE };
        let mut lines = reply.text.split('\n').peekable();
        while let Some(line) = lines.next() {
            let start = self.text.len();
            let separator = if lines.peek().is_some() { '-' } else { ' ' };
            let _ = write!(self.text, "{}{separator}", reply.code); // writing to a String cannot fail
            if let Some(status) = reply.status {
                let _ = write!(self.text, "{status} ");
            }
            for c in line.chars() {
                match c {
                    ' '..='~' => self.text.push(c),
                    // Replies are ASCII also where the client's words are not (RFC 6531 3.7.4).
                    c => drop(write!(self.text, "<U+{:04X}>", u32::from(c))),
                }
            }
            self.text.truncate(self.text.len().min(start + longest - 2));
            self.text.push_str("\r\n");
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether what is gathered should be sent before more is answered.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= HIGH_WATER
    }

    /// Forgets what was sent, and gives its memory back: a session waits mostly.
    pub(super) fn clear(&mut self) {
        self.text = String::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::EnhancedStatus;

    fn wire(reply: &Reply) -> String {
        let mut output = Output::default();
        output.push(reply);
        output.text
    }

    #[test]
    fn every_line_but_the_last_is_marked_as_going_on() {
        assert_eq!(wire(&Reply::plain(250, "a Hello\nSIZE 1\nHELP")), "250-a Hello\r\n250-SIZE 1\r\n250 HELP\r\n");
        assert_eq!(wire(&Reply::new(214, EnhancedStatus::new(2, 0, 0), "a\nb")), "214-2.0.0 a\r\n214 2.0.0 b\r\n");
    }

    #[test]
    fn what_is_not_printable_ascii_is_escaped_and_a_long_line_is_cut() {
        assert_eq!(wire(&Reply::plain(550, "\u{e9}\u{1b}\r")), "550 <U+00E9><U+001B><U+000D>\r\n");
        let long = wire(&Reply::plain(550, "\u{e9}".repeat(300)));
        assert_eq!(long.len(), MAX_LINE);
        assert!(long.ends_with("\r\n"));
    }
}

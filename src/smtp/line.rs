//! Command lines: where they end, and how long they may be.

use memchr::memchr_iter;

/// The longest command line taken, in octets with its CRLF. RFC 5321 4.5.3.1.4 asks for 512; the extensions offered
/// add up to some 700 for MAIL and RCPT.
pub(super) const MAX_COMMAND: usize = 2048;

/// The longest line taken while a client logs in: 12288 octets of base64 (RFC 4954 4) behind `AUTH` and a mechanism.
pub(super) const MAX_LOGIN: usize = 12_288 + 64;

/// How much of a line too long is read for its end before the session is given up, in octets.
const MAX_SWALLOWED: usize = 65_536;

/// Finds command lines in the octets received so far.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Octets of a line too long that were thrown away; its end is still to come.
    swallowed: usize,
}

/// What stands at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A line of so many octets, behind which its CRLF stands.
    Line(usize),
    /// The end of a line that was too long stands so many octets ahead, its CRLF included.
    TooLong(usize),
    /// So many octets of a line too long are to be thrown away, and then more input is needed.
    Incomplete(usize),
    /// The line too long does not end.
    Endless,
}

impl Lines {
    /// Looks at the input from its front, for a line of at most so many octets with its CRLF. Only CRLF ends a line
    /// (RFC 5321 2.3.8).
    pub(super) fn find(&mut self, input: &[u8], longest: usize) -> Found {
        let end = memchr_iter(b'\n', input).find(|&at| at > 0 && input[at - 1] == b'\r');
        match end {
            Some(at) if self.swallowed == 0 && at < longest => Found::Line(at - 1),
            Some(at) => {
                self.swallowed = 0;
                Found::TooLong(at + 1)
            }
            None if self.swallowed == 0 && input.len() < longest => Found::Incomplete(0),
            None => {
                // The CR of a CRLF cut in two must stay.
                let thrown = input.len() - usize::from(input.last() == Some(&b'\r'));
                self.swallowed += thrown;
                if self.swallowed > MAX_SWALLOWED { Found::Endless } else { Found::Incomplete(thrown) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_crlf_ends_a_line() {
        let mut lines = Lines::default();
        assert_eq!(lines.find(b"NOOP\r\nRSET\r\n", MAX_COMMAND), Found::Line(4));
        assert_eq!(lines.find(b"NOOP\nRSET\rX\r\n", MAX_COMMAND), Found::Line(11));
        assert_eq!(lines.find(b"\r\n", MAX_COMMAND), Found::Line(0));
        assert_eq!(lines.find(b"\n", MAX_COMMAND), Found::Incomplete(0));
        assert_eq!(lines.find(b"NOOP", MAX_COMMAND), Found::Incomplete(0));
    }

    #[test]
    fn the_longest_line_passes_and_one_octet_more_does_not() {
        let line = |length: usize| [vec![b'x'; length - 2], b"\r\n".to_vec()].concat();
        assert_eq!(Lines::default().find(&line(MAX_COMMAND), MAX_COMMAND), Found::Line(MAX_COMMAND - 2));
        assert_eq!(Lines::default().find(&line(MAX_COMMAND + 1), MAX_COMMAND), Found::TooLong(MAX_COMMAND + 1));
    }

    #[test]
    fn a_line_too_long_is_thrown_away_up_to_its_end_and_reported_once() {
        let mut lines = Lines::default();
        assert_eq!(lines.find(&[b'x'; MAX_COMMAND], MAX_COMMAND), Found::Incomplete(MAX_COMMAND));
        assert_eq!(lines.find(b"xx\r", MAX_COMMAND), Found::Incomplete(2));
        assert_eq!(lines.find(b"\r\nNOOP\r\n", MAX_COMMAND), Found::TooLong(2));
        assert_eq!(lines.find(b"NOOP\r\n", MAX_COMMAND), Found::Line(4));
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut lines = Lines::default();
        let found =
            (0..64).map(|_| lines.find(&[b'x'; MAX_COMMAND], MAX_COMMAND)).find(|found| *found == Found::Endless);
        assert_eq!(found, Some(Found::Endless));
    }
}

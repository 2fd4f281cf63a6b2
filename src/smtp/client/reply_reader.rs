//! Replies out of the bytes of a remote server, whatever it sends and however it cuts it up (RFC 5321 4.2).

use bytes::{Buf, BytesMut};

use crate::mail::{EnhancedStatus, Reply};
use crate::text::{printable, shortened};

/// The longest line read, in octets. RFC 5321 4.5.3.1.5 allows 512.
const MAX_LINE: usize = 8 * 1024;
/// The most lines of one reply.
const MAX_LINES: usize = 512;
/// The most octets of one reply.
const MAX_REPLY: usize = 64 * 1024;
/// How much of a line is quoted in an error, in characters.
const MAX_QUOTE: usize = 80;

/// Gathers bytes and gives replies. Sans I/O; its memory is bounded by the largest reply it takes.
///
/// A line may end in a bare LF, as some servers write it. The text becomes printable here.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: BytesMut,
    /// Octets at the start of the buffer that hold no LF.
    scanned: usize,
    /// The lines read of a reply that is not complete.
    begun: Option<Begun>,
}

/// Why the bytes of a remote server are no reply. Text in it is printable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// No code from 200 to 599, or something else than a space or a hyphen behind it.
    #[error("the remote server sent {0:?}, which is no SMTP reply")]
    Malformed(String),
    /// A line of a reply has another code than its first line (RFC 5321 4.2.1).
    #[error("the remote server sent one reply with the codes {0} and {1}")]
    MixedCodes(u16, u16),
    /// A line or a reply beyond all reason.
    #[error("the remote server sent a reply that is too long")]
    TooLong,
}

#[derive(Debug)]
struct Begun {
    code: u16,
    status: Option<EnhancedStatus>,
    text: String,
    lines: usize,
    octets: usize,
}

impl ReplyReader {
    /// Where received bytes are appended; read only while [`ReplyReader::next_reply`] gives nothing.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Whether nothing was received beyond the replies given.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.begun.is_none()
    }

    /// The next reply, once all of it is here. `seen` gets each of its lines as it came, without the line end.
    ///
    /// After an error the rest of the bytes means nothing.
    pub fn next_reply(&mut self, mut seen: impl FnMut(&[u8])) -> Result<Option<Reply>, ReplyError> {
        while let Some(found) = memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
            let end = self.scanned + found;
            let line = self.buffer[..end].strip_suffix(b"\r").unwrap_or(&self.buffer[..end]);
            if line.len() > MAX_LINE {
                return Err(ReplyError::TooLong);
            }
            seen(line);
            let is_last = append(&mut self.begun, line)?;
            self.buffer.advance(end + 1);
            self.scanned = 0;
            if is_last {
                return Ok(self.begun.take().map(Begun::finish));
            }
        }
        self.scanned = self.buffer.len();
        if self.scanned > MAX_LINE { Err(ReplyError::TooLong) } else { Ok(None) }
    }
}

impl Begun {
    fn finish(self) -> Reply {
        Reply { code: self.code, status: self.status, text: self.text.into() }
    }
}

/// Adds one line; true if it is the last one of its reply.
fn append(begun: &mut Option<Begun>, line: &[u8]) -> Result<bool, ReplyError> {
    let (code, is_last, text) = split(line).ok_or_else(|| ReplyError::Malformed(shortened(line, MAX_QUOTE)))?;
    match begun {
        None => {
            let (status, text) = split_status(code, text);
            let text = printable(text).into_owned();
            *begun = Some(Begun { code, status, text, lines: 1, octets: line.len() });
        }
        Some(begun) if begun.code != code => return Err(ReplyError::MixedCodes(begun.code, code)),
        Some(begun) => {
            begun.lines += 1;
            begun.octets += line.len();
            if begun.lines > MAX_LINES || begun.octets > MAX_REPLY {
                return Err(ReplyError::TooLong);
            }
            // Servers repeat the status on every line; once is enough for a reader.
            let (status, rest) = split_status(code, text);
            let text = if status.is_some() && status == begun.status { rest } else { text };
            begun.text.push('\n');
            begun.text.push_str(&printable(text));
        }
    }
    Ok(is_last)
}

/// Code, whether the line is the last one, and the text.
fn split(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (digits, rest) = line.split_at_checked(3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    let (is_last, text) = match rest {
        [] => (true, rest),
        [b' ', text @ ..] => (true, text),
        [b'-', text @ ..] => (false, text),
        _ => return None,
    };
    (200..600).contains(&code).then_some((code, is_last, text))
}

/// The enhanced status code at the start of a text, and the text behind it. A 3xx has none (RFC 2034 4).
fn split_status(code: u16, text: &[u8]) -> (Option<EnhancedStatus>, &[u8]) {
    let end = memchr::memchr(b' ', text).unwrap_or(text.len());
    let status = std::str::from_utf8(&text[..end]).ok().and_then(|word| word.parse().ok());
    match status {
        Some(status) if code / 100 != 3 => (Some(status), text.get(end + 1..).unwrap_or_default()),
        _ => (None, text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Reply>, ReplyError> {
        read_in_pieces(bytes, bytes.len().max(1))
    }

    fn read_in_pieces(bytes: &[u8], piece: usize) -> Result<Vec<Reply>, ReplyError> {
        let mut reader = ReplyReader::default();
        let mut replies = Vec::new();
        for piece in bytes.chunks(piece) {
            reader.buffer().extend_from_slice(piece);
            while let Some(reply) = reader.next_reply(|_| ())? {
                replies.push(reply);
            }
        }
        Ok(replies)
    }

    fn one(bytes: &[u8]) -> Reply {
        let mut replies = read(bytes).unwrap();
        assert_eq!(replies.len(), 1);
        replies.remove(0)
    }

    #[test]
    fn s005_many_lines_and_lines_without_text_make_one_reply() {
        let long = [b"250-\r\n".repeat(50), b"250\r\n".to_vec()].concat();
        assert_eq!(&*one(&long).text, "\n".repeat(50));
        assert_eq!(one(b"250-first\r\n250 second\r\n").text, "first\nsecond".into());
        assert_eq!(one(b"250\r\n"), Reply::plain(250, ""));
        assert_eq!(one(b"250 \r\n"), Reply::plain(250, ""));
    }

    #[test]
    fn nh03_a_bare_line_feed_ends_a_line() {
        assert_eq!(one(b"250-a\n250 ok\n"), Reply::plain(250, "a\nok"));
    }

    #[test]
    fn nh04_what_is_no_code_from_200_to_599_is_an_error() {
        for text in ["199 x", "600 x", "25 x", "abc", "", "2500", "25", "250_x", "\u{b2}50 x"] {
            let result = read(format!("{text}\r\n").as_bytes());
            assert!(matches!(result, Err(ReplyError::Malformed(_))), "{text}: {result:?}");
        }
        for code in [200, 299, 399, 499, 599] {
            assert_eq!(one(format!("{code} x\r\n").as_bytes()).code, code);
        }
    }

    #[test]
    fn nh05_one_reply_has_one_code() {
        assert_eq!(read(b"250-a\r\n550 b\r\n"), Err(ReplyError::MixedCodes(250, 550)));
    }

    #[test]
    fn the_status_is_taken_off_the_text_of_every_line() {
        let reply = one(b"550-5.7.1 Blocked.\r\n550-5.7.1  See\r\n550 4.4.4 there\r\n");
        assert_eq!(reply.status, Some(EnhancedStatus::new(5, 7, 1)));
        assert_eq!(&*reply.text, "Blocked.\n See\n4.4.4 there");
        assert_eq!(one(b"250 2.1.5\r\n").status, Some(EnhancedStatus::new(2, 1, 5)));
        assert_eq!(one(b"354 2.0.0 go\r\n"), Reply::plain(354, "2.0.0 go"));
        assert_eq!(one(b"220 mx.example ESMTP\r\n"), Reply::plain(220, "mx.example ESMTP"));
    }

    #[test]
    fn nh14_nh15_text_is_printable_once_it_is_read() {
        assert_eq!(&*one(b"550 <\xe2\x80\xae moc.knab@x>\r\n").text, "<<U+202E> moc.knab@x>");
        assert_eq!(&*one(b"550 \xff\xfe raw\x1b[2J\r\n").text, "<FF><FE> raw␛[2J");
        assert!(matches!(read(b"\x1b[2J\r\n"), Err(ReplyError::Malformed(text)) if text == "␛[2J"));
    }

    #[test]
    fn endless_lines_and_endless_replies_are_cut_off() {
        assert_eq!(read(&b"250 ".repeat(3000)), Err(ReplyError::TooLong));
        assert_eq!(read(&b"250-x\r\n".repeat(513)), Err(ReplyError::TooLong));
        let line = [b"250-".as_slice(), &[b'x'; 8000], b"\r\n"].concat();
        assert_eq!(read(&line.repeat(9)), Err(ReplyError::TooLong));
        assert_eq!(read(&[b'x'; 9000]), Err(ReplyError::TooLong));
        let line = [b"250 ".as_slice(), &[b'x'; 9000], b"\r\n"].concat();
        assert_eq!(read(&line), Err(ReplyError::TooLong));
    }

    #[test]
    fn what_follows_a_reply_is_noticed() {
        let mut reader = ReplyReader::default();
        reader.buffer().extend_from_slice(b"250 ok\r\n250 a\r\n250-b\r\n");
        for _ in 0..2 {
            assert!(reader.next_reply(|_| ()).unwrap().is_some());
            assert!(!reader.is_empty());
        }
        assert!(reader.next_reply(|_| ()).unwrap().is_none());
        assert!(!reader.is_empty(), "a reply has begun");
        reader.buffer().extend_from_slice(b"250 c\r\n");
        assert!(reader.next_reply(|_| ()).unwrap().is_some());
        assert!(reader.is_empty());
    }

    proptest! {
        #[test]
        fn cutting_up_the_bytes_changes_nothing(
            bytes in proptest::collection::vec(prop_oneof![Just(b'2'), Just(b'5'), Just(b'0'), Just(b' '), Just(b'-'),
                Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..60),
            piece in 1_usize..9,
        ) {
            let bytes = [b"250-a\r\n250 b\n".as_slice(), &bytes].concat();
            prop_assert_eq!(read(&bytes), read_in_pieces(&bytes, piece));
        }

        #[test]
        fn no_text_holds_a_control_character(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let bytes = [b"550 ".as_slice(), &text, b"\r\n"].concat();
            for reply in read(&bytes).unwrap_or_default() {
                prop_assert!(!reply.text.chars().any(char::is_control), "{:?}", reply.text);
            }
        }
    }
}

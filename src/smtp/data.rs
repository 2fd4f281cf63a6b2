//! The content of a message on the wire: where it ends, and its normal form.
//!
//! One machine over octets, for DATA and for BDAT, whose state is carried over the borders of buffers. It knows no
//! socket and no policy: it reports what it met, and its user decides whether that is mended or refused.
//!
//! The rules, in every mode:
//!
//! * In DATA, end of data is CRLF `.` CRLF, or `.` CRLF as the very first octets, and nothing else (RFC 5321
//!   4.1.1.4). In BDAT the count alone says where the content ends, and dots mean nothing (RFC 3030 2).
//! * A bare LF becomes CRLF. A bare CR becomes one space: it stands mostly before a CRLF, from a line end converted
//!   twice, where a line end of its own would cut the header in two.
//! * In DATA, a leading dot is removed where more follows on the line, whatever ended the line before (RFC 5321
//!   4.5.2). A line of one dot that is not end of data is kept as it is.
//! * A chunked message whose last line is not ended gets its CRLF, or the LF that its last CR lacks.

use memchr::memchr3;

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const NUL: u8 = 0;
const DOT: u8 = b'.';

/// The longest line taken, in octets without its CRLF. RFC 5321 4.5.3.1.6 asks for 998; longer ones are written by
/// programs that put a whole HTML page on a line. They are passed on as they are, up to a bound that no page has.
pub(super) const MAX_LINE: usize = 65_536;

/// What says where the content ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// DATA: a lone dot.
    Dots,
    /// BDAT: a count of octets, kept by the caller.
    Counted,
}

/// A part of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Octets in normal form.
    Content(&'a [u8]),
    /// The end of data. What is left of the input are commands.
    End,
}

/// What the content held that no message may, or only some clients may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Irregularities {
    /// A CR or LF that was not part of a CRLF; mended.
    pub bare_line_end: bool,
    /// A NUL; passed on.
    pub nul: bool,
    /// A line of more than [`MAX_LINE`] octets; passed on.
    pub long_line: bool,
}

/// Turns octets from the wire into content in normal form: CRLF line ends only, no dots stuffed, the last line ended.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    state: State,
    /// Octets of the line so far.
    line: usize,
    met: Irregularities,
}

/// What the last octets were. `exact`: the line before ended with CRLF, or there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A line end, or nothing yet.
    LineStart { exact: bool },
    /// The dot at the start of a line, not yet passed on.
    Dot { exact: bool },
    /// That dot and a CR, neither passed on.
    DotCr { exact: bool },
    /// A CR, not yet passed on.
    Cr,
    /// Any other octet.
    Text,
}

impl Decoder {
    /// A decoder at the start of a message.
    pub fn new(framing: Framing) -> Self {
        let state = State::LineStart { exact: true };
        Self { framing, state, line: 0, met: Irregularities::default() }
    }

    /// The next part, taken off the front of `input`; `None` when more input is needed. Long runs come as one piece.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Option<Piece<'a>> {
        loop {
            let (&octet, rest) = input.split_first()?;
            match (self.state, octet) {
                (State::LineStart { exact }, DOT) if self.framing == Framing::Dots => {
                    self.state = State::Dot { exact };
                    *input = rest;
                }
                (State::LineStart { .. } | State::Text, _) => {
                    let run = self.run(input);
                    if !run.is_empty() {
                        return Some(Piece::Content(run));
                    }
                }
                (State::Cr, LF) => {
                    *input = rest;
                    self.end_line(true);
                    return Some(Piece::Content(b"\r\n"));
                }
                (State::Cr, _) => {
                    self.met.bare_line_end = true;
                    self.grow(1);
                    self.state = State::Text;
                    return Some(Piece::Content(b" "));
                }
                (State::Dot { exact }, CR) => {
                    self.state = State::DotCr { exact };
                    *input = rest;
                }
                (State::DotCr { exact: true }, LF) => {
                    *input = rest;
                    self.end_line(true);
                    return Some(Piece::End);
                }
                (State::DotCr { exact: false }, LF) => {
                    *input = rest;
                    self.end_line(true);
                    return Some(Piece::Content(b".\r\n"));
                }
                (State::Dot { .. }, LF) => {
                    *input = rest;
                    self.met.bare_line_end = true;
                    self.end_line(false);
                    return Some(Piece::Content(b".\r\n"));
                }
                // More follows the dot, so it was stuffed.
                (State::Dot { .. }, _) => self.state = State::Text,
                (State::DotCr { .. }, _) => self.state = State::Cr,
            }
        }
    }

    /// What is missing at the end of a chunked message.
    pub fn finish(&mut self) -> &'static [u8] {
        if matches!(self.state, State::LineStart { .. }) {
            return b"";
        }
        self.end_line(true);
        b"\r\n"
    }

    /// What was met so far.
    pub fn met(&self) -> Irregularities {
        self.met
    }

    /// The longest run at the front of `input` that is content as it stands; many lines, mostly. A line end that is
    /// not CRLF is left to be judged, or mended where it is the first octet.
    fn run<'a>(&mut self, input: &mut &'a [u8]) -> &'a [u8] {
        let bytes = *input;
        self.state = State::Text;
        let mut line_start = 0;
        let mut at = 0;
        while let Some(found) = memchr3(CR, LF, NUL, &bytes[at..]) {
            let found = at + found;
            match (bytes[found], bytes.get(found + 1)) {
                (NUL, _) => {
                    self.met.nul = true;
                    at = found + 1;
                }
                (CR, Some(&LF)) => {
                    self.grow(found - line_start);
                    self.end_line(true);
                    at = found + 2;
                    line_start = at;
                    match bytes.get(at) {
                        Some(&DOT) if self.framing == Framing::Dots => {
                            *input = &bytes[at..];
                            return &bytes[..at];
                        }
                        Some(_) => self.state = State::Text,
                        None => {}
                    }
                }
                (CR, _) => {
                    self.grow(found - line_start);
                    self.state = State::Cr;
                    *input = &bytes[found + 1..];
                    return &bytes[..found];
                }
                _ if found == 0 => {
                    self.met.bare_line_end = true;
                    self.end_line(false);
                    *input = &bytes[1..];
                    return b"\r\n";
                }
                _ => {
                    self.grow(found - line_start);
                    *input = &bytes[found..];
                    return &bytes[..found];
                }
            }
        }
        self.grow(bytes.len() - line_start);
        *input = &[];
        bytes
    }

    fn end_line(&mut self, exact: bool) {
        self.line = 0;
        self.state = State::LineStart { exact };
    }

    fn grow(&mut self, octets: usize) {
        self.line = self.line.saturating_add(octets);
        self.met.long_line |= self.line > MAX_LINE;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What became of an input, fed in the pieces given.
    #[derive(Debug, PartialEq, Eq)]
    struct Decoded {
        content: Vec<u8>,
        ended: bool,
        left: Vec<u8>,
        met: Irregularities,
    }

    fn decode<'a>(framing: Framing, inputs: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
        let mut decoder = Decoder::new(framing);
        let mut decoded = Decoded { content: Vec::new(), ended: false, left: Vec::new(), met: decoder.met() };
        for mut input in inputs {
            while let Some(piece) = (!decoded.ended).then(|| decoder.next(&mut input)).flatten() {
                match piece {
                    Piece::Content(bytes) => decoded.content.extend_from_slice(bytes),
                    Piece::End => decoded.ended = true,
                }
            }
            decoded.left.extend_from_slice(input);
        }
        if framing == Framing::Counted {
            decoded.content.extend_from_slice(decoder.finish());
        }
        decoded.met = decoder.met();
        decoded
    }

    fn data(input: &[u8]) -> Decoded {
        decode(Framing::Dots, [input])
    }

    /// The rules of this module's head, written down without any thought of speed or of buffers.
    fn model(framing: Framing, input: &[u8]) -> Decoded {
        let mut content_end = input.len();
        let (mut ended, mut left) = (false, Vec::new());
        if framing == Framing::Dots {
            let end = if input.starts_with(b".\r\n") {
                Some((0, 3))
            } else {
                input.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| (at + 2, at + 5))
            };
            if let Some((from, to)) = end {
                (content_end, ended, left) = (from, true, input[to..].to_vec());
            }
        }
        let mut met = Irregularities { nul: input[..content_end].contains(&NUL), ..Irregularities::default() };
        let mut lines = vec![Vec::new()];
        let mut octets = input[..content_end].iter().peekable();
        while let Some(&octet) = octets.next() {
            match octet {
                CR if octets.peek() == Some(&&LF) => {
                    octets.next();
                    lines.push(Vec::new());
                }
                CR if octets.peek().is_none() && framing == Framing::Counted => {}
                CR => {
                    met.bare_line_end = true;
                    lines.last_mut().unwrap().push(b' ');
                }
                LF => {
                    met.bare_line_end = true;
                    lines.push(Vec::new());
                }
                octet => lines.last_mut().unwrap().push(octet),
            }
        }
        let last = lines.pop().unwrap();
        let unstuff = |line: Vec<u8>| match (framing, line.as_slice()) {
            (Framing::Dots, [DOT, _, ..]) => line[1..].to_vec(),
            _ => line,
        };
        let mut content =
            lines.into_iter().flat_map(|line| [unstuff(line), b"\r\n".to_vec()].concat()).collect::<Vec<_>>();
        if framing == Framing::Counted && (!last.is_empty() || input.last() == Some(&CR)) {
            content.extend([last, b"\r\n".to_vec()].concat());
        }
        met.long_line = false;
        Decoded { content, ended, left, met }
    }

    #[test]
    fn only_crlf_dot_crlf_ends_the_data() {
        for wrong in [
            "\n.\n",
            "\n.\r\n",
            "\r.\r",
            "\r.\r\n",
            "\r\n.\n",
            "\r\n.\r",
            "\r\n.\r\r\n",
            "\r\n.\0\r\n",
            "\r\n. \r\n",
            "\r\n.\t\r\n",
            "\r\n..\r\n",
            "\n\r.\n\r",
            "\u{85}.\u{85}",
            "\r\n.\u{200b}\r\n",
        ] {
            let decoded = data(format!("a{wrong}MAIL FROM:<smuggled@x.example>\r\n").as_bytes());
            assert!(!decoded.ended, "{wrong:?}");
        }
        for wrong in [".\n", ".\r", "\r.\r\n", "\n.\r\n", "..\r\n"] {
            assert!(!data(wrong.as_bytes()).ended, "{wrong:?}");
        }
        assert!(data(b".\r\n").ended);
        assert!(data(b"a\r\r\n.\r\n").ended);
        assert_eq!(data(b"a\r\n.\r\nNOOP\r\n").left, b"NOOP\r\n");
    }

    #[test]
    fn stuffed_dots_are_removed_and_lone_dots_kept() {
        assert_eq!(data(b"\r\n..\r\n..x\r\n.y\r\n.\r\n").content, b"\r\n.\r\n.x\r\ny\r\n");
        assert_eq!(data(b"a\n.\n..b\r\n.\r\n").content, b"a\r\n.\r\n.b\r\n");
    }

    #[test]
    fn bare_line_ends_are_mended_and_reported() {
        let decoded = data(b"a\nb\rc\r\r\n.\r\n");
        assert_eq!(decoded.content, b"a\r\nb c \r\n");
        assert!(decoded.met.bare_line_end);
        assert_eq!(data(b"a\0b\r\n.\r\n").met, Irregularities { nul: true, ..Irregularities::default() });
        assert_eq!(data(b"a\r\n.\r\n").met, Irregularities::default());
    }

    #[test]
    fn a_line_may_reach_its_bound_and_not_pass_it() {
        for (length, long) in [(MAX_LINE, false), (MAX_LINE + 1, true)] {
            let line = [vec![b'x'; length], b"\r\n.\r\n".to_vec()].concat();
            assert_eq!(data(&line).met.long_line, long);
            assert_eq!(decode(Framing::Dots, line.chunks(1000)).met.long_line, long);
        }
        let many = [vec![b'x'; MAX_LINE], b"\r\n".to_vec(), vec![b'y'; MAX_LINE], b"\r\n.\r\n".to_vec()].concat();
        assert!(!data(&many).met.long_line);
    }

    #[test]
    fn chunks_have_no_dots_and_get_the_line_end_they_lack() {
        let chunked = |input: &[u8]| decode(Framing::Counted, input.chunks(3)).content;
        assert_eq!(chunked(b"ab\r\n.\r\nx\r"), b"ab\r\n.\r\nx\r\n");
        assert_eq!(chunked(b"a\n.\nb"), b"a\r\n.\r\nb\r\n");
        assert_eq!(chunked(b"..\r\n"), b"..\r\n");
        assert_eq!(chunked(b""), b"");
    }

    #[test]
    fn many_lines_come_as_one_piece() {
        let content = b"line\r\n".repeat(1000);
        let mut input = content.as_slice();
        assert_eq!(Decoder::new(Framing::Dots).next(&mut input), Some(Piece::Content(&content)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_cut_gives_what_the_rules_say(
            input in proptest::collection::vec(proptest::sample::select(&b"\r\n\r\n..a\0"[..]), 0..24),
            counted in any::<bool>(),
        ) {
            let framing = if counted { Framing::Counted } else { Framing::Dots };
            let mut expected = model(framing, &input);
            let whole = decode(framing, [input.as_slice()]);
            if framing == Framing::Dots && !whole.ended {
                // What the decoder still holds back is no content yet, and the model cannot know it.
                prop_assert!(expected.content.starts_with(&whole.content[..expected.content.len().min(whole.content.len())]));
                expected = Decoded { met: whole.met, content: whole.content.clone(), ..expected };
            }
            prop_assert_eq!(&whole, &expected);
            for cut in 0..=input.len() {
                let (head, tail) = input.split_at(cut);
                prop_assert_eq!(&decode(framing, [head, tail]), &whole);
            }
            prop_assert_eq!(&decode(framing, input.chunks(1)), &whole);
        }
    }
}

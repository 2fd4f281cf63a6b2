//! One rule for line ends: whatever comes, CRLF leaves.

use bytes::{Bytes, BytesMut};

/// Turns content, piece by piece, into its normal form: CR LF stays, a bare LF and a bare CR become CR LF, and the
/// last line is ended. Pieces that are in normal form pass through uncopied.
#[derive(Debug, Default)]
pub(super) struct Normalizer {
    /// A CR ended the last piece and was held back: what follows decides.
    holds_cr: bool,
    /// The last octets passed on were not a line end.
    is_in_line: bool,
}

impl Normalizer {
    /// The next piece in normal form; may be empty.
    pub(super) fn push(&mut self, piece: Bytes) -> Bytes {
        if piece.is_empty() {
            return piece;
        }
        if !self.holds_cr && is_normal(&piece) {
            self.is_in_line = !piece.ends_with(b"\n");
            return piece;
        }
        let mut out = BytesMut::with_capacity(piece.len() + piece.len() / 8 + 2);
        let mut rest = &piece[..];
        if std::mem::take(&mut self.holds_cr) {
            out.extend_from_slice(b"\r\n");
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
            out.extend_from_slice(&rest[..at]);
            match &rest[at..] {
                [b'\r'] => {
                    self.holds_cr = true;
                    self.is_in_line = true;
                    return out.freeze();
                }
                [b'\r', b'\n', after @ ..] | [_, after @ ..] => rest = after,
                [] => break,
            }
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(rest);
        self.is_in_line = !out.ends_with(b"\n");
        out.freeze()
    }

    /// What ends the last line, unless it is ended already.
    pub(super) fn finish(&mut self) -> Option<Bytes> {
        self.holds_cr = false;
        std::mem::take(&mut self.is_in_line).then_some(Bytes::from_static(b"\r\n"))
    }
}

/// Whether each CR is followed by LF and each LF preceded by CR. A CR at the very end is not decided yet: no.
fn is_normal(piece: &[u8]) -> bool {
    let mut cr = None;
    for at in memchr::memchr2_iter(b'\r', b'\n', piece) {
        match (piece[at], cr) {
            (b'\r', None) => cr = Some(at),
            (b'\n', Some(before)) if before + 1 == at => cr = None,
            _ => return false,
        }
    }
    cr.is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(pieces: &[&[u8]]) -> Vec<u8> {
        let mut normalizer = Normalizer::default();
        let mut out = Vec::new();
        for piece in pieces {
            out.extend_from_slice(&normalizer.push(Bytes::copy_from_slice(piece)));
        }
        out.extend(normalizer.finish().into_iter().flatten());
        out
    }

    #[test]
    fn bare_line_ends_become_whole_ones_and_the_last_line_is_ended() {
        assert_eq!(normal(&[b"a\nb\rc\r\nd"]), b"a\r\nb\r\nc\r\nd\r\n");
        assert_eq!(normal(&[b"\r\r\n\n"]), b"\r\n\r\n\r\n");
        assert_eq!(normal(&[b"a\r", b"\nb\r", b"c\r"]), b"a\r\nb\r\nc\r\n");
        assert_eq!(normal(&[b""]), b"");
    }

    #[test]
    fn content_in_normal_form_is_not_copied() {
        let piece = Bytes::from_static(b"a\r\nb\r\n");
        let passed = Normalizer::default().push(piece.clone());
        assert_eq!(passed.as_ptr(), piece.as_ptr());
    }

    /// The rule, written down in the plainest way.
    fn model(content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < content.len() {
            match content[at] {
                b'\r' => {
                    out.extend_from_slice(b"\r\n");
                    at += usize::from(content.get(at + 1) == Some(&b'\n'));
                }
                b'\n' => out.extend_from_slice(b"\r\n"),
                other => out.push(other),
            }
            at += 1;
        }
        if !out.is_empty() && !out.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_where_pieces_end(
            pieces in prop::collection::vec("[a\r\n.]{0,6}", 0..8),
        ) {
            let whole = pieces.concat();
            let pieces: Vec<_> = pieces.iter().map(String::as_bytes).collect();
            let expected = model(whole.as_bytes());
            prop_assert_eq!(&normal(&pieces), &expected);
            prop_assert!(is_normal(&expected));
            prop_assert_eq!(&normal(&[&expected]), &expected);
        }
    }
}

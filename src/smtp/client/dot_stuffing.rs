//! The one writer of content: stuffs dots, ends it, and lets no bare CR or LF out (RFC 5321 2.3.8, 4.5.2).

/// The content has a CR or LF that is not part of a CRLF. On another server it could end the message early and
/// start a forged one, so nothing of it may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the content has a bare CR or LF")]
pub(super) struct BareLineEnd;

/// Turns content in normal form into what goes on the wire. State is carried over the edges of pieces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DotStuffer {
    before: Before,
}

/// What the next octet follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    #[default]
    LineStart,
    Text,
    Cr,
}

impl DotStuffer {
    /// Appends a piece of content to `wire`. After an error nothing of `wire` may be sent.
    pub(super) fn push(&mut self, piece: &[u8], wire: &mut Vec<u8>) -> Result<(), BareLineEnd> {
        let mut at = 0;
        if self.before == Before::Cr && !piece.is_empty() {
            if piece[0] != b'\n' {
                return Err(BareLineEnd);
            }
            at = 1;
            self.before = Before::LineStart;
        }
        let mut copied = 0;
        loop {
            if self.before == Before::LineStart && piece.get(at) == Some(&b'.') {
                wire.extend_from_slice(&piece[copied..at]);
                wire.push(b'.');
                copied = at;
            }
            let Some(found) = memchr::memchr2(b'\r', b'\n', &piece[at..]) else {
                if at < piece.len() {
                    self.before = Before::Text;
                }
                break;
            };
            match piece[at + found..] {
                [b'\r', b'\n', ..] => {
                    at += found + 2;
                    self.before = Before::LineStart;
                }
                [b'\r'] => {
                    self.before = Before::Cr;
                    break;
                }
                _ => return Err(BareLineEnd),
            }
        }
        wire.extend_from_slice(&piece[copied..]);
        Ok(())
    }

    /// Appends the end of data, and before it the end of a last line that has none.
    pub(super) fn finish(self, wire: &mut Vec<u8>) -> Result<(), BareLineEnd> {
        match self.before {
            Before::LineStart => wire.extend_from_slice(b".\r\n"),
            Before::Text => wire.extend_from_slice(b"\r\n.\r\n"),
            Before::Cr => return Err(BareLineEnd),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stuffed(content: &[u8], piece: usize) -> Result<Vec<u8>, BareLineEnd> {
        let mut stuffer = DotStuffer::default();
        let mut wire = Vec::new();
        for piece in content.chunks(piece) {
            stuffer.push(piece, &mut wire)?;
        }
        stuffer.finish(&mut wire)?;
        Ok(wire)
    }

    /// What a strict receiver makes of it: the content, if `wire` is one message and nothing behind it.
    fn received(wire: &[u8]) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut rest = wire;
        while let Some(end) = memchr::memmem::find(rest, b"\r\n") {
            let (line, tail) = (&rest[..end], &rest[end + 2..]);
            if line == b"." {
                return tail.is_empty().then_some(content);
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            content.extend_from_slice(b"\r\n");
            rest = tail;
        }
        None
    }

    #[test]
    fn a_dot_is_doubled_at_the_start_of_a_line_and_nowhere_else() {
        assert_eq!(stuffed(b".a\r\n..\r\nb.\r\n.\r\n", 99).unwrap(), b"..a\r\n...\r\nb.\r\n..\r\n.\r\n");
        assert_eq!(stuffed(b"", 1).unwrap(), b".\r\n");
        assert_eq!(stuffed(b"no end", 99).unwrap(), b"no end\r\n.\r\n");
    }

    #[test]
    fn a_dot_behind_the_edge_of_a_piece_is_doubled_too() {
        for piece in 1..8 {
            assert_eq!(stuffed(b"a\r\n.b\r\n.", piece).unwrap(), b"a\r\n..b\r\n..\r\n.\r\n", "{piece}");
        }
    }

    #[test]
    fn s006_every_known_false_end_of_data_is_refused() {
        for end in [
            "\n.\n",
            "\n.\r\n",
            "\r\n.\n",
            "\r.\r",
            "\r.\r\n",
            "\r\n.\r",
            "\n.\r",
            "\r.\n",
            "\r\r\n.\r\r\n",
            "\r\n.\r\r\n",
            "\r\r\n.\r\n",
            "\n\n.\r\n",
            "\r",
            "\n",
        ] {
            let content = format!("text{end}MAIL FROM:<smuggled@x.example>\r\n");
            for piece in 1..=content.len() {
                assert_eq!(stuffed(content.as_bytes(), piece), Err(BareLineEnd), "{end:?} in pieces of {piece}");
            }
        }
        assert_eq!(stuffed(b"text\r", 99), Err(BareLineEnd));
    }

    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), Just(b'\0'), any::<u8>()];
        proptest::collection::vec(octet, 0..40)
    }

    fn lines() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![3 => Just(b'.'), 1 => any::<u8>()].prop_filter("no line end", |b| !b"\r\n".contains(b));
        let line = proptest::collection::vec(octet, 0..6);
        proptest::collection::vec(line, 0..12)
            .prop_map(|lines| lines.into_iter().flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect())
    }

    proptest! {
        #[test]
        fn content_in_normal_form_arrives_as_it_was_and_ends_where_it_ends(content in lines(), piece in 1_usize..9) {
            prop_assert_eq!(received(&stuffed(&content, piece).unwrap()), Some(content));
        }

        #[test]
        fn nothing_but_crlf_leaves_and_nothing_but_our_own_dot_ends_the_data(
            content in octets(),
            piece in 1_usize..9,
        ) {
            let bare = {
                let rest = String::from_utf8_lossy(&content).replace("\r\n", "");
                rest.contains(['\r', '\n'])
            };
            match stuffed(&content, piece) {
                Err(BareLineEnd) => prop_assert!(bare),
                Ok(wire) => prop_assert!(!bare && received(&wire).is_some()),
            }
        }
    }
}

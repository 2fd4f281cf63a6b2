//! What comes back of the message that is reported: all of it, its header fields, or nothing.

use memchr::memmem;

use super::Kind;
use crate::mail::Return;
use crate::queue::Message;

/// A message larger than this comes back without its body.
const MAX_COPY: usize = 50 * 1024;

/// The third part of a report.
pub(crate) struct Copy {
    content: Vec<u8>,
    extent: Extent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Everything.
    Whole,
    /// The header fields, because the sender asked for no more or the report is of no failure.
    Header,
    /// The header fields, because there is too much.
    HeaderForSize,
    /// Nothing: the content can no longer be read.
    Nothing,
}

/// Gathers a [`Copy`] from the pieces of a content, and says when it has seen enough.
pub(crate) struct Excerpt {
    content: Vec<u8>,
    whole: bool,
}

impl Excerpt {
    /// An excerpt for a report of this kind.
    ///
    /// RET asks for the whole message in reports of failure only (RFC 3461 4.3). Without RET a failure brings it
    /// back, as the old server did.
    pub(crate) fn new(kind: Kind, message: &Message) -> Self {
        let whole = kind == Kind::Failure && message.envelope.ret != Some(Return::Headers);
        Self { content: Vec::new(), whole }
    }

    /// Takes a piece; false when no more is needed.
    pub(crate) fn push(&mut self, piece: &[u8]) -> bool {
        self.content.extend_from_slice(piece);
        self.content.len() <= MAX_COPY && (self.whole || header_end(&self.content).is_none())
    }

    /// The copy; `complete` says that the content was read to its end.
    pub(crate) fn finish(mut self, complete: bool) -> Copy {
        if self.whole && complete && self.content.len() <= MAX_COPY {
            return Copy { content: self.content, extent: Extent::Whole };
        }
        let end = header_end(&self.content).unwrap_or(self.content.len()).min(MAX_COPY);
        self.content.truncate(end);
        self.content.truncate(last_line_end(&self.content));
        let extent = if self.whole { Extent::HeaderForSize } else { Extent::Header };
        Copy { content: self.content, extent }
    }
}

impl Copy {
    /// No copy, for a content that cannot be read.
    pub(crate) fn nothing() -> Self {
        Self { content: Vec::new(), extent: Extent::Nothing }
    }

    pub(super) fn content(&self) -> &[u8] {
        &self.content
    }

    pub(super) fn is_eight_bit(&self) -> bool {
        !self.content.is_ascii()
    }

    /// The type of the part; `None` where there is no part.
    pub(super) fn media_type(&self, international: bool) -> Option<&'static str> {
        match (self.extent, international) {
            (Extent::Whole, false) => Some("message/rfc822"),
            (Extent::Whole, true) => Some("message/global"),
            (Extent::Header | Extent::HeaderForSize, false) => Some("text/rfc822-headers"),
            (Extent::Header | Extent::HeaderForSize, true) => Some("message/global-headers"),
            (Extent::Nothing, _) => None,
        }
    }

    /// A sentence for people where something is missing that they would expect.
    pub(super) fn explanation(&self) -> Option<&'static str> {
        match self.extent {
            Extent::Whole | Extent::Header => None,
            Extent::HeaderForSize => Some("The message is over 50 KB; only its header fields come back below."),
            Extent::Nothing => Some("The message itself could no longer be read and does not come back."),
        }
    }
}

/// Where the header ends, behind the line end of its last field.
fn header_end(content: &[u8]) -> Option<usize> {
    memmem::find(content, b"\r\n\r\n").map(|at| at + 2)
}

/// Where the last whole line ends: a header that is longer than a copy may be is cut there.
fn last_line_end(content: &[u8]) -> usize {
    memmem::rfind(content, b"\r\n").map_or(0, |at| at + 2)
}

//! The messages of NTLM as octets ([MS-NLMP] 2.2.1): a fixed head whose fields point into what follows it.
//!
//! What is read comes from strangers: every place is looked up, none is believed.

use zeroize::Zeroizing;

use super::flag;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// A message as it came.
#[derive(Clone, Copy)]
pub(super) struct Message<'a>(&'a [u8]);

impl<'a> Message<'a> {
    /// The message, if it is one of this type (1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE).
    pub(super) fn read(octets: &'a [u8], kind: u32) -> Option<Self> {
        let message = Self(octets);
        (octets.starts_with(SIGNATURE) && message.number(8)? == kind).then_some(message)
    }

    /// The number at a place.
    pub(super) fn number(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    /// So many octets at a place.
    pub(super) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }

    /// What the field at a place points to.
    pub(super) fn field(self, at: usize) -> Option<&'a [u8]> {
        let length = usize::from(u16::from_le_bytes(self.array(at)?));
        let offset = usize::try_from(self.number(at.checked_add(4)?)?).ok()?;
        // An empty field may point anywhere.
        if length == 0 { Some(&[]) } else { self.0.get(offset..offset.checked_add(length)?) }
    }
}

/// A message to be sent.
pub(super) struct Draft {
    head: Vec<u8>,
    /// The length of the whole head.
    size: usize,
    payload: Zeroizing<Vec<u8>>,
}

impl Draft {
    /// Begins a message of a type, with a head of so many octets.
    pub(super) fn new(kind: u32, size: usize) -> Self {
        Self { head: Vec::with_capacity(size), size, payload: Zeroizing::new(Vec::new()) }
            .octets(SIGNATURE)
            .number(kind)
    }

    /// Adds octets to the head.
    pub(super) fn octets(mut self, octets: &[u8]) -> Self {
        self.head.extend_from_slice(octets);
        self
    }

    /// Adds a number to the head.
    pub(super) fn number(self, number: u32) -> Self {
        self.octets(&number.to_le_bytes())
    }

    /// Adds a field to the head, and its content behind all others; `None` if it is too long for a message.
    pub(super) fn field(mut self, content: &[u8]) -> Option<Self> {
        let length = u16::try_from(content.len()).ok()?.to_le_bytes();
        let offset = u32::try_from(self.size + self.payload.len()).ok()?;
        self.payload.extend_from_slice(content);
        Some(self.octets(&length).octets(&length).number(offset))
    }

    /// The whole message.
    pub(super) fn finish(mut self) -> Vec<u8> {
        debug_assert_eq!(self.head.len(), self.size, "a head is as long as it was said to be");
        self.head.extend_from_slice(&self.payload);
        self.head
    }
}

/// Text in the encoding that was agreed on.
pub(super) fn text(octets: &[u8], flags: u32) -> Option<String> {
    if flags & flag::UNICODE == 0 {
        return String::from_utf8(octets.to_vec()).ok();
    }
    let (units, rest) = octets.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
}

/// The octets of a text in the encoding that was agreed on.
pub(super) fn octets(text: &str, flags: u32) -> Vec<u8> {
    if flags & flag::UNICODE == 0 { text.as_bytes().to_vec() } else { wide(text) }
}

/// The octets of a text in UTF-16.
pub(super) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Adds a pair of id and value to a list; `None` if the value is too long.
pub(super) fn push_pair(list: &mut Vec<u8>, id: u16, value: &[u8]) -> Option<()> {
    list.extend_from_slice(&id.to_le_bytes());
    list.extend_from_slice(&u16::try_from(value.len()).ok()?.to_le_bytes());
    list.extend_from_slice(value);
    Some(())
}

/// The pairs of a list up to its end, or to where it is none.
pub(super) fn pairs(mut list: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (id, rest) = list.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let id = u16::from_le_bytes(*id);
        let value;
        (value, list) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        (id != super::pair::END).then_some((id, value))
    })
}

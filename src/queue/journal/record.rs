//! The octets of a segment: records, one behind the other.
//!
//! ```text
//! magic "MRJ1" | kind 1 | length of the id 1 | 0 2 | epoch 8 | length of the rest 4 | CRC-32 4 | id | ...
//! ```
//!
//! All numbers are little-endian; the CRC is that of everything else in the record. Behind the id a message has the
//! modification time of its file (8 octets) and then the file itself; a removal has that time or nothing.
//!
//! A segment is written from its start over the records of its last use. What belongs to the present use is told by
//! the epoch, a random number drawn anew for each use: the first record says it, and reading ends at the first record
//! that has another, or that is not whole. Nothing behind that is searched for further records. It may be anything, the
//! content of old messages included, and whoever can send a message must not be able to write records.

use std::ops::Range;

use crate::queue::QueueId;

/// What every record begins with. Another last octet is another version.
pub(super) const MAGIC: [u8; 4] = *b"MRJ1";
/// Octets before the id.
const HEADER: usize = 24;
/// Octets of it that come before the CRC.
const BEFORE_CRC: usize = 20;
/// What stands where a segment holds no record.
pub(super) const NOTHING: [u8; HEADER] = [0; HEADER];

const MESSAGE: u8 = 1;
const REMOVAL: u8 = 2;
const MOVE: u8 = 3;

/// One record of the queue's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A message that was accepted.
    Message {
        /// Its id.
        id: QueueId,
        /// The modification time of its file as it was written, nanoseconds since 1970.
        modified: i64,
        /// Its file in Queue, whole.
        file: &'a [u8],
    },
    /// A message that is finished.
    Removal {
        /// Its id.
        id: QueueId,
        /// The modification time of the file that is removed.
        modified: i64,
    },
    /// A message that is on disk in another folder, from which it may come back.
    Move {
        /// Its id.
        id: QueueId,
    },
}

impl<'a> Record<'a> {
    /// Octets of the record of a message.
    pub(in crate::queue) fn size_of_message(id: &QueueId, file: &[u8]) -> usize {
        HEADER + id.as_str().len() + size_of::<i64>() + file.len()
    }

    /// The message it is about.
    pub(super) fn id(&self) -> &QueueId {
        let (Self::Message { id, .. } | Self::Removal { id, .. } | Self::Move { id }) = self;
        id
    }

    /// Appends the record, of this epoch. The file of a message has less than 4 GiB.
    pub fn write(&self, epoch: u64, out: &mut Vec<u8>) {
        let kind = match self {
            Self::Message { .. } => MESSAGE,
            Self::Removal { .. } => REMOVAL,
            Self::Move { .. } => MOVE,
        };
        let id = self.id();
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        // An id has at most 64 octets.
        out.extend_from_slice(&[kind, u8::try_from(id.as_str().len()).unwrap_or_default(), 0, 0]);
        out.extend_from_slice(&epoch.to_le_bytes());
        out.extend_from_slice(&[0; HEADER - 16]);
        out.extend_from_slice(id.as_str().as_bytes());
        match self {
            Self::Message { modified, file, .. } => {
                out.extend_from_slice(&modified.to_le_bytes());
                out.extend_from_slice(file);
            }
            Self::Removal { modified, .. } => out.extend_from_slice(&modified.to_le_bytes()),
            Self::Move { .. } => {}
        }
        let length = u32::try_from(out.len() - start - HEADER).unwrap_or(u32::MAX);
        out[start + 16..start + BEFORE_CRC].copy_from_slice(&length.to_le_bytes());
        let crc = crc(&out[start..]).to_le_bytes();
        out[start + BEFORE_CRC..start + HEADER].copy_from_slice(&crc);
    }

    /// The record at the start of `bytes`, with its epoch and its length in octets; `None` if there is no whole one.
    fn read(bytes: &'a [u8]) -> Option<(Self, u64, usize)> {
        let header = bytes.get(..HEADER)?;
        if !header.starts_with(&MAGIC) || header[6..8] != [0, 0] {
            return None;
        }
        let epoch = u64::from_le_bytes(header[8..16].try_into().ok()?);
        let rest = u32::from_le_bytes(header[16..BEFORE_CRC].try_into().ok()?);
        let size = HEADER.checked_add(usize::try_from(rest).ok()?)?;
        let record = bytes.get(..size)?;
        if crc(record).to_le_bytes() != header[BEFORE_CRC..] {
            return None;
        }
        let (id, rest) = record[HEADER..].split_at_checked(usize::from(header[5]))?;
        let id = std::str::from_utf8(id).ok()?.parse().ok()?;
        let record = match header[4] {
            MESSAGE => {
                let (modified, file) = rest.split_first_chunk()?;
                Self::Message { id, modified: i64::from_le_bytes(*modified), file }
            }
            REMOVAL => Self::Removal { id, modified: i64::from_le_bytes(rest.try_into().ok()?) },
            MOVE if rest.is_empty() => Self::Move { id },
            _ => return None,
        };
        Some((record, epoch, size))
    }
}

/// Of everything in a record but the CRC itself.
fn crc(record: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&record[..BEFORE_CRC]);
    crc.update(&record[HEADER..]);
    crc.finalize()
}

/// The records of a segment, each with where it stands.
pub struct Records<'a> {
    bytes: &'a [u8],
    at: usize,
    epoch: Option<u64>,
}

impl<'a> Records<'a> {
    /// Reads a segment, which may be any octets.
    pub fn of(segment: &'a [u8]) -> Self {
        Self { bytes: segment, at: 0, epoch: None }
    }

    /// The epoch, once a record was read.
    pub fn epoch(&self) -> Option<u64> {
        self.epoch
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (Range<usize>, Record<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (record, epoch, size) = Record::read(&self.bytes[self.at..])?;
        if *self.epoch.get_or_insert(epoch) != epoch {
            return None;
        }
        let place = self.at..self.at + size;
        self.at = place.end;
        Some((place, record))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An id, and what is written about it.
    type Made = (String, About);

    #[derive(Clone, Debug)]
    enum About {
        Message(i64, Vec<u8>),
        Removal(i64),
        Move,
    }

    fn records() -> impl Strategy<Value = Vec<Made>> {
        let about = prop_oneof![
            (any::<i64>(), prop::collection::vec(any::<u8>(), 0..50))
                .prop_map(|(time, file)| About::Message(time, file)),
            any::<i64>().prop_map(About::Removal),
            Just(About::Move),
        ];
        prop::collection::vec(("[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", about), 0..6)
    }

    fn record((id, about): &Made) -> Record<'_> {
        let id = id.parse().unwrap();
        match about {
            About::Message(modified, file) => Record::Message { id, modified: *modified, file },
            About::Removal(modified) => Record::Removal { id, modified: *modified },
            About::Move => Record::Move { id },
        }
    }

    fn write(records: &[Made], epoch: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        for made in records {
            record(made).write(epoch, &mut bytes);
        }
        bytes
    }

    #[test]
    fn the_size_of_a_message_is_known_before_it_is_written() {
        let message = ("0JX4".to_owned(), About::Message(7, b"file".to_vec()));
        assert_eq!(Record::size_of_message(&"0JX4".parse().unwrap(), b"file"), write(&[message], 1).len());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_up_to_the_first_octet_that_is_wrong(
            made in records(), epoch: u64, place in any::<prop::sample::Index>(), flip in 1..=u8::MAX,
        ) {
            let mut bytes = write(&made, epoch);
            let read: Vec<_> = Records::of(&bytes).map(|(_, record)| record).collect();
            let expected: Vec<_> = made.iter().map(record).collect();
            prop_assert_eq!(&read, &expected);
            if bytes.is_empty() {
                return Ok(());
            }
            let whole: Vec<_> = Records::of(&bytes).map(|(place, _)| place.end).collect();
            let at = place.index(bytes.len());
            bytes[at] ^= flip;
            let unharmed = whole.iter().filter(|end| **end <= at).count();
            let read: Vec<_> = Records::of(&bytes).map(|(_, record)| record).collect();
            // All but a first record's epoch is known beforehand, and that is part of its sum.
            prop_assert_eq!(read, &expected[..unharmed]);
        }

        #[test]
        fn records_of_an_earlier_use_are_not_read(new in records(), old in records(), epoch: u64) {
            let mut bytes = write(&old, epoch.wrapping_add(1));
            let start = write(&new, epoch);
            if start.is_empty() {
                return Ok(());
            }
            bytes.resize(bytes.len().max(start.len()), 0);
            bytes[..start.len()].copy_from_slice(&start);
            prop_assert_eq!(Records::of(&bytes).count(), new.len());
        }

        #[test]
        fn any_octets_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200), after_magic: bool) {
            let bytes = if after_magic { [&MAGIC[..], &bytes].concat() } else { bytes };
            prop_assert_eq!(Records::of(&bytes).count(), 0);
        }
    }
}

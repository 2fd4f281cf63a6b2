//! Reading the block of a file, and seeing whether the file is whole.

use super::block::{self, Block, BlockError, Extent};
use super::core::touched;
use super::error::ReadError;
use super::message::Message;
use super::store::{Stamp, StoredFile};

/// Octets read at first: nearly every block fits.
const HEAD: u64 = 4096;

/// The message of a file, and the length of its block.
pub(super) fn message(file: &dyn StoredFile, stamp: Stamp) -> Result<(Message, u64), ReadError> {
    let (block, length) = with_head(file, stamp.size, Block::parse_head)?;
    let length = length as u64;
    let content = stamp.size.saturating_sub(length);
    if let Some(expected) = block.size.filter(|&expected| content < expected)
        && is_torn(file, stamp.size, content)?
    {
        return Err(ReadError::Malformed(format!("it is torn: {content} of {expected} octets of content are there")));
    }
    Ok((block.into_message(content, touched(stamp))?, length))
}

/// The length of the block, whatever it says.
pub(super) fn block_length(file: &dyn StoredFile, size: u64) -> Result<u64, ReadError> {
    Ok(with_head(file, size, block::measure)? as u64)
}

/// Reads as much of the start of a file as `parse` needs.
pub(super) fn with_head<T>(
    file: &dyn StoredFile,
    size: u64,
    parse: impl Fn(&[u8], bool) -> Result<Extent<T>, BlockError>,
) -> Result<T, ReadError> {
    let mut head = Vec::new();
    let mut wanted = HEAD;
    loop {
        let is_all = fill(file, &mut head, wanted.min(size))? || head.len() as u64 >= size;
        match parse(&head, is_all)? {
            Extent::Whole(parsed) => return Ok(parsed),
            Extent::MoreThan(_) if is_all => return Err(BlockError::CutOff.into()),
            Extent::MoreThan(octets) => wanted = octets as u64,
        }
    }
}

/// Reads on until `head` has `wanted` octets. Returns whether the file ended before.
fn fill(file: &dyn StoredFile, head: &mut Vec<u8>, wanted: u64) -> Result<bool, ReadError> {
    let mut at = head.len();
    head.resize(usize::try_from(wanted).unwrap_or(usize::MAX).max(at), 0);
    while at < head.len() {
        match file.read_at(&mut head[at..], at as u64)? {
            0 => {
                head.truncate(at);
                return Ok(true);
            }
            read => at += read,
        }
    }
    Ok(false)
}

/// A file shorter than it should be was shortened by a person, or by a power cut. A person leaves whole lines.
fn is_torn(file: &dyn StoredFile, size: u64, content: u64) -> Result<bool, ReadError> {
    let mut last = [0];
    Ok(content == 0 || file.read_at(&mut last, size - 1)? == 0 || last != *b"\n")
}

//! The content of a message, read piece by piece.

use std::io;

use bytes::Bytes;

use super::normal::Normalizer;
use super::pool::Workers;
use super::store::StoredFile;

/// The largest piece.
const PIECE: usize = 64 * 1024;
/// Octets read at once: even if each is a bare LF, the piece they make is no larger than [`PIECE`].
const READ: usize = PIECE / 2 - 1;

/// Content in normal form, piece by piece: only CRLF line ends, the last line ended. A file edited by hand is
/// normalised while it is read.
pub struct Content {
    source: Source,
    normalizer: Normalizer,
}

enum Source {
    Memory(Bytes),
    File {
        /// `None` after a read that failed or was abandoned.
        file: Option<Box<dyn StoredFile>>,
        offset: u64,
        workers: Workers,
    },
}

impl Content {
    /// Content that is in memory.
    pub fn memory(bytes: Bytes) -> Self {
        Self { source: Source::Memory(bytes), normalizer: Normalizer::default() }
    }

    pub(super) fn file(file: Box<dyn StoredFile>, offset: u64, workers: Workers) -> Self {
        Self { source: Source::File { file: Some(file), offset, workers }, normalizer: Normalizer::default() }
    }

    /// The file it came from, unless a read of it failed.
    pub(super) fn into_file(self) -> Option<Box<dyn StoredFile>> {
        match self.source {
            Source::Memory(_) => None,
            Source::File { file, .. } => file,
        }
    }

    /// The next piece, at most 64 KiB and never empty.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let read = self.source.read().await?;
            if read.is_empty() {
                return Ok(self.normalizer.finish());
            }
            let piece = self.normalizer.push(read);
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }
}

impl Source {
    /// The next octets as they are stored; empty at the end.
    async fn read(&mut self) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.split_to(bytes.len().min(READ))),
            Self::File { file, offset, workers } => {
                let from = *offset;
                let handle = file.take().ok_or_else(|| io::Error::other("an earlier read failed"))?;
                let work = move || {
                    let mut buffer = vec![0; READ];
                    let read = handle.read_at(&mut buffer, from)?;
                    buffer.truncate(read);
                    Ok((handle, Bytes::from(buffer)))
                };
                let (handle, bytes) = workers.run(work).await?;
                *file = Some(handle);
                *offset += bytes.len() as u64;
                Ok(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_stay_within_their_limit_even_if_every_octet_is_a_line_end() {
        let mut content = Content::memory(Bytes::from(vec![b'\n'; 3 * PIECE]));
        let mut total = 0;
        while let Some(piece) = content.next().await.unwrap() {
            assert!(!piece.is_empty() && piece.len() <= PIECE);
            total += piece.len();
        }
        assert_eq!(total, 6 * PIECE);
    }
}

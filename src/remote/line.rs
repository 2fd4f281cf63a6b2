//! Lines with an upper bound.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Reads lines, and stays where it was when its future is dropped.
pub(super) struct Lines<R> {
    reader: R,
    max: usize,
    partial: Vec<u8>,
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// Lines of at most `max` octets.
    pub(super) fn new(reader: R, max: usize) -> Self {
        Self { reader, max, partial: Vec::new() }
    }

    /// The next line without its end; `None` at the end of the stream, also inside a line.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let available = self.reader.fill_buf().await?;
            if available.is_empty() {
                return Ok(None);
            }
            let (taken, is_whole) = match memchr::memchr(b'\n', available) {
                Some(end) => (end + 1, true),
                None => (available.len(), false),
            };
            if self.partial.len() + taken > self.max {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is too long"));
            }
            self.partial.extend_from_slice(&available[..taken]);
            self.reader.consume(taken);
            if is_whole {
                self.partial.pop();
                return Ok(Some(std::mem::take(&mut self.partial)));
            }
        }
    }

    /// The stream underneath, with what was read beyond the last line.
    pub(super) fn into_inner(self) -> R {
        self.reader
    }

    /// The stream underneath, to write to.
    pub(super) fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_one_by_one_and_an_unfinished_one_does_not() {
        let mut lines = Lines::new(&b"one\n\ntwo\nthr"[..], 8);
        assert_eq!(lines.next().await.unwrap().unwrap(), b"one");
        assert_eq!(lines.next().await.unwrap().unwrap(), b"");
        assert_eq!(lines.next().await.unwrap().unwrap(), b"two");
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut_off_at_the_bound() {
        let endless = tokio::io::BufReader::with_capacity(16, tokio::io::repeat(b'x'));
        let mut lines = Lines::new(endless, 1000);
        assert_eq!(lines.next().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(lines.partial.len() <= 1000);
    }
}

//! What the client has sent and nobody has read yet.

use std::io;

use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroize as _;

/// Octets asked for while commands are awaited: all that an idle session holds.
const COMMAND: usize = 2048;
/// Octets asked for when content begins, and at most, while it comes fast.
const CONTENT: usize = 16 * 1024;
const CONTENT_MAX: usize = 64 * 1024;

/// The receive buffer. It grows with content and shrinks again behind it.
#[derive(Debug, Default)]
pub(super) struct Input {
    octets: Vec<u8>,
    /// Octets of the front that were read.
    read: usize,
    /// Octets to ask for next, while content comes.
    appetite: usize,
}

impl Input {
    pub(super) fn unread(&self) -> &[u8] {
        &self.octets[self.read..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.read == self.octets.len()
    }

    pub(super) fn consume(&mut self, octets: usize) {
        self.read = (self.read + octets).min(self.octets.len());
    }

    /// Takes octets that may be a secret, and leaves nothing of them behind.
    pub(super) fn consume_secret(&mut self, octets: usize) {
        let end = (self.read + octets).min(self.octets.len());
        self.octets[self.read..end].zeroize();
        self.read = end;
    }

    /// Receives more commands; 0 at the end of the stream. Nothing is lost if this is dropped half-way.
    pub(super) async fn fill(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        if self.is_empty() && self.octets.capacity() > COMMAND {
            *self = Self::default();
        }
        self.appetite = CONTENT;
        self.receive(stream, COMMAND).await
    }

    /// Receives more content; 0 at the end of the stream.
    pub(super) async fn fill_content(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        let asked = self.appetite.max(CONTENT);
        let received = self.receive(stream, asked).await?;
        self.appetite = if received == asked { (asked * 2).min(CONTENT_MAX) } else { asked };
        Ok(received)
    }

    async fn receive(&mut self, stream: &mut (impl AsyncRead + Unpin), at_most: usize) -> io::Result<usize> {
        self.octets.drain(..self.read);
        self.read = 0;
        self.octets.reserve(at_most);
        stream.read_buf(&mut (&mut self.octets).limit(at_most)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_buffer_follows_content_and_is_given_back_behind_it() {
        let content = vec![b'x'; 300 * 1024];
        let mut stream = content.as_slice();
        let mut input = Input::default();
        assert_eq!(input.fill(&mut stream).await.unwrap(), COMMAND);
        let mut sizes = Vec::new();
        while !stream.is_empty() {
            let unread = input.unread().len();
            input.consume(unread);
            sizes.push(input.fill_content(&mut stream).await.unwrap());
        }
        assert_eq!(sizes[..4], [CONTENT, 2 * CONTENT, CONTENT_MAX, CONTENT_MAX]);
        input.consume(usize::MAX / 2);
        assert_eq!(input.fill(&mut stream).await.unwrap(), 0);
        assert!(input.octets.capacity() <= 2 * COMMAND);
    }

    #[tokio::test]
    async fn what_was_not_consumed_stays_in_front() {
        let mut stream = b"abcdef".as_slice();
        let mut input = Input::default();
        input.octets.extend_from_slice(b"12345");
        input.consume(3);
        input.fill(&mut stream).await.unwrap();
        assert_eq!(input.unread(), b"45abcdef");
    }
}

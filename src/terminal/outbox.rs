//! Frames on their way to a viewer: one at a time.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::Instant;

/// How long a viewer may take for one frame.
const DEADLINE: Duration = Duration::from_secs(30);

/// Writes a frame while other things happen. A frame once begun is written to its end, or the viewer is lost.
#[derive(Debug)]
pub(super) struct Outbox<W> {
    writer: W,
    frame: Vec<u8>,
    written: usize,
    deadline: Instant,
    is_busy: bool,
}

impl<W: AsyncWrite + Unpin> Outbox<W> {
    pub(super) fn new(writer: W) -> Self {
        Self { writer, frame: Vec::new(), written: 0, deadline: Instant::now(), is_busy: false }
    }

    /// Whether a frame is on its way; then no other may be given.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Takes a frame.
    pub(super) fn put(&mut self, frame: Vec<u8>) {
        self.is_busy = !frame.is_empty();
        self.frame = frame;
        self.written = 0;
        self.deadline = Instant::now() + DEADLINE;
    }

    /// Writes on. May be dropped at any time and called again; a viewer that is too slow is an error of the kind
    /// `TimedOut`.
    pub(super) async fn progress(&mut self) -> io::Result<()> {
        let deadline = self.deadline;
        tokio::time::timeout_at(deadline, self.finish()).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }

    async fn finish(&mut self) -> io::Result<()> {
        while self.written < self.frame.len() {
            match self.writer.write(&self.frame[self.written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                count => self.written += count,
            }
        }
        self.writer.flush().await?;
        // A large frame, as after a resize, is not kept.
        self.frame = Vec::new();
        self.written = 0;
        self.is_busy = false;
        Ok(())
    }

    /// Writes what is on its way and then these bytes, within a time of its own.
    pub(super) async fn end_with(mut self, bytes: &[u8], patience: Duration) -> io::Result<()> {
        let end = async {
            self.finish().await?;
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        };
        tokio::time::timeout(patience, end).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

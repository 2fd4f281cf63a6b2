//! A message on its way in.

use std::io;
use std::sync::Arc;

use super::block::{self, Rendered};
use super::core::{Core, file_name};
use super::id::QueueId;
use super::message::Message;
use super::pool::Workers;
use super::temporary::Temporary;

/// Octets of content that stay in memory; a longer message goes to its temporary file as it comes.
pub const MEMORY_LIMIT: usize = 64 * 1024;

/// A message on its way in. Up to [`MEMORY_LIMIT`] of content stay in memory, then it goes to its temporary file.
/// Dropping a draft leaves nothing behind.
///
/// The content must begin with a `Received:` line of ours. Content whose first line could be read as part of the
/// envelope is refused, since it might add a recipient.
pub struct Draft {
    core: Arc<Core>,
    workers: Workers,
    id: QueueId,
    message: Message,
    /// Block and content; once content has gone to the file, what has yet to go there.
    buffer: Vec<u8>,
    /// Octets of `buffer` at which it goes to the file.
    room: usize,
    block_len: usize,
    content: u64,
    file: Option<Temporary>,
    /// A write failed or was given up half way: this message cannot be committed any more.
    is_broken: bool,
}

/// A whole message, ready to be written or finished.
pub(super) struct Package {
    pub(super) id: QueueId,
    pub(super) message: Message,
    /// All of the file; or, where `file` has the beginning, the rest.
    pub(super) bytes: Vec<u8>,
    pub(super) block_len: usize,
    pub(super) file: Option<Temporary>,
}

impl Draft {
    pub(super) fn new(core: Arc<Core>, workers: Workers, message: Message) -> Self {
        let id = core.ids.next(message.received);
        let buffer = block::render(&message, None).0;
        let block_len = buffer.len();
        let room = block_len + MEMORY_LIMIT;
        Self { core, workers, id, message, buffer, room, block_len, content: 0, file: None, is_broken: false }
    }

    /// The id this message will have.
    pub fn id(&self) -> &QueueId {
        &self.id
    }

    /// Octets of content so far.
    pub fn size(&self) -> u64 {
        self.content
    }

    /// Appends content in normal form (CRLF only, no dot-stuffing). After an error, or when the call was abandoned,
    /// the draft cannot be committed; `CommitError::from` tells what to answer.
    pub async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        loop {
            let (piece, more) = rest.split_at(rest.len().min(self.room - self.buffer.len()));
            self.buffer.extend_from_slice(piece);
            self.content += piece.len() as u64;
            if more.is_empty() {
                return Ok(());
            }
            rest = more;
            self.flush().await?;
        }
    }

    /// Moves what is in memory to the file.
    async fn flush(&mut self) -> io::Result<()> {
        self.refuse_more_envelope()?;
        if std::mem::replace(&mut self.is_broken, true) {
            return Err(broken());
        }
        let (file, mut bytes) = (self.file.take(), std::mem::take(&mut self.buffer));
        let (core, name) = (Arc::clone(&self.core), file_name(&self.id));
        let work = move || {
            let mut file = file.map_or_else(|| Temporary::create(&core.store, name), Ok)?;
            file.append(&bytes)?;
            bytes.clear();
            Ok((file, bytes))
        };
        let (file, bytes) = self.workers.run(work).await?;
        self.file = Some(file);
        self.buffer = bytes;
        self.room = MEMORY_LIMIT;
        self.is_broken = false;
        Ok(())
    }

    /// The whole message, its size filled in.
    pub(super) fn finish(mut self) -> io::Result<Package> {
        if self.is_broken {
            return Err(broken());
        }
        self.refuse_more_envelope()?;
        self.message.size = self.content;
        if self.file.is_none() {
            Rendered::set_size_in(&mut self.buffer, self.content);
        }
        Ok(Package {
            id: self.id,
            message: self.message,
            bytes: self.buffer,
            block_len: self.block_len,
            file: self.file,
        })
    }

    fn refuse_more_envelope(&self) -> io::Result<()> {
        if self.file.is_none() && block::continues(&self.buffer[self.block_len..]) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the content must begin with a Received line, not with one of the envelope's",
            ));
        }
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier write of this message failed")
}

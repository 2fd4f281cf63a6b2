//! The durable queue: one file per message, the whole truth about it.
//!
//! [`Queue`] is the door. Nothing outside this module knows how a commit is made, and every byte in and out of the
//! mailroot goes through the [`Store`] trait, so that faults can be injected and another store can take its place.
//! The queue knows no route, no schedule and no screen.

mod filter;
mod id;
mod index;
mod message;
mod pickup;
mod watch;

pub use filter::{Candidate, Filter, FilterError};
pub use id::{IdError, QueueId};
pub use index::{Counts, Cursor, Entry, EntryRecipient, Index, Page, Phase};
pub use message::{Message, Origin, Progress, State, Status, Via};
pub use watch::{Touched, Watcher};

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

// ---- STUB: the contract of queue-core (builder 4). Split into files, keep the signatures. ----

/// The folders of a mailroot.
#[derive(Clone, Debug)]
pub struct Folders {
    pub pickup: PathBuf,
    pub queue: PathBuf,
    pub badmail: PathBuf,
    pub drop: PathBuf,
    pub state: PathBuf,
}

impl Folders {
    pub fn below(mailroot: &Path) -> Self {
        let below = |name: &str| mailroot.join(name);
        Self {
            pickup: below("Pickup"),
            queue: below("Queue"),
            badmail: below("Badmail"),
            drop: below("Drop"),
            state: below(".state"),
        }
    }
}

/// All queue I/O: the seam for fault injection and for a shared store. Blocking; called on the queue's own threads.
pub trait Store: Send + Sync + 'static {}

/// [`Store`] over a directory tree.
pub struct DirectoryStore {}

/// What a file looked like when last read or written, to notice edits by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Modification time, nanoseconds since 1970.
    pub modified: i64,
    /// Octets.
    pub size: u64,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Queue {}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("stub")]
    Stub,
}

/// Why a message was not committed; nothing of it is kept.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// No room: answer 452 4.3.1.
    #[error("stub")]
    Full(io::Error),
    /// Anything else: answer 451 4.3.0.
    #[error("stub")]
    Io(io::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file is not there (removed by hand).
    #[error("stub")]
    Gone,
    #[error("stub")]
    Io(io::Error),
    /// The block cannot be understood: the file goes to Badmail with this reason.
    #[error("stub")]
    Malformed(String),
}

#[derive(Debug, thiserror::Error)]
pub enum DropError {
    /// 452 4.2.2 Mailbox full.
    #[error("stub")]
    Quota,
    #[error("stub")]
    Io(io::Error),
}

/// A message on its way in. Up to 64 KiB of content stay in memory, then it goes to its temporary file.
/// Dropping a draft leaves nothing behind.
pub struct Draft {}

impl Draft {
    pub fn id(&self) -> &QueueId {
        todo!()
    }
    /// Appends content in normal form (CRLF only, no dot-stuffing).
    pub async fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        todo!()
    }
}

/// A message that is safe on disk.
pub struct Committed {
    pub id: QueueId,
    pub message: Message,
    pub stamp: Stamp,
    /// The content, where it stayed in memory.
    pub content: Option<Bytes>,
}

/// Content in normal form, piece by piece: only CRLF line ends, the last line ended. A file edited by hand is
/// normalised while it is read.
pub struct Content {}

impl Content {
    pub fn memory(bytes: Bytes) -> Self {
        todo!()
    }
    /// The next piece, at most 64 KiB.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        todo!()
    }
}

/// What recovery found at start.
#[derive(Debug, Default)]
pub struct Recovery {
    pub loaded: usize,
    pub temporary_removed: usize,
    /// File name and reason of each file moved to Badmail.
    pub set_aside: Vec<(String, String)>,
}

/// What became of a file since it was last looked at.
pub enum Inspection {
    Unchanged,
    Gone,
    Changed(Box<Message>, Stamp),
    /// Moved to Badmail with this reason.
    SetAside(String),
}

impl Queue {
    /// Makes the folders, takes the lock, starts the committer threads. Reads nothing yet.
    pub fn open(folders: Folders, store: Arc<dyn Store>) -> Result<Self, OpenError> {
        todo!()
    }
    /// Blocking, in parallel inside: every message file of Queue; removes temporary files, sets aside the rest.
    pub fn recover(&self, each: impl FnMut(QueueId, Message, Stamp)) -> io::Result<Recovery> {
        todo!()
    }
    /// The random name of this mailroot's server, kept in `.state`, written into our `Received:` lines.
    pub fn instance(&self) -> &str {
        todo!()
    }
    /// Starts a message; `message` is complete but for its size.
    pub fn draft(&self, message: Message) -> Draft {
        todo!()
    }
    /// When this returns Ok, content, name and directory are on disk.
    pub async fn commit(&self, draft: Draft) -> Result<Committed, CommitError> {
        todo!()
    }
    /// Reads the block only.
    pub async fn load(&self, id: &QueueId) -> Result<(Message, Stamp), ReadError> {
        todo!()
    }
    /// The content behind the block.
    pub async fn content(&self, id: &QueueId) -> Result<Content, ReadError> {
        todo!()
    }
    /// Writes the state fields (status per recipient, attempts, next, state, last reply) in place, never synced; where the block no
    /// longer fits, replaces the file. If the file was edited by hand since `known`, nothing is written and the edited message comes back.
    pub async fn record(&self, id: &QueueId, message: &Message, known: Stamp) -> Result<Recorded, ReadError> {
        todo!()
    }
    /// Unlinks a finished message. Gone already is no error.
    pub async fn remove(&self, id: &QueueId) -> io::Result<()> {
        todo!()
    }
    /// Moves a message that a person deleted to `.state/deleted`, for a day (undo).
    pub async fn discard(&self, id: &QueueId) -> io::Result<()> {
        todo!()
    }
    /// Brings it back.
    pub async fn restore(&self, id: &QueueId) -> Result<(Message, Stamp), ReadError> {
        todo!()
    }
    /// Moves a message to Badmail with `x-reason:`.
    pub async fn set_aside(&self, id: &QueueId, reason: &str) -> io::Result<()> {
        todo!()
    }
    /// Writes a durable copy to Drop for these recipients, with x-sender/x-receiver lines. `quota` in octets of the whole folder.
    pub async fn drop_copy(
        &self,
        id: &QueueId,
        message: &Message,
        recipients: &[usize],
        quota: Option<u64>,
    ) -> Result<(), DropError> {
        todo!()
    }
    /// Looks at one file again.
    pub async fn inspect(&self, id: &QueueId, known: Option<Stamp>) -> io::Result<Inspection> {
        todo!()
    }
    /// Every message file of Queue with its stamp; files that are no messages are set aside once they are whole.
    pub async fn scan(&self) -> io::Result<Vec<(QueueId, Stamp)>> {
        todo!()
    }
    /// Octets free and in all on the queue's file system.
    pub fn space(&self) -> io::Result<(u64, u64)> {
        todo!()
    }
}

pub enum Recorded {
    Written(Stamp),
    /// Edited by hand meanwhile; what it says now.
    Edited(Box<Message>, Stamp),
}

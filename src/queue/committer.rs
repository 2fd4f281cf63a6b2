//! How a message becomes durable before the client hears 250.
//!
//! The order, for every message:
//!
//! ```text
//! create incoming/<id> < write < fsync < rename to Queue/<id>.eml < fsync of Queue < 250
//! ```
//!
//! A file with its final name is therefore whole, whenever the power fails; and a message that was answered with 250
//! has its final name on disk. Several threads write and rename at the same time. The sync of the folder is shared:
//! the first thread that comes from its rename while nobody syncs takes all names that wait (a lone message waits for
//! nobody) and syncs the folder once for them. A name that comes while a sync runs waits for the next one, since only
//! a sync that started after a rename is known to cover it.
//!
//! On any error the file is removed under whichever name it has, and its descriptor is closed, never synced again:
//! the system forgets what it failed to write, and a second sync would lie.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::block::Rendered;
use super::core::{Busy, Core, file_name};
use super::draft::Package;
use super::error::CommitError;
use super::id::QueueId;
use super::message::Message;
use super::pool::locked;
use super::store::{Folder, Stamp};
use super::temporary::Temporary;

/// A message that is safe on disk.
#[derive(Debug)]
pub struct Committed {
    /// Its name.
    pub id: QueueId,
    /// Its envelope and state.
    pub message: Message,
    /// What its file looks like.
    pub stamp: Stamp,
    /// The content, where it stayed in memory.
    pub content: Option<Bytes>,
    /// Until this is dropped, whoever watches the folder takes the file for our own work: keep it until the message
    /// is known to its new owner, who would otherwise take it for one put there by hand.
    pub(crate) busy: Busy,
}

type Answer = Result<Committed, CommitError>;

/// Commits messages, on the threads that call it.
pub(super) struct Committer {
    core: Arc<Core>,
    names: Mutex<Names>,
}

/// Renamed files whose names are not yet on disk.
#[derive(Default)]
struct Names {
    waiting: Vec<Waiting>,
    is_syncing: bool,
}

struct Waiting {
    committed: Committed,
    answer: oneshot::Sender<Answer>,
}

impl Committer {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, names: Mutex::default() }
    }

    /// Writes a message and answers once it is durable; by then this thread may have left it to another one.
    pub(super) fn commit(&self, package: Package, answer: oneshot::Sender<Answer>) {
        match write(&self.core, package) {
            Ok(committed) => self.sync_name(Waiting { committed, answer }),
            Err(error) => {
                let _ = answer.send(Err(error.into())); // nobody may be waiting any more
            }
        }
    }

    fn sync_name(&self, renamed: Waiting) {
        let mut names = locked(&self.names);
        names.waiting.push(renamed);
        if names.is_syncing {
            return;
        }
        names.is_syncing = true;
        while !names.waiting.is_empty() {
            let batch = std::mem::take(&mut names.waiting);
            drop(names);
            let synced = self.core.store.sync_folder(Folder::Queue);
            for waiting in batch {
                self.answer(waiting, &synced);
            }
            names = locked(&self.names);
        }
        names.is_syncing = false;
    }

    fn answer(&self, waiting: Waiting, synced: &io::Result<()>) {
        let Waiting { committed, answer } = waiting;
        let id = committed.id.clone();
        let answer = match synced {
            Ok(()) => answer.send(Ok(committed)),
            Err(error) => {
                withdraw(&self.core, &id);
                answer.send(Err(again(error).into()))
            }
        };
        if let Err(Ok(_)) = answer {
            // Nobody was told, so nobody relies on it; the client will send it again.
            withdraw(&self.core, &id);
        }
    }
}

/// Waits for the answer to a commit. A caller that stops waiting never hears of the message, so it is not kept.
pub(super) struct Receipt {
    core: Arc<Core>,
    answer: oneshot::Receiver<Answer>,
}

impl Receipt {
    pub(super) fn new(core: Arc<Core>, answer: oneshot::Receiver<Answer>) -> Self {
        Self { core, answer }
    }

    pub(super) async fn wait(mut self) -> Answer {
        (&mut self.answer).await.unwrap_or_else(|_| Err(io::Error::other("the queue is closing").into()))
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok(Ok(committed)) = self.answer.try_recv() {
            withdraw(&self.core, &committed.id);
        }
    }
}

/// Everything up to the rename.
fn write(core: &Arc<Core>, package: Package) -> io::Result<Committed> {
    let Package { id, message, bytes, block_len, file } = package;
    let busy = core.begin(&id);
    let name = file_name(&id);
    let is_in_memory = file.is_none();
    let mut file = file.map_or_else(|| Temporary::create(&core.store, name.clone()), Ok)?;
    file.append(&bytes)?;
    if !is_in_memory {
        let (offset, digits) = Rendered::size_field(message.size);
        file.write_at(digits.as_bytes(), offset)?;
    }
    let stamp = file.finish()?;
    file.publish(Folder::Queue, &name)?;
    let content = is_in_memory.then(|| Bytes::from(bytes).slice(block_len..));
    Ok(Committed { id, message, stamp, content, busy })
}

/// Removes a message whose commit was not acknowledged.
fn withdraw(core: &Core, id: &QueueId) {
    if let Err(error) = core.store.remove(Folder::Queue, &file_name(id))
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::error!(%id, %error, "a message that was not accepted could not be removed; it may be sent");
    }
}

/// The same error for one more message of the batch.
fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}

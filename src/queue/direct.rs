//! Commits without the journal, for large messages, and while the journal has no room.
//!
//! The order, for every message:
//!
//! ```text
//! create incoming/<id> < write < fsync < rename to Queue/<id>.eml < fsync of Queue < 250
//! ```
//!
//! Several threads write and rename at the same time. The sync of the folder is shared: the first thread that comes
//! from its rename while nobody syncs takes all names that wait and syncs the folder once for them. A name that comes
//! while a sync runs waits for the next one, since only a sync that started after a rename is known to cover it.
//!
//! On any error the file is removed under whichever name it has, and its descriptor is closed, never synced again:
//! the system forgets what it failed to write, and a second sync would lie.

use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::block::Rendered;
use super::committer::{Answer, Committed, Order, again};
use super::core::{Core, file_name};
use super::draft::Package;
use super::pool::{Workers, locked};
use super::removal::withdraw;
use super::store::Folder;
use super::temporary::Temporary;

/// Commits messages, on threads of a pool.
pub(super) struct Direct {
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

impl Direct {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, names: Mutex::default() }
    }

    pub(super) fn submit(this: &Arc<Self>, pool: &Workers, order: Order) {
        let this = Arc::clone(this);
        pool.submit(move || this.commit(order));
    }

    /// Writes a message and answers once it is durable; by then this thread may have left it to another one.
    fn commit(&self, order: Order) {
        let Order { package, answer } = order;
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

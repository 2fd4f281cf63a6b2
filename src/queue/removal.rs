//! Taking messages out of the queue: first the note in the journal (`journal` tells why), then the file.

use std::ffi::OsStr;
use std::io;
use std::slice;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::Queue;
use super::core::{Core, file_name};
use super::id::QueueId;
use super::journal::Record;
use super::pool::{Workers, locked};
use super::store::Folder;

impl Queue {
    /// Unlinks a finished message. Gone already is no error.
    pub async fn remove(&self, id: &QueueId) -> io::Result<()> {
        let (done, result) = oneshot::channel();
        Removals::submit(&self.0.removals, self.workers(), Removal { id: id.clone(), done });
        match result.await.unwrap_or_else(|_| Err(io::Error::other("the queue is closing"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Removes the file of a message that is finished, or on disk in another place.
pub(super) fn remove(core: &Core, id: &QueueId) -> io::Result<()> {
    let _removing = core.journal.removing();
    let name = file_name(id);
    core.journal.note(slice::from_ref(&departure(core, id, &name)));
    core.store.remove(Folder::Queue, &name)
}

fn departure(core: &Core, id: &QueueId, name: &OsStr) -> Record<'static> {
    let modified = core.store.stat(Folder::Queue, name).map_or(i64::MIN, |stamp| stamp.modified);
    Record::Removal { id: id.clone(), modified }
}

/// Removes a message whose commit was not acknowledged.
pub(super) fn withdraw(core: &Core, id: &QueueId) {
    if let Err(error) = remove(core, id)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::error!(%id, %error, "a message that was not accepted could not be removed; it may be sent");
    }
}

/// Finished messages. One worker at a time removes all that wait, so that many cost few notes and few wake-ups.
pub(super) struct Removals {
    core: Arc<Core>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    removals: Vec<Removal>,
    is_served: bool,
}

struct Removal {
    id: QueueId,
    done: oneshot::Sender<io::Result<()>>,
}

impl Removals {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core, waiting: Mutex::default() }
    }

    fn submit(this: &Arc<Self>, workers: &Workers, removal: Removal) {
        let mut waiting = locked(&this.waiting);
        waiting.removals.push(removal);
        if !std::mem::replace(&mut waiting.is_served, true) {
            drop(waiting);
            let this = Arc::clone(this);
            workers.submit(move || this.serve());
        }
    }

    fn serve(&self) {
        loop {
            let mut waiting = locked(&self.waiting);
            let batch = std::mem::take(&mut waiting.removals);
            waiting.is_served = !batch.is_empty();
            drop(waiting);
            if batch.is_empty() {
                return;
            }
            self.remove(batch);
        }
    }

    fn remove(&self, batch: Vec<Removal>) {
        let _removing = self.core.journal.removing();
        let names: Vec<_> = batch.iter().map(|removal| file_name(&removal.id)).collect();
        let notes = batch.iter().zip(&names).map(|(removal, name)| departure(&self.core, &removal.id, name));
        self.core.journal.note(&notes.collect::<Vec<_>>());
        for (Removal { done, .. }, name) in batch.into_iter().zip(names) {
            let removed = self.core.store.remove(Folder::Queue, &name);
            let _ = done.send(removed); // nobody may be waiting any more
        }
    }
}

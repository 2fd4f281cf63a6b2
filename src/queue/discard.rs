//! What a person deleted, kept for a day.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::core::{Core, file_name, touched};
use super::error::ReadError;
use super::id::QueueId;
use super::journal::Record;
use super::store::{Access, Folder, Kind};
use super::{Committed, Queue, read};
use crate::clock::Timestamp;

/// How long a deletion can be undone.
const KEPT: Duration = Duration::from_hours(24);

impl Queue {
    /// Moves a message that a person deleted to `.state/deleted`, for a day (undo).
    pub async fn discard(&self, id: &QueueId) -> io::Result<()> {
        let (core, id) = (self.core(), id.clone());
        self.workers().run(move || discard(&core, &id)).await
    }

    /// Brings it back.
    pub async fn restore(&self, id: &QueueId) -> Result<Committed, ReadError> {
        let (core, id) = (self.core(), id.clone());
        self.workers().run(move || Ok(restore(&core, &id))).await?
    }

    /// Removes what was deleted more than a day before `now`. Returns how many files went.
    pub async fn purge_discarded(&self, now: Timestamp) -> io::Result<usize> {
        let core = self.core();
        self.workers().run(move || purge(&core, now)).await
    }
}

fn discard(core: &Core, id: &QueueId) -> io::Result<()> {
    let name = file_name(id);
    // Writing one octet anew sets the time of change to that of the deletion, from which the day counts.
    let (file, _) = core.store.open(Folder::Queue, &name, Access::Write)?;
    let mut first = [0];
    if file.read_at(&mut first, 0)? == 1 {
        file.write_at(&first, 0)?;
    }
    // Until now its content may be on disk in the journal alone.
    file.sync()?;
    drop(file);
    core.store.replace((Folder::Queue, &name), (Folder::Deleted, &name))?;
    core.store.sync_folder(Folder::Deleted)?;
    core.journal.note(&[Record::Move { id: id.clone() }]);
    core.store.sync_folder(Folder::Queue)
}

fn restore(core: &Arc<Core>, id: &QueueId) -> Result<Committed, ReadError> {
    let busy = core.begin(id);
    let name = file_name(id);
    core.store.publish((Folder::Deleted, &name), (Folder::Queue, &name))?;
    core.store.sync_folder(Folder::Queue)?;
    let (file, stamp) = core.store.open(Folder::Queue, &name, Access::Read)?;
    let (message, _) = read::message(&*file, stamp)?;
    Ok(Committed { id: id.clone(), message, stamp, content: None, busy })
}

fn purge(core: &Core, now: Timestamp) -> io::Result<usize> {
    let mut old = Vec::new();
    core.store.list(Folder::Deleted, &mut |entry| {
        if entry.kind == Kind::File
            && let Ok(stamp) = core.store.stat(Folder::Deleted, &entry.name)
            && now.since(touched(stamp)) > KEPT
        {
            old.push(entry.name);
        }
    })?;
    for name in &old {
        core.store.remove(Folder::Deleted, name)?;
    }
    Ok(old.len())
}

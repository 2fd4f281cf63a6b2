//! Writing down what became of a message.

use std::sync::Arc;

use super::block::{self, Rendered};
use super::core::{Core, file_name};
use super::error::ReadError;
use super::id::QueueId;
use super::message::Message;
use super::store::{Access, Folder, Stamp, StoredFile};
use super::{Queue, read};

/// What became of [`Queue::record`].
pub enum Recorded {
    /// The state is in the file.
    Written(Stamp),
    /// Edited by hand meanwhile; what it says now.
    Edited(Box<Message>, Stamp),
}

impl Queue {
    /// Writes the state fields (status per recipient, attempts, next, state, last reply) in place, never synced; where
    /// the block no longer fits, replaces the file, synced. If the file was edited by hand since `known`, nothing is
    /// written and the edited message comes back.
    pub async fn record(&self, id: &QueueId, message: &Message, known: Stamp) -> Result<Recorded, ReadError> {
        let (core, id) = (self.core(), id.clone());
        let block = block::render(message, None);
        self.workers().run(move || Ok(record(&core, &id, block, known))).await?
    }
}

fn record(core: &Arc<Core>, id: &QueueId, mut block: Rendered, known: Stamp) -> Result<Recorded, ReadError> {
    let _busy = core.begin(id);
    let (file, stamp) = core.store.open(Folder::Queue, &file_name(id), Access::Write)?;
    if stamp != known {
        let (message, _) = read::message(&*file, stamp)?;
        return Ok(Recorded::Edited(Box::new(message), stamp));
    }
    let length = read::block_length(&*file, stamp.size)?;
    block.set_size(stamp.size.saturating_sub(length));
    if block.0.len() as u64 == length {
        file.write_at(&block.0, 0)?;
        return Ok(Recorded::Written(file.stamp()?));
    }
    Ok(Recorded::Written(replace(core, id, &block, &*file, length)?))
}

/// Puts a file with another block in the place of the message. The accepted message must not be at risk for it, so
/// the new file is on disk before the old one goes.
fn replace(
    core: &Core,
    id: &QueueId,
    block: &Rendered,
    old: &dyn StoredFile,
    old_length: u64,
) -> Result<Stamp, ReadError> {
    let mut new = core.temporary()?;
    new.append(&block.0)?;
    new.append_from(old, old_length)?;
    let stamp = new.finish()?;
    new.replace(Folder::Queue, &file_name(id))?;
    core.store.sync_folder(Folder::Queue)?;
    Ok(stamp)
}

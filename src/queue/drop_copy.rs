//! Delivery to local domains: a copy in the Drop folder.

use std::ffi::OsStr;
use std::io;

use bytes::Bytes;

use super::aside::under_a_free_name;
use super::core::{Core, file_name};
use super::error::DropError;
use super::id::QueueId;
use super::message::Message;
use super::normal::Normalizer;
use super::store::{Access, Folder, Kind};
use super::{Queue, block, read};

impl Queue {
    /// Writes a durable copy to Drop for these recipients, with `x-sender` and `x-receiver` lines, as `<id>.eml` or
    /// `<id>-2.eml`. `quota` in octets of the whole folder.
    pub async fn drop_copy(
        &self,
        id: &QueueId,
        message: &Message,
        recipients: &[usize],
        quota: Option<u64>,
    ) -> Result<(), DropError> {
        let (core, id) = (self.core(), id.clone());
        let top = block::render_for_drop(message, recipients);
        self.workers().run(move || Ok(drop_copy(&core, &id, &top, quota))).await.map_err(DropError::Io)?
    }
}

fn drop_copy(core: &Core, id: &QueueId, top: &[u8], quota: Option<u64>) -> Result<(), DropError> {
    let (file, stamp) = core.store.open(Folder::Queue, &file_name(id), Access::Read).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound { DropError::Gone } else { DropError::Io(error) }
    })?;
    if let Some(quota) = quota
        && used(core).map_err(DropError::Io)?.saturating_add(stamp.size) > quota
    {
        return Err(DropError::Quota);
    }
    let write = || -> io::Result<()> {
        let mut offset = read::block_length(&*file, stamp.size).map_err(io::Error::other)?;
        let mut copy = core.temporary()?;
        copy.append(top)?;
        let mut normalizer = Normalizer::default();
        loop {
            let mut buffer = vec![0; 64 * 1024];
            let read = file.read_at(&mut buffer, offset)?;
            if read == 0 {
                break;
            }
            offset += read as u64;
            buffer.truncate(read);
            copy.append(&normalizer.push(Bytes::from(buffer)))?;
        }
        if let Some(end) = normalizer.finish() {
            copy.append(&end)?;
        }
        copy.finish()?;
        under_a_free_name(OsStr::new(id.as_str()), ".eml", |name| copy.publish(Folder::Drop, name))?;
        core.store.sync_folder(Folder::Drop)
    };
    write().map_err(DropError::Io)
}

/// Octets in Drop.
fn used(core: &Core) -> io::Result<u64> {
    let mut used: u64 = 0;
    core.store.list(Folder::Drop, &mut |entry| {
        if entry.kind == Kind::File
            && let Ok(stamp) = core.store.stat(Folder::Drop, &entry.name)
        {
            used = used.saturating_add(stamp.size);
        }
    })?;
    Ok(used)
}

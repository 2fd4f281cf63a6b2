//! One file of the journal.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::record::{NOTHING, Record, Records};
use crate::queue::QueueId;
use crate::queue::store::{Folder, Store, StoredFile};
use crate::queue::temporary::with_folders;

/// What a segment's name begins with; a number follows.
const PREFIX: &str = "segment-";

/// A segment and what it holds. Cheap to clone but for `living`.
pub(super) struct Segment {
    pub(super) name: OsString,
    pub(super) file: Arc<dyn StoredFile>,
    pub(super) epoch: u64,
    /// Where the next record goes.
    pub(super) end: u64,
    /// The messages whose files may not be on disk yet, with where their records stand. Whoever leaves the queue
    /// leaves this, with a note.
    pub(super) living: HashMap<QueueId, Range<u64>>,
    /// When its first record was written.
    pub(super) first: Option<Instant>,
    /// It was there at the start: a living message that has no file was never named, and is not one that left.
    pub(super) is_found: bool,
    pub(super) afterwards: Afterwards,
}

/// What becomes of a segment whose messages are all on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It is written again.
    Reused,
    /// Its handle failed, or it is of an earlier engine.
    Removed,
    /// It holds what we cannot read. A person may want to know what it was.
    SetAside,
}

impl Segment {
    /// Makes a new one, its name on disk. `number` is the first one to try.
    pub(super) fn create(store: &dyn Store, number: &mut u64) -> io::Result<Self> {
        let (name, file) = loop {
            *number += 1;
            let name = OsString::from(format!("{PREFIX}{number}"));
            match with_folders(store, || store.create(Folder::Journal, &name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => break created.map(|file| (name, file))?,
            }
        };
        if let Err(error) = store.sync_folder(Folder::Journal) {
            drop(file);
            let _ = store.remove(Folder::Journal, &name); // empty: the next start passes it over
            return Err(error);
        }
        Ok(Self::new(name, file.into(), new_epoch()))
    }

    /// An empty one over a file.
    pub(super) fn new(name: OsString, file: Arc<dyn StoredFile>, epoch: u64) -> Self {
        let (living, afterwards) = (HashMap::new(), Afterwards::Reused);
        Self { name, file, epoch, end: 0, living, first: None, is_found: false, afterwards }
    }

    /// The same file for another use, whose records go over those that are there.
    pub(super) fn renewed(self) -> Self {
        Self::new(self.name, self.file, new_epoch())
    }

    /// Writes records at the end, unsynced.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_at(records, self.end)?;
        self.end += records.len() as u64;
        self.first.get_or_insert_with(Instant::now);
        Ok(())
    }
}

/// Whether a name is one that segments have.
pub(super) fn is_segment(name: &OsStr) -> bool {
    let number = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    number.is_some_and(|number| number.parse::<u64>().is_ok())
}

/// Ends what is read of a segment at this place, unsynced.
pub(super) fn cut(file: &dyn StoredFile, at: u64) -> io::Result<()> {
    file.write_at(&NOTHING, at)
}

/// Hands the record at a place to `read`.
pub(super) fn with_record<T>(
    file: &dyn StoredFile,
    place: &Range<u64>,
    read: impl FnOnce(&Record<'_>) -> T,
) -> io::Result<T> {
    let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a record of the journal is damaged");
    let mut bytes = vec![0; usize::try_from(place.end - place.start).map_err(|_| damaged())?];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], place.start + filled as u64)? {
            0 => return Err(damaged()),
            more => filled += more,
        }
    }
    let (_, record) = Records::of(&bytes).next().ok_or_else(damaged)?;
    Ok(read(&record))
}

/// Random, so that nobody who sends a message can write a record of an epoch to come.
fn new_epoch() -> u64 {
    RandomState::new().hash_one(())
}

//! What earlier engines left in the journal, read at the start, before anything else looks at Queue.
//!
//! A message that has a record and no note was accepted and did not leave. If its file is missing or torn, it is
//! written anew from its record; otherwise the file is the truth, with all that was changed in it since. Nothing is
//! removed from the journal before all of its messages are on disk, so it does not matter if this is cut short.
//!
//! Of a message that left, the file may have come back with the power, its removal undone. The file of a finished
//! message is removed, unless it is newer than the one that was. That of a message that was moved is removed if it is
//! torn; a whole one stays, for a person may have brought it back.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex};

use super::record::{MAGIC, NOTHING, Record, Records};
use super::segment::{Afterwards, Segment, is_segment, with_record};
use super::torn::is_torn;
use super::{Journal, JournalLimits, Ring};
use crate::queue::QueueId;
use crate::queue::aside::under_a_free_name;
use crate::queue::core::file_name;
use crate::queue::id::Ids;
use crate::queue::store::{Access, Folder, Store, StoredFile};

/// Octets of a segment that are read. No segment of ours is larger.
const MAX_SEGMENT: usize = 64 << 20;

impl Journal {
    /// Opens the journal: brings back what earlier engines left in it. What cannot be brought back now stays in the
    /// journal and is tried again later.
    pub(in crate::queue) fn open(store: Arc<dyn Store>, limits: JournalLimits) -> io::Result<Self> {
        let mut segments = find(&*store)?;
        // What is noted in a segment may be about the messages of an earlier one.
        segments.sort_by_key(|found| found.written);
        settle_departed(&*store, &mut segments);
        let ring = Ring { retired: segments.into_iter().map(|found| found.segment).collect(), ..Ring::default() };
        let mut journal = Self {
            store,
            limits,
            ids: Ids::default(),
            ring: Mutex::new(ring),
            changed: Condvar::new(),
            removing: Mutex::default(),
            restored: 0,
        };
        journal.restored = journal.checkpoint_all().written;
        Ok(journal)
    }
}

/// A segment as it was found. All messages with a record are among the living yet.
struct Found {
    segment: Segment,
    /// Those that left, and the modification time of the file if they are finished.
    departed: Vec<(QueueId, Option<i64>)>,
    written: i64,
}

fn find(store: &dyn Store) -> io::Result<Vec<Found>> {
    let mut names = Vec::new();
    store.list(Folder::Journal, &mut |entry| {
        if is_segment(&entry.name) {
            names.push(entry.name);
        }
    })?;
    names.sort();
    let mut found = Vec::new();
    for name in names {
        match store.open(Folder::Journal, &name, Access::Read) {
            Ok((file, stamp)) => found.push(read(&name, file.into(), stamp.modified)),
            Err(_) if !store.is_regular(Folder::Journal, &name) => {
                if let Err(error) = set_aside(store, &name) {
                    tracing::error!(segment = %name.display(), %error, "the journal holds what is no file of ours");
                }
            }
            Err(error) => tracing::error!(
                segment = %name.display(), %error,
                "a segment of the journal cannot be read; messages in it that are nowhere else wait for the next start"
            ),
        }
    }
    Ok(found)
}

fn read(name: &OsStr, file: Arc<dyn StoredFile>, written: i64) -> Found {
    let (bytes, is_all) = read_all(&*file, MAX_SEGMENT);
    let mut records = Records::of(&bytes);
    let (mut living, mut departed) = (HashMap::new(), Vec::new());
    for (place, record) in &mut records {
        match record {
            Record::Message { id, .. } => {
                living.insert(id, place.start as u64..place.end as u64);
            }
            Record::Removal { id, modified } => departed.push((id, Some(modified))),
            Record::Move { id } => departed.push((id, None)),
        }
    }
    let is_ours = records.epoch().is_some() || is_empty(&bytes);
    if !is_ours {
        tracing::error!(
            segment = %name.display(),
            "a segment of the journal is of another version, or damaged; messages in it that are nowhere else are missing"
        );
    }
    let afterwards = if is_ours && is_all { Afterwards::Removed } else { Afterwards::SetAside };
    let segment = Segment::new(name.to_owned(), file, records.epoch().unwrap_or_default());
    Found { segment: Segment { living, is_found: true, afterwards, ..segment }, departed, written }
}

/// The octets of a file as far as they can be read, and whether these are all.
fn read_all(file: &dyn StoredFile, max: usize) -> (Vec<u8>, bool) {
    let (mut bytes, mut filled) = (Vec::new(), 0);
    loop {
        bytes.resize(filled + (1 << 20), 0);
        let read = file.read_at(&mut bytes[filled..], filled as u64);
        let is_over = !matches!(read, Ok(1..)) || filled > max;
        filled += read.as_ref().copied().unwrap_or_default();
        if is_over {
            bytes.truncate(filled);
            return (bytes, matches!(read, Ok(0)));
        }
    }
}

/// Whether a segment without a whole record holds none: never written, emptied, or cut off by a crash in its first
/// batch, of which nobody was told that it was accepted.
fn is_empty(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(NOTHING.len())];
    head.starts_with(&MAGIC) || head.iter().all(|&octet| octet == 0)
}

/// Leaves only those messages among the living of which no segment has a note, and removes what came back of others.
fn settle_departed(store: &dyn Store, segments: &mut [Found]) {
    let departed = segments.iter_mut().flat_map(|found| std::mem::take(&mut found.departed));
    let departed: HashMap<_, _> = departed.collect();
    let warn = |id: &QueueId, done: io::Result<()>| {
        if let Err(error) = done {
            tracing::warn!(%id, %error, "the file of a message that left the queue came back and cannot be removed");
        }
    };
    for Found { segment, .. } in segments {
        for (id, place) in segment.living.extract_if(|id, _| departed.contains_key(id)) {
            warn(&id, remove_torn(store, &id, &*segment.file, &place));
        }
    }
    for (id, modified) in departed {
        if let Some(modified) = modified {
            warn(&id, remove_finished(store, &id, modified));
        }
    }
}

fn remove_finished(store: &dyn Store, id: &QueueId, modified: i64) -> io::Result<()> {
    let name = file_name(id);
    match store.stat(Folder::Queue, &name) {
        Ok(stamp) if stamp.modified <= modified => store.remove(Folder::Queue, &name),
        _ => Ok(()),
    }
}

fn remove_torn(store: &dyn Store, id: &QueueId, segment: &dyn StoredFile, place: &Range<u64>) -> io::Result<()> {
    let name = file_name(id);
    if store.stat(Folder::Queue, &name).is_err() {
        return Ok(());
    }
    let whole = with_record(segment, place, |record| match record {
        Record::Message { modified, file, .. } => whole_file(store, &name, *modified, file),
        _ => Ok(None),
    })??;
    if whole.is_some() { Ok(()) } else { store.remove(Folder::Queue, &name) }
}

/// What the file of a message holds; `None` if it is missing, torn, or cannot be read to its end. `written` and
/// `modified` say what we wrote and when.
pub(super) fn whole_file(
    store: &dyn Store,
    name: &OsStr,
    modified: i64,
    written: &[u8],
) -> io::Result<Option<Vec<u8>>> {
    let (file, stamp) = match store.open(Folder::Queue, name, Access::Read) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (bytes, is_all) = read_all(&*file, usize::MAX);
    let is_whole = is_all && !is_torn(&bytes, stamp.modified, (modified, written));
    Ok(is_whole.then_some(bytes))
}

/// Gives a segment that is none another name, under which it is in nobody's way.
pub(super) fn set_aside(store: &dyn Store, name: &OsStr) -> io::Result<()> {
    let publish = |free: &OsStr| store.publish((Folder::Journal, name), (Folder::Journal, free));
    let free = under_a_free_name(name, ".aside", publish)?;
    tracing::error!("what was {} in the journal is {} now", name.display(), free.display());
    store.sync_folder(Folder::Journal)
}

//! The journal: accepted messages a second time, until their files are known to be on disk.
//!
//! To put a file and its name on disk costs two syncs, and they cannot be shared. So a message's file is written and
//! named without any, and its content goes to a segment of the journal as well, where one sync is enough for all
//! messages of a batch. Segments grow to [`JournalLimits::segment`] once and are then written again from their start,
//! so that the sync has no change of the file system's own records to wait for.
//!
//! Two segments take turns. One is active; when it is full, or when its first record is
//! [`JournalLimits::age`] old, it is retired and the other one becomes active. The messages of a retired segment that
//! are still in the queue get their syncs in the background (`checkpoint`); only then is it emptied and free again. So
//! most messages, which are delivered within the second, are never synced by themselves at all. While both segments
//! are taken, and for what is too large, messages are committed without the journal (`direct`).
//!
//! Whoever takes a message out of the queue writes a note of it first (`removal`), for otherwise the next start would
//! take its missing file for one that a power cut took, and bring it back. Notes are not synced by themselves: the
//! sync of the next batch covers them, or that of Queue when their segment is retired. A power cut that loses a note
//! brings back a message that was delivered: a second copy. A note must not be written before the message is either
//! finished or on disk in its new place.
//!
//! A handle that failed to sync is used for nothing any more but reading: its segment is retired at once, and removed
//! once its messages are on disk.
//!
//! People know nothing of it. A file that is missing from Queue when its message's segment is settled was removed by
//! hand, and that is that. Killed before, within [`JournalLimits::age`] of the message's coming, we bring it back.

mod checkpoint;
mod record;
mod replay;
mod segment;
mod torn;

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub use self::record::{Record, Records};
use self::segment::{Afterwards, Segment, cut};
use super::QueueId;
use super::id::Ids;
use super::pool::locked;
use super::store::{Folder, Store};

pub(super) use self::checkpoint::Checkpoints;

/// Segments waiting for their checkpoint at most, before a new one is opened: one in turn, and one that failed.
const MAX_RETIRED: usize = 2;

/// How much the journal holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalLimits {
    /// Octets of messages in one segment; there are two. What is larger than this is committed without the journal.
    pub segment: usize,
    /// How long a message stays in the journal before its file is synced.
    pub age: Duration,
}

impl Default for JournalLimits {
    fn default() -> Self {
        Self { segment: 8 << 20, age: Duration::from_secs(2) }
    }
}

/// The journal of one queue. One thread writes messages to it; notes come from anywhere.
pub(super) struct Journal {
    store: Arc<dyn Store>,
    limits: JournalLimits,
    ids: Ids,
    ring: Mutex<Ring>,
    /// A segment was retired, or got its first record, or the queue is closing.
    changed: Condvar,
    /// Held from the note of a message until its file is removed. Who has held it since a note was written knows that
    /// the removal was made as well.
    removing: Mutex<()>,
    /// Messages brought back at the start.
    restored: usize,
}

/// Messages are being written, until this is dropped.
pub(super) struct Writing<'a>(&'a Journal);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut ring = locked(&self.0.ring);
        ring.is_writing = false;
        self.0.turn_if_due(&mut ring);
    }
}

#[derive(Default)]
struct Ring {
    active: Option<Segment>,
    spare: Option<Segment>,
    retired: VecDeque<Segment>,
    /// Messages have records and no names yet. The ring is not turned before they have, for a message of a retired
    /// segment that has no file is one that left the queue.
    is_writing: bool,
    /// The last number in the name of a segment.
    number: u64,
    is_closing: bool,
    /// That no segment can be opened was logged.
    is_reported: bool,
}

impl Journal {
    /// Messages of earlier segments that had to be brought back.
    pub(super) fn restored(&self) -> usize {
        self.restored
    }

    /// Octets of messages that one segment holds.
    pub(super) fn room(&self) -> usize {
        self.limits.segment
    }

    /// Whether messages whose records have this size can be written now, which may turn the ring. If so, what is
    /// returned must be kept until they have their names.
    pub(super) fn make_room(&self, size: usize) -> Option<Writing<'_>> {
        if size > self.limits.segment {
            return None;
        }
        let mut ring = locked(&self.ring);
        let fits = |ring: &Ring| {
            let room = |active: &Segment| active.end + size as u64 <= self.limits.segment as u64;
            ring.active.as_ref().is_some_and(room)
        };
        if ring.retired.is_empty() && ring.active.is_some() && !fits(&ring) {
            self.turn(&mut ring);
        } else if ring.active.is_none() {
            self.activate(&mut ring);
        }
        ring.is_writing = fits(&ring);
        ring.is_writing.then(|| Writing(self))
    }

    /// Writes the records of messages and puts them on disk. After an error none of them is in the journal. To be
    /// called after [`Journal::make_room`].
    pub(super) fn write(&self, messages: &[Record<'_>]) -> io::Result<()> {
        let mut ring = locked(&self.ring);
        let Some(active) = &mut ring.active else { return Err(io::Error::other("the journal has no segment")) };
        let mut records = Vec::new();
        let start = active.end;
        for message in messages {
            let at = start + records.len() as u64;
            message.write(active.epoch, &mut records);
            active.living.insert(message.id().clone(), at..start + records.len() as u64);
        }
        let file = Arc::clone(&active.file);
        let appended = self.append(active, &records);
        drop(ring);
        appended.and_then(|()| file.sync_data()).inspect_err(|_| self.abandon(start, messages))
    }

    /// Notes that messages have left the queue: each a [`Record::Removal`] or [`Record::Move`].
    pub(super) fn note(&self, departures: &[Record<'_>]) {
        let mut ring = locked(&self.ring);
        let mut notes = Vec::new();
        for departure in departures {
            let was_living = ring.forget(departure.id());
            // A message that is not in the journal needs no note; but should a power cut undo the removal of its file,
            // the note spares a second copy.
            if let Some(active) = &ring.active
                && (was_living || active.end < self.limits.segment as u64)
            {
                departure.write(active.epoch, &mut notes);
            }
        }
        if let Some(active) = &mut ring.active
            && !notes.is_empty()
            && let Err(error) = self.append(active, &notes)
        {
            tracing::warn!(%error, "the journal cannot note what left the queue; after a crash it may be sent again");
        }
    }

    /// Whether a message was found in the journal at the start and could not be brought back yet. Its file, if there is
    /// one, may be torn.
    pub(super) fn is_awaited(&self, id: &QueueId) -> bool {
        locked(&self.ring).retired.iter().any(|segment| segment.is_found && segment.living.contains_key(id))
    }

    /// To be held from a note until the file is removed.
    pub(super) fn removing(&self) -> MutexGuard<'_, ()> {
        locked(&self.removing)
    }

    /// Turns the ring if the active segment is old enough.
    fn turn_if_due(&self, ring: &mut Ring) {
        let is_due = self.due(ring).is_some_and(|due| due <= Instant::now());
        if is_due && ring.retired.is_empty() && !ring.is_writing {
            self.turn(ring);
        }
    }

    /// When the active segment is old enough to be retired.
    fn due(&self, ring: &Ring) -> Option<Instant> {
        Some(ring.active.as_ref()?.first? + self.limits.age)
    }

    fn append(&self, active: &mut Segment, records: &[u8]) -> io::Result<()> {
        if active.first.is_none() {
            self.changed.notify_all();
        }
        active.append(records)
    }

    /// Retires the active segment and activates the other.
    fn turn(&self, ring: &mut Ring) {
        ring.retired.extend(ring.active.take());
        self.changed.notify_all();
        self.activate(ring);
    }

    /// Opens a segment, unless too many wait for their checkpoint, or the disk does not want to.
    fn activate(&self, ring: &mut Ring) {
        if ring.retired.len() >= MAX_RETIRED {
            return;
        }
        // One whose name somebody removed would be of no use after a crash.
        let is_there = |spare: &Segment| self.store.stat(Folder::Journal, &spare.name).is_ok();
        if let Some(spare) = ring.spare.take().filter(is_there) {
            ring.active = Some(spare.renewed());
            return;
        }
        match Segment::create(&*self.store, &mut ring.number) {
            Ok(segment) => {
                ring.active = Some(segment);
                ring.is_reported = false;
            }
            Err(error) if ring.is_reported => tracing::debug!(%error, "still no segment of the journal"),
            Err(error) => {
                ring.is_reported = true;
                tracing::error!(%error, "no segment of the journal can be opened; messages are taken without it");
            }
        }
    }

    /// Gives up the active segment, whose records from `start` on failed.
    fn abandon(&self, start: u64, messages: &[Record<'_>]) {
        let mut ring = locked(&self.ring);
        let Some(mut failed) = ring.active.take() else { return };
        for message in messages {
            failed.living.remove(message.id());
        }
        // Their clients are told that they were not accepted. Should a crash come before this segment is removed, they
        // had better not be found.
        if let Err(error) = cut(&*failed.file, start) {
            tracing::debug!(%error, "refused messages stay in the journal until their segment is removed");
        }
        failed.afterwards = Afterwards::Removed;
        ring.retired.push_back(failed);
        self.changed.notify_all();
        self.activate(&mut ring);
    }
}

impl Ring {
    /// Takes a message out of the living. Returns whether it was among them.
    fn forget(&mut self, id: &QueueId) -> bool {
        let segments = self.active.iter_mut().chain(&mut self.retired);
        segments.filter_map(|segment| segment.living.remove(id)).count() > 0
    }

    fn is_living(&self, id: &QueueId) -> bool {
        self.active.iter().chain(&self.retired).any(|segment| segment.living.contains_key(id))
    }
}

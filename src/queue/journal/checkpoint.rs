//! Putting the messages of retired segments on disk, each in its own file.
//!
//! The order, for every segment: each file is synced < Queue is synced < the segment is emptied, on disk as well. A
//! segment is kept while any of these fails, and tried again.

use std::ffi::OsString;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Journal;
use super::record::Record;
use super::replay;
use super::segment::{Afterwards, Segment, cut, with_record};
use crate::clock::Timestamp;
use crate::queue::QueueId;
use crate::queue::core::file_name;
use crate::queue::pool::locked;
use crate::queue::store::{Access, Folder, StoredFile};
use crate::queue::temporary::Temporary;

/// How long a segment whose checkpoint failed is left alone.
const REST: Duration = Duration::from_secs(10);
/// Threads that sync at the same time, so that their syncs share what the file system does for each.
const AT_ONCE: usize = 4;

/// The thread that makes the checkpoints. When this is dropped, which must be after the last commit, everything in the
/// journal is put on disk and its segments are removed.
pub(in crate::queue) struct Checkpoints {
    journal: Arc<Journal>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    pub(in crate::queue) fn start(journal: Arc<Journal>) -> io::Result<Self> {
        let serving = Arc::clone(&journal);
        let thread = thread::Builder::new().name("checkpoint".into()).spawn(move || serving.serve())?;
        Ok(Self { journal, thread: Some(thread) })
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        locked(&self.journal.ring).is_closing = true;
        self.journal.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic there leaves the segments to the next start
        }
        self.journal.close();
    }
}

/// What a checkpoint needs of a segment, which may lose living messages meanwhile.
struct Task {
    name: OsString,
    file: Arc<dyn StoredFile>,
    living: Vec<(QueueId, Range<u64>)>,
    is_found: bool,
    afterwards: Afterwards,
}

impl Task {
    fn of(segment: &Segment) -> Self {
        Self {
            name: segment.name.clone(),
            file: Arc::clone(&segment.file),
            living: segment.living.iter().map(|(id, place)| (id.clone(), place.clone())).collect(),
            is_found: segment.is_found,
            afterwards: segment.afterwards,
        }
    }
}

/// What became of all retired segments.
pub(super) struct Outcome {
    /// Messages that had to be written anew.
    pub(super) written: usize,
    /// No segment is left.
    is_done: bool,
}

impl Journal {
    fn serve(&self) {
        let mut has_failed = false;
        while self.wait(has_failed) {
            has_failed = !self.checkpoint_all().is_done;
        }
    }

    /// Waits for a retired segment, and retires the active one at its time. False when the queue is closing.
    fn wait(&self, has_failed: bool) -> bool {
        let mut ring = locked(&self.ring);
        let mut is_resting = has_failed;
        while !ring.is_closing {
            self.turn_if_due(&mut ring);
            if !ring.retired.is_empty() && !is_resting {
                return true;
            }
            let left = match self.due(&ring).filter(|_| !ring.is_writing && ring.retired.is_empty()) {
                _ if is_resting => Some(REST),
                Some(due) => Some(due.saturating_duration_since(Instant::now())),
                // Who is writing looks at the time himself afterwards.
                None => None,
            };
            ring = match left {
                Some(left) => self.changed.wait_timeout(ring, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(ring).unwrap_or_else(PoisonError::into_inner),
            };
            is_resting = false;
        }
        false
    }

    /// After the last commit: leaves nothing in the journal, if the disk lets it.
    fn close(&self) {
        let mut ring = locked(&self.ring);
        let last = ring.active.take().into_iter().chain(ring.spare.take());
        let last: Vec<_> = last.map(|segment| Segment { afterwards: Afterwards::Removed, ..segment }).collect();
        for segment in ring.retired.iter_mut().filter(|segment| segment.afterwards == Afterwards::Reused) {
            segment.afterwards = Afterwards::Removed;
        }
        ring.retired.extend(last);
        drop(ring);
        self.checkpoint_all();
    }

    /// Makes the checkpoint of every retired segment, the oldest first; what fails is logged and stays.
    pub(super) fn checkpoint_all(&self) -> Outcome {
        let tasks: Vec<_> = locked(&self.ring).retired.iter().map(Task::of).collect();
        let mut outcome = Outcome { written: 0, is_done: true };
        for task in tasks {
            let settled = self.settle_all(&task, &mut outcome.written);
            // What is noted in a segment may be about the messages of an earlier one, which needs the notes yet.
            let done = settled.and_then(|()| if outcome.is_done { self.finish(&task) } else { Ok(()) });
            if let Err(error) = done {
                outcome.is_done = false;
                tracing::error!(
                    segment = %task.name.display(), %error,
                    "messages of the journal cannot be put on disk in Queue; they stay in the journal for another try"
                );
            }
        }
        outcome
    }

    /// Puts the living messages of a segment on disk, going on after an error. Counts those written anew.
    fn settle_all(&self, task: &Task, written: &mut usize) -> io::Result<()> {
        let (next, anew, failure) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(None));
        let settle_some = || {
            while let Some((id, place)) = task.living.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.settle(task, id, place) {
                    Ok(is_anew) => {
                        anew.fetch_add(usize::from(is_anew), Ordering::Relaxed);
                    }
                    Err(error) => {
                        locked(&failure).get_or_insert(error);
                    }
                }
            }
        };
        if task.living.len() < AT_ONCE {
            settle_some();
        } else {
            thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(settle_some))));
        }
        *written += anew.into_inner();
        failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)?;
        // The files of messages noted so far are removed by now. Their names must not outlive their records: they may
        // be those of torn files.
        drop(self.removing());
        self.store.sync_folder(Folder::Queue)
    }

    /// Puts one message on disk under its own name. Returns whether its file had to be written anew.
    fn settle(&self, task: &Task, id: &QueueId, place: &Range<u64>) -> io::Result<bool> {
        let name = file_name(id);
        let opened = self.store.open(Folder::Queue, &name, Access::Sync);
        let is_gone = matches!(&opened, Err(error) if error.kind() == io::ErrorKind::NotFound);
        let is_synced = match opened {
            Ok((file, _)) => file.sync().is_ok(),
            Err(_) if is_gone => true,
            // Where a person put a link, there is nothing to sync.
            Err(_) if !self.store.is_regular(Folder::Queue, &name) => return Ok(false),
            Err(error) => return Err(error),
        };
        // A file that is missing was removed by hand; but at the start, it may never have had its name.
        if is_synced && !task.is_found {
            return Ok(false);
        }
        with_record(&*task.file, place, |record| {
            let Record::Message { modified, file, .. } = record else { return Ok(false) };
            match replay::whole_file(&*self.store, &name, *modified, file)? {
                Some(_) if is_synced => Ok(false),
                Some(whole) => self.replace(id, &whole),
                None => self.replace(id, file),
            }
        })?
    }

    /// Puts a file in the place of a message's, unless the message has left the queue meanwhile.
    fn replace(&self, id: &QueueId, content: &[u8]) -> io::Result<bool> {
        let mut new = Temporary::create(&self.store, self.ids.next(Timestamp::default()).as_str().into())?;
        new.append(content)?;
        new.finish()?;
        // Without the lock no note can be written, so no file that has one is put back.
        let ring = locked(&self.ring);
        let is_living = ring.is_living(id);
        if is_living {
            new.replace(Folder::Queue, &file_name(id))?;
        }
        Ok(is_living)
    }

    /// Empties a segment whose messages are on disk, for another use, or removes it.
    fn finish(&self, task: &Task) -> io::Result<()> {
        let is_emptied = task.afterwards == Afterwards::Reused && self.empty(task);
        match task.afterwards {
            Afterwards::SetAside => replay::set_aside(&*self.store, &task.name)?,
            _ if is_emptied => {}
            _ => self.remove(task)?,
        }
        let mut ring = locked(&self.ring);
        let at = ring.retired.iter().position(|segment| segment.name == task.name);
        let done = at.and_then(|at| ring.retired.remove(at));
        if is_emptied {
            ring.spare = done;
        }
        Ok(())
    }

    /// Whether that could be done. If not, the segment can only be removed.
    fn empty(&self, task: &Task) -> bool {
        let emptied = cut(&*task.file, 0).and_then(|()| task.file.sync_data());
        if let Err(error) = &emptied {
            tracing::warn!(segment = %task.name.display(), %error, "a segment of the journal cannot be emptied");
            let mut ring = locked(&self.ring);
            let failed = ring.retired.iter_mut().filter(|segment| segment.name == task.name);
            failed.for_each(|segment| segment.afterwards = Afterwards::Removed);
        }
        emptied.is_ok()
    }

    fn remove(&self, task: &Task) -> io::Result<()> {
        match self.store.remove(Folder::Journal, &task.name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.store.sync_folder(Folder::Journal),
        }
    }
}

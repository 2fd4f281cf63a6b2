//! Watching Queue and Pickup for what people and programs do there.
//!
//! The system reports every step of every file, our own thousands a second included. They are gathered for a
//! moment, each name once, and told as one batch; whoever listens asks the files themselves what became of them.
//! So nothing depends on a single event: where events were lost, or may have been, [`Touched::Everything`] says so.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::core::Name;
use super::pickup::is_in_progress;
use super::{Folders, QueueId};

/// From the first event to the batch that tells it.
const GATHER: Duration = Duration::from_millis(200);
/// The watcher's thread would wake for every single event. It listens this long,
const LISTEN: Duration = Duration::from_millis(1);
/// and then lets events gather in the system's queue, which has room for the events of seconds.
const PAUSE: Duration = Duration::from_millis(20);
/// How often a folder that could not be watched is tried again.
const RENEWAL: Duration = Duration::from_secs(1);
/// Names gathered at most; beyond, looking at every file costs less than remembering.
const MAX_NAMES: usize = 20_000;
/// Touches told but not yet taken.
const CHANNEL: usize = 1024;

/// What may have changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Touched {
    /// The file of this message in Queue: made, edited or removed, by us or by someone else.
    Message(QueueId),
    /// A file in Queue under a name that is no message's.
    Foreign(OsString),
    /// Something in Pickup.
    Pickup,
    /// Anything: events were lost, or a folder was replaced. Every file must be looked at.
    Everything,
}

/// Watches until it is dropped.
pub struct Watcher {
    shared: Arc<Shared>,
}

impl Watcher {
    /// Watches Queue and Pickup. What cannot be watched (missing folders, the system's limit of watches) is logged
    /// and tried again every second; until then only the periodic reconcile sees what happens there.
    pub fn start(folders: &Folders) -> (Self, mpsc::Receiver<Touched>) {
        let shared = Arc::new(Shared {
            queue: folders.queue.clone(),
            pickup: folders.pickup.clone(),
            gathered: Mutex::default(),
            changed: Condvar::new(),
            complete: AtomicBool::new(false),
        });
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let mut watch = Watch::new(Arc::clone(&shared));
        watch.renew();
        let spawned = thread::Builder::new().name("queue-watch".into()).spawn(move || watch.run(&sender));
        if let Err(error) = spawned {
            tracing::warn!(%error, "Queue and Pickup are not watched, only looked at from time to time");
        }
        (Self { shared }, receiver)
    }

    /// Whether both folders are being watched; where not, look at them more often.
    pub fn is_complete(&self) -> bool {
        self.shared.complete.load(Ordering::Relaxed)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

/// Between the system's callback, the thread that tells, and the owner.
struct Shared {
    queue: PathBuf,
    pickup: PathBuf,
    gathered: Mutex<Gathered>,
    changed: Condvar,
    complete: AtomicBool,
}

/// What was touched since the last batch.
#[derive(Default)]
struct Gathered {
    messages: HashSet<QueueId>,
    foreign: HashSet<OsString>,
    pickup: bool,
    everything: bool,
    /// A watched folder itself went away or came back.
    moved: bool,
    closed: bool,
}

/// The thread's side.
struct Watch {
    shared: Arc<Shared>,
    /// `None` while the system refuses to give us one.
    watcher: Option<RecommendedWatcher>,
    /// The failure at hand was logged.
    warned: bool,
}

impl Watch {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared, watcher: None, warned: false }
    }

    fn run(mut self, sender: &mpsc::Sender<Touched>) {
        while let Some(mut batch) = self.shared.next_batch() {
            let was_complete = self.shared.complete.load(Ordering::Relaxed);
            if batch.moved || !was_complete {
                self.renew();
                // Nobody saw what happened between the loss of the watch and now.
                batch.everything |= !was_complete && self.shared.complete.load(Ordering::Relaxed);
            }
            for touched in batch.into_touches() {
                if sender.blocking_send(touched).is_err() {
                    return;
                }
            }
        }
    }

    /// Watches both folders anew: a folder that was replaced is another folder under the same name.
    fn renew(&mut self) {
        let done = self.try_renew();
        self.shared.complete.store(done.is_ok(), Ordering::Relaxed);
        let warned = std::mem::replace(&mut self.warned, done.is_err());
        if let Err(error) = done
            && !warned
        {
            tracing::warn!(%error, "Queue and Pickup are not watched, only looked at from time to time");
        }
    }

    fn try_renew(&mut self) -> notify::Result<()> {
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            none => {
                let shared = Arc::clone(&self.shared);
                let mut resumed = Instant::now();
                none.insert(notify::recommended_watcher(move |event| {
                    shared.note(event);
                    if resumed.elapsed() > LISTEN {
                        thread::sleep(PAUSE);
                        resumed = Instant::now();
                    }
                })?)
            }
        };
        for folder in [&self.shared.queue, &self.shared.pickup] {
            // An error only says that the old watch is gone already.
            let _ = watcher.unwatch(folder);
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(())
    }
}

impl Shared {
    /// Called for every event, on the thread of the watcher.
    fn note(&self, event: notify::Result<notify::Event>) {
        if let Ok(event) = &event
            && !is_change(event.kind)
            && !event.need_rescan()
        {
            return;
        }
        let mut gathered = self.lock();
        let was_empty = gathered.is_empty();
        match event {
            Ok(event) if event.need_rescan() => gathered.everything = true,
            Ok(event) => event.paths.iter().for_each(|path| gathered.add(path, &self.queue, &self.pickup)),
            Err(error) => {
                tracing::debug!(%error, "watching Queue and Pickup");
                gathered.everything = true;
            }
        }
        if was_empty && !gathered.is_empty() {
            self.changed.notify_all();
        }
    }

    /// Waits for something to tell, or to be tried again; `None` when the owner is gone.
    fn next_batch(&self) -> Option<Gathered> {
        let idle = |gathered: &mut Gathered| gathered.is_empty() && !gathered.closed;
        let waiting = if self.complete.load(Ordering::Relaxed) {
            self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner)
        } else {
            self.changed.wait_timeout_while(self.lock(), RENEWAL, idle).unwrap_or_else(PoisonError::into_inner).0
        };
        let open = |gathered: &mut Gathered| !gathered.is_empty() && !gathered.closed;
        let waited = self.changed.wait_timeout_while(waiting, GATHER, open);
        let mut gathered = waited.unwrap_or_else(PoisonError::into_inner).0;
        if gathered.closed { None } else { Some(std::mem::take(&mut *gathered)) }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gathered {
    fn is_empty(&self) -> bool {
        !self.everything && !self.pickup && self.messages.is_empty() && self.foreign.is_empty()
    }

    fn add(&mut self, path: &Path, queue: &Path, pickup: &Path) {
        if path == queue || path == pickup {
            (self.everything, self.moved) = (true, true);
        } else if let Some(name) = name_below(path, queue) {
            self.add_queue_file(name);
        } else if name_below(path, pickup).is_some_and(|name| !is_in_progress(name)) {
            self.pickup = true;
        }
    }

    fn add_queue_file(&mut self, name: &OsStr) {
        if self.everything {
            return;
        }
        match Name::of(name) {
            Name::Message(id) => self.messages.insert(id),
            Name::Misnamed(_) | Name::Foreign => self.foreign.insert(name.to_owned()),
            Name::Hidden => return,
        };
        if self.messages.len() + self.foreign.len() > MAX_NAMES {
            self.everything = true;
            self.messages.clear();
            self.foreign.clear();
        }
    }

    fn into_touches(self) -> impl Iterator<Item = Touched> {
        let everything = self.everything.then_some(Touched::Everything);
        let pickup = (self.pickup || self.everything).then_some(Touched::Pickup);
        let named =
            self.messages.into_iter().map(Touched::Message).chain(self.foreign.into_iter().map(Touched::Foreign));
        everything.into_iter().chain(pickup).chain(named)
    }
}

/// Whether an event can mean that a file is other than before. To be opened, read or given other rights changes
/// nothing; a file written to is reported again when it is closed.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => false,
        _ => true,
    }
}

/// The name of a file that lies directly in `folder`. Events carry the folder's path as we gave it, so comparing
/// the text is enough, and cheaper than taking the path apart.
fn name_below<'a>(path: &'a Path, folder: &Path) -> Option<&'a OsStr> {
    let bytes = path.as_os_str().as_encoded_bytes();
    let rest = bytes.strip_prefix(folder.as_os_str().as_encoded_bytes())?;
    let is_child = rest.len() > 1 && std::path::is_separator(char::from(rest[0]));
    is_child.then(|| path.file_name()).flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use notify::event::{CreateKind, DataChange, Flag, MetadataKind, RemoveKind, RenameMode};

    use super::*;

    fn shared() -> Shared {
        Shared {
            queue: "/mailroot/Queue".into(),
            pickup: "/mailroot/Pickup".into(),
            gathered: Mutex::default(),
            changed: Condvar::new(),
            complete: AtomicBool::new(true),
        }
    }

    fn told(events: impl IntoIterator<Item = notify::Event>) -> Vec<Touched> {
        told_of(events.into_iter().map(Ok))
    }

    fn told_of(events: impl IntoIterator<Item = notify::Result<notify::Event>>) -> Vec<Touched> {
        let shared = shared();
        events.into_iter().for_each(|event| shared.note(event));
        let gathered = std::mem::take(&mut *shared.lock());
        gathered.into_touches().collect()
    }

    fn event(kind: EventKind, path: &str) -> notify::Event {
        notify::Event::new(kind).add_path(path.into())
    }

    const MOVED_IN: EventKind = EventKind::Modify(ModifyKind::Name(RenameMode::To));
    const CREATED: EventKind = EventKind::Create(CreateKind::File);

    #[test]
    fn the_steps_of_one_file_are_told_once() {
        let steps = [
            MOVED_IN,
            EventKind::Modify(ModifyKind::Data(DataChange::Any)),
            EventKind::Access(AccessKind::Close(AccessMode::Write)),
            EventKind::Remove(RemoveKind::File),
        ];
        let touched = told(steps.map(|step| event(step, "/mailroot/Queue/0JX4abc.eml")));
        assert_eq!(touched, [Touched::Message("0JX4abc".parse().unwrap())]);
    }

    #[test]
    fn reading_and_temporary_names_are_not_told() {
        let quiet = [
            event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/mailroot/Queue/a.eml"),
            event(EventKind::Modify(ModifyKind::Metadata(MetadataKind::Any)), "/mailroot/Queue/a.eml"),
            event(CREATED, "/mailroot/Queue/.incoming"),
            event(CREATED, "/mailroot/Queue/a.eml~"),
            event(CREATED, "/mailroot/Pickup/mail.tmp"),
            event(CREATED, "/mailroot/Pickup/.taken"),
            event(CREATED, "/mailroot/Queue2/a.eml"),
        ];
        assert_eq!(told(quiet), []);
    }

    #[test]
    fn pickup_and_foreign_names_are_told_as_what_they_are() {
        let touched = told([event(CREATED, "/mailroot/Pickup/mail.txt"), event(CREATED, "/mailroot/Queue/a copy.eml")]);
        assert_eq!(touched, [Touched::Pickup, Touched::Foreign("a copy.eml".into())]);
    }

    #[test]
    fn an_overflow_or_an_error_means_everything() {
        let overflow = notify::Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(told([overflow]), [Touched::Everything, Touched::Pickup]);
        assert_eq!(told_of([Err(notify::Error::generic("lost"))]), [Touched::Everything, Touched::Pickup]);
    }

    #[test]
    fn more_names_than_can_be_kept_mean_everything() {
        let flood = (0..=MAX_NAMES).map(|n| event(MOVED_IN, &format!("/mailroot/Queue/m{n}.eml")));
        assert_eq!(told(flood), [Touched::Everything, Touched::Pickup]);
    }

    async fn wait_for(receiver: &mut mpsc::Receiver<Touched>, wanted: &Touched) {
        while receiver.recv().await.unwrap() != *wanted {}
    }

    #[tokio::test]
    async fn files_made_and_removed_by_hand_are_told() {
        let mailroot = tempfile::tempdir().unwrap();
        let folders = Folders::below(mailroot.path());
        fs::create_dir(&folders.queue).unwrap();
        fs::create_dir(&folders.pickup).unwrap();
        let (watcher, mut touched) = Watcher::start(&folders);
        assert!(watcher.is_complete());

        let message = Touched::Message("by-hand".parse().unwrap());
        fs::write(folders.queue.join("by-hand.eml"), "x").unwrap();
        wait_for(&mut touched, &message).await;
        fs::remove_file(folders.queue.join("by-hand.eml")).unwrap();
        wait_for(&mut touched, &message).await;
        fs::write(folders.pickup.join("mail.txt"), "x").unwrap();
        wait_for(&mut touched, &Touched::Pickup).await;
    }

    #[tokio::test]
    async fn a_folder_removed_and_made_again_is_watched_again() {
        let mailroot = tempfile::tempdir().unwrap();
        let folders = Folders::below(mailroot.path());
        fs::create_dir(&folders.queue).unwrap();
        fs::create_dir(&folders.pickup).unwrap();
        let (watcher, mut touched) = Watcher::start(&folders);

        fs::remove_dir(&folders.queue).unwrap();
        wait_for(&mut touched, &Touched::Everything).await;
        fs::create_dir(&folders.queue).unwrap();
        while !watcher.is_complete() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        fs::write(folders.queue.join("by-hand.eml"), "x").unwrap();
        wait_for(&mut touched, &Touched::Message("by-hand".parse().unwrap())).await;
    }

    #[tokio::test]
    async fn the_thread_ends_with_its_owner() {
        let mailroot = tempfile::tempdir().unwrap();
        let (watcher, mut touched) = Watcher::start(&Folders::below(mailroot.path()));
        assert!(!watcher.is_complete(), "there are no folders");
        drop(watcher);
        assert_eq!(touched.recv().await, None);
    }
}

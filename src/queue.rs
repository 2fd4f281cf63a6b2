//! The durable queue: one file per message, the whole truth about it.
//!
//! [`Queue`] is the door. Nothing outside this module knows how a commit is made, and every byte in and out of the
//! mailroot goes through the [`Store`] trait, so that faults can be injected and another store can take its place.
//! The queue knows no route, no schedule and no screen.
//!
//! # How a message is kept
//!
//! A [`Draft`] gathers content, in memory up to [`MEMORY_LIMIT`] and then in a hidden temporary file.
//! [`Queue::commit`] writes it whole to its file, puts it on disk in the journal together with all that gathered
//! meanwhile, gives the file its final name (`committer` tells why in this order), and only then returns. From there
//! on the file is the message: [`Queue::record`] writes each new state over the old one in its envelope block (`block`
//! has the grammar), unsynced, since the worst that a power cut can do to it is an earlier retry; [`Queue::remove`]
//! unlinks it when every recipient is settled. Within seconds the file is on disk as well, or gone because it was
//! delivered, and the journal forgets it (`journal`). [`Queue::open`] mends from the journal what a power cut left torn
//! or missing, and [`Queue::recover`] reads all of it back.
//!
//! People may edit, move, copy and delete the files by hand: a [`Stamp`] shows that somebody did, and
//! [`Queue::inspect`], [`Queue::adopt`] and [`Queue::scan`] tell what. Nothing that a client was told is accepted is
//! ever deleted on our own account but by `remove`; what makes no sense goes to Badmail with its reason.

mod aside;
mod badmail;
mod block;
mod committer;
mod content;
mod core;
mod direct;
mod directory;
mod discard;
mod draft;
mod drop_copy;
mod error;
mod filter;
mod id;
mod index;
mod inspect;
mod instance;
mod journal;
mod message;
mod normal;
mod pickup;
mod pool;
mod read;
mod reconcile;
mod record;
mod recover;
mod removal;
mod store;
mod temporary;
mod watch;

pub use badmail::{BadMessage, Badmail, Removed};
pub use block::{Block, BlockError};
pub use committer::Committed;
pub use content::Content;
pub use directory::DirectoryStore;
pub use draft::{Draft, MEMORY_LIMIT};
pub use error::{CommitError, DropError, OpenError, ReadError};
pub use filter::{Candidate, Filter};
pub use id::{IdError, QueueId};
pub use index::{Counts, Cursor, Index, Listed, ListedRecipient, Page, Phase};
pub use inspect::{Adoption, Inspection, Scan, SetAside};
pub use journal::{JournalLimits, Record, Records};
pub use message::{Message, Origin, Progress, State, Status, Via};
pub use pickup::{Pickup, Sweep, Taken};
pub use reconcile::{Change, Known, Reconciliation};
pub use record::Recorded;
pub use recover::Recovery;
pub use store::{Access, Entry, Folder, Folders, Kind, Stamp, Store, StoredFile};
pub use watch::{Touched, Watcher};

use std::io;
use std::sync::Arc;

use tokio::sync::oneshot;

use self::committer::{Committer, Order, Receipt};
use self::core::{Core, file_name};
use self::journal::{Checkpoints, Journal};
use self::pool::{Pool, Workers};
use self::removal::Removals;

/// Threads that commit what does not go through the journal. They wait for the disk most of the time.
const DIRECT: usize = 8;
/// Threads for everything else.
const WORKERS: usize = 4;

/// The queue of one mailroot. Cheap to clone; the last clone that goes ends its threads and gives up the lock.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

// In the order in which they are dropped: work under way is done before another engine may have the folder.
struct Inner {
    committer: Committer,
    _direct: Pool,
    workers: Pool,
    removals: Arc<Removals>,
    _checkpoints: Checkpoints,
    core: Arc<Core>,
    instance: String,
    _lock: Box<dyn Send + Sync>,
}

impl Queue {
    /// Makes the folders, takes the lock, brings back what is in the journal alone, starts the threads.
    pub fn open(store: Arc<dyn Store>) -> Result<Self, OpenError> {
        Self::open_with(store, JournalLimits::default())
    }

    /// The same with other limits of the journal.
    pub fn open_with(store: Arc<dyn Store>, limits: JournalLimits) -> Result<Self, OpenError> {
        let place = store.place();
        let failed = |what| {
            let place = place.clone();
            move |source| OpenError::Io { what, place, source }
        };
        store.prepare().map_err(failed("make the folders"))?;
        let lock = store.lock().map_err(failed("take the lock"))?;
        let lock = lock.ok_or_else(|| OpenError::Locked { place: place.clone() })?;
        let journal = Journal::open(Arc::clone(&store), limits).map_err(failed("read the journal"))?;
        let core = Arc::new(Core::new(store, journal));
        let instance = instance::read_or_make(&core).map_err(failed("keep the name of this server"))?;
        let start = failed("start threads for the queue");
        let threads = || -> io::Result<_> {
            let checkpoints = Checkpoints::start(Arc::clone(&core.journal))?;
            let direct = Pool::start("direct", DIRECT)?;
            let committer = Committer::start(Arc::clone(&core), direct.workers().clone())?;
            Ok((committer, direct, Pool::start("queue", WORKERS)?, checkpoints))
        };
        let (committer, direct, workers, checkpoints) = threads().map_err(start)?;
        Ok(Self(Arc::new(Inner {
            committer,
            _direct: direct,
            workers,
            removals: Arc::new(Removals::new(Arc::clone(&core))),
            _checkpoints: checkpoints,
            core,
            instance,
            _lock: lock,
        })))
    }

    /// The random name of this mailroot's server, kept in `.state`, written into our `Received:` lines.
    pub fn instance(&self) -> &str {
        &self.0.instance
    }

    /// Starts a message; `message` is complete but for its size.
    pub fn draft(&self, message: Message) -> Draft {
        Draft::new(self.core(), self.workers().clone(), message)
    }

    /// When this returns Ok, content, name and directory are on disk. Otherwise, and if the caller stops waiting,
    /// nothing is kept.
    pub async fn commit(&self, draft: Draft) -> Result<Committed, CommitError> {
        let package = draft.finish()?;
        let (answer, receipt) = oneshot::channel();
        self.0.committer.submit(Order { package, answer });
        Receipt::new(self.core(), receipt).wait().await
    }

    /// Reads the block only.
    pub async fn load(&self, id: &QueueId) -> Result<(Message, Stamp), ReadError> {
        let (core, id) = (self.core(), id.clone());
        let work = move || {
            let (file, stamp) = core.store.open(Folder::Queue, &file_name(&id), Access::Read)?;
            Ok(read::message(&*file, stamp).map(|(message, _)| (message, stamp)))
        };
        self.workers().run(work).await?
    }

    /// The content behind the block.
    pub async fn content(&self, id: &QueueId) -> Result<Content, ReadError> {
        let (core, id) = (self.core(), id.clone());
        let work = move || {
            let (file, stamp) = core.store.open(Folder::Queue, &file_name(&id), Access::Read)?;
            Ok(read::block_length(&*file, stamp.size).map(|length| (file, length)))
        };
        let (file, length) = self.workers().run(work).await??;
        Ok(Content::file(file, length, self.workers().clone()))
    }

    /// Octets free and in all on the queue's file system.
    pub fn space(&self) -> io::Result<(u64, u64)> {
        self.0.core.store.space()
    }

    fn core(&self) -> Arc<Core> {
        Arc::clone(&self.0.core)
    }

    fn workers(&self) -> &Workers {
        self.0.workers.workers()
    }
}

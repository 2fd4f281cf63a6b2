//! How a message becomes durable before the client hears 250.
//!
//! One thread commits, and takes everything that waits as one batch: while it works on one, the next gathers; a lone
//! message waits for nobody. The order, for every batch:
//!
//! ```text
//! create and write incoming/<id>, each < write all records to the journal < sync the journal
//!     < rename to Queue/<id>.eml, each < 250
//! ```
//!
//! A message that was answered with 250 is therefore on disk in the journal (`journal` tells until when), and a file
//! with its final name can be torn by a power cut only while its content is there. On an error before the journal is
//! synced the files are removed, and none of the batch is kept.
//!
//! Messages that went to their file as they came are committed without the journal (`direct`), on other threads, and so
//! is everything while the journal has no room.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::core::{Busy, Core, file_name};
use super::direct::Direct;
use super::draft::{MEMORY_LIMIT, Package};
use super::error::CommitError;
use super::id::QueueId;
use super::journal::Record;
use super::message::Message;
use super::pool::{Workers, locked};
use super::removal::withdraw;
use super::store::{Folder, Stamp};
use super::temporary::Temporary;

/// Messages of one batch at most, and octets after which no more are taken into one.
const BATCH: usize = 256;
const BATCH_SIZE: usize = 1 << 20;
/// Octets of a file, block included, that goes through the journal.
const MAX_FILE: usize = 2 * MEMORY_LIMIT;

/// A message that is safe on disk.
#[derive(Debug)]
pub struct Committed {
    /// Its name.
    pub id: QueueId,
    /// Its envelope and state.
    pub message: Message,
    /// What its file looks like.
    pub stamp: Stamp,
    /// The content, where it stayed in memory.
    pub content: Option<Bytes>,
    /// Until this is dropped, whoever watches the folder takes the file for our own work: keep it until the message
    /// is known to its new owner, who would otherwise take it for one put there by hand.
    pub(crate) busy: Busy,
}

pub(super) type Answer = Result<Committed, CommitError>;

/// A message to be committed, and who waits for it.
pub(super) struct Order {
    pub(super) package: Package,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// The thread that commits; ended and waited for when this is dropped, after the work already handed in.
pub(super) struct Committer {
    inbox: Arc<Inbox>,
    direct: Arc<Direct>,
    pool: Workers,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Inbox {
    orders: Mutex<Orders>,
    changed: Condvar,
}

#[derive(Default)]
struct Orders {
    waiting: VecDeque<Order>,
    /// The thread sleeps, and must be woken.
    is_idle: bool,
    is_closed: bool,
}

impl Committer {
    /// `pool` is where messages are committed without the journal.
    pub(super) fn start(core: Arc<Core>, pool: Workers) -> io::Result<Self> {
        let direct = Arc::new(Direct::new(Arc::clone(&core)));
        let inbox = Arc::new(Inbox::default());
        let work = Work { core, inbox: Arc::clone(&inbox), direct: Arc::clone(&direct), pool: pool.clone() };
        let thread = thread::Builder::new().name("commit".into()).spawn(move || work.run())?;
        Ok(Self { inbox, direct, pool, thread: Some(thread) })
    }

    pub(super) fn submit(&self, order: Order) {
        if order.package.file.is_some() || order.package.bytes.len() > MAX_FILE {
            Direct::submit(&self.direct, &self.pool, order);
        } else {
            self.inbox.submit(order);
        }
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        locked(&self.inbox.orders).is_closed = true;
        self.inbox.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // it does not panic: each batch is caught
        }
    }
}

impl Inbox {
    fn submit(&self, order: Order) {
        let mut orders = locked(&self.orders);
        orders.waiting.push_back(order);
        if std::mem::take(&mut orders.is_idle) {
            drop(orders);
            self.changed.notify_all();
        }
    }

    /// Waits for something to do: what waits, up to the bounds of a batch and of `room`. `None` at the end.
    fn next(&self, room: usize) -> Option<Vec<Order>> {
        let mut orders = locked(&self.orders);
        while orders.waiting.is_empty() {
            if orders.is_closed {
                return None;
            }
            orders.is_idle = true;
            orders = self.changed.wait(orders).unwrap_or_else(PoisonError::into_inner);
            orders.is_idle = false;
        }
        let mut size = 0;
        let mut batch = Vec::new();
        while let Some(order) = orders.waiting.front()
            && batch.len() < BATCH
        {
            size += order.size();
            if size > BATCH_SIZE.min(room) && !batch.is_empty() {
                break;
            }
            batch.extend(orders.waiting.pop_front());
        }
        Some(batch)
    }
}

impl Order {
    /// Octets of its record.
    fn size(&self) -> usize {
        Record::size_of_message(&self.package.id, &self.package.bytes)
    }
}

/// The thread's side.
struct Work {
    core: Arc<Core>,
    inbox: Arc<Inbox>,
    direct: Arc<Direct>,
    pool: Workers,
}

/// A message whose file is written.
struct Written {
    id: QueueId,
    message: Message,
    bytes: Vec<u8>,
    block_len: usize,
    file: Temporary,
    stamp: Stamp,
    busy: Busy,
    answer: oneshot::Sender<Answer>,
}

impl Work {
    fn run(self) {
        while let Some(batch) = self.inbox.next(self.core.journal.room()) {
            // After a panic those who wait see their senders gone.
            let _ = catch_unwind(AssertUnwindSafe(|| self.commit(batch)));
        }
    }

    fn commit(&self, mut batch: Vec<Order>) {
        // Who stopped waiting never hears of the message, so it is not kept.
        batch.retain(|order| !order.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        let size = batch.iter().map(Order::size).sum();
        // Until all of them have their names.
        let Some(_writing) = self.core.journal.make_room(size) else {
            for order in batch {
                Direct::submit(&self.direct, &self.pool, order);
            }
            return;
        };
        let written: Vec<_> = batch.into_iter().filter_map(|order| write(&self.core, order)).collect();
        if written.is_empty() {
            return;
        }
        let records: Vec<_> = written.iter().map(Written::record).collect();
        match self.core.journal.write(&records) {
            Ok(()) => written.into_iter().for_each(|written| publish(&self.core, written)),
            Err(error) => written.into_iter().for_each(|written| written.refuse(again(&error))),
        }
    }
}

impl Written {
    fn record(&self) -> Record<'_> {
        Record::Message { id: self.id.clone(), modified: self.stamp.modified, file: &self.bytes }
    }

    /// Leaves nothing and says so.
    fn refuse(self, error: io::Error) {
        drop(self.file);
        let _ = self.answer.send(Err(error.into())); // nobody may be waiting any more
    }
}

/// Writes the file of a message, unsynced; `None` if that failed.
fn write(core: &Arc<Core>, order: Order) -> Option<Written> {
    let Order { package: Package { id, message, bytes, block_len, .. }, answer } = order;
    let busy = core.begin(&id);
    let write = || -> io::Result<_> {
        let mut file = Temporary::create(&core.store, file_name(&id))?;
        file.append(&bytes)?;
        let stamp = file.close()?;
        Ok((file, stamp))
    };
    match write() {
        Ok((file, stamp)) => Some(Written { id, message, bytes, block_len, file, stamp, busy, answer }),
        Err(error) => {
            let _ = answer.send(Err(CommitError::from(error))); // nobody may be waiting any more
            None
        }
    }
}

/// Gives a message that is in the journal its name.
fn publish(core: &Core, mut written: Written) {
    if let Err(error) = written.file.publish_unsettled(Folder::Queue, &file_name(&written.id)) {
        let note = Record::Removal { id: written.id.clone(), modified: written.stamp.modified };
        core.journal.note(&[note]);
        written.refuse(error);
        return;
    }
    let Written { id, message, bytes, block_len, stamp, busy, answer, .. } = written;
    let content = Some(Bytes::from(bytes).slice(block_len..));
    if let Err(Ok(unheard)) = answer.send(Ok(Committed { id, message, stamp, content, busy })) {
        // Nobody was told, so nobody relies on it; the client will send it again.
        withdraw(core, &unheard.id);
    }
}

/// Waits for the answer to a commit. A caller that stops waiting never hears of the message, so it is not kept.
pub(super) struct Receipt {
    core: Arc<Core>,
    answer: oneshot::Receiver<Answer>,
}

impl Receipt {
    pub(super) fn new(core: Arc<Core>, answer: oneshot::Receiver<Answer>) -> Self {
        Self { core, answer }
    }

    pub(super) async fn wait(mut self) -> Answer {
        (&mut self.answer).await.unwrap_or_else(|_| Err(io::Error::other("the queue is closing").into()))
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok(Ok(committed)) = self.answer.try_recv() {
            withdraw(&self.core, &committed.id);
        }
    }
}

/// The same error for one more message of the batch.
pub(super) fn again(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| io::Error::new(error.kind(), error.to_string()), io::Error::from_raw_os_error)
}

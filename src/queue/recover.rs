//! Reading the queue back at start.
//!
//! Only temporary files are removed: no client was ever told that one of them was accepted. Everything else that is
//! no message goes to Badmail with its reason. No single file keeps the others from being read.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::aside::set_aside_somehow;
use super::core::{Core, Name};
use super::error::ReadError;
use super::id::QueueId;
use super::message::Message;
use super::pool::locked;
use super::store::{Access, Folder, Kind, Stamp};
use super::{Queue, inspect, read};
use crate::text;

/// Names handed to a reader at once.
const BATCH: usize = 256;

/// What recovery found at start.
#[derive(Debug, Default)]
pub struct Recovery {
    /// Messages that a crash had left in the journal alone, and that were written to Queue when it was opened.
    pub restored: usize,
    /// Messages read.
    pub loaded: usize,
    /// Temporary files removed.
    pub temporary_removed: usize,
    /// File name and reason of each file moved to Badmail.
    pub set_aside: Vec<(String, String)>,
    /// File name and reason of each file that could neither be read nor moved. They stay where they are.
    pub stuck: Vec<(String, String)>,
}

/// A file that is no message of ours by name, or none by content.
struct Odd {
    name: OsString,
    /// Why it goes to Badmail; `None` for a message that only needs another name, perhaps this one.
    reason: Result<Option<QueueId>, String>,
}

enum Found {
    Message(QueueId, Box<Message>, Stamp),
    Odd(Odd),
    Vanished,
}

impl Queue {
    /// Blocking, in parallel inside: every message file of Queue; removes temporary files, sets aside the rest.
    pub fn recover(&self, mut each: impl FnMut(QueueId, Message, Stamp)) -> io::Result<Recovery> {
        let core = self.core();
        let mut recovery = Recovery { restored: core.journal.restored(), ..Recovery::default() };
        remove_temporary(&core, &mut recovery)?;
        let mut odd = Vec::new();
        read_all(&core, |found| match found {
            Found::Message(id, message, stamp) => {
                recovery.loaded += 1;
                each(id, *message, stamp);
            }
            Found::Odd(file) => odd.push(file),
            Found::Vanished => {}
        })?;
        // Only now, since a listing may show a file again under its new name.
        for file in odd {
            settle(&core, file, &mut recovery, &mut each);
        }
        Ok(recovery)
    }
}

fn remove_temporary(core: &Core, recovery: &mut Recovery) -> io::Result<()> {
    let mut names = Vec::new();
    core.store.list(Folder::Incoming, &mut |entry| {
        if entry.kind != Kind::Folder {
            names.push(entry.name);
        }
    })?;
    for name in names {
        match core.store.remove(Folder::Incoming, &name) {
            Ok(()) => recovery.temporary_removed += 1,
            Err(error) => recovery.stuck.push((shown(&name), format!("a temporary file cannot be removed: {error}"))),
        }
    }
    Ok(())
}

/// Lists the folder on one thread, reads files on some more, and tells the caller on this one.
fn read_all(core: &Arc<Core>, mut each: impl FnMut(Found)) -> io::Result<()> {
    let readers = thread::available_parallelism().map_or(2, usize::from).clamp(2, 4);
    thread::scope(|scope| {
        let (names, unread) = sync_channel(2 * readers);
        let (done, found) = sync_channel(2 * readers);
        let unread = Arc::new(Mutex::new(unread));
        for _ in 0..readers {
            let (unread, done) = (Arc::clone(&unread), done.clone());
            scope.spawn(move || read_batches(core, &unread, &done));
        }
        drop((done, unread));
        let lister = scope.spawn(move || list(core, &names));
        found.into_iter().flatten().for_each(&mut each);
        lister.join().unwrap_or_else(|_| Err(io::Error::other("listing the queue failed")))
    })
}

/// Hands on the names of Queue in batches. Names that are no message's go along, so that nothing is missed.
fn list(core: &Core, names: &SyncSender<Vec<(OsString, Kind)>>) -> io::Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    core.store.list(Folder::Queue, &mut |entry| {
        batch.push((entry.name, entry.kind));
        if batch.len() == BATCH {
            // The readers end only after this thread, unless one panicked; then recovery has failed anyway.
            let _ = names.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
    })?;
    let _ = names.send(batch);
    Ok(())
}

fn read_batches(core: &Core, unread: &Mutex<Receiver<Vec<(OsString, Kind)>>>, done: &SyncSender<Vec<Found>>) {
    loop {
        let Ok(batch) = locked(unread).recv() else { return };
        let found = batch.into_iter().map(|(name, kind)| read_one(core, name, kind)).collect();
        if done.send(found).is_err() {
            return;
        }
    }
}

fn read_one(core: &Core, name: OsString, kind: Kind) -> Found {
    let odd = |name, reason: &str| Found::Odd(Odd { name, reason: Err(reason.to_owned()) });
    let id = match Name::of(&name) {
        Name::Hidden => return Found::Vanished,
        _ if kind == Kind::Folder => return Found::Vanished,
        _ if kind == Kind::Other => return odd(name, "it is not a regular file"),
        Name::Foreign => return odd(name, "its name does not end in .eml"),
        Name::Misnamed(wanted) => return Found::Odd(Odd { name, reason: Ok(wanted) }),
        Name::Message(id) => id,
    };
    let read = match core.store.open(Folder::Queue, &name, Access::Read) {
        Ok((file, stamp)) => read::message(&*file, stamp).map(|(message, _)| (message, stamp)),
        Err(error) => Err(error.into()),
    };
    match read {
        Ok((message, stamp)) => Found::Message(id, Box::new(message), stamp),
        Err(ReadError::Gone) => Found::Vanished,
        Err(ReadError::Malformed(_)) if core.journal.is_awaited(&id) => Found::Vanished,
        Err(ReadError::Malformed(reason)) => odd(name, &reason),
        Err(ReadError::Io(error)) => odd(name, &format!("it cannot be read: {error}")),
    }
}

/// Renames or sets aside one file.
fn settle(core: &Arc<Core>, file: Odd, recovery: &mut Recovery, each: &mut impl FnMut(QueueId, Message, Stamp)) {
    let Odd { name, reason } = file;
    let shown = shown(&name);
    let reason = match reason.map(|wanted| take_in(core, &name, wanted)) {
        Ok(Ok((id, message, stamp))) => {
            recovery.loaded += 1;
            each(id, message, stamp);
            return;
        }
        Ok(Err(ReadError::Gone)) => return,
        Ok(Err(ReadError::Malformed(reason))) | Err(reason) => reason,
        Ok(Err(ReadError::Io(error))) => format!("it cannot be read: {error}"),
    };
    match set_aside_somehow(core, &name, &reason) {
        Ok(()) => recovery.set_aside.push((shown, reason)),
        Err(error) => {
            tracing::error!(file = %text::quoted(&shown), %reason, %error, "a file in Queue can neither be used nor moved");
            recovery.stuck.push((shown, format!("{reason}; it cannot be moved to Badmail: {error}")));
        }
    }
}

/// Reads a message under another name and gives it one of ours.
fn take_in(core: &Arc<Core>, name: &OsStr, wanted: Option<QueueId>) -> Result<(QueueId, Message, Stamp), ReadError> {
    let (file, stamp) = core.store.open(Folder::Queue, name, Access::Read)?;
    let (message, _) = read::message(&*file, stamp)?;
    drop(file);
    Ok((inspect::rename(core, name, wanted, stamp)?, message, stamp))
}

fn shown(name: &OsStr) -> String {
    text::printable(name.as_encoded_bytes()).into_owned()
}

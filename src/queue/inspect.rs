//! Following what people do to the Queue folder by hand.
//!
//! A file may be looked at while somebody still writes it. One that makes no sense is therefore only remembered at
//! the first look; if it looks the same at the second, nobody is writing it and it goes to Badmail. The same care is
//! taken before a file is renamed. Who watches the folder leaves a quarter of a second between two looks.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;

use super::aside::set_aside;
use super::core::{Core, Name, file_name, touched};
use super::error::ReadError;
use super::id::QueueId;
use super::message::Message;
use super::store::{Access, Folder, Kind, Stamp, StoredFile};
use super::{Queue, badmail, read};

/// What became of a file since it was last looked at.
#[derive(Debug)]
pub enum Inspection {
    /// Nothing, or the engine itself is changing it at this moment.
    Unchanged,
    /// It is not there.
    Gone,
    /// What it says now.
    Changed(Box<Message>, Stamp),
    /// It makes no sense, but somebody may still be writing it: look again in a quarter of a second.
    Unfinished,
    /// It is in Badmail now.
    SetAside(SetAside),
}

/// What became of a file that somebody put into Queue under a name of their own.
#[derive(Debug)]
pub enum Adoption {
    /// It is a message, and this is its name now.
    Adopted(QueueId, Box<Message>, Stamp),
    /// Somebody may still be writing it: look again in a quarter of a second.
    Unfinished,
    /// It is in Badmail now.
    SetAside(SetAside),
    /// It is not there, or it is none of our business: a folder, an editor's hidden file.
    Gone,
}

/// A file of Queue that was moved to Badmail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// What Badmail names it by; printable.
    pub badmail: String,
    /// Why.
    pub reason: String,
}

/// The files of Queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// Those named as messages are.
    pub messages: Vec<(QueueId, Stamp)>,
    /// All others, for [`Queue::adopt`].
    pub others: Vec<OsString>,
}

impl Queue {
    /// Looks at one file again. `known` is what the caller last knew of it.
    pub async fn inspect(&self, id: &QueueId, known: Option<Stamp>) -> io::Result<Inspection> {
        let (core, id) = (self.core(), id.clone());
        self.workers().run(move || inspect(&core, &id, known)).await
    }

    /// Takes a file of any name in Queue: gives a message an id of its own, sets anything else aside.
    pub async fn adopt(&self, name: &OsStr) -> io::Result<Adoption> {
        let (core, name) = (self.core(), name.to_owned());
        self.workers().run(move || adopt(&core, &name)).await
    }

    /// What is in Queue at this moment. What comes or goes meanwhile may be missed: [`Queue::inspect`] decides.
    pub async fn scan(&self) -> io::Result<Scan> {
        let core = self.core();
        self.workers().run(move || scan(&core)).await
    }
}

fn inspect(core: &Arc<Core>, id: &QueueId, known: Option<Stamp>) -> io::Result<Inspection> {
    let name = file_name(id);
    let opened = open(core, &name)?;
    // Asked only now: work that began behind the question could already have changed what was opened.
    if core.is_busy(id) {
        return Ok(Inspection::Unchanged);
    }
    let Some((file, stamp)) = opened else { return Ok(Inspection::Gone) };
    if known == Some(stamp) {
        return Ok(Inspection::Unchanged);
    }
    Ok(match look(core, &name, file.as_deref(), stamp)? {
        Look::Message(message) => Inspection::Changed(message, stamp),
        Look::Unfinished => Inspection::Unfinished,
        Look::SetAside(aside) => Inspection::SetAside(aside),
    })
}

fn adopt(core: &Arc<Core>, name: &OsStr) -> io::Result<Adoption> {
    let wanted = match Name::of(name) {
        Name::Hidden => return Ok(Adoption::Gone),
        Name::Message(id) => return Ok(adopted(inspect(core, &id, None)?, id)),
        Name::Misnamed(id) => Ok(id),
        Name::Foreign => Err("its name does not end in .eml"),
    };
    let Some((file, stamp)) = open(core, name)? else { return Ok(Adoption::Gone) };
    if !core.is_settled(name, stamp) {
        return Ok(Adoption::Unfinished);
    }
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(reason) => return put_aside(core, name, reason.to_owned()).map(Adoption::SetAside),
    };
    Ok(match look(core, name, file.as_deref(), stamp)? {
        Look::Message(message) => {
            drop(file);
            let id = rename(core, name, wanted, stamp)?;
            core.solved(name);
            Adoption::Adopted(id, message, stamp)
        }
        Look::Unfinished => Adoption::Unfinished,
        Look::SetAside(aside) => Adoption::SetAside(aside),
    })
}

fn adopted(inspection: Inspection, id: QueueId) -> Adoption {
    match inspection {
        Inspection::Changed(message, stamp) => Adoption::Adopted(id, message, stamp),
        Inspection::SetAside(aside) => Adoption::SetAside(aside),
        Inspection::Unfinished => Adoption::Unfinished,
        Inspection::Unchanged | Inspection::Gone => Adoption::Gone,
    }
}

fn scan(core: &Core) -> io::Result<Scan> {
    let Scan { mut messages, mut others } = Scan::default();
    core.store.list(Folder::Queue, &mut |entry| match (Name::of(&entry.name), entry.kind) {
        (Name::Hidden, _) | (_, Kind::Folder) => {}
        (Name::Message(id), Kind::File) => {
            // Gone since it was listed: no longer worth a word.
            messages.extend(core.store.stat(Folder::Queue, &entry.name).map(|stamp| (id, stamp)));
        }
        _ => others.push(entry.name),
    })?;
    Ok(Scan { messages, others })
}

/// What a look at a file that is there tells.
enum Look {
    Message(Box<Message>),
    Unfinished,
    SetAside(SetAside),
}

fn look(core: &Arc<Core>, name: &OsStr, file: Option<&dyn StoredFile>, stamp: Stamp) -> io::Result<Look> {
    let reason = match file.map(|file| read::message(file, stamp)) {
        Some(Ok((message, _))) => {
            core.solved(name);
            return Ok(Look::Message(Box::new(message)));
        }
        Some(Err(ReadError::Io(error))) => return Err(error),
        Some(Err(ReadError::Gone)) => return Err(io::ErrorKind::NotFound.into()),
        Some(Err(ReadError::Malformed(reason))) => reason,
        None => "it is not a regular file".to_owned(),
    };
    if let Name::Message(id) = Name::of(name)
        && core.journal.is_awaited(&id)
    {
        return Ok(Look::Unfinished);
    }
    if core.is_settled(name, stamp) { put_aside(core, name, reason).map(Look::SetAside) } else { Ok(Look::Unfinished) }
}

fn put_aside(core: &Arc<Core>, name: &OsStr, reason: String) -> io::Result<SetAside> {
    let badmail = badmail::id_of(&set_aside(core, name, &reason)?);
    core.solved(name);
    Ok(SetAside { badmail, reason })
}

/// Opens a file of Queue; `None` for the handle if it is no regular file, `None` for all if it is not there.
#[expect(clippy::type_complexity, reason = "two questions, two answers")]
fn open(core: &Core, name: &OsStr) -> io::Result<Option<(Option<Box<dyn StoredFile>>, Stamp)>> {
    match core.store.open(Folder::Queue, name, Access::Read) {
        Ok((file, stamp)) => Ok(Some((Some(file), stamp))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            core.solved(name);
            Ok(None)
        }
        Err(_) if !core.store.is_regular(Folder::Queue, name) => Ok(Some((None, Stamp { modified: 0, size: 0 }))),
        Err(error) => Err(error),
    }
}

/// Gives a message made by hand a name of ours: the one it nearly has if that is free, else a fresh one.
pub(super) fn rename(core: &Core, name: &OsStr, wanted: Option<QueueId>, stamp: Stamp) -> io::Result<QueueId> {
    // Under another name it may be one that the journal covers.
    core.store.open(Folder::Queue, name, Access::Sync)?.0.sync()?;
    let mut id = wanted.unwrap_or_else(|| core.ids.next(touched(stamp)));
    loop {
        let new: OsString = file_name(&id);
        match core.store.publish((Folder::Queue, name), (Folder::Queue, &new)) {
            Ok(()) => return core.store.sync_folder(Folder::Queue).map(|()| id),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => id = core.ids.next(touched(stamp)),
            Err(error) => return Err(error),
        }
    }
}

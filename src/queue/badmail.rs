//! Badmail: what could neither be delivered nor returned, each with its reason.
//!
//! Files get here by [`Queue::set_aside`] and from Pickup, but also by hand and from the old server, whose `.BAD` had a
//! `.BDP` and a `.BDR` beside it. All of them are listed, and none is trusted to be what its name says. A message is
//! named by the stem of its file or, where that is no queue id, by the file's whole name; such a name is compared
//! with the names that are there and never made into a path.

mod companions;

use std::ffi::{OsStr, OsString};
use std::io;
use std::time::Duration;

use self::companions::Group;
use super::aside::{stem_in_badmail, under_a_free_name};
use super::block::{self, Block};
use super::core::{Core, Name, file_name, touched};
use super::store::{Access, Folder, Kind, StoredFile};
use super::{Candidate, Content, Filter, Phase, Queue, QueueId, Status, read};
use crate::clock::Timestamp;
use crate::mail::{Address, Domain};
use crate::text;

/// Files described in one piece of work, so that a long list keeps nothing else waiting.
const CHUNK: usize = 200;
/// Octets read in search of a reason.
const HEAD: usize = 4096;

/// The Badmail folder of a mailroot. Cheap to clone.
#[derive(Clone)]
pub struct Badmail {
    queue: Queue,
}

/// A message in Badmail, as far as its envelope block tells.
#[derive(Clone, Debug, PartialEq)]
pub struct BadMessage {
    /// What it is named by; printable.
    pub id: String,
    /// Why it is here, where somebody wrote it down.
    pub reason: Option<String>,
    /// When it was accepted, else when its file was written.
    pub received: Timestamp,
    /// The sender without brackets; empty for reports, and where nobody knows.
    pub sender: String,
    /// The recipients, and how far delivery came; empty where nobody knows.
    pub recipients: Vec<(Address, Status)>,
    /// Octets of its file.
    pub size: u64,
}

/// A message removed by the caps of Badmail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    /// What it was named by; printable.
    pub id: String,
    /// Octets of its files.
    pub size: u64,
    /// How long it had been there.
    pub age: Duration,
    /// The setting it exceeded: `messages.badmail_max_age` or `messages.badmail_max_size`.
    pub setting: &'static str,
}

impl Badmail {
    /// The Badmail folder beside this queue.
    pub fn new(queue: Queue) -> Self {
        Self { queue }
    }

    /// The messages that match, the oldest first. Only blocks are read, a few kilobytes of each file.
    pub async fn list(&self, filter: &Filter, now: Timestamp) -> io::Result<Vec<BadMessage>> {
        let core = self.queue.core();
        let mut groups = self.queue.workers().run(move || groups(&core)).await?;
        let mut messages = Vec::new();
        while !groups.is_empty() {
            let chunk = groups.split_off(groups.len().saturating_sub(CHUNK));
            let core = self.queue.core();
            let describe = move || Ok(chunk.iter().filter_map(|group| describe(&core, group).ok()).collect::<Vec<_>>());
            let described = self.queue.workers().run(describe).await?;
            messages.extend(described.into_iter().filter(|message| filter.matches(message, now)));
        }
        messages.sort_by(|a, b| (a.received, &a.id).cmp(&(b.received, &b.id)));
        Ok(messages)
    }

    /// How many messages there are. No file is read.
    pub async fn count(&self) -> io::Result<usize> {
        let core = self.queue.core();
        self.queue.workers().run(move || Ok(groups(&core)?.len())).await
    }

    /// One message, and its content behind the block. [`io::ErrorKind::NotFound`] if there is none of this name.
    pub async fn show(&self, id: &str) -> io::Result<(BadMessage, Content)> {
        let (core, id) = (self.queue.core(), id.to_owned());
        let work = move || {
            let group = find(&core, &id)?;
            let (file, stamp) = core.store.open(Folder::Badmail, &group.name, Access::Read)?;
            let start = read::block_length(&*file, stamp.size).unwrap_or(0);
            Ok((describe(&core, &group)?, file, start))
        };
        let (message, file, start) = self.queue.workers().run(work).await?;
        Ok((message, Content::file(file, start, self.queue.workers().clone())))
    }

    /// Moves a message to Pickup, from where it is sent to the recipients still pending; if none is, to those that
    /// failed. Both names are on disk when this returns.
    pub async fn resend(&self, id: &str) -> io::Result<()> {
        let (core, id) = (self.queue.core(), id.to_owned());
        let work = move || {
            let group = find(&core, &id)?;
            let from = (Folder::Badmail, group.name.as_os_str());
            let stem = stem_in_badmail(&group.name);
            under_a_free_name(&stem, ".eml", |free| core.store.publish(from, (Folder::Pickup, free)))?;
            core.store.sync_folder(Folder::Pickup)?;
            remove_all(&core, &group.companions)?;
            core.store.sync_folder(Folder::Badmail)
        };
        self.queue.workers().run(work).await
    }

    /// Removes a message for good.
    pub async fn delete(&self, id: &str) -> io::Result<()> {
        let (core, id) = (self.queue.core(), id.to_owned());
        let work = move || {
            let group = find(&core, &id)?;
            remove_group(&core, &group)?;
            core.store.sync_folder(Folder::Badmail)
        };
        self.queue.workers().run(work).await
    }

    /// Removes what is older than `max_age`, then the oldest until the folder holds no more than `max_size` octets.
    /// Returns what was removed, for the log. A file that cannot be removed is passed over.
    pub async fn enforce(
        &self,
        max_size: Option<u64>,
        max_age: Option<Duration>,
        now: Timestamp,
    ) -> io::Result<Vec<Removed>> {
        let core = self.queue.core();
        let work = move || {
            let mut removed = Vec::new();
            for (group, reason) in excess(measure(&core)?, max_size, max_age, now) {
                match remove_group(&core, &group) {
                    Ok(()) => removed.push(reason),
                    Err(error) => tracing::warn!(file = %reason.id, %error, "a file in Badmail cannot be removed"),
                }
            }
            Ok(removed)
        };
        self.queue.workers().run(work).await
    }
}

impl Candidate for BadMessage {
    fn id(&self) -> &str {
        &self.id
    }

    fn sender(&self) -> &str {
        &self.sender
    }

    fn recipients(&self) -> impl Iterator<Item = (&str, &Domain)> {
        self.recipients.iter().map(|(address, _)| (address.as_str(), address.domain()))
    }

    fn phase(&self) -> Option<Phase> {
        None
    }

    fn received(&self) -> Timestamp {
        self.received
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn last_reply(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// A group with what the caps ask of it.
struct Measured {
    group: Group,
    size: u64,
    written: Timestamp,
}

fn groups(core: &Core) -> io::Result<Vec<Group>> {
    let mut names = Vec::new();
    core.store.list(Folder::Badmail, &mut |entry| {
        if entry.kind == Kind::File && Name::of(&entry.name) != Name::Hidden {
            names.push(entry.name);
        }
    })?;
    Ok(companions::group(names))
}

/// The files of one message by the name a person gave.
fn find(core: &Core, id: &str) -> io::Result<Group> {
    if let Ok(id) = id.parse::<QueueId>() {
        let name = file_name(&id);
        if core.store.stat(Folder::Badmail, &name).is_ok() {
            let note = companions::note_of(&name);
            let companions = core.store.stat(Folder::Badmail, &note).map(|_| note).into_iter().collect();
            return Ok(Group { name, companions });
        }
    }
    let found = groups(core)?.into_iter().find(|group| id_of(&group.name) == id);
    found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no such message in Badmail"))
}

/// What a file of Badmail is named by.
pub(super) fn id_of(name: &OsStr) -> String {
    match Name::of(name) {
        Name::Message(id) => id.to_string(),
        _ => text::printable(name.as_encoded_bytes()).into_owned(),
    }
}

fn describe(core: &Core, group: &Group) -> io::Result<BadMessage> {
    let (file, stamp) = core.store.open(Folder::Badmail, &group.name, Access::Read)?;
    let block = read::with_head(&*file, stamp.size, Block::parse_head).map(|(block, _)| block).unwrap_or_default();
    let reason = match block.reason {
        Some(reason) => Some(reason.into()),
        None => reason_of(core, &*file, group)?,
    };
    let mailbox = block.sender.as_ref().and_then(|sender| sender.mailbox());
    Ok(BadMessage {
        id: id_of(&group.name),
        reason,
        received: block.received.unwrap_or_else(|| touched(stamp)),
        sender: mailbox.map(Address::to_string).unwrap_or_default(),
        recipients: block.recipients.into_iter().map(|(recipient, status)| (recipient.address, status)).collect(),
        size: stamp.size,
    })
}

/// The reason in a block that cannot be read otherwise, or beside the file.
fn reason_of(core: &Core, file: &dyn StoredFile, group: &Group) -> io::Result<Option<String>> {
    if let Some(reason) = block::reason(&head(file)?) {
        return Ok(Some(reason.into()));
    }
    let Some(note) = group.companions.iter().find(|name| companions::is_note(name)) else { return Ok(None) };
    let (note, _) = core.store.open(Folder::Badmail, note, Access::Read)?;
    Ok(companions::read_note(&head(&*note)?))
}

fn head(file: &dyn StoredFile) -> io::Result<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let read = file.read_at(&mut head, 0)?;
    head.truncate(read);
    Ok(head)
}

fn measure(core: &Core) -> io::Result<Vec<Measured>> {
    let stat = |name: &OsString| core.store.stat(Folder::Badmail, name).ok();
    let measured = groups(core)?.into_iter().filter_map(|group| {
        let main = stat(&group.name)?;
        let beside: u64 = group.companions.iter().filter_map(stat).map(|stamp| stamp.size).sum();
        Some(Measured { group, size: main.size + beside, written: touched(main) })
    });
    Ok(measured.collect())
}

/// What must go, the oldest first.
fn excess(
    mut files: Vec<Measured>,
    max_size: Option<u64>,
    max_age: Option<Duration>,
    now: Timestamp,
) -> Vec<(Group, Removed)> {
    files.sort_by(|a, b| (a.written, &a.group.name).cmp(&(b.written, &b.group.name)));
    let mut total: u64 = files.iter().map(|file| file.size).sum();
    let mut excess = Vec::new();
    for Measured { group, size, written } in files {
        let age = now.since(written);
        let setting = if max_age.is_some_and(|max| age > max) {
            "messages.badmail_max_age"
        } else if max_size.is_some_and(|max| total > max) {
            "messages.badmail_max_size"
        } else {
            break;
        };
        total -= size;
        let id = id_of(&group.name);
        excess.push((group, Removed { id, size, age, setting }));
    }
    excess
}

fn remove_group(core: &Core, group: &Group) -> io::Result<()> {
    core.store.remove(Folder::Badmail, &group.name)?;
    remove_all(core, &group.companions)
}

fn remove_all(core: &Core, names: &[OsString]) -> io::Result<()> {
    for name in names {
        match core.store.remove(Folder::Badmail, name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, size: u64, written: i64) -> Measured {
        let group = Group { name: name.into(), companions: Vec::new() };
        Measured { group, size, written: Timestamp::from_unix(written) }
    }

    fn removed(max_size: Option<u64>, max_age: Option<u64>) -> Vec<(String, &'static str)> {
        let files = vec![file("new.eml", 10, 90), file("old.eml", 10, 10), file("0001.BAD", 10, 50)];
        let excess = excess(files, max_size, max_age.map(Duration::from_secs), Timestamp::from_unix(100));
        excess.into_iter().map(|(_, removed)| (removed.id, removed.setting)).collect()
    }

    #[test]
    fn the_oldest_go_first_until_the_rest_fits() {
        let over_size = "messages.badmail_max_size";
        assert_eq!(removed(Some(30), None), []);
        assert_eq!(removed(Some(29), None), [("old".to_owned(), over_size)]);
        assert_eq!(removed(Some(10), None), [("old".to_owned(), over_size), ("0001.BAD".to_owned(), over_size)]);
    }

    #[test]
    fn what_is_too_old_goes_whatever_room_there_is() {
        assert_eq!(removed(None, Some(90)), []);
        assert_eq!(removed(Some(1000), Some(60)), [("old".to_owned(), "messages.badmail_max_age")]);
        assert_eq!(removed(None, None), []);
    }
}

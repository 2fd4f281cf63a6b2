//! Moving files to Badmail, each with its reason.
//!
//! A message keeps its block, with an `x-reason:` line in it; a text that is no message gets that line before its
//! first one. So every text in Badmail follows the one grammar and can be moved to Pickup. What is no text, or huge,
//! is moved as it is, and `<name>.reason.txt` beside it holds the reason.
//!
//! A file is on disk in Badmail before it leaves Queue. A crash between the two leaves both.

use std::ffi::{OsStr, OsString};
use std::io;

use super::core::{Core, Name, file_name};
use super::error::ReadError;
use super::id::QueueId;
use super::journal::Record;
use super::store::{Access, Folder, Stamp, StoredFile};
use super::{Queue, block, read, removal};

/// Text up to this size is copied to carry its reason; larger files are moved.
const COPIED: u64 = 64 << 20;

impl Queue {
    /// Moves a message to Badmail with `x-reason:`. Its state is what [`Queue::record`] last wrote, so that moving the
    /// file to Pickup sends it to the recipients still pending. An error leaves it in the queue.
    pub async fn set_aside(&self, id: &QueueId, reason: &str) -> io::Result<()> {
        let (core, name, reason) = (self.core(), file_name(id), reason.to_owned());
        self.workers().run(move || set_aside(&core, &name, &reason).map(drop)).await
    }
}

/// Moves a file from Queue to Badmail. Returns its name there.
pub(super) fn set_aside(core: &Core, name: &OsStr, reason: &str) -> io::Result<OsString> {
    let from = (Folder::Queue, name);
    match core.store.open(Folder::Queue, name, Access::Read) {
        Ok((file, stamp)) => match beginning(&*file, stamp)? {
            Beginning::Message(message, length) => {
                rewrite(core, from, &block::render(&message, Some(reason)).0, &*file, length)
            }
            Beginning::Text if stamp.size <= COPIED => rewrite(core, from, &block::reason_line(reason), &*file, 0),
            _ => move_as_it_is(core, from, reason),
        },
        Err(_) if !core.store.is_regular(Folder::Queue, name) => move_as_it_is(core, from, reason),
        Err(error) => Err(error),
    }
}

/// Moves a file of any folder to Badmail, the reason in front of its octets as they are. Returns its name there.
pub(super) fn set_aside_unchanged(core: &Core, from: (Folder, &OsStr), reason: &str) -> io::Result<OsString> {
    let (file, stamp) = core.store.open(from.0, from.1, Access::Read)?;
    if stamp.size <= COPIED && is_text(&*file)? {
        rewrite(core, from, &block::reason_line(reason), &*file, 0)
    } else {
        move_as_it_is(core, from, reason)
    }
}

/// The same, by a plain move where the file cannot be read or written anew.
pub(super) fn set_aside_somehow(core: &Core, name: &OsStr, reason: &str) -> io::Result<()> {
    set_aside(core, name, reason).map(drop).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Err(error),
        _ => move_as_it_is(core, (Folder::Queue, name), reason).map(drop),
    })
}

enum Beginning {
    /// A message, and the length of its block.
    Message(Box<super::Message>, u64),
    Text,
    Binary,
}

fn beginning(file: &dyn StoredFile, stamp: Stamp) -> io::Result<Beginning> {
    match read::message(file, stamp) {
        Ok((message, length)) => return Ok(Beginning::Message(Box::new(message), length)),
        Err(ReadError::Io(error)) => return Err(error),
        Err(_) => {}
    }
    Ok(if is_text(file)? { Beginning::Text } else { Beginning::Binary })
}

fn is_text(file: &dyn StoredFile) -> io::Result<bool> {
    let mut head = [0; 4096];
    let read = file.read_at(&mut head, 0)?;
    Ok(!head[..read].contains(&0))
}

/// Writes a new file of `top` and what follows `offset` in the old one, then removes the old one.
fn rewrite(core: &Core, from: (Folder, &OsStr), top: &[u8], old: &dyn StoredFile, offset: u64) -> io::Result<OsString> {
    let mut new = core.temporary()?;
    new.append(top)?;
    new.append_from(old, offset)?;
    new.finish()?;
    let name = under_a_free_name(&stem_in_badmail(from.1), ".eml", |name| new.publish(Folder::Badmail, name))?;
    core.store.sync_folder(Folder::Badmail)?;
    match Name::of(from.1) {
        Name::Message(id) if from.0 == Folder::Queue => removal::remove(core, &id),
        _ => core.store.remove(from.0, from.1),
    }
    .map(|()| name)
}

fn move_as_it_is(core: &Core, from: (Folder, &OsStr), reason: &str) -> io::Result<OsString> {
    // Its content may be on disk in the journal alone.
    let is_safe = match core.store.open(from.0, from.1, Access::Sync) {
        Ok((file, _)) => file.sync().map(|()| true)?,
        Err(_) => false,
    };
    let moved = under_a_free_name(from.1, "", |free| core.store.publish(from, (Folder::Badmail, free)))?;
    let noted = note(core, &moved, reason);
    core.store.sync_folder(Folder::Badmail)?;
    if is_safe
        && from.0 == Folder::Queue
        && let Name::Message(id) = Name::of(from.1)
    {
        core.journal.note(&[Record::Move { id }]);
    }
    core.store.sync_folder(from.0)?;
    noted.map(|()| moved)
}

/// Writes the reason beside the file.
fn note(core: &Core, name: &OsStr, reason: &str) -> io::Result<()> {
    let mut file = core.temporary()?;
    file.append(reason.as_bytes())?;
    file.append(b"\r\n")?;
    file.finish()?;
    under_a_free_name(name, ".reason.txt", |name| file.publish(Folder::Badmail, name)).map(drop)
}

/// Tries `<stem><suffix>`, `<stem>-2<suffix>` and so on until one is free. Returns the one that was.
pub(super) fn under_a_free_name(
    stem: &OsStr,
    suffix: &str,
    mut publish: impl FnMut(&OsStr) -> io::Result<()>,
) -> io::Result<OsString> {
    let mut number = 1;
    loop {
        let mut name = stem.to_owned();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        name.push(suffix);
        match publish(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            done => return done.map(|()| name),
        }
    }
}

/// The file's name as a queue id, so that it can be named on a command line.
pub(super) fn stem_in_badmail(name: &OsStr) -> OsString {
    if let Name::Message(id) | Name::Misnamed(Some(id)) = Name::of(name) {
        return id.as_str().into();
    }
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let stem: String = name.to_string_lossy().chars().take(40).map(legal).collect();
    if stem.is_empty() { "_".into() } else { stem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_an_id() {
        for (name, stem) in [("NTFS_1a.EML", "NTFS_1a"), ("x - Copy.eml", "x___Copy_eml"), ("\u{202e}", "_")] {
            assert_eq!(stem_in_badmail(OsStr::new(name)), OsStr::new(stem));
            assert!(stem.parse::<QueueId>().is_ok());
        }
    }

    #[test]
    fn a_taken_name_is_numbered() {
        let taken = ["a.eml", "a-2.eml"];
        let publish = |name: &OsStr| {
            if taken.iter().any(|taken| name == *taken) { Err(io::ErrorKind::AlreadyExists.into()) } else { Ok(()) }
        };
        assert_eq!(under_a_free_name(OsStr::new("a"), ".eml", publish).unwrap(), "a-3.eml");
    }
}

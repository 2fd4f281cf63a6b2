//! The seam between the queue and what holds its files.
//!
//! A [`Store`] is folders of named files and the few operations the queue's promises rest on. The queue is written
//! against it alone, so that tests can make any operation fail, or cut the power after any, and so that another
//! store can take the place of a directory tree.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

/// One folder of a mailroot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Folder {
    /// Files to send.
    Pickup,
    /// Files of Pickup that are being sent, where nobody takes them for new ones.
    Taken,
    /// Messages not yet delivered, one file each, always whole.
    Queue,
    /// What could neither be delivered nor returned.
    Badmail,
    /// Mail for local domains.
    Drop,
    /// Lock and caches.
    State,
    /// Files on their way into another folder, so that whoever looks at Queue sees a message once, when it is whole.
    Incoming,
    /// What a person deleted, for a day.
    Deleted,
    /// Accepted messages a second time, until their files are on disk.
    Journal,
}

impl Folder {
    /// All of them, each behind the one it lies in.
    pub const ALL: [Self; 9] = [
        Self::Pickup,
        Self::Queue,
        Self::Badmail,
        Self::Drop,
        Self::State,
        Self::Taken,
        Self::Incoming,
        Self::Deleted,
        Self::Journal,
    ];
}

/// Where the folders of a mailroot are.
#[derive(Clone, Debug)]
pub struct Folders {
    /// `Pickup`.
    pub pickup: PathBuf,
    /// `Queue`.
    pub queue: PathBuf,
    /// `Badmail`.
    pub badmail: PathBuf,
    /// `Drop`.
    pub drop: PathBuf,
    /// `.state`.
    pub state: PathBuf,
    /// `.taken`: not below `.state`, since to remove that must lose no mail.
    pub taken: PathBuf,
    /// `.state/incoming`.
    pub incoming: PathBuf,
    /// `.journal`: not below `.state` either.
    pub journal: PathBuf,
}

impl Folders {
    /// The folders of the mailroot at this path.
    pub fn below(mailroot: &Path) -> Self {
        Self {
            pickup: mailroot.join("Pickup"),
            queue: mailroot.join("Queue"),
            badmail: mailroot.join("Badmail"),
            drop: mailroot.join("Drop"),
            state: mailroot.join(".state"),
            taken: mailroot.join(".taken"),
            incoming: mailroot.join(".state").join("incoming"),
            journal: mailroot.join(".journal"),
        }
    }

    /// The path of one folder.
    pub fn path(&self, folder: Folder) -> PathBuf {
        match folder {
            Folder::Pickup => self.pickup.clone(),
            Folder::Taken => self.taken.clone(),
            Folder::Queue => self.queue.clone(),
            Folder::Incoming => self.incoming.clone(),
            Folder::Badmail => self.badmail.clone(),
            Folder::Drop => self.drop.clone(),
            Folder::State => self.state.clone(),
            Folder::Deleted => self.state.join("deleted"),
            Folder::Journal => self.journal.clone(),
        }
    }
}

/// What a file looked like when last read or written, to notice edits by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Modification time, nanoseconds since 1970.
    pub modified: i64,
    /// Octets.
    pub size: u64,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file's name, which may be no text at all.
    pub name: OsString,
    /// What has that name.
    pub kind: Kind,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, a pipe, a device.
    Other,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// [`StoredFile::sync`] alone.
    Sync,
}

/// All input and output of the queue. Every call blocks; the queue makes them on threads of its own.
///
/// What was written is safe only after [`StoredFile::sync`], and a name only after [`Store::sync_folder`]. A folder
/// that a person removed at run time shows as [`io::ErrorKind::NotFound`]; [`Store::prepare`] makes it again.
pub trait Store: Send + Sync + 'static {
    /// Where this is, as a person would name it.
    fn place(&self) -> String;

    /// Makes the folders that are missing, durably.
    fn prepare(&self) -> io::Result<()>;

    /// Takes the one lock of the store, held until the guard is dropped; `None` if another engine holds it.
    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>>;

    /// Creates a file that does not exist yet, private to this account.
    fn create(&self, folder: Folder, name: &OsStr) -> io::Result<Box<dyn StoredFile>>;

    /// Opens a regular file; links and everything else are an error.
    fn open(&self, folder: Folder, name: &OsStr, access: Access) -> io::Result<(Box<dyn StoredFile>, Stamp)>;

    /// What a file looks like now. A link is not followed: like all that is no regular file, it is
    /// [`io::ErrorKind::InvalidInput`].
    fn stat(&self, folder: Folder, name: &OsStr) -> io::Result<Stamp>;

    /// Whether a name is not that of a link, a pipe or a device.
    fn is_regular(&self, folder: Folder, name: &OsStr) -> bool {
        !matches!(self.stat(folder, name), Err(error) if error.kind() == io::ErrorKind::InvalidInput)
    }

    /// Calls `each` with every name in a folder, in no order. What comes or goes meanwhile may be missed.
    fn list(&self, folder: Folder, each: &mut dyn FnMut(Entry)) -> io::Result<()>;

    /// Moves a file to a name that must be free ([`io::ErrorKind::AlreadyExists`] otherwise).
    fn publish(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()>;

    /// The same, but the name may be lost in a power cut until both the file and the folder are synced. Where a move
    /// syncs by itself, this one does not.
    fn publish_unsettled(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        self.publish(from, to)
    }

    /// Moves a file to a name, in place of what has it.
    fn replace(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, folder: Folder, name: &OsStr) -> io::Result<()>;

    /// Puts the names of a folder on disk: every create, move and removal that came before this call.
    fn sync_folder(&self, folder: Folder) -> io::Result<()>;

    /// Octets free, and in all, where the queue is.
    fn space(&self) -> io::Result<(u64, u64)>;
}

/// An open file of a [`Store`].
pub trait StoredFile: Send + Sync {
    /// Writes behind what this handle wrote so far.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Reads at a position; 0 is the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all bytes at a position.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Puts the content on disk. After an error the handle must not be synced again: the system may have forgotten
    /// what it could not write, and would report success.
    fn sync(&self) -> io::Result<()>;

    /// Puts the octets on disk, and whatever is needed to read them back, but not the times. The same care is due.
    fn sync_data(&self) -> io::Result<()>;

    /// What the file looks like now.
    fn stamp(&self) -> io::Result<Stamp>;

    /// How many names the file has; more than one where the store knows hard links.
    fn links(&self) -> io::Result<u64> {
        Ok(1)
    }
}

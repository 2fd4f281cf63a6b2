//! The store of a real mailroot: a directory tree.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use super::store::{Access, Entry, Folder, Folders, Kind, Stamp, Store, StoredFile};
use crate::platform::files;

/// [`Store`] over a directory tree.
#[derive(Debug)]
pub struct DirectoryStore {
    folders: Folders,
    /// Queue, or Pickup, lies on a file system of its own, into which nothing can be renamed from elsewhere: its
    /// files on their way then lie in a hidden folder inside it.
    queue_apart: AtomicBool,
    pickup_apart: AtomicBool,
    synced: bool,
}

impl DirectoryStore {
    /// A store over these folders, made where they are missing.
    pub fn new(folders: Folders) -> Self {
        Self { folders, queue_apart: AtomicBool::new(false), pickup_apart: AtomicBool::new(false), synced: true }
    }

    /// The same without a single sync, as the control that shows that a power-cut campaign can lose mail.
    /// Never for real mail.
    #[must_use]
    pub fn without_sync(self) -> Self {
        tracing::warn!("syncs are off: a power cut loses accepted mail");
        Self { synced: false, ..self }
    }

    fn folder(&self, folder: Folder) -> PathBuf {
        match folder {
            Folder::Incoming if self.queue_apart.load(Ordering::Relaxed) => self.folders.queue.join(".incoming"),
            Folder::Taken if self.pickup_apart.load(Ordering::Relaxed) => self.folders.pickup.join(".taken"),
            _ => self.folders.path(folder),
        }
    }

    fn path(&self, folder: Folder, name: &OsStr) -> PathBuf {
        let mut path = self.folder(folder);
        path.push(name);
        path
    }

    fn make(&self, folder: Folder) -> io::Result<()> {
        let path = self.folder(folder);
        let made = files::make_private_folder(&path)?;
        if made && self.synced {
            // A name in a folder that is itself not on disk would be worth nothing.
            path.ancestors().skip(1).filter(|above| above.is_dir()).take(3).try_for_each(files::sync_folder)?;
        }
        Ok(())
    }
}

impl Store for DirectoryStore {
    fn place(&self) -> String {
        let queue = &self.folders.queue;
        queue.parent().unwrap_or(queue).display().to_string()
    }

    fn prepare(&self) -> io::Result<()> {
        Folder::ALL.into_iter().try_for_each(|folder| self.make(folder))?;
        let apart = files::is_apart(&self.folders.incoming, &self.folders.queue)?;
        self.queue_apart.store(apart, Ordering::Relaxed);
        let apart = files::is_apart(&self.folders.taken, &self.folders.pickup)?;
        self.pickup_apart.store(apart, Ordering::Relaxed);
        [Folder::Incoming, Folder::Taken].into_iter().try_for_each(|folder| self.make(folder))
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Send + Sync>>> {
        let path = self.path(Folder::State, OsStr::new("lock"));
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn create(&self, folder: Folder, name: &OsStr) -> io::Result<Box<dyn StoredFile>> {
        let file = files::create_private(&self.path(folder, name))?;
        Ok(Box::new(DirectoryFile { file, synced: self.synced }))
    }

    fn open(&self, folder: Folder, name: &OsStr, access: Access) -> io::Result<(Box<dyn StoredFile>, Stamp)> {
        let file = files::open_regular(&self.path(folder, name), is_writable(access))?;
        let stamp = stamp(&file.metadata()?)?;
        Ok((Box::new(DirectoryFile { file, synced: self.synced }), stamp))
    }

    fn stat(&self, folder: Folder, name: &OsStr) -> io::Result<Stamp> {
        stamp(&fs::symlink_metadata(self.path(folder, name))?)
    }

    fn list(&self, folder: Folder, each: &mut dyn FnMut(Entry)) -> io::Result<()> {
        for entry in fs::read_dir(self.folder(folder))? {
            let entry = entry?;
            let kind = match entry.file_type() {
                Ok(kind) if kind.is_file() => Kind::File,
                Ok(kind) if kind.is_dir() => Kind::Folder,
                _ => Kind::Other,
            };
            each(Entry { name: entry.file_name(), kind });
        }
        Ok(())
    }

    fn publish(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        files::rename_new(&self.path(from.0, from.1), &self.path(to.0, to.1))
    }

    fn publish_unsettled(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        files::rename_new_unsettled(&self.path(from.0, from.1), &self.path(to.0, to.1))
    }

    fn replace(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> io::Result<()> {
        files::rename_over(&self.path(from.0, from.1), &self.path(to.0, to.1))
    }

    fn remove(&self, folder: Folder, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path(folder, name))
    }

    fn sync_folder(&self, folder: Folder) -> io::Result<()> {
        if self.synced { files::sync_folder(&self.folder(folder)) } else { Ok(()) }
    }

    fn space(&self) -> io::Result<(u64, u64)> {
        files::space(&self.folders.queue)
    }
}

struct DirectoryFile {
    file: File,
    synced: bool,
}

impl StoredFile for DirectoryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match files::read_at(&self.file, buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        files::write_all_at(&self.file, bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        if self.synced { self.file.sync_all() } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.synced { self.file.sync_data() } else { Ok(()) }
    }

    fn stamp(&self) -> io::Result<Stamp> {
        stamp(&self.file.metadata()?)
    }

    fn links(&self) -> io::Result<u64> {
        files::links(&self.file)
    }
}

fn is_writable(access: Access) -> bool {
    match access {
        Access::Read => false,
        Access::Write => true,
        Access::Sync => files::SYNC_NEEDS_WRITING,
    }
}

fn stamp(metadata: &Metadata) -> io::Result<Stamp> {
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let modified = match metadata.modified()?.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanoseconds| -nanoseconds),
    };
    Ok(Stamp { modified, size: metadata.len() })
}

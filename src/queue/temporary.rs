//! A file on its way: under a temporary name until it is whole and on disk.

use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::Arc;

use super::store::{Folder, Stamp, Store, StoredFile};

/// A new file in the hidden folder of files on their way. Unless it is moved to a final name, dropping it removes it.
pub(super) struct Temporary {
    store: Arc<dyn Store>,
    name: OsString,
    /// Closed before the move, which some systems demand.
    file: Option<Box<dyn StoredFile>>,
    is_moved: bool,
}

impl Temporary {
    pub(super) fn create(store: &Arc<dyn Store>, name: OsString) -> io::Result<Self> {
        let file = with_folders(&**store, || store.create(Folder::Incoming, &name))?;
        Ok(Self { store: Arc::clone(store), name, file: Some(file), is_moved: false })
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.open()?.append(bytes)
    }

    pub(super) fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.open()?.write_at(bytes, offset)
    }

    /// Copies the rest of a file, from `offset` on.
    pub(super) fn append_from(&mut self, source: &dyn StoredFile, mut offset: u64) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = source.read_at(&mut buffer, offset)?;
            if read == 0 {
                return Ok(());
            }
            self.append(&buffer[..read])?;
            offset += read as u64;
        }
    }

    /// Puts the content on disk and closes the file. After an error it is never synced again: only dropping is left.
    pub(super) fn finish(&mut self) -> io::Result<Stamp> {
        let file = self.file.take().ok_or_else(closed)?;
        file.sync()?;
        file.stamp()
    }

    /// Closes the file without putting its content on disk.
    pub(super) fn close(&mut self) -> io::Result<Stamp> {
        self.file.take().ok_or_else(closed)?.stamp()
    }

    /// Moves a file that was closed to a free name. The name is on disk once the file and the folder were synced.
    pub(super) fn publish_unsettled(&mut self, folder: Folder, name: &OsStr) -> io::Result<()> {
        with_folders(&*self.store, || self.store.publish_unsettled((Folder::Incoming, &self.name), (folder, name)))?;
        self.is_moved = true;
        Ok(())
    }

    /// Moves the finished file to a free name. The name is on disk after a sync of the folder.
    pub(super) fn publish(&mut self, folder: Folder, name: &OsStr) -> io::Result<()> {
        with_folders(&*self.store, || self.store.publish((Folder::Incoming, &self.name), (folder, name)))?;
        self.is_moved = true;
        Ok(())
    }

    /// Moves the finished file over another one. The name is on disk after a sync of the folder.
    pub(super) fn replace(&mut self, folder: Folder, name: &OsStr) -> io::Result<()> {
        with_folders(&*self.store, || self.store.replace((Folder::Incoming, &self.name), (folder, name)))?;
        self.is_moved = true;
        Ok(())
    }

    fn open(&mut self) -> io::Result<&mut dyn StoredFile> {
        self.file.as_deref_mut().map(|file| file as &mut dyn StoredFile).ok_or_else(closed)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.file = None;
        if !self.is_moved {
            let _ = self.store.remove(Folder::Incoming, &self.name); // recovery removes what stays
        }
    }
}

fn closed() -> io::Error {
    io::Error::other("the temporary file is closed already")
}

/// Tries once more with the folders made anew, where a person removed them while we ran.
pub(super) fn with_folders<T>(store: &dyn Store, mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    match operation() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            store.prepare()?;
            operation()
        }
        done => done,
    }
}

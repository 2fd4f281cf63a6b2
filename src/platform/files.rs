//! Files and folders, where the systems differ: who may read them, positioned reading and writing, names that are
//! on disk, room left.
//!
//! This module knows paths and handles. It does not know what is in a file or why it is there.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Creates a file that must not exist yet, for reading and writing, private to this account.
pub fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    system::keep_private(&mut options);
    options.open(path)
}

/// Opens an existing regular file. A link is not followed and a pipe does not block: both are refused.
pub fn open_regular(path: &Path, writable: bool) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(writable);
    system::follow_nothing(&mut options);
    options.open(path)
}

/// Makes a folder private to this account, and its parents. One that is there already is left as it is.
/// Returns whether it was made.
pub fn make_private_folder(path: &Path) -> io::Result<bool> {
    if path.is_dir() {
        return Ok(false);
    }
    let mut builder = fs::DirBuilder::new();
    system::keep_folder_private(builder.recursive(true));
    builder.create(path)?;
    Ok(true)
}

/// Makes a folder that must not exist yet, private to this account.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    system::keep_folder_private(&mut builder);
    builder.create(path)
}

/// Moves a file to a name that must be free: an existing file is never replaced.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    system::rename_new(from, to)?;
    system::settle_name(to)
}

/// The same, but the name is on disk only once both the file and its folder were synced.
pub fn rename_new_unsettled(from: &Path, to: &Path) -> io::Result<()> {
    system::rename_new(from, to)
}

/// Whether no file can be renamed from one folder into the other, because they lie on different file systems. Tried
/// out with an empty file, since that is the one way to know it everywhere.
pub fn is_apart(from: &Path, to: &Path) -> io::Result<bool> {
    let (probe, moved) = (from.join(".probe"), to.join(".probe"));
    fs::write(&probe, "")?;
    let renamed = fs::rename(&probe, &moved);
    fs::remove_file(if renamed.is_ok() { &moved } else { &probe })?;
    match renamed {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => Ok(true),
        renamed => renamed.map(|()| false),
    }
}

/// Moves a file to a name and replaces what has it.
pub fn rename_over(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    system::settle_name(to)
}

/// Puts a file with this content in the place of whatever has its name, private to this account and on disk: a reader and
/// a power cut find the old one or the new one.
pub fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{:08x}", std::process::id(), fastrand::u32(..)));
    let temporary = path.with_file_name(name);
    let written = create_private(&temporary).and_then(|mut file| {
        io::Write::write_all(&mut file, content)?;
        file.sync_all()
    });
    let replaced = written.and_then(|()| rename_over(&temporary, path));
    if replaced.is_err() {
        // It may never have come to be; the error to tell is the first one.
        let _ = fs::remove_file(&temporary);
    }
    replaced?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_folder(folder)
}

pub use system::{SYNC_NEEDS_WRITING, is_private, links, read_at, space, sync_folder, write_all_at};

#[cfg(unix)]
mod system {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::OFlags;

    /// Whether a file must be open for writing to be synced.
    pub const SYNC_NEEDS_WRITING: bool = false;

    pub(super) fn keep_private(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn keep_folder_private(builder: &mut DirBuilder) {
        builder.mode(0o700);
    }

    pub(super) fn follow_nothing(options: &mut OpenOptions) {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.custom_flags(flags.bits().cast_signed());
    }

    /// Whether nobody but its owner may read or write a file.
    pub fn is_private(metadata: &Metadata) -> bool {
        metadata.mode().trailing_zeros() >= 6
    }

    /// How many names a file has.
    pub fn links(file: &File) -> io::Result<u64> {
        file.metadata().map(|metadata| metadata.nlink())
    }

    /// Reads at a position; fewer bytes than asked for mean the end of the file, or an interruption.
    pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(buffer, offset)
    }

    /// Writes all bytes at a position.
    pub fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    /// Puts the names in a folder on disk.
    pub fn sync_folder(path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// A folder sync settles the name.
    #[expect(clippy::unnecessary_wraps, reason = "the other system's half can fail")]
    pub(super) fn settle_name(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Octets free for this account, and in all, on the file system of `path`.
    pub fn space(path: &Path) -> io::Result<(u64, u64)> {
        let stat = rustix::fs::statvfs(path)?;
        Ok((stat.f_bavail.saturating_mul(stat.f_frsize), stat.f_blocks.saturating_mul(stat.f_frsize)))
    }

    pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{CWD, RenameFlags, renameat_with};
            use rustix::io::Errno;
            match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
                Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {} // a file system without it, such as NFS
                done => return Ok(done?),
            }
        }
        std::fs::hard_link(from, to)?;
        std::fs::remove_file(from)
    }
}

#[cfg(windows)]
mod system {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::windows::fs::{FileExt, OpenOptionsExt};
    use std::path::Path;

    /// `FILE_FLAG_OPEN_REPARSE_POINT`.
    const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

    /// Whether a file must be open for writing to be synced.
    pub const SYNC_NEEDS_WRITING: bool = true;

    /// The folders' access lists are inherited; an administrator sets them on the mailroot.
    pub(super) fn keep_private(_: &mut OpenOptions) {}

    pub(super) fn keep_folder_private(_: &mut DirBuilder) {}

    pub(super) fn follow_nothing(options: &mut OpenOptions) {
        options.custom_flags(OPEN_REPARSE_POINT);
    }

    /// The access list that a file inherits from its folder is an administrator's business.
    pub fn is_private(_: &Metadata) -> bool {
        true
    }

    /// The standard library cannot tell. A further name can be given here only by who may change the file.
    #[expect(clippy::unnecessary_wraps, reason = "the other system's half can fail")]
    pub fn links(_: &File) -> io::Result<u64> {
        Ok(1)
    }

    /// Reads at a position; fewer bytes than asked for mean the end of the file.
    pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(buffer, offset)
    }

    /// Writes all bytes at a position.
    pub fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = file.seek_write(bytes, offset)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
            offset += written as u64;
        }
        Ok(())
    }

    /// There is no such thing here: `settle_name` does the work, name by name.
    pub fn sync_folder(path: &Path) -> io::Result<()> {
        std::fs::metadata(path).map(drop)
    }

    /// Flushes the file under its new name, and with it the record of the move.
    pub(super) fn settle_name(path: &Path) -> io::Result<()> {
        File::options().write(true).open(path)?.sync_all()
    }

    /// The standard library cannot tell.
    pub fn space(_: &Path) -> io::Result<(u64, u64)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The standard library only has a move that replaces; our names are unique, so looking first is enough.
    pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
        if to.try_exists()? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        std::fs::rename(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_to_a_new_name_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        assert_eq!(rename_new(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&to).unwrap(), "old");
        fs::remove_file(&to).unwrap();
        rename_new(&from, &to).unwrap();
        assert!(!from.exists() && to.exists());
    }

    #[test]
    fn a_new_folder_never_takes_the_place_of_something() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a");
        create_private_folder(&path).unwrap();
        assert_eq!(create_private_folder(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_private_file_is_replaced_whole_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for content in ["one", "another"] {
            replace_private(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
            assert!(is_private(&fs::metadata(&path).unwrap()));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing stays beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/etc/hostname", &link).unwrap();
        assert!(open_regular(&link, false).is_err());
    }
}

//! Replacing a settings file: all of it or nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::text::shown_path;

/// Why a settings file was not written.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// Somebody else wrote it meanwhile.
    #[error("{} has been changed by somebody else; nothing was written, look at it and try again", shown_path(.0))]
    Changed(PathBuf),
    /// The system refused a step.
    #[error("cannot {action} {}: {source}", shown_path(path))]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes `text` to `path` if the file still holds `before`; a file that is not there holds nothing.
///
/// The text goes to a new file beside it, is synced and renamed into its place, so that a reader and a power
/// failure find the old settings or the new ones. A link is followed, and the permissions stay.
pub fn save(path: &Path, before: &str, text: &str) -> Result<(), SaveError> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(failed("create", folder))?;
    let temporary = temporary(&target);
    let written = write(&temporary, &target, text).and_then(|()| {
        if octets(&target)? != before.as_bytes() {
            return Err(SaveError::Changed(path.to_owned()));
        }
        fs::rename(&temporary, &target).map_err(failed("replace", &target))
    });
    if written.is_err() {
        // It may never have come to be; the error to tell is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    sync(folder)
}

fn write(temporary: &Path, target: &Path, text: &str) -> Result<(), SaveError> {
    let mut file = File::create(temporary).map_err(failed("create", temporary))?;
    if let Ok(metadata) = fs::metadata(target) {
        file.set_permissions(metadata.permissions()).map_err(failed("set the permissions of", temporary))?;
    }
    file.write_all(text.as_bytes()).map_err(failed("write", temporary))?;
    file.sync_all().map_err(failed("sync", temporary))
}

/// Makes the rename last through a power failure. Windows neither needs nor offers it for folders.
fn sync(folder: &Path) -> Result<(), SaveError> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed("sync", folder))
}

fn octets(target: &Path) -> Result<Vec<u8>, SaveError> {
    match fs::read(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(failed("read", target)),
    }
}

fn temporary(target: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    target.with_file_name(name)
}

pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SaveError {
    move |source| SaveError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config").join("mailroot.toml");
        save(&path, "", "a = 1\n").unwrap();
        save(&path, "a = 1\n", "a = 2\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a = 2\n");
        assert_eq!(names(path.parent().unwrap()), ["mailroot.toml"]);
    }

    #[test]
    fn what_somebody_else_wrote_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        fs::write(&path, "theirs").unwrap();
        for before in ["ours", ""] {
            assert!(matches!(save(&path, before, "ours, edited"), Err(SaveError::Changed(_))));
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(save(&path, "ours", "ours, edited"), Err(SaveError::Changed(_))), "removed meanwhile");
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn the_permissions_of_the_old_file_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions.clone()).unwrap();
        save(&path, "old", "new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions(), permissions);
    }
}

//! The folder of the demonstration: made under a name that nobody could foresee, removed when it is dropped.

use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use super::DemoError;
use crate::platform::files::create_private_folder;

/// How often removal is tried: a thread that is in the middle of a file may add one more.
const TRIES: u32 = 20;
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// A folder that goes away when it is dropped.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes one in the system's place for temporary files, private to this account.
    pub(super) fn make() -> Result<Self, DemoError> {
        let place = std::env::temp_dir();
        let path = place.join(format!("mailroot-demo-{:016x}", fastrand::u64(..)));
        match create_private_folder(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(DemoError::Folder { place, error }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Removes it, and says so if that cannot be done.
    pub(super) fn remove(self) -> Result<(), DemoError> {
        remove(&self.0).map_err(|error| DemoError::Left { folder: self.0.clone(), error })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.0) {
            tracing::warn!("the folder of the demonstration is left: {}: {error}", crate::text::shown_path(&self.0));
        }
    }
}

/// Removes a folder with all it holds; that it is gone already is no error.
fn remove(path: &Path) -> io::Result<()> {
    let mut tries = 0;
    loop {
        match std::fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.exists() => return Ok(()),
            Err(error) if tries == TRIES => return Err(error),
            Err(_) => {
                tries += 1;
                sleep(PAUSE);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_all_it_holds() {
        let folder = Folder::make().unwrap();
        let path = folder.path().to_owned();
        std::fs::create_dir(path.join("Queue")).unwrap();
        std::fs::write(path.join("Queue").join("a.eml"), "x").unwrap();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn no_two_are_the_same() {
        let (one, other) = (Folder::make().unwrap(), Folder::make().unwrap());
        assert_ne!(one.path(), other.path());
    }
}

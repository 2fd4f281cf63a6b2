//! Messages written to files, where viewer and engine share a machine.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::text::{printable, shown_path};

/// Writes a new file into the folder. Gives its path, or why there is none, in words.
pub(super) async fn export(folder: Option<PathBuf>, name: String, octets: Vec<u8>) -> Result<String, String> {
    let Some(folder) = folder else {
        return Err("files are written where the relay runs; `mailroot queue export ID` writes one here".to_owned());
    };
    if Path::new(&name).file_name().is_none_or(|file| file != name.as_str()) {
        return Err(format!("{} is no name for a file", printable(&name)));
    }
    let path = folder.join(name);
    let shown = shown_path(&path);
    match tokio::task::spawn_blocking(move || write(&path, &octets)).await {
        Ok(Ok(())) => Ok(shown),
        Ok(Err(error)) => Err(format!("{shown} could not be written: {error}")),
        Err(_) => Err(format!("{shown} could not be written; the application log says why")),
    }
}

/// What is there already is never overwritten.
fn write(path: &Path, octets: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(octets)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_new_and_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let here = || Some(folder.path().to_owned());
        let path = export(here(), "0JX4.eml".to_owned(), b"From: a".to_vec()).await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"From: a");
        let again = export(here(), "0JX4.eml".to_owned(), b"other".to_vec()).await.unwrap_err();
        assert!(again.contains("0JX4.eml could not be written: "), "{again}");
        assert_eq!(std::fs::read(&path).unwrap(), b"From: a");
        for outside in ["../0JX5.eml", "/0JX5.eml", "..", "", "a/b"] {
            assert!(export(here(), outside.to_owned(), Vec::new()).await.is_err(), "{outside}");
        }
        assert!(export(None, "0JX4.eml".to_owned(), Vec::new()).await.unwrap_err().contains("mailroot queue export"));
    }
}

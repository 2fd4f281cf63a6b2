//! What a person finds again of the dashboard, as a small file of theirs in the mailroot.
//!
//! None of it is worth a failure: where it cannot be read the defaults serve, where it cannot be written the next start
//! looks as this one did, and either is a line in the log. It does not know what is kept.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::dashboard::Preferences;
use crate::platform::files;
use crate::text::printable;

/// More is never read: a file that we wrote has some hundred octets.
const LARGEST: u64 = 64 * 1024;

/// The file of one person.
#[derive(Debug)]
pub struct PreferencesFile {
    path: PathBuf,
}

impl PreferencesFile {
    /// That of a person, of whatever name, in `.state` of a mailroot.
    pub fn new(mailroot: &Path, person: &str) -> Self {
        Self { path: mailroot.join(".state").join(format!("dashboard-{}.toml", file_name(person))) }
    }

    /// What it holds; the defaults if it does not exist or is broken.
    pub fn read(&self) -> Preferences {
        self.load().unwrap_or_else(|error| {
            let path = self.path.to_string_lossy();
            let error = error.to_string();
            let (path, error) = (printable(path.as_bytes()), printable(&error));
            tracing::warn!("cannot read the dashboard's preferences {path}: {error}; the defaults serve");
            Preferences::default()
        })
    }

    /// Keeps preferences for the next time.
    pub fn write(&self, preferences: &Preferences) {
        if let Err(error) = self.save(preferences) {
            let path = self.path.to_string_lossy();
            tracing::warn!("cannot keep the dashboard's preferences in {}: {error}", printable(path.as_bytes()));
        }
    }

    fn load(&self) -> io::Result<Preferences> {
        let file = match files::open_regular(&self.path, false) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                tracing::info!("the dashboard starts with its defaults: nobody of this name has left it yet");
                return Ok(Preferences::default());
            }
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        file.take(LARGEST).read_to_string(&mut text)?;
        toml::from_str(&text).map_err(io::Error::other)
    }

    fn save(&self, preferences: &Preferences) -> io::Result<()> {
        let text = toml::to_string(preferences).map_err(io::Error::other)?;
        files::replace_private(&self.path, text.as_bytes())
    }
}

/// A person as a part of a file's name: letters and digits stand for themselves, all else is written as octets, capital
/// letters too, since some systems do not tell them from small ones.
fn file_name(person: &str) -> String {
    person.bytes().fold(String::new(), |mut name, byte| {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            // A String takes everything.
            _ => drop(write!(name, "%{byte:02x}")),
        }
        name
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::dashboard::PaneId;

    fn mailroot() -> tempfile::TempDir {
        let mailroot = tempfile::tempdir().unwrap();
        fs::create_dir(mailroot.path().join(".state")).unwrap();
        mailroot
    }

    fn other() -> Preferences {
        Preferences { pane: PaneId::Log, zoomed: true, mouse: false, ..Preferences::default() }
    }

    #[test]
    fn each_person_finds_again_what_they_left() {
        let mailroot = mailroot();
        let of = |person| PreferencesFile::new(mailroot.path(), person);
        let (anna, namesake) = (of("anna"), of("Anna"));
        assert_eq!(anna.read(), Preferences::default());
        anna.write(&other());
        assert_eq!((anna.read(), namesake.read()), (other(), Preferences::default()));
        anna.write(&Preferences::default());
        assert_eq!(anna.read(), Preferences::default());
        assert_eq!(fs::read_dir(mailroot.path().join(".state")).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_broken_file_means_the_defaults_and_is_replaced() {
        let mailroot = mailroot();
        let file = PreferencesFile::new(mailroot.path(), "anna");
        for broken in [&b"theme = \"plaid\""[..], b"zoomed = ", b"\xff\xfe", b"pane = 4"] {
            fs::write(&file.path, broken).unwrap();
            assert_eq!(file.read(), Preferences::default());
        }
        fs::write(&file.path, "zoomed = true\nfrom_a_later_version = 1\n").unwrap();
        assert!(file.read().zoomed, "what is known counts");
        fs::write(file.path.with_extension("new"), "left behind").unwrap();
        file.write(&other());
        assert_eq!(file.read(), other());
    }

    #[test]
    fn no_name_of_a_person_leads_out_of_the_folder() {
        assert_eq!(file_name("anna-2"), "anna-2");
        assert_eq!(file_name("../x\\y"), "%2e%2e%2fx%5cy");
        assert_eq!(file_name("Åsa"), "%c3%85sa");
    }
}

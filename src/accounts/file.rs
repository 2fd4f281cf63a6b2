//! The users file on disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::read::parse;
use super::users::Users;
use crate::config::Problem;
use crate::platform::files;
use crate::text::shown_path;

/// More than any users file holds; what is larger is some other file.
const MAX_LENGTH: u64 = 16 * 1024 * 1024;

/// Why a users file cannot be used. Its display names the file, and each problem on a line of its own.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// It cannot be read at all.
    #[error("cannot read the users file {}: {source}", shown_path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than its owner may read or write it.
    #[error("the users file {} may be read or written by others; close it with: chmod 600 {}", shown_path(.0), shown_path(.0))]
    Open(PathBuf),
    /// It holds something else.
    #[error("{}", listed(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it.
        problems: Vec<Problem>,
    },
}

/// Reads the users, and the text they stand in. A file that is not there has none.
pub fn load(path: &Path) -> Result<(Users, String), UsersError> {
    let text = text_of(path)?;
    match parse(&text) {
        Ok(users) => Ok((users, text)),
        Err(problems) => Err(UsersError::Invalid { path: path.to_owned(), problems }),
    }
}

fn text_of(path: &Path) -> Result<String, UsersError> {
    let failed = |source| UsersError::Read { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(failed(error)),
    };
    if !files::is_private(&file.metadata().map_err(failed)?) {
        return Err(UsersError::Open(path.to_owned()));
    }
    let mut text = String::new();
    let length = file.take(MAX_LENGTH + 1).read_to_string(&mut text).map_err(failed)?;
    if length as u64 > MAX_LENGTH {
        return Err(failed(io::Error::other("it is too large for a users file")));
    }
    Ok(text)
}

/// Which users file was read last.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Also of one that could not be used: it is not read again until it changes.
    read: Option<(PathBuf, Stamp)>,
}

/// What changes with a file.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    is_private: bool,
}

impl Stamp {
    /// `None` where there is no file, or none that can be looked at.
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let is_private = files::is_private(&metadata);
        Some(Self { modified: metadata.modified().ok(), length: metadata.len(), is_private })
    }

    /// Where no file is.
    const NONE: Self = Self { modified: None, length: 0, is_private: true };
}

impl State {
    /// Whether the file is another one than was read last.
    pub(super) fn is_stale(&self, path: &Path) -> bool {
        let now = Stamp::of(path).unwrap_or(Stamp::NONE);
        self.read.as_ref().is_none_or(|(read, stamp)| read != path || *stamp != now)
    }

    /// Reads the file.
    pub(super) fn read(&mut self, path: &Path) -> Result<Users, UsersError> {
        // Taken first: what changes while it is read is read again.
        self.read = Some((path.to_owned(), Stamp::of(path).unwrap_or(Stamp::NONE)));
        load(path).map(|(users, _)| users)
    }
}

fn listed(path: &Path, problems: &[Problem]) -> String {
    let path = shown_path(path);
    problems.iter().map(|problem| format!("{path}:{problem}")).collect::<Vec<_>>().join("\n")
}

//! A secret, and where it is kept. What it is comes out only by [`Secret::reveal`].

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::text::{printable, shown_path};

/// More than any password or key; what is longer is some other file.
const MAX_LENGTH: u64 = 64 * 1024;

/// A password or the like. Neither Debug nor Display tell it.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// It stands in the settings file.
    Given(Zeroizing<String>),
    /// It is in a variable of the environment, by its name.
    Env(String),
    /// It is the first line of a file.
    File(PathBuf),
}

/// Why a secret is not to be had. Its display names the variable or the file, and never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not there, is empty or is no text.
    #[error("the environment variable {} {reason}", printable(name.as_bytes()))]
    Env {
        /// The variable.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file cannot be read.
    #[error("cannot read the secret in {}: {source}", shown_path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no secret.
    #[error("the file {} {reason}", shown_path(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Secret {
    /// The secret as it is at this moment. A file is read anew each time, so that it may change.
    pub fn reveal(&self) -> Result<Zeroizing<String>, SecretError> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::Env(name) => of_variable(name),
            Self::File(path) => of_file(path),
        }
    }
}

fn of_variable(name: &str) -> Result<Zeroizing<String>, SecretError> {
    let failed = |reason| SecretError::Env { name: name.to_owned(), reason };
    let value = std::env::var_os(name).ok_or_else(|| failed("is not set"))?;
    let secret = Zeroizing::new(value.into_string().map_err(|_| failed("is no text"))?);
    if secret.is_empty() { Err(failed("is empty")) } else { Ok(secret) }
}

fn of_file(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let failed = |reason| SecretError::File { path: path.to_owned(), reason };
    let mut text = Zeroizing::new(String::new());
    let read = File::open(path).and_then(|file| file.take(MAX_LENGTH + 1).read_to_string(&mut text));
    match read {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(failed("is no text")),
        Err(source) => return Err(SecretError::Read { path: path.to_owned(), source }),
        Ok(length) if length as u64 > MAX_LENGTH => return Err(failed("is too large for a secret")),
        Ok(_) => {}
    }
    match text.lines().next() {
        Some(secret) if !secret.is_empty() => Ok(Zeroizing::new(secret.to_owned())),
        _ => Err(failed("begins with an empty line")),
    }
}

/// Tells where the secret is, and not what.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("********"),
            Self::Env(name) => write!(f, "the environment variable {}", printable(name.as_bytes())),
            Self::File(path) => write!(f, "the file {}", shown_path(path)),
        }
    }
}

/// As Display: what is written for a log may be read by anyone.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::hash::Hash for Secret {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Given(secret) => secret.as_str().hash(state),
            Self::Env(name) => name.hash(state),
            Self::File(path) => path.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_told_only_when_it_is_revealed() {
        let given = Secret::Given("s3cret".to_owned().into());
        assert_eq!(given.reveal().unwrap().as_str(), "s3cret");
        assert!(!format!("{given} {given:?}").contains("s3cret"));
    }

    #[test]
    fn a_variable_is_looked_up_when_the_secret_is_used() {
        let is_there = Secret::Env("PATH".to_owned()).reveal().unwrap();
        assert_eq!(Some(is_there.as_str()), std::env::var("PATH").ok().as_deref());
        let error = Secret::Env("MAILROOT_NO_SUCH_VARIABLE".to_owned()).reveal().unwrap_err();
        assert_eq!(error.to_string(), "the environment variable MAILROOT_NO_SUCH_VARIABLE is not set");
    }

    #[test]
    fn of_a_file_only_the_first_line_counts_and_no_error_tells_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let secret = Secret::File(path.clone());
        assert!(secret.reveal().unwrap_err().to_string().contains("password"), "it is not there");
        for text in ["s3cret", "s3cret\n", "s3cret\r\n", "s3cret\n# since May\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(secret.reveal().unwrap().as_str(), "s3cret", "{text:?}");
        }
        let too_long = "s3cret".repeat(20_000);
        for wrong in [&b""[..], b"\ns3cret", b"s3cret\xff", too_long.as_bytes()] {
            std::fs::write(&path, wrong).unwrap();
            assert!(!format!("{0} {0:?}", secret.reveal().unwrap_err()).contains("s3cret"));
        }
    }
}

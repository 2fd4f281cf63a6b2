//! Refresh tokens on disk: each in a file of its own, private to this account, replaced whenever the endpoint gives a new
//! one. It is as good as the password of the mailbox, for sending.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use ring::digest::{SHA256, digest};

use super::error::OAuthError;
use super::hidden::Hidden;
use super::source::Source;
use crate::platform::files;

/// More than any token.
const MAX_LENGTH: u64 = 64 * 1024;

/// The folder of the files. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Store(Arc<PathBuf>);

impl Store {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(Arc::new(folder))
    }

    /// The refresh token of a source; `None` if nobody has logged in yet. Blocks on the disk.
    pub(super) fn read(&self, source: &Source) -> Result<Option<Hidden>, OAuthError> {
        let path = self.path(source);
        let failed = |source| OAuthError::Store { action: "read", path: path.clone(), source };
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if !files::is_private(&file.metadata().map_err(failed)?) {
            return Err(failed(io::Error::other("it may be read by others; close it with chmod 600")));
        }
        let mut text = String::new();
        io::Read::read_to_string(&mut io::Read::take(file, MAX_LENGTH), &mut text).map_err(failed)?;
        let text = Hidden::new(text);
        let token = text.as_str().lines().next().unwrap_or_default();
        Ok((!token.is_empty()).then(|| Hidden::new(token.to_owned())))
    }

    /// Keeps a refresh token. Blocks on the disk.
    pub(super) fn write(&self, source: &Source, token: &Hidden) -> Result<(), OAuthError> {
        let path = self.path(source);
        files::make_private_folder(&self.0)
            .and_then(|_| files::replace_private(&path, token.as_str().as_bytes()))
            .map_err(|source| OAuthError::Store { action: "keep", path, source })
    }

    /// When the refresh token of a source was last kept, by whomever.
    pub(super) fn changed(&self, source: &Source) -> Option<SystemTime> {
        std::fs::metadata(self.path(source)).and_then(|metadata| metadata.modified()).ok()
    }

    /// One file for each application and mailbox; another scope or secret is served by the same login.
    fn path(&self, source: &Source) -> PathBuf {
        let endpoint = source.oauth.token_url.as_ref().map_or("", |url| url.as_str());
        let parts = [endpoint, &source.oauth.tenant, &source.oauth.client_id, &source.mailbox];
        let hash = digest(&SHA256, parts.join("\n").as_bytes());
        let number = hash.as_ref().first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets));
        self.0.join(format!("refresh_token-{number:016x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OutboundSecurity;

    #[test]
    fn a_refresh_token_is_kept_for_its_mailbox_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("secrets"));
        let of = |mailbox: &str| Source::new(&OutboundSecurity::DEFAULT.oauth, mailbox);
        assert_eq!(store.read(&of("a@corp.example")).unwrap(), None);
        for token in ["r3fresh", "n3xt"] {
            store.write(&of("a@corp.example"), &Hidden::new(token.to_owned())).unwrap();
            assert_eq!(store.read(&of("a@corp.example")).unwrap().unwrap().as_str(), token);
        }
        assert_eq!(store.read(&of("b@corp.example")).unwrap(), None);
        assert!(files::is_private(&std::fs::metadata(store.path(&of("a@corp.example"))).unwrap()));
        assert!(store.changed(&of("a@corp.example")).is_some());
    }
}

//! The server's certificate and key: read from PEM files, checked, and changed under those who use them.

mod files;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

pub use self::files::IdentityError;
use self::files::Loaded;
use super::handshake::{HandshakeError, Handshakes, ServerStream};
use super::provider::provider;
use crate::clock::Timestamp;

/// The server's certificate with its key. Clones are the same identity: a new certificate serves the next handshake
/// of all of them, and sessions under way keep what they agreed on.
#[derive(Clone)]
pub struct Identity {
    files: Arc<Files>,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    handshakes: Arc<Handshakes>,
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The certificate in use, whatever name the client asks for: there is one.
struct Current(ArcSwap<Loaded>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.load().certified))
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Current").field(&self.0.load().facts.names).finish()
    }
}

impl Identity {
    /// Reads a certificate, behind it in the same file those it was signed with, and its key: all in PEM. An expired
    /// certificate is taken, since a server that had none would be worse off: see [`Identity::expires`].
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let current = Arc::new(Current(ArcSwap::from_pointee(Loaded::read(certificate, key)?)));
        let files = Files { certificate: certificate.to_owned(), key: key.to_owned() };
        let config = Arc::new(config(Arc::clone(&current))?);
        Ok(Self { files: Arc::new(files), current, config, handshakes: Arc::default() })
    }

    /// Reads the files again; whether there was anything new in them. Any error leaves the certificate in use as it
    /// was, and so does one that cannot be used now while the old one can.
    pub fn reload(&self, now: Timestamp) -> Result<bool, IdentityError> {
        let new = Loaded::read(&self.files.certificate, &self.files.key)?;
        let old = self.current.0.load();
        if new.certified.cert == old.certified.cert {
            return Ok(false);
        }
        if old.facts.is_valid_at(now) && !new.facts.is_valid_at(now) {
            let (path, begins, expires) = (self.files.certificate.clone(), new.facts.begins, new.facts.expires);
            return Err(IdentityError::NotValidNow { path, begins, expires });
        }
        self.current.0.store(Arc::new(new));
        Ok(true)
    }

    /// What turns a client's stream into a session under TLS; it shows the certificate in use at each handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Makes a session under TLS of a client's stream, which [`HandshakeError`] says what can prevent.
    pub async fn accept<S>(&self, stream: S) -> Result<ServerStream<S>, HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.handshakes.accept(&self.acceptor(), stream).await
    }

    /// When the certificate ends.
    pub fn expires(&self) -> Timestamp {
        self.current.0.load().facts.expires
    }

    /// The hosts that the certificate is for, printable.
    pub fn names(&self) -> Vec<String> {
        self.current.0.load().facts.names.clone()
    }

    /// Whether nobody but its own subject vouches for the certificate.
    pub fn is_self_signed(&self) -> bool {
        self.current.0.load().facts.is_self_signed
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificate", &self.files.certificate).finish_non_exhaustive()
    }
}

/// TLS 1.2 and 1.3. Sessions are resumed by tickets, whose keys live as long as the identity and change by themselves.
fn config(current: Arc<Current>) -> Result<ServerConfig, IdentityError> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let mut config = builder.map_err(IdentityError::Tls)?.with_no_client_auth().with_cert_resolver(current);
    config.ticketer = Ticketer::new().map_err(IdentityError::Tls)?;
    Ok(config)
}

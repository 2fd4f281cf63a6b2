//! Whom a client trusts, and the checks of a certificate, each failure of which says which one it was.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use super::certificate::Facts;
use super::failure::{CertificateFailure, Check};
use super::provider::provider;
use crate::clock::Timestamp;
use crate::text::shown_path;

/// Names a file of roots that replaces the platform's, as OpenSSL has it.
const ROOTS: &str = "SSL_CERT_FILE";

/// Whose word a certificate is believed on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// The platform's roots, or those of the file that `SSL_CERT_FILE` names.
    Platform,
    /// The certificates of this file (PEM), roots or those of the servers themselves, and no others.
    File(PathBuf),
    /// Everybody is whom they say they are. The traffic is encrypted, nobody knows to whom.
    Nobody,
}

/// There is nothing to trust in.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("the roots in {} cannot be read: {source}", shown_path(path))]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate in it.
    #[error("there is no certificate (PEM, \"BEGIN CERTIFICATE\") in {}", shown_path(.0))]
    Empty(PathBuf),
    /// The back end refused.
    #[error("TLS cannot be used: {0}")]
    Unusable(String),
}

impl Trust {
    pub(super) fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, TrustError> {
        match self {
            Self::Nobody => Ok(Arc::new(Credulous)),
            Self::File(path) => Trusting::in_file(path).map(|verifier| Arc::new(verifier) as _),
            Self::Platform => match std::env::var_os(ROOTS).filter(|path| !path.is_empty()) {
                Some(path) => Self::File(path.into()).verifier(),
                None => Trusting::in_platform().map(|verifier| Arc::new(verifier) as _),
            },
        }
    }
}

/// Checks by a set of roots.
#[derive(Debug)]
struct Trusting {
    roots: Arc<dyn ServerCertVerifier>,
    /// Certificates trusted as they stand, whoever signed them.
    named: Vec<CertificateDer<'static>>,
}

impl Trusting {
    fn in_platform() -> Result<Self, TrustError> {
        let roots = rustls_platform_verifier::Verifier::new(provider());
        let roots = roots.map_err(|error| TrustError::Unusable(error.to_string()))?;
        Ok(Self { roots: Arc::new(roots), named: Vec::new() })
    }

    fn in_file(path: &Path) -> Result<Self, TrustError> {
        let pem = std::fs::read(path).map_err(|source| TrustError::Unreadable { path: path.to_owned(), source })?;
        let named: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(named.iter().cloned());
        if usable == 0 {
            return Err(TrustError::Empty(path.to_owned()));
        }
        let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
        let roots = roots.map_err(|error| TrustError::Unusable(error.to_string()))?;
        Ok(Self { roots, named })
    }

    /// The checks of a certificate that is in the file itself: those that are left. One made by hand is mostly of the
    /// kind that may sign others, which no root may vouch for in a server's hands.
    fn check_named(server: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Result<(), Error> {
        verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
        let facts = Facts::of(server).ok_or(CertificateError::BadEncoding)?;
        let now = Timestamp::from_unix(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        match facts.is_valid_at(now) {
            true => Ok(()),
            false if now < facts.begins => Err(CertificateError::NotValidYet.into()),
            false => Err(CertificateError::Expired.into()),
        }
    }
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked = if self.named.iter().any(|named| named == server) {
            Self::check_named(server, name, now).map(|()| ServerCertVerified::assertion())
        } else {
            self.roots.verify_server_cert(server, between, name, ocsp, now)
        };
        checked.map_err(|error| match error {
            Error::InvalidCertificate(error) => explained(&error, server, name),
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}

/// The failure with all that a person needs. The verifier is shared by all connections, and its error is the only
/// thing that comes out of it beside the one connection it belongs to.
fn explained(error: &CertificateError, server: &CertificateDer<'_>, name: &ServerName<'_>) -> Error {
    let facts = Facts::of(server);
    let check = Check::of(error, facts.as_ref());
    let failure = CertificateFailure { check, name: name.to_str().into_owned(), facts };
    CertificateError::Other(OtherError(Arc::new(failure))).into()
}

/// Checks nothing. A signature by a key that nobody vouches for proves nothing either, and devices with certificates
/// too old to be read are a reason to ask for this.
#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

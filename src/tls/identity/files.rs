//! Reading the files of an identity, and all that can be wrong with them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::text::shown_path;
use crate::tls::certificate::Facts;
use crate::tls::provider::provider;

/// More than this is no file of certificates or keys, in octets.
const MAX_FILE: u64 = 1 << 20;

/// A certificate and its key, checked.
pub(super) struct Loaded {
    pub(super) certified: Arc<CertifiedKey>,
    pub(super) facts: Facts,
}

/// Why files are no identity. No text of a file is repeated here, which may be the key.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file could not be read.
    #[error("{} cannot be read: {error}", shown_path(.path))]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not PEM: {reason}", shown_path(.path))]
    NotPem {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// There is no certificate in its file.
    #[error("{} holds no certificate: there is no -----BEGIN CERTIFICATE----- in it", shown_path(.0))]
    NoCertificate(PathBuf),
    /// There is no private key in its file.
    #[error("{} holds no private key: there is no -----BEGIN PRIVATE KEY----- in it", shown_path(.0))]
    NoKey(PathBuf),
    /// The key is locked by a passphrase, for which there is nobody to ask.
    #[error("{} is locked by a passphrase; write the key without one (openssl pkey -in FILE -out NEW)", shown_path(.0))]
    EncryptedKey(PathBuf),
    /// A certificate cannot be read.
    #[error("certificate {number} in {} is damaged", shown_path(.path))]
    BadCertificate {
        /// In which file.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
    },
    /// The certificates are not in order.
    #[error(
        "certificate {number} in {}, of {subject}, did not sign the one before it: the server's own comes first, and \
         behind each the one it was signed with",
        shown_path(.path)
    )]
    Order {
        /// In which file.
        path: PathBuf,
        /// Counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
    },
    /// The key is of a kind that cannot be used, or damaged.
    #[error("the key in {} cannot be used: RSA from 2048 bits, ECDSA P-256 or P-384, or Ed25519 is needed", shown_path(.0))]
    BadKey(PathBuf),
    /// Key and certificate are not a pair.
    #[error("the key in {} does not belong to the certificate in {}", shown_path(.key), shown_path(.certificate))]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// A new certificate cannot be used at this time, and the old one can.
    #[error("the certificate in {} is valid from {begins} to {expires}, and not now", shown_path(.path))]
    NotValidNow {
        /// In which file.
        path: PathBuf,
        /// Its first second.
        begins: Timestamp,
        /// Its last second.
        expires: Timestamp,
    },
    /// What the TLS library has against it.
    #[error("TLS: {0}")]
    Tls(Error),
}

impl Loaded {
    pub(super) fn read(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let chain = chain(certificate)?;
        let facts = in_order(&chain, certificate)?;
        let key_der = private_key(key)?;
        let certified = CertifiedKey::from_der(chain, key_der, &provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                IdentityError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            Error::InvalidCertificate(_) => IdentityError::BadCertificate { path: certificate.to_owned(), number: 1 },
            _ => IdentityError::BadKey(key.to_owned()),
        })?;
        Ok(Self { certified: Arc::new(certified), facts })
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let text = contents(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(chain) if chain.is_empty() => Err(IdentityError::NoCertificate(path.to_owned())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(not_pem(path, &error)),
    }
}

/// The facts of the first certificate, if all are sound and each was signed with the one behind it.
fn in_order(chain: &[CertificateDer<'_>], path: &Path) -> Result<Facts, IdentityError> {
    let mut first: Option<Facts> = None;
    let mut before: Option<Facts> = None;
    for (index, der) in chain.iter().enumerate() {
        let number = index + 1;
        let facts = Facts::of(der).ok_or_else(|| IdentityError::BadCertificate { path: path.to_owned(), number })?;
        if before.as_ref().is_some_and(|before| !before.is_issued_by(&facts)) {
            return Err(IdentityError::Order { path: path.to_owned(), number, subject: facts.subject });
        }
        first.get_or_insert_with(|| facts.clone());
        before = Some(facts);
    }
    first.ok_or_else(|| IdentityError::NoCertificate(path.to_owned()))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, IdentityError> {
    let text = contents(path)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound if is_locked(&text) => IdentityError::EncryptedKey(path.to_owned()),
        pem::Error::NoItemsFound => IdentityError::NoKey(path.to_owned()),
        // An old form of a locked key has header lines in its section, which are no base64.
        _ if is_locked(&text) => IdentityError::EncryptedKey(path.to_owned()),
        error => not_pem(path, &error),
    })
}

fn is_locked(text: &[u8]) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED")
}

/// The octets of a file, wiped when they are done with.
fn contents(path: &Path) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let unreadable = |error| IdentityError::Unreadable { path: path.to_owned(), error };
    let mut octets = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE).read_to_end(&mut octets).map_err(unreadable)?;
    Ok(octets)
}

/// The library's own words repeat lines of the file.
fn not_pem(path: &Path, error: &pem::Error) -> IdentityError {
    let reason = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end, perhaps it is still being written",
        pem::Error::IllegalSectionStart { .. } => "a section begins with a malformed line",
        pem::Error::Base64Decode(_) => "a section is not base64",
        _ => "it cannot be read",
    };
    IdentityError::NotPem { path: path.to_owned(), reason }
}

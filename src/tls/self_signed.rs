//! A certificate that the server signs for itself, for sites that have no other.

use std::fmt;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use zeroize::Zeroizing;

use crate::clock::Clock;

/// How far back it begins: the clocks of clients differ.
const LEEWAY: Duration = Duration::from_hours(24);
/// What its subject says, so that nobody takes it for another.
const ORGANIZATION: &str = "Self-signed by mailroot";

/// A certificate and its key, both in PEM.
pub struct SelfSigned {
    /// The certificate.
    pub cert_pem: String,
    /// Its private key (ECDSA P-256, PKCS #8).
    pub key_pem: Zeroizing<String>,
}

impl fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfSigned").field("cert_pem", &self.cert_pem).finish_non_exhaustive()
    }
}

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum SelfSignedError {
    /// There is no name to make it for.
    #[error("a certificate needs at least one name")]
    NoName,
    /// A name that no certificate can bear, or no key.
    #[error("no certificate could be made: {0}")]
    Failed(#[from] rcgen::Error),
}

/// Makes a certificate for these hosts, names or addresses, good from now on for so long. Its subject says that it is
/// self-signed, and the first name is its common name.
pub fn self_signed(names: &[String], validity: Duration) -> Result<SelfSigned, SelfSignedError> {
    let first = names.first().ok_or(SelfSignedError::NoName)?;
    let now = Duration::from_secs(Clock::system().now().as_unix().unsigned_abs());
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, first.as_str());
    params.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(LEEWAY);
    params.not_after = date_time_ymd(1970, 1, 1) + now + validity;
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(SelfSigned { cert_pem: certificate.pem(), key_pem: Zeroizing::new(key.serialize_pem()) })
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;
    use crate::tls::certificate::Facts;

    #[test]
    fn it_says_what_it_is_and_for_whom_and_how_long() {
        let names = ["relay.corp.example".to_owned(), "192.0.2.1".to_owned()];
        let made = self_signed(&names, Duration::from_hours(730 * 24)).unwrap();
        let der = CertificateDer::from_pem_slice(made.cert_pem.as_bytes()).unwrap();
        let facts = Facts::of(&der).unwrap();
        assert_eq!(facts.names, names);
        assert!(facts.is_self_signed && facts.subject.contains(ORGANIZATION), "{}", facts.subject);
        let now = Clock::system().now();
        assert!(facts.is_valid_at(now) && facts.expires.since(now) > Duration::from_hours(700 * 24));
        assert!(!format!("{made:?}").contains("PRIVATE"));
    }

    #[test]
    fn a_certificate_for_nobody_is_refused() {
        assert!(matches!(self_signed(&[], LEEWAY), Err(SelfSignedError::NoName)));
        assert!(self_signed(&["b\u{fc}ro.example".to_owned()], LEEWAY).is_err());
    }
}

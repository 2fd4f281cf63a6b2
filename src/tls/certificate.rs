//! What a certificate says of itself.

use std::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use crate::clock::Timestamp;
use crate::text::printable;

/// The last second that a [`Timestamp`] can show; certificates "for ever" end one day later.
const LATEST: i64 = 253_402_207_200;

/// The facts of one certificate, all of its texts printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The hosts it is for: names and addresses.
    pub names: Vec<String>,
    /// Whose certificate it is, as one line.
    pub subject: String,
    /// Who signed it, as one line.
    pub issuer: String,
    /// Not valid before.
    pub begins: Timestamp,
    /// Not valid after.
    pub expires: Timestamp,
    /// Whether its subject has issued it itself.
    pub is_self_signed: bool,
    raw_subject: Vec<u8>,
    raw_issuer: Vec<u8>,
}

impl Facts {
    /// Reads a certificate in DER; `None` if it is none.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        let (subject, issuer) = (certificate.subject(), certificate.issuer());
        let time = |seconds: i64| Timestamp::from_unix(seconds.min(LATEST));
        rest.is_empty().then(|| Self {
            names: names(&certificate),
            subject: printable(subject.to_string().as_bytes()).into_owned(),
            issuer: printable(issuer.to_string().as_bytes()).into_owned(),
            begins: time(certificate.validity().not_before.timestamp()),
            expires: time(certificate.validity().not_after.timestamp()),
            is_self_signed: subject.as_raw() == issuer.as_raw(),
            raw_subject: subject.as_raw().to_vec(),
            raw_issuer: issuer.as_raw().to_vec(),
        })
    }

    /// Whether the other one is, by its name, the certificate that this one was signed with.
    pub(super) fn is_issued_by(&self, other: &Self) -> bool {
        self.raw_issuer == other.raw_subject
    }

    /// Whether it may be used at this time.
    pub(super) fn is_valid_at(&self, now: Timestamp) -> bool {
        self.begins <= now && now <= self.expires
    }
}

/// The alternative names; where there are none, as in very old certificates, the common name.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    let general = extension.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let names: Vec<_> = general.iter().filter_map(host).collect();
    if !names.is_empty() {
        return names;
    }
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    common.map(|name| printable(name.as_bytes()).into_owned()).collect()
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(printable(name.as_bytes()).into_owned()),
        GeneralName::IPAddress(octets) => {
            let address = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
            address.or_else(|_| <[u8; 16]>::try_from(*octets).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn facts(params: &CertificateParams) -> Facts {
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        Facts::of(certificate.der()).unwrap()
    }

    #[test]
    fn names_addresses_and_dates_are_read() {
        let names = ["relay.example", "192.0.2.1", "2001:db8::1"];
        let mut params = CertificateParams::new(names.map(String::from)).unwrap();
        params.not_before = date_time_ymd(2026, 11, 1);
        params.not_after = date_time_ymd(2027, 2, 1);
        let facts = facts(&params);
        assert_eq!(facts.names, names);
        assert_eq!(facts.expires.to_string(), "2027-02-01T00:00:00Z");
        assert!(facts.is_self_signed);
        assert!(facts.is_valid_at("2026-11-24T11:15:03Z".parse().unwrap()));
        assert!(!facts.is_valid_at("2026-10-31T00:00:00Z".parse().unwrap()));
        assert!(!facts.is_valid_at("2027-02-01T00:00:01Z".parse().unwrap()));
    }

    #[test]
    fn te99_a_name_in_a_certificate_reaches_nobody_raw() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "relay\u{1b}[2J\u{202e}");
        params.not_after = date_time_ymd(9999, 12, 31);
        let facts = facts(&params);
        assert!(!facts.names[0].contains(['\u{1b}', '\u{202e}']), "{:?}", facts.names);
        assert!(!facts.subject.contains(['\u{1b}', '\u{202e}']), "{:?}", facts.subject);
        assert!(facts.expires.to_string().starts_with("9999-12-30T"));
    }

    #[test]
    fn what_is_no_certificate_has_no_facts() {
        assert_eq!(Facts::of(b""), None);
        assert_eq!(Facts::of(&[0x30; 200]), None);
        let params = CertificateParams::new(["a.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert_eq!(Facts::of(&[certificate.der(), &b"x"[..]].concat()), None);
    }
}

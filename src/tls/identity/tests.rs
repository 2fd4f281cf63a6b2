//! Files good and bad, and handshakes while they change.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio_rustls::TlsConnector;

use super::*;
use crate::tls::{Session, self_signed};

const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);

/// The two files of an identity.
struct Place {
    folder: TempDir,
}

impl Place {
    fn with(certificate: &str, key: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.put(certificate, key);
        place
    }

    fn put(&self, certificate: &str, key: &str) {
        fs::write(self.certificate(), certificate).unwrap();
        fs::write(self.key(), key).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("relay.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("relay.key")
    }

    fn load(&self) -> Result<Identity, IdentityError> {
        Identity::load(&self.certificate(), &self.key())
    }

    /// What is said of these files.
    fn objection(certificate: &str, key: &str) -> String {
        Self::with(certificate, key).load().unwrap_err().to_string()
    }
}

fn made_for(name: &str) -> (String, String) {
    let made = self_signed(&[name.to_owned()], std::time::Duration::from_hours(24)).unwrap();
    (made.cert_pem, made.key_pem.to_string())
}

fn valid(from: i32, to: i32) -> (String, String) {
    let mut params = CertificateParams::new(["relay.test".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// A certificate for `relay.test`, the one it was signed with, and the key of the first.
fn signed() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "A test's own authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["relay.test".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (leaf.pem(), authority.pem(), key.serialize_pem())
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_gets_a_session() {
    let (leaf, authority, key) = signed();
    let identity = Place::with(&(leaf + &authority), &key).load().unwrap();
    assert_eq!(identity.names(), ["relay.test"]);
    assert!(!identity.is_self_signed());
    assert_eq!(shake(&identity, &authority).await.unwrap(), "TLSv1.3 TLS_AES_256_GCM_SHA384");
}

#[tokio::test]
async fn a_new_certificate_serves_the_next_handshake_of_those_who_hold_the_old_identity() {
    let (first, key) = made_for("relay.test");
    let place = Place::with(&first, &key);
    let identity = place.load().unwrap();
    let held = identity.clone();
    assert!(!identity.reload(NOW).unwrap(), "nothing is new");
    let (second, key) = made_for("relay.test");
    place.put(&second, &key);
    assert!(shake(&held, &first).await.is_ok());
    assert!(identity.reload(NOW).unwrap());
    assert!(shake(&held, &second).await.is_ok());
    assert!(shake(&held, &first).await.is_err());
}

#[tokio::test]
async fn a_session_under_way_outlives_a_new_certificate() {
    let (first, key) = made_for("relay.test");
    let place = Place::with(&first, &key);
    let identity = place.load().unwrap();
    let (near, far) = duplex(16 * 1024);
    let accepted = tokio::spawn(identity.acceptor().accept(far));
    let mut client = connector(&first).connect(name(), near).await.unwrap();
    let mut server = accepted.await.unwrap().unwrap();
    let (second, key) = made_for("relay.test");
    place.put(&second, &key);
    assert!(identity.reload(NOW).unwrap());
    client.write_all(b"still there").await.unwrap();
    client.flush().await.unwrap();
    let mut heard = [0; 11];
    server.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still there");
}

#[tokio::test]
async fn bad_new_files_leave_the_old_certificate_in_use() {
    let (old, old_key) = valid(2025, 2028);
    let place = Place::with(&old, &old_key);
    let identity = place.load().unwrap();
    let (other, other_key) = made_for("other.test");
    let expired = valid(2024, 2025);
    let to_come = valid(2027, 2028);
    for (certificate, key) in [
        (&other[..other.len() / 2], &*other_key),
        ("", ""),
        (&other, &old_key),
        (&old, &other_key),
        (&expired.0, &expired.1),
        (&to_come.0, &to_come.1),
    ] {
        place.put(certificate, key);
        let error = identity.reload(NOW).unwrap_err();
        assert_eq!(identity.names(), ["relay.test"], "{error}");
        assert!(shake(&identity, &old).await.is_ok(), "{error}");
    }
    fs::remove_file(place.certificate()).unwrap();
    assert!(matches!(identity.reload(NOW), Err(IdentityError::Unreadable { .. })));
    // Once the old one has expired, another expired one is no step back.
    place.put(&expired.0, &expired.1);
    assert!(identity.reload("2030-01-01T00:00:00Z".parse().unwrap()).unwrap());
}

#[test]
fn an_expired_certificate_is_taken_at_the_start_and_shows_its_end() {
    let (certificate, key) = valid(2020, 2021);
    let identity = Place::with(&certificate, &key).load().unwrap();
    assert_eq!(identity.expires().to_string(), "2021-01-01T00:00:00Z");
}

#[test]
fn every_fault_of_a_file_is_named_and_nothing_of_the_file_is_repeated() {
    let (certificate, key) = made_for("relay.test");
    let (_, other_key) = made_for("relay.test");
    let (leaf, authority, leaf_key) = signed();
    let cut = &certificate[..certificate.len() - 30];
    let bent = certificate.replacen("MII", "MI!", 1);
    let damaged = certificate.replacen("MII", "NII", 1);
    let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let old_locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    for (certificate, key, reason) in [
        ("", &*key, "holds no certificate"),
        (&key, &key, "holds no certificate"),
        (cut, &key, "is not PEM: a section has no end"),
        (&bent, &key, "is not PEM: a section is not base64"),
        (&damaged, &key, "certificate 1 in"),
        (&certificate, "", "holds no private key"),
        (&certificate, &locked, "is locked by a passphrase"),
        (&certificate, old_locked, "is locked by a passphrase"),
        (&certificate, &other_key, "does not belong to the certificate in"),
        (&(authority.clone() + &leaf), &leaf_key, "did not sign the one before it"),
        (&(leaf.clone() + &leaf), &leaf_key, "certificate 2 in"),
        (&certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be used"),
    ] {
        let said = Place::objection(certificate, key);
        assert!(said.contains(reason), "{said}");
        let secrets = key.lines().filter(|line| line.len() > 8 && !line.starts_with('-'));
        assert!(secrets.into_iter().all(|line| !said.contains(line)), "{said}");
    }
}

fn name() -> ServerName<'static> {
    ServerName::try_from("relay.test").unwrap()
}

/// A client that trusts one certificate.
fn connector(trusted: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// A handshake of a client that trusts one certificate: what it agrees on.
async fn shake(identity: &Identity, trusted: &str) -> Result<String, std::io::Error> {
    let (near, far) = duplex(16 * 1024);
    let acceptor = identity.acceptor();
    let server = tokio::spawn(async move { acceptor.accept(far).await.map(|stream| Session::of(stream.get_ref().1)) });
    let client = connector(trusted).connect(name(), near).await?;
    let (seen_here, seen_there) = (Session::of(client.get_ref().1), server.await.unwrap()?);
    assert_eq!(seen_here, seen_there);
    Ok(seen_here.unwrap().to_string())
}

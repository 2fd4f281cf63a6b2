//! A server's certificate for one test, and a client that trusts it alone.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use mailroot::tls::{Identity, self_signed};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;

/// A certificate and its key in files of their own.
pub(crate) struct Certificate {
    folder: TempDir,
    pem: String,
}

impl Certificate {
    /// Made for a host.
    pub(crate) fn made_for(host: &str) -> Self {
        let mut certificate = Self { folder: tempfile::tempdir().unwrap(), pem: String::new() };
        certificate.renew(host);
        certificate
    }

    /// Writes another one in its place.
    pub(crate) fn renew(&mut self, host: &str) {
        let made = self_signed(&[host.to_owned()], std::time::Duration::from_hours(90 * 24)).unwrap();
        self.put(&made.cert_pem, &made.key_pem);
    }

    /// Writes the files.
    pub(crate) fn put(&mut self, certificate: &str, key: &str) {
        certificate.clone_into(&mut self.pem);
        fs::write(self.file(), certificate).unwrap();
        fs::write(self.key_file(), key).unwrap();
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("relay.pem")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.path().join("relay.key")
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::load(&self.file(), &self.key_file()).unwrap()
    }

    /// A client that trusts the certificate as it is now, and nothing else.
    pub(crate) fn connector(&self) -> TlsConnector {
        self.connector_for(rustls::ALL_VERSIONS)
    }

    /// The same with these versions of TLS only.
    pub(crate) fn connector_for(&self, versions: &[&'static SupportedProtocolVersion]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_protocol_versions(versions).unwrap();
        TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }
}

/// A host as a client asks for it.
pub(crate) fn server_name(host: &str) -> ServerName<'static> {
    ServerName::try_from(host.to_owned()).unwrap()
}

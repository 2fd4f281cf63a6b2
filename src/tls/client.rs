//! The client's handshake.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::certificate::Facts;
use super::failure::TlsError;
use super::provider::provider;
use super::trust::{Trust, TrustError};

/// Sessions kept for resumption, over all servers.
const SESSIONS: usize = 1024;

/// A stream under TLS, from the client's end.
pub type ClientStream<S> = tokio_rustls::client::TlsStream<S>;

/// Makes handshakes with servers, all under one trust. It keeps their sessions for resumption, so it is to be kept
/// itself; cheap to clone, and clones share what is kept.
#[derive(Clone)]
pub struct Client {
    connector: TlsConnector,
    is_verifying: bool,
}

impl Client {
    /// A client with this trust. Roots are read now, once: a client made later sees what changed.
    pub fn new(trust: &Trust) -> Result<Self, TrustError> {
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| TrustError::Unusable(error.to_string()))?;
        let mut config = config.dangerous().with_custom_certificate_verifier(trust.verifier()?).with_no_client_auth();
        config.resumption = Resumption::in_memory_sessions(SESSIONS);
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), is_verifying: *trust != Trust::Nobody })
    }

    /// Whether a handshake proves who the server is.
    pub fn is_verifying(&self) -> bool {
        self.is_verifying
    }

    /// Makes the handshake with the server of this name, or of this address, for which its certificate has to be.
    /// A name is told to the server (SNI, RFC 6066 3), an address is not.
    ///
    /// To be bounded in time by the caller.
    pub async fn connect<S>(&self, stream: S, name: &str) -> Result<ClientStream<S>, TlsError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let server = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name(name.to_owned()))?;
        self.connector.connect(server, stream).await.map_err(TlsError::of)
    }
}

/// The certificate that a server has shown, read only where somebody wants to know.
#[derive(Clone, Copy, Debug)]
pub struct PeerCertificate<'a>(Option<&'a [u8]>);

impl<'a> PeerCertificate<'a> {
    /// That of a connection.
    pub fn of<S>(stream: &'a ClientStream<S>) -> Self {
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        Self(shown.map(AsRef::as_ref))
    }

    /// What it says; `None` if it cannot be read, which no trust but [`Trust::Nobody`] lets pass.
    pub fn facts(self) -> Option<Facts> {
        Facts::of(self.0?)
    }
}

#[cfg(test)]
mod tests;

//! Handshakes with clients: bounded in time and number, and explained where they fail.

use std::io;
use std::time::Duration;

use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server};

use crate::text::printable;

/// A client's stream under TLS.
pub type ServerStream<S> = server::TlsStream<S>;

/// How long a handshake may take, the wait for its turn included.
const DEADLINE: Duration = Duration::from_secs(30);
/// How many may be under way. A client at the usual limit of its connections cannot have them all.
const AT_ONCE: usize = 512;

/// The handshakes under way with one identity.
pub(super) struct Handshakes(Semaphore);

impl Default for Handshakes {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }
}

/// Why a client and we did not come to a session.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// It took too long.
    #[error("the handshake was not done after {} seconds", DEADLINE.as_secs())]
    TimedOut,
    /// What the client sent is no TLS.
    #[error("the client does not speak TLS")]
    NotTls,
    /// The client is too old, or wants to be.
    #[error("the client offers neither TLS 1.2 nor 1.3")]
    OldVersion,
    /// The client knows no cipher, group or signature of ours.
    #[error("the client and this server have no cipher in common: {0:?}")]
    NothingInCommon(PeerIncompatible),
    /// The client did not like what it was shown, which is mostly the certificate.
    #[error("the client refused: {}", alert(*.0))]
    Refused(AlertDescription),
    /// The client left.
    #[error("the client has gone")]
    Gone,
    /// What the TLS library has against it.
    #[error("{}", printable(.0.to_string().as_bytes()))]
    Other(io::Error),
}

impl Handshakes {
    pub(super) async fn accept<S>(&self, acceptor: &TlsAcceptor, stream: S) -> Result<ServerStream<S>, HandshakeError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shake = async {
            // The semaphore is never closed; a turn that cannot be had would be a client gone.
            let _turn = self.0.acquire().await.map_err(|_| HandshakeError::Gone)?;
            acceptor.accept(stream).await.map_err(explain)
        };
        timeout(DEADLINE, shake).await.unwrap_or(Err(HandshakeError::TimedOut))
    }
}

fn explain(error: io::Error) -> HandshakeError {
    use PeerIncompatible::{SupportedVersionsExtensionRequired, Tls12NotOffered, Tls12NotOfferedOrEnabled};
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => HandshakeError::NotTls,
        Some(Error::InvalidMessage(InvalidMessage::UnknownProtocolVersion)) => HandshakeError::OldVersion,
        Some(Error::PeerIncompatible(reason)) => match reason {
            Tls12NotOffered | Tls12NotOfferedOrEnabled | SupportedVersionsExtensionRequired => {
                HandshakeError::OldVersion
            }
            reason => HandshakeError::NothingInCommon(reason.clone()),
        },
        Some(Error::AlertReceived(alert)) => HandshakeError::Refused(*alert),
        Some(_) => HandshakeError::Other(error),
        None => HandshakeError::Gone,
    }
}

/// An alert in words, where it tells what an administrator can mend.
fn alert(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::UnknownCA => "it does not trust who signed the certificate (unknown CA)".to_owned(),
        AlertDescription::BadCertificate => "it takes the certificate for bad, perhaps of another name".to_owned(),
        AlertDescription::CertificateExpired => "the certificate has expired for it".to_owned(),
        AlertDescription::CertificateUnknown => "it does not accept the certificate".to_owned(),
        other => format!("{other:?}"),
    }
}

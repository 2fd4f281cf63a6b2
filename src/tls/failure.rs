//! Why a handshake failed, in a person's words.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

use super::certificate::Facts;
use crate::text::printable;

/// Names of a certificate shown; some have hundreds.
const NAMES: usize = 5;

/// The handshake failed. The connection is of no more use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A check of the server's certificate.
    #[error("{0}")]
    Certificate(Box<CertificateFailure>),
    /// The server knows only versions that are given up (RFC 8996).
    #[error("the server speaks only TLS 1.0 or 1.1, which are no longer safe and which this server does not speak")]
    OldVersion,
    /// No cipher suite, group or signature in common.
    #[error("the server has no cipher in common with this server, which has only those of today ({0})")]
    NoCommonCipher(String),
    /// What came is no TLS.
    #[error("the server does not speak TLS here: its answer to the handshake is something else")]
    NotTls,
    /// The connection ended.
    #[error("the server closed the connection during the handshake")]
    Closed,
    /// The server gave up, by an alert.
    #[error("the server broke off the handshake: {0}")]
    Alert(String),
    /// The name is none that a certificate could be for.
    #[error("{0} is no name that a certificate could be for")]
    Name(String),
    /// The connection broke.
    #[error("the connection broke during the handshake ({})", .0.kind())]
    Broken(io::Error),
    /// The server breaks the protocol in some other way.
    #[error("the server does not keep to TLS: {0}")]
    Other(String),
}

impl TlsError {
    /// What the failure of a handshake was.
    pub(super) fn of(error: io::Error) -> Self {
        let Some(cause) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                    Self::Closed
                }
                _ => Self::Broken(error),
            };
        };
        match cause {
            Error::InvalidCertificate(CertificateError::Other(other)) => match other.0.downcast_ref() {
                Some(failure) => Self::Certificate(Box::new(CertificateFailure::clone(failure))),
                None => Self::Other(cause.to_string()),
            },
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            )
            | Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::OldVersion,
            Error::PeerIncompatible(what) => Self::NoCommonCipher(format!("{what:?}")),
            Error::AlertReceived(
                alert @ (AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity),
            ) => Self::NoCommonCipher(alert.as_str().unwrap_or_default().to_owned()),
            Error::AlertReceived(alert) => {
                Self::Alert(alert.as_str().map_or_else(|| format!("alert {}", u8::from(*alert)), str::to_owned))
            }
            Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion)
            | Error::PeerSentOversizedRecord => Self::NotTls,
            other => Self::Other(printable(&other.to_string()).into_owned()),
        }
    }
}

/// A certificate did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFailure {
    /// Which check it was.
    pub check: Check,
    /// Whom the server was taken for.
    pub name: String,
    /// What the certificate says; `None` if it cannot be read.
    pub facts: Option<Facts>,
}

/// The checks of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is for another host.
    Name,
    /// It names no host, or only in its common name, which has not counted for long (RFC 9525 2).
    NoName,
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// It was issued by somebody who is not trusted, or a certificate between is missing.
    Issuer,
    /// It names an issuer that is trusted, and is not signed by that one's key.
    Signature,
    /// Its issuer has taken it back.
    Revoked,
    /// It is not made for servers.
    Purpose,
    /// It cannot be read, or has a form that nobody takes any more.
    Form,
}

impl Check {
    pub(super) fn of(error: &CertificateError, facts: Option<&Facts>) -> Self {
        let is_self_signed = facts.is_some_and(|facts| facts.is_self_signed);
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => Self::NoName,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::Name,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => Self::Purpose,
            // Of a root in a server's hands it is said first that it may not be there.
            CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_)
                if is_self_signed =>
            {
                Self::SelfSigned
            }
            CertificateError::BadSignature => Self::Signature,
            CertificateError::UnknownIssuer => Self::Issuer,
            _ => Self::Form,
        }
    }
}

impl fmt::Display for CertificateFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, name, facts } = self;
        let Some(facts) = facts else { return f.write_str("the server's certificate cannot be read") };
        match check {
            Check::Expired => write!(f, "the server's certificate expired on {}", facts.expires.date()),
            Check::NotYetValid => write!(f, "the server's certificate is not valid before {}", facts.begins.date()),
            Check::NoName => write!(
                f,
                "the server's certificate is not for {name}: it has no alternative names, and its common name ({}) \
                 no longer counts",
                facts.subject
            ),
            Check::Name => write!(f, "the server's certificate is for {}, not for {name}", listed(&facts.names)),
            Check::SelfSigned => f.write_str("the server's certificate is signed by nobody but itself"),
            Check::Issuer => write!(f, "the server's certificate has an issuer that is not trusted: {}", facts.issuer),
            Check::Signature => write!(
                f,
                "the server's certificate names an issuer that is trusted, but was signed with another key: {}",
                facts.issuer
            ),
            Check::Revoked => f.write_str("the server's certificate was revoked by its issuer"),
            Check::Purpose => f.write_str("the server's certificate is not made for a server"),
            Check::Form => f.write_str("the server's certificate has a form that is not taken any more"),
        }
    }
}

impl std::error::Error for CertificateFailure {}

/// `a.example, b.example and 7 more`.
fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMES)].join(", ");
    match names.len() - names.len().min(NAMES) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

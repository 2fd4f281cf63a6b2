//! TLS by rustls with one crypto back end (ring): the server's identity, the client with whom it trusts, and what a
//! session under TLS shows of itself.
//!
//! TLS 1.2 and 1.3 with the modern suites, and nothing else: rustls has no other. This module knows neither SMTP nor
//! settings; it is handed files, names and streams.

mod certificate;
mod client;
mod failure;
mod handshake;
mod identity;
mod provider;
mod self_signed;
mod session;
mod trust;

pub use certificate::Facts;
pub use client::{Client, ClientStream, PeerCertificate};
pub use failure::{CertificateFailure, Check, TlsError};
pub use handshake::{HandshakeError, ServerStream};
pub use identity::{Identity, IdentityError};
pub use self_signed::{SelfSigned, SelfSignedError, self_signed};
pub use session::Session;
pub use trust::{Trust, TrustError};

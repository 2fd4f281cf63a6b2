//! TLS by rustls with one crypto back end (ring): what a session under TLS shows of itself, and the client.
mod certificate;
mod client;
mod failure;
mod provider;
mod session;
mod trust;

pub use certificate::Facts;
pub use client::{Client, ClientStream, peer_certificate};
pub use failure::{CertificateFailure, Check, TlsError};
pub use session::Session;
pub use trust::{Trust, TrustError};

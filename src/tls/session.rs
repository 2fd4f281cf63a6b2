//! What a session under TLS shows of itself.

use std::fmt;

use rustls::{CipherSuite, CommonState, ProtocolVersion};

/// Version and cipher of a session, by their registered names: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The name in the IANA registry.
    pub cipher: &'static str,
}

impl Session {
    /// What was agreed on; `None` while the handshake is under way.
    pub fn of(connection: &CommonState) -> Option<Self> {
        let version = match connection.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "TLSv1.2",
            _ => "TLSv1.3",
        };
        // rustls gives the suites of TLS 1.3 a prefix of its own.
        let cipher = match connection.negotiated_cipher_suite()?.suite() {
            CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
            CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
            CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
            older => older.as_str().unwrap_or("unknown"),
        };
        Some(Self { version, cipher })
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.cipher)
    }
}

//! What a session under TLS shows of itself.

use std::fmt;

use rustls::{CommonState, ProtocolVersion};

/// Version and cipher of a session, by their registered names: `TLSv1.3 TLS_AES_256_GCM_SHA384`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `TLSv1.2` or `TLSv1.3`.
    pub version: &'static str,
    /// The name in the IANA registry.
    pub cipher: String,
}

impl Session {
    /// What was agreed on; `None` while the handshake is under way.
    pub fn of(connection: &CommonState) -> Option<Self> {
        let version = match connection.protocol_version()? {
            ProtocolVersion::TLSv1_2 => "TLSv1.2",
            _ => "TLSv1.3",
        };
        let suite = connection.negotiated_cipher_suite()?.suite();
        // rustls tells the suites of TLS 1.3 from others by their prefix, the registry does not.
        let name = suite.as_str().unwrap_or("unknown");
        let cipher = name.strip_prefix("TLS13_").map_or_else(|| name.to_owned(), |rest| format!("TLS_{rest}"));
        Some(Self { version, cipher })
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.version, self.cipher)
    }
}

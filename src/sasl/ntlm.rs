//! NTLM as a login: NTLMv2 on both sides ([MS-NLMP], [MS-SMTPNTLM]).
//!
//! It is written here and not taken from `sspi` since that crate's server believes a client which leaves out the
//! integrity check, whatever its password, and curl leaves it out; and since its client has nothing to say to a server
//! that knows NTLMv1 only, as Exim's does. All of it is held to the values of [MS-NLMP] 4.2.
//!
//! No session follows the login, so keys for signing and sealing are never agreed on.

mod client;
mod hash;
mod message;
mod server;
#[cfg(test)]
mod tests;

use crate::clock::Timestamp;

pub use client::Channel;
pub(super) use client::{NtlmClient, Objection as ClientObjection};
pub use hash::{NtHash, NtHashError};
pub use server::NtlmLogin;
pub(super) use server::{NtlmServer, Objection as ServerObjection};

/// Flags of a negotiation ([MS-NLMP] 2.2.2.5), as far as they concern us.
mod flag {
    pub(super) const UNICODE: u32 = 0x0000_0001;
    pub(super) const OEM: u32 = 0x0000_0002;
    pub(super) const REQUEST_TARGET: u32 = 0x0000_0004;
    pub(super) const NTLM: u32 = 0x0000_0200;
    pub(super) const ALWAYS_SIGN: u32 = 0x0000_8000;
    pub(super) const TARGET_TYPE_SERVER: u32 = 0x0002_0000;
    pub(super) const EXTENDED_SESSION_SECURITY: u32 = 0x0008_0000;
    pub(super) const TARGET_INFO: u32 = 0x0080_0000;
    pub(super) const VERSION: u32 = 0x0200_0000;
    pub(super) const STRONG_KEYS: u32 = 0x2000_0000;
    pub(super) const KEY_EXCHANGE: u32 = 0x4000_0000;
}

/// Ids of what a server says of itself ([MS-NLMP] 2.2.2.1).
mod pair {
    pub(super) const END: u16 = 0;
    pub(super) const COMPUTER: u16 = 1;
    pub(super) const DOMAIN: u16 = 2;
    pub(super) const DNS_COMPUTER: u16 = 3;
    pub(super) const FLAGS: u16 = 6;
    pub(super) const TIME: u16 = 7;
}

/// In [`pair::FLAGS`]: the message carries an integrity check.
const HAS_INTEGRITY_CHECK: u32 = 0x0000_0002;
/// Where a version stands in an AUTHENTICATE message, and an integrity check after it.
const INTEGRITY_CHECK: usize = 64 + 8;

/// Our version: any number will do, with revision 15 of the protocol.
const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];

/// Time as Windows counts it: in steps of 100 ns since 1601.
fn file_time(at: Timestamp) -> u64 {
    let seconds = u64::try_from(at.as_unix()).unwrap_or(0) + 11_644_473_600;
    seconds.saturating_mul(10_000_000)
}

/// Random octets that nobody can foresee; `None` if the system has none.
fn random() -> Option<[u8; 8]> {
    let mut octets = [0; 8];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut octets).ok()?;
    Some(octets)
}

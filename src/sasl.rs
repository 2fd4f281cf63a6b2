//! Logins as mechanisms know them: what each side says, and what it makes of what it hears (RFC 4422).
//!
//! No input or output: octets in, octets or an outcome out. What carries them (base64 in lines of SMTP, RFC 4954), who
//! the users are and what a failure costs is for others to know.
//!
//! Octets of an exchange may be a secret: they come as [`Zeroizing`], and nothing here shows them.

mod base64;
mod client;
mod ntlm;
mod server;

pub use base64::{Base64Error, decode, encode};
pub use client::{ClientError, ClientExchange};
pub use ntlm::{Channel, NtHash, NtHashError, NtlmLogin};
pub use server::{House, ServerExchange, ServerStep};
#[doc(no_inline)]
pub use zeroize::Zeroizing;

/// The longest response taken, in octets: what 12288 octets of base64 hold (RFC 4954 4).
pub const MAX_RESPONSE: usize = 12_288 / 4 * 3;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// PLAIN: user and password in one message (RFC 4616).
    Plain,
    /// LOGIN: user and password, each asked for (draft-murchison-sasl-login).
    Login,
    /// NTLM: a proof to know the password ([MS-SMTPNTLM]).
    Ntlm,
    /// XOAUTH2: user and access token. Only a client of ours speaks it.
    XOAuth2,
}

impl Mechanism {
    /// Its name, as EHLO lists it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Ntlm => "NTLM",
            Self::XOAuth2 => "XOAUTH2",
        }
    }

    /// The mechanism of this name, in any case (RFC 4954 3).
    pub fn parse(name: &[u8]) -> Option<Self> {
        let all = [Self::Plain, Self::Login, Self::Ntlm, Self::XOAuth2];
        all.into_iter().find(|mechanism| mechanism.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn au06_a012_a_mechanism_is_known_in_any_case() {
        assert_eq!(Mechanism::parse(b"login"), Some(Mechanism::Login));
        assert_eq!(Mechanism::parse(b"xOAuth2"), Some(Mechanism::XOAuth2));
        assert_eq!(Mechanism::parse(b"CRAM-MD5"), None);
        assert_eq!(Mechanism::parse(b""), None);
    }
}

//! What a person has to mend before a destination can be given mail, and how.
//!
//! Mail that meets such a destination was not tried: it waits, and none of its attempts are used up.

use std::borrow::Cow;

use crate::config::SecretError;
use crate::smtp::{ClientError, Stage};
use crate::tls::{Check, TlsError, TrustError};

/// A destination's trouble that time alone does not mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// What to do about it: a sentence without its capital and its dot.
    pub advice: Cow<'static, str>,
    /// The server counts how often this happens, and may lock the account.
    pub is_counted: bool,
}

impl Trouble {
    pub(super) fn new(advice: impl Into<Cow<'static, str>>) -> Self {
        Self { advice: advice.into(), is_counted: false }
    }

    /// The trouble that an opening ended in; `None` where it may be over the next time.
    pub(super) fn of(error: &ClientError) -> Option<Self> {
        let advice = match error {
            ClientError::Tls(TlsError::Closed | TlsError::Broken(_)) => return None,
            ClientError::Tls(error) => of_handshake(error),
            ClientError::Unencrypted => {
                "look at the port (587 and 25 have STARTTLS, 465 has tls = \"implicit\"); if the server has no TLS at \
                 all, only tls = \"none\" sends to it, in clear"
            }
            ClientError::Refused { stage: Stage::StartTls, reply } if reply.code >= 500 => {
                "the server has to mend its TLS; tls = \"none\" sends to it in clear"
            }
            ClientError::NoMechanism { .. } => {
                "choose another method under Outbound Security; many servers offer a login only under TLS, or only on \
                 port 587 or 465"
            }
            ClientError::LoginRefused { reply, .. } if reply.code < 500 => return None,
            ClientError::LoginRefused { .. } => {
                let advice = "check the user name and the password or token under Outbound Security, and whether the \
                              server lets this user send by SMTP";
                return Some(Self { advice: advice.into(), is_counted: true });
            }
            ClientError::LoginBroken { .. } => "try another method under Outbound Security",
            _ => return None,
        };
        Some(Self::new(advice))
    }

    /// The roots of trust cannot be read.
    pub(super) fn of_trust(error: &TrustError) -> Self {
        Self::new(match error {
            TrustError::Unreadable { .. } | TrustError::Empty(_) => "give ca_file a file of certificates in PEM",
            TrustError::Unusable(_) => {
                "install the system's CA certificates (package ca-certificates), or name some in ca_file"
            }
        })
    }

    /// A secret cannot be had.
    pub(super) fn of_secret(error: &SecretError) -> Self {
        Self::new(match error {
            SecretError::Env { .. } => "set the variable where mailroot is started, then restart it",
            SecretError::Read { .. } | SecretError::File { .. } => {
                "write the secret into the first line of the file, where mailroot's user can read it"
            }
        })
    }
}

fn of_handshake(error: &TlsError) -> &'static str {
    match error {
        TlsError::Certificate(failure) => match failure.check {
            Check::Expired | Check::Form | Check::Purpose | Check::Revoked => {
                "whoever runs the server has to renew its certificate; verify = false takes it unchecked"
            }
            Check::NotYetValid => "look at the clock of this machine",
            Check::Name => "name the server as its certificate does, or have it get a certificate for the name used",
            Check::NoName => "have the server get a certificate with alternative names, as all have today",
            Check::SelfSigned | Check::Issuer | Check::Signature => {
                "if this is the right server, put its certificate or its issuer's into a file and name that in ca_file"
            }
        },
        TlsError::OldVersion | TlsError::NoCommonCipher(_) => {
            "have the server brought up to date; on a network that is trusted, tls = \"none\" sends in clear"
        }
        TlsError::NotTls => "look at the port: 465 has tls = \"implicit\", 587 and 25 have tls = \"required\"",
        TlsError::Name(_) => "name the server by its host name or its address",
        _ => "have the server's TLS mended; its own log may say more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Reply;
    use crate::sasl::Mechanism;

    #[test]
    fn a_login_refused_for_now_is_no_trouble_and_one_refused_for_good_is_not_tried_often() {
        let refused = |code| ClientError::LoginRefused {
            user: "bob".into(),
            mechanism: Mechanism::Plain,
            reply: Reply::plain(code, "no"),
            details: None,
        };
        assert_eq!(Trouble::of(&refused(454)), None);
        assert!(Trouble::of(&refused(535)).unwrap().is_counted);
        assert!(!Trouble::of(&ClientError::Unencrypted).unwrap().is_counted);
        assert_eq!(Trouble::of(&ClientError::Tls(TlsError::Closed)), None);
        assert!(Trouble::of(&ClientError::Tls(TlsError::NotTls)).is_some());
    }
}

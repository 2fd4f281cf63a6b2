//! How mail is sent securely: TLS and login to the next hop.

use std::path::PathBuf;

use super::{Secret, TokenUrl};

/// `[delivery.outbound_security]`, or `security` of a `[[domain]]`, which is a whole of its own: what it leaves out is
/// at its default and not as it is for all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OutboundSecurity {
    /// How to log in.
    pub method: Method,
    /// Whether to speak TLS. Where there is a login, [`TlsMode::Opportunistic`] is not to send it in clear.
    pub tls: TlsMode,
    /// Whether the certificate must be right.
    pub verify: bool,
    /// PEM roots instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// Who logs in, or the mailbox for [`Method::XOAuth2`].
    pub username: String,
    /// For [`Method::Basic`] and [`Method::Integrated`], and then never absent.
    pub password: Option<Secret>,
    /// The Windows domain for [`Method::Integrated`]; may be empty.
    pub ntlm_domain: String,
    /// Where the token for [`Method::XOAuth2`] comes from.
    pub oauth: OAuth,
}

impl OutboundSecurity {
    /// What holds where nothing is set.
    pub const DEFAULT: Self = Self {
        method: Method::Anonymous,
        tls: TlsMode::Opportunistic,
        verify: true,
        ca_file: None,
        username: String::new(),
        password: None,
        ntlm_domain: String::new(),
        oauth: OAuth {
            tenant: String::new(),
            client_id: String::new(),
            client_secret: None,
            token_url: None,
            scope: String::new(),
            grant: Grant::ClientCredentials,
            service_account: None,
        },
    };

    /// Whether this server says who it is.
    pub fn logs_in(&self) -> bool {
        self.method != Method::Anonymous
    }
}

/// `method`: how to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// Not at all.
    Anonymous,
    /// With a password, by PLAIN or LOGIN.
    Basic,
    /// With a password, by NTLM.
    Integrated,
    /// With a token.
    XOAuth2,
}

impl Method {
    /// All methods.
    pub(super) const ALL: [Self; 4] = [Self::Anonymous, Self::Basic, Self::Integrated, Self::XOAuth2];

    /// The word in the settings file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Basic => "basic",
            Self::Integrated => "integrated",
            Self::XOAuth2 => "xoauth2",
        }
    }
}

/// `tls`: whether to speak it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// Never.
    None,
    /// By STARTTLS where it is offered.
    Opportunistic,
    /// By STARTTLS, or mail waits.
    Required,
    /// From the first octet on (port 465).
    Implicit,
}

impl TlsMode {
    /// All modes.
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Opportunistic, Self::Required, Self::Implicit];

    /// The word in the settings file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Opportunistic => "opportunistic",
            Self::Required => "required",
            Self::Implicit => "implicit",
        }
    }
}

/// `oauth`: where a token comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OAuth {
    /// The Microsoft directory, safe to stand in a path: letters, digits, dots and hyphens; empty where `token_url` or
    /// a service account says it all.
    pub tenant: String,
    /// The registered application; empty for a service account.
    pub client_id: String,
    /// Its secret; never absent for [`Grant::ClientCredentials`].
    pub client_secret: Option<Secret>,
    /// The token endpoint, where it is not the one that follows from the tenant or the service account.
    pub token_url: Option<TokenUrl>,
    /// What the token is asked for; empty for the usual of the grant.
    pub scope: String,
    /// How it is asked for.
    pub grant: Grant,
    /// The key file of a Google service account; never absent for [`Grant::ServiceAccount`].
    pub service_account: Option<PathBuf>,
}

/// `oauth.grant`: how a token is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// By the application for itself (RFC 6749 4.4).
    ClientCredentials,
    /// By a person with a code on another device (RFC 8628), and from then on by the refresh token.
    DeviceCode,
    /// By an assertion that the key of a service account signs (RFC 7523).
    ServiceAccount,
}

impl Grant {
    /// All grants.
    pub(super) const ALL: [Self; 3] = [Self::ClientCredentials, Self::DeviceCode, Self::ServiceAccount];

    /// The word in the settings file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "device_code",
            Self::ServiceAccount => "service_account",
        }
    }
}

//! Dialog Outbound Security with what it says of OAuth, for all mail and for that to a remote domain.

use super::{Apply, Field, Section, Slot};
use crate::config::setting::{Own, Setting};
use crate::config::{self, Grant, Method, OutboundSecurity, Secret, TlsMode, TokenUrl};
use std::path::PathBuf;

/// The place of a setting in the security of all mail.
macro_rules! general {
    ($($member:ident).+: $type:ty) => {
        live!(delivery.security.$($member).+: $type)
    };
}

/// The place of a setting in the security of a remote domain, which begins to have its own with the first of them.
macro_rules! own {
    ($($member:ident).+: $type:ty) => {
        Slot::Live {
            kind: <$type as Setting>::KIND,
            read: |domain, input| {
                let value = <$type as Setting>::read(input)?;
                domain.security.get_or_insert(OutboundSecurity::DEFAULT).$($member).+ = value;
                Ok(())
            },
            write: |domain| {
                let default = OutboundSecurity::DEFAULT;
                let security = domain.security.as_ref().unwrap_or(&default);
                <$type as Setting>::write(&security.$($member).+)
            },
        }
    };
}

/// The section at `$path`, whose values are at `$slot`.
macro_rules! security {
    ($path:literal, $inline:literal, $slot:ident) => {
        Section {
            path: $path,
            title: "Outbound Security",
            about: "how this server logs in to the next hop, and whether it speaks TLS to it.",
            inline: $inline,
            fields: &[
                Field {
                    key: concat!($path, ".method"),
                    label: "Authentication",
                    help: "\"anonymous\", \"basic\", \"integrated\" or \"xoauth2\". Old server: anonymous.",
                    default: r#""anonymous""#,
                    apply: Apply::Now,
                    slot: $slot!(method: Method),
                },
                Field {
                    key: concat!($path, ".tls"),
                    label: "TLS encryption",
                    help: "\"none\", \"opportunistic\", \"required\" or \"implicit\". Opportunistic is by STARTTLS \
                           where it is offered; but a login is never sent in clear unless this is \"none\", so with \
                           one it is as \"required\". Old server: off.",
                    default: r#""opportunistic""#,
                    apply: Apply::Now,
                    slot: $slot!(tls: TlsMode),
                },
                Field {
                    key: concat!($path, ".verify"),
                    label: "Verify the certificate",
                    help: "Where tls is \"required\" or \"implicit\", or there is a login.",
                    default: "true",
                    apply: Apply::Now,
                    slot: $slot!(verify: bool),
                },
                Field {
                    key: concat!($path, ".ca_file"),
                    label: "Certification authorities",
                    help: "A file of roots in PEM, instead of the platform's.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(ca_file: Option<PathBuf>),
                },
                Field {
                    key: concat!($path, ".username"),
                    label: "User name",
                    help: "For \"basic\" and \"integrated\"; the mailbox for \"xoauth2\".",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(username: String),
                },
                Field {
                    key: concat!($path, ".password"),
                    label: "Password",
                    help: "The secret itself, or where it is: { env = \"NAME\" } or { file = \"PATH\" }, of which \
                           the first line counts.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(password: Option<Secret>),
                },
                Field {
                    key: concat!($path, ".ntlm_domain"),
                    label: "Windows domain",
                    help: "For \"integrated\".",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(ntlm_domain: String),
                },
            ],
        }
    };
}

/// The section at `$path`, whose values are at `$slot`.
macro_rules! oauth {
    ($path:literal, $slot:ident) => {
        Section {
            path: $path,
            title: "OAuth",
            about: "where the token for \"xoauth2\" comes from.",
            inline: true,
            fields: &[
                Field {
                    key: concat!($path, ".grant"),
                    label: "Grant",
                    help: "\"client_credentials\", \"device_code\" (a person logs in once) or \"service_account\".",
                    default: r#""client_credentials""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.grant: Grant),
                },
                Field {
                    key: concat!($path, ".tenant"),
                    label: "Tenant",
                    help: "The Microsoft directory the application is registered in, by its id or domain.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.tenant: String),
                },
                Field {
                    key: concat!($path, ".client_id"),
                    label: "Application id",
                    help: "The application that is registered there.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.client_id: String),
                },
                Field {
                    key: concat!($path, ".client_secret"),
                    label: "Client secret",
                    help: "Written like a password.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.client_secret: Option<Secret>),
                },
                Field {
                    key: concat!($path, ".service_account"),
                    label: "Service account",
                    help: "Google's key file in JSON, for \"service_account\".",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.service_account: Option<PathBuf>),
                },
                Field {
                    key: concat!($path, ".token_url"),
                    label: "Token endpoint",
                    help: "Where it is not that of the tenant or the service account; https://, or http:// on this \
                           machine.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.token_url: Option<TokenUrl>),
                },
                Field {
                    key: concat!($path, ".scope"),
                    label: "Scope",
                    help: "What the token is asked for; \"\" is the usual of the grant.",
                    default: r#""""#,
                    apply: Apply::Now,
                    slot: $slot!(oauth.scope: String),
                },
            ],
        }
    };
}

pub(super) static OUTBOUND_SECURITY: Section = security!("delivery.outbound_security", false, general);
pub(super) static OAUTH: Section = oauth!("delivery.outbound_security.oauth", general);

/// Whether a remote domain has security of its own.
pub(super) const OWN: Field<config::Domain> = Field {
    key: "security",
    label: "Outbound Security of its own",
    help: "A table with any key of [delivery.outbound_security]. It takes the place of all of that: what it leaves out \
           is at its default. \"\" leaves the general one. Old server: the same.",
    default: r#""""#,
    apply: Apply::Now,
    slot: Slot::Live {
        kind: Own::KIND,
        read: |domain, input| {
            domain.security = Option::<Own>::read(input)?.map(|Own| OutboundSecurity::DEFAULT);
            Ok(())
        },
        write: |domain| domain.security.as_ref().map(|_| Own).write(),
    },
};

pub(super) static OF_DOMAIN: Section<config::Domain> = security!("security", true, own);
pub(super) static OAUTH_OF_DOMAIN: Section<config::Domain> = oauth!("security.oauth", own);

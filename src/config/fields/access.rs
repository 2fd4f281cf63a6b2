//! Tab Access with its dialogs Connection and Relay.

use std::path::PathBuf;

use super::{Apply, Field, Section};
use crate::config::{Authentication, Mode, PeerPattern};

/// What the entries of both lists may be.
const ENTRIES: &str =
    "Addresses, networks (192.0.2.0/24 or 192.0.2.0/255.255.255.0) and domains (by verified reverse DNS).";

pub(super) static ACCESS: Section = Section {
    path: "access",
    title: "Access",
    about: "who may connect, and who may send to domains that are not ours.",
    inline: false,
    fields: &[
        Field {
            key: "access.authentication",
            label: "Authentication",
            help: "The ways in: \"anonymous\" is without a login, \"basic\" is PLAIN and LOGIN, \"integrated\" is \
                   NTLM. Without \"anonymous\" nobody sends who has not logged in. Old server: anonymous.",
            default: r#"["anonymous"]"#,
            apply: Apply::NextSession,
            slot: live!(access.authentication: Authentication),
        },
        Field {
            key: "access.require_tls",
            label: "Require TLS encryption",
            help: "Take no mail from sessions in clear; needs certificate. Old server: off.",
            default: "false",
            apply: Apply::NextSession,
            slot: live!(access.require_tls: bool),
        },
        Field {
            key: "access.auth_without_tls",
            label: "May log in without TLS",
            help: "As in relay.list; their passwords can be read on the way. All others log in over TLS only. Old \
                   server: all, unless \"Requires TLS encryption\" was ticked.",
            default: "[]",
            apply: Apply::NextSession,
            slot: live!(access.auth_without_tls.entries: Vec<PeerPattern>),
        },
        Field {
            key: "access.certificate",
            label: "Certificate",
            help: "A file in PEM, with those that lead from it to a root; with private_key it offers STARTTLS. A file \
                   that is renewed is taken up by itself. Old server: of the Windows store.",
            default: r#""""#,
            apply: Apply::NextSession,
            slot: live!(access.certificate: Option<PathBuf>),
        },
        Field {
            key: "access.private_key",
            label: "Private key",
            help: "The file of the certificate's key, in PEM.",
            default: r#""""#,
            apply: Apply::NextSession,
            slot: live!(access.private_key: Option<PathBuf>),
        },
        Field {
            key: "access.users",
            label: "Users",
            help: "The file of those who may log in, which `mailroot user` writes. Old server: Windows accounts.",
            default: r#""config/users.toml""#,
            apply: Apply::NextSession,
            slot: live!(access.users: PathBuf),
        },
    ],
};

pub(super) static CONNECTION: Section = Section {
    path: "access.connection",
    title: "Connection control",
    about: "which computers may connect at all. Old server: all.",
    inline: true,
    fields: &[
        Field {
            key: "access.connection.mode",
            label: "Grant access to",
            help: "\"only\" the list, or \"all-except\" the list.",
            default: r#""all-except""#,
            apply: Apply::NextSession,
            slot: live!(access.connection.mode: Mode),
        },
        Field {
            key: "access.connection.list",
            label: "Computers",
            help: ENTRIES,
            default: "[]",
            apply: Apply::NextSession,
            slot: live!(access.connection.entries: Vec<PeerPattern>),
        },
    ],
};

pub(super) static RELAY: Section = Section {
    path: "access.relay",
    title: "Relay restrictions",
    about: "which computers may send to domains that are not ours. Old server: none.",
    inline: true,
    fields: &[
        Field {
            key: "access.relay.mode",
            label: "May relay",
            help: "\"only\" the list, or \"all-except\" the list.",
            default: r#""only""#,
            apply: Apply::NextSession,
            slot: live!(access.relay.peers.mode: Mode),
        },
        Field {
            key: "access.relay.list",
            label: "Computers",
            help: ENTRIES,
            default: r#"["127.0.0.1", "::1"]"#,
            apply: Apply::NextSession,
            slot: live!(access.relay.peers.entries: Vec<PeerPattern>),
        },
        Field {
            key: "access.relay.allow_authenticated",
            label: "Allow all computers which successfully authenticate to relay, regardless of the list",
            help: "Clients that have logged in may relay too, whatever the list says. Old server: on.",
            default: "true",
            apply: Apply::NextSession,
            slot: live!(access.relay.allow_authenticated: bool),
        },
    ],
};

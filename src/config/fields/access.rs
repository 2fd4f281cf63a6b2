//! Tab Access with its dialogs Connection and Relay.

use super::{Apply, Field, Kind, Section, Slot};
use crate::config::{Mode, PeerPattern};

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
            help: "Ways to log in: \"anonymous\", \"basic\", \"integrated\". Old server: anonymous.",
            default: r#"["anonymous"]"#,
            apply: Apply::NextSession,
            slot: Slot::later(Kind::List),
        },
        Field {
            key: "access.require_tls",
            label: "Require TLS encryption",
            help: "Take no mail from sessions in clear. Old server: off.",
            default: "false",
            apply: Apply::NextSession,
            slot: Slot::later(Kind::Switch),
        },
        Field {
            key: "access.certificate",
            label: "Certificate",
            help: "A file in PEM; with private_key it offers STARTTLS.",
            default: r#""""#,
            apply: Apply::NextSession,
            slot: Slot::later(Kind::Text),
        },
        Field {
            key: "access.private_key",
            label: "Private key",
            help: "The file of the certificate's key, in PEM.",
            default: r#""""#,
            apply: Apply::NextSession,
            slot: Slot::later(Kind::Text),
        },
        Field {
            key: "access.users",
            label: "Users",
            help: "The file of those who may log in. Old server: Windows accounts.",
            default: r#""config/users.toml""#,
            apply: Apply::NextSession,
            slot: Slot::later(Kind::Text),
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

//! The top of the file, and tab General.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{Apply, Field, Section, Slot};
use crate::config::names::machine_name;
use crate::config::setting::Setting;
use crate::mail::Domain;

pub(super) static MAILROOT: Section = Section {
    path: "",
    title: "Mailroot",
    about: "the folder with everything this server keeps.",
    inline: false,
    fields: &[Field {
        key: "mailroot",
        label: "Mailroot directory",
        help: "Pickup, Queue, Badmail and Drop are made below it. Old server: C:\\Inetpub\\mailroot.",
        default: r#""mailroot""#,
        apply: Apply::Restart,
        slot: live!(mailroot: PathBuf),
    }],
};

pub(super) static GENERAL: Section = Section {
    path: "general",
    title: "General",
    about: "what this server is called, where it listens and for how many.",
    inline: false,
    fields: &[
        Field {
            key: "general.hostname",
            label: "Fully-qualified domain name",
            help: "The name this server gives itself; \"\" is the name of this machine. Old server: the same.",
            default: r#""""#,
            apply: Apply::NextSession,
            // The default domain follows the name until it has one of its own, which is read later.
            slot: Slot::Live {
                kind: <Option<Domain> as Setting>::KIND,
                read: |settings, input| {
                    settings.general.hostname = Option::<Domain>::read(input)?.unwrap_or_else(machine_name);
                    settings.local.default_domain = settings.general.hostname.clone();
                    Ok(())
                },
                write: |settings| settings.general.hostname.write(),
            },
        },
        Field {
            key: "general.listen",
            label: "IP address and TCP port",
            help: "Where clients connect. Old server: all addresses, port 25, which is \"0.0.0.0:25\" and \"[::]:25\".",
            default: r#"["127.0.0.1:2525"]"#,
            apply: Apply::Rebind,
            slot: live!(general.listen: Vec<SocketAddr>),
        },
        Field {
            key: "general.listen_tls",
            label: "IP address and TCP port for TLS",
            help: "Where clients connect that speak TLS from the first octet on (port 465); needs access.certificate.",
            default: "[]",
            apply: Apply::Rebind,
            slot: live!(general.listen_tls: Vec<SocketAddr>),
        },
        Field {
            key: "general.max_connections",
            label: "Limit number of connections to",
            help: "Sessions at the same time; 0 is no limit. Old server: no limit.",
            default: "2000",
            apply: Apply::Now,
            slot: live!(general.max_connections: Option<u32>),
        },
        Field {
            key: "general.max_connections_per_client",
            label: "Limit number of connections per client to",
            help: "Sessions at the same time from one address; 0 is no limit. Old server: none such.",
            default: "200",
            apply: Apply::Now,
            slot: live!(general.max_connections_per_client: Option<u32>),
        },
        Field {
            key: "general.connection_timeout",
            label: "Connection time-out",
            help: "A session that is idle for longer is closed. Old server: 10 minutes.",
            default: r#""10m""#,
            apply: Apply::NextSession,
            slot: live!(general.connection_timeout: Duration),
        },
    ],
};

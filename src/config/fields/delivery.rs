//! Tab Delivery with its dialogs Outbound Connections and Advanced Delivery.

use std::time::Duration;

use super::{Apply, Field, Kind, Section, Slot};
use crate::config::SmartHost;
use crate::config::setting::{NameServer, Setting};
use crate::mail::Domain;

pub(super) static DELIVERY: Section = Section {
    path: "delivery",
    title: "Delivery",
    about: "when mail is tried again, and when it is given up.",
    inline: false,
    fields: &[
        Field {
            key: "delivery.retry",
            label: "First, second, third, subsequent retry intervals",
            help: "The waits between attempts; the last one repeats. Old server: 15, 30, 60 and 240 minutes.",
            default: r#"["15m", "30m", "1h", "4h"]"#,
            apply: Apply::Now,
            slot: live!(delivery.retry: Vec<Duration>),
        },
        Field {
            key: "delivery.delay_notification",
            label: "Delay notification",
            help: "After how long the sender hears that mail still waits; 0 is never. Old server: 12 hours.",
            default: r#""12h""#,
            apply: Apply::Now,
            slot: live!(delivery.delay_notification: Option<Duration>),
        },
        Field {
            key: "delivery.expiration",
            label: "Expiration timeout",
            help: "After how long mail is returned to its sender; 0 is never. Old server: 2 days.",
            default: r#""2d""#,
            apply: Apply::Now,
            slot: live!(delivery.expiration: Option<Duration>),
        },
    ],
};

pub(super) static OUTBOUND_CONNECTIONS: Section = Section {
    path: "delivery.outbound_connections",
    title: "Outbound Connections",
    about: "how many connections this server opens, and to which port.",
    inline: false,
    fields: &[
        Field {
            key: "delivery.outbound_connections.max",
            label: "Limit number of connections to",
            help: "To all destinations at the same time; 0 is no limit. Old server: 1000.",
            default: "1000",
            apply: Apply::Now,
            slot: live!(delivery.connections.max: Option<u32>),
        },
        Field {
            key: "delivery.outbound_connections.max_per_domain",
            label: "Limit number of connections per domain to",
            help: "To one destination at the same time; 0 is no limit. Old server: 100.",
            default: "100",
            apply: Apply::Now,
            slot: live!(delivery.connections.max_per_domain: Option<u32>),
        },
        Field {
            key: "delivery.outbound_connections.max_messages_per_minute",
            label: "Limit messages per minute to",
            help: "To one destination, for providers that take no more; 0 is no limit. Old server: none such.",
            default: "0",
            apply: Apply::Now,
            slot: live!(delivery.connections.max_messages_per_minute: Option<u32>),
        },
        Field {
            key: "delivery.outbound_connections.timeout",
            label: "Time-out",
            help: "The longest wait for anything a remote server has to say. Old server: 10 minutes.",
            default: r#""10m""#,
            apply: Apply::Now,
            slot: live!(delivery.connections.timeout: Duration),
        },
        Field {
            key: "delivery.outbound_connections.port",
            label: "TCP port",
            help: "Of remote servers, and of smart hosts that name no port. Old server: 25.",
            default: "25",
            apply: Apply::Now,
            slot: live!(delivery.connections.port: u16),
        },
    ],
};

pub(super) static ADVANCED: Section = Section {
    path: "delivery.advanced",
    title: "Advanced Delivery",
    about: "which way mail takes.",
    inline: false,
    fields: &[
        Field {
            key: "delivery.advanced.smart_host",
            label: "Smart host",
            help: "Takes all mail for which no domain says otherwise: a name, or an address in brackets, perhaps \
                   with a port, as smtp.example.com:587; \"\" is delivery by DNS. Old server: none.",
            default: r#""""#,
            apply: Apply::Now,
            slot: live!(delivery.advanced.smart_host: Option<SmartHost>),
        },
        Field {
            key: "delivery.advanced.direct_first",
            label: "Attempt direct delivery before sending to smart host",
            help: "Old server: off.",
            default: "false",
            apply: Apply::Now,
            slot: live!(delivery.advanced.direct_first: bool),
        },
        Field {
            key: "delivery.advanced.masquerade_domain",
            label: "Masquerade domain",
            help: "Replaces a local domain in the reverse-path of mail that leaves; \"\" replaces nothing.",
            default: r#""""#,
            apply: Apply::Now,
            slot: live!(delivery.advanced.masquerade_domain: Option<Domain>),
        },
        Field {
            key: "delivery.advanced.max_hops",
            label: "Maximum hop count",
            help: "A message with more Received: fields is taken to be in a loop. Old server: 15.",
            default: "100",
            apply: Apply::NextSession,
            slot: live!(delivery.advanced.max_hops: u32),
        },
        Field {
            key: "delivery.advanced.reverse_dns",
            label: "Perform reverse DNS lookup on incoming messages",
            help: "The client's name goes into the Received: field. Old server: off.",
            default: "false",
            apply: Apply::NextSession,
            slot: live!(delivery.advanced.reverse_dns: bool),
        },
        Field {
            key: "delivery.advanced.dns_servers",
            label: "External DNS servers",
            help: "Addresses, perhaps with a port, as 127.0.0.1:5353; [] is the system's. Old server: the system's.",
            default: "[]",
            apply: Apply::Now,
            slot: Slot::Live {
                kind: Kind::List,
                read: |settings, input| {
                    let servers = Vec::<NameServer>::read(input)?;
                    settings.delivery.advanced.dns_servers = servers.into_iter().map(|server| server.0).collect();
                    Ok(())
                },
                write: |settings| settings.delivery.advanced.dns_servers.write(),
            },
        },
    ],
};

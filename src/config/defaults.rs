//! The settings of a file that says nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::Duration;

use super::names::machine_name;
use super::{
    Access, Advanced, Authentication, Control, Delivery, General, Level, Local, Log, Messages, Mode,
    OutboundConnections, OutboundSecurity, PeerList, PeerPattern, Relay, Settings,
};

const KIB: u64 = 1024;
const GIB: u64 = 1 << 30;
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

impl Settings {
    /// The defaults, with all paths below `base`: what an empty file means, and a start without a file.
    ///
    /// They are the old server's where it had the setting, except that it listened to the whole network and
    /// this one, until it is told otherwise, to this machine alone. [`super::Field::default`] has them as text.
    pub fn defaults(base: &Path) -> Self {
        let hostname = machine_name();
        let mailroot = base.join("mailroot");
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        Self {
            general: General {
                hostname: hostname.clone(),
                listen: vec![(Ipv4Addr::LOCALHOST, 2525).into()],
                listen_tls: Vec::new(),
                max_connections: Some(2000),
                max_connections_per_client: Some(200),
                connection_timeout: 10 * MINUTE,
            },
            access: Access {
                authentication: Authentication { anonymous: true, basic: false, integrated: false },
                require_tls: false,
                auth_without_tls: PeerList { mode: Mode::Only, entries: Vec::new() },
                certificate: None,
                private_key: None,
                users: base.join("config").join("users.toml"),
                connection: PeerList { mode: Mode::AllExcept, entries: Vec::new() },
                relay: Relay {
                    peers: PeerList {
                        mode: Mode::Only,
                        entries: loopback.map(|address| PeerPattern::Net(address.into())).to_vec(),
                    },
                    allow_authenticated: true,
                },
            },
            messages: Messages {
                max_message_size: Some(2048 * KIB),
                max_session_size: Some(10_240 * KIB),
                max_messages_per_connection: Some(20),
                max_recipients: Some(100),
                copy_ndr_to: None,
                badmail_max_size: Some(GIB),
                badmail_max_age: Some(90 * DAY),
            },
            delivery: Delivery {
                retry: vec![15 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR],
                delay_notification: Some(12 * HOUR),
                expiration: Some(2 * DAY),
                security: OutboundSecurity::DEFAULT,
                connections: OutboundConnections {
                    max: Some(1000),
                    max_per_domain: Some(100),
                    max_messages_per_minute: None,
                    timeout: 10 * MINUTE,
                    port: 25,
                },
                advanced: Advanced {
                    smart_host: None,
                    direct_first: false,
                    masquerade_domain: None,
                    max_hops: 100,
                    reverse_dns: false,
                    dns_servers: Vec::new(),
                },
            },
            local: Local { default_domain: hostname, aliases: Vec::new(), drop_quota: false },
            domains: Vec::new(),
            log: Log { directory: mailroot.join("Log"), level: Level::Info, keep: Some(30 * DAY) },
            control: Control { socket: mailroot.join(".state").join("control") },
            mailroot,
        }
    }
}

//! The typed settings. Every value here has passed its checks; paths are absolute.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{Field, OutboundSecurity, PeerList, SmartHost, domain_fields};
use crate::mail::{self, Address};

/// All settings (design, section 2). `None` in a limit means "no limit", written `0` in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The folder that holds Pickup, Queue, Badmail, Drop and `.state`.
    pub mailroot: PathBuf,
    /// Tab General.
    pub general: General,
    /// Tab Access.
    pub access: Access,
    /// Tab Messages.
    pub messages: Messages,
    /// Tab Delivery with its dialogs.
    pub delivery: Delivery,
    /// The local domains.
    pub local: Local,
    /// Remote domains, in the order of the file.
    pub domains: Vec<Domain>,
    /// Logging.
    pub log: Log,
    /// The control socket.
    pub control: Control,
}

/// `[general]`.
#[derive(Clone, Debug, PartialEq)]
pub struct General {
    /// The name this server gives itself, never empty.
    pub hostname: mail::Domain,
    /// Where to listen.
    pub listen: Vec<SocketAddr>,
    /// Where to listen for clients that speak TLS from the first octet on (RFC 8314 3.3).
    pub listen_tls: Vec<SocketAddr>,
    /// Sessions at the same time.
    pub max_connections: Option<u32>,
    /// Sessions at the same time from one address.
    pub max_connections_per_client: Option<u32>,
    /// How long a client may be idle.
    pub connection_timeout: Duration,
}

/// `[access]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The ways in.
    pub authentication: Authentication,
    /// Whether sessions in clear get no further than STARTTLS.
    pub require_tls: bool,
    /// Who may log in without TLS: always "only" these.
    pub auth_without_tls: PeerList,
    /// The certificate in PEM; there if and only if the key is.
    pub certificate: Option<PathBuf>,
    /// The key of the certificate in PEM.
    pub private_key: Option<PathBuf>,
    /// The file of those who may log in.
    pub users: PathBuf,
    /// Who may connect at all.
    pub connection: PeerList,
    /// Who may relay to domains that are not ours.
    pub relay: Relay,
}

/// `access.authentication`; never without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Mail is taken without a login. Where it is not, MAIL needs one.
    pub anonymous: bool,
    /// PLAIN and LOGIN.
    pub basic: bool,
    /// NTLM.
    pub integrated: bool,
}

impl Authentication {
    /// Whether clients can log in at all, so that AUTH is offered.
    pub const fn offers_login(self) -> bool {
        self.basic || self.integrated
    }
}

/// `access.relay`.
#[derive(Clone, Debug, PartialEq)]
pub struct Relay {
    /// The addresses that may relay.
    pub peers: PeerList,
    /// Whether a client that has logged in may relay too.
    pub allow_authenticated: bool,
}

/// `[messages]`. Sizes in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Messages {
    /// The largest message taken; announced by SIZE (RFC 1870).
    pub max_message_size: Option<u64>,
    /// The sum of message sizes in one session.
    pub max_session_size: Option<u64>,
    /// Outbound: messages sent before a new connection is opened.
    pub max_messages_per_connection: Option<u32>,
    /// Recipients of one message taken in one transaction.
    pub max_recipients: Option<u32>,
    /// Who gets a copy of every failure report.
    pub copy_ndr_to: Option<Address>,
    /// Badmail is cut to this size, oldest first.
    pub badmail_max_size: Option<u64>,
    /// Badmail older than this is removed.
    pub badmail_max_age: Option<Duration>,
}

/// `[delivery]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Waits between attempts, never empty; the last one repeats.
    pub retry: Vec<Duration>,
    /// After how long the sender hears of a delay.
    pub delay_notification: Option<Duration>,
    /// After how long a message is returned.
    pub expiration: Option<Duration>,
    /// Dialog Outbound Security.
    pub security: OutboundSecurity,
    /// Dialog Outbound Connections.
    pub connections: OutboundConnections,
    /// Dialog Advanced.
    pub advanced: Advanced,
}

/// `[delivery.outbound_connections]`.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboundConnections {
    /// Connections at the same time, to all destinations.
    pub max: Option<u32>,
    /// Connections at the same time to one destination.
    pub max_per_domain: Option<u32>,
    /// Messages a minute to one destination.
    pub max_messages_per_minute: Option<u32>,
    /// The upper bound of every wait for a remote server.
    pub timeout: Duration,
    /// The port of MX hosts, and of smart hosts without one of their own.
    pub port: u16,
}

/// `[delivery.advanced]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Advanced {
    /// Where all mail goes for which no domain says otherwise.
    pub smart_host: Option<SmartHost>,
    /// Try the recipient's MX hosts before the smart host.
    pub direct_first: bool,
    /// Replaces a local domain in the reverse-path of mail that leaves.
    pub masquerade_domain: Option<mail::Domain>,
    /// More `Received:` fields than this are a loop.
    pub max_hops: u32,
    /// Name the client in `Received:` by reverse DNS.
    pub reverse_dns: bool,
    /// Servers to ask instead of the system's.
    pub dns_servers: Vec<SocketAddr>,
}

/// `[local]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Local {
    /// Completes addresses without a domain; mail for it goes to Drop.
    pub default_domain: mail::Domain,
    /// Further local domains.
    pub aliases: Vec<mail::Domain>,
    /// Limit Drop to eleven times the largest message (the old server's quota).
    pub drop_quota: bool,
}

impl Local {
    /// Whether mail for this domain stays here.
    pub fn is_local(&self, domain: &mail::Domain) -> bool {
        *domain == self.default_domain || self.aliases.contains(domain)
    }
}

/// One `[[domain]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// The domain, or the parent of all domains below it.
    pub name: DomainPattern,
    /// Whether anyone who may connect may relay to it.
    pub relay: bool,
    /// Where its mail goes; `None` leaves the general route.
    pub smart_host: Option<SmartHost>,
    /// Its own limit of messages a minute to a destination; `None` leaves the general one.
    pub max_messages_per_minute: Option<PerMinute>,
    /// Its own security, in which nothing comes from the general one; `None` leaves the general one.
    pub security: Option<OutboundSecurity>,
}

/// Messages a minute; `None`, written `0`, is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerMinute(pub Option<u32>);

impl Domain {
    /// One of which nothing but the name is given.
    pub const fn new(name: DomainPattern) -> Self {
        Self { name, relay: false, smart_host: None, max_messages_per_minute: None, security: None }
    }

    /// Its settings, but for those of a table that it does not have.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field<Self>> {
        let has_security = self.security.is_some();
        domain_fields().filter(move |field| has_security || !field.key.starts_with("security."))
    }
}

/// `name` of a `[[domain]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainPattern {
    /// `partner.example`: this domain only.
    Exact(mail::Domain),
    /// `*.partner.example`: every domain below it, and not it itself.
    Below(mail::Domain),
}

impl DomainPattern {
    /// Whether the pattern covers `domain`.
    pub fn matches(&self, domain: &mail::Domain) -> bool {
        match self {
            Self::Exact(name) => domain == name,
            Self::Below(parent) => domain.is_below(parent),
        }
    }
}

impl FromStr for DomainPattern {
    type Err = mail::DomainError;

    fn from_str(text: &str) -> Result<Self, mail::DomainError> {
        match text.strip_prefix("*.") {
            Some(parent) => parent.parse().map(Self::Below),
            None => text.parse().map(Self::Exact),
        }
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => write!(f, "{name}"),
            Self::Below(parent) => write!(f, "*.{parent}"),
        }
    }
}

/// `[log]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    /// Where the logs go.
    pub directory: PathBuf,
    /// The least important event of the application log.
    pub level: Level,
    /// How long daily files are kept.
    pub keep: Option<Duration>,
}

/// `log.level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Only what needs a person.
    Error,
    /// And what may soon.
    Warn,
    /// And what happens to mail.
    Info,
    /// And why.
    Debug,
    /// And everything else.
    Trace,
}

impl Level {
    /// All levels, the gravest first.
    pub(super) const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The word in the settings file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// `[control]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// The path of the control socket; on Windows the name of a pipe is made from it.
    pub socket: PathBuf,
}

impl Settings {
    /// The folder of new files to send.
    pub fn pickup(&self) -> PathBuf {
        self.mailroot.join("Pickup")
    }

    /// The route set for `domain`: an exact name wins over a wildcard, the longest wildcard over a shorter one.
    pub fn domain(&self, domain: &mail::Domain) -> Option<&Domain> {
        let exact = self.domains.iter().find(|d| matches!(&d.name, DomainPattern::Exact(name) if name == domain));
        exact.or_else(|| {
            let wildcards = self.domains.iter().filter_map(|d| match &d.name {
                DomainPattern::Below(parent) if domain.is_below(parent) => Some((parent.as_str().len(), d)),
                _ => None,
            });
            wildcards.max_by_key(|(length, _)| *length).map(|(_, d)| d)
        })
    }

    /// How mail is sent securely: as its `[[domain]]` says, or as is said for all.
    pub fn security_of<'a>(&'a self, domain: Option<&'a Domain>) -> &'a OutboundSecurity {
        domain.and_then(|domain| domain.security.as_ref()).unwrap_or(&self.delivery.security)
    }

    /// Messages a minute to a destination: as its `[[domain]]` says, or as is said for all.
    pub fn max_messages_per_minute(&self, domain: Option<&Domain>) -> Option<u32> {
        let own = domain.and_then(|domain| domain.max_messages_per_minute);
        own.map_or(self.delivery.connections.max_messages_per_minute, |PerMinute(limit)| limit)
    }
}

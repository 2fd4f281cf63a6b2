//! The explained trial of a next hop: everything that comes before the first message, step by step, each told with what
//! it came to and what to do about it. No mail is sent.

mod witness;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use self::witness::Witness;
use super::connect::is_ourselves;
use super::destination::Target;
use super::mx::Exchange;
use super::protection::{Clients, Protection};
use super::route::{Hop, Route, Routes};
use super::shared::Shared;
use super::trouble::Trouble;
use crate::config::{Host, OutboundSecurity, Settings, TlsMode};
use crate::mail::Domain;
use crate::smtp::{ClientError, Connection, Opening, Security, Side, Stage, Timeouts};

/// How long each step may take: a person waits.
const PATIENCE: Duration = Duration::from_secs(30);
/// Hosts tried.
const MAX_HOSTS: usize = 3;
/// Addresses of a host tried.
const MAX_ADDRESSES: usize = 4;

/// What happens in a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A line of the dialogue, printable; secrets are masked.
    Line(Side, String),
    /// A step is done.
    Step(Step),
}

/// A step of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub kind: StepKind,
    /// What it came to.
    pub state: StepState,
    /// What was found: printable.
    pub text: String,
    /// What to do: a sentence without its capital and its dot.
    pub advice: Option<String>,
}

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Where the mail goes.
    Route,
    /// The secrets and roots of ours that are needed.
    Secrets,
    /// The addresses of the host.
    Resolve,
    /// The connection.
    Connect,
    /// What the server greets with.
    Greeting,
    /// What it offers.
    Hello,
    /// The handshake and the certificate.
    Tls,
    /// Whether it takes our login.
    Login,
    /// The farewell.
    Quit,
}

impl StepKind {
    /// The word in lists and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Secrets => "secrets",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::Hello => "ehlo",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Quit => "quit",
        }
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// As it should be.
    Passed,
    /// Mail would go all the same; a person may want to know.
    Noted,
    /// No mail would go.
    Failed,
}

impl StepState {
    /// The word in lists and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Noted => "note",
            Self::Failed => "failed",
        }
    }
}

/// Checks where the mail of a domain goes, or without one the general smart host; true if mail could be sent there.
pub(super) async fn run(shared: &Arc<Shared>, domain: Option<Domain>, findings: UnboundedSender<Finding>) -> bool {
    let settings = shared.context.settings.load_full();
    let check = Check { shared, settings, report: Report(findings) };
    check.run(domain).await.is_some()
}

struct Check<'a> {
    shared: &'a Arc<Shared>,
    settings: Arc<Settings>,
    report: Report,
}

/// Where findings go.
#[derive(Clone)]
struct Report(UnboundedSender<Finding>);

impl Report {
    fn tell(&self, kind: StepKind, state: StepState, text: impl Into<String>, advice: Option<&str>) {
        let step = Step { kind, state, text: text.into(), advice: advice.map(str::to_owned) };
        let _ = self.0.send(Finding::Step(step)); // nobody may be there any more to hear it
    }

    fn passed(&self, kind: StepKind, text: impl Into<String>) {
        self.tell(kind, StepState::Passed, text, None);
    }

    fn failed(&self, kind: StepKind, text: impl Into<String>, advice: &str) {
        self.tell(kind, StepState::Failed, text, Some(advice));
    }
}

impl Check<'_> {
    /// `None` where a step failed, which then was told.
    async fn run(&self, domain: Option<Domain>) -> Option<()> {
        let (target, hosts, port) = self.route(domain).await?;
        let security = &target.manner()?.security;
        let protection = self.secrets(security).await?;
        for host in hosts.iter().take(MAX_HOSTS) {
            let Some((name, addresses)) = self.resolve(host, &target).await else { continue };
            for ip in addresses.into_iter().take(MAX_ADDRESSES) {
                let Some(stream) = self.connect(SocketAddr::new(ip, port)).await else { continue };
                return self.introduce(stream, &name, security, &protection).await;
            }
        }
        None
    }

    async fn route(&self, domain: Option<Domain>) -> Option<(Target, Vec<Host>, u16)> {
        let routes = Routes::new(Arc::clone(&self.settings));
        let route = match &domain {
            Some(domain) => Some(routes.decide(domain)),
            None => routes.general_smart_host().map(Route::Hop),
        };
        let Some(route) = route else {
            let text = "no smart host is set: mail goes to the MX hosts of its recipients' domains";
            let advice = "name a domain to check where its mail goes, or set delivery.advanced.smart_host";
            self.report.failed(StepKind::Route, text, advice);
            return None;
        };
        let whose = domain.map_or_else(|| "Mail".to_owned(), |domain| format!("Mail for {domain}"));
        match route {
            Route::Local => {
                let text = format!("{whose} stays here, in Drop");
                self.report.failed(StepKind::Route, text, "name a domain that is not local");
                None
            }
            Route::Hop(Hop { host, port, manner }) => {
                let target = Target::Hop(Hop { host: host.clone(), port, manner });
                self.report.passed(StepKind::Route, format!("{whose} goes to {target}"));
                Some((target, vec![host], port))
            }
            Route::Mx { domain, manner, .. } => {
                let answer = self.shared.context.resolver.mx(&domain).await;
                let exchange = Exchange::from_answer(&domain, &self.settings.general.hostname, answer);
                let exchange = match exchange {
                    Ok(exchange) => exchange,
                    Err(reply) => {
                        self.report.failed(StepKind::Route, &*reply.text, "look at the domain's records in DNS");
                        return None;
                    }
                };
                let port = self.settings.delivery.connections.port;
                let hosts = exchange.order(&mut fastrand::Rng::new());
                let names = hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                self.report.passed(StepKind::Route, format!("{whose} goes to its MX hosts: {names}"));
                let target = Target::Site { hosts: exchange.site(), port, manner };
                Some((target, hosts.into_iter().map(Host::Name).collect(), port))
            }
        }
    }

    /// The sessions kept for resumption would spare the checks of the certificate: so the TLS client is a new one.
    async fn secrets(&self, security: &OutboundSecurity) -> Option<Protection> {
        match Protection::prepare(self.shared, &Clients::default(), security).await {
            Ok(protection) => {
                if let Some(user) = protection.user() {
                    let text = format!("what is needed to log in as {user} is there");
                    self.report.passed(StepKind::Secrets, text);
                }
                Some(protection)
            }
            Err(attempt) => {
                let advice = attempt.trouble.map(|trouble| trouble.advice);
                let advice = advice.as_deref().unwrap_or("try again in a while");
                self.report.failed(StepKind::Secrets, &*attempt.reply.text, advice);
                None
            }
        }
    }

    async fn resolve(&self, host: &Host, target: &Target) -> Option<(String, Vec<std::net::IpAddr>)> {
        let name = match host {
            Host::Address(address) => return Some((address.to_string(), vec![*address])),
            Host::Name(name) => name,
        };
        match self.shared.context.resolver.addresses(name).await {
            Ok(addresses) => {
                let list = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                self.report.passed(StepKind::Resolve, format!("{name} has the addresses {list}"));
                Some((name.to_string(), addresses))
            }
            Err(error) => {
                let advice = match target {
                    Target::Hop(_) => "look at the name of the smart host, and at this machine's DNS servers",
                    _ => "look at this machine's DNS servers; the domain's own DNS may be in trouble",
                };
                self.report.failed(StepKind::Resolve, format!("{name} has no address: {error}"), advice);
                None
            }
        }
    }

    async fn connect(&self, address: SocketAddr) -> Option<TcpStream> {
        let failed = |text: String, advice| {
            self.report.failed(StepKind::Connect, text, advice);
            None
        };
        let firewall = "look at the port, and for a firewall between; many networks let nobody out by port 25";
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                let general = &self.settings.general;
                let listeners = general.listen.iter().chain(&general.listen_tls);
                if stream.local_addr().is_ok_and(|local| is_ourselves(listeners, address, local)) {
                    return failed(format!("{address} is this server itself"), "name another smart host");
                }
                let _ = stream.set_nodelay(true); // without it the connection is slower, not wrong
                self.report.passed(StepKind::Connect, format!("connected to {address}"));
                Some(stream)
            }
            Ok(Err(error)) => failed(format!("{address} cannot be reached: {}", error.kind()), firewall),
            Err(_) => failed(format!("{address} did not answer within {} s", PATIENCE.as_secs()), firewall),
        }
    }

    async fn introduce(
        &self,
        stream: TcpStream,
        name: &str,
        security: &OutboundSecurity,
        protection: &Protection,
    ) -> Option<()> {
        let peer = stream.peer_addr().ok();
        match self.open(stream, name, security, protection.security(name)).await {
            Ok(connection) => self.part(connection, security).await,
            Err(error) if error.is_of_handshake() && protection.may_be_clear() => {
                let text = format!("{error}; mail goes in clear, since tls = \"opportunistic\" allows it");
                self.report.tell(StepKind::Tls, StepState::Noted, text, Some("with tls = \"required\" it would wait"));
                let stream = self.connect(peer?).await?;
                match self.open(stream, name, security, Security::Clear(None)).await {
                    Ok(connection) => self.part(connection, security).await,
                    Err(error) => self.fail(&error),
                }
            }
            Err(error) => self.fail(&error),
        }
    }

    async fn open(
        &self,
        stream: TcpStream,
        name: &str,
        security: &OutboundSecurity,
        wanted: Security<'_>,
    ) -> Result<Connection<TcpStream>, ClientError> {
        let witness = Witness {
            report: self.report.clone(),
            name: name.to_owned(),
            is_verified: matches!(wanted, Security::Encrypted { tls, .. } if tls.client.is_verifying()),
            is_unchecked_by_wish: !security.verify,
            user: security.username.clone(),
            now: self.shared.context.clock.now(),
        };
        let opening = Opening {
            hello: &self.settings.general.hostname,
            timeouts: Timeouts::bounded_by(PATIENCE.min(self.settings.delivery.connections.timeout)),
            transcript: Some(Arc::new(witness)),
            security: wanted,
        };
        Connection::open(stream, opening).await
    }

    /// All is well but for what is not there.
    async fn part(&self, connection: Connection<TcpStream>, security: &OutboundSecurity) -> Option<()> {
        if connection.session().is_none() {
            let (text, advice) = match security.tls {
                TlsMode::None => ("none is wanted: all travels in clear, tls = \"none\"", None),
                _ => (
                    "there is none: mail goes in clear, since tls = \"opportunistic\" allows it",
                    Some("with tls = \"required\" it would wait"),
                ),
            };
            self.report.tell(StepKind::Tls, StepState::Noted, text, advice);
        }
        if !security.logs_in() {
            self.report.passed(StepKind::Login, "none is wanted: method = \"anonymous\"");
        }
        connection.quit().await;
        self.report.passed(StepKind::Quit, "mail could be sent; none was");
        Some(())
    }

    fn fail(&self, error: &ClientError) -> Option<()> {
        let kind = match error {
            ClientError::Tls(_) | ClientError::Unencrypted => StepKind::Tls,
            ClientError::NoMechanism { .. } | ClientError::LoginRefused { .. } | ClientError::LoginBroken { .. } => {
                StepKind::Login
            }
            ClientError::Refused { stage, .. }
            | ClientError::Lost { stage, .. }
            | ClientError::TimedOut { stage, .. }
            | ClientError::BadReply { stage, .. }
            | ClientError::OutOfStep { stage, .. } => match stage {
                Stage::Greeting => StepKind::Greeting,
                Stage::StartTls | Stage::Handshake => StepKind::Tls,
                Stage::Login => StepKind::Login,
                _ => StepKind::Hello,
            },
            ClientError::Unreadable { .. } | ClientError::BareLineEnd => StepKind::Quit,
        };
        let trouble = Trouble::of(error);
        let advice = trouble.as_ref().map_or_else(|| usual_advice(kind, error), |trouble| &trouble.advice);
        self.report.failed(kind, error.to_string(), advice);
        None
    }
}

fn usual_advice(kind: StepKind, error: &ClientError) -> &'static str {
    match (kind, error) {
        (StepKind::Greeting, ClientError::TimedOut { .. } | ClientError::Lost { .. }) => {
            "if this port speaks TLS from the first octet on, as 465 does, set tls = \"implicit\""
        }
        (StepKind::Greeting, ClientError::Refused { .. }) => {
            "the server does not want connections from this machine's address, or none now: its words say why"
        }
        (StepKind::Tls, ClientError::TimedOut { .. }) => {
            "if this port begins in clear, as 587 and 25 do, set tls = \"required\""
        }
        (_, ClientError::OutOfStep { .. } | ClientError::BadReply { .. }) => {
            "this is no mail server, or something between changes what it says"
        }
        _ => "try again in a while; the server's words say more",
    }
}

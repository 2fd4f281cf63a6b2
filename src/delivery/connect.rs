//! Opening a connection to a destination: its hosts in order, their addresses in order, the first that answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::attempt::{Attempt, Remote, Verdict};
use super::destination::Target;
use super::mx;
use super::protection::Protection;
use super::route::Hop;
use super::scheduler::Plan;
use super::shared::Shared;
use super::trouble::Trouble;
use crate::config::{Host, Settings};
use crate::dns::ResolveError;
use crate::ledger::{Activity, Direction, SessionGuard};
use crate::mail::{Domain, EnhancedStatus, Reply};
use crate::smtp::{ClientError, Connection, Opening, Security, Timeouts, Transcript};

/// How long one address may take to answer the connection attempt.
const CONNECT: Duration = Duration::from_secs(30);
/// MX hosts tried in one attempt.
const MAX_HOSTS: usize = 5;
/// Addresses tried in one attempt.
const MAX_ADDRESSES: usize = 10;
/// What a host says that takes no mail at all (RFC 7504): the next one may, but trying again will not help.
const NO_MAIL_SERVICE: [u16; 2] = [521, 556];

/// An open connection.
pub(super) struct Open {
    pub(super) connection: Connection<TcpStream>,
    pub(super) remote: Arc<Remote>,
    /// Its place among the live sessions.
    pub(super) session: SessionGuard,
}

/// Opens a connection by a plan. The error is what becomes of the mail that waits for it.
pub(super) async fn open(shared: &Arc<Shared>, plan: &Plan) -> Result<Open, Attempt> {
    let Some(manner) = plan.target.manner() else { return Err(nowhere()) };
    let protection = Protection::prepare(shared, &shared.clients, &manner.security).await?;
    match open_under(shared, plan, &protection).await {
        // A token may be taken back before its time; the next one shows whether that was it.
        Err(attempt) if attempt.is_refused_login() && protection.may_do_better(shared, &manner.security) => {
            let renewed = Protection::prepare(shared, &shared.clients, &manner.security).await?;
            open_under(shared, plan, &renewed).await
        }
        outcome => outcome,
    }
}

/// Tries the hosts of a plan, and their addresses.
async fn open_under(shared: &Arc<Shared>, plan: &Plan, protection: &Protection) -> Result<Open, Attempt> {
    let settings = shared.context.settings.load_full();
    let (hosts, port) = candidates(plan);
    let mut trials = Trials::default();
    for host in hosts.into_iter().take(MAX_HOSTS) {
        let (name, addresses) = match host {
            Host::Address(address) => (address.to_string(), vec![address]),
            Host::Name(name) => match shared.context.resolver.addresses(&name).await {
                Ok(addresses) => (name.to_string(), addresses),
                Err(error) => {
                    trials.note(unresolved(&name, &error, matches!(plan.target, Target::Hop(_))));
                    continue;
                }
            },
        };
        for address in addresses {
            if !trials.may_go_on() {
                break;
            }
            let remote = Arc::new(Remote { name: name.as_str().into(), address: SocketAddr::new(address, port) });
            match open_one(shared, &settings, &remote, protection).await {
                Ok(open) => return Ok(open),
                Err(attempt) => trials.note(attempt),
            }
        }
    }
    Err(trials.sum())
}

/// The hosts of a destination in the order in which to try them, and their port.
fn candidates(plan: &Plan) -> (Vec<Host>, u16) {
    match (&plan.target, &plan.exchange) {
        (Target::Hop(Hop { host, port, .. }), _) => (vec![host.clone()], *port),
        (Target::Site { port, .. }, Some(exchange)) => {
            (exchange.order(&mut fastrand::Rng::new()).into_iter().map(Host::Name).collect(), *port)
        }
        (Target::Site { hosts, port, .. }, None) => (hosts.iter().cloned().map(Host::Name).collect(), *port),
        (Target::Local, _) => (Vec::new(), 0),
    }
}

async fn open_one(
    shared: &Arc<Shared>,
    settings: &Settings,
    remote: &Arc<Remote>,
    protection: &Protection,
) -> Result<Open, Attempt> {
    let session = shared.context.ledger.open_session(Direction::Outbound, remote.address);
    session.set_name(&remote.name);
    let opening = async {
        match introduce(settings, remote, &session, protection.security(&remote.name)).await {
            // The connection is lost with the handshake, and this kind of mail would have gone in clear anyway.
            Err(Failure::Dialogue(error)) if error.is_of_handshake() && protection.may_be_clear() => {
                session.audience().remark(&format!("no TLS: {error}; once more, in clear"));
                introduce(settings, remote, &session, Security::Clear(None)).await
            }
            outcome => outcome,
        }
    };
    let opened = tokio::select! {
        opened = opening => opened.map_err(|failure| failure.attempt(remote)),
        () = session.closed() => Err(unreachable(remote, "closed by the administrator")),
    };
    let connection = opened.inspect_err(|attempt| session.audience().remark(&attempt.reply.to_string()))?;
    if let Some(encryption) = connection.session() {
        session.set_encryption(encryption);
    }
    session.set_user(protection.user());
    session.set_activity(Activity::Idle);
    Ok(Open { connection, remote: Arc::clone(remote), session })
}

/// Why a connection was not opened.
enum Failure {
    /// Nobody was reached, or nobody but ourselves.
    Here(Attempt),
    /// The server and we did not come to terms.
    Dialogue(ClientError),
}

impl Failure {
    fn attempt(self, remote: &Arc<Remote>) -> Attempt {
        match self {
            Self::Here(attempt) => attempt,
            Self::Dialogue(error) => refused(remote, &error),
        }
    }
}

/// Connects, and says who we are.
async fn introduce(
    settings: &Settings,
    remote: &Remote,
    session: &SessionGuard,
    security: Security<'_>,
) -> Result<Connection<TcpStream>, Failure> {
    session.set_activity(Activity::Connecting);
    let limit = settings.delivery.connections.timeout;
    let stream = match timeout(CONNECT.min(limit), TcpStream::connect(remote.address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Failure::Here(unreachable(remote, &error.kind().to_string()))),
        Err(_) => return Err(Failure::Here(unreachable(remote, "connection timed out"))),
    };
    if let Ok(local) = stream.local_addr()
        && is_ourselves(settings.general.listen.iter().chain(&settings.general.listen_tls), remote.address, local)
    {
        let text = format!("{remote} is this server itself: the mail would loop");
        return Err(Failure::Here(Attempt::ours(Reply::new(554, EnhancedStatus::new(5, 4, 6), text))));
    }
    let _ = stream.set_nodelay(true); // without it the connection is slower, not wrong
    session.set_activity(Activity::Greeting);
    let transcript: Arc<dyn Transcript> = session.audience().clone();
    let opening = Opening {
        hello: &settings.general.hostname,
        timeouts: Timeouts::bounded_by(limit),
        transcript: Some(transcript),
        security,
    };
    Connection::open(stream, opening).await.map_err(Failure::Dialogue)
}

/// Whether a connection ended at one of our own listeners. A listener on all addresses is met through any address of
/// this machine, which shows in both ends having the same one.
pub(super) fn is_ourselves<'a>(
    mut listeners: impl Iterator<Item = &'a SocketAddr>,
    peer: SocketAddr,
    local: SocketAddr,
) -> bool {
    let (peer_ip, local_ip) = (peer.ip().to_canonical(), local.ip().to_canonical());
    let same_machine = peer_ip == local_ip || peer_ip.is_loopback();
    listeners.any(|listener| {
        let here = listener.ip().to_canonical();
        listener.port() == peer.port() && (here == peer_ip || (here.is_unspecified() && same_machine))
    })
}

fn nowhere() -> Attempt {
    Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 4, 4), "There is no host to send to"))
}

fn unreachable(remote: &Remote, why: &str) -> Attempt {
    Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 4, 1), format!("{remote} cannot be reached: {why}")))
}

/// A host that was reached and would not go on. Only a host that takes no mail at all is believed at once.
fn refused(remote: &Arc<Remote>, error: &ClientError) -> Attempt {
    let reply = error.to_reply();
    let for_good = error.refusal().is_some_and(|reply| NO_MAIL_SERVICE.contains(&reply.code));
    let verdict = if for_good { Verdict::Failed } else { Verdict::Deferred };
    Attempt { trouble: Trouble::of(error), ..Attempt::said(verdict, reply, remote) }
}

/// A host without an address. A smart host that is not found is a fault of ours, and so never for good.
fn unresolved(name: &Domain, error: &ResolveError, is_smart_host: bool) -> Attempt {
    let reply = match error {
        ResolveError::Temporary(reason) => mx::no_answer(name, reason),
        _ if is_smart_host => {
            let text = format!("The smart host {name} has no address: {error}");
            Reply::new(451, EnhancedStatus::new(4, 4, 3), text)
        }
        _ => {
            let text = format!("The mail host {name} has no address: {error}");
            Reply::new(550, EnhancedStatus::new(5, 4, 4), text)
        }
    };
    Attempt::ours(reply)
}

/// What the hosts and addresses tried so far came to.
#[derive(Default)]
struct Trials {
    count: usize,
    deferred: Option<Attempt>,
    failed: Option<Attempt>,
    looped: bool,
    refused_login: Option<Attempt>,
}

impl Trials {
    fn note(&mut self, attempt: Attempt) {
        self.count += 1;
        self.looped |= attempt.reply.status == Some(EnhancedStatus::new(5, 4, 6));
        if attempt.is_refused_login() {
            self.refused_login = Some(attempt);
            return;
        }
        match attempt.verdict {
            Verdict::Failed => self.failed = Some(attempt),
            _ => self.deferred = Some(attempt),
        }
    }

    /// Behind our own address in the order of preference lie only hosts that would send the mail back to us. And a login
    /// that one address refused, the others refuse as well, and count it.
    fn may_go_on(&self) -> bool {
        self.count < MAX_ADDRESSES && !self.looped && self.refused_login.is_none()
    }

    /// One host that may answer later is reason enough to try again.
    fn sum(self) -> Attempt {
        self.refused_login.or(self.deferred).or(self.failed).unwrap_or_else(nowhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn lp04_a_listener_of_our_own_is_recognised_by_any_of_its_addresses() {
        let named = [at("192.0.2.1:25")];
        assert!(is_ourselves(named.iter(), at("192.0.2.1:25"), at("192.0.2.1:40000")));
        assert!(!is_ourselves(named.iter(), at("192.0.2.1:2525"), at("192.0.2.1:40000")));
        assert!(!is_ourselves(named.iter(), at("127.0.0.1:25"), at("127.0.0.1:40000")));
        let everywhere = [at("0.0.0.0:25")];
        assert!(is_ourselves(everywhere.iter(), at("127.0.0.2:25"), at("127.0.0.1:40000")));
        assert!(is_ourselves(everywhere.iter(), at("192.0.2.1:25"), at("192.0.2.1:40000")));
        assert!(!is_ourselves(everywhere.iter(), at("192.0.2.9:25"), at("192.0.2.1:40000")));
    }

    #[test]
    fn n003_one_host_that_may_answer_later_outweighs_one_that_never_will() {
        let ours = |code, class| Attempt::ours(Reply::new(code, EnhancedStatus::new(class, 4, 1), "x"));
        let mut trials = Trials::default();
        trials.note(ours(521, 5));
        assert_eq!(trials.failed.as_ref().map(|attempt| attempt.verdict), Some(Verdict::Failed));
        trials.note(ours(451, 4));
        assert_eq!(trials.sum().verdict, Verdict::Deferred);
    }

    #[test]
    fn a_refused_login_is_not_tried_at_the_next_address() {
        let mut trials = Trials::default();
        trials.note(Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 4, 1), "unreachable")));
        assert!(trials.may_go_on());
        let trouble = Some(Trouble { advice: "look".into(), is_counted: true });
        trials.note(Attempt { trouble, ..Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 7, 8), "refused")) });
        assert!(!trials.may_go_on());
        assert_eq!(&*trials.sum().reply.text, "refused");
    }

    #[test]
    fn a_smart_host_that_is_not_found_never_fails_mail() {
        let name: Domain = "smart.example".parse().unwrap();
        assert_eq!(unresolved(&name, &ResolveError::NoSuchName, true).verdict, Verdict::Deferred);
        assert_eq!(unresolved(&name, &ResolveError::NoSuchName, false).verdict, Verdict::Failed);
        let temporary = ResolveError::Temporary("SERVFAIL".into());
        assert_eq!(unresolved(&name, &temporary, false).verdict, Verdict::Deferred);
    }
}

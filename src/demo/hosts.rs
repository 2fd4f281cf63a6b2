//! The smart hosts: which there are, and how each behaves.
//!
//! They are no servers of ours: `smtp::serve` takes what its settings allow and knows no mailboxes, and here mailboxes
//! that defer and refuse one by one are the point.

mod session;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use fastrand::Rng;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use self::session::Session;

/// How long the host with outages is away, and how long it stays.
const AWAY: Duration = Duration::from_secs(40);
const BACK: Duration = Duration::from_secs(45);
/// The pause before another try to bind a port that somebody took meanwhile.
const TAKEN: Duration = Duration::from_secs(1);

/// How a host behaves.
struct Manners {
    name: &'static str,
    /// Whose mail it takes; `None` is everybody else's.
    domain: Option<&'static str>,
    /// How long it takes before the greeting, at most.
    greeting: Duration,
    temper: Temper,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Temper {
    /// It answers when it should.
    Steady,
    /// It stops in the middle of many transactions.
    Stalls,
    /// It refuses connections, comes back, and goes again.
    Outages,
}

const HOSTS: [Manners; 5] = [
    Manners {
        name: "smtp.provider.example",
        domain: None,
        greeting: Duration::from_millis(40),
        temper: Temper::Steady,
    },
    Manners {
        name: "mx1.partner.example",
        domain: Some("partner.example"),
        greeting: Duration::from_secs(4),
        temper: Temper::Steady,
    },
    Manners {
        name: "intake.archive.example",
        domain: Some("archive.example"),
        greeting: Duration::from_millis(200),
        temper: Temper::Stalls,
    },
    Manners {
        name: "gateway.branch.example",
        domain: Some("branch.example"),
        greeting: Duration::from_millis(20),
        temper: Temper::Outages,
    },
    Manners {
        name: "mail.pager.example",
        domain: Some("pager.example"),
        greeting: Duration::from_millis(10),
        temper: Temper::Steady,
    },
];

/// A smart host with a port of its own.
pub(super) struct Site {
    manners: &'static Manners,
    address: SocketAddr,
    listener: Option<TcpListener>,
}

/// Gives each host a free port on loopback.
pub(super) async fn open() -> io::Result<Vec<Site>> {
    let mut sites = Vec::new();
    for manners in &HOSTS {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        sites.push(Site { manners, address: listener.local_addr()?, listener: Some(listener) });
    }
    Ok(sites)
}

impl Site {
    pub(super) fn name(&self) -> &'static str {
        self.manners.name
    }

    /// Whose mail it takes; `None` is everybody else's.
    pub(super) fn domain(&self) -> Option<&'static str> {
        self.manners.domain
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes mail for ever. Ended, its sessions end with it.
    pub(super) async fn serve(mut self, seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let mut sessions = JoinSet::new();
        if self.manners.temper != Temper::Outages {
            let listener = self.listen().await;
            return self.accept(&listener, &mut sessions, &mut rng).await;
        }
        self.listener = None;
        loop {
            sleep(AWAY).await;
            let listener = self.listen().await;
            let _ = timeout(BACK, self.accept(&listener, &mut sessions, &mut rng)).await;
            drop(listener);
            sessions.shutdown().await;
        }
    }

    async fn listen(&mut self) -> TcpListener {
        loop {
            if let Some(listener) = self.listener.take() {
                return listener;
            }
            match TcpListener::bind(self.address).await {
                Ok(listener) => return listener,
                Err(_) => sleep(TAKEN).await,
            }
        }
    }

    async fn accept(&self, listener: &TcpListener, sessions: &mut JoinSet<()>, rng: &mut Rng) {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => drop(sessions.spawn(Session::new(stream, self.manners, rng.fork()).run())),
                    Err(_) => sleep(TAKEN).await,
                },
                Some(_) = sessions.join_next() => {}
            }
        }
    }
}

//! Live sessions: a guard registers one, its drop removes it, whatever ended the session.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio::time::Instant;

use super::Ledger;
use super::audience::{Audience, Told};
use crate::{text, tls};

/// The longest name shown of a peer, in characters: a HELO name may be anything.
const MAX_NAME: usize = 255;

/// Who opened the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A client came to us.
    Inbound,
    /// We went to a server.
    Outbound,
}

impl Direction {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// What a session is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Activity {
    /// The connection is being made.
    Connecting,
    /// Up to the answer to EHLO or HELO.
    Greeting,
    /// Between transactions.
    Idle,
    /// From MAIL to DATA.
    Envelope,
    /// The content is on its way.
    Content,
    /// The content is being made durable.
    Committing,
    /// QUIT was said.
    Closing,
}

impl Activity {
    const ALL: [Self; 7] =
        [Self::Connecting, Self::Greeting, Self::Idle, Self::Envelope, Self::Content, Self::Committing, Self::Closing];

    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Idle => "idle",
            Self::Envelope => "envelope",
            Self::Content => "content",
            Self::Committing => "committing",
            Self::Closing => "closing",
        }
    }
}

/// A session as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSnapshot {
    /// Unique since the start.
    pub id: u64,
    /// Who opened it.
    pub direction: Direction,
    /// The other end.
    pub peer: SocketAddr,
    /// HELO name inbound, host name outbound: printable.
    pub name: Option<Box<str>>,
    /// The login, where there is one: printable.
    pub user: Option<Box<str>>,
    /// The TLS that protects it, if any.
    pub encryption: Option<tls::Session>,
    /// What it is doing.
    pub activity: Activity,
    /// Messages so far.
    pub messages: u64,
    /// Octets of content so far.
    pub bytes: u64,
    /// How long it has been open.
    pub age: Duration,
}

/// A session in the books; dropping it takes the session out, also when its task panics.
pub struct SessionGuard {
    ledger: Arc<Ledger>,
    session: Arc<Session>,
}

impl SessionGuard {
    pub(super) fn new(ledger: Arc<Ledger>, direction: Direction, peer: SocketAddr) -> Self {
        let session = ledger.sessions.open(direction, peer);
        Self { ledger, session }
    }

    /// The id by which a person may close the session.
    pub fn id(&self) -> u64 {
        self.session.id
    }

    /// The HELO name inbound, the host name outbound. Any bytes will do: it is made printable here.
    pub fn set_name(&self, name: &str) {
        let shown = text::shortened(name, MAX_NAME).into_boxed_str();
        self.session.shown().name = Some(shown);
    }

    /// The login; `None` if there is none any more. Any bytes will do.
    pub fn set_user(&self, user: Option<&str>) {
        let shown = user.map(|user| text::shortened(user, MAX_NAME).into_boxed_str());
        self.session.shown().user = shown;
    }

    /// The session is under TLS from now on.
    pub fn set_encryption(&self, encryption: tls::Session) {
        self.session.shown().encryption = Some(encryption);
    }

    /// What the session does from now on.
    pub fn set_activity(&self, activity: Activity) {
        self.session.activity.store(activity as u8, Ordering::Relaxed);
    }

    /// One more message is through.
    pub fn count_message(&self) {
        self.session.messages.fetch_add(1, Ordering::Relaxed);
    }

    /// More octets of content are through.
    pub fn count_bytes(&self, bytes: u64) {
        self.session.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Those who watch the session: whoever speaks the dialogue tells them.
    pub fn audience(&self) -> &Arc<Audience> {
        &self.session.audience
    }

    /// Resolves when a person closes the session.
    pub async fn closed(&self) {
        let closed = self.session.wake.notified();
        if !self.session.is_closed.load(Ordering::Acquire) {
            closed.await;
        }
    }
}

impl Drop for SessionGuard {
    fn drop(&mut self) {
        self.ledger.sessions.remove(&self.session);
        self.session.audience.dismiss();
    }
}

struct Session {
    id: u64,
    direction: Direction,
    peer: SocketAddr,
    opened: Instant,
    shown: Mutex<Shown>,
    activity: AtomicU8,
    messages: AtomicU64,
    bytes: AtomicU64,
    is_closed: AtomicBool,
    wake: Notify,
    /// Apart from the session, since the connection tells it too.
    audience: Arc<Audience>,
}

/// What the two ends have said of each other so far.
#[derive(Clone, Default)]
struct Shown {
    name: Option<Box<str>>,
    user: Option<Box<str>>,
    encryption: Option<tls::Session>,
}

impl Session {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn snapshot(&self) -> SessionSnapshot {
        let Shown { name, user, encryption } = self.shown().clone();
        let activity = usize::from(self.activity.load(Ordering::Relaxed));
        SessionSnapshot {
            id: self.id,
            direction: self.direction,
            peer: self.peer,
            name,
            user,
            encryption,
            activity: Activity::ALL.get(activity).copied().unwrap_or(Activity::Closing),
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            age: self.opened.elapsed(),
        }
    }
}

/// All live sessions.
#[derive(Default)]
pub(super) struct Registry {
    open: Mutex<Open>,
    /// Woken when the last inbound session ends.
    inbound_ended: Notify,
}

#[derive(Default)]
struct Open {
    last_id: u64,
    inbound: usize,
    sessions: HashMap<u64, Arc<Session>>,
}

impl Registry {
    fn open(&self, direction: Direction, peer: SocketAddr) -> Arc<Session> {
        let mut open = self.lock();
        open.last_id += 1;
        open.inbound += usize::from(direction == Direction::Inbound);
        let session = Arc::new(Session {
            id: open.last_id,
            direction,
            peer,
            opened: Instant::now(),
            shown: Mutex::default(),
            activity: AtomicU8::new(Activity::Connecting as u8),
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
            wake: Notify::new(),
            audience: Arc::default(),
        });
        open.sessions.insert(session.id, Arc::clone(&session));
        session
    }

    fn remove(&self, session: &Session) {
        let mut open = self.lock();
        open.sessions.remove(&session.id);
        if session.direction == Direction::Inbound {
            open.inbound -= 1;
            if open.inbound == 0 {
                self.inbound_ended.notify_waiters();
            }
        }
    }

    pub(super) fn close(&self, id: u64) -> bool {
        let Some(session) = self.lock().sessions.get(&id).cloned() else { return false };
        session.is_closed.store(true, Ordering::Release);
        session.wake.notify_waiters();
        true
    }

    /// The session as it is, and all that is told of it from now on.
    pub(super) fn watch(&self, id: u64) -> Option<(SessionSnapshot, broadcast::Receiver<Told>)> {
        // Under the lock, so that the session cannot end between the two.
        let open = self.lock();
        let session = open.sessions.get(&id)?;
        let lines = session.audience.join();
        Some((session.snapshot(), lines))
    }

    pub(super) fn snapshots(&self) -> Vec<SessionSnapshot> {
        let sessions: Vec<_> = self.lock().sessions.values().cloned().collect();
        let mut snapshots: Vec<_> = sessions.iter().map(|session| session.snapshot()).collect();
        snapshots.sort_unstable_by_key(|session| session.id);
        snapshots
    }

    pub(super) async fn inbound_ended(&self) {
        loop {
            let ended = self.inbound_ended.notified();
            if self.lock().inbound == 0 {
                return;
            }
            ended.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 50_000);

    #[tokio::test]
    async fn a_session_is_shown_with_what_it_does_until_its_guard_is_dropped() {
        let ledger = Ledger::new();
        let session = ledger.open_session(Direction::Inbound, PEER);
        session.set_name("host\x1b[2J");
        session.set_activity(Activity::Content);
        session.count_bytes(1000);
        session.count_bytes(24);
        session.count_message();
        session.set_user(Some("app\x1b[2J"));
        session.set_encryption(tls::Session { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" });
        let shown = ledger.sessions().remove(0);
        assert_eq!((shown.id, shown.direction, shown.peer), (session.id(), Direction::Inbound, PEER));
        assert_eq!((shown.activity, shown.messages, shown.bytes), (Activity::Content, 1, 1024));
        assert_eq!((shown.name.as_deref(), shown.user.as_deref()), (Some("host␛[2J"), Some("app␛[2J")));
        assert_eq!(shown.encryption.unwrap().to_string(), "TLSv1.3 TLS_AES_256_GCM_SHA384");
        drop(session);
        assert!(ledger.sessions().is_empty());
    }

    #[tokio::test]
    async fn a_session_whose_task_panics_is_removed() {
        let ledger = Ledger::new();
        let session = ledger.open_session(Direction::Inbound, PEER);
        let task = tokio::spawn(async move {
            session.set_activity(Activity::Envelope);
            panic!("as a bug would");
        });
        assert!(task.await.unwrap_err().is_panic());
        assert!(ledger.sessions().is_empty());
        ledger.inbound_sessions_ended().await;
    }

    #[tokio::test]
    async fn closing_reaches_a_session_whether_it_waits_already_or_only_later() {
        let ledger = Ledger::new();
        let early = ledger.open_session(Direction::Outbound, PEER);
        let id = early.id();
        let waiting = tokio::spawn(async move { early.closed().await });
        tokio::task::yield_now().await;
        assert!(ledger.close_session(id));
        waiting.await.unwrap();
        let late = ledger.open_session(Direction::Outbound, PEER);
        assert!(ledger.close_session(late.id()));
        late.closed().await;
        assert!(!ledger.close_session(4711));
    }

    #[tokio::test]
    async fn the_last_inbound_session_tells_those_who_wait_for_the_end() {
        let ledger = Ledger::new();
        let _outbound = ledger.open_session(Direction::Outbound, PEER);
        let inbound = ledger.open_session(Direction::Inbound, PEER);
        let books = Arc::clone(&ledger);
        let waiting = tokio::spawn(async move { books.inbound_sessions_ended().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(inbound);
        waiting.await.unwrap();
    }
}

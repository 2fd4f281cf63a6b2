//! A mailroot with everything that delivers, in a temporary folder.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use mailroot::clock::{Clock, Timestamp};
use mailroot::config::{Settings, SmartHost};
use mailroot::delivery::{Context, Dispatcher, Row};
use mailroot::dns::Zone;
use mailroot::ledger::{Event, Ledger, Record, RecordFilter};
use mailroot::mail::{Address, Domain, Envelope, Notify, Recipient, ReversePath};
use mailroot::oauth::Tokens;
use mailroot::queue::{DirectoryStore, Filter, Folders, Message, Origin, Queue, QueueId, Store};
use tempfile::TempDir;

/// What a message holds behind its header.
pub(crate) const BODY: &str = "Hello.\r\n.with a dot\r\n";

pub(crate) struct House {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) queue: Queue,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) settings: Arc<ArcSwap<Settings>>,
    pub(crate) zone: Arc<Zone>,
    pub(crate) clock: Arc<Clock>,
    folder: TempDir,
}

pub(crate) fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text, true).unwrap()
}

/// A port that nobody listens on, the same on every loopback address.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Waits until something is so; fails the test if it never is.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never came true: {what}");
}

/// Lets time pass at once, for all that waits.
pub(crate) async fn skip(span: Duration) {
    tokio::time::pause();
    tokio::time::advance(span).await;
    tokio::time::resume();
}

/// An envelope from `app@corp.example`, a local sender.
pub(crate) fn from_app(recipients: &[&str]) -> Envelope {
    let mut envelope = Envelope::new(ReversePath::Mailbox(address("app@corp.example")));
    envelope.recipients = recipients.iter().map(|text| Recipient::new(address(text))).collect();
    envelope
}

impl House {
    /// A house whose mail goes to a smart host on this port.
    pub(crate) fn with_smart_host(port: u16) -> Self {
        Self::new("", |settings| settings.delivery.advanced.smart_host = Some(smart_host(port)))
    }

    /// A house without a smart host, and a zone.
    pub(crate) fn new(zone: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = DirectoryStore::new(Folders::below(folder.path()));
        Self::over(Arc::new(store), folder, zone, change)
    }

    /// A house over a store of its own.
    pub(crate) fn over(store: Arc<dyn Store>, folder: TempDir, zone: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::defaults(folder.path());
        settings.general.hostname = domain("relay.test");
        settings.general.listen = Vec::new();
        settings.local.default_domain = domain("corp.example");
        change(&mut settings);
        let queue = Queue::open(store).unwrap();
        let settings = Arc::new(ArcSwap::from_pointee(settings));
        let zone = Arc::new(zone.parse::<Zone>().unwrap());
        let ledger = Ledger::new();
        let clock = Arc::new(Clock::starting_at(Timestamp::from_unix(1_795_518_903)));
        let dispatcher = Dispatcher::start(Context {
            queue: queue.clone(),
            settings: Arc::clone(&settings),
            resolver: Arc::clone(&zone) as Arc<dyn mailroot::dns::Resolver>,
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            tokens: Tokens::new(Arc::clone(&clock), folder.path().join("secrets")),
        });
        Self { dispatcher, queue, ledger, settings, zone, clock, folder }
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::clone(&self.settings.load());
        change(&mut settings);
        self.settings.store(Arc::new(settings));
        self.dispatcher.settings_changed();
    }

    /// Accepts a message from `app@corp.example`, a local sender.
    pub(crate) async fn send(&self, recipients: &[&str]) -> QueueId {
        self.send_envelope(from_app(recipients)).await
    }

    pub(crate) async fn send_notifying(&self, recipient: &str, notify: &str) -> QueueId {
        let mut envelope = from_app(&[recipient]);
        envelope.recipients[0].notify = Some(notify.parse::<Notify>().unwrap());
        self.send_envelope(envelope).await
    }

    pub(crate) async fn send_envelope(&self, envelope: Envelope) -> QueueId {
        self.send_content(envelope, &format!("Subject: Test\r\n\r\n{BODY}")).await
    }

    pub(crate) async fn send_content(&self, envelope: Envelope, content: &str) -> QueueId {
        let mut draft = self.queue.draft(Message::new(envelope, Origin::default(), self.clock.now()));
        let id = draft.id().clone();
        draft.push(b"Received: by relay.test; now\r\n").await.unwrap();
        draft.push(content.as_bytes()).await.unwrap();
        self.dispatcher.submit(self.queue.commit(draft).await.unwrap());
        id
    }

    pub(crate) fn row(&self, id: &QueueId) -> Row {
        self.dispatcher.row(id).unwrap()
    }

    pub(crate) fn attempts(&self, id: &QueueId) -> u32 {
        self.dispatcher.row(id).map_or(0, |row| row.attempts)
    }

    /// Waits until nothing is in the queue.
    pub(crate) async fn emptied(&self) {
        eventually("the queue is empty", || self.dispatcher.ids().is_empty()).await;
    }

    /// Waits until a message has come back from this many attempts.
    pub(crate) async fn tried(&self, id: &QueueId, attempts: u32) {
        let is_so = || self.dispatcher.row(id).is_some_and(|row| row.attempts == attempts && row.state == "queued");
        eventually(&format!("{id} was tried {attempts} times"), is_so).await;
    }

    /// The texts of the files in Drop, Badmail or Queue.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(self.folder.path().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
            .collect();
        paths.sort();
        paths.iter().map(|path| String::from_utf8(std::fs::read(path).unwrap()).unwrap()).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the log says of a message, oldest first.
    pub(crate) fn log(&self, id: &QueueId) -> Vec<Arc<Record>> {
        let mut records = self.ledger.recent(&RecordFilter::default(), 1000);
        records.retain(|record| record.id == id.as_str());
        records
    }

    pub(crate) fn events(&self, id: &QueueId) -> Vec<Event> {
        self.log(id).iter().map(|record| record.event).collect()
    }

    pub(crate) fn destination(&self, name: &str) -> mailroot::delivery::DestinationRow {
        let rows = self.dispatcher.destinations();
        rows.into_iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no destination {name}"))
    }

    pub(crate) fn all(&self) -> Vec<QueueId> {
        self.dispatcher.select(&Filter::default())
    }
}

/// `[127.0.0.1]:port`.
pub(crate) fn smart_host(port: u16) -> SmartHost {
    format!("[127.0.0.1]:{port}").parse().unwrap()
}

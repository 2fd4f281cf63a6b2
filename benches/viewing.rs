//! What a viewer costs: pages and shapes of a queue of 100,000 and of 1,000,000 messages, how long others wait
//! meanwhile, and pictures of the engine.
//!
//! `cargo bench --bench viewing [MESSAGES...]`. Other programs at work on the processor show in the figures.

use std::error::Error;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use mailroot::clock::{Clock, Timestamp};
use mailroot::config::Settings;
use mailroot::delivery::{Context, Dispatcher};
use mailroot::dns::Zone;
use mailroot::engine::{Actor, Command, Engine, Handle, Options, QueueQuery, QueueReader, Role, SortKey};
use mailroot::ledger::Ledger;
use mailroot::mail::{Address, Envelope, Recipient, ReversePath};
use mailroot::queue::{DirectoryStore, Folders, Message, Origin, Queue, QueueId, Stamp};

const SIZES: [usize; 2] = [100_000, 1_000_000];
/// Rows of a page.
const ROWS: usize = 60;
/// Records in a full tail of the log.
const RECORDS: usize = 20_000;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _context = runtime.enter();
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        pages(size)?;
    }
    runtime.block_on(pictures())
}

fn pages(size: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let clock = Arc::new(Clock::starting_at(Timestamp::from_unix(1_795_518_903)));
    let dispatcher = Dispatcher::start(Context {
        queue: Queue::open(Arc::new(DirectoryStore::new(Folders::below(folder.path()))))?,
        settings: Arc::new(ArcSwap::from_pointee(Settings::defaults(Path::new("/")))),
        resolver: Arc::new(Zone::default()),
        ledger: Ledger::new(),
        clock: Arc::clone(&clock),
        tokens: mailroot::oauth::Tokens::new(Arc::clone(&clock), folder.path().join("secrets")),
    });
    let middle = fill(&dispatcher, clock.now(), size)?;
    let house = House { dispatcher, clock };
    let query = |filter: &str, sort, offset| -> Outcome<QueueQuery> {
        let selected = Some(middle.clone());
        Ok(QueueQuery { filter: filter.parse()?, sort, descending: false, offset, limit: ROWS, selected })
    };
    say(&format!("{size} messages, pages of {ROWS} rows with the place of the one in the middle"))?;
    for (name, offset) in [("at the top", 0), ("in the middle", size / 2), ("at the end", size - ROWS)] {
        let query = query("", SortKey::Received, offset)?;
        let mut reader = house.reader();
        let took = often(|| reader.page(&query));
        say(&format!("  {:30} {:>9.1} us", format!("all, by arrival, {name}"), micros(took)))?;
    }
    for filter in ["far7.example", "domain:far7.example", "state:queued", "nobody"] {
        house.list(&query(filter, SortKey::Received, 0)?, &format!("filter {filter}"))?;
    }
    let keys = [
        ("sender", SortKey::Sender),
        ("recipient", SortKey::Recipient),
        ("size", SortKey::Size),
        ("state", SortKey::State),
        ("attempts", SortKey::Attempts),
        ("next", SortKey::Next),
        ("destination", SortKey::Destination),
    ];
    for (name, key) in keys {
        house.list(&query("", key, size / 2)?, &format!("sorted by {name}"))?;
    }
    let (took, waits) = house.least(|reader| drop(reader.shape()));
    say(&format!("  {:30} {:>9.1} ms; {waits}", "shape", millis(took)))
}

/// A queue that is looked at.
struct House {
    dispatcher: Dispatcher,
    clock: Arc<Clock>,
}

impl House {
    fn reader(&self) -> QueueReader {
        QueueReader::new(self.dispatcher.clone(), Arc::clone(&self.clock))
    }

    /// What it takes to work out the order of a list, and then to show a page of it.
    fn list(&self, query: &QueueQuery, name: &str) -> Outcome<()> {
        let (took, waits) = self.least(|reader| drop(reader.page(query)));
        let mut reader = self.reader();
        reader.page(query);
        let again = often(|| reader.page(query));
        say(&format!("  {name:30} {:>9.1} ms, then {:>6.1} us; {waits}", millis(took), micros(again)))
    }

    /// The fastest of three times, each by a new viewer.
    fn least(&self, work: impl Fn(&mut QueueReader)) -> (Duration, String) {
        (0..3).map(|_| self.while_others_wait(|| work(&mut self.reader()))).min().unwrap_or_default()
    }

    /// How long a piece of work takes, and how long delivery waits for the queue meanwhile.
    fn while_others_wait(&self, work: impl FnOnce()) -> (Duration, String) {
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let delivery = scope.spawn(|| {
                let mut waits = Vec::new();
                while !is_done.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    black_box(self.dispatcher.counts());
                    waits.push(start.elapsed());
                    std::thread::sleep(Duration::from_micros(100));
                }
                waits.sort_unstable();
                waits
            });
            let start = Instant::now();
            work();
            let took = start.elapsed();
            is_done.store(true, Ordering::Relaxed);
            let waits = delivery.join().unwrap_or_default();
            let at = |share: usize| millis(waits.get(waits.len() * share / 100).copied().unwrap_or_default());
            let worst = millis(waits.last().copied().unwrap_or_default());
            (took, format!("delivery waits {:.2} ms (median), {:.2} ms (99 %), {worst:.2} ms (worst)", at(50), at(99)))
        })
    }
}

/// Messages of a few senders to many recipients at a hundred domains; returns the one in the middle.
fn fill(dispatcher: &Dispatcher, now: Timestamp, size: usize) -> Outcome<QueueId> {
    let random = &mut fastrand::Rng::with_seed(7);
    let mut middle = None;
    for number in 0..size {
        let id: QueueId = format!("{number:07}{:09x}", random.u64(..) >> 28).parse()?;
        let sender = Address::parse(&format!("app{}@corp.example", random.u8(..20)), false)?;
        let mut envelope = Envelope::new(ReversePath::Mailbox(sender));
        let recipient = format!("user{}@far{}.example", random.u32(..), random.u8(..100));
        envelope.recipients.push(Recipient::new(Address::parse(&recipient, false)?));
        let age = Duration::from_secs(random.u64(..100_000));
        let received = Timestamp::from_unix(now.as_unix() - i64::try_from(age.as_secs())?);
        let mut message = Message::new(envelope, Origin::default(), received);
        message.size = random.u64(..100_000);
        message.attempts = random.u32(..10);
        message.next = now.plus(Duration::from_hours(1) + Duration::from_secs(random.u64(..10_000)));
        message.last_reply = Some("451 4.7.1 Greylisted, try again later (mx1.far.example)".into());
        dispatcher.insert(&id, message, Stamp { modified: 1, size: 4096 });
        if number == size / 2 {
            middle = Some(id);
        }
    }
    middle.ok_or_else(|| "no messages".into())
}

/// What a picture costs.
async fn pictures() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut settings = Settings::defaults(folder.path());
    settings.general.listen = vec!["127.0.0.1:0".parse()?];
    let engine = Engine::start(Options {
        settings,
        settings_file: None,
        resolver: Some(Arc::new(Zone::default())),
        application_log: None,
        unsafe_no_sync: true,
    })
    .await?;
    let handle: Handle = engine.handle();
    let actor = Actor { name: "bench".to_owned(), role: Role::Admin };
    let empty = micros(often(|| handle.latest()));
    say(&format!("a first picture of an idle engine {empty:>9.1} us"))?;
    for _ in 0..RECORDS {
        handle.execute(&actor, Command::Pause { domain: None }).await;
    }
    let full = micros(often(|| handle.latest()));
    say(&format!("the same with {RECORDS} records in the log {full:>7.1} us"))?;
    engine.drain().await;
    Ok(())
}

/// The mean of many times.
fn often<T>(mut work: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    let mut times = 0;
    while start.elapsed() < Duration::from_millis(200) {
        black_box(work());
        times += 1;
    }
    start.elapsed() / times
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn say(line: &str) -> Outcome<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

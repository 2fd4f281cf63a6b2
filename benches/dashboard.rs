//! How fast the dashboard is with a long queue: a frame, a key that moves, a key of a filter, each from the key to the
//! picture, with the queue read as the engine reads it.
//!
//! `cargo bench --bench dashboard [MESSAGES]`. Other programs at work on the processor show in the figures.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use mailroot::clock::{Clock, Timestamp};
use mailroot::config::Settings;
use mailroot::dashboard::{Answer, Colors, Effect, Input, Key, KeyCode, Mode, Model, Msg, Preferences, Viewer};
use mailroot::delivery::{Context, Dispatcher};
use mailroot::dns::Zone;
use mailroot::engine::{Actor, Engine, Options, QueueReader, QueueSummary, Role, Snapshot};
use mailroot::ledger::Ledger;
use mailroot::mail::{Address, Envelope, Recipient, ReversePath};
use mailroot::queue::{DirectoryStore, Folders, Message, Origin, Queue, QueueId, Stamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Size;

const MESSAGES: usize = 100_000;
const SIZES: [Size; 3] = [Size::new(80, 24), Size::new(120, 40), Size::new(200, 60)];
/// Frames drawn for one figure.
const FRAMES: u32 = 500;
/// What is typed into the filter.
const FILTERS: [&str; 4] = ["far7.example", "domain:far7.example", "age>1h size>64KB", "nobody"];

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let messages = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(MESSAGES);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let _context = runtime.enter();
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
    fill(&dispatcher, clock.now(), messages)?;
    let mut snapshot = runtime.block_on(snapshot())?;
    let (counts, oldest, revision) = dispatcher.summary();
    snapshot.time = clock.now();
    snapshot.queue = QueueSummary { counts, oldest, revision };
    say(&format!("{messages} messages"))?;
    for size in SIZES {
        let mut seat = Seat::new(snapshot.clone(), size, QueueReader::new(dispatcher.clone(), Arc::clone(&clock)))?;
        say(&format!("{}x{}", size.width, size.height))?;
        let start = Instant::now();
        for _ in 0..FRAMES {
            seat.draw()?;
        }
        say(&format!("  a frame                   {:>8.2} ms", millis(start.elapsed() / FRAMES)))?;
        let pages = std::iter::repeat_n(Key::plain(KeyCode::PageDown), 200);
        seat.tell("a page down", pages)?;
        seat.tell("to the end and back", [Key::char('G'), Key::char('g')].into_iter().cycle().take(100))?;
        for filter in FILTERS {
            seat.press(Key::char('/'))?;
            seat.tell(&format!("filter {filter}"), filter.chars().map(Key::char))?;
            seat.press(Key::plain(KeyCode::Esc))?;
        }
    }
    Ok(())
}

/// A viewer in front of a screen.
struct Seat {
    model: Model,
    terminal: Terminal<TestBackend>,
    reader: QueueReader,
}

impl Seat {
    fn new(snapshot: Snapshot, size: Size, reader: QueueReader) -> Outcome<Self> {
        let viewer = Viewer {
            actor: Actor { name: "bench".to_owned(), role: Role::Admin },
            mode: Mode::Run,
            colors: Colors::Ansi,
            ascii: false,
        };
        let preferences = Preferences { zoomed: true, ..Preferences::default() };
        let (model, effects) = Model::new(viewer, Arc::new(snapshot), size, &preferences);
        let mut seat = Self { model, terminal: Terminal::new(TestBackend::new(size.width, size.height))?, reader };
        seat.perform(effects);
        Ok(seat)
    }

    /// Presses keys one by one, and says how long each took until its picture was there.
    fn tell(&mut self, name: &str, keys: impl Iterator<Item = Key>) -> Outcome<()> {
        let mut spans = Vec::new();
        for key in keys {
            let start = Instant::now();
            self.press(key)?;
            spans.push(start.elapsed());
        }
        let mean = spans.iter().sum::<Duration>() / u32::try_from(spans.len().max(1))?;
        let worst = spans.iter().max().copied().unwrap_or_default();
        say(&format!("  {name:25} {:>8.2} ms a key, {:.2} ms at worst", millis(mean), millis(worst)))
    }

    fn press(&mut self, key: Key) -> Outcome<()> {
        let effects = self.model.update(Msg::Input(Input::Key(key)));
        self.perform(effects);
        self.draw()
    }

    /// Answers until nothing is asked any more.
    fn perform(&mut self, mut effects: Vec<Effect>) {
        while let Some(effect) = effects.pop() {
            if let Effect::ReadQueue(query) = effect {
                let answer = Answer::Page(self.reader.page(&query));
                effects.extend(self.model.update(Msg::Answer(answer)));
            }
        }
    }

    fn draw(&mut self) -> Outcome<()> {
        let Self { model, terminal, .. } = self;
        terminal.draw(|frame| model.view(frame))?;
        Ok(())
    }
}

/// What an idle engine shows.
async fn snapshot() -> Outcome<Snapshot> {
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
    let snapshot = Snapshot::clone(&engine.handle().latest());
    engine.drain().await;
    Ok(snapshot)
}

/// Messages of a few senders to many recipients at a hundred domains, none of them due.
fn fill(dispatcher: &Dispatcher, now: Timestamp, messages: usize) -> Outcome<()> {
    let random = &mut fastrand::Rng::with_seed(7);
    for number in 0..messages {
        let id: QueueId = format!("{number:07}{:09x}", random.u64(..) >> 28).parse()?;
        let sender = Address::parse(&format!("app{}@corp.example", random.u8(..20)), false)?;
        let mut envelope = Envelope::new(ReversePath::Mailbox(sender));
        let recipient = format!("user{}@far{}.example", random.u32(..), random.u8(..100));
        envelope.recipients.push(Recipient::new(Address::parse(&recipient, false)?));
        let received = Timestamp::from_unix(now.as_unix() - i64::from(random.u32(..100_000)));
        let mut message = Message::new(envelope, Origin::default(), received);
        message.size = random.u64(..100_000);
        message.attempts = random.u32(1..10);
        message.next = now.plus(Duration::from_hours(1) + Duration::from_secs(random.u64(..10_000)));
        message.last_reply = Some("451 4.7.1 Greylisted, try again later (mx1.far.example)".into());
        dispatcher.insert(&id, message, Stamp { modified: 1, size: 4096 });
    }
    Ok(())
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

fn say(line: &str) -> Outcome<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

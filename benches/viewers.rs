//! The relay's rate with nobody watching and with sixteen dashboards, one of which does not read: no difference beyond
//! the noise is what is promised.
//!
//! `cargo bench --bench viewers [-- FOLDER [ROUNDS]]`, on a machine with nothing else to do, with Postfix's
//! `smtp-source` and `smtp-sink` installed, as root. The queue lies in FOLDER, or below the system's temporary one.
//! Runs without and with viewers take turns; each sends 5,000 messages of 4 KB over 20 sessions.

use std::error::Error;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mailroot::config::Settings;
use mailroot::dashboard::{Colors, Mode, Model, Preferences, Viewer};
use mailroot::dns::Zone;
use mailroot::engine::{Actor, Engine, Handle, Options, Role};
use mailroot::terminal::errands::Errands;
use mailroot::terminal::keyboard::{BACKLOG, Typed};
use mailroot::terminal::viewer::{self, Pace, Seat};
use ratatui::layout::Size;
use tokio::io::AsyncWrite;
use tokio::runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

const VIEWERS: usize = 16;
const ROUNDS: usize = 4;
const MESSAGES: u64 = 5_000;
/// Sent before anything counts.
const WARM_UP: u64 = 1_000;
/// What each viewer presses in turns, and how often.
const KEYS: [&[u8]; 6] = [b"2", b"j", b"j", b"1", b"3", b"G"];
const KEY_EVERY: Duration = Duration::from_millis(250);
/// Between two looks at what is delivered: a look costs time of the processor, and more while nobody watches.
const LOOK: Duration = Duration::from_millis(20);
/// How long a run may take before the comparison is given up.
const PATIENCE: Duration = Duration::from_mins(2);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let folder = arguments.next().map_or_else(std::env::temp_dir, Into::into);
    let rounds = arguments.next().map_or(Ok(ROUNDS), |rounds| rounds.parse())?;
    let folder = tempfile::tempdir_in(folder)?;
    let sink = Sink::start()?;
    let engine = runtime::Builder::new_multi_thread().enable_all().build()?;
    let viewers = mailroot::terminal::runtime()?;
    engine.block_on(compare(rounds, folder.path(), &sink, viewers.handle()))?;
    viewers.shutdown_background();
    Ok(())
}

async fn compare(rounds: usize, folder: &Path, sink: &Sink, viewers: &runtime::Handle) -> Outcome<()> {
    let mut settings = Settings::defaults(folder);
    settings.general.hostname = "relay.example".parse()?;
    settings.general.listen = vec!["127.0.0.1:0".parse()?];
    settings.delivery.advanced.smart_host = Some(format!("[127.0.0.1]:{}", sink.address.port()).parse()?);
    let engine = Engine::start(Options {
        settings,
        settings_file: None,
        resolver: Some(Arc::new(Zone::default())),
        application_log: None,
        unsafe_no_sync: false,
    })
    .await?;
    let handle = engine.handle();
    let server = handle.listeners().await.first().copied().ok_or("no listener")?;
    relay(&handle, server, WARM_UP).await?;
    let mut ratios = Vec::new();
    for round in 1..=rounds {
        let alone = relay(&handle, server, MESSAGES).await?;
        let audience = Audience::sit_down(&handle, viewers);
        let watched = relay(&handle, server, MESSAGES).await?;
        audience.leave().await;
        say(&format!("round {round}: {alone:.0} messages/s with nobody, {watched:.0} with {VIEWERS} viewers"))?;
        ratios.push(watched / alone);
    }
    ratios.sort_by(f64::total_cmp);
    say(&format!("median ratio {:.3}", ratios[ratios.len() / 2]))?;
    engine.drain().await;
    Ok(())
}

/// Messages a second, from the start of the source until the last one is delivered.
async fn relay(handle: &Handle, server: SocketAddr, messages: u64) -> Outcome<f64> {
    let before = delivered(handle);
    let start = Instant::now();
    let mut source = Command::new("smtp-source")
        .args([
            "-s",
            "20",
            "-l",
            "4096",
            "-m",
            &messages.to_string(),
            "-f",
            "app@corp.example",
            "-t",
            "bob@far.example",
        ])
        .arg(server.to_string())
        .stdout(Stdio::null())
        .spawn()?;
    while delivered(handle) < before + messages {
        if start.elapsed() > PATIENCE {
            return Err("not everything was delivered".into());
        }
        tokio::time::sleep(LOOK).await;
    }
    let rate = messages as f64 / start.elapsed().as_secs_f64();
    source.wait()?;
    Ok(rate)
}

fn delivered(handle: &Handle) -> u64 {
    let totals = Arc::clone(&handle.latest().totals);
    totals.iter().find(|(name, _)| *name == "delivered").map_or(0, |(_, count)| *count)
}

/// Sixteen people at their dashboards.
struct Audience(Vec<(oneshot::Sender<()>, JoinHandle<()>)>);

impl Audience {
    fn sit_down(handle: &Handle, viewers: &runtime::Handle) -> Self {
        let engine = runtime::Handle::current();
        let seat = |number: usize| {
            let (stop, stopped) = oneshot::channel();
            let handle = Handle::clone(handle);
            let engine = engine.clone();
            let viewer = viewers.spawn(async move {
                if number == 0 {
                    // What is written into it is never read.
                    let (writer, _reader) = tokio::io::duplex(1024);
                    watch_it(handle, engine, writer, stopped).await;
                } else {
                    watch_it(handle, engine, tokio::io::sink(), stopped).await;
                }
            });
            (stop, viewer)
        };
        Self((0..VIEWERS).map(seat).collect())
    }

    async fn leave(self) {
        for (stop, viewer) in self.0 {
            drop(stop);
            let _ = viewer.await; // one that did not read has left already
        }
    }
}

/// One dashboard at which somebody looks around until told to stop.
async fn watch_it<W>(handle: Handle, engine: runtime::Handle, writer: W, stopped: oneshot::Receiver<()>)
where
    W: AsyncWrite + Send + Unpin + 'static,
{
    let size = Size::new(120, 40);
    let actor = Actor { name: "bench".to_owned(), role: Role::Admin };
    let (typing, typed) = mpsc::channel(BACKLOG);
    let (_sizes, sizes) = watch::channel(size);
    let viewing = handle.watch();
    let looks = Viewer { actor: actor.clone(), mode: Mode::Attached, colors: Colors::True, ascii: false };
    let (mut model, first) = Model::new(looks, viewing.latest(), size, &Preferences::default());
    let errands = Errands::new(handle, actor, engine, viewing, None);
    let typist = tokio::spawn(async move {
        for key in KEYS.iter().cycle() {
            tokio::time::sleep(KEY_EVERY).await;
            if typing.send(Typed::Bytes(Bytes::from_static(key))).await.is_err() {
                return;
            }
        }
    });
    let stop = async {
        let _ = stopped.await;
    };
    let seat = Seat { typed, sizes, writer, pace: Pace::REMOTE, idle: None };
    viewer::run(&mut model, first, errands, seat, stop).await;
    typist.abort();
}

/// Postfix's `smtp-sink`, which takes everything.
struct Sink {
    process: Child,
    address: SocketAddr,
}

impl Sink {
    fn start() -> Outcome<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = Command::new("smtp-sink")
            .args(["-u", "nobody", &address.to_string(), "1000"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let sink = Self { process, address };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return Ok(sink);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("smtp-sink does not answer".into())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}

fn say(line: &str) -> Outcome<()> {
    writeln!(io::stdout().lock(), "{line}")?;
    Ok(())
}

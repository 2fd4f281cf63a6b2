//! Bringing the engine up in order, and down again.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::certificate::Certificate;
use super::gate::Gate;
use super::handle::{Handle, Shared};
use super::intake::{Intake, Space};
use super::janitor;
use super::listener::Reception;
use super::listeners::{BindError, Door, Listeners};
use super::pickup;
use super::plan::Plans;
use super::problems::{Problems, Source};
use super::reload::Reloader;
use super::sampler::{Sampler, Surroundings};
use super::watch as queue_watch;
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::delivery::{Context, Dispatcher};
use crate::dns::{Resolver, System};
use crate::ledger::{ApplicationLog, Ledger, LogError};
use crate::oauth::Tokens;
use crate::platform;
use crate::queue::{DirectoryStore, Folders, OpenError, Queue};

/// How long sessions and deliveries under way may take once the engine stops.
const DRAIN: Duration = Duration::from_secs(25);

/// With what an engine starts.
pub struct Options {
    /// The settings in force.
    pub settings: Settings,
    /// The file they came from, if any; followed while the engine runs.
    pub settings_file: Option<PathBuf>,
    /// Resolves names; `None` asks the system's servers or those of the settings.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// The application's log, if it is to follow `log.level`.
    pub application_log: Option<ApplicationLog>,
    /// Leaves out every sync, so that a power cut loses mail: only to show that the test for it can fail.
    pub unsafe_no_sync: bool,
}

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The mailroot cannot be used, or another engine uses it.
    #[error(transparent)]
    Queue(#[from] OpenError),
    /// The delivery log cannot be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A listener could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The queue's folder could not be read.
    #[error("the queue could not be read: {0}")]
    Recovery(std::io::Error),
}

/// A running relay. Dropping it without [`Engine::drain`] is a crash, which the queue survives.
pub struct Engine {
    shared: Arc<Shared>,
    draining: watch::Sender<bool>,
    /// Upkeep that may be cut off anywhere.
    tasks: JoinSet<()>,
    /// Shows what goes on, up to the end.
    _sampling: Sampling,
    /// Takes from Pickup, and must end between two files.
    pickup: JoinHandle<()>,
}

impl Engine {
    /// Starts everything: the queue is read back before the first connection is accepted.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let descriptors = platform::raise_descriptor_limit();
        let settings = Arc::new(ArcSwap::from_pointee(options.settings));
        let now = settings.load_full();
        let folders = Folders::below(&now.mailroot);
        let store = DirectoryStore::new(folders.clone());
        let store = if options.unsafe_no_sync { store.without_sync() } else { store };
        let queue = Queue::open(Arc::new(store))?;
        let ledger = Ledger::with_log(&now.log.directory)?;
        let dns_servers = &now.delivery.advanced.dns_servers;
        let resolver = options.resolver.unwrap_or_else(|| Arc::new(System::new(dns_servers)));
        let clock = Arc::new(Clock::system());
        let problems = Arc::new(Problems::default());
        let accounts = Accounts::new(Arc::clone(&clock));
        let secrets = config::secrets_folder(&config::place(options.settings_file.as_deref()));
        let tokens = Tokens::new(Arc::clone(&clock), secrets);
        super::users::refresh(&accounts, &settings, &problems).await;
        let dispatcher = Dispatcher::start(Context {
            queue: queue.clone(),
            settings: Arc::clone(&settings),
            resolver: Arc::clone(&resolver),
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock),
            tokens: tokens.clone(),
        });
        let certificate = Arc::new(Certificate::start(&now, Arc::clone(&problems), Arc::clone(&clock)));
        let intake = Arc::new(Intake {
            certificate: Arc::clone(&certificate),
            accounts: accounts.clone(),
            settings: Arc::clone(&settings),
            clock: Arc::clone(&clock),
            queue: queue.clone(),
            dispatcher: dispatcher.clone(),
            ledger: Arc::clone(&ledger),
            problems: Arc::clone(&problems),
            space: Space::default(),
        });
        let gate = Arc::new(Gate::new(descriptors));
        let (draining, drain) = watch::channel(false);
        let reception = Arc::new(Reception {
            settings: Arc::clone(&settings),
            gate: Arc::clone(&gate),
            resolver,
            ledger: Arc::clone(&ledger),
            intake,
            draining: drain.clone(),
        });
        let mut listeners = Listeners::new(reception);
        let bound = listeners.bind(&Door::all(&now.general)).await?;
        recover(&queue, &dispatcher, &problems).await.map_err(StartError::Recovery)?;
        listeners.serve(bound);
        let reloader = Reloader::new(
            options.settings_file,
            options.application_log,
            Arc::clone(&settings),
            listeners,
            dispatcher.clone(),
            Arc::clone(&problems),
            Arc::clone(&certificate),
        );
        let shared = Arc::new(Shared {
            started: clock.now(),
            settings,
            clock,
            queue,
            dispatcher,
            accounts,
            tokens,
            ledger,
            problems,
            gate,
            reloader,
            draining: drain,
            stop: Notify::new(),
            pickup_touched: Notify::new(),
            certificate,
            sampler: Sampler::default(),
            surroundings: Surroundings::default(),
            plans: Plans::default(),
        });
        shared.surroundings.look(&shared.queue, &shared.ledger).await;
        let mut tasks = JoinSet::new();
        tasks.spawn(queue_watch::follow(Arc::clone(&shared), folders));
        tasks.spawn(janitor::keep_house(Arc::clone(&shared)));
        tasks.spawn(super::settings_file::follow(Arc::clone(&shared)));
        tasks.spawn(Arc::clone(&shared.certificate).follow());
        tasks.spawn(super::users::follow(Arc::clone(&shared)));
        tasks.spawn(super::tokens::follow(Arc::clone(&shared)));
        let pickup = tokio::spawn(pickup::sweep(Arc::clone(&shared)));
        let sampling = Sampling::start(&shared);
        Ok(Self { shared, draining, tasks, _sampling: sampling, pickup })
    }

    /// The door for viewers and commands.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.shared))
    }

    /// Stops in order: no new connections, sessions and deliveries under way end, the log is written out. What is
    /// not done by then is as safe as after a crash: on disk.
    pub async fn drain(mut self) {
        let _ = self.draining.send(true);
        self.tasks.shutdown().await;
        let finish = async {
            let _ = self.pickup.await;
            self.shared.dispatcher.drain().await;
            self.shared.ledger.inbound_sessions_ended().await;
        };
        if tokio::time::timeout(DRAIN, finish).await.is_err() {
            tracing::warn!("stopping with sessions still open; their mail stays in the queue");
        }
        self.shared.ledger.flush();
    }
}

/// The tasks that work for viewers. When this is dropped, viewers are told that the engine is gone.
struct Sampling {
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Sampling {
    fn start(shared: &Arc<Shared>) -> Self {
        let mut tasks = JoinSet::new();
        let source = Arc::clone(shared);
        tasks.spawn(async move { source.sampler.run(&*source).await });
        tasks.spawn(Surroundings::keep_looking(Arc::clone(shared)));
        Self { shared: Arc::clone(shared), _tasks: tasks }
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.shared.sampler.end();
    }
}

/// Reads the queue back. Files that are no messages are in Badmail afterwards, each with its reason.
async fn recover(queue: &Queue, dispatcher: &Dispatcher, problems: &Problems) -> std::io::Result<()> {
    let (reader, target) = (queue.clone(), dispatcher.clone());
    let found =
        tokio::task::spawn_blocking(move || reader.recover(|id, message, stamp| target.insert(&id, message, stamp)));
    let recovery = found.await.map_err(std::io::Error::other)??;
    tracing::info!("{} messages read back from the queue", recovery.loaded);
    if recovery.restored > 0 {
        tracing::info!("{} of them were restored from the journal", recovery.restored);
    }
    for (name, reason) in &recovery.set_aside {
        tracing::warn!("moved {} to Badmail: {reason}", crate::text::quoted(name));
    }
    if !recovery.stuck.is_empty() {
        let (name, error) = &recovery.stuck[0];
        let more = recovery.stuck.len() - 1;
        problems.raise(
            Source::Recovery,
            format!(
                "{} of Queue can neither be read nor set aside ({error}), and {more} more",
                crate::text::quoted(name)
            ),
        );
    }
    Ok(())
}

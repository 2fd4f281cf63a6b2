//! Settings that apply while the engine runs: all of a file, or nothing of it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use notify::{RecursiveMode, Watcher as _};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;

use super::handle::Shared;
use super::listener::Reception;
use super::problems::{Problems, Source};
use crate::config::{self, Apply, Settings};
use crate::delivery::Dispatcher;
use crate::ledger::ApplicationLog;

/// Editors write a file in several steps; this long after the last one it is read.
const SETTLED: Duration = Duration::from_millis(300);

/// A listener could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {error}; is another program using it, or the port reserved? See general.listen")]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub error: std::io::Error,
}

/// The listeners in service.
pub(super) struct Listeners {
    reception: Arc<Reception>,
    /// By the address of the settings; a port of 0 there is a free one here.
    open: HashMap<SocketAddr, Open>,
}

struct Open {
    actual: SocketAddr,
    accepting: AbortHandle,
}

/// Listeners bound but not yet accepting.
pub(super) type Bound = Vec<(SocketAddr, TcpListener)>;

impl Listeners {
    pub(super) fn new(reception: Arc<Reception>) -> Self {
        Self { reception, open: HashMap::new() }
    }

    /// Binds those addresses that are not open yet. An error leaves everything as it was.
    pub(super) async fn bind(&self, addresses: &[SocketAddr]) -> Result<Bound, BindError> {
        let mut bound = Bound::new();
        for &address in addresses.iter().filter(|address| !self.open.contains_key(address)) {
            let listener = TcpListener::bind(address).await.map_err(|error| BindError { address, error })?;
            bound.push((address, listener));
        }
        Ok(bound)
    }

    /// Begins to accept on what was bound.
    pub(super) fn serve(&mut self, bound: Bound) {
        for (address, listener) in bound {
            let actual = listener.local_addr().unwrap_or(address);
            let accepting = tokio::spawn(Arc::clone(&self.reception).accept(listener)).abort_handle();
            self.open.insert(address, Open { actual, accepting });
        }
    }

    /// Closes what the settings no longer name; sessions already accepted go on.
    fn retain(&mut self, addresses: &[SocketAddr]) {
        self.open.retain(|address, open| {
            let keep = addresses.contains(address);
            if !keep {
                open.accepting.abort();
            }
            keep
        });
    }

    /// In the order of the settings.
    fn first(&self, addresses: &[SocketAddr]) -> Option<SocketAddr> {
        addresses.iter().find_map(|address| self.open.get(address)).map(|open| open.actual)
    }

    fn actual(&self) -> Vec<SocketAddr> {
        let mut actual: Vec<_> = self.open.values().map(|open| open.actual).collect();
        actual.sort_unstable();
        actual
    }
}

/// Reads the settings file again and puts into force what it says.
pub(super) struct Reloader {
    file: Option<PathBuf>,
    application_log: Option<ApplicationLog>,
    settings: Arc<ArcSwap<Settings>>,
    /// Held during a reload, so that two of them cannot mix.
    listeners: Mutex<Listeners>,
    /// The addresses in service, for those who must not wait for a reload.
    in_service: std::sync::Mutex<Arc<[SocketAddr]>>,
    dispatcher: Dispatcher,
    problems: Arc<Problems>,
}

impl Reloader {
    pub(super) fn new(
        file: Option<PathBuf>,
        application_log: Option<ApplicationLog>,
        settings: Arc<ArcSwap<Settings>>,
        listeners: Listeners,
        dispatcher: Dispatcher,
        problems: Arc<Problems>,
    ) -> Self {
        let in_service = std::sync::Mutex::new(listeners.actual().into());
        Self { file, application_log, settings, listeners: Mutex::new(listeners), in_service, dispatcher, problems }
    }

    /// Applies the file. `Ok` says in a sentence what changed; `Err` why nothing did.
    pub(super) async fn reload(&self) -> Result<String, String> {
        let Some(file) = &self.file else {
            return Err("the engine runs without a settings file; start it with --config to have one".to_owned());
        };
        let outcome = match config::load(file) {
            Ok(new) => self.apply(new).await,
            Err(error) => Err(error.to_string()),
        };
        match &outcome {
            Ok(change) => {
                self.problems.clear(Source::Settings);
                if let Some(change) = change {
                    tracing::info!("settings: {change}");
                }
            }
            Err(reason) => self.problems.raise(Source::Settings, format!("the settings stay as they were: {reason}")),
        }
        outcome.map(|change| change.unwrap_or_else(|| "nothing changed".to_owned()))
    }

    /// The addresses in service.
    pub(super) async fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.lock().await.actual()
    }

    /// Of the addresses in service the one that the settings name first.
    pub(super) async fn first_address(&self) -> Option<SocketAddr> {
        self.listeners.lock().await.first(&self.settings.load().general.listen)
    }

    /// The same as it was before a reload that is under way.
    pub(super) fn in_service(&self) -> Arc<[SocketAddr]> {
        Arc::clone(&self.in_service.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The settings file.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    /// What can fail goes first: the new listeners are bound before anything is published. `None` where nothing
    /// changed.
    async fn apply(&self, mut new: Settings) -> Result<Option<String>, String> {
        let mut listeners = self.listeners.lock().await;
        let old = self.settings.load_full();
        let changes = config::changes(&old, &new);
        if changes.is_empty() {
            return Ok(None);
        }
        let bound = listeners.bind(&new.general.listen).await.map_err(|error| error.to_string())?;
        keep_until_restart(&old, &mut new);
        let addresses = new.general.listen.clone();
        for warning in new.warnings() {
            tracing::warn!("{warning}");
        }
        if let Some(log) = &self.application_log {
            log.set_level(new.log.level);
        }
        self.settings.store(Arc::new(new));
        listeners.serve(bound);
        listeners.retain(&addresses);
        *self.in_service.lock().unwrap_or_else(PoisonError::into_inner) = listeners.actual().into();
        self.dispatcher.settings_changed();
        Ok(Some(describe(&changes)))
    }
}

/// What a running engine stands on stays as it is, so that the settings in force are true.
fn keep_until_restart(old: &Settings, new: &mut Settings) {
    new.mailroot.clone_from(&old.mailroot);
    new.log.directory.clone_from(&old.log.directory);
    new.control.socket.clone_from(&old.control.socket);
    new.delivery.advanced.dns_servers.clone_from(&old.delivery.advanced.dns_servers);
}

fn describe(changes: &[(&str, Apply)]) -> String {
    let (later, now): (Vec<_>, Vec<_>) = changes.iter().partition(|(_, apply)| *apply == Apply::Restart);
    let names = |changes: &[&(&str, Apply)]| changes.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ");
    match (now.is_empty(), later.is_empty()) {
        (_, true) => format!("changed {}", names(&now)),
        (true, false) => format!("{} will change at the next start", names(&later)),
        (false, false) => format!("changed {}; {} will change at the next start", names(&now), names(&later)),
    }
}

/// Reloads whenever the settings file changes on disk, until aborted.
pub(super) async fn follow_file(shared: Arc<Shared>) {
    let Some(file) = shared.reloader.file.clone() else { return };
    let (touched, mut touches) = mpsc::channel::<()>(1);
    // Nobody saw what happened to the file between its reading and now.
    let _ = touched.try_send(());
    let watcher = match watch_folder_of(&file, touched) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!("changes of the settings file are not noticed ({error}); SIGHUP still reloads it");
            return;
        }
    };
    while touches.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(SETTLED, touches.recv()).await {}
        // Both outcomes are logged and shown where they arise.
        let _ = shared.reloader.reload().await;
    }
    drop(watcher);
}

/// The folder is watched, not the file: editors replace the file, and a watch on it would die with the old one.
fn watch_folder_of(file: &Path, touched: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let name = file.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = event.is_ok_and(|event| {
            event.need_rescan()
                || !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == name.as_deref())
        });
        if concerns {
            let _ = touched.try_send(()); // a full channel already holds the news
        }
    })?;
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

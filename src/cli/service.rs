//! The engine with its control socket: what `serve` and `run` have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime;
use tokio::task::JoinHandle;

use crate::config::{self, Loaded};
use crate::engine::{Engine, Handle, Options};
use crate::ledger::ApplicationLog;
use crate::platform::{self, ControlListener, ShutdownSignal};
use crate::remote::{self, FrontDesk};
use crate::terminal::panics;

/// Everything that is known before the engine starts.
pub(super) struct Plan {
    options: Options,
    socket: PathBuf,
    /// Where the mail is.
    pub(super) mailroot: PathBuf,
}

impl Plan {
    /// Reads the settings and begins the log, on standard error as well unless something is drawn there.
    pub(super) fn new(file: Option<&Path>, log_to_stderr: bool) -> anyhow::Result<Self> {
        platform::keep_files_private();
        let Loaded { settings, path: settings_file, .. } = config::locate(file)?;
        let log = ApplicationLog::install(&settings.log.directory, settings.log.level, log_to_stderr)?;
        panics::log_them();
        let (socket, mailroot) = (settings.control.socket.clone(), settings.mailroot.clone());
        let application_log = Some(log);
        let options = Options { settings, settings_file, resolver: None, application_log, unsafe_no_sync: false };
        Ok(Self { options, socket, mailroot })
    }

    /// The same without any sync.
    pub(super) fn unsafe_no_sync(mut self) -> Self {
        tracing::error!("nothing is synced to disk: a power cut loses mail");
        self.options.unsafe_no_sync = true;
        self
    }
}

/// A running engine that takes commands from its control socket.
pub(super) struct Service {
    engine: Engine,
    /// The door to the engine.
    pub(super) handle: Arc<Handle>,
    desk: Arc<FrontDesk>,
    remote: JoinHandle<()>,
}

impl Service {
    /// Starts both. Whoever attaches is served on `viewers`.
    pub(super) async fn start(plan: Plan, viewers: &runtime::Handle) -> anyhow::Result<Self> {
        let engine = Engine::start(plan.options).await?;
        let handle = Arc::new(engine.handle());
        // After the start: it took the lock of the mailroot, so a socket still there is a dead engine's.
        let listener = match ControlListener::bind(&plan.socket) {
            Ok(listener) => listener,
            Err(error) => {
                engine.drain().await;
                return Err(error.into());
            }
        };
        let desk = Arc::new(FrontDesk::new(Arc::clone(&handle), viewers.clone()));
        let remote = tokio::spawn(remote::serve(listener, Arc::clone(&desk)));
        Ok(Self { engine, handle, desk, remote })
    }

    /// Asks those who look to leave, finishes what is under way and stops. Asked twice it ends at once: all mail is on
    /// disk.
    pub(super) async fn stop(self, shutdown: &mut ShutdownSignal) {
        let end = async {
            self.desk.close().await;
            self.engine.drain().await;
        };
        tokio::select! {
            () = end => {}
            () = shutdown.requested() => tracing::warn!("stopped without waiting for sessions and deliveries under way"),
        }
        self.remote.abort();
    }
}

//! `serve`: the engine for a service manager.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use super::output;
use crate::config::{self, Loaded};
use crate::engine::{Actor, Engine, Handle, Options, Role};
use crate::ledger::ApplicationLog;
use crate::platform::{self, ControlListener, ReloadSignal, ShutdownSignal};
use crate::remote;

/// Runs until it is told to end. Mail in the queue stays there.
pub(super) fn serve(file: Option<&Path>, unsafe_no_sync: bool) -> anyhow::Result<()> {
    platform::keep_files_private();
    let Loaded { settings, path: settings_file, .. } = config::locate(file)?;
    let log = ApplicationLog::install(&settings.log.directory, settings.log.level, true)?;
    if unsafe_no_sync {
        tracing::error!("nothing is synced to disk: a power cut loses mail");
    }
    let socket = settings.control.socket.clone();
    let mailroot = settings.mailroot.clone();
    let options = Options { settings, settings_file, resolver: None, application_log: Some(log), unsafe_no_sync };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(options, &socket, &mailroot))
}

async fn run(options: Options, socket: &Path, mailroot: &Path) -> anyhow::Result<()> {
    // Before the start: a signal during it must not kill.
    let mut shutdown = ShutdownSignal::listen().context("cannot listen for signals")?;
    let reload = ReloadSignal::listen().context("cannot listen for signals")?;
    let engine = Engine::start(options).await?;
    let handle = Arc::new(engine.handle());
    // After the start: it took the lock of the mailroot, so a socket still there is a dead engine's.
    let listener = match ControlListener::bind(socket) {
        Ok(listener) => listener,
        Err(error) => {
            engine.drain().await;
            return Err(error.into());
        }
    };
    let viewers = tokio::spawn(remote::serve(listener, Arc::clone(&handle)));
    announce(&handle.listeners().await, mailroot);
    tokio::select! {
        () = shutdown.requested() => tracing::info!("stopping: told to by a signal"),
        () = handle.stop_requested() => tracing::info!("stopping: told to over the control socket"),
        () = reload_on_signal(&handle, reload) => {}
    }
    tokio::select! {
        () = engine.drain() => {}
        // Asked twice, it ends at once: all mail is on disk.
        () = shutdown.requested() => tracing::warn!("stopped without waiting for sessions and deliveries under way"),
    }
    viewers.abort();
    Ok(())
}

/// One line for the person, or the service manager, that waits for it.
fn announce(listeners: &[SocketAddr], mailroot: &Path) {
    let listeners: Vec<_> = listeners.iter().map(ToString::to_string).collect();
    let (version, listeners) = (env!("CARGO_PKG_VERSION"), listeners.join(", "));
    // A relay must not fail because nobody reads what it prints.
    let _ =
        output::write(&format!("mailroot {version} listens on {listeners}; the mailroot is {}\n", mailroot.display()));
}

async fn reload_on_signal(handle: &Handle, mut signal: ReloadSignal) {
    let actor = Actor { name: "signal".to_owned(), role: Role::Admin };
    loop {
        signal.requested().await;
        // What came of it is logged by the engine, and shown in `status` while the file is bad.
        let _ = handle.reload(&actor).await;
    }
}

//! `serve`: the engine for a service manager.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use tokio::runtime;

use super::output;
use super::service::{Plan, Service};
use crate::engine::{Actor, Handle, Role};
use crate::platform::{ReloadSignal, ShutdownSignal};
use crate::terminal;

/// Runs until it is told to end. Mail in the queue stays there.
pub(super) fn serve(file: Option<&Path>, unsafe_no_sync: bool) -> anyhow::Result<()> {
    let plan = Plan::new(file, true)?;
    let plan = if unsafe_no_sync { plan.unsafe_no_sync() } else { plan };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let viewers = terminal::runtime()?;
    let served = runtime.block_on(run(plan, viewers.handle()));
    // One of them may still be drawing.
    viewers.shutdown_background();
    served
}

async fn run(plan: Plan, viewers: &runtime::Handle) -> anyhow::Result<()> {
    // Before the start: a signal during it must not kill.
    let mut shutdown = ShutdownSignal::listen().context("cannot listen for signals")?;
    let reload = ReloadSignal::listen().context("cannot listen for signals")?;
    let mailroot = plan.mailroot.clone();
    let service = Service::start(plan, viewers).await?;
    announce(&service.handle.listeners().await, &service.handle.tls_listeners().await, &mailroot);
    tokio::select! {
        () = shutdown.requested() => tracing::info!("stopping: told to by a signal"),
        () = service.handle.stop_requested() => tracing::info!("stopping: told to over the control socket"),
        () = reload_on_signal(&service.handle, reload) => {}
    }
    service.stop(&mut shutdown).await;
    Ok(())
}

/// One line for the person, or the service manager, that waits for it.
fn announce(listeners: &[SocketAddr], tls: &[SocketAddr], mailroot: &Path) {
    let tls = tls.iter().map(|address| format!("{address} (TLS)"));
    let listeners: Vec<_> = listeners.iter().map(ToString::to_string).chain(tls).collect();
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

//! `attach`: the dashboard of a running engine, in this terminal.

use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncRead, AsyncWrite};

use super::remote;
use super::screen::{self, say};
use crate::platform::ShutdownSignal;
use crate::remote::{Guest, Hello, Shown};
use crate::terminal::local::{self, LocalTerminal};

/// Shows it until the viewer leaves. The engine goes on whatever becomes of this process.
pub(super) fn attach(file: Option<&Path>) -> anyhow::Result<()> {
    screen::check("`mailroot status` and `mailroot queue` show a running engine too")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let shown = runtime.block_on(look(file));
    // A thread that waits for keys may never come back.
    runtime.shutdown_background();
    shown
}

async fn look(file: Option<&Path>) -> anyhow::Result<()> {
    let mut shutdown = ShutdownSignal::listen_in_terminal().context("cannot listen for signals")?;
    // Asked before the terminal is taken: a refusal is a sentence on the normal screen.
    let mut guest = come_in(file).await?;
    let terminal = LocalTerminal::take()?;
    let mut seat = terminal.seat()?;
    loop {
        let shown = tokio::select! {
            shown = guest.show(&mut seat) => shown,
            () = shutdown.requested() => return Ok(()),
        };
        match shown.context("the dashboard could not be shown")? {
            Shown::Left => {
                terminal.give_back_as_left();
                return Ok(());
            }
            Shown::Suspended => {
                terminal.suspend()?;
                guest = come_in(file).await?;
            }
            Shown::Ended(reason) => {
                terminal.give_back_as_left();
                say(true, &reason);
                return Ok(());
            }
            Shown::Lost => {
                drop(terminal);
                bail!(
                    "the engine has gone without a word; `mailroot status` says whether it runs, its log what happened"
                );
            }
        }
    }
}

async fn come_in(file: Option<&Path>) -> anyhow::Result<Guest<impl AsyncRead + AsyncWrite + Send>> {
    let hello = Hello::from_here(local::size());
    remote::connect(file).await?.attach(&hello).await?.map_err(anyhow::Error::msg)
}

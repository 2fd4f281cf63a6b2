//! `demo`: the demonstration, and the dashboard over it.

use anyhow::{Context as _, bail};
use tokio::runtime;

use super::screen::{self, Seating, say, told_if_long};
use crate::dashboard::Mode;
use crate::demo::Demo;
use crate::platform::ShutdownSignal;
use crate::terminal;
use crate::terminal::panics;
use crate::terminal::viewer::{End, Ended};

/// Runs until the viewer leaves or a signal ends it. Nothing stays of it.
pub(super) fn demo() -> anyhow::Result<()> {
    screen::check("open one to see the demonstration")?;
    // There is no log to tell, but no word of it may fall onto the screen either.
    panics::log_them();
    let signals = runtime::Builder::new_current_thread().enable_all().build()?;
    let viewers = terminal::runtime()?;
    let shown = signals.block_on(play(viewers.handle()));
    // A terminal that takes no output may hold one of its threads for ever.
    viewers.shutdown_background();
    shown
}

async fn play(viewers: &runtime::Handle) -> anyhow::Result<()> {
    // Before the start: a signal that kills would leave the folder behind.
    let mut shutdown = ShutdownSignal::listen_in_terminal().context("cannot listen for signals")?;
    let demo = Demo::start().await?;
    let (handle, engine) = (demo.handle(), demo.runtime().clone());
    let seating = Seating { handle: &handle, mode: Mode::Demo, mailroot: None, engine, viewers, panic_key: None };
    let ended = screen::show(seating, &mut shutdown).await;
    let is_restored = ended.as_ref().is_ok_and(|ended| ended.is_restored);
    told_if_long(demo.stop(), is_restored, "ending the demonstration").await?;
    let Ended { why, .. } = ended.context("the dashboard could not be shown")?;
    if let End::Panicked(_) | End::Lost(_) | End::Stalled = why {
        bail!("{why}");
    }
    say(is_restored, "the demonstration is over, and nothing is left of it; `mailroot` runs the real thing");
    Ok(())
}

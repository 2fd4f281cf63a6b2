//! `run`: the engine, and the dashboard in this terminal.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime;

use super::screen::{self, Seating, say, told_if_long};
use super::service::{Plan, Service};
use crate::dashboard::Mode;
use crate::engine::view::Status;
use crate::engine::{Actor, Command, Handle, Outcome, Role};
use crate::platform::ShutdownSignal;
use crate::terminal;
use crate::terminal::viewer::{End, Ended};
use crate::text::printable;

/// Runs until the viewer leaves or a signal ends it. Mail in the queue stays there.
pub(super) fn run(file: Option<&Path>, panic_key: Option<char>) -> anyhow::Result<()> {
    screen::check("`mailroot serve` runs the relay without it")?;
    let plan = Plan::new(file, false)?;
    let engine = runtime::Builder::new_multi_thread().enable_all().build()?;
    let viewers = terminal::runtime()?;
    let ran = engine.block_on(live(plan, viewers.handle(), panic_key));
    // A terminal that takes no output may hold one of its threads for ever.
    viewers.shutdown_background();
    ran
}

async fn live(plan: Plan, viewers: &runtime::Handle, panic_key: Option<char>) -> anyhow::Result<()> {
    // Before the start: a signal during it must not kill.
    let mut shutdown = ShutdownSignal::listen_in_terminal().context("cannot listen for signals")?;
    let mailroot = plan.mailroot.clone();
    let queue = mailroot.join("Queue");
    let service = told_if_long(Service::start(plan, viewers), true, "reading the queue back").await?;
    let ended = {
        let (handle, engine) = (&*service.handle, runtime::Handle::current());
        screen::show(
            Seating { handle, mode: Mode::Run, mailroot: Some(&mailroot), engine, viewers, panic_key },
            &mut shutdown,
        )
        .await
    };
    if let Ok(Ended { why: why @ (End::Panicked(_) | End::Lost(_) | End::Stalled), is_restored }) = &ended {
        tracing::warn!("{why}; the relay goes on without a dashboard");
        say(*is_restored, &format!("{why}; the relay goes on, and Ctrl-C stops it"));
        tokio::select! {
            () = shutdown.requested() => {}
            () = service.handle.stop_requested() => {}
        }
    }
    let handle = Arc::clone(&service.handle);
    let is_restored = ended.as_ref().is_ok_and(|ended| ended.is_restored);
    told_if_long(service.stop(&mut shutdown), is_restored, "finishing what is under way; Ctrl-C ends it at once").await;
    let waiting = waiting(&handle).await;
    let ended = ended.context("the dashboard could not be shown")?;
    say(ended.is_restored, &farewell(waiting, &queue));
    Ok(())
}

/// How many messages are in the queue.
async fn waiting(handle: &Handle) -> Option<usize> {
    let actor = Actor { name: "run".to_owned(), role: Role::Observer };
    let Outcome::View { view } = handle.execute(&actor, Command::Status).await else { return None };
    serde_json::from_value::<Status>(view).ok().map(|status| status.queue.total)
}

fn farewell(waiting: Option<usize>, queue: &Path) -> String {
    let queue = queue.to_string_lossy();
    let queue = printable(queue.as_bytes());
    match waiting {
        Some(0) => "the relay has stopped; no message waits".to_owned(),
        Some(1) => format!("the relay has stopped; 1 message waits, safe on disk in {queue}, until it runs again"),
        Some(count) => {
            format!("the relay has stopped; {count} messages wait, safe on disk in {queue}, until it runs again")
        }
        None => format!("the relay has stopped; what waits is safe on disk in {queue}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farewell_says_how_much_waits_and_where() {
        let farewell = |waiting| farewell(waiting, Path::new("/var/mailroot/Queue"));
        assert_eq!(farewell(Some(0)), "the relay has stopped; no message waits");
        assert!(farewell(Some(1)).contains("1 message waits, safe on disk in /var/mailroot/Queue"));
        assert!(farewell(Some(12)).contains("12 messages wait, safe on disk in "));
    }
}

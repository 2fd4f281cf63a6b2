//! `run`: the engine, and the dashboard in this terminal.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ratatui::Frame;
use tokio::runtime;
use tokio::sync::oneshot;

use super::output;
use super::service::{Plan, Service};
use crate::dashboard::{Effect, Input, Key, Mode, Model, Msg, Preferences, Viewer};
use crate::engine::view::Status;
use crate::engine::{Actor, Command, Handle, Outcome, Role};
use crate::platform::ShutdownSignal;
use crate::terminal::errands::Errands;
use crate::terminal::local::LocalTerminal;
use crate::terminal::viewer::{self, End, Ended, Program};
use crate::text::printable;
use crate::{platform, terminal};

/// After so long a person wants to know what they wait for.
const LONG: Duration = Duration::from_secs(1);

/// Runs until the viewer leaves or a signal ends it. Mail in the queue stays there.
pub(super) fn run(file: Option<&Path>, panic_key: Option<char>) -> anyhow::Result<()> {
    if !LocalTerminal::is_there() {
        bail!("the dashboard needs a terminal, and here is none; `mailroot serve` runs the relay without it");
    }
    if LocalTerminal::capabilities().is_dumb {
        bail!("a terminal of the kind `dumb` cannot show the dashboard; `mailroot serve` runs the relay without it");
    }
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
    let queue = plan.mailroot.join("Queue");
    let service = told_if_long(Service::start(plan), true, "reading the queue back").await?;
    let ended = show(&service.handle, viewers, panic_key, &mut shutdown).await;
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

/// Shows the dashboard until its end. A signal, or a command to stop, ends it first and the engine afterwards.
async fn show(
    handle: &Arc<Handle>,
    viewers: &runtime::Handle,
    panic_key: Option<char>,
    shutdown: &mut ShutdownSignal,
) -> io::Result<Ended> {
    let (tell, told) = oneshot::channel::<()>();
    let mut dashboard = viewers.spawn(dashboard(Handle::clone(handle), runtime::Handle::current(), panic_key, told));
    let ended = tokio::select! {
        ended = &mut dashboard => ended,
        () = shutdown.requested() => {
            drop(tell);
            dashboard.await
        }
        () = handle.stop_requested() => {
            drop(tell);
            dashboard.await
        }
    };
    // The terminal was given back while the task unwound.
    let failed = || Ended { why: End::Panicked("the application log says where".to_owned()), is_restored: true };
    ended.unwrap_or_else(|_| Ok(failed()))
}

async fn dashboard(
    handle: Handle,
    engine: runtime::Handle,
    panic_key: Option<char>,
    told: oneshot::Receiver<()>,
) -> io::Result<Ended> {
    let actor = Actor { name: platform::user_name(), role: Role::Admin };
    let capabilities = LocalTerminal::capabilities();
    let terminal = LocalTerminal::take()?;
    let seat = terminal.seat()?;
    let viewing = handle.watch();
    let size = viewer::drawn_size(&seat);
    let viewer =
        Viewer { actor: actor.clone(), mode: Mode::Run, colors: capabilities.colors, ascii: capabilities.ascii };
    let (model, first) = Model::new(viewer, viewing.latest(), size, &Preferences::default());
    let errands = Errands::new(handle, actor, engine, viewing, std::env::current_dir().ok());
    let mut program = Breakable { model, panic_key };
    let stop = async {
        let _ = told.await; // dropped when it is time
    };
    let ended = viewer::run(&mut program, first, errands, seat, stop).await;
    terminal.give_back(&ended);
    Ok(ended)
}

/// A dashboard that fails at a key, to show that only the dashboard does.
struct Breakable {
    model: Model,
    panic_key: Option<char>,
}

impl Program for Breakable {
    fn update(&mut self, message: Msg) -> Vec<Effect> {
        if let (Msg::Input(Input::Key(key)), Some(panic_key)) = (&message, self.panic_key) {
            assert!(*key != Key::char(panic_key), "the key {panic_key} was pressed");
        }
        self.model.update(message)
    }

    fn view(&self, frame: &mut Frame<'_>) {
        self.model.view(frame);
    }
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

/// Does something, and says what it is if that takes a while.
async fn told_if_long<T>(work: impl Future<Output = T>, is_restored: bool, sentence: &str) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(LONG) => say(is_restored, sentence),
    }
    work.await
}

/// Says a sentence where the dashboard is not, unless the terminal takes no output.
fn say(is_restored: bool, sentence: &str) {
    if is_restored {
        // The terminal may be gone, and the relay must not fail for that.
        let _ = output::write(&format!("mailroot: {sentence}\n"));
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

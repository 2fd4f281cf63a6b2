//! The dashboard in this terminal: what `run` and `demo` have in common.

use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use ratatui::Frame;
use tokio::runtime;
use tokio::sync::oneshot;

use super::output;
use crate::dashboard::{Effect, Input, Key, Mode, Model, Msg, Viewer};
use crate::engine::{Actor, Handle, Role};
use crate::platform;
use crate::platform::ShutdownSignal;
use crate::terminal::errands::Errands;
use crate::terminal::local::LocalTerminal;
use crate::terminal::preferences::PreferencesFile;
use crate::terminal::viewer::{self, End, Ended, Program};

/// After so long a person wants to know what they wait for.
const LONG: Duration = Duration::from_secs(1);

/// Where the dashboard is shown, and over what.
pub(super) struct Seating<'a> {
    /// The engine.
    pub(super) handle: &'a Handle,
    /// What leaving means.
    pub(super) mode: Mode,
    /// Where the person finds again what it looked like; nowhere if nothing is to stay.
    pub(super) mailroot: Option<&'a Path>,
    /// On which runtime the engine's commands run: a listener that one of them binds must outlive the viewer.
    pub(super) engine: runtime::Handle,
    /// On which one the viewer runs.
    pub(super) viewers: &'a runtime::Handle,
    /// A key at which the dashboard fails, for tests.
    pub(super) panic_key: Option<char>,
}

/// Refuses where there is no terminal that could show a dashboard.
pub(super) fn check(instead: &str) -> anyhow::Result<()> {
    if !LocalTerminal::is_there() {
        bail!("the dashboard needs a terminal, and here is none; {instead}");
    }
    if LocalTerminal::capabilities().is_dumb {
        bail!("a terminal of the kind `dumb` cannot show the dashboard; {instead}");
    }
    Ok(())
}

/// Shows the dashboard until its end. A signal, or a command to stop, ends it first and the engine afterwards.
pub(super) async fn show(seating: Seating<'_>, shutdown: &mut ShutdownSignal) -> io::Result<Ended> {
    let (tell, told) = oneshot::channel::<()>();
    let mut dashboard = seating.viewers.spawn(dashboard(
        Handle::clone(seating.handle),
        seating.mode,
        seating.mailroot.map(|mailroot| PreferencesFile::new(mailroot, &platform::user_name())),
        seating.engine.clone(),
        seating.panic_key,
        told,
    ));
    let ended = tokio::select! {
        ended = &mut dashboard => ended,
        () = shutdown.requested() => {
            drop(tell);
            dashboard.await
        }
        () = seating.handle.stop_requested() => {
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
    mode: Mode,
    file: Option<PreferencesFile>,
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
    let viewer = Viewer { actor: actor.clone(), mode, colors: capabilities.colors, ascii: capabilities.ascii };
    let preferences = file.as_ref().map(PreferencesFile::read).unwrap_or_default();
    let (model, first) = Model::new(viewer, viewing.latest(), size, &preferences);
    let errands = Errands::new(handle, actor, engine, viewing, std::env::current_dir().ok());
    let mut program = Breakable { model, panic_key };
    let stop = async {
        let _ = told.await; // dropped when it is time
    };
    let ended = viewer::run(&mut program, first, errands, seat, stop).await;
    terminal.give_back(&ended);
    let left = program.model.preferences();
    if let Some(file) = file.filter(|_| left != preferences) {
        file.write(&left);
    }
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

/// Does something, and says what it is if that takes a while.
pub(super) async fn told_if_long<T>(work: impl Future<Output = T>, is_restored: bool, sentence: &str) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(LONG) => say(is_restored, sentence),
    }
    work.await
}

/// Says a sentence where the dashboard is not, unless the terminal takes no output.
pub(super) fn say(is_restored: bool, sentence: &str) {
    if is_restored {
        // The terminal may be gone, and the relay must not fail for that.
        let _ = output::write(&format!("mailroot: {sentence}\n"));
    }
}

//! The demonstration: a whole relay with everything moving, nothing configured and no network.
//!
//! A [`Demo`] is an engine on loopback with a mailroot in a temporary folder, clients that send to it and smart hosts
//! that take from it, and now and then do not. Names are looked up in a table; every address is one of RFC 2606, so
//! that nothing could leave even if it tried. What it does follows from fixed seeds, so that two runs look alike.
//!
//! It knows no screen: viewers use the [`Handle`], as they do with any engine.

mod clients;
mod folder;
mod hosts;
mod letter;
mod machine;
mod opening;
mod people;
mod settings;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use self::clients::Client;
use self::folder::Folder;
use self::machine::Machine;
use crate::clock::Clock;
use crate::config::{LoadError, Problem};
use crate::dns::ZoneError;
use crate::engine::{Engine, Handle, Options, StartError};
use crate::text::shown_path;

/// How long the engine may take to end what is under way, once clients and hosts have gone.
const DRAIN: Duration = Duration::from_secs(3);

/// A running demonstration. Dropping it ends it and removes its folder, also while a panic unwinds; a process that a
/// signal kills drops nothing, so whoever starts one listens for signals first.
pub struct Demo {
    handle: Handle,
    settings_file: PathBuf,
    engine: Engine,
    cast: JoinSet<()>,
    machine: Machine,
    folder: Folder,
}

/// Why there is no demonstration, or why something is left of it.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its folder could not be made.
    #[error("cannot make a folder for the demonstration in {}: {error}; TMPDIR names another place", shown_path(place))]
    Folder {
        /// Where.
        place: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Its folder is still there.
    #[error("the folder of the demonstration is left and can be removed by hand: {}: {error}", shown_path(folder))]
    Left {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Threads, or sockets on loopback for the smart hosts.
    #[error("cannot set up the demonstration: {0}")]
    System(#[from] io::Error),
    /// Its settings do not stand up to the checks.
    #[error("the settings of the demonstration are wrong: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings(Vec<Problem>),
    /// Its settings file could not be read back.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Its table of names is wrong.
    #[error(transparent)]
    Names(#[from] ZoneError),
    /// The engine did not start.
    #[error(transparent)]
    Engine(#[from] StartError),
    /// A task of it panicked.
    #[error("the demonstration broke: {0}")]
    Broken(#[from] JoinError),
}

impl Demo {
    /// Starts everything: when this returns, mail is held, deferred and under way already, or will be in a moment.
    ///
    /// The demonstration runs on threads of its own, which end with it; it may be started and dropped anywhere.
    pub async fn start() -> Result<Self, DemoError> {
        let folder = Folder::make()?;
        let machine = Machine::start()?;
        let settings_file = folder.path().join("config").join("mailroot.toml");
        let sites = machine.run(hosts::open()).await??;
        settings::write(&settings_file, &sites)?;
        let options = Options {
            settings: crate::config::load(&settings_file)?,
            settings_file: Some(settings_file.clone()),
            resolver: Some(Arc::new(settings::names(&sites).parse::<crate::dns::Zone>()?)),
            application_log: None,
            unsafe_no_sync: false,
        };
        let engine = machine.run(Engine::start(options)).await??;
        let handle = engine.handle();
        let mut cast = JoinSet::new();
        for (seed, site) in (0..).zip(sites) {
            cast.spawn_on(site.serve(seed), machine.handle());
        }
        let clock = Arc::new(Clock::system());
        let client = |name, address| Client::new(handle.clone(), Arc::clone(&clock), name, address);
        machine.run(opening::set(client(opening::NAME, opening::ADDRESS))).await?;
        clients::spawn_all(client, &mut cast, machine.handle());
        Ok(Self { handle, settings_file, engine, cast, machine, folder })
    }

    /// The door for viewers and commands. One kept longer than the demonstration answers with what was last.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The threads it runs on. Commands belong there: what one of them starts, such as a new listener, then ends with
    /// the demonstration and not with the viewer that gave it.
    pub fn runtime(&self) -> &runtime::Handle {
        self.machine.handle()
    }

    /// The folder that holds everything, private to this account.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The settings file, for the settings form and for `--config` of other commands.
    pub fn settings_file(&self) -> &Path {
        &self.settings_file
    }

    /// Ends it within a few seconds: clients and hosts leave, wherever they are, and with them every stall; the engine
    /// ends what is under way; the folder is removed.
    pub async fn stop(self) -> Result<(), DemoError> {
        let Self { handle, settings_file: _, engine, mut cast, machine, folder } = self;
        cast.shutdown().await;
        // What is not done by then is dropped with the machine: there is no mail to lose here.
        let drained = machine.run(timeout(DRAIN, engine.drain())).await;
        drop(handle);
        machine.stop().await;
        folder.remove()?;
        drained.map(drop).map_err(DemoError::from)
    }
}

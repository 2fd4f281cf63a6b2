//! The relay, running: listeners, queue, delivery and upkeep behind one handle.

mod command;
pub mod view;

pub use command::{Actor, BadmailAct, Command, Outcome, QueueAct, Role, Target};

// ---- STUB: the lead's. ----

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::broadcast;

use crate::config::Settings;
use crate::dns::Resolver;
use crate::ledger::Record;

pub struct Options {
    pub settings: Settings,
    pub settings_file: Option<PathBuf>,
    pub resolver: Option<Arc<dyn Resolver>>,
    pub unsafe_no_sync: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct StartError;

pub struct Engine {}

impl Engine {
    pub async fn start(options: Options) -> Result<Self, StartError> {
        todo!()
    }
    pub fn handle(&self) -> Handle {
        todo!()
    }
    pub async fn drain(self) {
        todo!()
    }
}

#[derive(Clone)]
pub struct Handle {}

impl Handle {
    pub async fn execute(&self, actor: &Actor, command: Command) -> Outcome {
        todo!()
    }
    pub async fn listeners(&self) -> Vec<std::net::SocketAddr> {
        todo!()
    }
    pub fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        todo!()
    }
    /// Resolves when `Command::Stop` was given.
    pub async fn stop_requested(&self) {
        todo!()
    }
    pub async fn reload(&self, actor: &Actor) -> Outcome {
        todo!()
    }
}

//! The engine from outside: the control socket with both its ends, and views as text.
//!
//! One line of JSON is one [`Command`](crate::engine::Command), one line of JSON comes back; `log` with `follow`
//! is answered by a line for each record until the client hangs up. This module knows no drawing, and decides
//! nothing: rights are checked in the engine.

mod client;
mod line;
mod server;
mod table;
pub mod views;

use std::future::Future;
use std::sync::Arc;

use tokio::sync::broadcast;

pub use client::{Client, ClientError, Followed};
pub use server::serve;

use crate::engine::{Actor, Command, Handle, Outcome};
use crate::ledger::Record;

/// What carries out commands: the engine, or in tests something that answers as one.
pub trait Executor: Send + Sync + 'static {
    /// Carries out a command on behalf of somebody.
    fn execute(&self, actor: &Actor, command: Command) -> impl Future<Output = Outcome> + Send;

    /// Every record of the delivery log from now on.
    fn follow(&self) -> broadcast::Receiver<Arc<Record>>;
}

impl Executor for Handle {
    async fn execute(&self, actor: &Actor, command: Command) -> Outcome {
        Self::execute(self, actor, command).await
    }

    fn follow(&self) -> broadcast::Receiver<Arc<Record>> {
        Self::follow(self)
    }
}

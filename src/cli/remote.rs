//! Asking a running engine.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde::de::DeserializeOwned;

use super::output;
use crate::config::{self, Settings};
use crate::engine::{Command, Outcome};
use crate::remote::Client;

/// The answer does not fit the question.
const MISUNDERSTOOD: &str = "the engine's answer was not understood: is it another version?";

/// Has an act done and says what came of it.
pub(super) fn act(file: Option<&Path>, command: &Command) -> anyhow::Result<()> {
    block_on(async {
        match connect(file).await?.execute(command).await? {
            Outcome::Done { message, .. } => Ok(output::write(&format!("{message}\n"))?),
            Outcome::Refused { reason } => bail!(reason),
            Outcome::View { .. } | Outcome::Conflict { .. } => bail!("{MISUNDERSTOOD}"),
        }
    })
}

/// Asks for a view.
pub(super) async fn view<V: DeserializeOwned>(client: &mut Client, command: &Command) -> anyhow::Result<V> {
    match client.execute(command).await? {
        Outcome::View { view } => serde_json::from_value(view).context(MISUNDERSTOOD),
        Outcome::Refused { reason } => bail!(reason),
        Outcome::Done { .. } | Outcome::Conflict { .. } => bail!("{MISUNDERSTOOD}"),
    }
}

/// Connects to the engine of these settings. While their file is broken the engine runs on with those it had, and
/// above all then it is asked how it is: so the usual socket is tried, and the file's problems are told besides.
pub(super) async fn connect(file: Option<&Path>) -> anyhow::Result<Client> {
    let error = match config::locate(file) {
        Ok(loaded) => return Ok(Client::connect(&loaded.settings.control.socket).await?),
        Err(error) => error,
    };
    let Ok(base) = config::base_of(error.path()) else { return Err(error.into()) };
    match Client::connect(&Settings::defaults(&base).control.socket).await {
        Ok(client) => {
            output::complain(&error.to_string());
            Ok(client)
        }
        Err(_) => Err(error.into()),
    }
}

/// Runs what a command does on a small runtime of its own.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

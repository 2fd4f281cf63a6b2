//! The users who may log in: followed on disk, and changed for those who may.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::MissedTickBehavior;

use super::handle::Shared;
use super::problems::{Problems, Source};
use crate::accounts::Accounts;
use crate::config::Settings;

/// How often the file is looked at: its time and size, nothing more while they stay.
const LOOK: Duration = Duration::from_millis(500);

/// Looks at the users file again and again, until aborted.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        refresh(&shared.accounts, &shared.settings, &shared.problems).await;
    }
}

/// Reads the users file if it changed. One that is wrong changes nothing, and is told as long as it is.
pub(super) async fn refresh(accounts: &Accounts, settings: &ArcSwap<Settings>, problems: &Problems) {
    let (reader, path) = (accounts.clone(), settings.load().access.users.clone());
    let Ok(refreshed) = tokio::task::spawn_blocking(move || reader.refresh(&path)).await else { return };
    match refreshed {
        Ok(false) => {}
        Ok(true) => {
            problems.clear(Source::Users);
            match accounts.users().iter().count() {
                0 => tracing::debug!("no user may log in"),
                count => tracing::info!("users who may log in: {count}"),
            }
        }
        Err(error) => problems.raise(Source::Users, format!("the users stay as they were: {error}")),
    }
}

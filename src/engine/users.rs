//! The users who may log in: followed on disk, and changed for those who may.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::MissedTickBehavior;
use zeroize::Zeroizing;

use super::command::{Actor, Outcome};
use super::handle::Shared;
use super::look::view;
use super::problems::{Problems, Source};
use super::view::{SCHEMA, UserList, UserRow};
use crate::accounts::{self, Accounts, EditError, NewUser, Sender, UserChange};
use crate::config::{Confidential, Settings};
use crate::text::{quoted, shown_path};

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

/// The users, without their hashes.
pub(super) fn list(shared: &Shared) -> Outcome {
    let path = shared.settings.load().access.users.clone();
    let users = shared.accounts.users().iter().map(UserRow::from).collect();
    view(&UserList { schema: SCHEMA, path: shown_path(&path), users })
}

/// A user as somebody wants to have it.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) password: Option<Confidential>,
    pub(super) ntlm: Option<bool>,
    pub(super) senders: Option<Vec<String>>,
    /// 0 is no limit.
    pub(super) max_messages_per_hour: Option<u32>,
}

/// Adds a user.
pub(super) async fn add(shared: &Shared, actor: &Actor, wanted: Wanted) -> Outcome {
    let senders = match senders(wanted.senders.unwrap_or_default()) {
        Ok(senders) => senders,
        Err(reason) => return Outcome::refused(reason),
    };
    let new = NewUser {
        name: wanted.name,
        password: secret(wanted.password).unwrap_or_default(),
        ntlm: wanted.ntlm.unwrap_or(false),
        senders,
        max_messages_per_hour: wanted.max_messages_per_hour.filter(|&limit| limit > 0),
    };
    let deed = format!("user {} added{}", quoted(&new.name), if new.ntlm { ", also for NTLM" } else { "" });
    edit(shared, actor, deed, move |path| accounts::add(&path, &new)).await
}

/// Changes a user.
pub(super) async fn change(shared: &Shared, actor: &Actor, wanted: Wanted) -> Outcome {
    let senders = match wanted.senders.map(senders).transpose() {
        Ok(senders) => senders,
        Err(reason) => return Outcome::refused(reason),
    };
    let change = UserChange {
        password: secret(wanted.password),
        ntlm: wanted.ntlm,
        senders,
        max_messages_per_hour: wanted.max_messages_per_hour.map(|limit| (limit > 0).then_some(limit)),
    };
    let parts = [
        change.password.as_ref().map(|_| "the password"),
        change.ntlm.map(|allowed| if allowed { "NTLM allowed" } else { "NTLM forbidden" }),
        change.senders.as_ref().map(|_| "the senders"),
        change.max_messages_per_hour.map(|_| "the limit"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    let deed = format!("user {} changed: {}", quoted(&wanted.name), parts.join(", "));
    let name = wanted.name;
    edit(shared, actor, deed, move |path| accounts::change(&path, &name, &change)).await
}

/// Removes a user.
pub(super) async fn remove(shared: &Shared, actor: &Actor, name: String) -> Outcome {
    let deed = format!("user {} removed", quoted(&name));
    edit(shared, actor, deed, move |path| accounts::remove(&path, &name)).await
}

/// Changes the file, puts the change into force, and writes down who did it.
async fn edit(
    shared: &Shared,
    actor: &Actor,
    deed: String,
    act: impl FnOnce(PathBuf) -> Result<(), EditError> + Send + 'static,
) -> Outcome {
    let path = shared.settings.load().access.users.clone();
    let accounts = shared.accounts.clone();
    let edited = tokio::task::spawn_blocking(move || accounts.edit(|| act(path))).await;
    if let Err(reason) = edited.map_err(|error| error.to_string()).and_then(|edited| edited.map_err(said)) {
        return Outcome::refused(reason);
    }
    refresh(&shared.accounts, &shared.settings, &shared.problems).await;
    tracing::info!("{}: {deed}", quoted(&actor.name));
    shared.record_deed(actor, &deed);
    Outcome::done(1, deed)
}

fn senders(texts: Vec<String>) -> Result<Vec<Sender>, String> {
    let read = |text: String| text.parse().map_err(|error| format!("{}: {error}", quoted(&text)));
    texts.into_iter().map(read).collect()
}

fn secret(text: Option<Confidential>) -> Option<Zeroizing<String>> {
    text.map(|text| Zeroizing::new(text.into_inner()))
}

fn said(error: impl Display) -> String {
    error.to_string()
}

//! The settings file, as viewers edit it and as hands change it on disk.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use super::command::{Actor, Outcome};
use super::handle::Shared;
use super::look::view;
use super::reload::{NotReplaced, describe};
use super::view::{SCHEMA, SettingsText};
use crate::config;
use crate::text;
use crate::text::shown_path;

/// Editors write a file in several steps; this long after the last one it is read.
const SETTLED: Duration = Duration::from_millis(300);

/// The file as it is, and where.
pub(super) fn show(shared: &Shared) -> Outcome {
    let place = shared.reloader.place();
    let text = match config::current(&place) {
        Ok(text) => shared.reloader.stand_ins().put(&text).into(),
        Err(error) => return Outcome::refused(error.to_string()),
    };
    match config::base_of(&place) {
        Ok(base) => view(&SettingsText { schema: SCHEMA, path: shown_path(&place), base: shown_path(&base), text }),
        Err(error) => Outcome::refused(format!("{}: {error}", shown_path(&place))),
    }
}

/// Replaces the file and puts it into force, and writes down who did it.
pub(super) async fn apply(shared: &Shared, actor: &Actor, text: &str, base: &str) -> Outcome {
    let is_first = shared.reloader.file().is_none();
    let warned = shared.settings.load().warnings();
    let changes = match shared.reloader.replace(base, text).await {
        Ok(changes) => changes,
        Err(NotReplaced::Conflict(text)) => return Outcome::Conflict { text: text.into() },
        Err(NotReplaced::Refused(reason)) => return Outcome::refused(reason),
    };
    let mut parts = vec![format!("settings: {}", describe(&changes))];
    tracing::info!("{} wrote the settings file", text::quoted(&actor.name));
    shared.record_deed(actor, &parts[0]);
    if is_first {
        parts.push(format!("they are in {} from now on", shown_path(&shared.reloader.place())));
    }
    let warnings = shared.settings.load().warnings();
    parts.extend(
        warnings.iter().filter(|warning| !warned.contains(warning)).map(|warning| format!("warning: {warning}")),
    );
    Outcome::done(changes.len(), parts.join("; "))
}

/// Reloads whenever the settings file changes on disk, until aborted.
pub(super) async fn follow(shared: Arc<Shared>) {
    let Some(file) = shared.reloader.file_is_there().await else { return };
    let (touched, mut touches) = mpsc::channel::<()>(1);
    // Nobody saw what happened to the file between its reading and now.
    let _ = touched.try_send(());
    let watcher = match watch_folder_of(&file, touched) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!("changes of the settings file are not noticed ({error}); SIGHUP still reloads it");
            return;
        }
    };
    while touches.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(SETTLED, touches.recv()).await {}
        if !shared.reloader.is_in_force(&file).await {
            // Both outcomes are logged and shown where they arise.
            let _ = shared.reloader.reload().await;
        }
    }
    drop(watcher);
}

/// The folder is watched, not the file: editors replace the file, and a watch on it would die with the old one.
fn watch_folder_of(file: &Path, touched: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let name = file.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = event.is_ok_and(|event| {
            event.need_rescan()
                || !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == name.as_deref())
        });
        if concerns {
            let _ = touched.try_send(()); // a full channel already holds the news
        }
    })?;
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

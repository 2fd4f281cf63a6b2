//! Settings that apply while the engine runs: all of a file, or nothing of it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::{Mutex, watch};

use super::certificate::{Certificate, Prepared};
use super::listeners::{Bound, Door, InService, Listeners};
use super::problems::{Problems, Source};
use super::stand_ins::StandIns;
use crate::config::{self, Apply, LoadError, SaveError, SecretFiles, Settings};
use crate::delivery::Dispatcher;
use crate::ledger::ApplicationLog;
use crate::text::shown_path;

/// Puts into force what the settings file says, and writes it.
pub(super) struct Reloader {
    /// The settings file; `None` until there is one.
    file: watch::Sender<Option<Arc<PathBuf>>>,
    /// The text that was last put into force.
    text: std::sync::Mutex<Option<String>>,
    application_log: Option<ApplicationLog>,
    settings: Arc<ArcSwap<Settings>>,
    /// Held from the reading of a text to its being in force, so that two of them cannot mix.
    listeners: Mutex<Listeners>,
    /// The addresses in service, for those who must not wait for a reload.
    in_service: std::sync::Mutex<InService>,
    certificate: Arc<Certificate>,
    dispatcher: Dispatcher,
    problems: Arc<Problems>,
    stand_ins: StandIns,
}

/// Settings of which nothing can fail any more.
struct Ready {
    settings: Settings,
    changes: Vec<(&'static str, Apply)>,
    bound: Bound,
    certificate: Option<Prepared>,
}

/// Why a text was not put into the place of the settings file.
pub(super) enum NotReplaced {
    /// The file holds another text than the new one was made from: this one, with stand-ins.
    Conflict(String),
    /// The text, or a step on the way, failed.
    Refused(String),
}

impl Reloader {
    pub(super) fn new(
        file: Option<PathBuf>,
        application_log: Option<ApplicationLog>,
        settings: Arc<ArcSwap<Settings>>,
        listeners: Listeners,
        dispatcher: Dispatcher,
        problems: Arc<Problems>,
        certificate: Arc<Certificate>,
    ) -> Self {
        let file = watch::Sender::new(file.map(Arc::new));
        let text = std::sync::Mutex::default();
        let in_service = std::sync::Mutex::new(listeners.in_service());
        Self {
            file,
            text,
            application_log,
            settings,
            listeners: Mutex::new(listeners),
            in_service,
            dispatcher,
            problems,
            certificate,
            stand_ins: StandIns::default(),
        }
    }

    /// What stands for the secrets of the file where its text is shown.
    pub(super) fn stand_ins(&self) -> &StandIns {
        &self.stand_ins
    }

    /// The settings file; `None` while the defaults serve.
    pub(super) fn file(&self) -> Option<Arc<PathBuf>> {
        self.file.borrow().clone()
    }

    /// Resolves to the settings file as soon as there is one.
    pub(super) async fn file_is_there(&self) -> Option<Arc<PathBuf>> {
        let mut file = self.file.subscribe();
        file.wait_for(Option::is_some).await.ok().and_then(|file| file.clone())
    }

    /// Where the settings file is, or would be made.
    pub(super) fn place(&self) -> PathBuf {
        let place = config::place(self.file().as_deref().map(PathBuf::as_path));
        std::path::absolute(&place).unwrap_or(place)
    }

    /// Applies the file. `Ok` says in a sentence what changed; `Err` why nothing did.
    pub(super) async fn reload(&self) -> Result<String, String> {
        let Some(file) = self.file() else {
            return Err("the engine runs without a settings file; start it with --config to have one".to_owned());
        };
        let mut listeners = self.listeners.lock().await;
        let outcome = match read(&file) {
            Ok((text, settings)) => match self.prepare(&mut listeners, settings).await {
                Ok(ready) => Ok(self.publish(&mut listeners, ready, text)),
                Err(reason) => Err(reason),
            },
            Err(error) => Err(error.to_string()),
        };
        outcome.map(|changes| describe(&changes)).inspect_err(|reason| {
            self.forget();
            self.problems.raise(Source::Settings, format!("the settings stay as they were: {reason}"));
        })
    }

    /// Whether the file holds the text in force, as it does behind our own write.
    pub(super) async fn is_in_force(&self, file: &Path) -> bool {
        // A change under way shows in both or in neither.
        let _listeners = self.listeners.lock().await;
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.is_some() && config::read(file).ok() == *text
    }

    /// Puts a text into the place of the settings file and into force, if the file still holds `base`. What can fail
    /// goes first: any failure leaves file and relay as they were. Gives what changed.
    pub(super) async fn replace(&self, base: &str, text: &str) -> Result<Vec<(&'static str, Apply)>, NotReplaced> {
        let mut listeners = self.listeners.lock().await;
        let place = self.place();
        let current = config::current(&place).map_err(refused)?;
        let shown = self.stand_ins.put(&current);
        if shown != base {
            return Err(NotReplaced::Conflict(shown));
        }
        let text = self.stand_ins.take_back(text).map_err(NotReplaced::Refused)?;
        // A new secret is checked before it is out of sight.
        config::load_text(&place, &text).map_err(refused)?;
        let files = SecretFiles::of(&place, &text, |secret| self.stand_ins.knows(secret)).map_err(refused)?;
        let settings = config::load_text(&place, files.text()).map_err(refused)?;
        let ready = self.prepare(&mut listeners, settings).await.map_err(NotReplaced::Refused)?;
        let text = files.text().to_owned();
        if let Err(error) = self.save(&place, &current, files).await {
            listeners.give_back(ready.bound).await;
            self.note(&listeners);
            return Err(error);
        }
        let changes = self.publish(&mut listeners, ready, text);
        if self.file.borrow().is_none() {
            self.file.send_replace(Some(Arc::new(place)));
        }
        Ok(changes)
    }

    /// Writes the file and those of its secrets; syncing may take its time.
    async fn save(&self, place: &Path, before: &str, files: SecretFiles) -> Result<(), NotReplaced> {
        let (path, before) = (place.to_owned(), before.to_owned());
        let saved = tokio::task::spawn_blocking(move || files.save(&path, &before));
        match saved.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(SaveError::Changed(_))) => {
                Err(NotReplaced::Conflict(self.stand_ins.put(&config::current(place).map_err(refused)?)))
            }
            Ok(Err(error)) => Err(refused(error)),
            Err(error) => Err(refused(error)),
        }
    }

    /// The addresses in service.
    pub(super) async fn addresses(&self) -> InService {
        self.listeners.lock().await.in_service()
    }

    /// Of the addresses in service the one that the settings name first.
    pub(super) async fn first_address(&self) -> Option<SocketAddr> {
        self.listeners.lock().await.first(&self.settings.load().general)
    }

    /// The same as it was before a reload that is under way.
    pub(super) fn in_service(&self) -> InService {
        self.in_service.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does all that can fail: the new listeners are bound before anything is published.
    async fn prepare(&self, listeners: &mut Listeners, settings: Settings) -> Result<Ready, String> {
        let old = self.settings.load_full();
        let changes = config::changes(&old, &settings);
        for (key, folder) in folders_of_next_start(&old, &settings) {
            let made = std::fs::create_dir_all(folder);
            made.map_err(|error| format!("{key}: cannot make {}: {error}", shown_path(folder)))?;
        }
        let certificate = self.certificate.prepare(&settings)?;
        let bound = listeners.bind(&Door::all(&settings.general)).await.map_err(|error| error.to_string())?;
        Ok(Ready { settings, changes, bound, certificate })
    }

    /// Puts into force what was prepared; gives what changed.
    fn publish(&self, listeners: &mut Listeners, ready: Ready, text: String) -> Vec<(&'static str, Apply)> {
        let Ready { settings: mut new, changes, bound, certificate } = ready;
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        self.problems.clear(Source::Settings);
        if changes.is_empty() {
            listeners.serve(bound);
            self.note(listeners);
            return changes;
        }
        keep_until_restart(&self.settings.load(), &mut new);
        let doors = Door::all(&new.general);
        for warning in new.warnings() {
            tracing::warn!("{warning}");
        }
        if let Some(log) = &self.application_log {
            log.set_level(new.log.level);
        }
        self.certificate.publish(certificate);
        self.settings.store(Arc::new(new));
        listeners.serve(bound);
        listeners.retain(&doors);
        self.note(listeners);
        self.dispatcher.settings_changed();
        tracing::info!("settings: {}", describe(&changes));
        changes
    }

    /// Takes note of the addresses in service.
    fn note(&self, listeners: &Listeners) {
        *self.in_service.lock().unwrap_or_else(PoisonError::into_inner) = listeners.in_service();
    }

    /// What the file holds is not in force.
    fn forget(&self) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn read(file: &Path) -> Result<(String, Settings), LoadError> {
    let text = config::read(file)?;
    let settings = config::load_text(file, &text)?;
    Ok((text, settings))
}

fn refused(error: impl std::fmt::Display) -> NotReplaced {
    NotReplaced::Refused(error.to_string())
}

/// Folders that are not used before the next start, which must not fail for want of them.
fn folders_of_next_start<'a>(old: &Settings, new: &'a Settings) -> impl Iterator<Item = (&'static str, &'a Path)> {
    let folders =
        [("mailroot", &old.mailroot, &*new.mailroot), ("log.directory", &old.log.directory, &*new.log.directory)];
    let changed = folders.map(|(key, old, new)| (old != new).then_some((key, new)));
    changed.into_iter().flatten()
}

/// What a running engine stands on stays as it is, so that the settings in force are true.
fn keep_until_restart(old: &Settings, new: &mut Settings) {
    new.mailroot.clone_from(&old.mailroot);
    new.log.directory.clone_from(&old.log.directory);
    new.control.socket.clone_from(&old.control.socket);
    new.delivery.advanced.dns_servers.clone_from(&old.delivery.advanced.dns_servers);
}

/// A sentence on what changed, and when it takes effect.
pub(super) fn describe(changes: &[(&str, Apply)]) -> String {
    let keys = |when: &[Apply]| {
        let keys: Vec<_> = changes.iter().filter(|(_, apply)| when.contains(apply)).map(|(key, _)| *key).collect();
        (!keys.is_empty()).then(|| keys.join(", "))
    };
    let parts = [
        keys(&[Apply::Now, Apply::Rebind]).map(|keys| format!("changed {keys}")),
        keys(&[Apply::NextSession]).map(|keys| format!("changed {keys} for new sessions")),
        keys(&[Apply::Restart]).map(|keys| format!("{keys} will change at the next start")),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing changed".to_owned() } else { parts.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_with_the_time_it_takes_effect() {
        let all = [
            ("mailroot", Apply::Restart),
            ("general.listen", Apply::Rebind),
            ("messages.max_message_size", Apply::NextSession),
            ("delivery.retry", Apply::Now),
        ];
        assert_eq!(
            describe(&all),
            "changed general.listen, delivery.retry; changed messages.max_message_size for new sessions; mailroot \
             will change at the next start"
        );
        assert_eq!(describe(&[]), "nothing changed");
    }
}

//! The server's certificate in service: where the settings say it is, followed on disk, and how it is doing.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::MissedTickBehavior;

use super::problems::{Problems, Source};
use super::snapshot::CertificateHealth;
use crate::clock::{Clock, Timestamp};
use crate::config::Settings;
use crate::tls::{Identity, IdentityError};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How long before its end a certificate is a problem.
const WARNING: Duration = Duration::from_hours(21 * 24);

/// The certificate in service, if the settings name one.
pub(super) struct Certificate {
    state: Mutex<State>,
    problems: Arc<Problems>,
    clock: Arc<Clock>,
}

#[derive(Default)]
struct State {
    /// The files of the settings.
    files: Option<Files>,
    /// `None` where the files were never any good.
    identity: Option<Identity>,
    /// Why the files as they are now are not in use.
    trouble: Option<String>,
    health: Option<Arc<CertificateHealth>>,
}

#[derive(Clone, PartialEq, Eq)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// By what a change of the files is noticed.
type Stamp = [Option<(SystemTime, u64)>; 2];

/// A certificate that was read, and only needs to be put into service.
pub(super) struct Prepared(Option<(Files, Identity)>);

impl Certificate {
    /// Reads what the settings name. A certificate that cannot be used is a problem and no reason not to start: there
    /// is mail that needs none, and its files are followed.
    pub(super) fn start(settings: &Settings, problems: Arc<Problems>, clock: Arc<Clock>) -> Self {
        let certificate = Self { state: Mutex::default(), problems, clock };
        let files = Files::of(settings);
        certificate.change(|state| {
            state.files.clone_from(&files);
            state.take(files.as_ref().map(Files::read));
        });
        certificate
    }

    /// By what to speak TLS now.
    pub(super) fn identity(&self) -> Option<Identity> {
        self.lock().identity.clone()
    }

    /// How it is doing; `None` if the settings name none.
    pub(super) fn health(&self) -> Option<Arc<CertificateHealth>> {
        self.lock().health.clone()
    }

    /// Reads what new settings name, if it is not what the old ones did.
    pub(super) fn prepare(&self, settings: &Settings) -> Result<Option<Prepared>, String> {
        let files = Files::of(settings);
        if self.lock().files == files {
            return Ok(None);
        }
        let Some(files) = files else { return Ok(Some(Prepared(None))) };
        let identity = files.read().map_err(|error| format!("access.certificate: {error}"))?;
        Ok(Some(Prepared(Some((files, identity)))))
    }

    /// Puts into service what was prepared.
    pub(super) fn publish(&self, prepared: Option<Prepared>) {
        let Some(Prepared(new)) = prepared else { return };
        self.change(|state| {
            let (files, identity) = new.unzip();
            *state = State { files, identity, ..State::default() };
        });
    }

    /// Takes up files that changed, until aborted. A renewal writes two of them: they are read once they have been the
    /// same for two looks, and again while they are no good, since a right can be mended without a trace in the file.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut read, mut last) = (None, None);
        loop {
            ticks.tick().await;
            let certificate = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                let files = certificate.lock().files.clone();
                let seen = files.map(|files| (files.stamp(), files));
                let is_settled = seen == last;
                if is_settled && (seen != read || certificate.lock().trouble.is_some()) {
                    certificate.read_again();
                    read.clone_from(&seen);
                }
                certificate.change(|_| {});
                (read, seen)
            });
            let Ok(looked) = looked.await else { return };
            (read, last) = looked;
        }
    }

    fn read_again(&self) {
        let (files, identity) = {
            let state = self.lock();
            (state.files.clone(), state.identity.clone())
        };
        let Some(files) = files else { return };
        let outcome = match &identity {
            Some(identity) => identity.reload(self.clock.now()).map(|is_new| is_new.then(|| identity.clone())),
            None => files.read().map(Some),
        };
        self.change(|state| {
            // Settings that came meanwhile have named others.
            if state.files.as_ref() != Some(&files) {
                return;
            }
            match outcome {
                Ok(Some(identity)) => {
                    let names = identity.names().join(", ");
                    tracing::info!("a new certificate for {names} is in use, until {}", identity.expires());
                    state.take(Some(Ok(identity)));
                }
                Ok(None) => state.trouble = None,
                Err(error) => state.take(Some(Err(error))),
            }
        });
    }

    /// Changes the state, and tells of its health.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let now = self.clock.now();
        let mut state = self.lock();
        change(&mut state);
        let end = state.identity.as_ref().and_then(|identity| end(identity, now));
        let told = |source, problem: Option<&String>| match problem {
            Some(problem) => self.problems.raise(source, problem.clone()),
            None => self.problems.clear(source),
        };
        told(Source::Certificate, state.trouble.as_ref());
        told(Source::CertificateEnd, end.as_ref());
        let health = state.files.is_some().then(|| CertificateHealth {
            names: state.identity.as_ref().map(Identity::names).unwrap_or_default(),
            expires: state.identity.as_ref().map(Identity::expires),
            is_self_signed: state.identity.as_ref().is_some_and(Identity::is_self_signed),
            problem: state.trouble.clone().or(end),
        });
        if state.health.as_deref() != health.as_ref() {
            state.health = health.map(Arc::new);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes note of what reading the files came to.
    fn take(&mut self, outcome: Option<Result<Identity, IdentityError>>) {
        match outcome {
            None => *self = Self::default(),
            Some(Ok(identity)) => {
                self.identity = Some(identity);
                self.trouble = None;
            }
            Some(Err(error)) => {
                let consequence =
                    if self.identity.is_some() { "the certificate stays as it was" } else { "TLS is not available" };
                self.trouble = Some(format!("{consequence}: {error}"));
            }
        }
    }
}

impl Files {
    fn of(settings: &Settings) -> Option<Self> {
        let (certificate, key) = settings.access.certificate.clone().zip(settings.access.private_key.clone())?;
        Some(Self { certificate, key })
    }

    fn read(&self) -> Result<Identity, IdentityError> {
        Identity::load(&self.certificate, &self.key)
    }

    fn stamp(&self) -> Stamp {
        let stamp = |path: &Path| {
            let data = std::fs::metadata(path).ok()?;
            Some((data.modified().ok()?, data.len()))
        };
        [stamp(&self.certificate), stamp(&self.key)]
    }
}

/// What is to be said of a certificate that ends soon, or has ended.
fn end(identity: &Identity, now: Timestamp) -> Option<String> {
    let (expires, names) = (identity.expires(), identity.names().join(", "));
    let date = expires.date();
    if expires <= now {
        return Some(format!("the certificate for {names} has expired on {date}: clients that check it turn away"));
    }
    let left = expires.since(now);
    let days = left.as_secs() / (24 * 60 * 60);
    let when = match days {
        0 => "within a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    };
    (left < WARNING).then(|| format!("the certificate for {names} expires {when}, on {date}: renew it"))
}

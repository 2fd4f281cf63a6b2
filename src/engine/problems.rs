//! What needs a person: shown in `status` until it is over.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The troubles of the moment, one for each thing that can be in trouble.
#[derive(Debug, Default)]
pub(super) struct Problems(Mutex<BTreeMap<Source, String>>);

/// What is in trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Settings,
    Clock,
    Disk,
    Recovery,
    Badmail,
    Certificate,
    CertificateEnd,
    Users,
    Tokens,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Self::Settings => "the settings file is",
            Self::Clock => "the system's clock is",
            Self::Disk => "the queue's disk is",
            Self::Recovery => "the queue is",
            Self::Badmail => "Badmail is",
            Self::Certificate => "the files of the certificate are",
            Self::CertificateEnd => "the end of the certificate is",
            Self::Users => "the users file is",
            Self::Tokens => "the access tokens are",
        }
    }
}

impl Problems {
    /// Raises or replaces the problem of a source; logs it when it is new.
    pub(super) fn raise(&self, source: Source, problem: impl Into<String>) {
        let problem = problem.into();
        let mut problems = self.lock();
        if problems.get(&source) != Some(&problem) {
            tracing::error!("{problem}");
            problems.insert(source, problem);
        }
    }

    /// The source is in order again.
    pub(super) fn clear(&self, source: Source) {
        if self.lock().remove(&source).is_some() {
            tracing::info!("{} in order again", source.name());
        }
    }

    /// All of them, in a fixed order.
    pub(super) fn list(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Source, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

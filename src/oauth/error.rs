//! Why there is no token, said so that a person can mend it.

use std::path::PathBuf;

use super::advice;
use crate::config::SecretError;
use crate::text::{printable, shown_path};

/// Why there is no token. Its display never holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum OAuthError {
    /// The client secret is not to be had.
    #[error("the client secret: {0}")]
    Secret(#[from] SecretError),
    /// The settings say too little.
    #[error("{0}")]
    Settings(&'static str),
    /// The key file of a service account cannot be used.
    #[error("the key file of the service account {}: {reason}", shown_path(path))]
    ServiceAccount {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody has logged in yet.
    #[error("nobody has logged in for {}", printable(.0))]
    NoLogin(String),
    /// The file of a refresh token cannot be read or written.
    #[error("cannot {action} the refresh token in {}: {source}", shown_path(path))]
    Store {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The engine stops, or the task that asked is gone.
    #[error("the request for a token was cut off")]
    CutOff,
    /// The endpoint did not answer.
    #[error("the token endpoint {} cannot be reached: {reason}", printable(host))]
    Unreachable {
        /// Its name.
        host: String,
        /// Which step failed.
        reason: String,
    },
    /// The endpoint answered, and not as one does.
    #[error("the token endpoint {} answered {status} with something else than a token: {reason}", printable(host))]
    Unreadable {
        /// Its name.
        host: String,
        /// The status of HTTP.
        status: u16,
        /// What is wrong with it.
        reason: String,
    },
    /// The endpoint said no.
    #[error("the token endpoint {} said {words}", printable(host))]
    Refused {
        /// Its name.
        host: String,
        /// The status of HTTP.
        status: u16,
        /// The error code (RFC 6749 5.2), printable.
        error: String,
        /// The code and the description in the endpoint's words, printable and without our secrets.
        words: String,
    },
}

impl OAuthError {
    /// What to do about it: a sentence without its capital and its dot.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Secret(_) => "put the secret where oauth.client_secret says it is",
            Self::Settings(_) => "look at oauth under Outbound Security",
            Self::ServiceAccount { .. } => "give oauth.service_account the key file in JSON that Google's console made",
            Self::NoLogin(_) => "log in with `mailroot config login`, or from the dashboard",
            Self::Store { .. } => "look at the folder of secrets beside the settings file",
            Self::CutOff => "it is tried again by itself",
            Self::Unreachable { .. } => {
                "it is tried again by itself; look at this machine's way to the endpoint, its DNS and its firewall"
            }
            Self::Unreadable { status, .. } if *status >= 500 || *status == 429 => "it is tried again by itself",
            Self::Unreadable { .. } => "look at oauth.tenant and oauth.token_url: this is no token endpoint",
            Self::Refused { error, words, .. } => advice::to(error, words),
        }
    }

    /// The error and what to do about it.
    pub fn explained(&self) -> String {
        format!("{self}: {}", self.advice())
    }

    /// Whether it may be over by itself: if not, a person has to do something.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::CutOff => true,
            Self::Unreadable { status, .. } => *status >= 500 || *status == 429,
            Self::Refused { status, error, .. } => {
                *status >= 500
                    || *status == 429
                    || matches!(error.as_str(), "temporarily_unavailable" | "server_error" | "slow_down")
            }
            _ => false,
        }
    }

    /// Whether what is to be done is to log in.
    pub fn needs_login(&self) -> bool {
        match self {
            Self::NoLogin(_) => true,
            Self::Refused { words, error, .. } => advice::is_login(error, words),
            _ => false,
        }
    }

    /// The error code of a refusal.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { error, .. } => Some(error),
            _ => None,
        }
    }
}

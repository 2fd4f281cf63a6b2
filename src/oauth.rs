//! Access tokens for logins to smart hosts (XOAUTH2): asked for, kept, and renewed before they end.
//!
//! A source is what the settings say of where a token comes from. Each has at most one request under way; whoever needs
//! the same token waits for it. A failure is remembered for a while, so that no endpoint is pestered, and told in the
//! endpoint's own words with what to do.

mod advice;
mod answer;
mod assertion;
mod device;
mod error;
mod hidden;
mod http;
mod needs;
mod slot;
mod source;
mod store;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use self::slot::Slot;
use self::store::Store;
use crate::clock::{Clock, Timestamp};
use crate::config::OAuth;

pub use device::{DeviceLogin, DeviceLoginEvent};
pub use error::OAuthError;
pub use hidden::AccessToken;
pub use needs::{by_code, needs};
pub use source::Source;

/// The tokens of all sources. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Tokens(Arc<Inner>);

struct Inner {
    clock: Arc<Clock>,
    store: Store,
    slots: Mutex<HashMap<Source, Arc<Slot>>>,
}

/// How it stands with a source.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TokenHealth {
    /// Until when there is a token.
    pub valid_until: Option<Timestamp>,
    /// Why the last request failed, and what to do.
    pub error: Option<String>,
    /// Whether a person has to log in.
    pub needs_login: bool,
}

impl Tokens {
    /// Without any token yet. Refresh tokens are kept in files of `secrets`, a folder that is made when it is needed.
    pub fn new(clock: Arc<Clock>, secrets: PathBuf) -> Self {
        Self(Arc::new(Inner { clock, store: Store::new(secrets), slots: Mutex::default() }))
    }

    /// A token for a mailbox, from what is kept or from the endpoint.
    pub async fn access_token(&self, oauth: &OAuth, mailbox: &str) -> Result<AccessToken, Arc<OAuthError>> {
        let source = Source::new(oauth, mailbox);
        let slot = self.slot(&source);
        slot.token(source, &self.0.clock, &self.0.store).await
    }

    /// A server did not take this token: unless it is quite new, it is not used again, and the next one is asked for.
    /// Gives whether that may be of use.
    pub fn reject(&self, oauth: &OAuth, mailbox: &str, token: &str) -> bool {
        self.slot(&Source::new(oauth, mailbox)).reject(token, self.0.clock.now())
    }

    /// How it stands with a source; of one that was never used nothing is known.
    pub fn health(&self, oauth: &OAuth, mailbox: &str) -> TokenHealth {
        let slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(&Source::new(oauth, mailbox));
        slot.map_or_else(TokenHealth::default, |slot| slot.health(self.0.clock.now()))
    }

    /// Forgets all sources but these: their settings are gone, and so should their tokens be.
    pub fn keep_only(&self, sources: &[Source]) {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|source, _| sources.contains(source));
    }

    /// Begins a login with a code that a person types in elsewhere (RFC 8628).
    pub fn log_in(&self, oauth: &OAuth, mailbox: &str) -> DeviceLogin {
        let source = Source::new(oauth, mailbox);
        DeviceLogin::new(source, Arc::clone(&self.0.clock), self.0.store.clone())
    }

    fn slot(&self, source: &Source) -> Arc<Slot> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(source.clone()).or_default())
    }
}

#[cfg(test)]
mod tests;

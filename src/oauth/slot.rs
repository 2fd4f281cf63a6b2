//! The token of one source: kept while it is good, asked for by one at a time, failures remembered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::answer::{self, Granted};
use super::error::OAuthError;
use super::hidden::{AccessToken, Hidden};
use super::http::{Form, post};
use super::source::Source;
use super::store::Store;
use super::{TokenHealth, assertion};
use crate::clock::{Clock, Timestamp};
use crate::config::Grant;
use crate::text::quoted;

/// So long before its end a token is renewed, or a fifth of its time if that is shorter.
const MARGIN: Duration = Duration::from_mins(5);
/// So long before its end a token is no longer used: a login takes its time, and clocks differ.
const LAST_USE: Duration = Duration::from_secs(10);
/// A token that is refused at this age is refused for another reason than its age: the next one would be no better.
const NEW: Duration = Duration::from_mins(1);
/// The wait after a first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait for an endpoint that is down.
const MAX_WAIT: Duration = Duration::from_mins(2);
/// The wait where a person has to mend something.
const MENDING: Duration = Duration::from_mins(1);

/// The token of one source.
#[derive(Default)]
pub(super) struct Slot {
    /// Held while the endpoint is asked.
    asking: Arc<tokio::sync::Mutex<()>>,
    kept: Mutex<Kept>,
}

/// What is kept of a source.
#[derive(Default)]
struct Kept {
    token: Option<Token>,
    failure: Option<Failure>,
    /// A refresh token that could not be written to disk, so that at least this run has it, and the login it came of.
    unwritten: Option<(Hidden, Option<SystemTime>)>,
}

#[derive(Clone)]
struct Token {
    bearer: AccessToken,
    since: Timestamp,
    renew: Timestamp,
    ends: Timestamp,
}

impl Token {
    fn is_good(&self, now: Timestamp) -> bool {
        now.plus(LAST_USE) < self.ends || now < self.renew
    }
}

struct Failure {
    error: Arc<OAuthError>,
    /// The endpoint is left alone until then.
    until: Timestamp,
    wait: Duration,
    /// The refresh token of that time: another one is tried at once.
    login: Option<SystemTime>,
}

impl Slot {
    /// The token: the one that is kept, or a new one.
    pub(super) async fn token(
        self: Arc<Self>,
        source: Source,
        clock: &Arc<Clock>,
        store: &Store,
    ) -> Result<AccessToken, Arc<OAuthError>> {
        if let Some(token) = self.fresh(clock.now()) {
            return Ok(token);
        }
        // In a task of its own: what the endpoint answered must be kept even if nobody waits for it any more, above all
        // a refresh token that takes the place of the last one.
        let (clock, store) = (Arc::clone(clock), store.clone());
        let asked = tokio::spawn(async move {
            let _turn = Arc::clone(&self.asking).lock_owned().await;
            self.ask(&source, &clock, &store).await
        });
        asked.await.unwrap_or_else(|_| Err(Arc::new(OAuthError::CutOff)))
    }

    /// A server did not take this token: unless it is quite new, it is not used again. Gives whether there may be a
    /// better one.
    pub(super) fn reject(&self, token: &str, now: Timestamp) -> bool {
        let mut kept = self.lock();
        match &kept.token {
            Some(kept) if kept.bearer.as_str() == token && now.since(kept.since) < NEW => return false,
            Some(other) if other.bearer.as_str() != token => {}
            _ => kept.token = None,
        }
        true
    }

    pub(super) fn health(&self, now: Timestamp) -> TokenHealth {
        let kept = self.lock();
        let error = kept.failure.as_ref().map(|failure| &failure.error);
        TokenHealth {
            valid_until: kept.token.as_ref().filter(|token| token.is_good(now)).map(|token| token.ends),
            error: error.map(|error| error.explained()),
            needs_login: error.is_some_and(|error| error.needs_login()),
        }
    }

    fn fresh(&self, now: Timestamp) -> Option<AccessToken> {
        self.lock().token.as_ref().filter(|token| now < token.renew).map(|token| token.bearer.clone())
    }

    /// With the turn to ask: somebody who had it before may have done so already.
    async fn ask(&self, source: &Source, clock: &Clock, store: &Store) -> Result<AccessToken, Arc<OAuthError>> {
        let now = clock.now();
        if let Some(token) = self.fresh(now) {
            return Ok(token);
        }
        let login = self.login(source, store).await;
        if let Some(remembered) = self.remembered(now, login) {
            return remembered;
        }
        // Where a person has logged in since, theirs is the newer one.
        let unwritten = self.lock().unwritten.clone().filter(|(_, of)| *of == login).map(|(token, _)| token);
        match request(source, store, unwritten.clone(), now).await {
            Ok(granted) => {
                // An endpoint that gives no new one means the old one to go on (RFC 6749 6).
                let refresh = granted.refresh_token.or(unwritten);
                let granted = Granted { refresh_token: refresh, ..granted };
                Ok(self.keep(source, store, granted, login, clock.now()).await)
            }
            Err(error) => self.fail(source, Arc::new(error), login, clock.now()),
        }
    }

    /// What to answer without asking, since the endpoint failed a short while ago.
    fn remembered(&self, now: Timestamp, login: Option<SystemTime>) -> Option<Result<AccessToken, Arc<OAuthError>>> {
        let kept = self.lock();
        let failure = kept.failure.as_ref().filter(|failure| now < failure.until && failure.login == login)?;
        let token = kept.token.as_ref().filter(|token| token.is_good(now));
        Some(token.map_or_else(|| Err(Arc::clone(&failure.error)), |token| Ok(token.bearer.clone())))
    }

    async fn keep(
        &self,
        source: &Source,
        store: &Store,
        granted: Granted,
        login: Option<SystemTime>,
        now: Timestamp,
    ) -> AccessToken {
        let token = AccessToken(granted.access_token);
        let margin = MARGIN.min(granted.lasts / 5);
        let renew = now.plus(granted.lasts.saturating_sub(margin));
        let kept = Token { bearer: token.clone(), since: now, renew, ends: now.plus(granted.lasts) };
        let written = match &granted.refresh_token {
            Some(refresh) if source.oauth.grant == Grant::DeviceCode => write(source, store, refresh.clone()).await,
            _ => Ok(()),
        };
        let mut state = self.lock();
        state.token = Some(kept);
        match written {
            Ok(()) => (state.failure, state.unwritten) = (None, None),
            Err(error) => {
                tracing::error!("{error}");
                state.unwritten = granted.refresh_token.map(|token| (token, login));
                let error = Arc::new(error);
                state.failure = Some(Failure { error, until: renew, wait: FIRST_WAIT, login: None });
            }
        }
        token
    }

    fn fail(
        &self,
        source: &Source,
        error: Arc<OAuthError>,
        login: Option<SystemTime>,
        now: Timestamp,
    ) -> Result<AccessToken, Arc<OAuthError>> {
        let mut kept = self.lock();
        let before = kept.failure.as_ref();
        let wait = match (error.is_passing(), before) {
            (false, _) => MENDING,
            (true, Some(before)) if before.error.is_passing() => (before.wait * 2).min(MAX_WAIT),
            (true, _) => FIRST_WAIT,
        };
        if before.is_none_or(|before| before.error.to_string() != error.to_string()) {
            tracing::warn!("no token for {}: {error}", quoted(&source.mailbox));
        }
        kept.failure = Some(Failure { error: Arc::clone(&error), until: now.plus(wait), wait, login });
        let token = kept.token.as_ref().filter(|token| token.is_good(now));
        token.map_or(Err(error), |token| Ok(token.bearer.clone()))
    }

    async fn login(&self, source: &Source, store: &Store) -> Option<SystemTime> {
        if source.oauth.grant != Grant::DeviceCode {
            return None;
        }
        let (store, source) = (store.clone(), source.clone());
        tokio::task::spawn_blocking(move || store.changed(&source)).await.ok().flatten()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the endpoint for a token.
async fn request(
    source: &Source,
    store: &Store,
    unwritten: Option<Hidden>,
    now: Timestamp,
) -> Result<Granted, OAuthError> {
    let secret = source.oauth.client_secret.clone();
    let secret = blocking(move || secret.map(|secret| secret.reveal()).transpose()).await??;
    let secret = secret.as_ref().map_or("", |secret| secret.as_str());
    let (scope, client) = (source.scope(), source.oauth.client_id.as_str());
    match source.oauth.grant {
        Grant::ClientCredentials => {
            let url = source.token_url(None)?;
            let form = with_secret(
                vec![("grant_type", "client_credentials"), ("client_id", client), ("scope", &scope)],
                secret,
            );
            answer::token(&post(&url, &form).await?, &[secret])
        }
        Grant::DeviceCode => {
            let url = source.token_url(None)?;
            let refresh = match unwritten {
                Some(refresh) => refresh,
                None => stored(source, store).await?,
            };
            let refresh = refresh.as_str();
            let form = vec![
                ("grant_type", "refresh_token"),
                ("client_id", client),
                ("refresh_token", refresh),
                ("scope", &scope),
            ];
            answer::token(&post(&url, &with_secret(form, secret)).await?, &[secret, refresh])
        }
        Grant::ServiceAccount => {
            let signer = source.clone();
            let assertion = blocking(move || assertion::sign(&signer, now)).await??;
            let form = vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                ("assertion", assertion.text.as_str()),
            ];
            answer::token(&post(&assertion.url, &form).await?, &[&assertion.text])
        }
    }
}

/// The form with the client secret, where there is one.
pub(super) fn with_secret<'a>(mut form: Form<'a>, secret: &'a str) -> Form<'a> {
    if !secret.is_empty() {
        form.push(("client_secret", secret));
    }
    form
}

async fn stored(source: &Source, store: &Store) -> Result<Hidden, OAuthError> {
    let (reader, wanted) = (store.clone(), source.clone());
    blocking(move || reader.read(&wanted)).await??.ok_or_else(|| OAuthError::NoLogin(source.mailbox.clone()))
}

pub(super) async fn write(source: &Source, store: &Store, token: Hidden) -> Result<(), OAuthError> {
    let (store, source) = (store.clone(), source.clone());
    blocking(move || store.write(&source, &token)).await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, OAuthError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| OAuthError::CutOff)
}

//! A login with a code that a person types in elsewhere (RFC 8628): the refresh token of it is kept for the engine.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::answer::{self, DeviceCode, Granted};
use super::error::OAuthError;
use super::http::post;
use super::slot::{with_secret, write};
use super::source::Source;
use super::store::Store;
use crate::clock::{Clock, Timestamp};
use crate::config::Secret;
use crate::text::shortened;

/// What is added to the wait where the endpoint asks for it (RFC 8628 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The longest code and address shown, in characters.
const MAX_SHOWN: usize = 200;

/// A login under way. It goes on as it is read; dropping it breaks it off.
pub struct DeviceLogin {
    /// `None` once it is over.
    login: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Unbounded: there are a few events every few seconds, for as long as a code is good.
    events: mpsc::UnboundedReceiver<DeviceLoginEvent>,
}

/// What happens in a login, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceLoginEvent {
    /// What the person has to do: open the address and type in the code.
    Code {
        /// The code, printable.
        code: String,
        /// The address, printable.
        address: String,
        /// When the code is good for nothing any more.
        expires_at: Timestamp,
    },
    /// Nobody has typed it in yet; comes again and again.
    Waiting,
    /// It is done, and the refresh token is kept. The last event.
    Done {
        /// A sentence for people.
        message: String,
    },
    /// It failed. The last event.
    Failed {
        /// Why, with what to do next.
        reason: String,
    },
}

impl DeviceLogin {
    pub(super) fn new(source: Source, clock: Arc<Clock>, store: Store) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let login = async move {
            let outcome = match log_in(&source, &clock, &store, &sender).await {
                Ok(()) => DeviceLoginEvent::Done {
                    message: format!(
                        "logged in for {}: mail is sent with this login from now on, until it is revoked",
                        crate::text::printable(&source.mailbox)
                    ),
                },
                Err(error) => DeviceLoginEvent::Failed { reason: error.explained() },
            };
            let _ = sender.send(outcome); // the receiver is there: it is what polls this
        };
        Self { login: Some(Box::pin(login)), events }
    }

    /// The next event; `None` behind the outcome.
    pub async fn next(&mut self) -> Option<DeviceLoginEvent> {
        while let Some(login) = &mut self.login {
            tokio::select! {
                biased;
                event = self.events.recv() => return event,
                () = login => self.login = None,
            }
        }
        self.events.recv().await
    }
}

async fn log_in(
    source: &Source,
    clock: &Clock,
    store: &Store,
    events: &mpsc::UnboundedSender<DeviceLoginEvent>,
) -> Result<(), OAuthError> {
    let secret = source.oauth.client_secret.as_ref().map(Secret::reveal).transpose()?;
    let secret = secret.as_ref().map_or("", |secret| secret.as_str());
    let scope = source.scope();
    let form = vec![("client_id", source.oauth.client_id.as_str()), ("scope", scope.as_str())];
    let code = answer::device_code(&post(&source.device_url()?, &form).await?, &[secret])?;
    let expires_at = clock.now().plus(code.lasts());
    let _ = events.send(DeviceLoginEvent::Code {
        code: shortened(&code.user_code, MAX_SHOWN),
        address: shortened(&code.verification_uri, MAX_SHOWN),
        expires_at,
    });
    let wait = tokio::time::timeout(code.lasts(), granted(source, &code, secret, events)).await;
    let granted =
        wait.unwrap_or_else(|_| Err(OAuthError::Settings("the code was not typed in in time: begin again")))?;
    let refresh = granted.refresh_token.ok_or(OAuthError::Settings(
        "the endpoint gave no refresh token, without which the login would last an hour: oauth.scope must ask for it \
         (Microsoft calls it offline_access)",
    ))?;
    write(source, store, refresh).await
}

/// Asks until somebody has typed in the code, or declined.
async fn granted(
    source: &Source,
    code: &DeviceCode,
    secret: &str,
    events: &mpsc::UnboundedSender<DeviceLoginEvent>,
) -> Result<Granted, OAuthError> {
    let url = source.token_url(None)?;
    let device_code = code.secret.as_str();
    let mut interval = code.interval();
    loop {
        tokio::time::sleep(interval).await;
        let form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", source.oauth.client_id.as_str()),
            ("device_code", device_code),
        ];
        let answered = post(&url, &with_secret(form, secret)).await;
        let error = match answered.and_then(|response| answer::token(&response, &[secret, device_code])) {
            Ok(granted) => return Ok(granted),
            Err(error) => error,
        };
        match error.code() {
            Some("authorization_pending") => {}
            Some("slow_down") => interval += SLOWER,
            // An endpoint that cannot be reached for a moment ends no login.
            _ if error.is_passing() => interval = (interval * 2).min(Duration::from_mins(1)),
            _ => return Err(error),
        }
        let _ = events.send(DeviceLoginEvent::Waiting);
    }
}

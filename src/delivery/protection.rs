//! From the settings of a destination to what its connections are opened with: whom TLS trusts, and who we say we are.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::attempt::Attempt;
use super::shared::Shared;
use super::trouble::Trouble;
use crate::config::{Method, OutboundSecurity, TlsMode};
use crate::mail::{EnhancedStatus, Reply};
use crate::sasl::Zeroizing;
use crate::smtp::{Credentials, Security, Start, Tls};
use crate::tls::{Client, Trust, TrustError};

/// How long the platform's roots are believed to be what they were.
const ROOTS: Duration = Duration::from_hours(24);

/// What a connection is opened with.
pub(super) enum Protection {
    Clear(Option<Credentials>),
    Opportunistic(Client),
    Encrypted { client: Client, start: Start, login: Option<Credentials> },
}

impl Protection {
    /// Gathers what the settings ask for; the error is what becomes of the mail.
    pub(super) async fn prepare(
        shared: &Shared,
        clients: &Clients,
        security: &OutboundSecurity,
    ) -> Result<Self, Attempt> {
        let login = credentials(shared, security).await?;
        let start = match (security.tls, &login) {
            (TlsMode::None, _) => return Ok(Self::Clear(login)),
            // Nobody is verified: who could take the offer away could also pose as the server.
            (TlsMode::Opportunistic, None) => return Ok(Self::Opportunistic(client(clients, &Trust::Nobody).await?)),
            (TlsMode::Implicit, _) => Start::Implicit,
            (TlsMode::Required | TlsMode::Opportunistic, _) => Start::StartTls,
        };
        let trust = match (security.verify, &security.ca_file) {
            (false, _) => Trust::Nobody,
            (true, Some(file)) => Trust::File(file.clone()),
            (true, None) => Trust::Platform,
        };
        Ok(Self::Encrypted { client: client(clients, &trust).await?, start, login })
    }

    /// As the client takes it, for a server of this name.
    pub(super) fn security<'a>(&'a self, name: &'a str) -> Security<'a> {
        match self {
            Self::Clear(login) => Security::Clear(login.as_ref()),
            Self::Opportunistic(client) => Security::Opportunistic(Tls { client, name }),
            Self::Encrypted { client, start, login } => {
                Security::Encrypted { tls: Tls { client, name }, start: *start, login: login.as_ref() }
            }
        }
    }

    /// Who we say we are.
    pub(super) fn user(&self) -> Option<&str> {
        match self {
            Self::Clear(login) | Self::Encrypted { login, .. } => login.as_ref().map(Credentials::user),
            Self::Opportunistic(_) => None,
        }
    }

    /// A server refused the login: whether that may have been for the age of a token, and the next one may do.
    pub(super) fn may_do_better(&self, shared: &Shared, security: &OutboundSecurity) -> bool {
        match self {
            Self::Clear(Some(Credentials::Token { token, .. }))
            | Self::Encrypted { login: Some(Credentials::Token { token, .. }), .. } => {
                shared.context.tokens.reject(&security.oauth, &security.username, token)
            }
            _ => false,
        }
    }

    /// Whether a connection in clear is better than none.
    pub(super) fn may_be_clear(&self) -> bool {
        matches!(self, Self::Opportunistic(_))
    }
}

async fn credentials(shared: &Shared, security: &OutboundSecurity) -> Result<Option<Credentials>, Attempt> {
    let user = security.username.as_str().into();
    Ok(Some(match security.method {
        Method::Anonymous => return Ok(None),
        Method::Basic => Credentials::Basic { user, password: password(security).await? },
        Method::Integrated => Credentials::Integrated {
            user,
            domain: security.ntlm_domain.as_str().into(),
            password: password(security).await?,
            now: shared.context.clock.now(),
        },
        Method::XOAuth2 => Credentials::Token { user, token: token(shared, security).await? },
    }))
}

async fn token(shared: &Shared, security: &OutboundSecurity) -> Result<Zeroizing<String>, Attempt> {
    let token = shared.context.tokens.access_token(&security.oauth, &security.username).await;
    let token = token.map_err(|error| waiting(format!("no token: {error}"), Trouble::new(error.advice())))?;
    Ok(Zeroizing::new(token.as_str().to_owned()))
}

async fn password(security: &OutboundSecurity) -> Result<Zeroizing<String>, Attempt> {
    let Some(secret) = security.password.clone() else { return Ok(Zeroizing::default()) };
    // It may be in a file, on a disk that hangs.
    let revealed = tokio::task::spawn_blocking(move || secret.reveal()).await;
    let revealed = revealed.map_err(|_| cut_off())?;
    revealed.map_err(|error| waiting(format!("no password: {error}"), Trouble::of_secret(&error)))
}

async fn client(clients: &Clients, trust: &Trust) -> Result<Client, Attempt> {
    let client = clients.get(trust).await;
    client.map_err(|error| waiting(format!("no TLS: {error}"), Trouble::of_trust(&error)))
}

/// The process ends.
fn cut_off() -> Attempt {
    Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 3, 0), "The password was not read to the end"))
}

/// Mail that waits for a person, without any server having been asked.
fn waiting(text: String, trouble: Trouble) -> Attempt {
    let reply = Reply::new(451, EnhancedStatus::new(4, 7, 0), text);
    Attempt { trouble: Some(trouble), ..Attempt::ours(reply) }
}

/// The TLS clients in use, one for each trust, so that sessions are resumed whatever destination they are of.
#[derive(Default)]
pub(super) struct Clients(Mutex<HashMap<Trust, Kept>>);

struct Kept {
    client: Client,
    /// When the file of roots was changed before they were read.
    changed: Option<SystemTime>,
    made: Instant,
}

impl Clients {
    /// The client of a trust: the one there is, unless its roots may have changed since.
    pub(super) async fn get(&self, trust: &Trust) -> Result<Client, TrustError> {
        // Before the lock: a file system that hangs holds up nobody who has nothing to do with it.
        let changed = match trust {
            Trust::File(path) => tokio::fs::metadata(path).await.and_then(|metadata| metadata.modified()).ok(),
            Trust::Platform | Trust::Nobody => None,
        };
        let mut clients = self.0.lock().await;
        let is_good = |kept: &&Kept| kept.changed == changed && kept.made.elapsed() < ROOTS;
        if let Some(kept) = clients.get(trust).filter(is_good) {
            return Ok(kept.client.clone());
        }
        let wanted = trust.clone();
        let made = tokio::task::spawn_blocking(move || Client::new(&wanted)).await;
        let client = made.unwrap_or_else(|error| Err(TrustError::Unusable(error.to_string())))?;
        let kept = Kept { client: client.clone(), changed, made: Instant::now() };
        clients.retain(|_, kept| kept.made.elapsed() < ROOTS);
        clients.insert(trust.clone(), kept);
        Ok(client)
    }
}

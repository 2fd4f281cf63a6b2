//! The server's side of a login.

use std::fmt;

use zeroize::Zeroizing;

use super::ntlm::{NtlmLogin, NtlmServer, ServerObjection};
use super::{MAX_RESPONSE, Mechanism};
use crate::clock::Timestamp;

/// The longest name of a user taken, in octets (RFC 4616 2).
const MAX_USER: usize = 255;
/// The challenges of LOGIN. Clients compare them letter by letter.
const USERNAME: &[u8] = b"Username:";
const PASSWORD: &[u8] = b"Password:";

/// Who we are to a client that logs in.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// Our host name.
    pub host: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// A login for whose next response the client was asked.
pub struct ServerExchange(Waiting);

/// What the next response is.
enum Waiting {
    Plain,
    LoginUser,
    LoginPassword { user: Box<str> },
    NtlmNegotiate { host: Box<str>, now: Timestamp },
    NtlmAuthenticate(NtlmServer),
}

/// What a response comes to.
pub enum ServerStep {
    /// The client is to be told the challenge, and [`ServerExchange::answer`] what it answers.
    Challenge {
        /// What to say behind 334, in base64.
        challenge: Vec<u8>,
        /// The login as far as it is.
        exchange: ServerExchange,
    },
    /// The client says who it is: whether the password is this user's, others know.
    Password {
        /// The user, as the client wrote it: not empty, UTF-8, at most 255 octets.
        user: Box<str>,
        /// The password: not empty, UTF-8.
        password: Zeroizing<String>,
    },
    /// The client says who it is and proves its password: whether it is this user's, others know.
    Ntlm(NtlmLogin),
    /// The response is none of this mechanism: a fault of syntax, 501.
    Malformed,
    /// The response is well-formed and cannot be right, whoever the users are: a failed login, 535.
    Refused,
    /// The system has no random numbers for a challenge: try again later, 454.
    Unavailable,
}

impl ServerExchange {
    /// Begins a login, with the initial response if the client sent one with AUTH. XOAUTH2 is not for clients: refused.
    pub fn start(mechanism: Mechanism, initial: Option<&[u8]>, house: House<'_>) -> ServerStep {
        let (challenge, waiting) = match mechanism {
            Mechanism::Plain => (&b""[..], Waiting::Plain),
            Mechanism::Login => (USERNAME, Waiting::LoginUser),
            Mechanism::Ntlm => (&b""[..], Waiting::NtlmNegotiate { host: house.host.into(), now: house.now }),
            Mechanism::XOAuth2 => return ServerStep::Refused,
        };
        match initial {
            Some(response) => Self(waiting).answer(response),
            None => ServerStep::challenge(challenge, waiting),
        }
    }

    /// Takes what the client answered, decoded.
    pub fn answer(self, response: &[u8]) -> ServerStep {
        if response.len() > MAX_RESPONSE {
            return ServerStep::Malformed;
        }
        let step = match self.0 {
            Waiting::Plain => plain(response),
            Waiting::LoginUser => login_user(response),
            Waiting::LoginPassword { user } => text(response).map(|password| ServerStep::credentials(&user, password)),
            Waiting::NtlmNegotiate { host, now } => Some(ntlm_negotiate(response, &host, now)),
            Waiting::NtlmAuthenticate(server) => {
                Some(server.authenticate(response).map_or_else(ServerStep::from, ServerStep::Ntlm))
            }
        };
        step.unwrap_or(ServerStep::Malformed)
    }
}

impl ServerStep {
    fn challenge(challenge: &[u8], waiting: Waiting) -> Self {
        Self::Challenge { challenge: challenge.to_vec(), exchange: ServerExchange(waiting) }
    }

    fn credentials(user: &str, password: &str) -> Self {
        if user.is_empty() || user.len() > MAX_USER || password.is_empty() {
            return Self::Refused;
        }
        Self::Password { user: user.into(), password: Zeroizing::new(password.to_owned()) }
    }
}

/// `authorization identity NUL user NUL password` (RFC 4616 2). Nobody acts for somebody else here: an authorization
/// identity must be the user's own name.
fn plain(response: &[u8]) -> Option<ServerStep> {
    let mut parts = text(response)?.split('\0');
    let (identity, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    if identity.is_empty() || identity == user {
        Some(ServerStep::credentials(user, password))
    } else {
        Some(ServerStep::Refused)
    }
}

fn login_user(response: &[u8]) -> Option<ServerStep> {
    let user = text(response)?;
    // A name that nobody has is refused only when the password is there, as any other.
    let user = if user.len() > MAX_USER { "" } else { user };
    Some(ServerStep::challenge(PASSWORD, Waiting::LoginPassword { user: user.into() }))
}

fn ntlm_negotiate(response: &[u8], host: &str, now: Timestamp) -> ServerStep {
    match NtlmServer::challenge(response, host, now) {
        Ok((challenge, server)) => ServerStep::challenge(&challenge, Waiting::NtlmAuthenticate(server)),
        Err(objection) => objection.into(),
    }
}

fn text(response: &[u8]) -> Option<&str> {
    std::str::from_utf8(response).ok()
}

impl From<ServerObjection> for ServerStep {
    fn from(objection: ServerObjection) -> Self {
        match objection {
            ServerObjection::Malformed => Self::Malformed,
            ServerObjection::Refused => Self::Refused,
            ServerObjection::Unavailable => Self::Unavailable,
        }
    }
}

impl fmt::Debug for ServerExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Waiting::Plain => "ServerExchange(PLAIN)",
            Waiting::LoginUser | Waiting::LoginPassword { .. } => "ServerExchange(LOGIN)",
            Waiting::NtlmNegotiate { .. } | Waiting::NtlmAuthenticate(_) => "ServerExchange(NTLM)",
        })
    }
}

/// Shows no secret.
impl fmt::Debug for ServerStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Challenge { exchange, .. } => f.debug_tuple("Challenge").field(exchange).finish(),
            Self::Password { user, .. } => f.debug_struct("Password").field("user", user).finish_non_exhaustive(),
            Self::Ntlm(login) => f.debug_tuple("Ntlm").field(login).finish(),
            Self::Malformed => f.write_str("Malformed"),
            Self::Refused => f.write_str("Refused"),
            Self::Unavailable => f.write_str("Unavailable"),
        }
    }
}

#[cfg(test)]
mod tests;

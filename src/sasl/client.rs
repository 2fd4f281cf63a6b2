//! The client's side of a login.

use std::fmt;

use zeroize::Zeroizing;

use super::ntlm::{Channel, ClientObjection, NtlmClient};
use super::{MAX_RESPONSE, Mechanism, decode, encode};
use crate::clock::Timestamp;

/// The longest response sent along with AUTH, in octets: in base64 it must fit into a line of 512 octets
/// (RFC 5321 4.5.3.1.4) that begins `AUTH XOAUTH2 `. A longer one waits for a challenge, which any server can take.
const MAX_INITIAL: usize = 366;

/// A login to a server: what to say to it, once.
pub struct ClientExchange {
    credentials: Credentials,
    /// How many challenges were answered.
    answered: u32,
    /// What the server said of a token it does not take.
    failure: Option<Box<str>>,
}

/// Mechanism and credentials.
enum Credentials {
    Plain { message: Zeroizing<Vec<u8>> },
    Login { user: Box<str>, password: Zeroizing<String> },
    Ntlm(NtlmClient),
    XOAuth2 { message: Zeroizing<Vec<u8>> },
}

/// A challenge that has no answer: the login is to be cancelled with `*` (RFC 4954 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server asks on where the mechanism has nothing more to say.
    #[error("the server asks for more than {} has to say", .0.name())]
    Surplus(Mechanism),
    /// The challenge is longer than any login has.
    #[error("the server's challenge is too long")]
    TooLong,
    /// The challenge is not of the mechanism.
    #[error("the server's challenge is not one of {}", .0.name())]
    Malformed(Mechanism),
    /// The server knows NTLMv1 only, and the connection is not private.
    #[error("the server speaks NTLMv1 only, which is not safe without TLS and a verified certificate")]
    Outdated,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    Unavailable,
}

impl ClientExchange {
    /// PLAIN (RFC 4616).
    pub fn plain(user: &str, password: &str) -> Self {
        Self::new(Credentials::Plain { message: joined(&["\0", user, "\0", password]) })
    }

    /// LOGIN.
    pub fn login(user: &str, password: &str) -> Self {
        Self::new(Credentials::Login { user: user.into(), password: Zeroizing::new(password.to_owned()) })
    }

    /// NTLM. The user may be written `DOMAIN\user` where `domain` is empty.
    pub fn ntlm(user: &str, password: &str, domain: &str, channel: Channel, now: Timestamp) -> Self {
        Self::new(Credentials::Ntlm(NtlmClient::new(user, password, domain, channel, now)))
    }

    /// XOAUTH2, with a bearer token for the mailbox of `user`.
    pub fn xoauth2(user: &str, access_token: &str) -> Self {
        let message = joined(&["user=", user, "\x01auth=Bearer ", access_token, "\x01\x01"]);
        Self::new(Credentials::XOAuth2 { message })
    }

    fn new(credentials: Credentials) -> Self {
        Self { credentials, answered: 0, failure: None }
    }

    /// What to name behind AUTH.
    pub fn mechanism(&self) -> Mechanism {
        match self.credentials {
            Credentials::Plain { .. } => Mechanism::Plain,
            Credentials::Login { .. } => Mechanism::Login,
            Credentials::Ntlm(_) => Mechanism::Ntlm,
            Credentials::XOAuth2 { .. } => Mechanism::XOAuth2,
        }
    }

    /// The initial response to send with AUTH; with `None`, AUTH and the mechanism go alone. Counts as the answer to a
    /// first, empty challenge.
    pub fn start(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        let message = match &self.credentials {
            Credentials::Plain { message } | Credentials::XOAuth2 { message } if message.len() <= MAX_INITIAL => {
                message.clone()
            }
            _ => return None,
        };
        self.answered = 1;
        Some(message)
    }

    /// The answer to a challenge, decoded.
    pub fn answer(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, ClientError> {
        if challenge.len() > MAX_RESPONSE {
            return Err(ClientError::TooLong);
        }
        let surplus = ClientError::Surplus(self.mechanism());
        let turn = self.answered;
        self.answered += 1;
        // LOGIN is answered by the order of its questions, since servers word them differently.
        match (&self.credentials, turn) {
            (Credentials::Plain { message } | Credentials::XOAuth2 { message }, 0) => Ok(message.clone()),
            (Credentials::Login { user, .. }, 0) => Ok(Zeroizing::new(user.as_bytes().to_vec())),
            (Credentials::Ntlm(_), 0) => Ok(Zeroizing::new(NtlmClient::negotiate())),
            (Credentials::Ntlm(ntlm), 1) => ntlm.authenticate(challenge).map_err(ClientError::from),
            (Credentials::Login { password, .. }, 1) => Ok(Zeroizing::new(password.as_bytes().to_vec())),
            // A second challenge says what is wrong with the token, and an empty answer ends it with 535.
            (Credentials::XOAuth2 { .. }, 1) => {
                self.failure = Some(String::from_utf8_lossy(challenge).into());
                Ok(Zeroizing::new(Vec::new()))
            }
            _ => Err(surplus),
        }
    }

    /// The answer to a challenge, both in base64 as SMTP has them. What a first challenge says is not looked at: servers of
    /// NTLM have words there that are no base64.
    pub fn answer_text(&mut self, challenge: &[u8]) -> Result<Zeroizing<String>, ClientError> {
        let malformed = ClientError::Malformed(self.mechanism());
        let decoded = match decode(challenge) {
            Ok(decoded) => decoded,
            Err(_) if self.answered == 0 => Zeroizing::new(Vec::new()),
            // LOGIN is answered whatever is asked, and some servers do ask in clear.
            Err(_) if self.mechanism() == Mechanism::Login => Zeroizing::new(Vec::new()),
            Err(_) => return Err(malformed),
        };
        self.answer(&decoded).map(|answer| encode(&answer))
    }

    /// What the server said of a token it does not take, in its words: untrusted text, mostly JSON.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }
}

impl From<ClientObjection> for ClientError {
    fn from(objection: ClientObjection) -> Self {
        match objection {
            ClientObjection::Malformed => Self::Malformed(Mechanism::Ntlm),
            ClientObjection::Outdated => Self::Outdated,
            ClientObjection::Unavailable => Self::Unavailable,
        }
    }
}

/// The parts in one piece, in memory that is large enough from the start: one that grows leaves its former self behind.
fn joined(parts: &[&str]) -> Zeroizing<Vec<u8>> {
    let mut message = Zeroizing::new(Vec::with_capacity(parts.iter().map(|part| part.len()).sum()));
    message.extend(parts.iter().flat_map(|part| part.as_bytes()));
    message
}

/// Shows no secret.
impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientExchange")
            .field("mechanism", &self.mechanism())
            .field("answered", &self.answered)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_says_all_at_once() {
        let mut exchange = ClientExchange::plain("bob", "secret");
        assert_eq!(exchange.start().unwrap().as_slice(), b"\0bob\0secret");
        assert_eq!(exchange.answer(b""), Err(ClientError::Surplus(Mechanism::Plain)));
    }

    #[test]
    fn login_answers_in_the_order_of_the_questions() {
        let mut exchange = ClientExchange::login("bob", "secret");
        assert_eq!(exchange.start(), None);
        assert_eq!(exchange.answer(b"User Name\0").unwrap().as_slice(), b"bob");
        assert_eq!(exchange.answer(b"Password:").unwrap().as_slice(), b"secret");
        assert_eq!(exchange.answer(b"Password:"), Err(ClientError::Surplus(Mechanism::Login)));
    }

    /// The vectors that Microsoft and Google publish.
    #[test]
    fn xoauth2_makes_the_published_strings() {
        let vectors = [
            (
                "test@contoso.onmicrosoft.com",
                "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA",
                "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0\
                 NjbFJDM0VvQUEBAQ==",
            ),
            (
                "someuser@example.com",
                "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
                "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRX\
                 VZMjl0Q2cBAQ==",
            ),
        ];
        for (user, token, published) in vectors {
            let mut exchange = ClientExchange::xoauth2(user, token);
            assert_eq!(*encode(&exchange.start().unwrap()), published);
        }
    }

    #[test]
    fn a_long_token_waits_for_a_challenge() {
        let token = "t".repeat(2000);
        let mut exchange = ClientExchange::xoauth2("bob@example.com", &token);
        assert_eq!(exchange.start(), None);
        assert_eq!(exchange.answer(b"").unwrap().len(), token.len() + "user=bob@example.com_auth=Bearer __".len());
    }

    #[test]
    fn the_longest_initial_response_fits_into_a_line() {
        let mut exchange = ClientExchange::xoauth2("b", &"t".repeat(MAX_INITIAL - "user=b_auth=Bearer __".len()));
        let line = format!("AUTH XOAUTH2 {}\r\n", *encode(&exchange.start().unwrap()));
        assert!(line.len() <= 512 && line.len() > 500, "{}", line.len());
    }

    #[test]
    fn what_is_wrong_with_a_token_is_kept_and_answered_with_nothing() {
        let mut exchange = ClientExchange::xoauth2("bob@example.com", "token");
        exchange.start().unwrap();
        let said = r#"{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}"#;
        assert_eq!(exchange.answer(said.as_bytes()).unwrap().as_slice(), b"");
        assert_eq!(exchange.failure(), Some(said));
        assert_eq!(exchange.answer(b""), Err(ClientError::Surplus(Mechanism::XOAuth2)));
    }

    #[test]
    fn what_is_shown_of_a_login_holds_no_secret() {
        let logins = [
            ClientExchange::plain("b", "s3cret"),
            ClientExchange::login("b", "s3cret"),
            ClientExchange::xoauth2("b", "s3cret"),
        ];
        assert!(!format!("{logins:?}").contains("s3cret"));
    }

    #[test]
    fn the_first_challenge_of_ntlm_may_be_words() {
        let mut exchange = ClientExchange::ntlm("bob", "secret", "", Channel::Open, Timestamp::from_unix(0));
        assert_eq!(exchange.start(), None);
        assert!(exchange.answer_text(b"ntlm supported").unwrap().starts_with("TlRMTVNTUAAB"));
        assert_eq!(exchange.answer_text(b"no base64"), Err(ClientError::Malformed(Mechanism::Ntlm)));
    }

    #[test]
    fn answers_are_base64_like_challenges() {
        let mut exchange = ClientExchange::login("bob", "secret");
        assert_eq!(*exchange.answer_text(b"VXNlcm5hbWU6").unwrap(), "Ym9i");
        assert_eq!(*exchange.answer_text(b"UGFzc3dvcmQ6").unwrap(), "c2VjcmV0");
        assert_eq!(exchange.answer_text(b""), Err(ClientError::Surplus(Mechanism::Login)));
    }

    proptest! {
        #[test]
        fn no_challenge_is_a_panic(challenges in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..5)) {
            let logins = [ClientExchange::plain("b", "s"), ClientExchange::login("b", "s"), ClientExchange::xoauth2("b", "s")];
            for mut exchange in logins {
                for challenge in &challenges {
                    drop(exchange.answer(challenge));
                }
            }
        }
    }
}

//! What makes a session trusted: STARTTLS (RFC 3207) and AUTH (RFC 4954).

use super::{Dialogue, Stage, Step, replies};
use crate::clock::Timestamp;
use crate::mail::Reply;
use crate::sasl::{self, Base64Error, House, Mechanism, ServerExchange, ServerStep};
use crate::smtp::command::InitialResponse;
use crate::smtp::host::{Claim, Login, Password};
use crate::smtp::line::{MAX_COMMAND, MAX_LOGIN};
use crate::tls;

/// Failed logins at which the session ends.
const FAILED_LOGINS: u32 = 5;

/// Whether TLS protects a session, or could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// This server has no certificate.
    None,
    /// It has one that cannot be used now.
    Unavailable,
    /// STARTTLS is offered.
    Offered,
    /// The session is under TLS.
    Tls(tls::Session),
}

/// How far a session is trusted.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) protection: Protection,
    /// Whether TLS began by STARTTLS, so that EHLO is due again.
    is_upgraded: bool,
    /// The login under way: the client owes a response.
    exchange: Option<ServerExchange>,
    pub(super) user: Option<Box<str>>,
    failed_logins: u32,
}

impl Trust {
    pub(super) fn new(protection: Protection) -> Self {
        Self { protection, is_upgraded: false, exchange: None, user: None, failed_logins: 0 }
    }

    pub(super) fn session(&self) -> Option<tls::Session> {
        match self.protection {
            Protection::Tls(session) => Some(session),
            _ => None,
        }
    }
}

impl Dialogue {
    /// The session is under TLS, and all that was said before is forgotten (RFC 3207 4.2). `by_command` where it was
    /// STARTTLS and not the listener that wanted it: only then a client is bound to say EHLO, once more.
    pub fn secured(&mut self, session: tls::Session, by_command: bool) {
        self.hello = None;
        self.stage = Stage::Idle;
        let failed_logins = self.trust.failed_logins;
        self.trust = Trust { is_upgraded: by_command, failed_logins, ..Trust::new(Protection::Tls(session)) };
    }

    /// Whether the next line is a response within a login, and may be a secret.
    pub fn awaits_response(&self) -> bool {
        self.trust.exchange.is_some()
    }

    /// The login, where there is one.
    pub fn user(&self) -> Option<&str> {
        self.trust.user.as_deref()
    }

    /// What the house made of a login: 235, a reply that refuses it, or 421 where it was one too many.
    pub fn settle(&mut self, login: Login) -> Reply {
        match login {
            Login::Accepted { user } => {
                self.trust.user = Some(user);
                replies::authenticated()
            }
            Login::Unavailable => replies::login_unavailable(),
            Login::Throttled => self.login_failed(replies::login_unavailable()),
            Login::Refused => self.login_failed(replies::login_failed()),
        }
    }

    fn login_failed(&mut self, reply: Reply) -> Reply {
        self.trust.failed_logins += 1;
        if self.trust.failed_logins < FAILED_LOGINS { reply } else { replies::too_many_logins(self.host()) }
    }

    /// The longest line to be taken now, in octets with its CRLF; `unread` begins with it.
    pub(in crate::smtp) fn longest_line(&self, unread: &[u8]) -> usize {
        let is_auth = || unread.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH"));
        let may_be_long = self.awaits_response() || is_auth() && !self.mechanisms().is_empty();
        if may_be_long { MAX_LOGIN } else { MAX_COMMAND }
    }

    /// Whether the client may relay, by what it is or by its login.
    pub(super) fn may_relay(&self) -> bool {
        let by_login = self.trust.user.is_some() && self.settings.access.relay.allow_authenticated;
        self.peer.may_relay || by_login
    }

    /// The mechanisms that a client may use now, in the order of the old server.
    pub(super) fn mechanisms(&self) -> Vec<Mechanism> {
        let access = &self.settings.access;
        let is_safe = self.trust.session().is_some() || self.peer.may_log_in_clear && !access.require_tls;
        let integrated = (is_safe && access.authentication.integrated).then_some(Mechanism::Ntlm);
        let basic =
            if is_safe && access.authentication.basic { &[Mechanism::Login, Mechanism::Plain][..] } else { &[] };
        integrated.into_iter().chain(basic.iter().copied()).collect()
    }

    /// What stands against mail at this point of the session: no TLS, no EHLO behind STARTTLS, no login.
    pub(super) fn objection(&self) -> Option<Reply> {
        self.clear_text().or_else(|| self.unnamed()).or_else(|| {
            let is_known = self.settings.access.authentication.anonymous || self.trust.user.is_some();
            (!is_known).then(replies::login_required)
        })
    }

    /// The reply to what may be said under TLS only. Where TLS is out of order it is a temporary one: mail must not
    /// be returned for our certificate.
    pub(super) fn clear_text(&self) -> Option<Reply> {
        match self.trust.protection {
            _ if !self.settings.access.require_tls => None,
            Protection::Tls(_) => None,
            Protection::Unavailable => Some(replies::tls_unavailable()),
            Protection::Offered | Protection::None => Some(replies::tls_required()),
        }
    }

    fn unnamed(&self) -> Option<Reply> {
        (self.trust.is_upgraded && self.hello.is_none()).then(replies::need_hello)
    }

    pub(super) fn start_tls(&self) -> Step {
        match self.trust.protection {
            Protection::None => Step::Reply(replies::not_offered()),
            Protection::Tls(_) => Step::Reply(replies::tls_already()),
            _ if self.in_transaction() => Step::Reply(replies::not_in_transaction()),
            Protection::Unavailable => Step::Reply(replies::tls_unavailable()),
            Protection::Offered => Step::StartTls(replies::start_tls()),
        }
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<InitialResponse<'_>>, now: Timestamp) -> Step {
        if let Some(reply) = self.no_login() {
            return Step::Reply(reply);
        }
        let Some(mechanism) = Mechanism::parse(mechanism.as_bytes()).filter(|m| self.mechanisms().contains(m)) else {
            return Step::Reply(replies::unknown_mechanism());
        };
        match initial.map(|InitialResponse(text)| sasl::decode(text.as_bytes())).transpose() {
            Ok(response) => {
                let house = House { host: self.host().as_str(), now };
                let step = ServerExchange::start(mechanism, response.as_ref().map(|octets| &octets[..]), house);
                self.go_on(step)
            }
            Err(error) => Step::Reply(bad_response(error)),
        }
    }

    /// Why the client may not log in now.
    fn no_login(&self) -> Option<Reply> {
        let access = &self.settings.access;
        if !access.authentication.basic && !access.authentication.integrated {
            return Some(replies::not_offered());
        }
        if self.in_transaction() {
            return Some(replies::not_in_transaction());
        }
        if self.trust.user.is_some() {
            return Some(replies::authenticated_already());
        }
        if self.mechanisms().is_empty() {
            return Some(match self.trust.protection {
                Protection::Offered => replies::tls_required(),
                Protection::Unavailable => replies::tls_unavailable(),
                Protection::None | Protection::Tls(_) => replies::encryption_needed(),
            });
        }
        self.unnamed()
    }

    /// Takes a response of the login under way.
    pub(super) fn respond(&mut self, exchange: ServerExchange, line: &[u8]) -> Step {
        let line = line.trim_ascii_end();
        if line == b"*" {
            return Step::Reply(replies::login_cancelled());
        }
        match sasl::decode(line) {
            Ok(response) => self.go_on(exchange.answer(&response)),
            Err(error) => Step::Reply(bad_response(error)),
        }
    }

    /// Ends the login under way, and gives it back.
    pub(super) fn take_exchange(&mut self) -> Option<ServerExchange> {
        self.trust.exchange.take()
    }

    fn go_on(&mut self, step: ServerStep) -> Step {
        match step {
            ServerStep::Challenge { challenge, exchange } => {
                self.trust.exchange = Some(exchange);
                Step::Reply(replies::challenge(&sasl::encode(&challenge)))
            }
            ServerStep::Password { user, password } => {
                Step::Login(Claim::Password { user, password: Password(password) })
            }
            ServerStep::Ntlm(login) => Step::Login(Claim::Ntlm(login)),
            ServerStep::Unavailable => Step::Reply(replies::login_unavailable()),
            ServerStep::Refused => Step::Login(Claim::Impossible),
            ServerStep::Malformed => Step::Reply(replies::bad_response()),
        }
    }
}

fn bad_response(error: Base64Error) -> Reply {
    match error {
        Base64Error::Malformed => replies::bad_response(),
        Base64Error::TooLong => replies::response_too_long(),
    }
}

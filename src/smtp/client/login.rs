//! The login (RFC 4954): which mechanism, its lines in base64, and what of it may be shown.

use std::fmt;

use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::Wire;
use super::{ClientError, ReplyError, Stage};
use crate::clock::Timestamp;
use crate::mail::Reply;
use crate::sasl::{self, Channel, ClientExchange, Mechanism, Zeroizing};
use crate::smtp::transcript::{self, Side};
use crate::text::shortened;

/// The most challenges answered; no mechanism of ours has more than two.
const MAX_CHALLENGES: usize = 8;
/// How much of what a server says of a token is kept, in characters.
const MAX_DETAILS: usize = 500;
/// Secrets shorter than this are not looked for in what a server says: they would be found in every word.
const MIN_SECRET: usize = 3;
/// Stands for a secret of ours that a server repeats.
const MASK: &str = "********";

/// Who we say we are. Shows no secret.
pub enum Credentials {
    /// A password: PLAIN, or LOGIN where that is all the server has.
    Basic {
        /// Who.
        user: Box<str>,
        /// Proven by what.
        password: Zeroizing<String>,
    },
    /// A password of a Windows domain: NTLM.
    Integrated {
        /// Who.
        user: Box<str>,
        /// Of which domain; may be empty.
        domain: Box<str>,
        /// Proven by what.
        password: Zeroizing<String>,
        /// When; NTLMv2 has the time in it.
        now: Timestamp,
    },
    /// An access token: XOAUTH2.
    Token {
        /// Whose mailbox.
        user: Box<str>,
        /// Proven by what.
        token: Zeroizing<String>,
    },
}

impl Credentials {
    /// The user.
    pub fn user(&self) -> &str {
        match self {
            Self::Basic { user, .. } | Self::Integrated { user, .. } | Self::Token { user, .. } => user,
        }
    }

    /// The dialogue for the best mechanism offered.
    fn exchange(&self, offered: &[Box<str>], channel: Channel) -> Option<ClientExchange> {
        let offers = |mechanism: Mechanism| offered.iter().any(|name| **name == *mechanism.name());
        match self {
            Self::Basic { user, password } if offers(Mechanism::Plain) => Some(ClientExchange::plain(user, password)),
            Self::Basic { user, password } if offers(Mechanism::Login) => Some(ClientExchange::login(user, password)),
            Self::Integrated { user, domain, password, now } if offers(Mechanism::Ntlm) => {
                Some(ClientExchange::ntlm(user, password, domain, channel, *now))
            }
            Self::Token { user, token } if offers(Mechanism::XOAuth2) => Some(ClientExchange::xoauth2(user, token)),
            _ => None,
        }
    }

    fn wanted(&self) -> &'static str {
        match self {
            Self::Basic { .. } => "PLAIN or LOGIN",
            Self::Integrated { .. } => "NTLM",
            Self::Token { .. } => "XOAUTH2",
        }
    }

    fn secret(&self) -> &str {
        match self {
            Self::Basic { password, .. } | Self::Integrated { password, .. } => password,
            Self::Token { token, .. } => token,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user()).finish_non_exhaustive()
    }
}

/// Logs in with the best mechanism of those offered; gives which one it was.
pub(super) async fn log_in<S>(
    wire: &mut Wire<S>,
    offered: &[Box<str>],
    credentials: &Credentials,
    channel: Channel,
) -> Result<Mechanism, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let Some(exchange) = credentials.exchange(offered, channel) else {
        return Err(ClientError::NoMechanism { wanted: credentials.wanted(), offered: offered.to_vec() });
    };
    wire.is_secret = true;
    let mut login = Login { wire, exchange, credentials, sent: Vec::new() };
    let outcome = login.run().await.map_err(|error| login.without_secrets(error));
    wire.is_secret = false;
    outcome
}

struct Login<'a, S> {
    wire: &'a mut Wire<S>,
    exchange: ClientExchange,
    credentials: &'a Credentials,
    /// What went out in base64, to be known again if the server repeats it.
    sent: Vec<Zeroizing<String>>,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Login<'_, S> {
    async fn run(&mut self) -> Result<Mechanism, ClientError> {
        let mechanism = self.exchange.mechanism();
        let command = format!("AUTH {}", mechanism.name());
        let initial = self.exchange.start();
        self.send(&command, initial.map(|response| sasl::encode(&response))).await?;
        for _ in 0..MAX_CHALLENGES {
            let reply = self.wire.reply(Stage::Login, self.wire.timeouts.command).await?;
            match reply.code {
                334 => {
                    self.tell(Side::Server, "334 ");
                    match self.exchange.answer_text(reply.text.trim_ascii().as_bytes()) {
                        Ok(answer) => self.send("", Some(answer)).await?,
                        Err(problem) => return self.cancel(problem.to_string()).await,
                    }
                }
                235 => {
                    self.tell_reply(&reply);
                    return Ok(mechanism);
                }
                400.. => return Err(self.refused(&reply)),
                _ => {
                    let said = self.masked(&reply.to_string());
                    return Err(ClientError::OutOfStep { stage: Stage::Login, said });
                }
            }
        }
        self.cancel("the server asks without end".to_owned()).await
    }

    /// Sends a line: a command, or none, and a response in base64. An empty initial response is `=` (RFC 4954 4).
    async fn send(&mut self, command: &str, response: Option<Zeroizing<String>>) -> Result<(), ClientError> {
        let out = &mut self.wire.out;
        out.extend_from_slice(command.as_bytes());
        if let Some(response) = &response {
            match (command.is_empty(), response.is_empty()) {
                (true, _) => {}
                (false, false) => out.push(b' '),
                (false, true) => out.extend_from_slice(b" ="),
            }
            out.extend_from_slice(response.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        match (&response, command) {
            (None, command) => self.tell_line(Side::Client, command),
            (Some(_), "") => self.tell(Side::Client, ""),
            (Some(_), command) => self.tell(Side::Client, &format!("{command} ")),
        }
        self.sent.extend(response);
        self.wire.send_commands(Stage::Login).await
    }

    /// Ends a login that makes no sense (RFC 4954 4).
    async fn cancel(&mut self, problem: String) -> Result<Mechanism, ClientError> {
        self.wire.out.extend_from_slice(b"*\r\n");
        self.tell_line(Side::Client, "*");
        self.wire.send_commands(Stage::Login).await?;
        let reply = self.wire.reply(Stage::Login, self.wire.timeouts.command).await?;
        self.tell_reply(&reply);
        let problem = self.masked(&problem).into();
        Err(ClientError::LoginBroken { mechanism: self.exchange.mechanism(), problem })
    }

    fn refused(&self, reply: &Reply) -> ClientError {
        self.tell_reply(reply);
        let details = self.exchange.failure().map(|said| shortened(&self.masked(said), MAX_DETAILS).into());
        ClientError::LoginRefused {
            user: self.credentials.user().into(),
            mechanism: self.exchange.mechanism(),
            reply: Reply { text: self.masked(&reply.text).into(), ..*reply },
            details,
        }
    }

    /// An error that did not come of an answer to the login: a farewell, or what is no reply.
    fn without_secrets(&self, error: ClientError) -> ClientError {
        match error {
            ClientError::Refused { stage, reply } => {
                self.tell_reply(&reply);
                ClientError::Refused { stage, reply: Reply { text: self.masked(&reply.text).into(), ..reply } }
            }
            ClientError::OutOfStep { stage, said } => ClientError::OutOfStep { stage, said: self.masked(&said) },
            // What is quoted is cut, perhaps in the middle of a secret.
            ClientError::BadReply { stage, problem: ReplyError::Malformed(_) } => ClientError::BadReply {
                stage,
                problem: ReplyError::Malformed("not shown, as it answers a login".into()),
            },
            error => error,
        }
    }

    /// Without secrets of ours: a server that repeats one must not bring it into logs and views.
    fn masked(&self, text: &str) -> String {
        let encoded = sasl::encode(self.credentials.secret().as_bytes());
        let secrets = self.sent.iter().map(|sent| sent.as_str()).chain([self.credentials.secret(), &encoded]);
        let long = secrets.filter(|secret| secret.len() >= MIN_SECRET);
        long.fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }

    fn tell_reply(&self, reply: &Reply) {
        let Some(transcript) = &self.wire.transcript else { return };
        transcript::tell_replies(&**transcript, self.masked(&reply.to_string()).as_bytes());
    }

    fn tell_line(&self, side: Side, line: &str) {
        if let Some(transcript) = self.wire.transcript.as_deref().filter(|transcript| transcript.is_heard()) {
            transcript.line(side, line);
        }
    }

    fn tell(&self, side: Side, before: &str) {
        if let Some(transcript) = &self.wire.transcript {
            transcript::tell_secret(&**transcript, side, before);
        }
    }
}

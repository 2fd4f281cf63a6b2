//! The opening of a connection: greeting, EHLO, TLS, EHLO again, login; in what order is for the security to say.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::login::{self, Credentials};
use super::wire::Wire;
use super::{ClientError, Extensions, Stage, Timeouts};
use crate::mail::{Domain, Reply, Severity};
use crate::sasl::Channel;
use crate::smtp::transcript::{Milestone, Transcript};
use crate::text::shortened;
use crate::tls;

/// The longest name of a remote server kept, in characters.
const MAX_NAME: usize = 255;

/// How a connection is opened.
#[derive(Clone)]
pub struct Opening<'a> {
    /// The name that we give ourselves.
    pub hello: &'a Domain,
    /// How long to wait at each step.
    pub timeouts: Timeouts,
    /// Is told of each line, now and later.
    pub transcript: Option<Arc<dyn Transcript>>,
    /// What has to be there before the connection carries mail.
    pub security: Security<'a>,
}

/// What protects a connection, and who we say we are.
#[derive(Clone, Copy)]
pub enum Security<'a> {
    /// All in clear, because somebody wants it so; a login too.
    Clear(Option<&'a Credentials>),
    /// TLS where the server offers it. Without a login: that must not depend on an offer that anybody on the way can
    /// take away.
    Opportunistic(Tls<'a>),
    /// TLS, or nothing is sent.
    Encrypted {
        /// With whom.
        tls: Tls<'a>,
        /// How it begins.
        start: Start,
        /// Who we say we are, where we say it.
        login: Option<&'a Credentials>,
    },
}

/// With whom a handshake is made.
#[derive(Clone, Copy)]
pub struct Tls<'a> {
    /// Checks the certificate.
    pub client: &'a tls::Client,
    /// The host that the certificate has to be for: a name, or an address without brackets.
    pub name: &'a str,
}

/// How TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// By STARTTLS (RFC 3207).
    StartTls,
    /// With the connection (RFC 8314 3.3).
    Implicit,
}

impl<'a> Opening<'a> {
    /// In clear, without a login, and without anybody to be told of it.
    pub fn plain(hello: &'a Domain, timeouts: Timeouts) -> Self {
        Self { hello, timeouts, transcript: None, security: Security::Clear(None) }
    }
}

/// A server that may be given mail.
pub(super) struct Introduced {
    pub(super) remote_name: Box<str>,
    pub(super) extensions: Extensions,
}

/// All that comes before the first transaction (RFC 5321 3.1, 3.2). Nothing learnt before TLS is known afterwards.
pub(super) async fn introduce<S>(
    wire: &mut Wire<S>,
    hello: &Domain,
    security: Security<'_>,
) -> Result<Introduced, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    if let Security::Encrypted { tls, start: Start::Implicit, .. } = security {
        encrypt(wire, tls).await?;
    }
    let greeting = wire.verdict(Stage::Greeting, wire.timeouts.greeting).await?;
    let greeting = welcome(Stage::Greeting, greeting)?;
    reached(wire, Milestone::Greeted);
    let remote_name = shortened(greeting.text.split_ascii_whitespace().next().unwrap_or_default(), MAX_NAME).into();
    let mut extensions = say_hello(wire, hello).await?;
    let (tls, is_required) = match security {
        Security::Clear(_) | Security::Encrypted { start: Start::Implicit, .. } => (None, false),
        Security::Opportunistic(tls) => (Some(tls), false),
        Security::Encrypted { tls, start: Start::StartTls, .. } => (Some(tls), true),
    };
    if is_required && !extensions.starttls {
        return Err(ClientError::Unencrypted);
    }
    if let Some(tls) = tls.filter(|_| extensions.starttls)
        && start_tls(wire, tls, is_required).await?
    {
        extensions = say_hello(wire, hello).await?;
    }
    let login = match security {
        Security::Clear(login) => login.map(|credentials| (credentials, Channel::Open)),
        Security::Encrypted { tls, login, .. } => {
            let channel = if tls.client.is_verifying() { Channel::Private } else { Channel::Open };
            login.map(|credentials| (credentials, channel))
        }
        Security::Opportunistic(_) => None,
    };
    if let Some((credentials, channel)) = login {
        let mechanism = login::log_in(wire, &extensions.auth, credentials, channel).await?;
        reached(wire, Milestone::LoggedIn(mechanism));
    }
    Ok(Introduced { remote_name, extensions })
}

/// Asks for TLS and makes the handshake; false if the server will not, and need not.
async fn start_tls<S>(wire: &mut Wire<S>, tls: Tls<'_>, is_required: bool) -> Result<bool, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let stage = Stage::StartTls;
    wire.out.extend_from_slice(b"STARTTLS\r\n");
    wire.send_commands(stage).await?;
    let reply = wire.verdict(stage, wire.timeouts.command).await?;
    match reply.code {
        220 => encrypt(wire, tls).await.map(|()| true),
        400.. if is_required => Err(ClientError::Refused { stage, reply }),
        400.. => Ok(false),
        // The answer to something else: somebody pretends that we are further than we are.
        _ => Err(ClientError::OutOfStep { stage, said: reply.to_string() }),
    }
}

async fn encrypt<S>(wire: &mut Wire<S>, tls: Tls<'_>) -> Result<(), ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    wire.encrypt(tls).await?;
    if let Some(transcript) = &wire.transcript
        && let Some(session) = wire.transport().session()
        && let Some(certificate) = wire.transport().certificate()
    {
        transcript.reached(Milestone::Encrypted(&session, certificate));
    }
    Ok(())
}

/// EHLO, or HELO where a server is too old for it (RFC 5321 4.1.4).
async fn say_hello<S>(wire: &mut Wire<S>, hello: &Domain) -> Result<Extensions, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let reply = greet(wire, "EHLO", hello).await?;
    let extensions = if matches!(reply.code, 500..=502 | 504) {
        welcome(Stage::Hello, greet(wire, "HELO", hello).await?)?;
        Extensions::default()
    } else {
        Extensions::parse(&welcome(Stage::Hello, reply)?)
    };
    reached(wire, Milestone::Introduced(&extensions));
    Ok(extensions)
}

async fn greet<S>(wire: &mut Wire<S>, verb: &str, hello: &Domain) -> Result<Reply, ClientError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    wire.out.extend_from_slice(format!("{verb} {hello}\r\n").as_bytes());
    wire.send_commands(Stage::Hello).await?;
    wire.verdict(Stage::Hello, wire.timeouts.command).await
}

fn welcome(stage: Stage, reply: Reply) -> Result<Reply, ClientError> {
    if reply.severity() == Severity::Success { Ok(reply) } else { Err(ClientError::Refused { stage, reply }) }
}

fn reached<S>(wire: &Wire<S>, milestone: Milestone<'_>) {
    if let Some(transcript) = &wire.transcript {
        transcript.reached(milestone);
    }
}

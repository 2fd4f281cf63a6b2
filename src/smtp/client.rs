//! The client: one connection to a remote server, and transactions over it, pipelined where that is offered.
//!
//! It is given an open stream and does what one next hop asks for; which hop, when, and what a failure means for the
//! message is decided elsewhere. The remote server is a stranger: whatever it sends, the client neither hangs nor
//! grows, and never takes the fate of one recipient for that of another.

mod dot_stuffing;
mod error;
mod exchange;
mod extensions;
mod login;
mod opening;
mod outcome;
mod reply_reader;
mod timeouts;
mod transaction;
mod transport;
mod wire;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub use error::{ClientError, Stage};
pub use extensions::Extensions;
pub use login::Credentials;
pub use opening::{Opening, Security, Start, Tls};
pub use outcome::{Outcome, RecipientOutcome};
pub use reply_reader::{ReplyError, ReplyReader};
pub use timeouts::Timeouts;
pub use transaction::{Body, Transaction};

use crate::tls;
use exchange::Exchange;
use opening::Introduced;
use outcome::Progress;
use wire::Wire;

/// How long the reply to QUIT is waited for.
const QUIT: Duration = Duration::from_secs(5);

/// An open session with a remote server.
///
/// The stream should send small segments at once (`TCP_NODELAY`): a transaction is two writes and two waits.
pub struct Connection<S> {
    wire: Wire<S>,
    remote_name: Box<str>,
    extensions: Extensions,
    /// Transactions carried so far.
    transactions: u32,
    /// A command sent now would be taken for a command: no transaction was broken off or abandoned in its middle.
    at_rest: bool,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Connection<S> {
    /// Opens a session over a stream: greeting, EHLO or HELO, and what TLS and login the security asks for. Each line
    /// goes to the transcript, now and later.
    pub async fn open(stream: S, opening: Opening<'_>) -> Result<Self, ClientError> {
        let Opening { hello, timeouts, transcript, security } = opening;
        let mut wire = Wire::new(stream, timeouts, transcript);
        match opening::introduce(&mut wire, hello, security).await {
            Ok(Introduced { remote_name, extensions }) => {
                Ok(Self { wire, remote_name, extensions, transactions: 0, at_rest: true })
            }
            Err(error) => {
                if is_waiting_for_quit(&error) {
                    say_quit(&mut wire).await;
                }
                Err(error)
            }
        }
    }

    /// Version and cipher, where the connection is encrypted.
    pub fn session(&self) -> Option<tls::Session> {
        self.wire.transport().session()
    }

    /// What the server offers.
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The name in the server's greeting, printable; perhaps empty.
    pub fn remote_name(&self) -> &str {
        &self.remote_name
    }

    /// One transaction. An `Err` leaves the connection unusable, and so does dropping the future before its end.
    ///
    /// Where the server settled some recipients and then closed, the result is `Ok` with the rest deferred.
    pub async fn deliver(
        &mut self,
        transaction: &Transaction<'_>,
        body: &mut impl Body,
    ) -> Result<Outcome, ClientError> {
        self.at_rest = false;
        let mut progress = Progress::new(transaction, &self.extensions);
        let is_needed = progress.ready(0..transaction.recipients.len()).next().is_some();
        self.at_rest = if is_needed {
            self.transactions += 1;
            let exchange = Exchange::new(&mut self.wire, &self.extensions, transaction, &mut progress);
            let at_rest = exchange.run(body).await?;
            self.wire.trim();
            at_rest
        } else {
            true
        };
        let recipients = progress.finish();
        Ok(Outcome { recipients, reusable: self.is_reusable(), dsn_passed_on: self.extensions.dsn })
    }

    /// Whether an idle connection may carry another transaction: it is still open, and the server said nothing.
    pub fn is_alive(&mut self) -> bool {
        self.is_reusable() && self.wire.is_quiet()
    }

    /// Waits until an idle connection is of no more use: the server closed it, or said something without being asked.
    pub async fn disturbed(&mut self) {
        self.wire.disturbed().await;
    }

    /// Says QUIT and waits for the reply, but not for long (RFC 5321 4.1.1.10). Where QUIT would not be understood,
    /// in the middle of a transaction that broke, the connection just ends.
    pub async fn quit(mut self) {
        if self.at_rest {
            say_quit(&mut self.wire).await;
        }
    }

    fn is_reusable(&self) -> bool {
        self.at_rest && self.extensions.mail_max.is_none_or(|max| self.transactions < max)
    }
}

/// Whether a server that we part with so early waits for QUIT: one that refuses does (RFC 5321 3.1).
fn is_waiting_for_quit(error: &ClientError) -> bool {
    match error {
        ClientError::Refused { reply, .. } => reply.code != 421,
        ClientError::Unencrypted
        | ClientError::NoMechanism { .. }
        | ClientError::LoginRefused { .. }
        | ClientError::LoginBroken { .. } => true,
        _ => false,
    }
}

async fn say_quit<S>(wire: &mut Wire<S>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
{
    let farewell = async {
        wire.out.extend_from_slice(b"QUIT\r\n");
        wire.send_commands(Stage::Quit).await?;
        wire.reply(Stage::Quit, QUIT).await
    };
    // Whatever comes of it, the connection ends here, and no message depends on it.
    let _ = timeout(QUIT, farewell).await;
}

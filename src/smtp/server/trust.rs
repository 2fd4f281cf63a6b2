//! The part of a session that makes it trusted: the change to TLS, and logins.

use tokio::io::{AsyncRead, AsyncWrite};

use super::stream::Stream;
use super::{End, Server, drained};
use crate::mail::Reply;
use crate::smtp::dialogue::replies;
use crate::smtp::host::{Claim, Host, Login};
use crate::tls;

impl<S, H> Server<S, H>
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    H: Host,
{
    /// Says that TLS may begin, and waits for it. Octets that stand behind STARTTLS already came in clear from
    /// whoever is on the way: they end the session (CVE-2011-0411).
    pub(super) async fn start_tls(&mut self, reply: &Reply) -> Result<(), End> {
        if !self.input.is_empty() {
            tracing::info!(client = %self.dialogue.peer().address, "client did not wait for the reply to STARTTLS");
            self.output.push(&replies::out_of_step());
            return Err(End::Hangup);
        }
        self.output.push(reply);
        self.flush().await?;
        let session = self.shake_hands().await?;
        self.dialogue.secured(session, true);
        self.session.set_user(None);
        Ok(())
    }

    /// Makes a session under TLS of the stream. Nothing more is said in clear, whatever goes wrong.
    pub(super) async fn shake_hands(&mut self) -> Result<tls::Session, End> {
        let (Some(identity), Some(stream)) = (&self.identity, self.stream.take_clear()) else { return Err(End::Gone) };
        // Apart, since it is large: every session would have to hold room for it.
        let shaking = Box::pin(identity.accept(stream));
        let shaken = tokio::select! {
            biased;
            () = self.session.closed() => return Err(End::Gone),
            shaken = shaking => shaken,
            () = drained(&mut self.draining) => return Err(End::Gone),
        };
        match shaken {
            Ok(stream) => {
                let session = tls::Session::of(stream.get_ref().1).ok_or(End::Gone)?;
                self.stream = Stream::Tls(Box::new(stream));
                self.session.set_encryption(session);
                self.session.audience().remark(&format!("the session is under {session}"));
                Ok(session)
            }
            Err(error) => {
                tracing::info!(client = %self.dialogue.peer().address, "no TLS: {error}");
                self.session.audience().remark(&format!("no TLS: {error}"));
                Err(End::Gone)
            }
        }
    }

    /// Asks the house who the client is.
    pub(super) async fn log_in(&mut self, claim: Claim) -> Result<(), End> {
        self.flush().await?;
        let login = tokio::select! {
            biased;
            () = self.session.closed() => return Err(End::Closed),
            login = self.host.authenticate(self.dialogue.peer(), claim) => login,
        };
        if let Login::Accepted { user } = &login {
            self.session.set_user(Some(user));
        }
        let reply = self.dialogue.settle(login);
        if reply.code == 421 {
            self.output.push(&reply);
            return Err(End::Hangup);
        }
        self.answer(&reply).await
    }
}

//! What carries a connection: the stream as it is, or TLS over it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::tls::{self, ClientStream, TlsError};

pub(super) enum Transport<S> {
    Clear(S),
    Tls(Box<ClientStream<S>>),
    /// A handshake failed, or was given up.
    Gone,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Transport<S> {
    /// Puts TLS over the stream. After an error, or once the future was dropped, nothing carries the connection.
    pub(super) async fn encrypt(&mut self, client: &tls::Client, name: &str) -> Result<(), TlsError> {
        let Self::Clear(stream) = std::mem::replace(self, Self::Gone) else { return Err(TlsError::Closed) };
        *self = Self::Tls(Box::new(client.connect(stream, name).await?));
        Ok(())
    }

    /// Version and cipher; `None` in clear.
    pub(super) fn session(&self) -> Option<tls::Session> {
        match self {
            Self::Tls(stream) => tls::Session::of(stream.get_ref().1),
            Self::Clear(_) | Self::Gone => None,
        }
    }

    /// The server's certificate; `None` in clear.
    pub(super) fn certificate(&self) -> Option<tls::PeerCertificate<'_>> {
        match self {
            Self::Tls(stream) => Some(tls::PeerCertificate::of(stream)),
            Self::Clear(_) | Self::Gone => None,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Transport<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, room: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_read(context, room),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, room),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Transport<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, octets),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Clear(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Gone => Poll::Ready(Ok(())),
        }
    }
}

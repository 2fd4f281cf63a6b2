//! The viewer's end: it carries keys to the engine and pictures back.

use std::io;

use bytes::Bytes;
use ratatui::layout::Size;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use super::frame::{FromGuest, ToGuest};
use crate::terminal::keyboard::Typed;
use crate::terminal::viewer::Seat;

/// Ctrl-Z, where the terminal does not act on it itself.
const SUSPEND: &[u8] = b"\x1a";

/// An attached viewer.
pub struct Guest<S> {
    stream: S,
    /// The size that the engine knows.
    size: Size,
}

/// Why a dashboard is no longer shown.
#[derive(Debug)]
pub enum Shown {
    /// The viewer left.
    Left,
    /// They want their shell for a while.
    Suspended,
    /// The engine ended it, and says why.
    Ended(String),
    /// The engine is gone without a word.
    Lost,
}

impl<S: AsyncRead + AsyncWrite + Send> Guest<S> {
    /// On a stream over which the engine has agreed to show the dashboard in this size.
    pub(in crate::remote) fn new(stream: S, size: Size) -> Self {
        Self { stream, size }
    }

    /// Carries until one of the two ends it. After an `Err`, and after [`Shown::Lost`], the terminal may still be in the
    /// state that a picture needs.
    pub async fn show<W: AsyncWrite + Unpin>(self, seat: &mut Seat<W>) -> io::Result<Shown> {
        let (mut pictures, mut keys) = tokio::io::split(self.stream);
        let Seat { typed, sizes, writer, .. } = seat;
        let mut is_suspended = false;
        // Reading a frame must not be broken off in its middle, so each direction has a loop of its own.
        let carry_in = async {
            if *sizes.borrow() != self.size {
                sizes.mark_changed();
            }
            loop {
                let frame = tokio::select! {
                    typed = typed.recv() => match typed {
                        Some(Typed::Bytes(bytes)) if &bytes[..] == SUSPEND && cfg!(unix) => return Ok(Some(Shown::Suspended)),
                        Some(Typed::Bytes(bytes)) => FromGuest::Typed(bytes),
                        Some(Typed::Input(input)) => FromGuest::Input(input),
                        None => return Ok(Some(Shown::Left)),
                    },
                    size = changed(sizes) => match size {
                        Some(size) => FromGuest::Size(size),
                        None => return Ok(Some(Shown::Left)),
                    },
                };
                if frame.write(&mut keys).await.is_err() {
                    // The engine may have said why.
                    return Ok::<_, io::Error>(None);
                }
            }
        };
        let carry_out = async {
            loop {
                match ToGuest::read(&mut pictures).await? {
                    Some(ToGuest::Picture(bytes)) => draw(writer, bytes).await?,
                    Some(ToGuest::End(reason)) if reason.is_empty() => return Ok(Shown::Left),
                    Some(ToGuest::End(reason)) => return Ok(Shown::Ended(reason)),
                    None => return Ok::<_, io::Error>(Shown::Lost),
                }
            }
        };
        tokio::pin!(carry_out);
        let shown = tokio::select! {
            shown = &mut carry_out => return shown,
            why = carry_in => why?,
        };
        if let Some(shown) = shown {
            is_suspended = matches!(shown, Shown::Suspended);
            // The engine sees that nobody types any more, and has the terminal left in order.
            let _ = keys.shutdown().await;
        }
        let last = carry_out.await?;
        Ok(if is_suspended { Shown::Suspended } else { last })
    }
}

async fn changed(sizes: &mut watch::Receiver<Size>) -> Option<Size> {
    sizes.changed().await.ok()?;
    Some(*sizes.borrow_and_update())
}

async fn draw(writer: &mut (impl AsyncWrite + Unpin), bytes: Bytes) -> io::Result<()> {
    writer.write_all(&bytes).await?;
    writer.flush().await
}

//! Frames on the wire between a viewer's end and the engine.

use std::io;

use bytes::Bytes;
use ratatui::layout::Size;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::dashboard::Input;

/// The most that one frame carries.
pub(super) const LARGEST: usize = u16::MAX as usize;

/// What a viewer's end sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FromGuest {
    /// What was typed, cut anywhere.
    Typed(Bytes),
    /// A key of a console that gives keys instead of bytes.
    Input(Input),
    /// The terminal has this size; said twice, it has forgotten what it showed.
    Size(Size),
}

/// What the engine sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ToGuest {
    /// To be written to the terminal, cut anywhere.
    Picture(Bytes),
    /// The last frame: why it is over, empty where the viewer left.
    End(String),
}

impl FromGuest {
    /// The next frame; `None` once the viewer's end is gone, also in the middle of one.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let Some((tag, payload)) = read(from).await? else { return Ok(None) };
        match tag {
            b't' => Ok(Some(Self::Typed(payload))),
            b'k' => Ok(Some(Self::Input(serde_json::from_slice(&payload)?))),
            b's' => match <[u8; 4]>::try_from(&payload[..]) {
                Ok([a, b, c, d]) => {
                    Ok(Some(Self::Size(Size::new(u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))))
                }
                Err(_) => Err(unknown()),
            },
            _ => Err(unknown()),
        }
    }

    pub(super) async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        match self {
            Self::Typed(bytes) => write(to, b't', bytes).await,
            Self::Input(input) => write(to, b'k', &serde_json::to_vec(input)?).await,
            Self::Size(size) => {
                let [[a, b], [c, d]] = [size.width.to_be_bytes(), size.height.to_be_bytes()];
                write(to, b's', &[a, b, c, d]).await
            }
        }
    }
}

impl ToGuest {
    /// The next frame; `None` if the engine is gone without a last word.
    pub(super) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let Some((tag, payload)) = read(from).await? else { return Ok(None) };
        match tag {
            b'p' => Ok(Some(Self::Picture(payload))),
            b'e' => Ok(Some(Self::End(String::from_utf8_lossy(&payload).into_owned()))),
            _ => Err(unknown()),
        }
    }

    pub(super) async fn write(&self, to: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        match self {
            Self::Picture(bytes) => write(to, b'p', bytes).await,
            Self::End(reason) => write(to, b'e', reason.as_bytes()).await,
        }
    }
}

async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<(u8, Bytes)>> {
    let whole = async {
        let tag = from.read_u8().await?;
        let mut payload = vec![0; usize::from(from.read_u16().await?)];
        from.read_exact(&mut payload).await?;
        Ok::<_, io::Error>((tag, payload.into()))
    };
    match whole.await {
        Ok(frame) => Ok(Some(frame)),
        Err(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ok(None),
            _ => Err(error),
        },
    }
}

/// One write for each frame, so that none of a dropped future is half of it only where it blocked.
async fn write(to: &mut (impl AsyncWrite + Unpin), tag: u8, payload: &[u8]) -> io::Result<()> {
    for piece in payload.chunks(LARGEST).chain(payload.is_empty().then_some(payload)) {
        let length = u16::try_from(piece.len()).map_err(io::Error::other)?;
        let mut frame = Vec::with_capacity(3 + piece.len());
        frame.push(tag);
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(piece);
        to.write_all(&frame).await?;
    }
    to.flush().await
}

fn unknown() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a frame of an unknown kind: is it another version?")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::layout::Position;

    use super::*;
    use crate::dashboard::{Key, KeyCode, Mouse, MouseKind};

    async fn there_and_back(frame: &FromGuest) -> FromGuest {
        let mut wire = Vec::new();
        frame.write(&mut wire).await.unwrap();
        FromGuest::read(&mut &wire[..]).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn what_is_sent_is_what_arrives() {
        let mouse = Mouse { kind: MouseKind::WheelUp, at: Position::new(3, 4) };
        for frame in [
            FromGuest::Typed(Bytes::from_static(b"\x1b[A")),
            FromGuest::Size(Size::new(500, 7)),
            FromGuest::Input(Input::Key(Key { code: KeyCode::F(5), ctrl: true, alt: false })),
            FromGuest::Input(Input::Key(Key::char('\u{e9}'))),
            FromGuest::Input(Input::Paste("two\nlines".to_owned())),
            FromGuest::Input(Input::Mouse(mouse)),
        ] {
            assert_eq!(there_and_back(&frame).await, frame);
        }
    }

    #[tokio::test]
    async fn a_picture_larger_than_a_frame_comes_in_several() {
        let picture = Bytes::from(vec![b'x'; 2 * LARGEST + 5]);
        let mut wire = Vec::new();
        ToGuest::Picture(picture.clone()).write(&mut wire).await.unwrap();
        ToGuest::End(String::new()).write(&mut wire).await.unwrap();
        let (mut wire, mut octets) = (&wire[..], 0);
        while let Some(ToGuest::Picture(piece)) = ToGuest::read(&mut wire).await.unwrap() {
            octets += piece.len();
        }
        assert_eq!(octets, picture.len());
        assert!(wire.is_empty(), "the end was read, though it carries nothing");
    }

    proptest! {
        #[test]
        fn nothing_that_arrives_is_beyond_it(wire in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let mut wire = &wire[..];
                while let Ok(Some(_)) = FromGuest::read(&mut wire).await {}
            });
        }
    }
}

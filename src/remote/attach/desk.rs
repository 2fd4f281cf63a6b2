//! The engine's end: it gives each viewer a seat and draws for them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, DuplexStream};
use tokio::runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::Hello;
use super::frame::{FromGuest, LARGEST, ToGuest};
use crate::dashboard::{Mode, Model, Viewer};
use crate::engine::{Actor, Handle};
use crate::terminal::errands::Errands;
use crate::terminal::keyboard::{BACKLOG, Typed};
use crate::terminal::preferences::PreferencesFile;
use crate::terminal::viewer::{self, End, Pace, Seat};

/// Viewers at the same time.
const PLACES: u32 = 16;
/// Octets of pictures that may be on their way to one of them.
const PIPE: usize = 64 * 1024;
/// How long the last picture and the last word may take, and how long those who are told to leave.
const FAREWELL: Duration = Duration::from_secs(3);

/// Seats viewers, and asks them to leave before the engine stops.
pub struct FrontDesk {
    engine: Arc<Handle>,
    /// Where they are served; commands are carried out where the desk was made.
    viewers: runtime::Handle,
    commands: runtime::Handle,
    places: Arc<Semaphore>,
    closing: watch::Sender<bool>,
}

impl FrontDesk {
    /// To be called on the runtime of the engine; viewers are served on `viewers`.
    pub fn new(engine: Arc<Handle>, viewers: runtime::Handle) -> Self {
        Self {
            engine,
            viewers,
            commands: runtime::Handle::current(),
            places: Arc::new(Semaphore::new(PLACES as usize)),
            closing: watch::Sender::new(false),
        }
    }

    /// The engine whose dashboard it shows.
    pub(in crate::remote) fn engine(&self) -> &Handle {
        &self.engine
    }

    /// A place for one more, or why there is none.
    pub(in crate::remote) fn place(&self, hello: &Hello) -> Result<OwnedSemaphorePermit, String> {
        if hello.capabilities().is_dumb {
            return Err("a terminal of the kind `dumb` cannot show the dashboard".to_owned());
        }
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| format!("{PLACES} people are looking already; one of them has to leave first"))
    }

    /// Serves one viewer to the end.
    pub(in crate::remote) async fn serve<S>(&self, place: OwnedSemaphorePermit, actor: Actor, hello: Hello, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (engine, commands, mut closing) = (self.engine.clone(), self.commands.clone(), self.closing.subscribe());
        let viewer = self.viewers.spawn(async move {
            let stop = async move {
                let _ = closing.wait_for(|&closing| closing).await; // a desk that is gone has closed
            };
            show(&engine, commands, actor, &hello, stream, stop).await;
            drop(place);
        });
        // What a panic of the dashboard was is in the log already.
        let _ = viewer.await;
    }

    /// Asks all viewers to leave, and waits for them, but not for long.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        let _ = tokio::time::timeout(FAREWELL, self.places.acquire_many(PLACES)).await;
    }
}

async fn show<S>(
    engine: &Handle,
    commands: runtime::Handle,
    actor: Actor,
    hello: &Hello,
    stream: S,
    stop: impl Future<Output = ()>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (reader, writer) = tokio::io::split(stream);
    let (typing, typed) = mpsc::channel(BACKLOG);
    let (resizing, sizes) = watch::channel(hello.size());
    let (canvas, pictures) = tokio::io::duplex(PIPE);
    let (end, ended) = oneshot::channel();
    // They end with this future.
    let mut carriers = JoinSet::new();
    carriers.spawn(carry_in(reader, typing, resizing));
    let last = carriers.spawn(async {
        // Where it fails the viewer's end is gone, and the viewer with it.
        let _ = carry_out(pictures, writer, ended).await;
    });

    let seat = Seat { typed, sizes, writer: canvas, pace: Pace::LOCAL, idle: None };
    let viewing = engine.watch();
    let capabilities = hello.capabilities();
    let viewer =
        Viewer { actor: actor.clone(), mode: Mode::Attached, colors: capabilities.colors, ascii: capabilities.ascii };
    // Beside the one thread of all dashboards: a slow disk is no reason for the others to stand still.
    let file = PreferencesFile::new(&engine.settings().mailroot, &actor.name);
    let read = tokio::task::spawn_blocking(move || (file.read(), file)).await;
    let Ok((preferences, file)) = read else { return };
    let (mut model, first) = Model::new(viewer, viewing.latest(), viewer::drawn_size(&seat), &preferences);
    let errands = Errands::new(Handle::clone(engine), actor, commands, viewing, None);
    let how = viewer::run(&mut model, first, errands, seat, stop).await;

    let _ = end.send(last_word(&how.why)); // the way out may be gone
    let all_said = async { while !last.is_finished() && carriers.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(FAREWELL, all_said).await; // who does not read is not waited for
    let left = model.preferences();
    if left != preferences {
        let _ = tokio::task::spawn_blocking(move || file.write(&left)).await; // the process may end
    }
}

fn last_word(why: &End) -> String {
    match why {
        End::Quit | End::Closed => String::new(),
        End::Told => "the relay stops".to_owned(),
        why => why.to_string(),
    }
}

/// What is typed, until the viewer's end is gone or says what nobody understands.
async fn carry_in(
    mut from: impl AsyncRead + Unpin,
    typing: mpsc::Sender<Typed>,
    resizing: watch::Sender<ratatui::layout::Size>,
) {
    while let Ok(Some(frame)) = FromGuest::read(&mut from).await {
        let typed = match frame {
            FromGuest::Typed(bytes) => Typed::Bytes(bytes),
            FromGuest::Input(input) => Typed::Input(input),
            FromGuest::Size(size) => {
                let _ = resizing.send(size); // the viewer may have left
                continue;
            }
        };
        if typing.send(typed).await.is_err() {
            return;
        }
    }
}

/// Pictures until the viewer ends, and then why.
async fn carry_out(
    mut pictures: DuplexStream,
    mut to: impl AsyncWrite + Unpin,
    ended: oneshot::Receiver<String>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(LARGEST);
    while pictures.read_buf(&mut buffer).await? > 0 {
        ToGuest::Picture(std::mem::take(&mut buffer).into()).write(&mut to).await?;
        buffer.reserve(LARGEST);
    }
    let reason = ended.await.unwrap_or_else(|_| "the dashboard failed".to_owned());
    ToGuest::End(reason).write(&mut to).await
}

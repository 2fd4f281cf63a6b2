//! One viewer: what is typed and what happens go in, pictures come out.
//!
//! The loop is the same for the terminal of this process and for any far one. It draws only when something has
//! changed, never faster than the viewer's pace, and never while a picture is on its way: who reads slowly skips
//! pictures, and who does not read is cut off.

use std::any::Any;
use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Size;
use tokio::io::AsyncWrite;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::keyboard::{Keyboard, Typed};
use super::outbox::Outbox;
use super::screen::{Screen, clamped, leave};
use crate::dashboard::{Effect, Input, Model, Msg};

/// How long a viewer who leaves may take for the picture on its way and the end of the session.
const FAREWELL: Duration = Duration::from_secs(2);

/// What is drawn: the dashboard's model, or in tests something smaller.
pub trait Program {
    /// Takes a message, and says what is to be done.
    fn update(&mut self, message: Msg) -> Vec<Effect>;

    /// Draws.
    fn view(&self, frame: &mut Frame<'_>);
}

impl Program for Model {
    fn update(&mut self, message: Msg) -> Vec<Effect> {
        Self::update(self, message)
    }

    fn view(&self, frame: &mut Frame<'_>) {
        Self::view(self, frame);
    }
}

/// Where a viewer looks and acts: the engine, or in tests what stands for it.
pub trait Relay {
    /// Waits for a snapshot or an answer. Nothing is lost if it is dropped before.
    fn next(&mut self) -> impl Future<Output = Msg> + Send;

    /// Begins what a program wants done outside its terminal. What comes of it comes from [`Relay::next`].
    fn perform(&mut self, effect: Effect);
}

/// A viewer's terminal, wherever it is.
#[derive(Debug)]
pub struct Seat<W> {
    /// What it sends; see [`super::keyboard::BACKLOG`]. Ends with it.
    pub typed: mpsc::Receiver<Typed>,
    /// Its size, as it says.
    pub sizes: watch::Receiver<Size>,
    /// Where pictures go.
    pub writer: W,
    /// How often.
    pub pace: Pace,
    /// How long it may stay without a key.
    pub idle: Option<Duration>,
}

/// The least time between two pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// When the viewer did something.
    pub input: Duration,
    /// When something happened in the engine.
    pub data: Duration,
}

impl Pace {
    /// For the terminal of this process.
    pub const LOCAL: Self = Self { input: Duration::from_millis(33), data: Duration::from_millis(100) };
    /// Over a wire.
    pub const REMOTE: Self = Self { input: Duration::from_millis(30), data: Duration::from_millis(250) };
}

/// Why a viewer ended.
#[derive(Debug, thiserror::Error)]
pub enum End {
    /// They left.
    #[error("the viewer left")]
    Quit,
    /// They were told to.
    #[error("the viewer was told to leave")]
    Told,
    /// Their terminal is gone.
    #[error("the terminal is gone")]
    Closed,
    /// They did nothing for long.
    #[error("nothing was typed for too long")]
    Idle,
    /// They did not read.
    #[error("the terminal takes no output")]
    Stalled,
    /// Their terminal broke.
    #[error("the terminal could not be written to: {0}")]
    Lost(#[source] io::Error),
    /// The dashboard broke, and only this one.
    #[error("the dashboard failed: {0}")]
    Panicked(String),
}

/// How a viewer ended.
#[derive(Debug)]
pub struct Ended {
    /// Why.
    pub why: End,
    /// Whether the terminal was left as it was found. Else it takes no output, or is gone.
    pub is_restored: bool,
}

/// The size in which a seat's pictures are drawn.
pub fn drawn_size<W>(seat: &Seat<W>) -> Size {
    clamped(*seat.sizes.borrow())
}

/// Serves one viewer until it ends, and leaves the terminal as it was found unless that has become impossible. A
/// panic of the program ends this viewer and nothing else.
pub async fn run<P: Program, R: Relay, W: AsyncWrite + Unpin>(
    program: &mut P,
    first: Vec<Effect>,
    relay: R,
    seat: Seat<W>,
    stop: impl Future<Output = ()>,
) -> Ended {
    let screen = match Screen::new(drawn_size(&seat)) {
        Ok(screen) => screen,
        Err(error) => return Ended { why: End::Lost(error), is_restored: true },
    };
    let now = Instant::now();
    let mut viewer = Viewer {
        program,
        relay,
        screen,
        outbox: Outbox::new(seat.writer),
        pace: seat.pace,
        drawn: now.checked_sub(seat.pace.data).unwrap_or(now),
        due: Some(now),
    };
    let Err(why) = viewer.live(first, Keyboard::new(seat.typed), seat.sizes, seat.idle, stop).await;
    let is_writable = !matches!(why, End::Stalled | End::Lost(_));
    let is_restored = is_writable && viewer.outbox.end_with(&leave(), FAREWELL).await.is_ok();
    Ended { why, is_restored }
}

struct Viewer<'a, P, R, W> {
    program: &'a mut P,
    relay: R,
    screen: Screen,
    outbox: Outbox<W>,
    pace: Pace,
    /// When the last picture was made.
    drawn: Instant,
    /// When the next one is to be made, if anything has changed.
    due: Option<Instant>,
}

impl<P: Program, R: Relay, W: AsyncWrite + Unpin> Viewer<'_, P, R, W> {
    /// Goes on until there is a reason not to.
    async fn live(
        &mut self,
        first: Vec<Effect>,
        mut keyboard: Keyboard,
        mut sizes: watch::Receiver<Size>,
        idle: Option<Duration>,
        stop: impl Future<Output = ()>,
    ) -> Result<Infallible, End> {
        tokio::pin!(stop);
        self.perform(first)?;
        let mut typed = Instant::now();
        loop {
            self.draw_if_due()?;
            let due = self.due.filter(|_| !self.outbox.is_busy());
            let idle_end = idle.map(|idle| typed + idle);
            // What is typed goes before what happened: a picture that is already old need not be drawn.
            tokio::select! {
                biased;
                () = &mut stop => return Err(End::Told),
                sent = self.outbox.progress(), if self.outbox.is_busy() => sent.map_err(lost)?,
                changed = sizes.changed() => {
                    changed.map_err(|_| End::Closed)?;
                    let size = *sizes.borrow_and_update();
                    self.resize(size)?;
                }
                inputs = keyboard.next() => {
                    typed = Instant::now();
                    for input in inputs.ok_or(End::Closed)? {
                        self.update(Msg::Input(input))?;
                    }
                    self.draw_within(self.pace.input);
                }
                message = self.relay.next() => {
                    let gap = if matches!(message, Msg::Snapshot(_)) { self.pace.data } else { self.pace.input };
                    self.update(message)?;
                    self.draw_within(gap);
                }
                () = sleep_until(due.unwrap_or(typed)), if due.is_some() => {}
                () = sleep_until(idle_end.unwrap_or(typed)), if idle_end.is_some() => return Err(End::Idle),
            }
        }
    }

    fn update(&mut self, message: Msg) -> Result<(), End> {
        let effects = unpanicked(|| self.program.update(message))?;
        self.perform(effects)
    }

    fn perform(&mut self, effects: Vec<Effect>) -> Result<(), End> {
        for effect in effects {
            match effect {
                Effect::Quit => return Err(End::Quit),
                Effect::Copy(text) => self.screen.copy(&text),
                Effect::Mouse(on) => self.screen.set_mouse(on),
                Effect::Repaint => self.screen.repaint().map_err(End::Lost)?,
                effect => self.relay.perform(effect),
            }
        }
        Ok(())
    }

    fn resize(&mut self, size: Size) -> Result<(), End> {
        match self.screen.resize(size) {
            Some(size) => self.update(Msg::Input(Input::Resize(size)))?,
            // There and back again: the terminal may have forgotten what it showed.
            None => self.screen.repaint().map_err(End::Lost)?,
        }
        self.draw_within(self.pace.input);
        Ok(())
    }

    fn draw_within(&mut self, gap: Duration) {
        let due = self.drawn + gap;
        self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
    }

    fn draw_if_due(&mut self) -> Result<(), End> {
        let now = Instant::now();
        if self.outbox.is_busy() || self.due.is_none_or(|due| due > now) {
            return Ok(());
        }
        let (program, screen) = (&*self.program, &mut self.screen);
        let frame = unpanicked(|| screen.draw(|frame| program.view(frame)))?.map_err(End::Lost)?;
        self.outbox.put(frame);
        (self.drawn, self.due) = (now, None);
        Ok(())
    }
}

/// The program of a viewer is thrown away after a panic, so that nothing sees what it left half done.
fn unpanicked<T>(step: impl FnOnce() -> T) -> Result<T, End> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|payload| End::Panicked(said(&*payload)))
}

/// What a panic said.
fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

fn lost(error: io::Error) -> End {
    if error.kind() == io::ErrorKind::TimedOut { End::Stalled } else { End::Lost(error) }
}

#[cfg(test)]
mod tests;

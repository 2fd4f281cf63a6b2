//! The terminal of this process: taken for a viewer, and given back as it was whatever happens.

#[cfg(unix)]
mod bytes;
#[cfg(windows)]
mod console;

#[cfg(unix)]
use bytes as keys;
#[cfg(windows)]
use console as keys;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc::channel;
use std::time::Duration;

use crossterm::terminal;
use ratatui::layout::Size;
use tokio::io::Stdout;
use tokio::sync::{mpsc, watch};

use super::capabilities::Capabilities;
use super::keyboard::BACKLOG;
use super::screen::leave;
use super::viewer::{End, Ended, Pace, Seat};
use crate::platform;

/// How long the terminal may take to be left. It may be one that takes nothing any more.
const PATIENCE: Duration = Duration::from_secs(1);

/// The terminal, in raw mode until this is dropped.
#[derive(Debug)]
pub struct LocalTerminal {
    /// Whether the far side was left by the viewer, as it is unless something broke.
    is_left: bool,
}

impl LocalTerminal {
    /// Whether this process has one, to read from and to draw on.
    pub fn is_there() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// What it can show.
    pub fn capabilities() -> Capabilities {
        Capabilities::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Takes it: from here on keys are not shown, and Ctrl-C is a key like any other.
    pub fn take() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        Ok(Self { is_left: false })
    }

    /// A place before it. Its keys are read by a thread of their own for as long as the process lives, its size is
    /// followed on the runtime that this is called on.
    pub fn seat(&self) -> io::Result<Seat<Stdout>> {
        let (typed, inputs) = mpsc::channel(BACKLOG);
        let (size, sizes) = watch::channel(size());
        keys::read(typed, size)?;
        Ok(Seat { typed: inputs, sizes, writer: tokio::io::stdout(), pace: Pace::LOCAL, idle: None })
    }

    /// Gives it back in the state in which the far side has left it already.
    pub fn give_back_as_left(mut self) {
        self.is_left = true;
    }

    /// Gives it to the shell, which has stopped this process until it is to go on, and takes it again. The far side has
    /// left it already.
    pub fn suspend(&self) -> io::Result<()> {
        terminal::disable_raw_mode()?;
        platform::stop_this_process()?;
        terminal::enable_raw_mode()
    }

    /// Gives it back after the viewer's end.
    pub fn give_back(mut self, ended: &Ended) {
        // One that takes no output is not waited for again.
        self.is_left = ended.is_restored || matches!(ended.why, End::Stalled);
    }
}

impl Drop for LocalTerminal {
    fn drop(&mut self) {
        if !self.is_left {
            leave_within(PATIENCE);
        }
        // There is nobody left to tell.
        let _ = terminal::disable_raw_mode();
    }
}

/// Writes the end of a session on a thread of its own: a terminal that does not read must not keep the process.
fn leave_within(patience: Duration) {
    let (done, left) = channel();
    std::thread::spawn(move || {
        let mut out = io::stdout();
        let _ = out.write_all(&leave()).and_then(|()| out.flush()); // as above
        let _ = done.send(()); // nobody may wait any longer
    });
    let _ = left.recv_timeout(patience);
}

/// What it says, or nothing, which stands for the usual size.
pub fn size() -> Size {
    terminal::size().map_or(Size::ZERO, |(width, height)| Size::new(width, height))
}

//! The control socket: a Unix socket, on Windows a named pipe. Only this machine can reach it.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use std::io;
use std::path::PathBuf;

#[cfg(unix)]
pub use unix::{ClientStream, ControlListener, ServerStream, connect};
#[cfg(windows)]
pub use windows::{ClientStream, ControlListener, ServerStream, connect};

/// Who is at the other end of a control connection, as the system vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user id; `None` on Windows, where the pipe's access list has already decided.
    pub uid: Option<u32>,
    /// Whether the peer is whom this process belongs to, or the superuser.
    pub is_owner: bool,
}

/// The control socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Another engine is there.
    #[error("another mailroot engine answers at {0}; stop it first, or set control.socket to another path")]
    InUse(PathBuf),
    /// Something is in the way that is no socket of ours, and so is left alone.
    #[error("{0} is in the way of the control socket and is no socket; move it, or set control.socket to another path")]
    Occupied(PathBuf),
    /// Unix allows about a hundred bytes.
    #[error("the path of the control socket is too long: {0}; set control.socket to a shorter one")]
    TooLong(PathBuf),
    /// Anything else.
    #[error("cannot open the control socket {path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

//! A viewer's terminal: bytes to input, pictures to bytes, and the loop between them.
//!
//! [`viewer::run`] serves one viewer over any stream of bytes, `local` gives it the terminal of this process; a far
//! one differs only in where its bytes come from and go to. Viewers live on a [`runtime`] of their own. This module knows
//! neither what is drawn nor what a command does.

pub mod capabilities;
pub mod decode;
pub mod errands;
pub mod keyboard;
pub mod local;
mod outbox;
pub mod panics;
pub mod preferences;
pub mod screen;
pub mod viewer;

use std::io;

/// The runtime of all viewers of a process: sorting a long list for a picture must not delay mail.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("viewers").enable_all().build()
}

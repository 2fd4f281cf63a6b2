//! Keys as bytes of standard input, sizes by signal.

use std::io::{self, Read as _};
use std::thread;

use bytes::Bytes;
use ratatui::layout::Size;
use tokio::sync::{mpsc, watch};

use crate::platform::WindowSignal;
use crate::terminal::keyboard::Typed;

/// Bytes read at once; a paste comes in several pieces.
const PIECE: usize = 4096;

pub(super) fn read(typed: mpsc::Sender<Typed>, size: watch::Sender<Size>) -> io::Result<()> {
    let mut change = WindowSignal::listen()?;
    tokio::spawn(async move {
        while !size.is_closed() {
            change.changed().await;
            // Nobody may look any longer.
            let _ = size.send(super::size());
        }
    });
    thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        let mut piece = vec![0; PIECE];
        // Until the terminal is gone, or the viewer.
        while let Ok(count @ 1..) = io::stdin().read(&mut piece) {
            if typed.blocking_send(Typed::Bytes(Bytes::copy_from_slice(&piece[..count]))).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

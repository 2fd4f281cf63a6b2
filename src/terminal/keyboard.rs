//! What a viewer's terminal sends, in order and as much at once as there is.

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::decode::Decoder;
use crate::dashboard::Input;

/// How much may wait until a viewer gets to it; who sends faster waits.
pub const BACKLOG: usize = 64;

/// A piece of what a terminal sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Bytes, cut anywhere.
    Bytes(Bytes),
    /// From a console that gives keys instead of bytes.
    Input(Input),
}

/// Reads inputs from a channel with [`BACKLOG`] places.
#[derive(Debug)]
pub(super) struct Keyboard {
    typed: mpsc::Receiver<Typed>,
    decoder: Decoder,
}

impl Keyboard {
    pub(super) fn new(typed: mpsc::Receiver<Typed>) -> Self {
        Self { typed, decoder: Decoder::default() }
    }

    /// Waits for inputs and gives all that are there; `None` once the terminal is gone. Nothing is lost if it is
    /// dropped before.
    pub(super) async fn next(&mut self) -> Option<Vec<Input>> {
        let mut inputs = Vec::new();
        while inputs.is_empty() {
            let deadline = self.decoder.deadline().map(Instant::from_std);
            tokio::select! {
                biased;
                typed = self.typed.recv() => self.take_all(typed?, &mut inputs),
                () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    self.decoder.expire(&mut inputs);
                }
            }
        }
        Some(inputs)
    }

    fn take_all(&mut self, first: Typed, inputs: &mut Vec<Input>) {
        let now = Instant::now();
        self.take(first, now, inputs);
        // As many as may wait, so that a flood does not keep the picture from being drawn.
        for _ in 1..BACKLOG {
            let Ok(typed) = self.typed.try_recv() else { return };
            self.take(typed, now, inputs);
        }
    }

    fn take(&mut self, typed: Typed, now: Instant, inputs: &mut Vec<Input>) {
        match typed {
            Typed::Bytes(bytes) => self.decoder.feed(&bytes, now.into_std(), inputs),
            Typed::Input(input) => inputs.push(input),
        }
    }
}

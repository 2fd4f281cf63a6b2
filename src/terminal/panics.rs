//! What a panic leaves behind: a line in the log, and never a word on a screen that somebody draws on.
//!
//! The terminal of a viewer that fails is given back as its guards are dropped. So nothing is restored here, least of
//! all when a task panics that has no terminal.

use std::panic::{self, PanicHookInfo};

use crate::text::printable;

/// From here on panics are logged; what the hook before did is not done any more.
pub fn log_them() {
    panic::set_hook(Box::new(log));
}

fn log(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let (place, said) = (panic.location().map(ToString::to_string), panic.payload_as_str());
    tracing::error!(
        "a task failed on thread {}, at {}: {}; please report this",
        thread.name().unwrap_or("without a name"),
        place.as_deref().unwrap_or("a place unknown"),
        printable(said.unwrap_or("no reason given"))
    );
}

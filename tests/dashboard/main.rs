//! The dashboard without a terminal: keys go in, pictures and effects come out.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

mod driver;
mod fixtures;
mod frame;
mod sessions;
mod transcript;
mod trial;

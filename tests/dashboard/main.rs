//! The dashboard without a terminal: keys go in, pictures and effects come out.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

#[path = "../support/attack_vectors.rs"]
mod attack_vectors;

mod anything;
mod check;
mod driver;
mod fixtures;
mod frame;
mod hostile;
mod keys;
mod log;
mod login;
mod pictures;
mod queue;
mod screenshots;
mod sessions;
mod settings;
mod stage;
mod transcript;
mod trial;

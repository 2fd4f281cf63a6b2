//! The dashboard in a real terminal: the program is started under a pseudo-terminal, typed at and looked at.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

#[path = "../support/attack_vectors.rs"]
mod attack_vectors;
#[path = "../support/pty.rs"]
mod pty;
#[path = "../support/scripted_peer.rs"]
mod scripted_peer;

mod attach;
mod client;
mod first_start;
mod hostile;
mod manners;
mod preferences;
mod secrets;
mod settings;
mod stuck_mail;

//! The whole engine, started as the program starts it: listeners on loopback, a zone of fixed answers, and next hops
//! that record every octet.
//!
//! Tests are named by the row of the conformance checklist or the attack vector that they prove, where there is one.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

#[path = "../support/attack_vectors.rs"]
mod attack_vectors;
#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../support/scripted_peer.rs"]
mod scripted_peer;
#[path = "../support/token_endpoint.rs"]
mod token_endpoint;

mod checks;
mod client;
mod connections;
mod content;
#[cfg(unix)]
mod descriptors;
mod faults;
mod folders;
mod house;
mod logins;
mod loops;
mod plans;
mod previews;
mod rights;
mod settings;
mod settings_edits;
mod settings_secrets;
mod shown;
mod smuggling;
mod tls;
mod token_troubles;
mod tokens;
mod transcripts;
mod trials;
mod users;
mod watching;

use certificates::Certificate;
use client::{Client, TlsClient};
use house::{House, eventually};
use scripted_peer::{ScriptedPeer, say};

//! Delivery with the real queue, a zone of fixed answers and scripted peers on loopback.
//!
//! Tests are named by the row of the conformance checklist or the attack vector that they prove. Time passes when a
//! test says so.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "../support/authority.rs"]
mod authority;
#[path = "../support/scripted_peer.rs"]
mod scripted_peer;
#[path = "../support/stores.rs"]
mod stores;
#[path = "../support/token_endpoint.rs"]
mod token_endpoint;

mod acts;
mod connections;
mod departures;
mod house;
mod local;
mod reports;
mod retries;
mod routes;
mod security;
mod tokens;
mod transactions;

use std::time::Duration;

use house::{House, domain, eventually, free_port, from_app, skip};
use mailroot::queue::{Filter, QueueId};
use scripted_peer::{Act, END_OF_DATA, GREETING, ScriptedPeer, TLS, say, say_and_close};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

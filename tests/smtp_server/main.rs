//! The SMTP server against a client that says what it likes. The names begin with the row of
//! `tests/data/rfc-checklist.tsv` that the test stands for; `docs/RFC.md` lists them all.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

#[path = "../support/smtp_session.rs"]
mod smtp_session;

mod auth;
mod chunking;
mod commands;
mod content;
mod envelopes;
mod extensions;
mod limits;
mod pipelining;
mod sessions;
mod starttls;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use mailroot::mail::{Reply, ReversePath};
use smtp_session::{HOST, House, INSTANCE, Said, Session, Trouble, domain, insider, listener, outsider};

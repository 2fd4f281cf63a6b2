//! mailroot: an SMTP relay with a durable queue directory and a dashboard in the terminal.
//!
//! # Layout
//!
//! Each layer uses only those above it; `tests/architecture.rs` holds that. `docs/ARCHITECTURE.md` is the page to
//! read first.
//!
//! * [`text`], [`clock`], [`mail`], [`platform`]: printing what strangers wrote; time; the vocabulary of mail; all
//!   that differs between Linux and Windows.
//! * [`config`], [`dns`]: the settings, always valid once parsed; name resolution.
//! * [`sasl`]: the mechanisms of logins, both sides.
//! * [`accounts`], [`oauth`]: who may log in here, and what failures cost; tokens for logins elsewhere.
//! * [`ledger`]: what is happening now, and the delivery log.
//! * [`smtp`], [`queue`]: both ends of the wire; the durable queue.
//! * [`delivery`]: routes, the scheduler, attempts, reports.
//! * [`engine`]: all of it running, with snapshots out and commands in.
//! * [`demo`]: an engine with clients and smart hosts around it, for looking at.
//! * [`dashboard`], [`terminal`]: what a viewer sees, as a pure function; the viewer's terminal, wherever it is.
//! * [`remote`]: the control socket, and views as text and JSON.
//! * [`cli`]: the command line.

pub mod accounts;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dashboard;
pub mod delivery;
pub mod demo;
pub mod dns;
pub mod engine;
pub mod ledger;
pub mod mail;
pub mod oauth;
pub mod platform;
pub mod queue;
pub mod remote;
pub mod sasl;
pub mod smtp;
pub mod terminal;
pub mod text;
pub mod tls;

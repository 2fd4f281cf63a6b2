//! Stub.

pub(crate) mod config;

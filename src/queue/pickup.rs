//! Stub.
mod header;
mod looks;

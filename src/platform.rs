//! All that differs between Linux and Windows.

pub mod files;

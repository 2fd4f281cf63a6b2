//! Stub of the config builder's file.

use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Subcommand)]
pub(super) enum ConfigCommand {
    /// Check
    Check,
}

pub(super) fn run(file: Option<&Path>, command: ConfigCommand) -> anyhow::Result<ExitCode> {
    todo!()
}

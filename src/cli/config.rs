//! STUB of the config builder's file.

use std::io::{self, Write};
use std::path::Path;

use crate::config::LoadError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("stub {0}")]
    Print(#[from] io::Error),
}

impl ConfigError {
    pub(crate) fn exit_status(&self) -> u8 {
        todo!()
    }
}
pub(crate) fn check(path: Option<&Path>, out: &mut dyn Write) -> Result<(), ConfigError> {
    todo!()
}
pub(crate) fn show(path: Option<&Path>, json: bool, out: &mut dyn Write) -> Result<(), ConfigError> {
    todo!()
}
pub(crate) fn set(path: Option<&Path>, key: &str, value: &str, out: &mut dyn Write) -> Result<(), ConfigError> {
    todo!()
}

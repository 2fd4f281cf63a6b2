//! Where things usually are.

use std::path::PathBuf;

/// The settings file of a mailroot installed as a service, used where none is named and the working directory
/// has none.
#[cfg(unix)]
pub fn usual_settings_file() -> PathBuf {
    PathBuf::from("/etc/mailroot/mailroot.toml")
}

/// The settings file of a mailroot installed as a service, used where none is named and the working directory
/// has none.
#[cfg(windows)]
pub fn usual_settings_file() -> PathBuf {
    let data = std::env::var_os("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from);
    data.join("mailroot").join("mailroot.toml")
}

//! Settings files on disk: where they are, and what they say.

use std::io;
use std::path::{Path, PathBuf};

use super::problem::{Position, Problem};
use super::{Settings, parse};
use crate::platform;
use crate::text::shown_path;

/// The settings in force and where they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The file; `None` where there is none and the defaults serve.
    pub path: Option<PathBuf>,
    /// Where relative paths start.
    pub base: PathBuf,
    /// The settings.
    pub settings: Settings,
}

/// Why a settings file cannot be used. Its display names the file, and for problems every one on a line of its
/// own: `config/mailroot.toml:12:9: messages.max_message_size: "12 XB" is not a size; expected …`.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It cannot be read at all.
    #[error("cannot read the settings file {}: {source}; name another one with --config", shown_path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It holds no valid settings.
    #[error("{}", listed(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// All that is wrong with it, in its order.
        problems: Vec<Problem>,
    },
}

impl LoadError {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. } | Self::Invalid { path, .. } => path,
        }
    }
}

/// Reads the settings from a file.
pub fn load(path: &Path) -> Result<Settings, LoadError> {
    load_text(path, &read(path)?)
}

/// The settings that a file gives when it holds this text.
pub fn load_text(path: &Path, text: &str) -> Result<Settings, LoadError> {
    let base = base_of(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    parse(text, &base).map_err(|problems| LoadError::Invalid { path: path.to_owned(), problems })
}

/// The settings for a start: from the file that was named, else from the one at [`default_path`], else the
/// defaults below the working directory.
pub fn locate(named: Option<&Path>) -> Result<Loaded, LoadError> {
    let path = named.map(Path::to_owned).or_else(default_path);
    let base = path.as_deref().map_or_else(std::env::current_dir, base_of);
    let base = base.map_err(|source| LoadError::Read { path: path.clone().unwrap_or_default(), source })?;
    let settings = match &path {
        Some(path) => load(path)?,
        None => Settings::defaults(&base),
    };
    Ok(Loaded { path, base, settings })
}

/// The settings file used when none is named: `config/mailroot.toml` in the working directory, else the
/// platform's usual place, whichever is there.
pub fn default_path() -> Option<PathBuf> {
    [PathBuf::from(LOCAL), platform::usual_settings_file()].into_iter().find(|path| path.exists())
}

/// Where the settings file is or, if there is none yet, where it is to be made: at the path that was named, else at
/// [`default_path`], else below the working directory.
pub fn place(named: Option<&Path>) -> PathBuf {
    named.map(Path::to_owned).or_else(default_path).unwrap_or_else(|| PathBuf::from(LOCAL))
}

/// The settings file below the working directory.
const LOCAL: &str = "config/mailroot.toml";

/// Where the relative paths of a settings file start: its folder or, where that is called `config`, the parent
/// of it.
pub fn base_of(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(&path);
    let above = folder.parent().filter(|_| folder.file_name().is_some_and(|name| name == "config"));
    Ok(above.unwrap_or(folder).to_owned())
}

/// A file beside the settings file at `path` as the settings name it: from where relative paths start, with slashes.
pub fn relative(path: &Path, file: &Path) -> String {
    let base = base_of(path).unwrap_or_default();
    file.strip_prefix(&base).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// The text of a settings file.
pub fn read(path: &Path) -> Result<String, LoadError> {
    let bytes = std::fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let at = Some(Position::in_text(&String::from_utf8_lossy(error.as_bytes()), valid));
        let reason = "not UTF-8".to_owned();
        let problem = Problem { at, key: String::new(), reason, expected: Some("a text file in UTF-8".to_owned()) };
        LoadError::Invalid { path: path.to_owned(), problems: vec![problem] }
    })
}

/// What an editor begins with: the text of a settings file, empty if the file is not there yet.
pub fn current(path: &Path) -> Result<String, LoadError> {
    match read(path) {
        Err(LoadError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

fn listed(path: &Path, problems: &[Problem]) -> String {
    let path = shown_path(path);
    problems.iter().map(|problem| format!("{path}:{problem}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_start_at_the_folder_of_the_file_or_above_config() {
        let base = |path: &str| base_of(Path::new(path)).unwrap();
        let here = std::env::current_dir().unwrap();
        assert_eq!(base("config/mailroot.toml"), here);
        assert_eq!(base("mailroot.toml"), here);
        assert_eq!(base("etc/mailroot.toml"), here.join("etc"));
        assert_eq!(base("relay/config/mailroot.toml"), here.join("relay"));
        assert_eq!(base("config/config/mailroot.toml"), here.join("config"));
    }

    #[test]
    fn a_file_that_was_named_is_made_where_it_was_named() {
        let named = Path::new("etc/relay.toml");
        assert_eq!(place(Some(named)), named);
        assert!(place(None).ends_with("mailroot.toml"));
    }

    #[test]
    fn settings_of_a_file_lie_beside_its_config_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config").join("mailroot.toml");
        std::fs::create_dir(folder.path().join("config")).unwrap();
        let elsewhere = std::env::temp_dir().join("control");
        let text = format!("[log]\ndirectory = \"log\"\n[control]\nsocket = '{}'\n", elsewhere.display());
        std::fs::write(&path, text).unwrap();
        let loaded = locate(Some(&path)).unwrap();
        assert_eq!(loaded.settings.mailroot, folder.path().join("mailroot"));
        assert_eq!(loaded.settings.log.directory, folder.path().join("log"));
        assert_eq!(loaded.settings.control.socket, elsewhere);
        assert_eq!((loaded.base.as_path(), loaded.path), (folder.path(), Some(path)));
    }
}

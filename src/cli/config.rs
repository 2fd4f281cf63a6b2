//! `mailroot config check|show|set`: the settings without the dashboard.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use super::certificate::CertificateError;
use crate::config::{self, Draft, Effective, LoadError, Loaded, Problem, SaveError};
use crate::text::{printable, shown_path};

/// The number of the form of `config show --json`.
const SCHEMA: u32 = 1;

/// Why a command about the settings failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The settings file cannot be used.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The value cannot be set; the file is as it was.
    #[error("{}", lines(.0))]
    Value(Vec<Problem>),
    /// There is no value to set.
    #[error("say which value: behind the key, or with --stdin through a pipe; a secret is asked for at a terminal")]
    NoValue,
    /// A secret was not given after all.
    #[error("{0}")]
    Secret(io::Error),
    /// There is no certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// There is no such preset.
    #[error("there is no preset {}; `mailroot config preset` lists them", printable(.0.as_bytes()))]
    NoPreset(String),
    /// A preset does not ask for what was given.
    #[error("{0} is not for {1}")]
    NotOfPreset(&'static str, &'static str),
    /// The smart host has to be known first.
    #[error("say which smart host, with --host. {0}")]
    NoHost(&'static str),
    /// The edited file was not written.
    #[error(transparent)]
    Save(#[from] SaveError),
    /// The answer cannot be printed.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

impl ConfigError {
    /// The exit status: 2 for wrong settings or values, 1 for what failed.
    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Load(_)
            | Self::Value(_)
            | Self::NoValue
            | Self::NoPreset(_)
            | Self::NotOfPreset(..)
            | Self::NoHost(_) => 2,
            Self::Save(_) | Self::Secret(_) | Self::Certificate(_) | Self::Print(_) => 1,
        }
    }
}

/// Says whether the settings are right, and what in them is probably not meant. `path` is the file named with
/// `--config`.
pub(crate) fn check(path: Option<&Path>, out: &mut dyn Write) -> Result<(), ConfigError> {
    let loaded = config::locate(path)?;
    for warning in loaded.settings.warnings() {
        writeln!(out, "warning: {warning}")?;
    }
    match &loaded.path {
        Some(path) => {
            for file in config::readable_by_others(path, &config::read(path)?, &loaded.settings) {
                writeln!(out, "warning: {} holds a secret, and other accounts may read it", shown_path(&file))?;
            }
            writeln!(out, "{}: the settings are right", shown_path(path))?;
        }
        None => writeln!(out, "no settings file: the defaults are in force")?,
    }
    Ok(())
}

/// Prints every setting with its value, as text with a `*` before what is not the default, or as JSON.
pub(crate) fn show(path: Option<&Path>, json: bool, out: &mut dyn Write) -> Result<(), ConfigError> {
    let loaded = config::locate(path)?;
    let settings = loaded.settings.effective(&loaded.base);
    if json {
        writeln!(out, "{:#}", as_json(&loaded, &settings))?;
        return Ok(());
    }
    let width = settings.iter().map(|setting| setting.key.len()).max().unwrap_or(0);
    for setting in &settings {
        let mark = if setting.is_default { ' ' } else { '*' };
        writeln!(out, "{mark} {:width$}  {}", setting.key, printable(&setting.value))?;
    }
    Ok(())
}

/// Whether a key holds a secret.
pub(crate) fn is_secret(key: &str) -> bool {
    let name = key.strip_prefix("domain[").and_then(|rest| rest.split_once("].")).map(|(_, name)| name);
    let kind = match name {
        Some(name) => config::domain_fields().find(|field| field.key == name).map(config::Field::kind),
        None => config::fields().find(|field| field.key == key).map(config::Field::kind),
    };
    kind == Some(config::Kind::Secret)
}

/// Sets one key in the settings file, which is made if it is not there. Comments and all other lines stay. A secret goes
/// to a file of its own, and the settings file names that.
pub(crate) fn set(path: Option<&Path>, key: &str, value: &str, out: &mut dyn Write) -> Result<(), ConfigError> {
    let path = config::place(path);
    let mut draft = Draft::of_file(&path)?;
    let value = if is_secret(key) { secret_in_toml(value) } else { value.to_owned() };
    draft.set(key, &value).map_err(ConfigError::Value)?;
    let secrets = draft.save(&path)?;
    writeln!(out, "{}: {} is set", shown_path(&path), printable(key))?;
    for secret in secrets {
        writeln!(out, "the secret is in {}, which only this account can read", shown_path(&secret))?;
    }
    Ok(())
}

/// A secret as it was given behind its key: a text in quotes or a table in braces stands for itself, and everything else
/// is a text, though it look like a number or a list.
fn secret_in_toml(value: &str) -> String {
    match value.trim().parse() {
        Ok(toml_edit::Value::String(_) | toml_edit::Value::InlineTable(_)) => value.to_owned(),
        _ => toml_edit::Value::from(value).to_string(),
    }
}

/// `{"schema": 1, "file": …, "settings": [{"key", "value", "default"}]}`.
fn as_json(loaded: &Loaded, settings: &[Effective]) -> Value {
    let settings = settings.iter().map(|setting| {
        // The value is TOML of our own writing, so that it reads back; if it ever did not, its text is shown.
        let value = setting.value.parse::<toml::Value>().ok().and_then(|value| serde_json::to_value(value).ok());
        let value = value.unwrap_or_else(|| Value::from(setting.value.as_str()));
        json!({ "key": setting.key, "value": value, "default": setting.is_default })
    });
    json!({
        "schema": SCHEMA,
        "file": loaded.path.as_ref().map(|path| path.to_string_lossy()),
        "settings": settings.collect::<Vec<_>>(),
    })
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Command<'a> = &'a dyn Fn(Option<&Path>, &mut dyn Write) -> Result<(), ConfigError>;

    /// Runs a command on a settings file with this text, and gives what it printed and the file afterwards.
    fn run(text: &str, command: Command<'_>) -> (Result<String, ConfigError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        std::fs::write(&path, text).unwrap();
        let mut out = Vec::new();
        let result = command(Some(&path), &mut out).map(|()| String::from_utf8(out).unwrap());
        (result, std::fs::read_to_string(&path).unwrap())
    }

    #[test]
    fn check_prints_warnings_and_says_that_the_file_is_right() {
        let open = "[general]\nlisten = [\"[::]:25\"]\n[access.relay]\nmode = \"all-except\"\n";
        let printed = run(open, &|path, out| check(path, out)).0.unwrap();
        let lines: Vec<_> = printed.lines().collect();
        assert!(lines[0].starts_with("warning: access.relay.list: "), "{printed}");
        assert!(lines[1].ends_with("mailroot.toml: the settings are right"), "{printed}");
    }

    #[cfg(not(windows))]
    #[test]
    fn check_names_the_files_of_secrets_that_others_may_read() {
        let password = "[delivery.outbound_security]\npassword = { file = \"password\" }\n";
        let client_secret = "oauth = { client_secret = \"s3cret\" }\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        let warned = || {
            let mut out = Vec::new();
            check(Some(&path), &mut out).unwrap();
            String::from_utf8(out).unwrap().matches("other accounts may read it").count()
        };
        std::fs::write(&path, password).unwrap();
        std::fs::write(folder.path().join("password"), "s3cret").unwrap();
        assert_eq!(warned(), 1);
        std::fs::write(&path, format!("{password}{client_secret}")).unwrap();
        assert_eq!(warned(), 2);
        for (file, content) in [(&path, password), (&folder.path().join("password"), "s3cret")] {
            crate::platform::files::replace_private(file, content.as_bytes()).unwrap();
        }
        assert_eq!(warned(), 0);
    }

    #[test]
    fn check_of_a_wrong_file_fails_with_status_2() {
        let error = run("[log]\nlevel = 1\nkeep = 1\n", &|path, out| check(path, out)).0.unwrap_err();
        assert_eq!((error.exit_status(), error.to_string().lines().count()), (2, 2));
        let missing = check(Some(Path::new("no/such/file.toml")), &mut Vec::new()).unwrap_err();
        assert_eq!(missing.exit_status(), 2);
    }

    #[test]
    fn show_marks_what_is_not_the_default() {
        let printed = run("[log]\nlevel = \"warn\"\n", &|path, out| show(path, false, out)).0.unwrap();
        let marked: Vec<_> = printed.lines().filter(|line| line.starts_with('*')).collect();
        assert_eq!(marked.len(), 1, "{printed}");
        assert_eq!(marked[0].split_whitespace().collect::<Vec<_>>(), ["*", "log.level", "\"warn\""]);
    }

    #[test]
    fn show_as_json_has_typed_values() {
        let text = "[messages]\nmax_recipients = 7\n[[domain]]\nname = \"a.example\"\n";
        let printed = run(text, &|path, out| show(path, true, out)).0.unwrap();
        let shown: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(shown["schema"], 1);
        let setting = |key| shown["settings"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
        assert_eq!(setting("messages.max_recipients")["value"], 7);
        assert_eq!(setting("messages.max_recipients")["default"], false);
        assert_eq!(setting("delivery.retry")["value"], json!(["15m", "30m", "1h", "4h"]));
        assert_eq!(setting("domain[1].name")["value"], "a.example");
    }

    #[test]
    fn show_prints_no_secret_but_where_one_is_kept() {
        let text = "[delivery.outbound_security]\npassword = \"s3cret\"\noauth = { client_secret = { env = \"X\" } }\n";
        for json in [false, true] {
            let printed = run(text, &|path, out| show(path, json, out)).0.unwrap();
            assert!(!printed.contains("s3cret") && printed.contains("********"), "{printed}");
            assert!(printed.contains("env"), "{printed}");
        }
        let printed = run("", &|path, out| show(path, false, out)).0.unwrap();
        assert!(!printed.contains("********"), "{printed}");
    }

    #[test]
    fn set_edits_the_file_and_keeps_its_comments() {
        let text = "# mine\n[log]\nlevel = \"info\" # for now\n";
        let (result, file) = run(text, &|path, out| set(path, "log.level", "debug", out));
        assert!(result.unwrap().ends_with("log.level is set\n"));
        assert_eq!(file, "# mine\n[log]\nlevel = \"debug\" # for now\n");
    }

    #[test]
    fn set_of_a_secret_puts_it_into_a_file_of_its_own() {
        let key = "delivery.outbound_security.password";
        for secret in ["hunter2", "1234", "true", "[\"a\"]", "it's \"quoted\""] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("mailroot.toml");
            let mut out = Vec::new();
            set(Some(&path), key, secret, &mut out).unwrap();
            let (printed, file) = (String::from_utf8(out).unwrap(), std::fs::read_to_string(&path).unwrap());
            assert!(file.contains("password = { file = \"secrets/") && !format!("{file}{printed}").contains(secret));
            let settings = config::load(&path).unwrap();
            assert_eq!(settings.delivery.security.password.unwrap().reveal().unwrap().as_str(), secret);
        }
        let (result, file) = run("", &|path, out| set(path, key, "'hunter2'", out));
        assert!(result.is_ok() && file.contains("{ file = "), "{file}");
        let (result, file) = run("", &|path, out| set(path, key, "{ env = \"PASSWORD\" }", out));
        assert!(result.unwrap().lines().count() == 1 && file.contains("{ env = \"PASSWORD\" }"), "{file}");
    }

    #[test]
    fn set_of_a_wrong_value_fails_with_status_2_and_changes_nothing() {
        let text = "# mine\n";
        let (result, file) = run(text, &|path, out| set(path, "log.level", "loud", out));
        assert_eq!(result.unwrap_err().exit_status(), 2);
        assert_eq!(file, text);
    }

    #[test]
    fn set_makes_a_file_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config").join("mailroot.toml");
        set(Some(&path), "mailroot", "spool", &mut Vec::new()).unwrap();
        let settings = config::load(&path).unwrap();
        assert_eq!(settings.mailroot, std::path::absolute(folder.path()).unwrap().join("spool"));
    }
}

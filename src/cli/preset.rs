//! `mailroot config preset`: settings for well-known smart hosts.

use std::io::{self, Write};
use std::path::Path;

use super::arguments::PresetArguments;
use super::config::ConfigError;
use super::{output, secret};
use crate::config::presets::{Filled, Need, PRESETS, Preset};
use crate::config::{self, Difference, Draft, LoadError};
use crate::text::{printable, shown_path};

/// Lists the presets, or puts one into the settings file.
pub(super) fn run(file: Option<&Path>, arguments: &PresetArguments, out: &mut dyn Write) -> Result<(), ConfigError> {
    let Some(name) = &arguments.name else { return Ok(list(out)?) };
    let preset = Preset::named(name).ok_or_else(|| ConfigError::NoPreset(name.clone()))?;
    let path = config::place(file);
    let mut draft = Draft::of_file(&path)?;
    let before = config::load_text(&path, draft.original())?;
    let base = config::base_of(&path).map_err(|source| LoadError::Read { path: path.clone(), source })?;
    let mut given = given(preset, arguments)?;
    let mut filled = preset.fill(&before, &base, &given);
    if let Some(need) = filled.remaining.iter().find(|need| need.key == HOST) {
        return Err(ConfigError::NoHost(need.what));
    }
    if let [Need { key, what }] = *filled.remaining
        && Some(*key) == preset.secret()
        && output::is_interactive()
    {
        let typed = secret::ask(&format!("{what} Enter leaves it for later")).map_err(ConfigError::Secret)?;
        if !typed.is_empty() {
            given.push((key, in_toml(&typed)));
            filled = preset.fill(&before, &base, &given);
        }
    }
    let after = draft.edit(&filled.edits).map_err(ConfigError::Value)?;
    let secrets = draft.save(&path)?;
    writeln!(out, "{}: {}", shown_path(&path), preset.title)?;
    changes(&config::differences(&before, &after), out)?;
    for secret in secrets {
        writeln!(out, "  the secret is in {}, which only this account can read", shown_path(&secret))?;
    }
    Ok(explain(preset, &filled, out)?)
}

/// The key of the smart host, without which no mail should go by a preset.
const HOST: &str = "delivery.advanced.smart_host";

fn list(out: &mut dyn Write) -> io::Result<()> {
    let width = PRESETS.iter().map(|preset| preset.name.len()).max().unwrap_or(0);
    for preset in PRESETS {
        writeln!(out, "{:width$}  {}. {}", preset.name, preset.title, preset.about)?;
    }
    writeln!(out, "\n`mailroot config preset NAME` sets one, and says what is to be done at the provider.")
}

/// What the person gave, as TOML, under the keys that the preset asks for. Anything else is wrong usage.
fn given(preset: &Preset, arguments: &PresetArguments) -> Result<Vec<(&'static str, String)>, ConfigError> {
    let secret = if arguments.secret_stdin {
        Some(secret::from_stdin().map_err(ConfigError::Secret)?.to_string())
    } else {
        None
    };
    let options = [
        ("--host", HOST, &arguments.host),
        ("--tenant", "delivery.outbound_security.oauth.tenant", &arguments.tenant),
        ("--client-id", "delivery.outbound_security.oauth.client_id", &arguments.client_id),
        ("--username", "delivery.outbound_security.username", &arguments.username),
        ("--secret-stdin", preset.secret().unwrap_or_default(), &secret),
    ];
    let mut given = Vec::new();
    for (option, key, value) in options {
        match value {
            Some(value) if preset.asks_for(key) => given.push((key, in_toml(value))),
            Some(_) => return Err(ConfigError::NotOfPreset(option, preset.name)),
            None => {}
        }
    }
    Ok(given)
}

fn changes(differences: &[Difference], out: &mut dyn Write) -> io::Result<()> {
    if differences.is_empty() {
        writeln!(out, "  nothing had to be changed")?;
    }
    let value = |value: &Option<String>| printable(value.as_deref().unwrap_or_default()).into_owned();
    for change in differences {
        writeln!(out, "  {} = {}  # was {}", change.key, value(&change.new), value(&change.old))?;
    }
    Ok(())
}

/// What remains to be done, here and at the provider.
fn explain(preset: &Preset, filled: &Filled, out: &mut dyn Write) -> io::Result<()> {
    if !filled.remaining.is_empty() {
        writeln!(out, "\nStill to be filled in; until then there is no login:")?;
        for Need { key, what } in &filled.remaining {
            let value = if Some(*key) == preset.secret() { "" } else { " VALUE" };
            writeln!(out, "  mailroot config set {key}{value}\n      {what}")?;
        }
        if let Some(method) = filled.method {
            let method = method.trim_matches('"');
            writeln!(out, "  mailroot config set delivery.outbound_security.method {method}\n      At last.")?;
        }
    }
    writeln!(out, "\nTo be done at the provider:")?;
    for (number, step) in (1..).zip(preset.steps) {
        writeln!(out, "  {number}. {step}")?;
    }
    writeln!(out, "\nGood to know:")?;
    for note in preset.notes {
        writeln!(out, "  - {note}")?;
    }
    writeln!(out, "\n`mailroot check smart-host` tries it out, without sending mail.")
}

fn in_toml(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_on(path: &Path, arguments: &PresetArguments) -> Result<String, ConfigError> {
        let mut out = Vec::new();
        run(Some(path), arguments, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    fn named(name: &str) -> PresetArguments {
        PresetArguments { name: Some(name.to_owned()), ..PresetArguments::default() }
    }

    #[test]
    fn alone_it_lists_them() {
        let listed = run_on(Path::new("no/such.toml"), &PresetArguments::default()).unwrap();
        assert!(PRESETS.iter().all(|preset| listed.contains(preset.name) && listed.contains(preset.about)), "{listed}");
    }

    #[test]
    fn it_says_what_it_changed_what_remains_and_what_the_provider_must_be_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailroot.toml");
        std::fs::write(&path, "[log]\nlevel = \"warn\" # ours\n").unwrap();
        let tenant = PresetArguments { tenant: Some("contoso.com".to_owned()), ..named("microsoft365") };
        let said = run_on(&path, &tenant).unwrap();
        for part in [
            "delivery.advanced.smart_host = \"smtp.office365.com:587\"  # was \"\"",
            "max_messages_per_minute = 30  # was 0",
            "oauth.tenant = \"contoso.com\"",
            "mailroot config set delivery.outbound_security.oauth.client_secret\n",
            "config set delivery.outbound_security.method xoauth2",
            "SMTP.SendAsApp",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("config set delivery.outbound_security.oauth.tenant"), "{said}");
        let file = std::fs::read_to_string(&path).unwrap();
        assert!(file.contains("# ours\n") && file.contains("tls = \"required\""), "{file}");
        let again = run_on(&path, &named("microsoft365")).unwrap();
        assert!(again.contains("nothing had to be changed"), "{again}");
    }

    #[test]
    fn what_it_does_not_know_or_ask_for_is_wrong_usage_and_changes_nothing() {
        let path = Path::new("no/such/folder/mailroot.toml");
        let host = PresetArguments { host: Some("smtp.example.com".to_owned()), ..named("gmail") };
        for arguments in [named("no-such"), named("plain"), host] {
            let error = run_on(path, &arguments).unwrap_err();
            assert_eq!(error.exit_status(), 2, "{error}");
        }
        assert!(!path.exists());
    }
}

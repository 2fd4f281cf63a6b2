//! Settings for well-known smart hosts: what each is to be sent, how fast, and what it must be told about us.

mod table;

use std::path::Path;

pub use self::table::PRESETS;
use super::fields::{Field, Kind, fields};
use super::{Edit, Settings, SmartHost};

/// A well-known smart host.
#[derive(Debug)]
pub struct Preset {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is called in the form.
    pub title: &'static str,
    /// What it is for, in a sentence.
    pub about: &'static str,
    /// Where mail goes.
    host: Host,
    /// Keys with what they are set to, as TOML, [`METHOD`] last.
    settings: &'static [(&'static str, &'static str)],
    /// What only the person knows.
    needs: &'static [Need],
    /// What is to be done at the provider, step by step.
    pub steps: &'static [&'static str],
    /// What is good to know.
    pub notes: &'static [&'static str],
}

/// The smart host of a preset.
#[derive(Debug, PartialEq, Eq)]
enum Host {
    /// This one, as TOML.
    Is(&'static str),
    /// One below this domain; which is one of the needs.
    Below(&'static str),
    /// Any; which is one of the needs.
    Any,
}

/// A setting without which a preset is not complete.
#[derive(Debug, PartialEq, Eq)]
pub struct Need {
    /// Its key.
    pub key: &'static str,
    /// What it is, and where it is found.
    pub what: &'static str,
}

/// What a preset comes to for settings there are.
#[derive(Debug)]
pub struct Filled {
    /// The changes.
    pub edits: Vec<Edit>,
    /// What is still to be filled in, in this order.
    pub remaining: Vec<&'static Need>,
    /// The way to log in, to be set when nothing remains; `None` if it is among the edits.
    pub method: Option<&'static str>,
}

const SMART_HOST: &str = "delivery.advanced.smart_host";
const METHOD: &str = "delivery.outbound_security.method";
const SECURITY: &str = "delivery.outbound_security.";

impl Preset {
    /// The one of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// Whether it asks for a key.
    pub fn asks_for(&self, key: &str) -> bool {
        self.needs.iter().any(|need| need.key == key)
    }

    /// The key of the secret it asks for, if any.
    pub fn secret(&self) -> Option<&'static str> {
        let is_secret = |key: &str| fields().any(|field| field.key == key && field.kind() == Kind::Secret);
        self.needs.iter().map(|need| need.key).find(|key| is_secret(key))
    }

    /// Whether a smart host may be the one of this preset.
    fn is_for(&self, host: Option<&SmartHost>) -> bool {
        let name = |host: &SmartHost| match &host.host {
            super::Host::Name(name) => name.as_str().to_owned(),
            super::Host::Address(_) => String::new(),
        };
        match self.host {
            Host::Is(_) => false,
            Host::Below(parent) => host.is_some_and(|host| name(host).ends_with(&format!(".{parent}"))),
            Host::Any => host.is_some(),
        }
    }

    /// The changes that bring `now` to the preset, with the values that were `given` for what it needs (as TOML).
    /// Relative paths start at `base`.
    ///
    /// What is not complete logs in nowhere. And no login of another smart host is kept for this one, which would be
    /// sent it.
    pub fn fill(&self, now: &Settings, base: &Path, given: &[(&'static str, String)]) -> Filled {
        let host = match self.host {
            Host::Is(host) => Some(host.to_owned()),
            Host::Below(_) | Host::Any => value_of(given, SMART_HOST),
        };
        let stays = match &host {
            Some(host) => !would_change(field(SMART_HOST), now, base, host),
            None => self.is_for(now.delivery.advanced.smart_host.as_ref()),
        };
        let is_there = |need: &&Need| {
            value_of(given, need.key).is_some() || (stays && field(need.key).is_some_and(|f| !f.is_default(now, base)))
        };
        let remaining: Vec<_> = self.needs.iter().filter(|need| !is_there(need)).collect();
        let goal = |field: &Field| {
            let set = self.settings.iter().find(|(key, _)| *key == field.key).map(|(_, toml)| (*toml).to_owned());
            let is_login = field.key.starts_with(SECURITY);
            match field.key {
                SMART_HOST => host.clone(),
                METHOD if !remaining.is_empty() => Some(field.default.to_owned()),
                key if self.asks_for(key) && stays => value_of(given, key),
                key => value_of(given, key).or(set).or_else(|| is_login.then(|| field.default.to_owned())),
            }
        };
        let edit = |field: &'static Field| {
            let value = goal(field)?;
            let is_other = would_change(Some(field), now, base, &value);
            is_other.then(|| Edit::Set { key: field.key.to_owned(), value })
        };
        let method = self.settings.iter().find(|(key, _)| *key == METHOD).map(|(_, toml)| *toml);
        Filled {
            edits: fields().filter_map(edit).collect(),
            method: method.filter(|_| !remaining.is_empty()),
            remaining,
        }
    }
}

fn field(key: &str) -> Option<&'static Field> {
    fields().find(|field| field.key == key)
}

fn value_of(given: &[(&'static str, String)], key: &str) -> Option<String> {
    given.iter().find(|(of, _)| *of == key).map(|(_, value)| value.clone())
}

/// Whether a setting has another value than this one. A value that is none is another one.
fn would_change(field: Option<&'static Field>, now: &Settings, base: &Path, toml: &str) -> bool {
    field.is_none_or(|field| field.would_change(now, base, toml))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Draft, Method, TlsMode, parse};

    fn base() -> &'static Path {
        Path::new("/srv")
    }

    /// The settings that a preset makes of a text, and what remains.
    fn filled(name: &str, text: &str, given: &[(&'static str, &str)]) -> (Settings, Vec<&'static str>) {
        let given: Vec<_> = given.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        let now = parse(text, base()).unwrap();
        let filled = Preset::named(name).unwrap().fill(&now, base(), &given);
        let settings = Draft::open(text, base()).unwrap().edit(&filled.edits).unwrap();
        (settings, filled.remaining.iter().map(|need| need.key).collect())
    }

    #[test]
    fn every_preset_sets_keys_there_are_to_values_they_take() {
        for preset in PRESETS {
            for (key, toml) in preset.settings {
                let field = field(key).unwrap();
                let section = key.rsplit_once('.').map_or("", |(section, _)| section);
                let name = key.rsplit('.').next().unwrap();
                // Alone a way to log in lacks what it needs.
                if *key != METHOD {
                    parse(&format!("[{section}]\n{name} = {toml}\n"), base()).unwrap();
                }
                assert!(preset.needs.iter().all(|need| need.key != field.key), "{key}");
            }
            assert!(preset.needs.iter().all(|need| field(need.key).is_some()), "{}", preset.name);
            assert!(matches!(preset.host, Host::Is(_)) != preset.asks_for(SMART_HOST), "{}", preset.name);
            assert!(!preset.steps.is_empty() && PRESETS.iter().filter(|p| p.name == preset.name).count() == 1);
        }
    }

    #[test]
    fn what_is_not_complete_logs_in_nowhere_and_says_what_remains() {
        for preset in PRESETS {
            let (settings, remaining) = filled(preset.name, "", &[]);
            assert_eq!(settings.delivery.security.method, Method::Anonymous, "{}", preset.name);
            assert_eq!(remaining.len(), preset.needs.len(), "{}", preset.name);
        }
    }

    #[test]
    fn with_all_it_needs_it_is_complete() {
        let given = [
            ("delivery.outbound_security.oauth.tenant", "\"contoso.onmicrosoft.com\""),
            ("delivery.outbound_security.oauth.client_id", "\"c\""),
            ("delivery.outbound_security.oauth.client_secret", "\"s\""),
            ("delivery.outbound_security.username", "\"box@contoso.com\""),
        ];
        let (settings, remaining) = filled("microsoft365", "[delivery.outbound_security]\nca_file = \"x\"\n", &given);
        assert!(remaining.is_empty());
        let (security, limits) = (&settings.delivery.security, &settings.delivery.connections);
        assert_eq!((security.method, security.tls), (Method::XOAuth2, TlsMode::Required));
        assert!(security.ca_file.is_none(), "nothing is left of before");
        assert_eq!((limits.max_per_domain, limits.max_messages_per_minute), (Some(3), Some(30)));
    }

    #[test]
    fn a_login_is_never_taken_along_to_another_smart_host() {
        let other = "[delivery.advanced]\nsmart_host = \"smtp.other.example\"\n[delivery.outbound_security]\n\
                     method = \"basic\"\nusername = \"u\"\npassword = \"p\"\n";
        let (settings, remaining) = filled("gmail", other, &[]);
        let security = &settings.delivery.security;
        assert!(security.username.is_empty() && security.password.is_none() && !security.logs_in());
        assert_eq!(remaining.len(), 2);
        let same = other.replace("smtp.other.example", "smtp.gmail.com:587");
        let (settings, remaining) = filled("gmail", &same, &[]);
        assert!(settings.delivery.security.logs_in() && remaining.is_empty());
    }

    #[test]
    fn a_host_of_another_preset_is_not_taken_for_that_of_a_connector() {
        let smart_host = |host| format!("[delivery.advanced]\nsmart_host = \"{host}\"\n");
        let remaining = |host| filled("microsoft365-connector", &smart_host(host), &[]).1;
        assert_eq!(remaining("smtp.office365.com:587"), [SMART_HOST]);
        assert_eq!(remaining("contoso-com.mail.protection.outlook.com:25"), [""; 0]);
    }

    #[test]
    fn what_is_so_already_is_no_change() {
        let (settings, _) = filled("plain", "", &[(SMART_HOST, "\"smtp.example.com\"")]);
        assert!(Preset::named("plain").unwrap().fill(&settings, base(), &[]).edits.is_empty());
    }
}

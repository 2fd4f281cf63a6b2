//! The one table of settings: keys, labels, help, defaults, and the place of each in [`Settings`].
//!
//! The parser, the sample file, `config show`, the edits of a file and the settings form all read this table, so
//! a key is added by one entry here and one member in `settings.rs`.

/// The place of a setting in the typed settings, and the type it has there.
macro_rules! live {
    ($($member:ident).+: $type:ty) => {
        $crate::config::fields::Slot::Live {
            kind: <$type as $crate::config::setting::Setting>::KIND,
            read: |settings, input| {
                settings.$($member).+ = <$type as $crate::config::setting::Setting>::read(input)?;
                Ok(())
            },
            write: |settings| <$type as $crate::config::setting::Setting>::write(&settings.$($member).+),
        }
    };
}

mod access;
mod delivery;
mod domains;
mod general;
mod messages;
mod security;
mod services;

use std::fmt;
use std::path::Path;

use toml::de::{DeValue, ValueDeserializer};

use super::setting::{Input, Refusal};
use super::{Domain, Settings};

/// What is shown of a secret, whatever it is.
const MASK: &str = "\"********\"";

/// All sections, in the order of the sample file.
pub static SECTIONS: &[&Section] = &[
    &general::MAILROOT,
    &general::GENERAL,
    &access::ACCESS,
    &access::CONNECTION,
    &access::RELAY,
    &messages::MESSAGES,
    &delivery::DELIVERY,
    &security::OUTBOUND_SECURITY,
    &security::OAUTH,
    &delivery::OUTBOUND_CONNECTIONS,
    &delivery::ADVANCED,
    &domains::LOCAL,
    &services::LOG,
    &services::CONTROL,
    &services::SSH,
    &services::METRICS,
];

pub use domains::DOMAIN;

/// A table of the file: a tab or a dialog of the old property sheet. As `Section<Domain>` one of a `[[domain]]`, with
/// paths relative to it.
#[derive(Debug)]
pub struct Section<S: 'static = Settings> {
    /// Its path, `delivery.advanced`; empty for the top of the file.
    pub path: &'static str,
    /// The old server's name of the tab or dialog, or ours where it had none.
    pub title: &'static str,
    /// What it is about, in one sentence.
    pub about: &'static str,
    /// Whether it is usually written in one line, `relay = { mode = "only", list = [] }`.
    pub inline: bool,
    /// Its settings.
    pub fields: &'static [Field<S>],
}

/// One setting, of the whole server or, as `Field<Domain>`, of a remote domain.
#[derive(Debug)]
pub struct Field<S: 'static = Settings> {
    /// Its path, `delivery.advanced.smart_host`.
    pub key: &'static str,
    /// The old server's name of it, or ours where it had none.
    pub label: &'static str,
    /// What it does and what the old server's default was.
    pub help: &'static str,
    /// The default as TOML; empty where the setting has to be given.
    pub default: &'static str,
    /// When a change of it takes effect.
    pub apply: Apply,
    slot: Slot<S>,
}

/// How a setting is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A name, an address or a path.
    Text,
    /// A whole number. Where `min` is 0, that is "no limit".
    Count {
        /// The smallest number allowed.
        min: u32,
        /// The largest number allowed.
        max: u32,
    },
    /// A size, `"2048 KB"`.
    Size,
    /// A time span, `"15m"`.
    Span,
    /// True or false.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any number of entries.
    List,
    /// A text that is never shown.
    Secret,
    /// A table that is there, `{}`, or not, `""`; its keys are settings of their own.
    Table,
}

/// When a change of a setting takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apply {
    /// At once.
    Now,
    /// With the next session; sessions under way keep what they were accepted with.
    NextSession,
    /// By closing and opening listeners.
    Rebind,
    /// With the next start of the server.
    Restart,
}

/// Where the value of a setting lives.
#[derive(Debug)]
enum Slot<S> {
    /// In the typed settings.
    Live { kind: Kind, read: fn(&mut S, &Input<'_>) -> Result<(), Vec<Refusal>>, write: fn(&S) -> String },
    /// Nowhere: its feature is not in this version, and only the default may be written.
    Later { kind: Kind },
}

impl<S> Slot<S> {
    const fn later(kind: Kind) -> Self {
        Self::Later { kind }
    }
}

impl Kind {
    /// The kind of an `Option`, where 0 stands for nothing.
    pub(super) const fn or_zero(self) -> Self {
        match self {
            Self::Count { max, .. } => Self::Count { min: 0, max },
            kind => kind,
        }
    }
}

/// What a person reads and types, and the TOML that stands for it.
impl Kind {
    /// The text in which a value, given as TOML, is edited: a string without its quotes, anything else as it is.
    pub fn entered(self, value: &str) -> String {
        match value.parse::<toml_edit::Value>() {
            Ok(toml_edit::Value::String(text)) => text.into_value(),
            _ => value.to_owned(),
        }
    }

    /// The TOML of an edited text. Numbers and switches stand for themselves, and so does a table in braces, which a
    /// secret may be; everything else is a string.
    pub fn toml(self, entered: &str) -> String {
        let entered = entered.trim();
        let is_number = !entered.is_empty() && entered.bytes().all(|digit| digit.is_ascii_digit());
        match self {
            Self::Count { .. } | Self::Switch | Self::List if !entered.is_empty() => entered.to_owned(),
            Self::Size | Self::Span if is_number => entered.to_owned(),
            Self::Secret | Self::Table if entered.starts_with('{') => entered.to_owned(),
            _ => toml_edit::Value::from(entered).to_string(),
        }
    }
}

/// The entries of a list, given as TOML, as they are edited.
pub fn entries(list: &str) -> Vec<String> {
    match list.parse::<toml_edit::Value>() {
        Ok(toml_edit::Value::Array(array)) => {
            array.iter().map(|entry| Kind::Text.entered(&entry.clone().decorated("", "").to_string())).collect()
        }
        _ => Vec::new(),
    }
}

/// The TOML of a list of edited entries.
pub fn list(entries: &[String]) -> String {
    entries.iter().map(String::as_str).collect::<toml_edit::Array>().to_string()
}

impl fmt::Display for Apply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Now => "at once",
            Self::NextSession => "with the next session",
            Self::Rebind => "by opening the listeners anew",
            Self::Restart => "with the next start",
        })
    }
}

impl<S: Clone> Field<S> {
    /// How it is edited.
    pub fn kind(&self) -> Kind {
        match self.slot {
            Slot::Live { kind, .. } | Slot::Later { kind } => kind,
        }
    }

    /// Whether its feature is not in this version, so that it has to stay at its default.
    pub fn is_later(&self) -> bool {
        matches!(self.slot, Slot::Later { .. })
    }

    /// Its value in `settings`, as TOML. A secret is masked, and not where it is kept.
    pub fn value(&self, settings: &S) -> String {
        let value = self.written(settings);
        let is_there = self.kind() == Kind::Secret && value.starts_with('"') && value != "\"\"";
        if is_there { MASK.to_owned() } else { value }
    }

    /// Whether two settings differ in it.
    pub(super) fn differs(&self, one: &S, other: &S) -> bool {
        self.written(one) != self.written(other)
    }

    /// Whether its value in `settings` is the one it has if the file does not name it.
    pub fn is_default(&self, settings: &S, base: &Path) -> bool {
        !self.would_change(settings, base, self.default)
    }

    /// Whether its value in `settings` is another one than this TOML; what is no value of it is another one.
    pub(super) fn would_change(&self, settings: &S, base: &Path, toml: &str) -> bool {
        let mut other = settings.clone();
        let Ok(value) = DeValue::parse(toml) else { return true };
        self.read(&mut other, &Input { value: &value, base }).is_err() || self.differs(&other, settings)
    }

    /// Takes the value of the file into `settings`, or says everything that is wrong with it.
    pub(super) fn read(&self, settings: &mut S, input: &Input<'_>) -> Result<(), Vec<Refusal>> {
        match &self.slot {
            Slot::Live { read, .. } => read(settings, input),
            Slot::Later { .. } if is(input, self.default) => Ok(()),
            Slot::Later { .. } => Err(vec![self.refusal(input)]),
        }
    }

    /// Its value in `settings` as TOML, a secret too; never to be shown.
    pub(crate) fn written(&self, settings: &S) -> String {
        match &self.slot {
            Slot::Later { .. } => self.default.to_owned(),
            Slot::Live { write, .. } => write(settings),
        }
    }

    /// The value is not shown: it may be a secret.
    fn refusal(&self, input: &Input<'_>) -> Refusal {
        Refusal {
            element: None,
            span: input.value.span(),
            reason: "not in this version".to_owned(),
            expected: format!("its default, {}", self.default),
        }
    }
}

/// All settings of the server, in the order of the sample file. A value may depend on those before it.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    SECTIONS.iter().flat_map(|section| section.fields)
}

/// All settings of a remote domain. What belongs to a table that it does not have is among them.
pub fn domain_fields() -> impl Iterator<Item = &'static Field<Domain>> {
    DOMAIN.iter().flat_map(|section| section.fields)
}

/// Whether the file's value is the one written as `text`, however it is quoted.
fn is(input: &Input<'_>, text: &str) -> bool {
    let plain = |value| serde::Deserialize::deserialize(ValueDeserializer::from(value)).ok();
    let written: Option<toml::Value> = plain(input.value.clone());
    written.is_some() && written == DeValue::parse(text).ok().and_then(plain)
}

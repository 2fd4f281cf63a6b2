//! A secret as it is written: the text itself, or a table that says where it is. No refusal shows any of it.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::{Input, Refusal, Setting, in_toml};
use crate::config::Secret;
use crate::config::fields::Kind;

impl Setting for Secret {
    const KIND: Kind = Kind::Secret;
    const NAME: &'static str = "a secret";
    const EXPECTED: &'static str = "a text, { env = \"NAME\" } or { file = \"PATH\" }";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        let refused = |reason: &str| {
            let (span, expected) = (input.value.span(), Self::EXPECTED.to_owned());
            vec![Refusal { element: None, span, reason: reason.to_owned(), expected }]
        };
        if let Some(text) = input.text() {
            // A line end in it would end the line in which it is sent.
            return match text {
                _ if text.is_empty() || text.contains(char::is_control) => Err(refused("not one line")),
                _ if text.bytes().all(|letter| letter == b'*') => Err(refused("the mask, and not the secret")),
                text => Ok(Self::Given(text.to_owned().into())),
            };
        }
        let table = input.value.get_ref().as_table().ok_or_else(|| refused("not a secret"))?;
        let mut entries = table.iter();
        match (entries.next(), entries.next()) {
            (Some((name, value)), None) if name.get_ref() == "env" => {
                variable(value).map(Self::Env).ok_or_else(|| refused("not the name of an environment variable"))
            }
            (Some((name, value)), None) if name.get_ref() == "file" => {
                let path = PathBuf::read(&Input { value, base: input.base });
                path.map(Self::File).map_err(|_| refused("not the path of a file"))
            }
            _ => Err(refused("neither env nor file, or both")),
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Given(secret) => in_toml(secret),
            Self::Env(name) => format!("{{ env = {} }}", in_toml(name)),
            Self::File(path) => format!("{{ file = {} }}", path.write()),
        }
    }
}

/// A name that a variable can have: others end the process that asks for them.
fn variable(value: &Spanned<DeValue<'_>>) -> Option<String> {
    let name = value.get_ref().as_str()?;
    (!name.is_empty() && !name.contains(['=', '\0'])).then(|| name.to_owned())
}

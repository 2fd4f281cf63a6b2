//! How each type of setting is read from the file, refused, and written back.

mod authentication;
mod phrases;
mod secret;

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

pub(super) use self::phrases::NameServer;
use super::fields::Kind;
use super::{PerMinute, size};
use crate::text;

/// How much of a refused value is shown.
const SHOWN: usize = 60;

/// A type that a key of the settings file can hold.
pub(super) trait Setting: Sized {
    /// How it is edited.
    const KIND: Kind;
    /// What it is, in a refusal: `"12 XB" is not a size`.
    const NAME: &'static str;
    /// What would be right: `expected for example "15m"`.
    const EXPECTED: &'static str;
    /// How its absence is written, for an `Option` of it.
    const NOTHING: Nothing = Nothing::Empty;

    /// The value, or everything that is wrong with it.
    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>>;

    /// The value as TOML.
    fn write(&self) -> String;
}

/// How the absence of a value is written.
#[derive(Clone, Copy)]
pub(super) enum Nothing {
    /// `0`, for limits.
    Zero,
    /// `""`, for names and addresses.
    Empty,
}

/// A value as it stands in the file, and what is needed to understand it.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    /// The value and its place.
    pub(super) value: &'a Spanned<DeValue<'a>>,
    /// Where relative paths start.
    pub(super) base: &'a Path,
}

/// Why a value, or an element of it, was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Which element, counted from 1.
    pub(super) element: Option<usize>,
    /// The octets of the text that were refused.
    pub(super) span: Range<usize>,
    /// What is wrong.
    pub(super) reason: String,
    /// What would be right.
    pub(super) expected: String,
}

impl<'a> Input<'a> {
    fn text(&self) -> Option<&'a str> {
        self.value.get_ref().as_str()
    }

    fn number<T: TryFrom<i64>>(&self) -> Option<T> {
        let integer = self.value.get_ref().as_integer()?;
        T::try_from(i64::from_str_radix(integer.as_str(), integer.radix()).ok()?).ok()
    }

    fn is(&self, nothing: Nothing) -> bool {
        match nothing {
            Nothing::Zero => self.number() == Some(0_i64) || self.text() == Some("0"),
            Nothing::Empty => self.text() == Some(""),
        }
    }

    fn refusal<T: Setting>(&self) -> Vec<Refusal> {
        let reason = format!("{} is not {}", self.shown(), T::NAME);
        vec![Refusal { element: None, span: self.value.span(), reason, expected: T::EXPECTED.to_owned() }]
    }

    fn shown(&self) -> String {
        match self.value.get_ref() {
            DeValue::String(text) => text::quoted(&text::shortened(text.as_bytes(), SHOWN)),
            DeValue::Integer(number) => text::shortened(&number.to_string(), SHOWN),
            DeValue::Float(number) => text::shortened(&number.to_string(), SHOWN),
            DeValue::Boolean(switch) => switch.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }
}

/// Nothing, or a value: `0` or `""` in the file, as the type of the value has it.
impl<T: Setting> Setting for Option<T> {
    const KIND: Kind = T::KIND.or_zero();
    const NAME: &'static str = T::NAME;
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        if input.is(T::NOTHING) {
            return Ok(None);
        }
        let or_nothing = |mut refusal: Refusal| {
            refusal.expected.push_str(match T::NOTHING {
                Nothing::Zero => ", or 0 for no limit",
                Nothing::Empty => ", or \"\" for none",
            });
            refusal
        };
        T::read(input).map(Some).map_err(|refusals| refusals.into_iter().map(or_nothing).collect())
    }

    fn write(&self) -> String {
        match (self, T::NOTHING) {
            (Some(value), _) => value.write(),
            (None, Nothing::Zero) => "0".to_owned(),
            (None, Nothing::Empty) => in_toml(""),
        }
    }
}

impl<T: Setting> Setting for Vec<T> {
    const KIND: Kind = Kind::List;
    const NAME: &'static str = "a list";
    const EXPECTED: &'static str = "a list in square brackets";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        let elements = input.value.get_ref().as_array().ok_or_else(|| input.refusal::<Self>())?;
        let mut values = Self::new();
        let mut refusals = Vec::new();
        for (index, value) in elements.iter().enumerate() {
            match T::read(&Input { value, ..*input }) {
                Ok(value) => values.push(value),
                Err(wrong) => refusals.extend(wrong.into_iter().map(|r| Refusal { element: Some(index + 1), ..r })),
            }
        }
        if refusals.is_empty() { Ok(values) } else { Err(refusals) }
    }

    fn write(&self) -> String {
        format!("[{}]", self.iter().map(T::write).collect::<Vec<_>>().join(", "))
    }
}

impl Setting for bool {
    const KIND: Kind = Kind::Switch;
    const NAME: &'static str = "a switch";
    const EXPECTED: &'static str = "true or false";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        input.value.get_ref().as_bool().ok_or_else(|| input.refusal::<Self>())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// A count, at least 1.
impl Setting for u32 {
    const KIND: Kind = Kind::Count { min: 1, max: Self::MAX };
    const NAME: &'static str = "a count";
    const EXPECTED: &'static str = "a whole number from 1 to 4294967295";
    const NOTHING: Nothing = Nothing::Zero;

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        input.number().filter(|&count| count > 0).ok_or_else(|| input.refusal::<Self>())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// A limit that may be written as none, and be left out: 0 is no limit, and `""` says nothing.
impl Setting for PerMinute {
    const KIND: Kind = Option::<u32>::KIND;
    const NAME: &'static str = "a number of messages";
    const EXPECTED: &'static str = "a whole number, 0 for no limit";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        let limit = Option::<u32>::read(input).map_err(|_| input.refusal::<Self>())?;
        Ok(Self(limit))
    }

    fn write(&self) -> String {
        self.0.write()
    }
}

/// A TCP port.
impl Setting for u16 {
    const KIND: Kind = Kind::Count { min: 1, max: Self::MAX as u32 };
    const NAME: &'static str = "a port";
    const EXPECTED: &'static str = "a number from 1 to 65535";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        input.number().filter(|&port| port > 0).ok_or_else(|| input.refusal::<Self>())
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// A size in octets, more than 0.
impl Setting for u64 {
    const KIND: Kind = Kind::Size;
    const NAME: &'static str = "a size";
    const EXPECTED: &'static str = "for example \"2048 KB\" or \"2 MiB\"";
    const NOTHING: Nothing = Nothing::Zero;

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        let octets = input.text().map_or_else(|| input.number(), size::parse);
        octets.filter(|&octets| octets > 0).ok_or_else(|| input.refusal::<Self>())
    }

    fn write(&self) -> String {
        in_toml(&size::write(*self))
    }
}

/// A table that is there; what is in it are settings of their own.
pub(super) struct Own;

impl Setting for Own {
    const KIND: Kind = Kind::Table;
    const NAME: &'static str = "a table";
    const EXPECTED: &'static str = "a table as { tls = \"required\" }";

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        if input.value.get_ref().is_table() { Ok(Self) } else { Err(input.refusal::<Self>()) }
    }

    fn write(&self) -> String {
        "{}".to_owned()
    }
}

/// A string as TOML, quoted and escaped.
pub(super) fn in_toml(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

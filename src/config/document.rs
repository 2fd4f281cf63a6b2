//! A settings file as TOML with the place of every value.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Key, Step};
use super::problem::{Position, Problem};
use super::setting::Refusal;

/// A text that is TOML, and perhaps settings.
pub(super) struct Document<'a> {
    text: &'a str,
    root: Spanned<DeValue<'a>>,
}

impl<'a> Document<'a> {
    /// Parses TOML. Problems are the first place of every line where it is none; what follows such a place may be
    /// read as something else than was meant, so nothing beyond that is looked at.
    pub(super) fn parse(text: &'a str) -> Result<Self, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let span = root.span();
        let document = Self { text, root: Spanned::new(span, DeValue::Table(root.into_inner())) };
        if errors.is_empty() {
            return Ok(document);
        }
        let problem = |error: &toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start);
            document.problem("", offset, error.message().to_owned(), None)
        };
        let mut problems: Vec<_> = errors.iter().map(problem).collect();
        problems.sort_by_key(|problem| problem.at);
        problems.dedup_by_key(|problem| problem.at.map(|at| at.line));
        Err(problems)
    }

    /// The whole file as a table.
    pub(super) fn root(&self) -> &Spanned<DeValue<'a>> {
        &self.root
    }

    /// The value of a key; the whole file for the empty one.
    pub(super) fn value(&self, key: &str) -> Option<&Spanned<DeValue<'a>>> {
        if key.is_empty() {
            return Some(&self.root);
        }
        Key::from(key).steps().iter().try_fold(&self.root, |value, step| match step {
            Step::Name(name) => value.get_ref().get(name.as_str()),
            Step::Index(index) => value.get_ref().get(*index),
        })
    }

    /// A problem at an octet of the text.
    pub(super) fn problem(&self, key: &str, offset: usize, reason: String, expected: Option<String>) -> Problem {
        Problem { at: Some(Position::in_text(self.text, offset)), key: key.to_owned(), reason, expected }
    }

    /// A problem from what reading a value said.
    pub(super) fn refused(&self, key: &str, refusal: Refusal) -> Problem {
        let key = match refusal.element {
            Some(element) => format!("{key}[{element}]"),
            None => key.to_owned(),
        };
        self.problem(&key, refusal.span.start, refusal.reason, Some(refusal.expected))
    }
}

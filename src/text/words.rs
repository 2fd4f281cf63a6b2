//! How a filter expression falls into words: exclusion, prefix, quotes. What they mean is not known here, so that the
//! filters of the queue and of the log read alike.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::quoted;

/// A word of a filter that is not understood, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("filter word {}: {expected}", quoted(&**word))]
pub struct FilterError {
    /// The word as it was written.
    pub word: Box<str>,
    /// What would be right.
    pub expected: &'static str,
}

/// One word: `[!][prefix:]value`, the value perhaps in double quotes.
pub(crate) struct Word<'a> {
    /// The word as it stands in the expression.
    pub(crate) written: &'a str,
    pub(crate) excludes: bool,
    /// Letters in front of the first colon.
    pub(crate) prefix: Option<&'a str>,
    /// The value, without quotes and escapes.
    pub(crate) value: Cow<'a, str>,
    pub(crate) quoted: bool,
}

/// The words of an expression, in order; ends after the first error.
pub(crate) fn split(expression: &str) -> impl Iterator<Item = Result<Word<'_>, FilterError>> {
    let mut rest = expression.trim_start();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let word = take(rest);
        rest = match &word {
            Ok(word) => rest[word.written.len()..].trim_start(),
            Err(_) => "",
        };
        Some(word)
    })
}

/// Writes a text in the quotes that [`split`] takes off again.
pub(crate) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

/// The first word of a text that starts with one.
fn take(text: &str) -> Result<Word<'_>, FilterError> {
    let (excludes, rest) = match text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (prefix, rest) = match rest[letters..].strip_prefix(':') {
        Some(value) if letters > 0 => (Some(&rest[..letters]), value),
        _ => (None, rest),
    };
    let (value, after) = if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = unquote(quoted).ok_or_else(|| unbalanced(text))?;
        (Cow::Owned(value), after)
    } else {
        let (value, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
        (Cow::Borrowed(value), after)
    };
    let written = &text[..text.len() - after.len()];
    Ok(Word { written, excludes, prefix, value, quoted: rest.starts_with('"') })
}

/// The text up to the closing quote, and what follows it, which is nothing or a space. In quotes, `\"` is a quote
/// and `\\` a backslash; any other backslash stands for itself.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => break,
            '\\' => match chars.clone().next().filter(|c| matches!(c, '"' | '\\')) {
                Some(escaped) => {
                    chars.next();
                    value.push(escaped);
                }
                None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    let after = chars.as_str();
    let ends = after.chars().next().is_none_or(char::is_whitespace);
    ends.then_some((value, after))
}

fn unbalanced(text: &str) -> FilterError {
    FilterError {
        word: text.into(),
        expected: "a double quote opens a text that a second one closes, with a space or the end behind it",
    }
}

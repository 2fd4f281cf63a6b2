//! The one door through which a stranger's text reaches a terminal, a log or an export.
//!
//! HELO names, addresses, subjects, remote replies and file names may hold escape sequences, bidirectional
//! overrides or bytes that are no text at all. [`Printable`] shows all of it in a visible, harmless form.

pub(crate) mod words;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use unicode_width::UnicodeWidthChar;

pub use words::FilterError;

/// Combining marks shown behind one character; more of them are shown as code points.
const MAX_COMBINING: usize = 4;

/// Bytes from a stranger, shown with everything escaped that a terminal or a reader could be fooled by.
///
/// Escaped are control characters (C0, DEL, C1), format characters (bidirectional controls, zero width, tags),
/// line and paragraph separators, runs of combining marks and what is not UTF-8.
#[derive(Clone, Copy)]
pub struct Printable<'a>(&'a [u8]);

impl<'a> Printable<'a> {
    /// Wraps bytes; nothing is copied until they are shown.
    pub fn new(bytes: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self(bytes.as_ref())
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut combining = 0;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                combining = if c.width() == Some(0) { combining + 1 } else { 0 };
                if is_hidden(c) || combining > MAX_COMBINING {
                    write_code_point(f, c)?;
                } else {
                    fmt::Write::write_char(f, c)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "<{byte:02X}>")?;
            }
        }
        Ok(())
    }
}

/// A path for people: file names are a stranger's text too.
pub fn shown_path(path: &Path) -> String {
    Printable(path.to_string_lossy().as_bytes()).to_string()
}

/// The printable form of a text, borrowed where nothing had to be escaped.
pub fn printable(bytes: &(impl AsRef<[u8]> + ?Sized)) -> Cow<'_, str> {
    let bytes = bytes.as_ref();
    match std::str::from_utf8(bytes) {
        Ok(text) if text.bytes().all(|b| matches!(b, b' '..=b'~')) => Cow::Borrowed(text),
        _ => Cow::Owned(Printable(bytes).to_string()),
    }
}

/// The printable form in double quotes, with `"` and `\` escaped: for the value of a `key=value` log line, in
/// which no stranger can then forge a field.
pub fn quoted(bytes: &(impl AsRef<[u8]> + ?Sized)) -> String {
    let shown = printable(bytes);
    format!("\"{}\"", shown.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The printable form, cut to at most `max` characters with `…` for the rest.
pub fn shortened(bytes: &(impl AsRef<[u8]> + ?Sized), max: usize) -> String {
    let shown = printable(bytes);
    if shown.chars().count() <= max {
        return shown.into_owned();
    }
    shown.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

fn write_code_point(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\x1b' => f.write_str("\u{241b}"),
        c => write!(f, "<U+{:04X}>", u32::from(c)),
    }
}

/// Control and format characters and what separates lines: Unicode categories Cc, Cf, Zl, Zp and the tag and
/// variation blocks that draw nothing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
            | '\u{8e2}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}'
            | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_and_not_run() {
        assert_eq!(printable("\x1b[2J"), "␛[2J");
        assert_eq!(printable("a\u{9b}2J"), "a<U+009B>2J");
        assert_eq!(printable("x\u{202e}gpj.exe"), "x<U+202E>gpj.exe");
        assert_eq!(printable("a\tb\r\n"), "a\\tb\\r\\n");
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_in_hexadecimal() {
        assert_eq!(printable(b"\xff\xfe\xc0\xaf".as_slice()), "<FF><FE><C0><AF>");
    }

    #[test]
    fn a_heap_of_combining_marks_does_not_pile_up() {
        let zalgo = format!("e{}", "\u{301}".repeat(500));
        let shown = printable(&zalgo).into_owned();
        assert_eq!(shown.matches('\u{301}').count(), MAX_COMBINING);
    }

    #[test]
    fn a_quoted_value_cannot_end_early() {
        assert_eq!(quoted("a\" to=\"x\\"), "\"a\\\" to=\\\"x\\\\\"");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(printable("bob@example.com"), Cow::Borrowed(_)));
        assert_eq!(shortened("abcdef", 4), "abc…");
    }
}

//! Where answers go: standard output, errors to standard error.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes text to standard output. A pipe that is closed at the other end is an error that `main` forgives.
pub(super) fn write(text: &str) -> io::Result<()> {
    write_octets(text.as_bytes())
}

/// Writes octets as they are.
pub(super) fn write_octets(octets: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(octets)?;
    out.flush()
}

/// Writes a value as one line of JSON.
pub(super) fn write_json(value: &impl Serialize) -> io::Result<()> {
    write(&(json(value)? + "\n"))
}

/// A value as JSON in plain ASCII: the text stays what it is, and nothing in it can act on a terminal.
pub(super) fn json(value: &impl Serialize) -> io::Result<String> {
    let mut json = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut json, Ascii))?;
    String::from_utf8(json).map_err(io::Error::other)
}

/// The columns that lines have room for; `None` where no terminal is, and so nothing is cut.
pub(super) fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    Some(terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)))
}

/// Whether there is a person to ask.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal; anything but a yes is a no.
pub(super) fn confirm(question: &str) -> io::Result<bool> {
    let mut err = io::stderr().lock();
    write!(err, "{question} [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Writes a sentence to standard error.
pub(super) fn complain(sentence: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "mailroot: {sentence}");
}

/// JSON with every character beyond ASCII, and DEL, as an escape.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for c in fragment.chars() {
            match c {
                ' '..='~' => writer.write_all(&[c as u8])?,
                c => c.encode_utf16(&mut units).iter().try_for_each(|unit| write!(writer, "\\u{unit:04x}"))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_plain_ascii_and_reads_back_as_it_was() {
        let text = "a\"\\\n\x1b\x7f\u{9b}\u{202e}é日😀";
        let json = json(&text).unwrap();
        assert!(json.bytes().all(|b| matches!(b, b' '..=b'~')), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}

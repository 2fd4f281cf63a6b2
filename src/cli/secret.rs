//! Secrets as a person gives them: typed without being seen, or through a pipe. Never as an argument, which every
//! account of the machine can read.

use std::io::{self, BufRead as _, Read, Write as _};

use crossterm::terminal;
use zeroize::Zeroizing;

/// Ctrl-C, Ctrl-D and Esc, with which a person gives up.
const GIVES_UP: [u8; 3] = [0x03, 0x04, 0x1b];
/// Backspace, as terminals send it.
const BACKSPACE: [u8; 2] = [0x08, 0x7f];

/// Asks on the terminal, which shows nothing of the answer. An error of the kind `Interrupted` if the person gives up.
pub(super) fn ask(question: &str) -> io::Result<Zeroizing<String>> {
    let mut err = io::stderr().lock();
    let answer = {
        // First, so that nothing is shown of what a script types at the question.
        let _raw = Raw::take()?;
        write!(err, "{question}: ")?;
        err.flush()?;
        line(&mut io::stdin().lock())
    };
    writeln!(err)?;
    answer
}

/// The first line of standard input.
pub(super) fn from_stdin() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    io::stdin().lock().read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The keys up to Enter.
fn line(keys: &mut impl Read) -> io::Result<Zeroizing<String>> {
    let mut typed = Zeroizing::new(Vec::new());
    let mut key = [0];
    while keys.read(&mut key)? > 0 && !matches!(key, [b'\r' | b'\n']) {
        match key[0] {
            key if GIVES_UP.contains(&key) => {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "nothing was set"));
            }
            key if BACKSPACE.contains(&key) => {
                let last = typed.iter().rposition(|octet| !is_continuation(*octet));
                typed.truncate(last.unwrap_or(0));
            }
            key => typed.push(key),
        }
    }
    let text =
        std::str::from_utf8(&typed).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "that is no text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Whether an octet goes on with a character that began before it.
fn is_continuation(octet: u8) -> bool {
    octet & 0b1100_0000 == 0b1000_0000
}

/// The terminal without echo, until this is dropped.
struct Raw;

impl Raw {
    fn take() -> io::Result<Self> {
        terminal::enable_raw_mode().map(|()| Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = terminal::disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &str) -> io::Result<String> {
        line(&mut keys.as_bytes()).map(|line| line.to_string())
    }

    #[test]
    fn a_line_is_typed_with_corrections() {
        assert_eq!(typed("pässwört\rmore").unwrap(), "pässwört");
        assert_eq!(typed("pä\u{7f}aß\u{8}ss\n").unwrap(), "pass");
        assert_eq!(typed("\u{7f}\u{7f}x\r").unwrap(), "x");
    }

    #[test]
    fn a_person_can_give_up() {
        for keys in ["secret\u{3}", "\u{1b}", "x\u{4}\r"] {
            assert_eq!(typed(keys).unwrap_err().kind(), io::ErrorKind::Interrupted);
        }
    }
}

//! Dialogues as a person reads them: `mailroot test`, live sessions.

use crate::text::printable;

/// Who says a line of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that sends mail.
    Client,
    /// The side that takes it.
    Server,
}

/// Receives each line of a dialogue, printable; content is summed up in one line.
pub trait Transcript: Send + Sync {
    /// One line, without its end. Must not wait for anything.
    fn line(&self, side: Side, line: &str);
}

/// Tells a flight of commands, line by line.
pub(super) fn tell_commands(transcript: &dyn Transcript, commands: &[u8]) {
    for line in commands.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            transcript.line(Side::Client, &printable(line));
        }
    }
}

/// Tells that content of so many octets was sent: `(4,123 octets of content)`.
pub(super) fn tell_content(transcript: &dyn Transcript, octets: u64) {
    transcript.line(Side::Client, &format!("({} octets of content)", grouped(octets)));
    transcript.line(Side::Client, ".");
}

/// A number with commas between its groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(4123), "4,123");
        assert_eq!(grouped(123_456), "123,456");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}

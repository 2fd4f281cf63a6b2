//! Dialogues as a person reads them: `mailroot test`, sessions watched live.
//!
//! A client's line is shown only if it begins with a command that carries no secret. So the answers of a login, which
//! are bare lines of base64, never show, whichever side sends them and whether or not the login is understood.

use std::borrow::Cow;

use super::client::Extensions;
use crate::ledger::Audience;
pub use crate::ledger::Side;
use crate::sasl::Mechanism;
use crate::text::printable;
use crate::tls;

/// Commands shown with all that follows them.
const OPEN: [&str; 16] = [
    "EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "ETRN", "STARTTLS",
    "TURN", "ATRN",
];
/// Mechanisms of AUTH shown by their name: anything else behind AUTH may be a secret in the wrong place.
const MECHANISMS: [&str; 8] = ["PLAIN", "LOGIN", "CRAM-MD5", "NTLM", "GSSAPI", "XOAUTH2", "OAUTHBEARER", "EXTERNAL"];
/// Stands for what is not shown.
const MASK: &str = "********";

/// Receives each line of a dialogue, printable; content is summed up in one line.
pub trait Transcript: Send + Sync {
    /// Whether anybody listens: if not, no line is built.
    fn is_heard(&self) -> bool {
        true
    }

    /// One line, without its end. Must not wait for anything.
    fn line(&self, side: Side, line: &str);

    /// The opening of a connection has come so far. Must not wait for anything.
    fn reached(&self, _: Milestone<'_>) {}
}

/// How far the opening of a connection to a server has come.
#[derive(Clone, Copy, Debug)]
pub enum Milestone<'a> {
    /// The server has greeted us.
    Greeted,
    /// It has said what it offers, to EHLO, or to HELO and then nothing. Comes anew once TLS is there.
    Introduced(&'a Extensions),
    /// All that follows is encrypted; the server has shown this certificate.
    Encrypted(&'a tls::Session, tls::PeerCertificate<'a>),
    /// The server knows who we are.
    LoggedIn(Mechanism),
}

impl Transcript for Audience {
    fn is_heard(&self) -> bool {
        self.is_there()
    }

    fn line(&self, side: Side, line: &str) {
        self.tell(side, line);
    }

    fn reached(&self, milestone: Milestone<'_>) {
        if let Milestone::Encrypted(session, _) = milestone {
            self.remark(&session.to_string());
        }
    }
}

/// Tells what a client sends, line by line; secrets are masked.
pub(super) fn tell_commands(transcript: &dyn Transcript, commands: &[u8]) {
    if transcript.is_heard() {
        lines(commands).for_each(|line| transcript.line(Side::Client, &shown_command(line)));
    }
}

/// Tells what a server sends, line by line; what it says during a login is masked.
pub(super) fn tell_replies(transcript: &dyn Transcript, replies: &[u8]) {
    if transcript.is_heard() {
        lines(replies).for_each(|line| transcript.line(Side::Server, &shown_reply(line)));
    }
}

/// Tells that a side said something in a login that is not shown.
pub(super) fn tell_secret(transcript: &dyn Transcript, side: Side, before: &str) {
    if transcript.is_heard() {
        transcript.line(side, &format!("{before}{MASK}"));
    }
}

/// Tells that content of so many octets was sent: `(4,123 octets of content)`.
pub(super) fn tell_content(transcript: &dyn Transcript, octets: u64) {
    if transcript.is_heard() {
        transcript.line(Side::Client, &format!("({} octets of content)", grouped(octets)));
    }
}

fn lines(octets: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = octets.split(|&b| b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.filter(|line| !line.is_empty())
}

fn shown_command(line: &[u8]) -> Cow<'_, str> {
    let mut words = line.split(|&b| matches!(b, b' ' | b'\t'));
    let is_one_of = |word: &[u8], list: &[&str]| list.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(word));
    let verb = words.next().unwrap_or_default();
    if line == b"." || is_one_of(verb, &OPEN) {
        return printable(line);
    }
    if !verb.eq_ignore_ascii_case(b"AUTH") {
        return format!("({} octets that are no command, not shown)", grouped(line.len() as u64)).into();
    }
    match (words.next(), words.next()) {
        (None, _) => "AUTH".into(),
        (Some(word), None) if is_one_of(word, &MECHANISMS) => printable(line),
        (Some(word), Some(_)) if is_one_of(word, &MECHANISMS) => format!("AUTH {} {MASK}", printable(word)).into(),
        (Some(_), _) => format!("AUTH {MASK}").into(),
    }
}

fn shown_reply(line: &[u8]) -> Cow<'_, str> {
    if line.starts_with(b"334") { format!("334 {MASK}").into() } else { printable(line) }
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

    #[test]
    fn commands_are_shown_as_they_are_and_printably() {
        for line in ["mail from:<a@b.example> SIZE=1", "DATA", ".", "BDAT 7 LAST", "Noop\tx"] {
            assert_eq!(shown_command(line.as_bytes()), printable(line));
        }
        assert_eq!(shown_command(b"EHLO \x1b[2J"), "EHLO ␛[2J");
    }

    #[test]
    fn lg03_nothing_of_a_login_is_shown_but_its_mechanism() {
        let secret = "AHVzZXIAc2VjcmV0";
        assert_eq!(shown_command(format!("auth plain {secret}").as_bytes()), "AUTH plain ********");
        assert_eq!(shown_command(b"AUTH LOGIN"), "AUTH LOGIN");
        assert_eq!(shown_command(format!("AUTH {secret}").as_bytes()), "AUTH ********");
        assert_eq!(shown_command(format!("AUTH\tLOGIN\t{secret}").as_bytes()), "AUTH LOGIN ********");
        assert_eq!(shown_command(secret.as_bytes()), "(16 octets that are no command, not shown)");
        assert_eq!(shown_command(b"EHLOsecret"), "(10 octets that are no command, not shown)");
        assert_eq!(shown_reply(b"334 UGFzc3dvcmQ6"), "334 ********");
        assert_eq!(shown_reply(b"334-UGFz"), "334 ********");
        assert_eq!(shown_reply(b"354 go ahead"), "354 go ahead");
    }

    #[test]
    fn nothing_is_built_for_nobody() {
        struct Nobody;
        impl Transcript for Nobody {
            fn is_heard(&self) -> bool {
                false
            }

            fn line(&self, _: Side, line: &str) {
                panic!("{line} was built");
            }
        }
        tell_commands(&Nobody, b"NOOP\r\n");
        tell_replies(&Nobody, b"250 ok\r\n");
        tell_content(&Nobody, 1);
    }
}

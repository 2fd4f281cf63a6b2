//! The commands of a client, parsed once from a line into a type (RFC 5321 4.1.1).

use std::fmt;

use super::parameters::{MailParameters, ParameterError, RcptParameters};
use super::path::{Path, PathError, Written};

/// A well-formed command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// `HELO name`; the name may be empty and is checked by the dialogue.
    Helo(&'a str),
    /// `EHLO name`.
    Ehlo(&'a str),
    /// `MAIL FROM:<path> parameters`.
    Mail(Path, MailParameters),
    /// `RCPT TO:<path> parameters`.
    Rcpt(Path, RcptParameters),
    /// `DATA`.
    Data,
    /// `BDAT count`, and whether it was followed by `LAST` (RFC 3030).
    Bdat(u64, bool),
    /// `RSET`.
    Rset,
    /// `NOOP`, whatever follows.
    Noop,
    /// `QUIT`.
    Quit,
    /// `VRFY name`, and whether it was followed by `SMTPUTF8` (RFC 6531 3.7.4.2).
    Vrfy(&'a str, bool),
    /// `HELP`, whatever follows.
    Help,
    /// `ETRN node` (RFC 1985).
    Etrn(&'a str),
    /// `STARTTLS` (RFC 3207).
    StartTls,
    /// `AUTH mechanism`, and perhaps the first response (RFC 4954).
    Auth(&'a str, Option<InitialResponse<'a>>),
    /// A command that others have and this server has not.
    NotOffered,
}

/// What a client sends along with AUTH, in base64. It may hold a password: nothing shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct InitialResponse<'a>(pub &'a str);

impl fmt::Debug for InitialResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InitialResponse")
    }
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError<'a> {
    /// Another protocol is spoken to this port.
    #[error("{0} is spoken to the SMTP port")]
    Foreign(Foreign),
    /// A verb nobody knows.
    #[error("unrecognized command")]
    Unknown,
    /// A control character, or octets that are no text.
    #[error("a character that no command has")]
    Character,
    /// Arguments where the command has none, or none where it needs them; the text says what it needs.
    #[error("syntax: {0}")]
    Arguments(&'static str),
    /// The count of BDAT cannot be read, so that nobody knows where the chunk ends.
    #[error("the count of BDAT is malformed")]
    Count,
    /// The path of MAIL.
    #[error("reverse-path: {0}")]
    ReversePath(PathError),
    /// The path of RCPT.
    #[error("forward-path: {0}")]
    ForwardPath(PathError),
    /// A parameter of MAIL or RCPT.
    #[error("{0}")]
    Parameter(ParameterError<'a>),
}

/// A protocol that is not SMTP, told by how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A request line: a browser can be made to send one (cross-protocol attacks).
    Http,
    /// A `ClientHello`.
    Tls,
    /// A version banner.
    Ssh,
}

impl<'a> Command<'a> {
    /// Parses a line without its CRLF. `utf8` says whether the transaction under way allows non-ASCII mailboxes in
    /// RCPT; for MAIL its own SMTPUTF8 parameter decides (RFC 6531 3.1).
    pub fn parse(line: &'a [u8], utf8: bool) -> Result<Self, CommandError<'a>> {
        if let Some(protocol) = Foreign::recognize(line) {
            return Err(CommandError::Foreign(protocol));
        }
        let text = std::str::from_utf8(line).map_err(|_| CommandError::Character)?;
        if text.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return Err(CommandError::Character);
        }
        let text = text.trim_end_matches(BLANK);
        let (verb, arguments) =
            text.find(BLANK).map_or((text, ""), |at| (&text[..at], text[at..].trim_start_matches(BLANK)));
        let command = Self::of_verb(verb, arguments, utf8)?;
        let may_be_utf8 = matches!(command, Self::Mail(..) | Self::Rcpt(..) | Self::Vrfy(..));
        if may_be_utf8 || text.is_ascii() { Ok(command) } else { Err(CommandError::Character) }
    }

    /// Whether the command does nothing for any message. A client may say only so many of them.
    pub fn is_junk(&self) -> bool {
        !matches!(self, Self::Mail(..) | Self::Rcpt(..) | Self::Data | Self::Bdat(..) | Self::Quit)
    }

    fn of_verb(verb: &str, arguments: &'a str, utf8: bool) -> Result<Self, CommandError<'a>> {
        let bare =
            |command, usage| if arguments.is_empty() { Ok(command) } else { Err(CommandError::Arguments(usage)) };
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => Ok(Self::Ehlo(arguments)),
            "HELO" => Ok(Self::Helo(arguments)),
            "MAIL" => mail(arguments),
            "RCPT" => rcpt(arguments, utf8),
            "DATA" => bare(Self::Data, "DATA"),
            "BDAT" => bdat(arguments),
            "RSET" => bare(Self::Rset, "RSET"),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => bare(Self::Quit, "QUIT"),
            "VRFY" if arguments.is_empty() => Err(CommandError::Arguments("VRFY address")),
            "VRFY" => Ok(vrfy(arguments)),
            "HELP" => Ok(Self::Help),
            "ETRN" if arguments.is_empty() => Err(CommandError::Arguments("ETRN domain")),
            "ETRN" => Ok(Self::Etrn(arguments)),
            "STARTTLS" => bare(Self::StartTls, "STARTTLS"),
            "AUTH" => auth(arguments),
            "EXPN" | "TURN" | "ATRN" | "SEND" | "SOML" | "SAML" => Ok(Self::NotOffered),
            _ => Err(CommandError::Unknown),
        }
    }
}

impl Foreign {
    /// Knows another protocol by the first octets of a line.
    pub fn recognize(start: &[u8]) -> Option<Self> {
        const METHODS: [&[u8]; 10] =
            [b"GET ", b"POST ", b"PUT ", b"HEAD ", b"CONNECT ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"TRACE ", b"PRI "];
        if start.starts_with(&[0x16, 0x03]) {
            Some(Self::Tls)
        } else if start.starts_with(b"SSH-") {
            Some(Self::Ssh)
        } else if METHODS.iter().any(|method| start.starts_with(method)) {
            Some(Self::Http)
        } else {
            None
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Tls => "TLS",
            Self::Ssh => "SSH",
        })
    }
}

/// What separates words. Tabs are no part of the grammar, but do no harm either.
const BLANK: [char; 2] = [' ', '\t'];

fn mail(arguments: &str) -> Result<Command<'_>, CommandError<'_>> {
    let text = after_keyword(arguments, "FROM").ok_or(CommandError::Arguments("MAIL FROM:<address>"))?;
    let written = Written::split(text).map_err(CommandError::ReversePath)?;
    let parameters = MailParameters::parse(written.rest).map_err(CommandError::Parameter)?;
    let path = written.parse(parameters.smtputf8).map_err(CommandError::ReversePath)?;
    Ok(Command::Mail(path, parameters))
}

fn rcpt(arguments: &str, utf8: bool) -> Result<Command<'_>, CommandError<'_>> {
    let text = after_keyword(arguments, "TO").ok_or(CommandError::Arguments("RCPT TO:<address>"))?;
    let written = Written::split(text).map_err(CommandError::ForwardPath)?;
    let path = written.parse(utf8).map_err(CommandError::ForwardPath)?;
    let parameters = RcptParameters::parse(written.rest).map_err(CommandError::Parameter)?;
    Ok(Command::Rcpt(path, parameters))
}

/// What stands behind `FROM:` or `TO:`. Space on both sides of the colon is a leniency of the old server.
fn after_keyword<'a>(text: &'a str, keyword: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(keyword.len())?;
    let rest = rest.trim_start_matches(BLANK).strip_prefix(':')?;
    head.eq_ignore_ascii_case(keyword).then(|| rest.trim_start_matches(BLANK))
}

fn bdat(arguments: &str) -> Result<Command<'_>, CommandError<'_>> {
    let mut words = arguments.split(BLANK).filter(|word| !word.is_empty());
    let count = words.next().filter(|word| word.bytes().all(|b| b.is_ascii_digit()));
    let count = count.and_then(|digits| digits.parse().ok()).ok_or(CommandError::Count)?;
    match (words.next(), words.next()) {
        (None, _) => Ok(Command::Bdat(count, false)),
        (Some(last), None) if last.eq_ignore_ascii_case("LAST") => Ok(Command::Bdat(count, true)),
        _ => Err(CommandError::Count),
    }
}

fn auth(arguments: &str) -> Result<Command<'_>, CommandError<'_>> {
    let mut words = arguments.split(BLANK).filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(mechanism), initial, None) => Ok(Command::Auth(mechanism, initial.map(InitialResponse))),
        _ => Err(CommandError::Arguments("AUTH mechanism [initial-response]")),
    }
}

fn vrfy(arguments: &str) -> Command<'_> {
    match arguments.rsplit_once(BLANK) {
        Some((name, last)) if last.eq_ignore_ascii_case("SMTPUTF8") => {
            Command::Vrfy(name.trim_end_matches(BLANK), true)
        }
        _ => Command::Vrfy(arguments, false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mail::{Address, AddressError};

    fn parse(line: &str) -> Result<Command<'_>, CommandError<'_>> {
        Command::parse(line.as_bytes(), false)
    }

    fn sender(text: &str) -> Command<'static> {
        Command::Mail(Path::Mailbox(Address::parse(text, false).unwrap()), MailParameters::default())
    }

    #[test]
    fn verbs_and_keywords_are_read_in_any_case() {
        assert_eq!(parse("ehlo a.example"), Ok(Command::Ehlo("a.example")));
        assert_eq!(parse("mAiL fRoM:<a@x.example>"), Ok(sender("a@x.example")));
        assert_eq!(parse("bdat 10 last"), Ok(Command::Bdat(10, true)));
        assert_eq!(parse("starttls"), Ok(Command::StartTls));
        assert_eq!(parse("Auth login  dXNlcg=="), Ok(Command::Auth("login", Some(InitialResponse("dXNlcg==")))));
        assert_eq!(parse("AUTH PLAIN"), Ok(Command::Auth("PLAIN", None)));
    }

    #[test]
    fn the_leniencies_of_the_old_server_are_kept() {
        for line in [
            "MAIL FROM: a@x.example",
            "MAIL FROM :<a@x.example>",
            "MAIL FROM:a@x.example",
            "MAIL  FROM : a@x.example  ",
        ] {
            assert_eq!(parse(line), Ok(sender("a@x.example")), "{line}");
        }
        assert!(matches!(parse("RCPT TO :b"), Ok(Command::Rcpt(Path::Local(_), _))));
    }

    #[test]
    fn arguments_where_there_are_none_are_refused() {
        for line in [
            "RSET x",
            "DATA x",
            "QUIT x",
            "MAIL LALA: <>",
            "MAIL",
            "RCPT LALA: <>",
            "VRFY",
            "ETRN",
            "STARTTLS x",
            "AUTH",
            "AUTH PLAIN a b",
        ] {
            assert!(matches!(parse(line), Err(CommandError::Arguments(_))), "{line}");
        }
        assert_eq!(parse("MAIL FROM:"), Err(CommandError::ReversePath(PathError::Malformed)));
        assert_eq!(parse("NOOP x"), Ok(Command::Noop));
        assert_eq!(parse("RSET  "), Ok(Command::Rset));
    }

    #[test]
    fn control_characters_and_octets_that_are_no_text_are_refused() {
        for line in ["NOOP\nRSET", "NOOP\rRSET", "EHLO a\x07b", "RCPT TO:<a\0@x.example>", "\0", "NOOP \u{e9}"] {
            assert_eq!(parse(line), Err(CommandError::Character), "{line:?}");
        }
        assert_eq!(Command::parse(b"\x80\x81\x82", false), Err(CommandError::Character));
    }

    #[test]
    fn mailboxes_beyond_ascii_need_smtputf8() {
        let refused = PathError::Address(AddressError::NotAscii);
        assert_eq!(parse("MAIL FROM:<\u{e9}@x.example>"), Err(CommandError::ReversePath(refused)));
        assert!(parse("MAIL FROM:<\u{e9}@x.example> SMTPUTF8").is_ok());
        assert_eq!(parse("RCPT TO:<\u{e9}@x.example>"), Err(CommandError::ForwardPath(refused)));
        assert!(Command::parse("RCPT TO:<\u{e9}@x.example>".as_bytes(), true).is_ok());
        assert_eq!(parse("VRFY \u{e9} SMTPUTF8"), Ok(Command::Vrfy("\u{e9}", true)));
    }

    #[test]
    fn a_count_that_cannot_be_read_is_told_from_a_missing_verb() {
        for line in
            ["BDAT", "BDAT -1 LAST", "BDAT x", "BDAT 1 FIRST", "BDAT 1 LAST LAST", "BDAT 18446744073709551616 LAST"]
        {
            assert_eq!(parse(line), Err(CommandError::Count), "{line}");
        }
        assert_eq!(parse("LHLO x"), Err(CommandError::Unknown));
        assert_eq!(parse(""), Err(CommandError::Unknown));
        assert_eq!(parse("EXPN list"), Ok(Command::NotOffered));
    }

    #[test]
    fn other_protocols_are_known_by_their_first_octets() {
        assert_eq!(parse("POST /evil HTTP/1.1"), Err(CommandError::Foreign(Foreign::Http)));
        assert_eq!(parse("SSH-2.0-client"), Err(CommandError::Foreign(Foreign::Ssh)));
        assert_eq!(Command::parse(b"\x16\x03\x01\x02\0", false), Err(CommandError::Foreign(Foreign::Tls)));
    }

    proptest! {
        #[test]
        fn no_line_is_beyond_the_parser(line in proptest::collection::vec(any::<u8>(), 0..80), utf8 in any::<bool>()) {
            let _ = Command::parse(&line, utf8);
        }

        #[test]
        fn whatever_parses_holds_no_control_character(
            head in "(MAIL FROM:|RCPT TO:|VRFY |EHLO |ETRN )",
            tail in "[ -~\\r\\n\\x00\\t<>@\"\\\\]{0,30}",
        ) {
            let line = format!("{head}{tail}");
            if line.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
                prop_assert_eq!(parse(&line), Err(CommandError::Character));
            }
        }
    }
}

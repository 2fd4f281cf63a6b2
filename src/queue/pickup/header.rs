//! The header of a message to be sent: whom it is from and for, and what of it leaves.
//!
//! Field boundaries are found here and nothing is changed but whole fields, so that a header arrives byte for byte
//! as its author wrote it; what stands inside an address field is left to `mail-parser`.

use std::ops::Range;

use mail_parser::MessageParser;

use crate::mail::{self, Address, AddressError, Domain, ReversePath};
use crate::text;

/// The longest header taken, in octets.
pub(super) const MAX_HEADER: usize = 64 << 10;

/// Envelope fields and blind copies: read, and never sent on.
const PRIVATE: [&str; 4] = ["Bcc", "Resent-Bcc", "X-Sender", "X-Receiver"];

/// A header in normal form, cut into fields.
pub(super) struct Header<'a> {
    text: &'a [u8],
    fields: Vec<Field>,
    /// Where the body begins: behind the empty line, or at the first line that is no field.
    pub(super) body_at: usize,
}

/// Where a field lies in the text.
struct Field {
    name: Range<usize>,
    /// Behind the line end of its last line.
    end: usize,
}

/// Why a header makes no envelope, as it will stand behind `x-reason:`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HeaderError {
    #[error("its header is longer than {} KB", MAX_HEADER >> 10)]
    TooLong,
    #[error("it has no x-sender line and no From field")]
    NoSender,
    #[error("it has no x-receiver line and no To, Cc or Bcc field with an address")]
    NoRecipient,
    #[error("{field} field: {what}: {}", text::shortened(&**written, 80))]
    Address { field: Box<str>, written: Box<str>, what: AddressError },
}

impl<'a> Header<'a> {
    /// Cuts the header off the start of a message in normal form. `is_all` says that there is no more of it than
    /// `start`.
    pub(super) fn parse(start: &'a [u8], is_all: bool) -> Result<Self, HeaderError> {
        let mut header = Self { text: start, fields: Vec::new(), body_at: 0 };
        for line in start.split_inclusive(|&b| b == b'\n') {
            let at = header.body_at;
            let is_whole = line.ends_with(b"\n") || is_all;
            if !is_whole || at + line.len() > MAX_HEADER {
                return Err(HeaderError::TooLong);
            }
            if let Some(field) = header.fields.last_mut()
                && (line.starts_with(b" ") || line.starts_with(b"\t"))
            {
                field.end += line.len();
            } else if let Some(length) = name_length(line) {
                header.fields.push(Field { name: at..at + length, end: at + line.len() });
            } else {
                header.body_at += if line == b"\r\n" { line.len() } else { 0 };
                return Ok(header);
            }
            header.body_at += line.len();
        }
        if is_all { Ok(header) } else { Err(HeaderError::TooLong) }
    }

    /// The sender: the first mailbox of Sender, else of From; of the last time it was resent, where it was.
    pub(super) fn sender(&self, default_domain: &Domain) -> Result<ReversePath, HeaderError> {
        for name in ["Resent-Sender", "Resent-From", "Sender", "From"] {
            if let Some(sender) = self.addresses(name, default_domain)?.into_iter().next() {
                return Ok(ReversePath::Mailbox(sender));
            }
        }
        Err(HeaderError::NoSender)
    }

    /// All recipients of To, Cc and Bcc, each once; of the last time it was resent, where it was.
    pub(super) fn recipients(&self, default_domain: &Domain) -> Result<Vec<mail::Recipient>, HeaderError> {
        for names in [["Resent-To", "Resent-Cc", "Resent-Bcc"], ["To", "Cc", "Bcc"]] {
            let mut recipients = Vec::new();
            let mut seen = std::collections::HashSet::new();
            for name in names {
                for address in self.addresses(name, default_domain)? {
                    if seen.insert(address.clone()) {
                        recipients.push(mail::Recipient::new(address));
                    }
                }
            }
            if !recipients.is_empty() {
                return Ok(recipients);
            }
        }
        Err(HeaderError::NoRecipient)
    }

    /// Whether there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| self.is_named(field, name))
    }

    /// The fields that are sent on, without the empty line.
    pub(super) fn public(&self) -> impl Iterator<Item = &'a [u8]> {
        let public = self.fields.iter().filter(|field| !PRIVATE.iter().any(|name| self.is_named(field, name)));
        public.map(|field| &self.text[field.name.start..field.end])
    }

    /// The mailboxes in all fields of this name; for a `Resent-` name, of the topmost block only.
    fn addresses(&self, name: &str, default_domain: &Domain) -> Result<Vec<Address>, HeaderError> {
        let fields = if is_resent(name.as_bytes()) { self.last_resending() } else { &self.fields };
        let mut addresses = Vec::new();
        for field in fields.iter().filter(|field| self.is_named(field, name)) {
            read_addresses(name, &self.text[field.name.end..field.end], default_domain, &mut addresses)?;
        }
        Ok(addresses)
    }

    /// The fields down to the end of the topmost block of `Resent-` fields (RFC 5322 3.6.6): each resending
    /// puts its block on top, so a name that comes again belongs to an earlier one.
    fn last_resending(&self) -> &[Field] {
        let mut seen: Vec<&[u8]> = Vec::new();
        for (i, field) in self.fields.iter().enumerate() {
            let name = &self.text[field.name.clone()];
            if is_resent(name) {
                if seen.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                    return &self.fields[..i];
                }
                seen.push(name);
            }
        }
        &self.fields
    }

    fn is_named(&self, field: &Field, name: &str) -> bool {
        self.text[field.name.clone()].eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The length of the field name, if the line starts with one and a colon (RFC 5322 2.2; spaces in front of the colon
/// are obsolete and still read).
fn name_length(line: &[u8]) -> Option<usize> {
    let length = line.iter().position(|b| !matches!(b, b'!'..=b'9' | b';'..=b'~')).filter(|&length| length > 0)?;
    let behind = line[length..].iter().find(|b| !matches!(b, b' ' | b'\t'));
    (behind == Some(&b':')).then_some(length)
}

fn is_resent(name: &[u8]) -> bool {
    name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"Resent-"))
}

/// Reads one address field; `rest` is what follows its name.
fn read_addresses(
    name: &str,
    rest: &[u8],
    default_domain: &Domain,
    addresses: &mut Vec<Address>,
) -> Result<(), HeaderError> {
    let field = [name.as_bytes(), rest, b"\r\n"].concat();
    let parsed = MessageParser::new().with_address_headers().parse_headers(&field);
    let Some(parsed) = parsed.as_ref().and_then(|message| message.header(name)).and_then(|value| value.as_address())
    else {
        return Ok(());
    };
    for mailbox in parsed.iter() {
        let (written, is_complete) = written(mailbox);
        let address = if is_complete {
            Address::parse(&written, true)
        } else {
            Address::from_parts(&written, default_domain, true)
        };
        let refuse = |what| HeaderError::Address { field: name.into(), written: written.clone().into(), what };
        addresses.push(address.map_err(refuse)?);
    }
    Ok(())
}

/// The mailbox as it was written, and whether it has a domain. The parser gives a lone word as a name, and splits a
/// quoted local part without angle brackets into a name and the rest. A source route is skipped (RFC 5321
/// appendix C). A name that looks like an address, decoded perhaps, is still no address.
fn written(mailbox: &mail_parser::Addr<'_>) -> (String, bool) {
    match (mailbox.name(), mailbox.address().map(str::trim)) {
        (Some(local), Some(rest)) if rest.starts_with('@') && !rest.contains(':') => {
            (format!("\"{}\"{rest}", local.replace('\\', "\\\\").replace('"', "\\\"")), true)
        }
        (_, Some(address)) => {
            let routed = address.strip_prefix('@').and_then(|route| route.split_once(':'));
            let mailbox = routed.map_or(address, |(_, mailbox)| mailbox);
            (mailbox.to_owned(), mailbox.contains('@'))
        }
        (name, None) => (name.unwrap_or_default().trim().to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn domain() -> Domain {
        "home.example".parse().unwrap()
    }

    fn recipients(header: &str) -> Result<Vec<String>, String> {
        let header = Header::parse(header.as_bytes(), true).unwrap();
        match header.recipients(&domain()) {
            Ok(recipients) => Ok(recipients.iter().map(|recipient| recipient.address.to_string()).collect()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn sender(header: &str) -> Result<String, String> {
        let header = Header::parse(header.as_bytes(), true).unwrap();
        header.sender(&domain()).map(|sender| sender.to_string()).map_err(|error| error.to_string())
    }

    fn sent(header: &str) -> String {
        let header = Header::parse(header.as_bytes(), true).unwrap();
        header.public().map(|field| String::from_utf8_lossy(field).into_owned()).collect()
    }

    #[test]
    fn the_sender_field_wins_over_from() {
        assert_eq!(sender("From: a@x.example, b@x.example\r\nSENDER : c@x.example\r\n").unwrap(), "c@x.example");
        assert_eq!(sender("From: \"A, B\" <a@x.example>, b@x.example\r\n").unwrap(), "a@x.example");
        assert_eq!(sender("Sender:\r\nFrom: a@x.example\r\n").unwrap(), "a@x.example");
        assert!(sender("To: a@x.example\r\n").unwrap_err().contains("From"));
    }

    #[test]
    fn recipients_come_from_all_three_fields_each_once() {
        let header = "To: a@x.example,\r\n\tTeam: \"B, C\" <b@x.example>, c@x.example;\r\nCc: a@x.example (again, (really))\r\n\
                      Bcc: d@x.example\r\nTo: e@x.example\r\n";
        assert_eq!(
            recipients(header).unwrap(),
            ["a@x.example", "b@x.example", "c@x.example", "e@x.example", "d@x.example"]
        );
    }

    #[test]
    fn a_resent_message_goes_where_it_was_resent_last() {
        let header = "Resent-From: r2@x.example\r\nResent-To: new@x.example\r\nResent-Bcc: blind@x.example\r\n\
                      Received: by x\r\nResent-From: r1@x.example\r\nResent-To: old@x.example\r\n\
                      From: a@x.example\r\nTo: b@x.example\r\n";
        assert_eq!(recipients(header).unwrap(), ["new@x.example", "blind@x.example"]);
        assert_eq!(sender(header).unwrap(), "r2@x.example");
    }

    #[test]
    fn addresses_without_a_domain_are_ours_and_quoted_ones_stay_quoted() {
        let header = "To: bob, <eve>, \"john smith\"@x.example, <@hop.example:r@x.example>\r\n";
        assert_eq!(
            recipients(header).unwrap(),
            ["bob@home.example", "eve@home.example", "\"john smith\"@x.example", "r@x.example"]
        );
    }

    #[test]
    fn an_address_that_is_none_is_named_and_nobody_is_left_out_silently() {
        for to in ["a b@x.example", "<a@x.example> <b@x.example>", "Bob Smith", "=?utf-8?q?a=40b.example?=", "a@b..c"] {
            let refused = recipients(&format!("To: fine@x.example, {to}\r\n"));
            assert!(refused.as_ref().is_err_and(|reason| reason.starts_with("To field")), "{to}: {refused:?}");
        }
        for to in ["", ",,", "undisclosed-recipients:;"] {
            assert!(recipients(&format!("To: {to}\r\n")).unwrap_err().contains("no To"), "{to}");
        }
    }

    #[test]
    fn blind_copies_and_envelope_fields_are_not_sent() {
        let header = "Subject: x\r\nBCC : a@x.example,\r\n b@x.example\r\nX-Receiver: c@x.example\r\nx-sender: s\r\n\
                      Resent-bcc: d@x.example\r\nTo: e@x.example\r\n folded\r\n";
        assert_eq!(sent(header), "Subject: x\r\nTo: e@x.example\r\n folded\r\n");
    }

    #[test]
    fn the_body_begins_behind_the_empty_line_or_at_the_first_line_that_is_no_field() {
        let body = |text: &str| {
            let at = Header::parse(text.as_bytes(), true).unwrap().body_at;
            text[at..].to_owned()
        };
        assert_eq!(body("A: 1\r\n\r\nB: 2\r\n"), "B: 2\r\n");
        assert_eq!(body("A: 1\r\nhello there\r\n"), "hello there\r\n");
        assert_eq!(body(" A: 1\r\n"), " A: 1\r\n");
        assert_eq!(body("\r\nA: 1\r\n"), "A: 1\r\n");
        assert_eq!(body("A: 1\r\n"), "");
        assert_eq!(body(": 1\r\n"), ": 1\r\n");
    }

    #[test]
    fn a_header_over_64_kb_is_refused() {
        let lines = |count: usize| "X-Filler: 0123456789012345678901234567890123456789\r\n".repeat(count);
        assert!(Header::parse(lines(1000).as_bytes(), true).is_ok());
        let long = lines(2000);
        assert_eq!(Header::parse(long.as_bytes(), true).err(), Some(HeaderError::TooLong));
        assert_eq!(Header::parse(&long.as_bytes()[..50_001], false).err(), Some(HeaderError::TooLong));
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic_and_only_whole_fields_are_left_out(lines in proptest::collection::vec(
            "(To|Bcc|Resent-To|X-Receiver|Subject|From| |\t)?:? ?[ -~é<>@\",;:()]{0,30}", 0..12)) {
            let text = lines.join("\r\n");
            let header = Header::parse(text.as_bytes(), true).unwrap();
            let _ = (header.sender(&domain()), header.recipients(&domain()));
            let sent: usize = header.public().map(<[u8]>::len).sum();
            prop_assert!(sent <= header.body_at && header.body_at <= text.len());
        }
    }
}

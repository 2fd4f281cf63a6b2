//! Mailbox addresses and the reverse-path.

use std::fmt;

use super::{Domain, DomainError};

/// The longest local part accepted, in octets. RFC 5321 4.5.3.1.1 asks for 64; real systems write longer ones.
const MAX_LOCAL: usize = 128;
/// The longest address accepted, in octets (RFC 5321 4.5.3.1.3 asks for a path of 256).
const MAX_ADDRESS: usize = 320;

/// A mailbox, `local-part@domain`, kept byte for byte as it was written (RFC 5321 2.3.11, 4.1.2).
///
/// Equality compares the local part exactly and the domain by its normal form.
#[derive(Clone)]
pub struct Address {
    text: Box<str>,
    /// Where the `@` between local part and domain stands.
    at: u16,
    domain: Domain,
}

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@` outside quotes, or nothing before it.
    #[error("the address needs a local part, an @ and a domain")]
    Incomplete,
    /// Longer than any mailbox may be.
    #[error("the address is too long")]
    TooLong,
    /// A character or a quoting that no local part has.
    #[error("the local part of the address is malformed")]
    Local,
    /// 8-bit text, without SMTPUTF8 (RFC 6531 3.5) or not UTF-8 at all.
    #[error("the address has non-ASCII characters")]
    NotAscii,
    /// The part after the `@`.
    #[error(transparent)]
    Domain(#[from] DomainError),
}

impl Address {
    /// Parses a mailbox. `utf8` allows non-ASCII characters, as SMTPUTF8 does.
    ///
    /// The domain starts at the last `@` outside quotes, so neither `%`, `!` nor a quoted `@` has a routing
    /// meaning. Source routes are no part of a mailbox; the SMTP command parser takes them off first.
    pub fn parse(text: &str, utf8: bool) -> Result<Self, AddressError> {
        if text.len() > MAX_ADDRESS {
            return Err(AddressError::TooLong);
        }
        if !utf8 && !text.is_ascii() {
            return Err(AddressError::NotAscii);
        }
        let at = text.rfind('@').filter(|&at| at > 0).ok_or(AddressError::Incomplete)?;
        check_local(&text[..at])?;
        let domain = text[at + 1..].parse()?;
        let at = u16::try_from(at).map_err(|_| AddressError::TooLong)?;
        Ok(Self { text: text.into(), at, domain })
    }

    /// An address from a local part and a domain, as a domainless sender is completed.
    pub fn from_parts(local: &str, domain: &Domain, utf8: bool) -> Result<Self, AddressError> {
        Self::parse(&format!("{local}@{domain}"), utf8)
    }

    /// The whole address as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The local part as it was written, quotes included. Case matters in it.
    pub fn local(&self) -> &str {
        &self.text[..usize::from(self.at)]
    }

    /// The domain in normal form.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// Whether only a next hop with SMTPUTF8 can be told this address: its local part is not ASCII.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local().is_ascii()
    }

    /// The address for a next hop without SMTPUTF8: the same local part at the A-label domain (RFC 6531 3.2).
    pub fn to_ascii(&self) -> String {
        if self.text.is_ascii() { self.text.to_string() } else { format!("{}@{}", self.local(), self.domain) }
    }

    /// Whether the local part is `postmaster` in any case (RFC 5321 2.3.5).
    pub fn is_postmaster(&self) -> bool {
        self.local().eq_ignore_ascii_case("postmaster")
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.local() == other.local() && self.domain == other.domain
    }
}

impl Eq for Address {}

impl std::hash::Hash for Address {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.local().hash(state);
        self.domain.hash(state);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?})", self.text)
    }
}

/// Where failures of a message go: a mailbox, or `<>`, to which nothing is ever returned (RFC 5321 4.5.5).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReversePath {
    /// `<>`, the sender of reports.
    Null,
    /// An ordinary sender.
    Mailbox(Address),
}

impl ReversePath {
    /// The mailbox, unless the path is null.
    pub fn mailbox(&self) -> Option<&Address> {
        match self {
            Self::Null => None,
            Self::Mailbox(address) => Some(address),
        }
    }
}

/// Without angle brackets; the null path is the empty text.
impl fmt::Display for ReversePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Mailbox(address) => address.fmt(f),
        }
    }
}

fn check_local(local: &str) -> Result<(), AddressError> {
    if local.len() > MAX_LOCAL {
        return Err(AddressError::TooLong);
    }
    if let Some(quoted) = local.strip_prefix('"') {
        return check_quoted(quoted);
    }
    // Dots may stand anywhere: strict dot-atoms would refuse mailboxes that exist.
    let legal = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let printable = |c: char| !c.is_control();
    if local.chars().all(|c| printable(c) && legal(c)) { Ok(()) } else { Err(AddressError::Local) }
}

/// The inside of a quoted string, from behind its opening quote (RFC 5321 4.1.2, `Quoted-string`).
fn check_quoted(text: &str) -> Result<(), AddressError> {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return if chars.as_str().is_empty() { Ok(()) } else { Err(AddressError::Local) },
            '\\' if chars.next().is_some_and(|c| c == ' ' || c.is_ascii_graphic()) => {}
            '\\' => return Err(AddressError::Local),
            c if c.is_control() => return Err(AddressError::Local),
            _ => {}
        }
    }
    Err(AddressError::Local)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Result<Address, AddressError> {
        Address::parse(text, false)
    }

    #[test]
    fn the_local_part_keeps_every_byte_and_its_case() {
        let parsed = address("\"A \\\" b\"@Example.COM").unwrap();
        assert_eq!(parsed.local(), "\"A \\\" b\"");
        assert_eq!(parsed.as_str(), "\"A \\\" b\"@Example.COM");
        assert_eq!(parsed.domain().as_str(), "example.com");
    }

    #[test]
    fn the_last_unquoted_at_splits_and_nothing_else_routes() {
        assert_eq!(address("a%b!c@relay.test").unwrap().domain().as_str(), "relay.test");
        assert_eq!(address("\"x@victim.example\"@relay.test").unwrap().local(), "\"x@victim.example\"");
        assert_eq!(address("x@victim.example@relay.test"), Err(AddressError::Local));
    }

    #[test]
    fn control_characters_spaces_and_eight_bit_are_refused() {
        assert_eq!(address("a\0b@x.example"), Err(AddressError::Local));
        assert_eq!(address("a b@x.example"), Err(AddressError::Local));
        assert_eq!(address("é@x.example"), Err(AddressError::NotAscii));
        assert!(Address::parse("é@x.example", true).unwrap().needs_smtputf8());
        assert_eq!(address("\"a\r\nb\"@x.example"), Err(AddressError::Local));
        assert_eq!(address("\"x@relay.test"), Err(AddressError::Local));
    }

    #[test]
    fn sixty_four_octets_of_local_part_are_accepted_and_an_absurd_length_is_not_cut() {
        assert!(address(&format!("{}@x.example", "a".repeat(64))).is_ok());
        assert_eq!(address(&format!("{}@x.example", "a".repeat(150))), Err(AddressError::TooLong));
    }
}

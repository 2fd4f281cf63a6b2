//! Trace information: the `Received:` field we add, and the count of those a message already has (RFC 5321 4.4, 6.3).

use std::fmt;
use std::net::IpAddr;

use memchr::memchr;

use super::{Address, Domain};
use crate::clock::Timestamp;

/// The longest HELO text shown in a comment; a longer one is no host name and is cut.
const MAX_HELO: usize = 255;

/// The `Received:` field of one message, by the strict grammar of RFC 5321 4.4, folded, with its line ends.
///
/// A comment behind the host name holds this server's instance id, by which [`HopCounter`] knows it again.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The client; `None` for a message that came in by no connection, such as a file of Pickup.
    pub from: Option<ReceivedFrom<'a>>,
    /// Our host name.
    pub by: &'a Domain,
    /// Our instance id: letters, digits, `-`, `_` and `.`.
    pub instance: &'a str,
    /// The keyword of RFC 3848 and RFC 6531 4.3: `SMTP`, `ESMTPS`, `UTF8SMTPSA`, ...
    pub with: Option<&'static str>,
    /// Version and cipher of TLS, where it was spoken: letters, digits and `.`, `_`, `-`, ` `.
    pub encryption: Option<&'a str>,
    /// The queue id.
    pub id: &'a str,
    /// The recipient, to be given only where there is a single one (RFC 5321 7.2).
    pub recipient: Option<&'a Address>,
    /// When the message came in.
    pub at: Timestamp,
}

/// The client named in a `Received:` field.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedFrom<'a> {
    /// What it called itself.
    pub helo: Option<&'a str>,
    /// Its address.
    pub address: IpAddr,
    /// What reverse DNS said of the address.
    pub name: ReverseName<'a>,
}

/// The outcome of a reverse DNS lookup with confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReverseName<'a> {
    /// Nobody looked.
    NotAsked,
    /// No name, or one that does not lead back to the address.
    Failed,
    /// The confirmed name.
    Verified(&'a Domain),
}

impl fmt::Display for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Received:")?;
        if let Some(client) = &self.from {
            write!(f, " {client}\r\n\t")?;
        } else {
            f.write_str(" ")?;
        }
        write!(f, "by {} ({MARK}{})", self.by, self.instance)?;
        match (self.with, self.encryption) {
            (Some(keyword), Some(encryption)) => write!(f, "\r\n\twith {keyword} ({encryption})")?,
            (Some(keyword), None) => write!(f, " with {keyword}")?,
            (None, _) => {}
        }
        write!(f, " id {}", self.id)?;
        if let Some(address) = self.recipient.filter(|address| is_mailbox(address)) {
            write!(f, "\r\n\tfor <{}@{}>", address.local(), address.domain())?;
        }
        write!(f, ";\r\n\t{}\r\n", self.at.rfc5322())
    }
}

/// The FROM clause. What is no domain by the grammar moves to a comment, and the address literal takes its place.
impl fmt::Display for ReceivedFrom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let literal = Domain::from(self.address);
        let domain = self.helo.filter(|helo| is_domain(helo));
        let said = self.helo.filter(|helo| helo.starts_with('[')).and_then(|helo| helo.parse::<Domain>().ok());
        match (domain, &said) {
            (Some(domain), _) => write!(f, "from {domain} (")?,
            (None, Some(said)) => write!(f, "from {said} (")?,
            (None, None) => write!(f, "from {literal} (")?,
        }
        match self.name {
            ReverseName::Verified(name) => write!(f, "{name} {literal})")?,
            ReverseName::NotAsked => write!(f, "{literal})")?,
            // The old server's form is a comment, which may follow a domain alone and not a literal.
            ReverseName::Failed if domain.is_some() => write!(f, "{literal} RDNS failed)")?,
            ReverseName::Failed => write!(f, "{literal}) (RDNS failed)")?,
        }
        match self.helo.filter(|helo| domain.is_none() && said.is_none() && !helo.is_empty()) {
            Some(helo) => write!(f, " (HELO {})", Comment(helo)),
            None => Ok(()),
        }
    }
}

/// The words before the instance id in the comment of our field.
const MARK: &str = "mailroot ";

/// A stranger's text as the inside of a comment (RFC 5322 3.2.2).
struct Comment<'a>(&'a str);

impl fmt::Display for Comment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(MAX_HELO) {
            match c {
                '(' | ')' | '\\' => write!(f, "\\{c}")?,
                ' '..='~' => write!(f, "{c}")?,
                _ => f.write_str("?")?,
            }
        }
        Ok(())
    }
}

/// `Domain` of RFC 5321 4.1.2, which has no underscore and no trailing dot.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= MAX_HELO && text.split('.').all(|part| !part.is_empty() && label(part))
}

/// Whether a mailbox we accepted, perhaps leniently, is one by the grammar too.
fn is_mailbox(address: &Address) -> bool {
    let local = address.local();
    let quoted = local.starts_with('"');
    let dotted = !local.split('.').any(str::is_empty);
    (quoted || dotted) && (address.domain().literal().is_some() || is_domain(address.domain().as_str()))
}

/// Counts the `Received:` fields of a message while its content streams by, and among them our own.
///
/// Content comes in pieces cut anywhere; nothing of it is kept. Counting stops at the end of the header.
#[derive(Debug)]
pub struct HopCounter {
    /// `(mailroot INSTANCE)`, as our field holds it. `(` stands at its start only, which is why a failed match
    /// never needs to be tried from its middle.
    mark: Box<[u8]>,
    place: Place,
    /// How many octets of `mark` the last octets of this field were.
    matched: usize,
    after_space: bool,
    hops: u32,
    own: u32,
}

/// Where in the header the last octet was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the start of a line; whether a folded line here would go on with a `Received:` field.
    LineStart { received: bool },
    /// Behind the carriage return of what may be the empty line.
    EmptyLine,
    /// So many octets of the field name `Received` were read.
    Name(usize),
    /// In the value of a `Received:` field.
    Received,
    /// Elsewhere in a line.
    Elsewhere,
    /// Behind the header.
    Body,
}

const NAME: &[u8] = b"received";

impl HopCounter {
    /// A counter at the start of a message, for the server with this instance id.
    pub fn new(instance: &str) -> Self {
        let mark = format!("({MARK}{instance})").into_bytes().into();
        let place = Place::LineStart { received: false };
        Self { mark, place, matched: 0, after_space: false, hops: 0, own: 0 }
    }

    /// Looks at the next octets of the content, which has CRLF line ends only.
    pub fn see(&mut self, mut bytes: &[u8]) {
        while self.place != Place::Body {
            if self.place == Place::Elsewhere {
                let Some(end) = memchr(b'\n', bytes) else { return };
                bytes = &bytes[end + 1..];
                self.place = Place::LineStart { received: false };
            }
            let Some((&octet, rest)) = bytes.split_first() else { return };
            self.step(octet);
            bytes = rest;
        }
    }

    /// `Received:` fields so far.
    pub fn hops(&self) -> u32 {
        self.hops
    }

    /// How often this server's own mark stood in them.
    pub fn own(&self) -> u32 {
        self.own
    }

    fn step(&mut self, octet: u8) {
        self.place = match (self.place, octet) {
            (Place::LineStart { received: true }, b' ' | b'\t') => {
                self.compare(octet);
                Place::Received
            }
            (Place::LineStart { .. }, b'\r') => Place::EmptyLine,
            (Place::EmptyLine, b'\n') => Place::Body,
            (Place::LineStart { .. }, octet) if octet.eq_ignore_ascii_case(&NAME[0]) => Place::Name(1),
            (Place::Name(_), b'\n') => Place::LineStart { received: false },
            (Place::Name(n), octet) if n < NAME.len() && octet.eq_ignore_ascii_case(&NAME[n]) => Place::Name(n + 1),
            (Place::Name(n), b' ' | b'\t') if n == NAME.len() => Place::Name(n),
            (Place::Name(n), b':') if n == NAME.len() => {
                self.hops = self.hops.saturating_add(1);
                self.matched = 0;
                Place::Received
            }
            (Place::Received, octet) => {
                self.compare(octet);
                if octet == b'\n' { Place::LineStart { received: true } } else { Place::Received }
            }
            _ => Place::Elsewhere,
        };
    }

    /// Follows our mark. Any run of white space counts as one space, since another server may fold the line anew.
    fn compare(&mut self, octet: u8) {
        let octet = if octet.is_ascii_whitespace() { b' ' } else { octet };
        if octet == b' ' && self.after_space {
            return;
        }
        self.after_space = octet == b' ';
        self.matched = if octet == self.mark[self.matched] { self.matched + 1 } else { usize::from(octet == b'(') };
        if self.matched == self.mark.len() {
            self.own = self.own.saturating_add(1);
            self.matched = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(helo: Option<&str>, name: ReverseName<'_>) -> String {
        ReceivedFrom { helo, address: "192.0.2.89".parse().unwrap(), name }.to_string()
    }

    fn received(client: Option<ReceivedFrom<'_>>, recipient: Option<&Address>) -> String {
        let by = "relay.test".parse().unwrap();
        let at = Timestamp::from_unix(1_795_518_903);
        Received {
            from: client,
            by: &by,
            instance: "k3x9",
            with: Some("ESMTP"),
            encryption: None,
            id: "A1",
            recipient,
            at,
        }
        .to_string()
    }

    fn count(content: &str) -> (u32, u32) {
        let mut counter = HopCounter::new("k3x9");
        counter.see(content.as_bytes());
        (counter.hops(), counter.own())
    }

    #[test]
    fn the_client_is_named_by_what_it_said_and_its_address() {
        let name = "pc.example".parse().unwrap();
        assert_eq!(from(Some("CLIENT-PC"), ReverseName::NotAsked), "from CLIENT-PC ([192.0.2.89])");
        assert_eq!(from(Some("a.example"), ReverseName::Verified(&name)), "from a.example (pc.example [192.0.2.89])");
        assert_eq!(from(Some("CLIENT-PC"), ReverseName::Failed), "from CLIENT-PC ([192.0.2.89] RDNS failed)");
        assert_eq!(from(None, ReverseName::Failed), "from [192.0.2.89] ([192.0.2.89]) (RDNS failed)");
        assert_eq!(from(Some("[10.0.0.1]"), ReverseName::NotAsked), "from [10.0.0.1] ([192.0.2.89])");
    }

    #[test]
    fn a_helo_that_is_no_domain_becomes_a_comment_it_cannot_leave() {
        assert_eq!(from(Some("my_host"), ReverseName::NotAsked), "from [192.0.2.89] ([192.0.2.89]) (HELO my_host)");
        assert_eq!(
            from(Some("a)\\b by evil\r\n"), ReverseName::NotAsked),
            "from [192.0.2.89] ([192.0.2.89]) (HELO a\\)\\\\b by evil??)"
        );
    }

    #[test]
    fn the_field_has_its_clauses_in_order_and_names_one_recipient() {
        let client =
            ReceivedFrom { helo: Some("a.example"), address: "::1".parse().unwrap(), name: ReverseName::NotAsked };
        let bob = Address::parse("Bob@Example.com", false).unwrap();
        let field = received(Some(client), Some(&bob));
        let expected = "Received: from a.example ([IPv6:::1])\r\n\tby relay.test (mailroot k3x9) with ESMTP id A1\r\n\t\
                        for <Bob@example.com>;\r\n\t";
        assert!(field.starts_with(expected), "{field}");
        assert!(field.ends_with("\r\n"));
        assert!(received(None, None).starts_with("Received: by relay.test (mailroot k3x9) with ESMTP id A1;\r\n\t"));
        let odd = Address::parse("a..b@example.com", false).unwrap();
        assert!(!received(None, Some(&odd)).contains("for <"));
    }

    #[test]
    fn received_fields_are_counted_in_the_header_only() {
        assert_eq!(
            count("Received: x\r\nRECEIVED : y\r\n\tz\r\nX-Received: n\r\nReceivedx: n\r\n\r\nReceived: b\r\n").0,
            2
        );
        assert_eq!(count("\r\nReceived: body\r\n").0, 0);
        assert_eq!(count("Received").0, 0);
    }

    #[test]
    fn our_own_mark_is_found_though_another_server_folded_it() {
        let own = received(None, None);
        assert_eq!(count(&own), (1, 1));
        assert_eq!(count(&format!("{own}Received: x\r\n{own}")), (3, 2));
        assert_eq!(count("Received: by a ((mailroot\r\n\t  k3x9) with SMTP\r\n"), (1, 1));
        assert_eq!(count("Received: by a (mailroot other)\r\nSubject: (mailroot k3x9)\r\n"), (1, 0));
        assert_eq!(count("Received: by a (mail\r\nSubject: root k3x9)\r\n"), (1, 0));
    }

    proptest! {
        #[test]
        fn where_the_content_is_cut_makes_no_difference(
            lines in proptest::collection::vec("(Received: |received:|\t|(mailroot k3x9)|x|:| ){0,4}", 0..8),
            cuts in proptest::collection::vec(0usize..200, 0..6),
        ) {
            let content = lines.iter().flat_map(|line| [line, "\r\n"]).collect::<String>().into_bytes();
            let mut whole = HopCounter::new("k3x9");
            whole.see(&content);
            let mut cuts = cuts.into_iter().map(|cut| cut.min(content.len())).collect::<Vec<_>>();
            cuts.sort_unstable();
            let mut pieces = HopCounter::new("k3x9");
            let mut from = 0;
            for cut in cuts.into_iter().chain([content.len()]) {
                pieces.see(&content[from..cut]);
                from = cut;
            }
            prop_assert_eq!((whole.hops(), whole.own()), (pieces.hops(), pieces.own()));
        }
    }
}

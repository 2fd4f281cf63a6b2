//! The filter expression of `queue list --filter` and of the dashboard: parsed once, then asked of many messages.
//!
//! It sees a message only as a [`Candidate`], so that asking a million of them allocates nothing and reads no file.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use memchr::memchr2_iter;

use super::Phase;
use crate::clock::Timestamp;
use crate::config::{DomainPattern, duration, size};
use crate::mail::Domain;
use crate::text::FilterError;
use crate::text::words::{self, Word};

/// EXPR of the command line and the dashboard (design, section 1): words that must all match.
///
/// A plain word is looked for in the id, the sender, the recipients and the last reply. The prefixes `from:` `to:`
/// `id:` `reply:` look in one of them, `from:<>` for reports. `domain:` compares the domain of a recipient, whole or,
/// written `*.example.com`, everything below. `destination:` compares, whole, where the message goes next as lists name it:
/// `smtp.provider.example:587`. `state:` is one of queued, active, held. `age>1h` and `size<1MB` compare.
/// `!` in front of a word excludes; double quotes hold a text with spaces together. Letters of ASCII match in
/// either case. The empty filter matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
}

/// What a filter asks of a message.
pub trait Candidate {
    /// The queue id.
    fn id(&self) -> &str;
    /// The sender without brackets; the null path is the empty text.
    fn sender(&self) -> &str;
    /// Each recipient with its domain.
    fn recipients(&self) -> impl Iterator<Item = (&str, &Domain)>;
    /// The state shown in lists; `None` for what is no longer in the queue, which matches no `state:`.
    fn phase(&self) -> Option<Phase>;
    /// When the message was accepted.
    fn received(&self) -> Timestamp;
    /// Octets of content.
    fn size(&self) -> u64;
    /// What was last said of the message.
    fn last_reply(&self) -> Option<&str>;
    /// Whether the message goes to a destination next, named as lists name it; upper and lower case are the same. Where
    /// no route is known, nothing goes anywhere.
    fn goes_to(&self, _destination: &str) -> bool {
        false
    }
}

impl Filter {
    /// Whether a message matches every word, ages being counted to `now`.
    pub fn matches(&self, candidate: &impl Candidate, now: Timestamp) -> bool {
        self.terms.iter().all(|term| term.test.holds(candidate, now) != term.excludes)
    }

    /// Whether the answer for one message may change with the time alone.
    pub fn depends_on_time(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Age(..)))
    }

    /// Whether the filter has no words, so that a list needs not ask it.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let terms = words::split(text).map(|word| word.and_then(|word| Term::parse(&word)));
        Ok(Self { terms: terms.collect::<Result<_, _>>()? })
    }
}

/// In the written form, which parses back to the same filter.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            let separator = if i == 0 { "" } else { " " };
            let exclusion = if term.excludes { "!" } else { "" };
            write!(f, "{separator}{exclusion}{}", term.test)?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    excludes: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Anywhere(Needle),
    From(Needle),
    FromNull,
    To(Needle),
    Domain(DomainPattern),
    Destination(Box<str>),
    State(Phase),
    Id(Needle),
    Reply(Needle),
    Age(Comparison, Duration),
    Size(Comparison, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Over,
    Under,
}

impl Term {
    fn parse(word: &Word<'_>) -> Result<Self, FilterError> {
        let test = match word.prefix {
            Some(prefix) => Test::prefixed(prefix, word),
            None if word.quoted => Needle::new(word).map(Test::Anywhere),
            None => Test::bare(word),
        };
        match test {
            Ok(test) => Ok(Self { excludes: word.excludes, test }),
            Err(expected) => Err(FilterError { word: word.written.into(), expected }),
        }
    }
}

impl Test {
    fn prefixed(prefix: &str, word: &Word<'_>) -> Result<Self, &'static str> {
        match prefix.to_ascii_lowercase().as_str() {
            "from" if &*word.value == "<>" && !word.quoted => Ok(Self::FromNull),
            "from" => Needle::new(word).map(Self::From),
            "to" => Needle::new(word).map(Self::To),
            "id" => Needle::new(word).map(Self::Id),
            "reply" => Needle::new(word).map(Self::Reply),
            "domain" => word.value.parse().map(Self::Domain).map_err(|_| DOMAIN_EXPECTED),
            "destination" if word.value.is_empty() => Err(TEXT_EXPECTED),
            "destination" => Ok(Self::Destination(word.value.to_ascii_lowercase().into())),
            "state" => Phase::from_word(&word.value).map(Self::State).ok_or(STATE_EXPECTED),
            "age" => Err(AGE_EXPECTED),
            "size" => Err(SIZE_EXPECTED),
            _ => Err(PREFIX_EXPECTED),
        }
    }

    /// A word without prefix and quotes: a comparison, or text.
    fn bare(word: &Word<'_>) -> Result<Self, &'static str> {
        let compared = word.value.find(['<', '>']).map(|at| (&word.value[..at], &word.value[at..]));
        match compared {
            Some((name, bound)) if name.eq_ignore_ascii_case("age") => {
                let (comparison, bound) = Comparison::parse(bound);
                duration::parse(bound).map(|span| Self::Age(comparison, span)).ok_or(AGE_EXPECTED)
            }
            Some((name, bound)) if name.eq_ignore_ascii_case("size") => {
                let (comparison, bound) = Comparison::parse(bound);
                size::parse(bound).map(|size| Self::Size(comparison, size)).ok_or(SIZE_EXPECTED)
            }
            _ => Needle::new(word).map(Self::Anywhere),
        }
    }

    fn holds(&self, candidate: &impl Candidate, now: Timestamp) -> bool {
        match self {
            Self::Anywhere(needle) => {
                needle.is_in(candidate.id())
                    || needle.is_in(candidate.sender())
                    || candidate.recipients().any(|(address, _)| needle.is_in(address))
                    || candidate.last_reply().is_some_and(|reply| needle.is_in(reply))
            }
            Self::From(needle) => needle.is_in(candidate.sender()),
            Self::FromNull => candidate.sender().is_empty(),
            Self::To(needle) => candidate.recipients().any(|(address, _)| needle.is_in(address)),
            Self::Domain(pattern) => candidate.recipients().any(|(_, domain)| pattern.matches(domain)),
            Self::Destination(name) => candidate.goes_to(name),
            Self::State(phase) => candidate.phase() == Some(*phase),
            Self::Id(needle) => needle.is_in(candidate.id()),
            Self::Reply(needle) => candidate.last_reply().is_some_and(|reply| needle.is_in(reply)),
            Self::Age(comparison, span) => comparison.holds(now.since(candidate.received()), *span),
            Self::Size(comparison, size) => comparison.holds(candidate.size(), *size),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere(needle) => needle.fmt(f),
            Self::From(needle) => write!(f, "from:{needle}"),
            Self::FromNull => f.write_str("from:<>"),
            Self::To(needle) => write!(f, "to:{needle}"),
            Self::Domain(pattern) => write!(f, "domain:{pattern}"),
            Self::Destination(name) => {
                f.write_str("destination:")?;
                words::write_quoted(f, name)
            }
            Self::State(phase) => write!(f, "state:{}", phase.as_str()),
            Self::Id(needle) => write!(f, "id:{needle}"),
            Self::Reply(needle) => write!(f, "reply:{needle}"),
            Self::Age(comparison, span) => write!(f, "age{}{}", comparison.sign(), duration::write(*span)),
            Self::Size(comparison, size) => write!(f, "size{}{size}", comparison.sign()),
        }
    }
}

impl Comparison {
    /// Takes the sign off a bound that starts with one.
    fn parse(bound: &str) -> (Self, &str) {
        let comparison = if bound.starts_with('>') { Self::Over } else { Self::Under };
        (comparison, &bound[1..])
    }

    fn holds<T: PartialOrd + Copy>(self, value: T, bound: T) -> bool {
        match self {
            Self::Over => value > bound,
            Self::Under => value < bound,
        }
    }

    const fn sign(self) -> char {
        match self {
            Self::Over => '>',
            Self::Under => '<',
        }
    }
}

/// A text to look for, its ASCII letters in lower case; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needle(Box<str>);

impl Needle {
    fn new(word: &Word<'_>) -> Result<Self, &'static str> {
        if word.value.is_empty() { Err(TEXT_EXPECTED) } else { Ok(Self(word.value.to_ascii_lowercase().into())) }
    }

    fn is_in(&self, text: &str) -> bool {
        let (needle, text) = (self.0.as_bytes(), text.as_bytes());
        let Some(last) = text.len().checked_sub(needle.len()) else { return false };
        memchr2_iter(needle[0], needle[0].to_ascii_uppercase(), &text[..=last])
            .any(|at| text[at..at + needle.len()].eq_ignore_ascii_case(needle))
    }
}

/// Always in quotes, so that no needle can be taken for anything but text.
impl fmt::Display for Needle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        words::write_quoted(f, &self.0)
    }
}

const TEXT_EXPECTED: &str = "a text is missing";
const DOMAIN_EXPECTED: &str = "a domain must follow, as in domain:example.com or domain:*.example.com";
const STATE_EXPECTED: &str = "the states are queued, active and held";
const AGE_EXPECTED: &str = "write age>1h or age<2d, with a unit of s, m, h or d";
const SIZE_EXPECTED: &str = "write size>1MB or size<64KB";
const PREFIX_EXPECTED: &str =
    "the prefixes are from: to: domain: destination: state: id: reply:, and text with a colon goes in double quotes";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Sample {
        id: &'static str,
        phase: Phase,
        reply: Option<&'static str>,
        sender: &'static str,
        recipients: Vec<(&'static str, Domain)>,
    }

    impl Candidate for Sample {
        fn id(&self) -> &str {
            self.id
        }
        fn sender(&self) -> &str {
            self.sender
        }
        fn recipients(&self) -> impl Iterator<Item = (&str, &Domain)> {
            self.recipients.iter().map(|(address, domain)| (*address, domain))
        }
        fn phase(&self) -> Option<Phase> {
            Some(self.phase)
        }
        fn received(&self) -> Timestamp {
            Timestamp::from_unix(1_000_000)
        }
        fn size(&self) -> u64 {
            3 << 20
        }
        fn last_reply(&self) -> Option<&str> {
            self.reply
        }
        fn goes_to(&self, destination: &str) -> bool {
            destination == "smart.example:587"
        }
    }

    fn sample() -> Sample {
        let to = |address: &'static str| (address, address.split_once('@').unwrap().1.parse().unwrap());
        Sample {
            id: "0JX4abc",
            phase: Phase::Held,
            reply: Some("452 4.2.2 Mailbox full (mx1.example.net)"),
            sender: "App@Corp.example",
            recipients: vec![to("bob@mail.example.com"), to("Eve@example.net")],
        }
    }

    fn matches(expression: &str) -> bool {
        let an_hour_later = Timestamp::from_unix(1_003_600);
        expression.parse::<Filter>().unwrap().matches(&sample(), an_hour_later)
    }

    #[test]
    fn a_plain_word_is_found_in_id_sender_recipients_and_reply_in_any_case() {
        for word in ["jx4A", "aPP@corp", "EVE@", "mailbox"] {
            assert!(matches(word), "{word}");
        }
        assert!(!matches("nobody"));
    }

    #[test]
    fn a_prefix_looks_in_one_place_only() {
        assert!(matches("from:app") && !matches("from:bob"));
        assert!(matches("to:bob") && !matches("to:app"));
        assert!(matches("id:0jx4") && !matches("id:bob"));
        assert!(matches("reply:452") && !matches("reply:bob"));
        assert!(matches("state:held") && !matches("state:queued"));
    }

    #[test]
    fn a_domain_is_compared_whole_and_a_star_means_below() {
        assert!(matches("domain:EXAMPLE.net."));
        assert!(!matches("domain:example.com"), "mail.example.com is not example.com");
        assert!(matches("domain:*.example.com"));
        assert!(!matches("domain:*.example.net"), "a domain is not below itself");
    }

    #[test]
    fn a_destination_is_compared_whole_by_whoever_knows_the_routes() {
        assert!(matches("destination:Smart.Example:587") && matches("destination:\"smart.example:587\""));
        assert!(!matches("destination:smart.example") && matches("!destination:other.example:25"));
    }

    #[test]
    fn ages_and_sizes_are_compared() {
        assert!(matches("age>59m") && !matches("age>1h") && matches("age<61m"));
        assert!(matches("size>2MB") && matches("size<3073KB") && !matches("size>3145728"));
    }

    #[test]
    fn only_an_age_makes_the_answer_depend_on_the_time() {
        let depends = |text: &str| text.parse::<Filter>().unwrap().depends_on_time();
        assert!(depends("from:app age>1h") && depends("!age<1d"));
        assert!(!depends("") && !depends("from:app size>1MB"));
    }

    #[test]
    fn all_words_must_match_and_an_exclamation_mark_excludes() {
        assert!(matches("from:app state:held"));
        assert!(!matches("from:app state:queued"));
        assert!(matches("from:app !to:nobody") && !matches("!mailbox"));
        assert!(matches("") && matches("  "));
    }

    #[test]
    fn quotes_hold_words_together_and_make_text_of_anything() {
        assert!(matches("reply:\"mailbox full\"") && matches("\"Mailbox full\""));
        assert!(!matches("\"from:app\""));
        assert_eq!(Filter::from_str(r#""say \"hi\" \\""#).unwrap().to_string(), r#""say \"hi\" \\""#);
    }

    #[test]
    fn the_null_sender_can_be_asked_for() {
        let report = Sample { sender: "", ..sample() };
        let filter = "from:<>".parse::<Filter>().unwrap();
        assert!(filter.matches(&report, Timestamp::from_unix(0)));
        assert!(!matches("from:<>"));
    }

    #[test]
    fn a_word_that_is_not_understood_is_named_with_what_would_be_right() {
        let error = |text: &str| text.parse::<Filter>().unwrap_err().to_string();
        assert!(error("bob form:x").contains("\"form:x\"") && error("form:x").contains("from: to: domain:"));
        assert!(error("state:gone").contains("queued, active and held"));
        assert!(error("age>soon").contains("age>1h"));
        assert!(error("age:1h").contains("age>1h"));
        assert!(error("size>big").contains("size>1MB"));
        assert!(error("size>99999999999GB").contains("size>1MB"));
        assert!(error("domain:a..b").contains("example.com"));
        assert!(error("from:").contains("missing") && error("destination:").contains("missing"));
        assert!(error("!").contains("missing"));
        assert!(error("reply:\"mailbox").contains("quote"));
        assert!(error("\"a\"b").contains("quote"));
        assert!(!error("x:\x1b[2J").contains('\x1b'));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".*") {
            let _ = text.parse::<Filter>();
        }

        #[test]
        fn what_is_displayed_parses_back(text in proptest::collection::vec(
            prop_oneof![
                "!?(from|to|id|reply):[a-z@<>.\"\\\\!]{1,8}",
                "!?(from|reply)?:?\"[a-z \\\\:é]{1,8}",
                "!?[a-zA-Z@.<>!\"é]{1,8}",
                "!?domain:(\\*\\.)?[a-z]{1,5}(\\.[a-z]{1,5})?",
                "!?destination:[a-z.\\[\\]0-9:+]{1,9}",
                "!?state:(queued|active|held)",
                "!?age[<>][0-9]{1,6}(s|m|h|d)",
                "!?size[<>][0-9]{1,6}(KB|MB)?",
            ], 0..6)) {
            if let Ok(filter) = text.join(" ").parse::<Filter>() {
                prop_assert_eq!(filter.to_string().parse::<Filter>().unwrap(), filter);
            }
        }

        #[test]
        fn a_needle_is_found_exactly_where_a_plain_search_finds_it(text in "[abAB é]{0,12}", needle in "[abAB é]{1,3}") {
            let quoted = format!("id:\"{needle}\"").parse::<Filter>().unwrap();
            let Test::Id(found) = &quoted.terms[0].test else { unreachable!() };
            let lowered = text.to_ascii_lowercase();
            prop_assert_eq!(found.is_in(&text), lowered.contains(&needle.to_ascii_lowercase()));
        }
    }
}

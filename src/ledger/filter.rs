//! EXPR as it reads records: words that must all match, with prefixes for single fields, `!` to exclude, and
//! double quotes around a text with spaces, as in filters of the queue.

use std::str::FromStr;

use super::{Event, Record};
use crate::config::DomainPattern;
use crate::mail::Address;
use crate::text::FilterError;
use crate::text::words::{self, Word};

/// Which records are wanted. The default is all.
///
/// A plain word is looked for in every text of a record. `from:` `to:` `id:` `client:` `host:` `reply:` `actor:` look
/// in one of them, `from:<>` for the null path. `domain:` compares the recipient's domain, whole or, written
/// `*.example.com`, everything below; `event:` the event. Upper and lower case are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    terms: Vec<Term>,
}

const PREFIX_EXPECTED: &str = "the log knows event: id: from: to: domain: client: host: reply: actor:";
const TEXT_EXPECTED: &str = "a text must follow";
const EVENT_EXPECTED: &str = "there is no such event";
const DOMAIN_EXPECTED: &str = "a domain or *.domain must follow";

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    excludes: bool,
    test: Test,
}

/// Texts are in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Anywhere(String),
    Event(Event),
    Id(String),
    FromNull,
    From(String),
    To(String),
    Domain(DomainPattern),
    Client(String),
    Host(String),
    Reply(String),
    Actor(String),
}

impl RecordFilter {
    /// Whether a record is wanted.
    pub fn matches(&self, record: &Record) -> bool {
        self.terms.iter().all(|term| term.test.holds(record) != term.excludes)
    }
}

impl FromStr for RecordFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let terms = words::split(text).map(|word| word.and_then(|word| Term::parse(&word)));
        Ok(Self { terms: terms.collect::<Result<_, _>>()? })
    }
}

impl Term {
    fn parse(word: &Word<'_>) -> Result<Self, FilterError> {
        match Test::parse(word) {
            Ok(test) => Ok(Self { excludes: word.excludes, test }),
            Err(expected) => Err(FilterError { word: word.written.into(), expected }),
        }
    }
}

impl Test {
    fn parse(word: &Word<'_>) -> Result<Self, &'static str> {
        let text = word.value.to_lowercase();
        if text.is_empty() {
            return Err(TEXT_EXPECTED);
        }
        let Some(prefix) = word.prefix else { return Ok(Self::Anywhere(text)) };
        Ok(match prefix.to_ascii_lowercase().as_str() {
            "event" => Self::Event(Event::from_word(&text).ok_or(EVENT_EXPECTED)?),
            "id" => Self::Id(text),
            "from" if text == "<>" && !word.quoted => Self::FromNull,
            "from" => Self::From(text),
            "to" => Self::To(text),
            "domain" => Self::Domain(text.parse().map_err(|_| DOMAIN_EXPECTED)?),
            "client" => Self::Client(text),
            "host" => Self::Host(text),
            "reply" => Self::Reply(text),
            "actor" => Self::Actor(text),
            _ => return Err(PREFIX_EXPECTED),
        })
    }

    fn holds(&self, record: &Record) -> bool {
        let is_in = |value: &Option<String>, text: &str| value.as_ref().is_some_and(|value| contains(value, text));
        match self {
            Self::Anywhere(text) => {
                let Record { client, sender, recipient, host, reply, actor, .. } = record;
                record.event.as_str() == text
                    || contains(&record.id, text)
                    || [client, sender, recipient, host, reply, actor].into_iter().any(|value| is_in(value, text))
            }
            Self::Event(event) => record.event == *event,
            Self::Id(text) => contains(&record.id, text),
            Self::FromNull => record.sender.as_deref() == Some(""),
            Self::From(text) => is_in(&record.sender, text),
            Self::To(text) => is_in(&record.recipient, text),
            Self::Domain(pattern) => {
                let address = record.recipient.as_deref().and_then(|address| Address::parse(address, true).ok());
                address.is_some_and(|address| pattern.matches(address.domain()))
            }
            Self::Client(text) => is_in(&record.client, text),
            Self::Host(text) => is_in(&record.host, text),
            Self::Reply(text) => is_in(&record.reply, text),
            Self::Actor(text) => is_in(&record.actor, text),
        }
    }
}

fn contains(value: &str, text: &str) -> bool {
    value.to_lowercase().contains(text)
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::*;

    fn sample() -> Record {
        Record {
            event: Event::Deferred,
            sender: Some("App@Corp.example".to_owned()),
            recipient: Some("bob@mail.Example.com".to_owned()),
            reply: Some("451 4.7.1 Greylisted for 5 minutes".to_owned()),
            client: Some("2001:db8::1".to_owned()),
            ..record("0JX4")
        }
    }

    fn matches(filter: &str) -> bool {
        filter.parse::<RecordFilter>().unwrap().matches(&sample())
    }

    #[test]
    fn all_words_must_match_in_any_case_and_an_excluded_one_must_not() {
        let matching = ["", "greylisted", "FROM:app 451", "domain:*.example.com event:deferred", "2001:db8::1"];
        for filter in matching.into_iter().chain(["!bounce", "reply:\"for 5\"", "deferred", "!from:<>"]) {
            assert!(matches(filter), "{filter}");
        }
        let other = ["greylisted nonsense", "!greylisted", "to:app", "domain:example.com", "id:0jx5", "from:<>"];
        for filter in other.into_iter().chain(["\"5 for\"", "event:delivered"]) {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_the_log_does_not_know_is_named() {
        let error = |filter: &str| filter.parse::<RecordFilter>().unwrap_err();
        assert_eq!(error("state:held").expected, PREFIX_EXPECTED);
        for word in ["from:", "!", "to:\"\"", "event:sent", "domain:a..b"] {
            assert_eq!(&*error(word).word, word);
        }
        assert_eq!(&*error("a \"b").word, "\"b");
    }
}

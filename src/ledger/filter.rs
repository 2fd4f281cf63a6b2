//! EXPR as it reads records: words that must all match, with prefixes for single fields, `!` to exclude, and
//! double quotes around a text with spaces, as in filters of the queue.

use std::str::FromStr;

use super::{Event, Record};
use crate::config::DomainPattern;
use crate::mail::Address;

/// Which records are wanted. The default is all.
///
/// A plain word is looked for in every text of a record. `from:` `to:` `id:` `client:` `host:` `reply:` `actor:` look
/// in one of them, `from:<>` for the null path. `domain:` compares the recipient's domain, whole or, written
/// `*.example.com`, everything below; `event:` the event. Upper and lower case are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    terms: Vec<Term>,
}

/// The text is no filter of records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFilterError {
    /// A prefix that only the queue knows, or nobody.
    #[error("the log has no {0}: to filter by; it knows event: id: from: to: domain: client: host: reply: actor:")]
    Prefix(String),
    /// A prefix, or `!`, with nothing behind it, or with what cannot stand there.
    #[error("the filter word {0} is not understood: {1}")]
    Value(String, &'static str),
    /// A quote without its counterpart.
    #[error("the filter has a double quote that is not closed")]
    Unclosed,
}

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
    type Err = RecordFilterError;

    fn from_str(text: &str) -> Result<Self, RecordFilterError> {
        split(text)?.iter().map(|word| Term::parse(word)).collect::<Result<_, _>>().map(|terms| Self { terms })
    }
}

impl Term {
    fn parse(word: &str) -> Result<Self, RecordFilterError> {
        let (excludes, rest) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        let is_prefix = |prefix: &str| !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_alphabetic());
        // A colon behind anything but letters belongs to an address: 2001:db8::1, mx1.example.com:25.
        let (prefix, value) = match rest.split_once(':').filter(|(prefix, _)| is_prefix(prefix)) {
            Some((prefix, value)) => (prefix, value),
            None => ("", rest),
        };
        let wrong = |expected| RecordFilterError::Value(word.to_owned(), expected);
        let text = value.replace('"', "").to_lowercase();
        if text.is_empty() {
            return Err(wrong("a text must follow"));
        }
        let test = match prefix.to_ascii_lowercase().as_str() {
            "" => Test::Anywhere(text),
            "event" => Test::Event(Event::from_word(&text).ok_or_else(|| wrong("there is no such event"))?),
            "id" => Test::Id(text),
            "from" if value == "<>" => Test::FromNull,
            "from" => Test::From(text),
            "to" => Test::To(text),
            "domain" => Test::Domain(domain_pattern(&text).ok_or_else(|| wrong("a domain or *.domain must follow"))?),
            "client" => Test::Client(text),
            "host" => Test::Host(text),
            "reply" => Test::Reply(text),
            "actor" => Test::Actor(text),
            _ => return Err(RecordFilterError::Prefix(prefix.to_owned())),
        };
        Ok(Self { excludes, test })
    }
}

impl Test {
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

fn domain_pattern(text: &str) -> Option<DomainPattern> {
    match text.strip_prefix("*.") {
        Some(parent) => parent.parse().ok().map(DomainPattern::Below),
        None => text.parse().ok().map(DomainPattern::Exact),
    }
}

/// Words are separated by spaces outside quotes; the quotes are still in them.
fn split(text: &str) -> Result<Vec<String>, RecordFilterError> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut is_quoted = false;
    for c in text.chars() {
        is_quoted ^= c == '"';
        if !c.is_whitespace() || is_quoted {
            word.push(c);
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if is_quoted {
        return Err(RecordFilterError::Unclosed);
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    Ok(words)
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
        assert_eq!(error("state:held"), RecordFilterError::Prefix("state".to_owned()));
        for word in ["from:", "!", "to:\"\"", "event:sent", "domain:a..b"] {
            assert!(matches!(error(word), RecordFilterError::Value(..)), "{word}");
        }
        assert_eq!(error("a \"b"), RecordFilterError::Unclosed);
    }
}

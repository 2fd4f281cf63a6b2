//! EXPR as it reads records: words that must all match, with prefixes for single fields, `!` to exclude.

use std::str::FromStr;

use super::Record;

/// Which records are wanted. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    words: Vec<Word>,
}

/// The text is no filter of records.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFilterError {
    /// A prefix that only the queue knows, or nobody.
    #[error("the log has no {0}: to filter by; it knows event: id: from: to: domain: client: host: reply: actor:")]
    Prefix(String),
    /// A prefix, or `!`, with nothing behind it.
    #[error("{0} needs a text behind it")]
    Empty(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    excludes: bool,
    field: Field,
    /// In lower case.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Any,
    Event,
    Id,
    From,
    To,
    Domain,
    Client,
    Host,
    Reply,
    Actor,
}

impl RecordFilter {
    /// Whether a record is wanted.
    pub fn matches(&self, record: &Record) -> bool {
        self.words.iter().all(|word| word.occurs_in(record) != word.excludes)
    }
}

impl FromStr for RecordFilter {
    type Err = RecordFilterError;

    fn from_str(text: &str) -> Result<Self, RecordFilterError> {
        text.split_whitespace().map(Word::from_str).collect::<Result<_, _>>().map(|words| Self { words })
    }
}

impl FromStr for Word {
    type Err = RecordFilterError;

    fn from_str(word: &str) -> Result<Self, RecordFilterError> {
        let (excludes, rest) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        // A colon after digits or in brackets belongs to an address, as in [2001:db8::1] or host:25.
        let prefix = rest.split_once(':').filter(|(prefix, _)| prefix.bytes().all(|b| b.is_ascii_alphabetic()));
        let (field, text) = match prefix {
            Some((prefix, text)) => (Field::from_prefix(prefix)?, text),
            None => (Field::Any, rest),
        };
        if text.is_empty() {
            return Err(RecordFilterError::Empty(word.to_owned()));
        }
        Ok(Self { excludes, field, text: text.to_lowercase() })
    }
}

impl Word {
    fn occurs_in(&self, record: &Record) -> bool {
        let has = |value: &str| value.to_lowercase().contains(&self.text);
        let is_in = |value: &Option<String>| value.as_deref().is_some_and(has);
        match self.field {
            Field::Event => record.event.as_str() == self.text,
            Field::Id => has(&record.id),
            Field::From => is_in(&record.sender),
            Field::To => is_in(&record.recipient),
            Field::Domain => record.recipient.as_deref().is_some_and(|address| self.is_domain_of(address)),
            Field::Client => is_in(&record.client),
            Field::Host => is_in(&record.host),
            Field::Reply => is_in(&record.reply),
            Field::Actor => is_in(&record.actor),
            Field::Any => {
                let texts =
                    [&record.client, &record.sender, &record.recipient, &record.host, &record.reply, &record.actor];
                has(record.event.as_str()) || has(&record.id) || texts.into_iter().any(is_in)
            }
        }
    }

    /// A domain is meant with all below it.
    fn is_domain_of(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase();
        domain.strip_suffix(&self.text).is_some_and(|head| head.is_empty() || head.ends_with('.'))
    }
}

impl Field {
    fn from_prefix(prefix: &str) -> Result<Self, RecordFilterError> {
        Ok(match prefix {
            "event" => Self::Event,
            "id" => Self::Id,
            "from" => Self::From,
            "to" => Self::To,
            "domain" => Self::Domain,
            "client" => Self::Client,
            "host" => Self::Host,
            "reply" => Self::Reply,
            "actor" => Self::Actor,
            _ => return Err(RecordFilterError::Prefix(prefix.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::record;
    use super::super::{Event, Record};
    use super::*;

    fn sample() -> Record {
        Record {
            event: Event::Deferred,
            sender: Some("App@Corp.example".to_owned()),
            recipient: Some("bob@mail.example.com".to_owned()),
            reply: Some("451 4.7.1 Greylisted".to_owned()),
            client: Some("2001:db8::1".to_owned()),
            ..record("0JX4")
        }
    }

    fn matches(filter: &str) -> bool {
        filter.parse::<RecordFilter>().unwrap().matches(&sample())
    }

    #[test]
    fn all_words_must_match_in_any_case_and_an_excluded_one_must_not() {
        for filter in ["", "greylisted", "from:app 451", "domain:example.com event:deferred", "2001:db8::1", "!bounce"]
        {
            assert!(matches(filter), "{filter}");
        }
        for filter in ["greylisted nonsense", "!greylisted", "to:app", "event:defer", "domain:ample.com", "id:0jx5"] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_the_log_does_not_know_is_named() {
        assert_eq!("state:held".parse::<RecordFilter>(), Err(RecordFilterError::Prefix("state".to_owned())));
        assert_eq!("from:".parse::<RecordFilter>(), Err(RecordFilterError::Empty("from:".to_owned())));
        assert_eq!("a !".parse::<RecordFilter>(), Err(RecordFilterError::Empty("!".to_owned())));
    }
}

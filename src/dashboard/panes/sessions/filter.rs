//! The filter of the sessions: words that must all match, as in the filters of the queue and of the log.

use std::str::FromStr;

use crate::ledger::SessionSnapshot;
use crate::text::FilterError;
use crate::text::words::{self, Word};

/// Which sessions are shown. The default is all.
///
/// A plain word is looked for in peer, name, user, state and direction; `ip:` `name:` `user:` `state:` `dir:` look in
/// one of them. `!` excludes, double quotes hold a text with spaces. Upper and lower case are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SessionFilter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    excludes: bool,
    place: Place,
    /// In lower case.
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Anywhere,
    Peer,
    Name,
    User,
    State,
    Direction,
}

impl SessionFilter {
    /// Whether a session is shown.
    pub(super) fn matches(&self, session: &SessionSnapshot) -> bool {
        self.terms.iter().all(|term| term.holds(session) != term.excludes)
    }
}

impl FromStr for SessionFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let terms = words::split(text).map(|word| word.and_then(|word| Term::parse(&word)));
        Ok(Self { terms: terms.collect::<Result<_, _>>()? })
    }
}

impl Term {
    fn parse(word: &Word<'_>) -> Result<Self, FilterError> {
        let refused = |expected| FilterError { word: word.written.into(), expected };
        let place = match word.prefix.map(str::to_ascii_lowercase).as_deref() {
            None => Place::Anywhere,
            Some("ip") => Place::Peer,
            Some("name") => Place::Name,
            Some("user") => Place::User,
            Some("state") => Place::State,
            Some("dir") => Place::Direction,
            Some(_) => return Err(refused("sessions know ip: name: user: state: dir:")),
        };
        let text = word.value.to_lowercase();
        if text.is_empty() {
            return Err(refused("a text must follow"));
        }
        Ok(Self { excludes: word.excludes, place, text })
    }

    fn holds(&self, session: &SessionSnapshot) -> bool {
        let is_in = |text: &str| text.to_lowercase().contains(&self.text);
        let peer = || is_in(&session.peer.to_string());
        let name = || session.name.as_deref().is_some_and(is_in);
        let user = || session.user.as_deref().is_some_and(is_in);
        let state = || is_in(session.activity.as_str());
        let direction = || session.direction.as_str().starts_with(&self.text);
        match self.place {
            Place::Anywhere => peer() || name() || user() || state() || direction(),
            Place::Peer => peer(),
            Place::Name => name(),
            Place::User => user(),
            Place::State => state(),
            Place::Direction => direction(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::{Activity, Direction};

    fn matches(filter: &str) -> bool {
        let session = SessionSnapshot {
            id: 1,
            direction: Direction::Inbound,
            peer: "[2001:db8::9]:60001".parse().unwrap(),
            name: Some("Scanner-3.corp.example".into()),
            user: None,
            encryption: None,
            activity: Activity::Content,
            messages: 0,
            bytes: 0,
            age: Duration::ZERO,
        };
        filter.parse::<SessionFilter>().unwrap().matches(&session)
    }

    #[test]
    fn all_words_must_match_and_an_excluded_one_must_not() {
        for filter in ["", "scanner", "ip:2001:db8 dir:in", "state:content !dir:out", "NAME:corp", "inbound", "db8::9"]
        {
            assert!(matches(filter), "{filter}");
        }
        for filter in ["scanner db01", "dir:out", "!content", "user:alice", "ip:scanner"] {
            assert!(!matches(filter), "{filter}");
        }
    }

    #[test]
    fn what_sessions_do_not_know_is_named() {
        let error = |filter: &str| filter.parse::<SessionFilter>().unwrap_err();
        assert_eq!(error("from:bob").expected, "sessions know ip: name: user: state: dir:");
        assert_eq!(&*error("a ip:").word, "ip:");
    }
}

//! Queue ids: short, unique, and harmless in a path.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::Timestamp;

/// Crockford's base 32: no two digits that look alike, and no lower case.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The name of a message in the queue, and of its file without `.eml`.
///
/// Letters, digits, `_` and `-`, at most 64 of them, not starting with `-`: checked before any path is made, so
/// that no id can leave its folder. Case is kept, but two ids never differ by case alone when we make them.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(Arc<str>);

/// The text is not a queue id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a queue id has 1 to 64 letters, digits, hyphens and underscores")]
pub struct IdError;

impl QueueId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for QueueId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let fits = (1..=64).contains(&text.len()) && !text.starts_with('-') && text.bytes().all(legal);
        if fits { Ok(Self(text.into())) } else { Err(IdError) }
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes ids: seven digits of the second, four that count, six at random. They sort by the time a message came, and
/// no two are alike, across restarts and clocks that are set back.
#[derive(Default)]
pub(super) struct Ids {
    count: AtomicU32,
}

impl Ids {
    /// An id for a message that came at this time.
    pub(super) fn next(&self, at: Timestamp) -> QueueId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut text = String::with_capacity(17);
        push_digits(&mut text, at.as_unix().max(0).unsigned_abs(), 7);
        push_digits(&mut text, u64::from(count), 4);
        push_digits(&mut text, fastrand::u64(..), 6);
        QueueId(text.into())
    }
}

/// The lowest digits of a number.
fn push_digits(text: &mut String, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        let digit = number >> (5 * place) & 31;
        text.push(char::from(DIGITS[usize::try_from(digit).unwrap_or_default()]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_never_repeat() {
        let (one, other) = (Ids::default(), Ids::default());
        let at = Timestamp::from_unix(1_795_518_903);
        let mut made: Vec<_> = (0..1000).map(|_| one.next(at)).collect();
        assert!(made.is_sorted());
        assert!(made.last().unwrap() < &other.next(Timestamp::from_unix(1_795_518_904)));
        made.extend((0..1000).map(|_| other.next(at)));
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 2000);
        assert!(made.iter().all(|id| id.as_str().parse() == Ok(id.clone())));
    }

    #[test]
    fn nothing_that_could_be_a_path_is_an_id() {
        for text in ["", ".", "..", "../../etc/passwd", "a/b", "..\\x", "%2e%2e", "a.eml", "-rf", &"a".repeat(65)] {
            assert_eq!(text.parse::<QueueId>(), Err(IdError), "{text}");
        }
        assert_eq!("0JX4-a_b".parse::<QueueId>().unwrap().as_str(), "0JX4-a_b");
    }
}

//! Queue ids: short, unique, and harmless in a path.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_could_be_a_path_is_an_id() {
        for text in ["", ".", "..", "../../etc/passwd", "a/b", "..\\x", "%2e%2e", "a.eml", "-rf", &"a".repeat(65)] {
            assert_eq!(text.parse::<QueueId>(), Err(IdError), "{text}");
        }
        assert_eq!("0JX4-a_b".parse::<QueueId>().unwrap().as_str(), "0JX4-a_b");
    }
}

//! The path of a key: `delivery.retry`, `domain[2].smart_host`.

use std::fmt;

/// A key as a list of steps from the top of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(Vec<Step>);

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into a table, by name.
    Name(String),
    /// Into an array. Counted from 0 here and from 1 in text, as a reader of the file counts.
    Index(usize),
}

impl Key {
    /// The steps, outermost first; never empty.
    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// Every text is the path of some key, if perhaps of none that exists: what is no index is part of a name.
impl From<&str> for Key {
    fn from(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let indexed = part.strip_suffix(']').and_then(|rest| rest.split_once('['));
            let index = indexed.and_then(|(name, digits)| Some((name, digits.parse::<usize>().ok()?.checked_sub(1)?)));
            match index {
                Some((name, index)) => steps.extend([Step::Name(name.to_owned()), Step::Index(index)]),
                None => steps.push(Step::Name(part.to_owned())),
            }
        }
        Self(steps)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Name(name) if position == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{}]", index + 1)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_count_from_one() {
        let name = |text: &str| Step::Name(text.to_owned());
        assert_eq!(Key::from("domain[2].relay").steps(), [name("domain"), Step::Index(1), name("relay")]);
        assert_eq!(Key::from("domain[0]").steps(), [name("domain[0]")]);
        assert_eq!(Key::from("domain[x]").steps(), [name("domain[x]")]);
    }

    #[test]
    fn a_key_reads_back_as_it_was_written() {
        for text in ["mailroot", "general.hostname", "domain[12].smart_host", "domain[0]", "..", ""] {
            assert_eq!(Key::from(text).to_string(), text);
        }
    }
}

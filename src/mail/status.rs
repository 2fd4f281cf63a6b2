//! Enhanced status codes (RFC 3463, RFC 5248).

use std::fmt;
use std::str::FromStr;

/// `class.subject.detail`; the class is 2, 4 or 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnhancedStatus {
    class: u8,
    subject: u16,
    detail: u16,
}

/// The text is not an enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an enhanced status code")]
pub struct StatusError;

impl EnhancedStatus {
    /// A code written in our own source; the class must be 2, 4 or 5.
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        assert!(class == 2 || class == 4 || class == 5, "the class is 2, 4 or 5");
        Self { class, subject, detail }
    }

    /// 2 success, 4 try again later, 5 failed for good.
    pub const fn class(self) -> u8 {
        self.class
    }

    /// The same subject and detail in another class, as a 4.4.1 becomes 5.4.1 when a message expires.
    #[must_use]
    pub const fn with_class(self, class: u8) -> Self {
        Self::new(class, self.subject, self.detail)
    }
}

impl FromStr for EnhancedStatus {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        let mut parts = text.split('.');
        let mut number = |max: u16| {
            let part = parts.next().filter(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))?;
            part.parse::<u16>().ok().filter(|&n| n <= max)
        };
        let (class, subject, detail) = (number(5), number(999), number(999));
        match (class, subject, detail, parts.next()) {
            (Some(class @ (2 | 4 | 5)), Some(subject), Some(detail), None) => {
                #[allow(clippy::cast_possible_truncation)] // checked by the pattern
                let class = class as u8;
                Ok(Self { class, subject, detail })
            }
            _ => Err(StatusError),
        }
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_numbers_of_a_known_class_are_a_code() {
        assert_eq!("4.7.1".parse(), Ok(EnhancedStatus::new(4, 7, 1)));
        for text in ["", "4.7", "3.0.0", "4.7.1.2", "4.7.x", "4..1", "4.7.1000", "+4.7.1"] {
            assert_eq!(text.parse::<EnhancedStatus>(), Err(StatusError), "{text}");
        }
    }
}

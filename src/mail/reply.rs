//! SMTP replies, ours and those of remote servers (RFC 5321 4.2, RFC 2034).

use std::fmt;

use super::EnhancedStatus;

/// What the first digit of a reply says to do (RFC 5321 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// 2: done.
    Success,
    /// 3: go on.
    Intermediate,
    /// 4: later.
    Transient,
    /// 5: never.
    Permanent,
}

/// One reply: a code from 200 to 599, perhaps an enhanced status code, and text of one or more lines.
///
/// The text of a remote reply is a stranger's: it went through `text` when it was read, so it holds no control
/// characters but the line feeds between lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The enhanced status code, where the reply has one.
    pub status: Option<EnhancedStatus>,
    /// The text behind the codes, lines separated by `\n`.
    pub text: Box<str>,
}

impl Reply {
    /// A reply with an enhanced status code.
    pub fn new(code: u16, status: EnhancedStatus, text: impl Into<Box<str>>) -> Self {
        Self { code, status: Some(status), text: text.into() }
    }

    /// A reply of the kinds that carry none: the greeting, the answer to EHLO and HELO, 3xx (RFC 2034 4).
    pub fn plain(code: u16, text: impl Into<Box<str>>) -> Self {
        Self { code, status: None, text: text.into() }
    }

    /// What the code says to do.
    pub fn severity(&self) -> Severity {
        match self.code / 100 {
            2 => Severity::Success,
            3 => Severity::Intermediate,
            5 => Severity::Permanent,
            _ => Severity::Transient,
        }
    }

    /// The status to report: the reply's own where its class fits the code, else `x.0.0` of the code's class.
    pub fn status_or_default(&self) -> EnhancedStatus {
        let class = match self.severity() {
            Severity::Success | Severity::Intermediate => 2,
            Severity::Transient => 4,
            Severity::Permanent => 5,
        };
        self.status.filter(|status| status.class() == class).unwrap_or(EnhancedStatus::new(class, 0, 0))
    }
}

/// On one line, as logs and lists show it: `451 4.7.1 Greylisted`.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(status) = self.status {
            write!(f, " {status}")?;
        }
        for line in self.text.split('\n').filter(|line| !line.is_empty()) {
            write!(f, " {line}")?;
        }
        Ok(())
    }
}

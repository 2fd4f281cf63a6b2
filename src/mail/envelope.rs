//! The envelope of a message: what was said of it outside its content (RFC 5321 2.3.1, RFC 3461).

use std::fmt;
use std::str::FromStr;

use super::{Address, ReversePath, Xtext};

/// Sender, recipients and what the client asked for on their behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Where failures go.
    pub sender: ReversePath,
    /// To whom, in the order given; at least one in an envelope that is complete.
    pub recipients: Vec<Recipient>,
    /// What the client declared of the content's bytes.
    pub body: Body,
    /// The message needs SMTPUTF8 at every hop (RFC 6531).
    pub smtputf8: bool,
    /// The sender's own name for this submission (RFC 3461 4.4).
    pub envid: Option<Xtext>,
    /// How much of the message a report brings back (RFC 3461 4.3).
    pub ret: Option<Return>,
}

impl Envelope {
    /// An envelope without recipients yet, and nothing asked for.
    pub fn new(sender: ReversePath) -> Self {
        Self { sender, recipients: Vec::new(), body: Body::SevenBit, smtputf8: false, envid: None, ret: None }
    }
}

/// One recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The mailbox.
    pub address: Address,
    /// When the sender wants to hear of this recipient; `None` is the default, failures and delays.
    pub notify: Option<Notify>,
    /// The address the sender first wrote, passed on unchanged.
    pub orcpt: Option<OriginalRecipient>,
}

impl Recipient {
    /// A recipient with nothing asked for.
    pub fn new(address: Address) -> Self {
        Self { address, notify: None, orcpt: None }
    }

    /// Whether a failure is to be reported (RFC 3461 4.1: the default).
    pub fn wants_failure(&self) -> bool {
        self.notify.is_none_or(|notify| notify.failure)
    }

    /// Whether a delay is to be reported. Without NOTIFY the server may choose; we do report.
    pub fn wants_delay(&self) -> bool {
        self.notify.is_none_or(|notify| notify.delay)
    }

    /// Whether success is to be reported.
    pub fn wants_success(&self) -> bool {
        self.notify.is_some_and(|notify| notify.success)
    }
}

/// The BODY parameter (RFC 6152). BINARYMIME is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Body {
    /// `7BIT`, or nothing said.
    #[default]
    SevenBit,
    /// `8BITMIME`.
    EightBit,
}

/// The RET parameter (RFC 3461 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// The whole message.
    Full,
    /// The header fields only.
    Headers,
}

/// The NOTIFY parameter (RFC 3461 4.1): all three false is `NEVER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notify {
    /// Report delivery.
    pub success: bool,
    /// Report failure.
    pub failure: bool,
    /// Report delay.
    pub delay: bool,
}

/// The ORCPT parameter (RFC 3461 4.2): an address type and the address in xtext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// `rfc822` or `utf-8`, mostly; kept as written.
    pub kind: Box<str>,
    /// The address.
    pub address: Xtext,
}

/// The value of a MAIL or RCPT parameter is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value of the parameter is malformed")]
pub struct ParameterError;

impl FromStr for Notify {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let mut notify = Self { success: false, failure: false, delay: false };
        if text.eq_ignore_ascii_case("NEVER") {
            return Ok(notify);
        }
        for word in text.split(',') {
            let flag = match word.to_ascii_uppercase().as_str() {
                "SUCCESS" => &mut notify.success,
                "FAILURE" => &mut notify.failure,
                "DELAY" => &mut notify.delay,
                _ => return Err(ParameterError),
            };
            *flag = true;
        }
        Ok(notify)
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")];
        let mut separator = "";
        for (_, word) in words.iter().filter(|(set, _)| *set) {
            write!(f, "{separator}{word}")?;
            separator = ",";
        }
        if separator.is_empty() { f.write_str("NEVER") } else { Ok(()) }
    }
}

impl FromStr for OriginalRecipient {
    type Err = ParameterError;

    fn from_str(text: &str) -> Result<Self, ParameterError> {
        let (kind, address) = text.split_once(';').ok_or(ParameterError)?;
        let atom = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if kind.is_empty() || !kind.bytes().all(atom) || address.is_empty() {
            return Err(ParameterError);
        }
        let address = Xtext::parse(address).map_err(|_| ParameterError)?;
        Ok(Self { kind: kind.into(), address })
    }
}

impl fmt::Display for OriginalRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.kind, self.address.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_stands_alone_and_the_rest_combine() {
        assert_eq!("never".parse::<Notify>().unwrap().to_string(), "NEVER");
        assert_eq!("delay,SUCCESS".parse::<Notify>().unwrap().to_string(), "SUCCESS,DELAY");
        for text in ["", "NEVER,DELAY", "SOMETIMES", "DELAY,"] {
            assert!(text.parse::<Notify>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_original_recipient_is_kept_as_written() {
        let text = "rfc822;bob+2Bx@example.com";
        assert_eq!(text.parse::<OriginalRecipient>().unwrap().to_string(), text);
        for text in ["", "rfc822", "rfc822;", ";a", "rfc 822;a", "rfc822;a=b"] {
            assert!(text.parse::<OriginalRecipient>().is_err(), "{text}");
        }
    }
}

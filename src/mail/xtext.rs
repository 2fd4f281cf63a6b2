//! The xtext encoding of RFC 3461 section 4, in which ENVID and ORCPT travel.

use std::fmt;

/// A text in xtext form, checked, kept as it came: printable ASCII without `+` and `=`, other bytes as `+HH`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Xtext(Box<str>);

/// The text is not xtext.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is not in xtext form (RFC 3461 4)")]
pub struct XtextError;

impl Xtext {
    /// Checks a value in encoded form.
    pub fn parse(text: &str) -> Result<Self, XtextError> {
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = match (first, tail) {
                (b'+', [high, low, tail @ ..]) if is_hex(*high) && is_hex(*low) => tail,
                (b'!'..=b'~', _) if !matches!(first, b'+' | b'=') => tail,
                _ => return Err(XtextError),
            };
        }
        Ok(Self(text.into()))
    }

    /// Encodes any text.
    pub fn encode(text: &str) -> Self {
        use fmt::Write as _;
        let mut encoded = String::with_capacity(text.len());
        for byte in text.bytes() {
            if matches!(byte, b'!'..=b'~') && byte != b'+' && byte != b'=' {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "+{byte:02X}"); // writing to a String cannot fail
            }
        }
        Self(encoded.into())
    }

    /// The encoded form, as it goes on the wire and into the queue file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The decoded bytes, which may be anything: show them only through `text`.
    pub fn decode(&self) -> Vec<u8> {
        let mut decoded = Vec::with_capacity(self.0.len());
        let mut rest = self.0.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = if let (b'+', [high, low, tail @ ..]) = (first, tail) {
                decoded.push(hex(*high) << 4 | hex(*low));
                tail
            } else {
                decoded.push(*first);
                tail
            };
        }
        decoded
    }
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'A'..=b'F')
}

fn hex(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { digit - b'A' + 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for text in ["bob@example.com", "a+b=c", "\0\r\n\u{e9}", ""] {
            let encoded = Xtext::encode(text);
            assert_eq!(Xtext::parse(encoded.as_str()).unwrap().decode(), text.as_bytes());
        }
    }

    #[test]
    fn bare_specials_and_lower_case_hex_are_refused() {
        for text in ["a=b", "a+", "a+4", "a+4g", "a+2b", "a b"] {
            assert_eq!(Xtext::parse(text), Err(XtextError), "{text}");
        }
    }
}

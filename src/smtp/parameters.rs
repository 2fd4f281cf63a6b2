//! The parameters of MAIL and RCPT (RFC 5321 4.1.1.11 and the extensions offered).

use crate::mail::{Address, Body, Notify, OriginalRecipient, Return, Xtext};
use crate::text::Printable;

/// The longest ENVID value, in octets (RFC 3461 4.4).
const MAX_ENVID: usize = 100;
/// The longest ORCPT value, in octets (RFC 3461 4.2).
const MAX_ORCPT: usize = 500;
/// The longest AUTH value, in octets (RFC 4954 5).
const MAX_AUTH: usize = 500;
/// The most digits of a SIZE value (RFC 1870 4).
const MAX_SIZE_DIGITS: usize = 20;

/// What may follow the path in MAIL.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MailParameters {
    /// SIZE (RFC 1870). A number beyond 64 bits is the largest of them.
    pub size: Option<u64>,
    /// BODY (RFC 6152).
    pub body: Option<Body>,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// RET (RFC 3461).
    pub ret: Option<Return>,
    /// ENVID (RFC 3461).
    pub envid: Option<Xtext>,
    /// Whether AUTH was given (RFC 4954 5). It claims who wrote the message: nobody here believes it, and no next hop
    /// is told.
    pub auth: bool,
}

/// What may follow the path in RCPT.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RcptParameters {
    /// NOTIFY (RFC 3461).
    pub notify: Option<Notify>,
    /// ORCPT (RFC 3461).
    pub orcpt: Option<OriginalRecipient>,
}

/// Why parameters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError<'a> {
    /// A parameter, or a value of one, that no extension offered here has.
    #[error("unsupported parameter {}", Printable::new(.0))]
    Unsupported(&'a str),
    /// A value that its extension does not allow, or what is no parameter at all.
    #[error("malformed parameter {}", Printable::new(.0))]
    Malformed(&'a str),
    /// Given twice.
    #[error("repeated parameter {}", Printable::new(.0))]
    Repeated(&'a str),
}

impl MailParameters {
    /// Parses the text behind the path.
    pub fn parse(text: &str) -> Result<Self, ParameterError<'_>> {
        let mut parsed = Self::default();
        for parameter in Parameter::all(text) {
            let parameter = parameter?;
            match parameter.keyword.to_ascii_uppercase().as_str() {
                "SIZE" => set(&mut parsed.size, parameter, size)?,
                "BODY" if parameter.value.is_some_and(|value| value.eq_ignore_ascii_case("BINARYMIME")) => {
                    return Err(ParameterError::Unsupported(parameter.text));
                }
                "BODY" => set(&mut parsed.body, parameter, body)?,
                "RET" => set(&mut parsed.ret, parameter, ret)?,
                "ENVID" => set(&mut parsed.envid, parameter, envid)?,
                "AUTH" if parsed.auth => return Err(ParameterError::Repeated(parameter.text)),
                "AUTH" if !parameter.value.is_some_and(is_auth) => {
                    return Err(ParameterError::Malformed(parameter.text));
                }
                "AUTH" => parsed.auth = true,
                "SMTPUTF8" if parameter.value.is_some() => return Err(ParameterError::Malformed(parameter.text)),
                "SMTPUTF8" if parsed.smtputf8 => return Err(ParameterError::Repeated(parameter.text)),
                "SMTPUTF8" => parsed.smtputf8 = true,
                _ => return Err(ParameterError::Unsupported(parameter.text)),
            }
        }
        Ok(parsed)
    }
}

impl RcptParameters {
    /// Parses the text behind the path.
    pub fn parse(text: &str) -> Result<Self, ParameterError<'_>> {
        let mut parsed = Self::default();
        for parameter in Parameter::all(text) {
            let parameter = parameter?;
            match parameter.keyword.to_ascii_uppercase().as_str() {
                "NOTIFY" => set(&mut parsed.notify, parameter, |value| value.parse().ok())?,
                "ORCPT" => set(&mut parsed.orcpt, parameter, orcpt)?,
                _ => return Err(ParameterError::Unsupported(parameter.text)),
            }
        }
        Ok(parsed)
    }
}

/// One parameter in its written form.
#[derive(Clone, Copy)]
struct Parameter<'a> {
    text: &'a str,
    keyword: &'a str,
    value: Option<&'a str>,
}

impl<'a> Parameter<'a> {
    fn all(text: &'a str) -> impl Iterator<Item = Result<Self, ParameterError<'a>>> {
        text.split([' ', '\t']).filter(|text| !text.is_empty()).map(Self::split)
    }

    /// `esmtp-param` of RFC 5321 4.1.2.
    fn split(text: &'a str) -> Result<Self, ParameterError<'a>> {
        let (keyword, value) = text.split_once('=').map_or((text, None), |(keyword, value)| (keyword, Some(value)));
        let keyword_legal = keyword.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && keyword.starts_with(|c: char| c.is_ascii_alphanumeric());
        let value_legal =
            value.is_none_or(|value| !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic() && b != b'='));
        if keyword_legal && value_legal {
            Ok(Self { text, keyword, value })
        } else {
            Err(ParameterError::Malformed(text))
        }
    }
}

fn set<'a, T>(
    field: &mut Option<T>,
    parameter: Parameter<'a>,
    parse: impl FnOnce(&'a str) -> Option<T>,
) -> Result<(), ParameterError<'a>> {
    if field.is_some() {
        return Err(ParameterError::Repeated(parameter.text));
    }
    let value = parameter.value.and_then(parse).ok_or(ParameterError::Malformed(parameter.text))?;
    *field = Some(value);
    Ok(())
}

fn size(value: &str) -> Option<u64> {
    let digits = value.len() <= MAX_SIZE_DIGITS && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

fn body(value: &str) -> Option<Body> {
    match value.to_ascii_uppercase().as_str() {
        "7BIT" => Some(Body::SevenBit),
        "8BITMIME" => Some(Body::EightBit),
        _ => None,
    }
}

fn ret(value: &str) -> Option<Return> {
    match value.to_ascii_uppercase().as_str() {
        "FULL" => Some(Return::Full),
        "HDRS" => Some(Return::Headers),
        _ => None,
    }
}

fn envid(value: &str) -> Option<Xtext> {
    Xtext::parse(value).ok().filter(|_| value.len() <= MAX_ENVID)
}

/// Whether a value is `<>` or a mailbox, in xtext.
fn is_auth(value: &str) -> bool {
    let mailbox = Xtext::parse(value).ok().and_then(|value| String::from_utf8(value.decode()).ok());
    value.len() <= MAX_AUTH && mailbox.is_some_and(|mailbox| mailbox == "<>" || Address::parse(&mailbox, true).is_ok())
}

fn orcpt(value: &str) -> Option<OriginalRecipient> {
    value.parse().ok().filter(|_| value.len() <= MAX_ORCPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_mail_is_read_in_any_case_and_order() {
        let parsed = MailParameters::parse(" ret=hdrs SMTPUTF8 Size=1000 body=8bitmime ENVID=a+2Bb auth=<>").unwrap();
        let envid = Some(Xtext::encode("a+b"));
        let (size, body, ret) = (Some(1000), Some(Body::EightBit), Some(Return::Headers));
        assert_eq!(parsed, MailParameters { size, body, smtputf8: true, ret, envid, auth: true });
    }

    #[test]
    fn a_size_beyond_sixty_four_bits_is_large_and_not_wrong() {
        assert_eq!(MailParameters::parse("SIZE=99999999999999999999").unwrap().size, Some(u64::MAX));
        for text in ["SIZE=-1", "SIZE=abc", "SIZE=", "SIZE", "SIZE=123456789012345678901", "SIZE=+1"] {
            assert_eq!(MailParameters::parse(text), Err(ParameterError::Malformed(text)));
        }
    }

    #[test]
    fn unknown_repeated_and_malformed_parameters_are_told_apart() {
        for text in ["FOO=BAR", "FOO", "BODY=BINARYMIME", "NOTIFY=NEVER"] {
            assert_eq!(MailParameters::parse(text), Err(ParameterError::Unsupported(text)));
        }
        assert_eq!(MailParameters::parse("SIZE=1 size=2"), Err(ParameterError::Repeated("size=2")));
        assert_eq!(MailParameters::parse("SMTPUTF8 SMTPUTF8"), Err(ParameterError::Repeated("SMTPUTF8")));
        for text in ["SMTPUTF8=1", "RET=SOME", "ENVID=a=b", "BODY=9BIT", "=x", "-x", "\u{e9}=1", "RET=\u{e9}"] {
            assert_eq!(MailParameters::parse(text), Err(ParameterError::Malformed(text)));
        }
        let long = format!("ENVID={}", "a".repeat(MAX_ENVID + 1));
        assert_eq!(MailParameters::parse(&long), Err(ParameterError::Malformed(&long)));
    }

    #[test]
    fn a009_who_is_said_to_have_written_a_message_is_a_mailbox_in_xtext_or_nobody() {
        for good in ["AUTH=<>", "AUTH=a@x.example", "AUTH=e+3Dmc2@example.com"] {
            assert!(MailParameters::parse(good).unwrap().auth, "{good}");
        }
        let long = format!("AUTH={}@x.example", "a".repeat(MAX_AUTH));
        for bad in ["AUTH=", "AUTH", "AUTH=a", "AUTH=a+2", "AUTH=a+00@x.example", "AUTH=a+FF@x.example", &long] {
            assert_eq!(MailParameters::parse(bad), Err(ParameterError::Malformed(bad)), "{bad}");
        }
        assert_eq!(MailParameters::parse("AUTH=<> auth=<>"), Err(ParameterError::Repeated("auth=<>")));
    }

    #[test]
    fn the_parameters_of_rcpt_are_those_of_dsn() {
        let parsed = RcptParameters::parse("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob+40x").unwrap();
        assert_eq!(parsed.notify.unwrap().to_string(), "SUCCESS,DELAY");
        assert_eq!(parsed.orcpt.unwrap().to_string(), "rfc822;bob+40x");
        assert_eq!(RcptParameters::parse("SIZE=1"), Err(ParameterError::Unsupported("SIZE=1")));
        for text in ["NOTIFY=NEVER,DELAY", "NOTIFY=", "ORCPT=bob", "ORCPT=rfc822;a+2"] {
            assert_eq!(RcptParameters::parse(text), Err(ParameterError::Malformed(text)));
        }
    }
}

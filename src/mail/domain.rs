//! Domain names and address literals, in the one form in which two of them can be compared.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

/// The longest domain accepted, in octets (RFC 5321 4.5.3.1.2).
const MAX_DOMAIN: usize = 255;
/// The longest label accepted, in octets (RFC 1035 2.3.4).
const MAX_LABEL: usize = 63;

/// A domain in normal form: lower case, A-labels, no trailing dot; or an address literal in brackets
/// (RFC 5321 4.1.2, 4.1.3; RFC 5890).
///
/// Two domains that mean the same compare equal, which is what relay lists, routes and filters stand on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(Arc<str>);

/// Why a text is not a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// Nothing between the `@` and the end.
    #[error("the domain is empty")]
    Empty,
    /// Over 255 octets, or a label over 63.
    #[error("the domain, or a label of it, is too long")]
    TooLong,
    /// A character that no host name has, an empty label, a port, a broken literal.
    #[error("the domain is malformed")]
    Malformed,
    /// An internationalised label that IDNA refuses.
    #[error("the internationalised domain name is not valid")]
    Idna,
}

impl Domain {
    /// The normal form as text: `example.com`, `xn--bcher-kva.example`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, where the domain is an address literal.
    pub fn literal(&self) -> Option<IpAddr> {
        parse_literal(&self.0).ok()
    }

    /// Whether this domain lies below `parent`; a domain is not below itself.
    pub fn is_below(&self, parent: &Self) -> bool {
        self.0.strip_suffix(parent.as_str()).is_some_and(|head| head.ends_with('.'))
    }
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        if text.starts_with('[') {
            let address = parse_literal(text)?;
            return Ok(Self::from(address));
        }
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Err(DomainError::Empty);
        }
        let normal = if text.is_ascii() && !has_a_label(text) {
            text.to_ascii_lowercase()
        } else {
            idna::domain_to_ascii(text).map_err(|_| DomainError::Idna)?
        };
        check_host_name(&normal)?;
        Ok(Self(normal.into()))
    }
}

impl From<IpAddr> for Domain {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(format!("[{v4}]").into()),
            IpAddr::V6(v6) => Self(format!("[IPv6:{v6}]").into()),
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Domain({})", self.0)
    }
}

fn has_a_label(text: &str) -> bool {
    text.split('.').any(|label| label.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("xn--")))
}

/// Letters, digits, hyphens and, because machines are named so, underscores; a label neither starts nor ends
/// with a hyphen.
fn check_host_name(name: &str) -> Result<(), DomainError> {
    if name.len() > MAX_DOMAIN {
        return Err(DomainError::TooLong);
    }
    for label in name.split('.') {
        if label.len() > MAX_LABEL {
            return Err(DomainError::TooLong);
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if label.is_empty() || label.starts_with('-') || label.ends_with('-') || !label.bytes().all(legal) {
            return Err(DomainError::Malformed);
        }
    }
    Ok(())
}

/// Only the strict forms: four decimal octets, or `IPv6:` and a whole address. What `inet_aton` takes besides
/// (`127.1`, hexadecimal, one number) is refused, since two programs read those differently.
fn parse_literal(text: &str) -> Result<IpAddr, DomainError> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or(DomainError::Malformed)?;
    let tagged = inner.get(..5).filter(|tag| tag.eq_ignore_ascii_case("ipv6:"));
    let address = match tagged {
        Some(_) => inner[5..].parse::<Ipv6Addr>().map(IpAddr::V6).map_err(|_| DomainError::Malformed)?,
        None => inner.parse::<Ipv4Addr>().map(IpAddr::V4).map_err(|_| DomainError::Malformed)?,
    };
    Ok(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Result<Domain, DomainError> {
        text.parse()
    }

    #[test]
    fn domains_that_mean_the_same_compare_equal() {
        assert_eq!(domain("EXAMPLE.com."), domain("example.com"));
        assert_eq!(domain("bücher.example"), domain("XN--bcher-kva.example"));
        assert_eq!(domain("[IPv6:::ffff:127.0.0.1]"), domain("[127.0.0.1]"));
    }

    #[test]
    fn full_width_letters_are_mapped_before_any_comparison() {
        assert_eq!(domain("victim\u{ff0e}example"), domain("victim.example"));
    }

    #[test]
    fn loose_literals_ports_and_empty_labels_are_refused() {
        for text in ["[127.1]", "[0x7f.1]", "[2130706433]", "[]", "[ ]", "[::1]", "[tag:x]", "[IPv6:1:2:3:4:5:6:7]"] {
            assert_eq!(domain(text), Err(DomainError::Malformed), "{text}");
        }
        for text in ["example:2525", "a..b", "-a.example", "a b.example", "a\0.example"] {
            assert_eq!(domain(text), Err(DomainError::Malformed), "{text}");
        }
        assert_eq!(domain("."), Err(DomainError::Empty));
        assert_eq!(domain("xn---"), Err(DomainError::Idna));
    }

    #[test]
    fn a_subdomain_is_below_its_parent_and_a_namesake_is_not() {
        let parent = domain("relay.test").unwrap();
        assert!(domain("sub.relay.test").unwrap().is_below(&parent));
        assert!(!domain("relay.test").unwrap().is_below(&parent));
        assert!(!domain("evilrelay.test").unwrap().is_below(&parent));
    }
}

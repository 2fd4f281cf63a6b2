//! Smart hosts: a name or a bracketed address, and perhaps a port.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::names::host_name;
use crate::mail::Domain;

/// A next hop chosen by a person. Brackets mean "do not look it up", as in the old server (KB303734).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SmartHost {
    /// Which machine.
    pub host: Host,
    /// Which port; without one `delivery.outbound_connections.port`.
    pub port: Option<u16>,
}

/// The machine of a [`SmartHost`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name whose addresses are looked up (never its MX).
    Name(Domain),
    /// `[192.0.2.1]` or `[2001:db8::1]`.
    Address(IpAddr),
}

/// The text names no smart host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a host name or an address in brackets, perhaps with a port: smtp.example.com:587, [192.0.2.10]")]
pub struct SmartHostError;

impl FromStr for SmartHost {
    type Err = SmartHostError;

    fn from_str(text: &str) -> Result<Self, SmartHostError> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (inner, rest) = rest.split_once(']').ok_or(SmartHostError)?;
            let untagged = inner.strip_prefix("IPv6:").unwrap_or(inner);
            let address = inner.parse::<IpAddr>().or_else(|_| untagged.parse::<Ipv6Addr>().map(IpAddr::V6));
            let address = address.map_err(|_| SmartHostError)?.to_canonical();
            let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(SmartHostError)?) };
            (Host::Address(address), port)
        } else {
            let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
            // An address without brackets is taken for what was meant; its "lookup" gives the address itself.
            let host = match name.parse::<IpAddr>() {
                Ok(address) => Host::Address(address.to_canonical()),
                Err(_) => Host::Name(host_name(name).ok_or(SmartHostError)?),
            };
            (host, port)
        };
        let port = match port {
            None => None,
            Some(digits) => Some(digits.parse().ok().filter(|&port| port != 0).ok_or(SmartHostError)?),
        };
        Ok(Self { host, port })
    }
}

impl fmt::Display for SmartHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}")?,
            Host::Address(address) => write!(f, "[{address}]")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bracketed_addresses_with_and_without_ports_read_back() {
        for text in
            ["smtp.example.com", "smtp.example.com:587", "[192.0.2.10]", "[192.0.2.10]:2525", "[2001:db8::1]:25"]
        {
            assert_eq!(text.parse::<SmartHost>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_address_without_brackets_is_taken_for_what_was_meant() {
        assert_eq!("192.0.2.10:2525".parse(), "[192.0.2.10]:2525".parse::<SmartHost>());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "smtp.example.com:",
            "smtp:0",
            "smtp:99999",
            "[192.0.2.10",
            "[x]",
            "a b",
            "[192.0.2.1]25",
            "192.0.2.300",
            "::1",
        ] {
            assert_eq!(text.parse::<SmartHost>(), Err(SmartHostError), "{text}");
        }
    }
}

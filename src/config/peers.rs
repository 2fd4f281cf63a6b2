//! Lists of clients: "only these" or "all except these".

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use super::names::host_name;
use crate::mail::Domain;

/// The prefix length of `::ffff:0:0/96`, in which the IPv4-mapped addresses lie (RFC 4291 2.5.5.2).
const MAPPED: u8 = 96;

/// Whether a [`PeerList`] names those that are let in or those that are kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// "Only the list below."
    Only,
    /// "All except the list below."
    AllExcept,
}

impl Mode {
    /// Both modes.
    pub(super) const ALL: [Self; 2] = [Self::Only, Self::AllExcept];

    /// The word in the settings file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::AllExcept => "all-except",
        }
    }
}

/// One entry: an address or network, or a domain that the client's verified name must lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerPattern {
    /// `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`.
    Net(IpNet),
    /// `example.com`: it and all below it, by forward-confirmed reverse DNS.
    Domain(Domain),
}

/// The text is no entry of a list of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address, a network or a domain: 192.0.2.1, 192.0.2.0/24, 192.0.2.0/255.255.255.0, example.com")]
pub struct PeerPatternError;

impl FromStr for PeerPattern {
    type Err = PeerPatternError;

    fn from_str(text: &str) -> Result<Self, PeerPatternError> {
        let net = match text.split_once('/') {
            None => text.parse::<IpAddr>().ok().map(IpNet::from),
            Some((address, mask)) => network(address, mask),
        };
        let net = net.map(|net| Self::Net(canonical(net.trunc())));
        net.or_else(|| host_name(text).map(Self::Domain)).ok_or(PeerPatternError)
    }
}

/// A single address is shown without its prefix length.
impl fmt::Display for PeerPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(net) if net.prefix_len() == net.max_prefix_len() => write!(f, "{}", net.addr()),
            Self::Net(net) => write!(f, "{net}"),
            Self::Domain(domain) => write!(f, "{domain}"),
        }
    }
}

/// Who is meant by `access.connection` and `access.relay`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerList {
    /// How the entries are read.
    pub mode: Mode,
    /// The entries.
    pub entries: Vec<PeerPattern>,
}

impl PeerList {
    /// Whether a client is let in. `name` is its host name, if reverse DNS gave one and that name's addresses
    /// confirmed it; an IPv4-mapped IPv6 address counts as the IPv4 address it is.
    pub fn admits(&self, client: IpAddr, name: Option<&Domain>) -> bool {
        let client = client.to_canonical();
        let listed = self.entries.iter().any(|entry| match entry {
            PeerPattern::Net(net) => net.contains(&client),
            PeerPattern::Domain(domain) => name.is_some_and(|name| name == domain || name.is_below(domain)),
        });
        listed == (self.mode == Mode::Only)
    }

    /// Whether the verdict may depend on the client's name, so that it is worth a lookup.
    pub fn needs_names(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry, PeerPattern::Domain(_)))
    }

    /// Whether it lets in whole address families: "all except", or a network of prefix length 0.
    pub fn admits_the_world(&self) -> bool {
        match self.mode {
            Mode::AllExcept => true,
            Mode::Only => self.entries.iter().any(|entry| matches!(entry, PeerPattern::Net(net) if is_everyone(net))),
        }
    }
}

/// A network with its prefix length or, as the old server's dialog asked for it, its mask.
fn network(address: &str, mask: &str) -> Option<IpNet> {
    let address = address.parse::<IpAddr>().ok()?;
    match mask.parse::<IpAddr>() {
        Ok(mask) if mask.is_ipv4() == address.is_ipv4() => IpNet::with_netmask(address, mask).ok(),
        Ok(_) => None,
        Err(_) => IpNet::new(address, mask.parse().ok()?).ok(),
    }
}

/// The IPv4 network, where an IPv4-mapped one is meant; clients are compared in the same form.
fn canonical(net: IpNet) -> IpNet {
    match (net.addr().to_canonical(), net.prefix_len().checked_sub(MAPPED)) {
        (IpAddr::V4(address), Some(length)) if net.addr().is_ipv6() => {
            Ipv4Net::new(address, length).map_or(net, IpNet::V4)
        }
        _ => net,
    }
}

/// Whether a network covers every address of a family.
fn is_everyone(net: &IpNet) -> bool {
    net.prefix_len() == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(mode: Mode, entries: &[&str]) -> PeerList {
        PeerList { mode, entries: entries.iter().map(|entry| entry.parse().unwrap()).collect() }
    }

    fn admits(list: &PeerList, client: &str) -> bool {
        list.admits(client.parse().unwrap(), None)
    }

    #[test]
    fn prefix_length_and_mask_mean_the_same_network() {
        let mask: PeerPattern = "192.0.2.0/255.255.255.0".parse().unwrap();
        assert_eq!("192.0.2.0/24".parse(), Ok(mask.clone()));
        assert_eq!("192.0.2.77/24".parse(), Ok(mask.clone()), "bits of the host do not matter");
        assert_eq!(mask.to_string(), "192.0.2.0/24");
        assert_eq!("192.0.2.1/32".parse::<PeerPattern>().unwrap().to_string(), "192.0.2.1");
    }

    #[test]
    fn ipv4_mapped_entries_and_clients_are_the_ipv4_addresses_they_are() {
        let mapped = list(Mode::Only, &["::ffff:192.0.2.0/120", "::ffff:198.51.100.7"]);
        assert!(admits(&mapped, "192.0.2.9") && admits(&mapped, "198.51.100.7"));
        assert!(admits(&list(Mode::Only, &["192.0.2.9"]), "::ffff:192.0.2.9"));
        assert!(list(Mode::Only, &["::ffff:0:0/96"]).admits_the_world());
    }

    #[test]
    fn entries_that_are_neither_address_nor_name_are_refused() {
        for text in [
            "",
            "192.0.2.300",
            "192.0.2",
            "192.0.2.0/33",
            "192.0.2.0/255.0.255.0",
            "192.0.2.0/ffff::",
            "::1/129",
            "192.0.2.0/",
            "/24",
            "a b",
            "*.example.com",
            "[192.0.2.1]",
            "192.0.2.1:25",
        ] {
            assert_eq!(text.parse::<PeerPattern>(), Err(PeerPatternError), "{text}");
        }
    }

    #[test]
    fn an_exception_keeps_out_and_an_empty_list_of_exceptions_lets_everyone_in() {
        let except = list(Mode::AllExcept, &["192.0.2.0/24"]);
        assert!(!admits(&except, "192.0.2.1") && admits(&except, "198.51.100.1"));
        assert!(admits(&list(Mode::AllExcept, &[]), "192.0.2.1"));
        assert!(!admits(&list(Mode::Only, &[]), "127.0.0.1"));
    }

    #[test]
    fn a_domain_admits_only_a_verified_name_in_it() {
        let inside = list(Mode::Only, &["corp.example"]);
        let client = "192.0.2.1".parse().unwrap();
        assert!(inside.needs_names());
        assert!(inside.admits(client, Some(&"scanner.corp.example".parse().unwrap())));
        assert!(!inside.admits(client, Some(&"evilcorp.example".parse().unwrap())));
        assert!(!inside.admits(client, None));
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_parser_and_what_it_takes_reads_back(text in "\\PC{0,40}|[0-9a-f:./]{0,45}") {
            if let Ok(pattern) = text.parse::<PeerPattern>() {
                prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
            }
        }
    }
}

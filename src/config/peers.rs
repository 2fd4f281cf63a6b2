//! Lists of clients: "only these" or "all except these".

use std::net::IpAddr;

use ipnet::IpNet;

use super::settings::is_everyone;
use crate::mail::Domain;

/// Whether a [`PeerList`] names those that are let in or those that are kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// "Only the list below."
    Only,
    /// "All except the list below."
    AllExcept,
}

/// One entry: an address or network, or a domain that the client's verified name must lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerPattern {
    /// `192.0.2.1`, `192.0.2.0/24`, `192.0.2.0/255.255.255.0`, `2001:db8::/32`.
    Net(IpNet),
    /// `example.com`: it and all below it, by forward-confirmed reverse DNS.
    Domain(Domain),
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

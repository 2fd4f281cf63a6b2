//! Name resolution: MX hosts, addresses, and the verified name of a client.
//!
//! What the answers mean for a message is decided elsewhere; here it only matters to tell "there is none" from "not
//! known now", since the first returns a message and the second keeps it.

mod system;
mod zone;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

pub use system::System;
pub use zone::{Zone, ZoneError};

use crate::mail::Domain;

/// How many names of one client are looked at. More are a mistake or an attack on our name servers.
const MAX_NAMES: usize = 8;

/// An answer on its way.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ResolveError>> + Send + 'a>>;

/// One MX record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mx {
    /// Lower ones are tried first.
    pub preference: u16,
    /// `None` is the root: alone, it is a null MX, and the domain takes no mail (RFC 7505 3).
    pub host: Option<Domain>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name does not exist (NXDOMAIN).
    #[error("the name does not exist in the DNS")]
    NoSuchName,
    /// The name exists without records of the type.
    #[error("the name has no such record in the DNS")]
    NoRecords,
    /// SERVFAIL, timeout, no server, an answer that makes no sense: to be asked again later. Holds a printable
    /// reason.
    #[error("the DNS lookup failed for now: {0}")]
    Temporary(String),
}

/// Where names are looked up.
///
/// A domain that is an address literal has this address and no MX; nothing is asked for it.
pub trait Resolver: Send + Sync + 'static {
    /// The MX records, at least one, not sorted.
    fn mx<'a>(&'a self, domain: &'a Domain) -> Answer<'a, Vec<Mx>>;
    /// The A and AAAA addresses, at least one, in the order to be tried.
    fn addresses<'a>(&'a self, name: &'a Domain) -> Answer<'a, Vec<IpAddr>>;
    /// The names that reverse DNS gives, at least one; unverified, so that anyone may have written them.
    fn names(&self, address: IpAddr) -> Answer<'_, Vec<Domain>>;
}

/// The client's host name, if reverse DNS gives one whose addresses contain the client (forward-confirmed).
pub async fn verified_name(resolver: &dyn Resolver, client: IpAddr) -> Option<Domain> {
    let client = client.to_canonical();
    let names = resolver.names(client).await.unwrap_or_default();
    for name in names.into_iter().take(MAX_NAMES) {
        let addresses = resolver.addresses(&name).await.unwrap_or_default();
        if addresses.iter().any(|address| address.to_canonical() == client) {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_name_that_leads_back_to_the_client_is_its_name() {
        let zone: Zone = "
            192.0.2.1   PTR  forged.example
            192.0.2.1   PTR  client.example
            192.0.2.2   PTR  forged.example
            192.0.2.3   PTR  nowhere.example
            forged.example  A  192.0.2.99
            client.example  A  192.0.2.1
        "
        .parse()
        .unwrap();
        let name =
            async |client: &str| verified_name(&zone, client.parse().unwrap()).await.map(|name| name.to_string());
        assert_eq!(name("192.0.2.1").await.as_deref(), Some("client.example"));
        assert_eq!(name("::ffff:192.0.2.1").await.as_deref(), Some("client.example"));
        assert_eq!(name("192.0.2.2").await, None);
        assert_eq!(name("192.0.2.3").await, None);
        assert_eq!(name("192.0.2.4").await, None);
    }

    #[tokio::test]
    async fn a_client_with_a_thousand_names_costs_few_lookups() {
        let names: Vec<String> = (0..1000).map(|i| format!("192.0.2.1 PTR n{i}.example")).collect();
        let zone: Zone = format!("{}\nn999.example A 192.0.2.1", names.join("\n")).parse().unwrap();
        assert_eq!(verified_name(&zone, "192.0.2.1".parse().unwrap()).await, None);
    }
}

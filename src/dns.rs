//! Name resolution: MX hosts, addresses, and the verified name of a client.

// ---- STUB (builder 3): hickory-resolver behind this trait, and a `Zone` of fixed answers for tests. ----

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use crate::mail::Domain;

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ResolveError>> + Send + 'a>>;

/// One MX record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mx {
    pub preference: u16,
    /// `None` is the root: with preference 0 and alone, a null MX (RFC 7505).
    pub host: Option<Domain>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The name does not exist (NXDOMAIN).
    #[error("stub")]
    NoSuchName,
    /// The name exists without records of the type.
    #[error("stub")]
    NoRecords,
    /// SERVFAIL, timeout, no server: try later. Holds a printable reason.
    #[error("stub {0}")]
    Temporary(String),
}

pub trait Resolver: Send + Sync + 'static {
    /// MX records, not sorted; Err(NoRecords) where the name has none.
    fn mx<'a>(&'a self, domain: &'a Domain) -> Answer<'a, Vec<Mx>>;
    /// A and AAAA addresses, in the order to be tried.
    fn addresses<'a>(&'a self, name: &'a Domain) -> Answer<'a, Vec<IpAddr>>;
    /// The names that reverse DNS gives; unverified.
    fn names<'a>(&'a self, address: IpAddr) -> Answer<'a, Vec<Domain>>;
}

/// The client's host name, if reverse DNS gives one whose addresses contain the client (forward-confirmed).
pub async fn verified_name(resolver: &dyn Resolver, client: IpAddr) -> Option<Domain> {
    todo!()
}

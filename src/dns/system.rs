//! The DNS, asked through the system's name servers or those of the settings.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ProtocolConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::timeout;

use super::{Answer, Mx, ResolveError, Resolver};
use crate::mail::Domain;
use crate::text::shortened;

/// The longest wait for one answer, all tries and servers together.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long "there is none" is believed. An administrator who mends a zone does not want to wait a day for the mail.
const NEGATIVE: Duration = Duration::from_mins(5);
/// How much of a reason is kept, in characters.
const MAX_REASON: usize = 200;

/// A resolver with a cache that keeps answers for as long as they say. The hosts file of the machine is honoured.
pub struct System {
    resolver: Option<TokioResolver>,
    /// Why there are no name servers to ask.
    trouble: Option<String>,
}

impl System {
    /// Asks these servers, or those of the system where there are none, by UDP and, for long answers, by TCP.
    ///
    /// If the system's settings cannot be read, every lookup says so: mail waits, and mail that needs no lookup goes.
    pub fn new(servers: &[SocketAddr]) -> Self {
        let (config, mut options, trouble) = if servers.is_empty() {
            system_settings()
        } else {
            let servers = servers.iter().map(name_server).collect();
            (ResolverConfig::from_parts(None, Vec::new(), servers), ResolverOpts::default(), None)
        };
        options.negative_max_ttl = Some(NEGATIVE);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        match builder.with_options(options).build() {
            Ok(resolver) => Self { resolver: Some(resolver), trouble },
            Err(error) => Self { resolver: None, trouble: Some(shortened(&error.to_string(), MAX_REASON)) },
        }
    }

    async fn lookup(&self, name: Name, kind: RecordType) -> Result<Lookup, ResolveError> {
        let Some(resolver) = &self.resolver else { return Err(self.no_servers()) };
        match timeout(PATIENCE, resolver.lookup(name, kind)).await {
            Ok(Ok(lookup)) => Ok(lookup),
            Ok(Err(error)) => Err(self.explain(&error)),
            Err(_) => Err(ResolveError::Temporary("the name servers do not answer".into())),
        }
    }

    /// The addresses of one family.
    async fn family(&self, name: &Domain, kind: RecordType) -> Result<Vec<IpAddr>, ResolveError> {
        let lookup = self.lookup(host_name(name)?, kind).await?;
        let addresses = lookup.answers().iter().filter_map(|record| record.data.ip_addr());
        some(addresses.map(|address| address.to_canonical()).collect())
    }

    fn explain(&self, error: &NetError) -> ResolveError {
        match error {
            NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
                ResponseCode::NXDomain => ResolveError::NoSuchName,
                ResponseCode::NoError => ResolveError::NoRecords,
                code => ResolveError::Temporary(code.to_string()),
            },
            NetError::Dns(DnsError::ResponseCode(code)) => ResolveError::Temporary(code.to_string()),
            NetError::Timeout => ResolveError::Temporary("the name servers do not answer".into()),
            NetError::NoConnections => self.no_servers(),
            error => ResolveError::Temporary(shortened(&error.to_string(), MAX_REASON)),
        }
    }

    fn no_servers(&self) -> ResolveError {
        let reason = self.trouble.as_deref().unwrap_or("no name server can be reached");
        ResolveError::Temporary(reason.into())
    }
}

impl Resolver for System {
    fn mx<'a>(&'a self, domain: &'a Domain) -> Answer<'a, Vec<Mx>> {
        Box::pin(async move {
            if domain.literal().is_some() {
                return Err(ResolveError::NoRecords);
            }
            let lookup = self.lookup(absolute(domain)?, RecordType::MX).await?;
            let mut records = Vec::new();
            let mut malformed = false;
            for record in lookup.answers() {
                let RData::MX(mx) = &record.data else { continue };
                let host = if mx.exchange.is_root() { None } else { Some(mx.exchange.to_ascii().parse()) };
                match host.transpose() {
                    Ok(host) => records.push(Mx { preference: mx.preference, host }),
                    Err(_) => malformed = true,
                }
            }
            if records.is_empty() && malformed {
                return Err(ResolveError::Temporary("its MX records name no possible host".into()));
            }
            some(records)
        })
    }

    fn addresses<'a>(&'a self, name: &'a Domain) -> Answer<'a, Vec<IpAddr>> {
        Box::pin(async move {
            if let Some(address) = name.literal() {
                return Ok(vec![address]);
            }
            match tokio::join!(self.family(name, RecordType::A), self.family(name, RecordType::AAAA)) {
                (Ok(v4), Ok(v6)) => Ok(in_turns(v4, v6)),
                (Ok(addresses), Err(_)) | (Err(_), Ok(addresses)) => Ok(addresses),
                (Err(a), Err(b)) => Err(least_final(a, b)),
            }
        })
    }

    fn names(&self, address: IpAddr) -> Answer<'_, Vec<Domain>> {
        Box::pin(async move {
            let lookup = self.lookup(Name::from(address.to_canonical()), RecordType::PTR).await?;
            let names = lookup.answers().iter().filter_map(|record| match &record.data {
                RData::PTR(name) => name.to_ascii().parse().ok(),
                _ => None,
            });
            some(names.collect())
        })
    }
}

fn system_settings() -> (ResolverConfig, ResolverOpts, Option<String>) {
    match hickory_resolver::system_conf::read_system_conf() {
        Ok((config, options)) => (config, options, None),
        Err(error) => {
            let reason = shortened(&error.to_string(), MAX_REASON);
            let trouble = format!("the system's DNS settings cannot be read ({reason}); dns_servers can name servers");
            (ResolverConfig::from_parts(None, Vec::new(), Vec::new()), ResolverOpts::default(), Some(trouble))
        }
    }
}

fn name_server(server: &SocketAddr) -> NameServerConfig {
    let connections = [ProtocolConfig::Udp, ProtocolConfig::Tcp].map(|protocol| {
        let mut connection = ConnectionConfig::new(protocol);
        connection.port = server.port();
        connection
    });
    NameServerConfig::new(server.ip(), true, connections.into())
}

/// The name as it stands, without the search list: a mail domain is always whole.
fn absolute(domain: &Domain) -> Result<Name, ResolveError> {
    Name::from_ascii(format!("{domain}.")).map_err(|_| ResolveError::NoSuchName)
}

/// The name of a host. One without a dot, as an administrator writes it for a machine of the site, is completed from
/// the system's search list.
fn host_name(name: &Domain) -> Result<Name, ResolveError> {
    if name.as_str().contains('.') {
        return absolute(name);
    }
    Name::from_ascii(name.as_str()).map_err(|_| ResolveError::NoSuchName)
}

/// IPv4 and IPv6 by turns, so that whoever gives up after a few has tried both.
fn in_turns(v4: Vec<IpAddr>, v6: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut addresses = Vec::with_capacity(v4.len() + v6.len());
    let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
    loop {
        let (a, b) = (v4.next(), v6.next());
        if a.is_none() && b.is_none() {
            return addresses;
        }
        addresses.extend(a.into_iter().chain(b));
    }
}

/// Where the two families fail differently: a name is gone only if nothing speaks against it.
fn least_final(a: ResolveError, b: ResolveError) -> ResolveError {
    let rank = |error: &ResolveError| match error {
        ResolveError::Temporary(_) => 0,
        ResolveError::NoRecords => 1,
        ResolveError::NoSuchName => 2,
    };
    if rank(&a) <= rank(&b) { a } else { b }
}

fn some<T>(records: Vec<T>) -> Result<Vec<T>, ResolveError> {
    if records.is_empty() { Err(ResolveError::NoRecords) } else { Ok(records) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn s023_both_families_come_early() {
        let both = in_turns(addresses(&["192.0.2.1", "192.0.2.2", "192.0.2.3"]), addresses(&["2001:db8::1"]));
        assert_eq!(both, addresses(&["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3"]));
    }

    #[test]
    fn a_lookup_that_failed_for_now_leaves_the_question_open() {
        let temporary = || ResolveError::Temporary("x".into());
        assert_eq!(least_final(ResolveError::NoSuchName, temporary()), temporary());
        assert_eq!(least_final(ResolveError::NoSuchName, ResolveError::NoRecords), ResolveError::NoRecords);
        assert_eq!(least_final(ResolveError::NoSuchName, ResolveError::NoSuchName), ResolveError::NoSuchName);
    }

    #[tokio::test]
    async fn a_literal_is_not_looked_up() {
        let system = System::new(&["127.0.0.1:1".parse().unwrap()]);
        let literal = "[IPv6:2001:db8::1]".parse().unwrap();
        assert_eq!(system.addresses(&literal).await.unwrap(), addresses(&["2001:db8::1"]));
        assert_eq!(system.mx(&literal).await, Err(ResolveError::NoRecords));
    }
}

//! Fixed answers in memory, for tests and the demo.

use std::collections::HashMap;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Answer, Mx, ResolveError, Resolver};
use crate::mail::Domain;

/// A resolver that knows what it was told and nothing else.
///
/// It reads one record a line:
///
/// ```
/// let zone: mailroot::dns::Zone = "
///     example.com      MX        10 mx1.example.com
///     mx1.example.com  A         192.0.2.10
///     mx1.example.com  AAAA      2001:db8::10
///     closed.example   MX        0 .
///     bare.example     EMPTY
///     broken.example   SERVFAIL
///     192.0.2.10       PTR       mx1.example.com
/// "
/// .parse()?;
/// # Ok::<(), mailroot::dns::ZoneError>(())
/// ```
#[derive(Debug, Default)]
pub struct Zone {
    names: HashMap<Domain, Records>,
    addresses: HashMap<IpAddr, Vec<Domain>>,
    silent: AtomicBool,
}

/// A line is not a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a record: {0:?}; expected NAME MX PREFERENCE HOST, NAME A ADDRESS, ADDRESS PTR NAME, NAME EMPTY or NAME SERVFAIL"
)]
pub struct ZoneError(String);

#[derive(Debug, Default)]
struct Records {
    mx: Vec<Mx>,
    addresses: Vec<IpAddr>,
    fails: bool,
}

impl Zone {
    /// From now on every lookup fails for a time, or answers again: as if the name servers were cut off.
    pub fn set_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    fn records(&self, name: &Domain) -> Result<&Records, ResolveError> {
        self.check_silent()?;
        match self.names.get(name) {
            None => Err(ResolveError::NoSuchName),
            Some(records) if records.fails => Err(ResolveError::Temporary("Server Failure".into())),
            Some(records) => Ok(records),
        }
    }

    fn check_silent(&self) -> Result<(), ResolveError> {
        let silent = self.silent.load(Ordering::Relaxed);
        if silent { Err(ResolveError::Temporary("the name servers do not answer".into())) } else { Ok(()) }
    }

    fn add(&mut self, line: &str) -> Option<()> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[..] {
            [address, "PTR", name] => {
                self.addresses.entry(address.parse().ok()?).or_default().push(name.parse().ok()?);
            }
            [name, "MX", preference, host] => {
                let host = if host == "." { None } else { Some(host.parse().ok()?) };
                self.name(name)?.mx.push(Mx { preference: preference.parse().ok()?, host });
            }
            [name, "A" | "AAAA", address] => self.name(name)?.addresses.push(address.parse().ok()?),
            [name, "EMPTY"] => self.name(name).map(|_| ())?,
            [name, "SERVFAIL"] => self.name(name)?.fails = true,
            _ => return None,
        }
        Some(())
    }

    fn name(&mut self, name: &str) -> Option<&mut Records> {
        Some(self.names.entry(name.parse().ok()?).or_default())
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        let mut zone = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            zone.add(line).ok_or_else(|| ZoneError(line.to_string()))?;
        }
        Ok(zone)
    }
}

impl Resolver for Zone {
    fn mx<'a>(&'a self, domain: &'a Domain) -> Answer<'a, Vec<Mx>> {
        Box::pin(async move {
            if domain.literal().is_some() {
                return Err(ResolveError::NoRecords);
            }
            some(&self.records(domain)?.mx)
        })
    }

    fn addresses<'a>(&'a self, name: &'a Domain) -> Answer<'a, Vec<IpAddr>> {
        Box::pin(async move {
            match name.literal() {
                Some(address) => Ok(vec![address]),
                None => some(&self.records(name)?.addresses),
            }
        })
    }

    fn names(&self, address: IpAddr) -> Answer<'_, Vec<Domain>> {
        Box::pin(async move {
            self.check_silent()?;
            self.addresses.get(&address.to_canonical()).cloned().ok_or(ResolveError::NoSuchName)
        })
    }
}

fn some<T: Clone>(records: &[T]) -> Result<Vec<T>, ResolveError> {
    if records.is_empty() { Err(ResolveError::NoRecords) } else { Ok(records.to_vec()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn each_kind_of_answer_can_be_told() {
        let zone: Zone = "
            example.com     MX  10 mx.example.com
            mx.example.com  A   192.0.2.1
            closed.example  MX  0 .
            bare.example    EMPTY
            broken.example  SERVFAIL
        "
        .parse()
        .unwrap();
        let mx = zone.mx(&domain("example.com")).await.unwrap();
        assert_eq!(mx, [Mx { preference: 10, host: Some(domain("mx.example.com")) }]);
        assert_eq!(zone.mx(&domain("closed.example")).await.unwrap(), [Mx { preference: 0, host: None }]);
        assert_eq!(zone.mx(&domain("mx.example.com")).await, Err(ResolveError::NoRecords));
        assert_eq!(zone.addresses(&domain("bare.example")).await, Err(ResolveError::NoRecords));
        assert_eq!(zone.mx(&domain("nowhere.example")).await, Err(ResolveError::NoSuchName));
        assert!(matches!(zone.mx(&domain("broken.example")).await, Err(ResolveError::Temporary(_))));
        zone.set_silent(true);
        assert!(matches!(zone.mx(&domain("example.com")).await, Err(ResolveError::Temporary(_))));
    }

    #[test]
    fn a_line_that_is_no_record_is_refused() {
        for line in ["example.com", "example.com MX mx.example.com", "a..b A 192.0.2.1", "a.example A mx.example"] {
            assert_eq!(line.parse::<Zone>().unwrap_err(), ZoneError(line.into()));
        }
    }
}

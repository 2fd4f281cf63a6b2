//! Which hosts take the mail of a domain: the rules of RFC 5321 5.1 over the records DNS gave. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use crate::dns::{Mx, ResolveError};
use crate::mail::{Domain, EnhancedStatus, Reply};

/// The hosts of a domain, grouped by preference, the best group first; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    groups: Vec<Vec<Domain>>,
}

impl Exchange {
    /// The hosts that take the mail of `domain`, from the answer to its MX query. `own` is this server's name.
    ///
    /// The error is what becomes of the recipients: 5xx for good, 4xx to be tried again.
    pub(crate) fn from_answer(
        domain: &Domain,
        own: &Domain,
        answer: Result<Vec<Mx>, ResolveError>,
    ) -> Result<Self, Reply> {
        match answer {
            Ok(records) => Self::from_records(domain, own, records),
            Err(ResolveError::NoRecords) => Ok(Self::implicit(domain)),
            Err(ResolveError::NoSuchName) => {
                Err(Reply::new(550, EnhancedStatus::new(5, 1, 2), format!("The domain {domain} does not exist")))
            }
            Err(ResolveError::Temporary(reason)) => Err(no_answer(domain, &reason)),
        }
    }

    /// The domain itself, where it has no MX record (RFC 5321 5.1, "implicit MX").
    fn implicit(domain: &Domain) -> Self {
        Self { groups: vec![vec![domain.clone()]] }
    }

    fn from_records(domain: &Domain, own: &Domain, records: Vec<Mx>) -> Result<Self, Reply> {
        if let [Mx { host: None, .. }] = records[..] {
            let text = format!("The domain {domain} takes no mail (null MX)");
            return Err(Reply::new(556, EnhancedStatus::new(5, 1, 10), text));
        }
        // A root among others breaks RFC 7505 3 and names no host.
        let mut hosts: Vec<(u16, Domain)> =
            records.into_iter().filter_map(|mx| Some((mx.preference, mx.host?))).collect();
        hosts.sort();
        let mut seen = HashSet::new();
        hosts.retain(|(_, host)| seen.insert(host.clone()));
        if hosts.is_empty() {
            return Ok(Self::implicit(domain));
        }
        if let Some(ours) = hosts.iter().position(|(_, host)| host == own).map(|at| hosts[at].0) {
            hosts.retain(|(preference, _)| *preference < ours);
        }
        if hosts.is_empty() {
            let text = format!("The best mail host of {domain} is this server itself, for which {domain} is not local");
            return Err(Reply::new(554, EnhancedStatus::new(5, 4, 6), text));
        }
        let groups =
            hosts.chunk_by(|a, b| a.0 == b.0).map(|group| group.iter().map(|(_, host)| host.clone()).collect());
        Ok(Self { groups: groups.collect() })
    }

    /// The hosts in the order in which to try them this time: by preference, equal ones shuffled.
    pub(crate) fn order(&self, random: &mut fastrand::Rng) -> Vec<Domain> {
        let mut order = Vec::new();
        for group in &self.groups {
            let start = order.len();
            order.extend_from_slice(group);
            random.shuffle(&mut order[start..]);
        }
        order
    }

    /// All hosts in the order of their names: the same for every domain of one provider, and so the name under
    /// which those domains share connections.
    pub(crate) fn site(&self) -> Arc<[Domain]> {
        let mut hosts: Vec<Domain> = self.groups.concat();
        hosts.sort();
        hosts.into()
    }
}

/// What silence or trouble of DNS means for the mail of a name. It is ours or it passes: never a 5xx.
pub(crate) fn no_answer(name: &Domain, reason: &str) -> Reply {
    Reply::new(451, EnhancedStatus::new(4, 4, 3), format!("DNS gave no answer for {name}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        text.parse().unwrap()
    }

    fn records(list: &[(u16, &str)]) -> Vec<Mx> {
        list.iter().map(|&(preference, host)| Mx { preference, host: host.parse().ok() }).collect()
    }

    fn exchange(list: &[(u16, &str)]) -> Result<Exchange, Reply> {
        Exchange::from_answer(&domain("far.example"), &domain("relay.test"), Ok(records(list)))
    }

    fn order(exchange: &Exchange, seed: u64) -> Vec<String> {
        exchange.order(&mut fastrand::Rng::with_seed(seed)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn s018_preference_orders_and_equal_ones_take_turns_evenly() {
        let exchange = exchange(&[(20, "c.example"), (10, "a.example"), (10, "b.example"), (10, "d.example")]).unwrap();
        let mut first = std::collections::HashMap::new();
        for seed in 0..3000 {
            let order = order(&exchange, seed);
            assert_eq!(order[3], "c.example");
            *first.entry(order[0].clone()).or_insert(0_i32) += 1;
        }
        assert_eq!(first.len(), 3);
        let chi_square: f64 = first.values().map(|&n| f64::from((n - 1000) * (n - 1000)) / 1000.0).sum();
        assert!(chi_square < 13.8, "over this one time in a thousand: {chi_square}");
    }

    #[test]
    fn s019_without_mx_the_domain_itself_is_the_host_and_with_mx_never() {
        let own = domain("relay.test");
        let implicit = Exchange::from_answer(&domain("far.example"), &own, Err(ResolveError::NoRecords)).unwrap();
        assert_eq!(order(&implicit, 1), ["far.example"]);
        assert_eq!(order(&exchange(&[(10, "mx.example")]).unwrap(), 1), ["mx.example"]);
    }

    #[test]
    fn s021_our_own_name_drops_itself_and_what_is_no_better() {
        let kept = exchange(&[(5, "a.example"), (10, "RELAY.test"), (10, "b.example"), (20, "c.example")]).unwrap();
        assert_eq!(order(&kept, 1), ["a.example"]);
        let refused = exchange(&[(10, "relay.test"), (20, "c.example")]).unwrap_err();
        assert_eq!(refused.status, Some(EnhancedStatus::new(5, 4, 6)));
    }

    #[test]
    fn n001_a_null_mx_refuses_for_good_and_a_root_among_others_is_no_host() {
        let null = exchange(&[(0, "")]).unwrap_err();
        assert_eq!((null.code, null.status), (556, Some(EnhancedStatus::new(5, 1, 10))));
        assert_eq!(order(&exchange(&[(0, ""), (10, "mx.example")]).unwrap(), 1), ["mx.example"]);
    }

    #[test]
    fn s022_a_dns_failure_is_temporary_and_a_missing_domain_is_not() {
        let (far, own) = (domain("far.example"), domain("relay.test"));
        let status = |error| Exchange::from_answer(&far, &own, Err(error)).unwrap_err().status.unwrap().to_string();
        assert_eq!(status(ResolveError::Temporary("SERVFAIL".into())), "4.4.3");
        assert_eq!(status(ResolveError::NoSuchName), "5.1.2");
    }

    #[test]
    fn the_domains_of_one_provider_have_one_site() {
        let one = exchange(&[(10, "a.example"), (20, "b.example")]).unwrap();
        let other = exchange(&[(5, "B.example"), (1, "a.example"), (7, "a.example")]).unwrap();
        assert_eq!(one.site(), other.site());
    }
}

//! Where the mail for a domain goes, decided from the settings at each attempt and never written down.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::config::{Host, Settings, SmartHost};
use crate::mail::{Address, Domain, ReversePath};

/// The way of one recipient's domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Into Drop.
    Local,
    /// To one next hop, whatever DNS says of the domain.
    Hop(Hop),
    /// To the domain's MX hosts; where none of them can be reached, to the smart host, if there is one
    /// (`direct_first`).
    Mx {
        /// Whose MX hosts.
        domain: Domain,
        /// Where the mail goes instead.
        fallback: Option<Hop>,
    },
}

/// A next hop that no MX lookup is made for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Hop {
    /// Which machine.
    pub host: Host,
    /// Which port.
    pub port: u16,
}

impl Hop {
    fn smart_host(settings: &Settings, smart_host: &SmartHost) -> Self {
        let port = smart_host.port.unwrap_or(settings.delivery.connections.port);
        Self { host: smart_host.host.clone(), port }
    }

    fn address(settings: &Settings, address: IpAddr) -> Self {
        Self { host: Host::Address(address), port: settings.delivery.connections.port }
    }
}

/// The route for `domain`. A local domain stays here; then the smart host of its `[[domain]]`, then the general
/// smart host, then an address literal's own address, then MX. `direct_first` puts MX before the general smart host
/// only: a route set for one domain is meant as it stands (the old server's Route domain).
pub(crate) fn decide(settings: &Settings, domain: &Domain) -> Route {
    if settings.local.is_local(domain) {
        return Route::Local;
    }
    if let Some(own) = settings.domain(domain).and_then(|entry| entry.smart_host.as_ref()) {
        return Route::Hop(Hop::smart_host(settings, own));
    }
    let advanced = &settings.delivery.advanced;
    let general = advanced.smart_host.as_ref().map(|smart_host| Hop::smart_host(settings, smart_host));
    match (general, domain.literal()) {
        (Some(hop), _) if !advanced.direct_first => Route::Hop(hop),
        (_, Some(address)) => Route::Hop(Hop::address(settings, address)),
        (fallback, None) => Route::Mx { domain: domain.clone(), fallback },
    }
}

/// The reverse-path under which mail leaves: the masquerade domain in place of a local one.
pub(crate) fn reverse_path<'a>(settings: &Settings, sender: &'a ReversePath) -> Cow<'a, ReversePath> {
    let masked = settings.delivery.advanced.masquerade_domain.as_ref().and_then(|mask| {
        let mailbox = sender.mailbox().filter(|mailbox| settings.local.is_local(mailbox.domain()))?;
        Address::from_parts(mailbox.local(), mask, mailbox.needs_smtputf8()).ok()
    });
    masked.map_or(Cow::Borrowed(sender), |address| Cow::Owned(ReversePath::Mailbox(address)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{self, DomainPattern};

    fn domain(text: &str) -> Domain {
        text.parse().unwrap()
    }

    fn settings(smart_host: &str) -> Settings {
        let mut settings = Settings::defaults(Path::new("/"));
        settings.local.default_domain = domain("corp.example");
        settings.local.aliases = vec![domain("old.example")];
        settings.delivery.advanced.smart_host = (!smart_host.is_empty()).then(|| smart_host.parse().unwrap());
        settings
    }

    fn add_domain(settings: &mut Settings, name: DomainPattern, smart_host: &str) {
        let smart_host = Some(smart_host.parse().unwrap());
        settings.domains.push(config::Domain { smart_host, ..config::Domain::new(name) });
    }

    fn hop(text: &str) -> Hop {
        let smart_host: SmartHost = text.parse().unwrap();
        Hop { host: smart_host.host, port: smart_host.port.unwrap() }
    }

    #[test]
    fn local_domains_stay_here_whatever_the_smart_host() {
        for name in ["corp.example", "old.example"] {
            assert_eq!(decide(&settings("smart.example"), &domain(name)), Route::Local);
        }
    }

    #[test]
    fn the_general_smart_host_takes_everything_else_on_its_port_or_the_general_one() {
        let with_port = decide(&settings("smart.example:587"), &domain("far.example"));
        assert_eq!(with_port, Route::Hop(hop("smart.example:587")));
        let literal = decide(&settings("smart.example"), &domain("[192.0.2.7]"));
        assert_eq!(literal, Route::Hop(hop("smart.example:25")));
    }

    #[test]
    fn without_a_smart_host_mx_decides_and_a_literal_is_its_own_address() {
        let mx = Route::Mx { domain: domain("far.example"), fallback: None };
        assert_eq!(decide(&settings(""), &domain("far.example")), mx);
        let literal = decide(&settings(""), &domain("[192.0.2.7]"));
        assert_eq!(literal, Route::Hop(hop("[192.0.2.7]:25")));
    }

    #[test]
    fn direct_first_keeps_the_smart_host_for_later_but_not_for_a_route_of_its_own() {
        let mut settings = settings("smart.example:26");
        settings.delivery.advanced.direct_first = true;
        add_domain(&mut settings, DomainPattern::Exact(domain("partner.example")), "[192.0.2.10]:2525");
        let fallback = Some(hop("smart.example:26"));
        let far = domain("far.example");
        assert_eq!(decide(&settings, &far), Route::Mx { domain: far, fallback });
        assert_eq!(decide(&settings, &domain("partner.example")), Route::Hop(hop("[192.0.2.10]:2525")));
    }

    #[test]
    fn e007_a_wildcard_route_covers_what_lies_below_it_in_either_spelling_of_a_label() {
        let mut settings = settings("");
        add_domain(&mut settings, DomainPattern::Below(domain("bücher.example")), "[192.0.2.10]:2525");
        let route = Route::Hop(hop("[192.0.2.10]:2525"));
        assert_eq!(decide(&settings, &domain("a.XN--bcher-kva.example")), route);
        assert!(matches!(decide(&settings, &domain("bücher.example")), Route::Mx { .. }));
    }

    #[test]
    fn masquerade_replaces_a_local_domain_and_no_other() {
        let mut settings = settings("");
        settings.delivery.advanced.masquerade_domain = Some(domain("public.example"));
        let path = |text: &str| ReversePath::Mailbox(Address::parse(text, true).unwrap());
        assert_eq!(*reverse_path(&settings, &path("app@corp.example")), path("app@public.example"));
        assert_eq!(*reverse_path(&settings, &path("bob@far.example")), path("bob@far.example"));
        assert_eq!(*reverse_path(&settings, &ReversePath::Null), ReversePath::Null);
    }
}

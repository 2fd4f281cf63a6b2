//! Where the mail for a domain goes, decided from the settings at each attempt and never written down.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::manner::{Manner, Manners};
use crate::config::{self, Host, Settings, SmartHost};
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
        /// How they are given it.
        manner: Arc<Manner>,
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
    /// How it is given mail.
    pub manner: Arc<Manner>,
}

/// The settings, with all that routes take from them made once.
pub(crate) struct Routes {
    settings: Arc<Settings>,
    general: Manners,
    /// Of the domains that have something of their own, by their places in the settings.
    own: Vec<Option<Manners>>,
}

impl Routes {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let of = |domain| Manners::new(settings.security_of(domain), settings.max_messages_per_minute(domain));
        let has_own = |domain: &&config::Domain| domain.security.is_some() || domain.max_messages_per_minute.is_some();
        let own = settings.domains.iter().map(|domain| Some(domain).filter(has_own).map(|domain| of(Some(domain))));
        Self { general: of(None), own: own.collect(), settings }
    }

    /// The route for `domain`. A local domain stays here; then the smart host of its `[[domain]]`, then the general
    /// smart host, then an address literal's own address, then MX. `direct_first` puts MX before the general smart host
    /// only: a route set for one domain is meant as it stands (the old server's Route domain).
    pub(crate) fn decide(&self, domain: &Domain) -> Route {
        let settings = &*self.settings;
        if settings.local.is_local(domain) {
            return Route::Local;
        }
        let entry = settings.domain(domain);
        let manners = self.manners(entry);
        if let Some(own) = entry.and_then(|entry| entry.smart_host.as_ref()) {
            return Route::Hop(self.smart_host(own, manners));
        }
        let advanced = &settings.delivery.advanced;
        let general = advanced.smart_host.as_ref().map(|smart_host| self.smart_host(smart_host, manners));
        match (general, domain.literal()) {
            (Some(hop), _) if !advanced.direct_first => Route::Hop(hop),
            (_, Some(address)) => Route::Hop(self.address(address, manners)),
            (fallback, None) => Route::Mx { domain: domain.clone(), manner: Arc::clone(&manners.found), fallback },
        }
    }

    /// The general smart host, whatever domain the mail is for.
    pub(crate) fn general_smart_host(&self) -> Option<Hop> {
        let smart_host = self.settings.delivery.advanced.smart_host.as_ref();
        smart_host.map(|smart_host| self.smart_host(smart_host, &self.general))
    }

    /// How the MX hosts of a domain are given its mail.
    pub(crate) fn manner_of_mx(&self, domain: &Domain) -> Arc<Manner> {
        Arc::clone(&self.manners(self.settings.domain(domain)).found)
    }

    /// What a `[[domain]]` has of its own, or what is for all.
    fn manners(&self, entry: Option<&config::Domain>) -> &Manners {
        let place = entry.and_then(|entry| self.settings.domains.iter().position(|other| std::ptr::eq(other, entry)));
        place.and_then(|place| self.own.get(place)?.as_ref()).unwrap_or(&self.general)
    }

    fn smart_host(&self, smart_host: &SmartHost, manners: &Manners) -> Hop {
        let port = smart_host.port.unwrap_or(self.settings.delivery.connections.port);
        Hop { host: smart_host.host.clone(), port, manner: Arc::clone(&manners.chosen) }
    }

    fn address(&self, address: IpAddr, manners: &Manners) -> Hop {
        let port = self.settings.delivery.connections.port;
        Hop { host: Host::Address(address), port, manner: Arc::clone(&manners.found) }
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
    use crate::config::{DomainPattern, OutboundSecurity};

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

    fn decide(settings: &Settings, domain: &Domain) -> Route {
        Routes::new(Arc::new(settings.clone())).decide(domain)
    }

    fn manner() -> Arc<Manner> {
        Arc::new(Manner { security: OutboundSecurity::DEFAULT, per_minute: None })
    }

    fn hop(text: &str) -> Hop {
        let smart_host: SmartHost = text.parse().unwrap();
        Hop { host: smart_host.host, port: smart_host.port.unwrap(), manner: manner() }
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
        let mx = Route::Mx { domain: domain("far.example"), manner: manner(), fallback: None };
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
        assert_eq!(decide(&settings, &far), Route::Mx { domain: far, manner: manner(), fallback });
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
    fn a_domain_s_own_security_is_its_own_and_a_stranger_gets_no_login() {
        let mut settings = settings("smart.example:587");
        let login = OutboundSecurity { method: config::Method::Basic, ..OutboundSecurity::DEFAULT };
        settings.delivery.security = login.clone();
        settings.delivery.connections.max_messages_per_minute = Some(30);
        add_domain(&mut settings, DomainPattern::Exact(domain("partner.example")), "smart.example:587");
        settings.domains[0].security = Some(OutboundSecurity::DEFAULT);
        let manner = |name: &str| match decide(&settings, &domain(name)) {
            Route::Hop(hop) => Manner::clone(&hop.manner),
            Route::Mx { manner, .. } => Manner::clone(&manner),
            Route::Local => panic!("{name} is local"),
        };
        assert_eq!(manner("far.example"), Manner { security: login, per_minute: Some(30) });
        assert_eq!(manner("partner.example"), Manner { security: OutboundSecurity::DEFAULT, per_minute: Some(30) });
        settings.domains[0].smart_host = None;
        settings.delivery.advanced.direct_first = true;
        settings.domains[0].max_messages_per_minute = Some(config::PerMinute(Some(5)));
        let manner = |name: &str| match decide(&settings, &domain(name)) {
            Route::Hop(hop) => Manner::clone(&hop.manner),
            Route::Mx { manner, .. } => Manner::clone(&manner),
            Route::Local => panic!("{name} is local"),
        };
        for name in ["far.example", "[192.0.2.7]"] {
            assert_eq!(manner(name).security, OutboundSecurity::DEFAULT, "{name}");
        }
        assert_eq!(manner("partner.example").per_minute, Some(5));
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

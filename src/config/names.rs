//! Host names as settings hold them.

use std::net::{IpAddr, Ipv4Addr};

use crate::mail::Domain;

/// A host name. Unlike the domain of a mail address it is never an address literal, and its last label is not a
/// number: `192.0.2.300` is a mistyped address, not a name.
pub(super) fn host_name(text: &str) -> Option<Domain> {
    let domain = text.parse::<Domain>().ok().filter(|domain| domain.literal().is_none())?;
    let last = domain.as_str().rsplit('.').next()?;
    let is_number = last.bytes().all(|b| b.is_ascii_digit());
    (!is_number).then_some(domain)
}

/// The name of this machine, or `localhost` where that is no host name.
pub(super) fn machine_name() -> Domain {
    let machine = gethostname::gethostname();
    let names = [machine.to_str(), Some("localhost")];
    let name = names.into_iter().flatten().find_map(host_name);
    name.unwrap_or_else(|| Domain::from(IpAddr::V4(Ipv4Addr::LOCALHOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_no_host_names() {
        for text in ["192.0.2.1", "192.0.2.300", "10.0.0", "[192.0.2.1]", "[IPv6:2001:db8::1]", "", "a b"] {
            assert_eq!(host_name(text), None, "{text}");
        }
        assert_eq!(host_name("Mail.Example.COM.").unwrap().as_str(), "mail.example.com");
        assert_eq!(host_name("3com.example").unwrap().as_str(), "3com.example");
    }

    #[test]
    fn this_machine_has_a_name() {
        assert!(host_name(machine_name().as_str()).is_some());
    }
}

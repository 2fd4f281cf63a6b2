//! In what manner mail is handed over at a destination: how securely, as whom, how fast.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::config::{OutboundSecurity, TlsMode};

/// What makes two destinations of one host, besides its name and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// TLS and login.
    pub security: OutboundSecurity,
    /// Messages a minute; `None` is no limit.
    pub per_minute: Option<u32>,
}

/// Of no account: host and port beside it tell nearly all destinations apart, and each message placed would have to hash
/// names, secrets and paths.
impl Hash for Manner {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// The two manners that follow from the settings of a domain, or of all.
#[derive(Debug)]
pub(super) struct Manners {
    /// At a host that a person has named.
    pub(super) chosen: Arc<Manner>,
    /// At a host that DNS has named, or a recipient's address.
    pub(super) found: Arc<Manner>,
}

impl Manners {
    pub(super) fn new(security: &OutboundSecurity, per_minute: Option<u32>) -> Self {
        let manner = |security| Arc::new(Manner { security, per_minute });
        Self { chosen: manner(security.clone()), found: manner(of_strangers(security)) }
    }
}

/// What is left of a security for hosts that nobody has chosen: never a login, which is for the smart host alone, and
/// TLS by STARTTLS, since MX hosts have nothing else.
fn of_strangers(security: &OutboundSecurity) -> OutboundSecurity {
    let tls = match security.tls {
        TlsMode::Implicit => TlsMode::Required,
        mode => mode,
    };
    OutboundSecurity { tls, verify: security.verify, ca_file: security.ca_file.clone(), ..OutboundSecurity::DEFAULT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Method, Secret};

    #[test]
    fn a_host_that_nobody_chose_is_never_told_who_we_are() {
        let security = OutboundSecurity {
            method: Method::Basic,
            tls: TlsMode::Implicit,
            username: "bob".to_owned(),
            password: Some(Secret::Given("s3cret".to_owned().into())),
            ..OutboundSecurity::DEFAULT
        };
        let manners = Manners::new(&security, Some(30));
        assert_eq!(manners.chosen.security, security);
        let found = &manners.found.security;
        assert_eq!(*found, OutboundSecurity { tls: TlsMode::Required, ..OutboundSecurity::DEFAULT });
        assert_eq!(manners.found.per_minute, Some(30));
    }
}

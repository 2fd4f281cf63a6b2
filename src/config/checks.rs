//! What settings say together: conflicts, which are errors, and warnings, which are not.

mod security;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::setting::Setting;
use super::{Host, Settings, SmartHost};

/// Settings that are right each by itself and wrong together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    /// The keys involved, the likeliest culprit first.
    pub(super) keys: Vec<String>,
    /// What is wrong.
    pub(super) reason: String,
    /// What would be right.
    pub(super) expected: String,
}

/// Something that works, and is probably not what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The key to look at.
    pub key: String,
    /// What follows from it, in one sentence.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

impl Settings {
    /// What an administrator should hear of at start and in `status`, the gravest first.
    pub fn warnings(&self) -> Vec<Warning> {
        let useless = [self.useless_limits(), self.useless_notification()];
        self.open_relay().into_iter().chain(security::warnings(self)).chain(useless.into_iter().flatten()).collect()
    }

    fn open_relay(&self) -> Option<Warning> {
        let beyond =
            listeners(self).map(|(_, address)| address).find(|address| !address.ip().to_canonical().is_loopback())?;
        let (connection, relay) = (&self.access.connection, &self.access.relay.peers);
        let text = format!("everyone who reaches {beyond} may send mail to anyone: this is an open relay");
        (connection.admits_the_world() && relay.admits_the_world())
            .then_some(Warning { key: "access.relay.list".to_owned(), text })
    }

    fn useless_limits(&self) -> Option<Warning> {
        let limits = &self.delivery.connections;
        let (max, per_domain) = (limits.max?, limits.max_per_domain?);
        let text = format!("{per_domain} is never reached, since delivery.outbound_connections.max is {max}");
        (per_domain > max).then_some(Warning { key: "delivery.outbound_connections.max_per_domain".to_owned(), text })
    }

    fn useless_notification(&self) -> Option<Warning> {
        let (notification, expiration) = (self.delivery.delay_notification?, self.delivery.expiration?);
        let text = "no sender ever hears of a delay, since mail is returned before".to_owned();
        (notification >= expiration).then_some(Warning { key: "delivery.delay_notification".to_owned(), text })
    }
}

/// All conflicts.
pub(super) fn conflicts(settings: &Settings) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    conflicts.extend(retry_is_empty(settings));
    conflicts.extend(session_below_message(settings));
    conflicts.extend(listeners_twice(settings));
    conflicts.extend(domains_twice(settings));
    conflicts.extend(smart_host_is_this_server(settings));
    conflicts.extend(security::conflicts(settings));
    conflicts
}

fn retry_is_empty(settings: &Settings) -> Option<Conflict> {
    settings.delivery.retry.is_empty().then(|| Conflict {
        keys: vec!["delivery.retry".to_owned()],
        reason: "no interval is left to wait".to_owned(),
        expected: "at least one, for example [\"15m\"]".to_owned(),
    })
}

/// The old server's rule: its dialog took no session limit below the message limit.
fn session_below_message(settings: &Settings) -> Option<Conflict> {
    let (message, session) = (settings.messages.max_message_size?, settings.messages.max_session_size?);
    (session < message).then(|| Conflict {
        keys: vec!["messages.max_session_size".to_owned(), "messages.max_message_size".to_owned()],
        reason: format!(
            "a session may carry {}, which is less than one message of {}",
            session.write(),
            message.write()
        ),
        expected: "max_session_size to be at least max_message_size, or 0".to_owned(),
    })
}

fn listeners_twice(settings: &Settings) -> Vec<Conflict> {
    let listeners: Vec<_> = listeners(settings).collect();
    let is_first = |index: usize| listeners[..index].iter().all(|(_, address)| *address != listeners[index].1);
    let twice = listeners.iter().enumerate().filter(|(index, _)| !is_first(*index));
    let conflict = |(_, (key, address)): (usize, &(String, SocketAddr))| Conflict {
        keys: vec![key.clone()],
        reason: format!("{address} is listed twice"),
        expected: "each address once".to_owned(),
    };
    twice.filter(|(_, (_, address))| address.port() != 0).map(conflict).collect()
}

/// Where clients connect, in clear or with TLS, and where in the file that stands.
fn listeners(settings: &Settings) -> impl Iterator<Item = (String, SocketAddr)> {
    let lists = [("general.listen", &settings.general.listen), ("general.listen_tls", &settings.general.listen_tls)];
    lists.into_iter().flat_map(|(key, list)| {
        list.iter().enumerate().map(move |(index, address)| (format!("{key}[{}]", index + 1), *address))
    })
}

fn domains_twice(settings: &Settings) -> Vec<Conflict> {
    let domains = &settings.domains;
    let first = |index: usize| domains[..index].iter().position(|earlier| earlier.name == domains[index].name);
    let twice = (0..domains.len()).filter_map(|index| Some((index, first(index)?)));
    let conflict = |(index, first): (usize, usize)| Conflict {
        keys: vec![format!("domain[{}].name", index + 1), format!("domain[{}].name", first + 1)],
        reason: format!("{} is domain[{}] already", domains[index].name, first + 1),
        expected: "each domain once".to_owned(),
    };
    twice.map(conflict).collect()
}

/// Mail for a smart host that is this server would go round for ever.
fn smart_host_is_this_server(settings: &Settings) -> Vec<Conflict> {
    let general = settings.delivery.advanced.smart_host.iter().map(|host| ("delivery.advanced".to_owned(), host));
    let by_domain = settings.domains.iter().enumerate();
    let by_domain = by_domain.filter_map(|(index, d)| Some((format!("domain[{}]", index + 1), d.smart_host.as_ref()?)));
    let looping = general
        .chain(by_domain)
        .filter(|(_, host)| listeners(settings).any(|(_, listener)| leads_to(settings, host, listener)));
    let conflict = |(parent, host): (String, &SmartHost)| Conflict {
        keys: vec![format!("{parent}.smart_host"), "general.listen".to_owned(), "general.hostname".to_owned()],
        reason: format!("the smart host {host} is this server itself, which listens there"),
        expected: "another server, or another port".to_owned(),
    };
    looping.map(conflict).collect()
}

fn leads_to(settings: &Settings, smart_host: &SmartHost, listener: SocketAddr) -> bool {
    let listens_at = listener.ip().to_canonical();
    let reaches = |address: IpAddr| address == listens_at || listens_at.is_unspecified() && address.is_loopback();
    let port = smart_host.port.unwrap_or(settings.delivery.connections.port);
    port == listener.port()
        && match &smart_host.host {
            Host::Address(address) => reaches(*address) || address.is_unspecified(),
            Host::Name(name) if name.as_str() == "localhost" => listens_at.is_loopback() || listens_at.is_unspecified(),
            Host::Name(name) => *name == settings.general.hostname,
        }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn settings(toml: &str) -> Settings {
        crate::config::parse(toml, Path::new("/srv")).unwrap()
    }

    fn warned(toml: &str) -> Vec<String> {
        settings(toml).warnings().into_iter().map(|warning| warning.key).collect()
    }

    #[test]
    fn the_defaults_are_without_a_warning() {
        assert_eq!(warned(""), [""; 0]);
    }

    #[test]
    fn a_relay_open_to_the_world_is_warned_of_beyond_loopback_only() {
        let open = "relay = { mode = \"all-except\", list = [\"192.0.2.1\"] }";
        assert_eq!(warned(&format!("[access]\n{open}")), [""; 0]);
        for listen in ["0.0.0.0:25", "[::]:25", "192.0.2.1:25"] {
            let text = format!("[general]\nlisten = [\"{listen}\"]\n[access]\n{open}");
            assert_eq!(warned(&text), ["access.relay.list"], "{listen}");
        }
        for everyone in ["0.0.0.0/0", "::/0", "0.0.0.0/0.0.0.0"] {
            let relay = format!("relay = {{ list = [\"{everyone}\"] }}");
            assert_eq!(warned(&format!("[general]\nlisten = [\"[::]:25\"]\n[access]\n{relay}")), ["access.relay.list"]);
        }
    }

    #[test]
    fn a_relay_that_only_some_can_reach_is_not_open() {
        let text = "[general]\nlisten = [\"0.0.0.0:25\"]\n[access]\nrelay = { mode = \"all-except\" }\n\
                    connection = { mode = \"only\", list = [\"10.0.0.0/8\"] }";
        assert_eq!(warned(text), [""; 0]);
    }

    #[test]
    fn limits_that_cannot_work_are_warned_of() {
        let text = "[delivery]\ndelay_notification = \"3d\"\n[delivery.outbound_connections]\nmax = 10";
        assert_eq!(warned(text), ["delivery.outbound_connections.max_per_domain", "delivery.delay_notification"]);
    }

    #[test]
    fn every_way_to_name_this_server_as_smart_host_is_a_loop() {
        let loops = [
            ("127.0.0.1:2525", "[127.0.0.1]:2525"),
            ("127.0.0.1:2525", "localhost:2525"),
            ("127.0.0.1:25", "localhost"),
            ("0.0.0.0:2525", "[127.0.0.1]:2525"),
            ("[::]:2525", "[::1]:2525"),
            ("192.0.2.1:2525", "relay.example:2525"),
            ("[::ffff:192.0.2.1]:2525", "[192.0.2.1]:2525"),
        ];
        for (listen, host) in loops {
            let mut settings = settings(&format!("[general]\nhostname = \"relay.example\"\nlisten = [\"{listen}\"]"));
            assert_eq!(conflicts(&settings), []);
            settings.delivery.advanced.smart_host = Some(host.parse().unwrap());
            assert_eq!(conflicts(&settings).len(), 1, "{listen} {host}");
        }
    }

    #[test]
    fn another_port_or_machine_is_no_loop() {
        for host in ["[127.0.0.1]:2526", "localhost", "[192.0.2.1]:2525", "smtp.example:2525"] {
            let settings = settings(&format!("[delivery.advanced]\nsmart_host = \"{host}\""));
            assert_eq!(conflicts(&settings), [], "{host}");
        }
    }
}

//! The settings that are written as text: names, addresses, spans, choices.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::authentication::Way;
use super::{Input, Nothing, Refusal, Setting, in_toml};
use crate::config::fields::Kind;
use crate::config::names::host_name;
use crate::config::{DomainPattern, Grant, Level, Method, Mode, PeerPattern, SmartHost, TlsMode, TokenUrl, duration};
use crate::mail::{Address, Domain};

/// A setting that is written as text and read from nothing else.
trait Phrase: Sized {
    const KIND: Kind = Kind::Text;
    const NAME: &'static str;
    const EXPECTED: &'static str;
    const NOTHING: Nothing = Nothing::Empty;

    fn parse(text: &str, base: &Path) -> Option<Self>;

    fn phrase(&self) -> String;
}

impl<T: Phrase> Setting for T {
    const KIND: Kind = T::KIND;
    const NAME: &'static str = T::NAME;
    const EXPECTED: &'static str = T::EXPECTED;
    const NOTHING: Nothing = T::NOTHING;

    fn read(input: &Input<'_>) -> Result<Self, Vec<Refusal>> {
        input.text().and_then(|text| Self::parse(text, input.base)).ok_or_else(|| input.refusal::<Self>())
    }

    fn write(&self) -> String {
        in_toml(&self.phrase())
    }
}

impl Phrase for Duration {
    const KIND: Kind = Kind::Span;
    const NAME: &'static str = "a time span";
    const EXPECTED: &'static str = "for example \"15m\", \"1h30m\" or \"2d\"";
    const NOTHING: Nothing = Nothing::Zero;

    fn parse(text: &str, _: &Path) -> Option<Self> {
        duration::parse(text).filter(|span| !span.is_zero())
    }

    fn phrase(&self) -> String {
        duration::write(*self)
    }
}

impl Phrase for PathBuf {
    const NAME: &'static str = "a path";
    const EXPECTED: &'static str = "a file or folder";

    fn parse(text: &str, base: &Path) -> Option<Self> {
        (!text.is_empty() && !text.contains('\0')).then(|| base.join(text))
    }

    fn phrase(&self) -> String {
        self.to_string_lossy().into_owned()
    }
}

impl Phrase for Domain {
    const NAME: &'static str = "a host name";
    const EXPECTED: &'static str = "for example \"mail.example.com\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        host_name(text)
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

impl Phrase for DomainPattern {
    const NAME: &'static str = "a domain";
    const EXPECTED: &'static str = "for example \"partner.example\" or \"*.partner.example\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        match text.strip_prefix("*.") {
            Some(parent) => host_name(parent).map(Self::Below),
            None => host_name(text).map(Self::Exact),
        }
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

impl Phrase for Address {
    const NAME: &'static str = "a mail address";
    const EXPECTED: &'static str = "for example \"postmaster@example.com\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        Self::parse(text, true).ok()
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

impl Phrase for SmartHost {
    const NAME: &'static str = "a smart host";
    const EXPECTED: &'static str = "for example \"smtp.example.com:587\" or \"[192.0.2.10]\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok()
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

impl Phrase for PeerPattern {
    const NAME: &'static str = "an address, network or domain";
    const EXPECTED: &'static str =
        "for example \"192.0.2.1\", \"192.0.2.0/24\", \"192.0.2.0/255.255.255.0\" or \"example.com\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok()
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

/// An address to listen on. Port 0 takes a free one.
impl Phrase for SocketAddr {
    const NAME: &'static str = "an IP address with a port";
    const EXPECTED: &'static str = "for example \"127.0.0.1:2525\" or \"[::1]:25\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok()
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

/// The address of a DNS server, on port 53 if nothing else is said.
pub(in crate::config) struct NameServer(pub(in crate::config) SocketAddr);

impl Phrase for NameServer {
    const NAME: &'static str = "an IP address";
    const EXPECTED: &'static str = "for example \"192.0.2.53\" or \"127.0.0.1:5353\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        let alone = || text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53));
        text.parse().or_else(|_| alone()).ok().map(Self)
    }

    fn phrase(&self) -> String {
        self.0.to_string()
    }
}

/// A text that stands in one line of a dialogue; perhaps empty.
impl Phrase for String {
    const NAME: &'static str = "a text of one line";
    const EXPECTED: &'static str = "a text without control characters";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        (!text.contains(char::is_control)).then(|| text.to_owned())
    }

    fn phrase(&self) -> String {
        self.clone()
    }
}

impl Phrase for TokenUrl {
    const NAME: &'static str = "the address of a token endpoint";
    const EXPECTED: &'static str = "https://HOST/PATH, or http:// on this machine as \"http://127.0.0.1:8080/token\"";

    fn parse(text: &str, _: &Path) -> Option<Self> {
        text.parse().ok()
    }

    fn phrase(&self) -> String {
        self.to_string()
    }
}

/// A type of a few words, all of which it knows as `ALL`.
macro_rules! choice {
    ($type:ty, $name:literal, $expected:literal, [$($word:literal),+]) => {
        impl Phrase for $type {
            const KIND: Kind = Kind::Choice(&[$($word),+]);
            const NAME: &'static str = $name;
            const EXPECTED: &'static str = $expected;

            fn parse(text: &str, _: &Path) -> Option<Self> {
                Self::ALL.into_iter().find(|choice| choice.as_str() == text)
            }

            fn phrase(&self) -> String {
                self.as_str().to_owned()
            }
        }
    };
}

choice!(Mode, "a mode", r#""only" or "all-except""#, ["only", "all-except"]);
choice!(
    Level,
    "a level",
    r#""error", "warn", "info", "debug" or "trace""#,
    ["error", "warn", "info", "debug", "trace"]
);
choice!(Way, "a way to log in", r#""anonymous", "basic" or "integrated""#, ["anonymous", "basic", "integrated"]);
choice!(
    Method,
    "a way to log in",
    r#""anonymous", "basic", "integrated" or "xoauth2""#,
    ["anonymous", "basic", "integrated", "xoauth2"]
);
choice!(
    TlsMode,
    "a way to use TLS",
    r#""none", "opportunistic", "required" or "implicit""#,
    ["none", "opportunistic", "required", "implicit"]
);
choice!(
    Grant,
    "a grant",
    r#""client_credentials", "device_code" or "service_account""#,
    ["client_credentials", "device_code", "service_account"]
);

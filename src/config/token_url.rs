//! The address of a token endpoint: HTTPS, or HTTP that never leaves this machine.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::names::host_name;

/// An absolute `https://` address, or `http://` to a loopback address or `localhost`; without user, password and
/// fragment, in visible ASCII.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenUrl(String);

/// The text is no address to which a secret may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected https://HOST/PATH; http:// is for this machine only, as http://127.0.0.1:8080/token")]
pub struct TokenUrlError;

impl TokenUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenUrl {
    type Err = TokenUrlError;

    fn from_str(text: &str) -> Result<Self, TokenUrlError> {
        // A backslash is a slash to some readers of addresses, and would move the end of the host.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>".contains(&byte)) {
            return Err(TokenUrlError);
        }
        let (scheme, rest) = text.split_once("://").ok_or(TokenUrlError)?;
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let host = host_of(authority).ok_or(TokenUrlError)?;
        let is_address = host.parse::<IpAddr>();
        let allowed = match scheme.to_ascii_lowercase().as_str() {
            "https" => is_address.is_ok() || host_name(host).is_some(),
            "http" => is_address.map_or(host == "localhost", |address| address.to_canonical().is_loopback()),
            _ => false,
        };
        if allowed { Ok(Self(text.to_owned())) } else { Err(TokenUrlError) }
    }
}

/// The host without brackets and port; `None` if there is more than these, or a port that is none.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map(|(host, rest)| (host, rest.strip_prefix(':').or(none_of(rest))))?,
        None => authority.split_once(':').map_or((authority, Some("443")), |(host, port)| (host, Some(port))),
    };
    port?.parse::<u16>().ok().filter(|&port| port > 0).map(|_| host)
}

/// The port where nothing follows the brackets.
fn none_of(rest: &str) -> Option<&'static str> {
    rest.is_empty().then_some("443")
}

impl fmt::Display for TokenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_goes_anywhere_and_http_to_this_machine_only() {
        for right in [
            "https://login.example/tenant/oauth2/v2.0/token",
            "HTTPS://login.example:8443/token?a=b",
            "https://[2001:db8::1]/token",
            "http://127.0.0.1:8080/token",
            "http://127.9.9.9/",
            "http://[::1]:80/token",
            "http://localhost/token",
        ] {
            assert_eq!(right.parse::<TokenUrl>().map(|url| url.to_string()), Ok(right.to_owned()));
        }
        for wrong in [
            "",
            "login.example/token",
            "ftp://login.example/token",
            "https://",
            "https:///token",
            "https://a b/token",
            "https://login.example:0/token",
            "https://login.example:x/token",
            "https://[::1]x/token",
            "https://user:pass@login.example/token",
            "https://login.example/token#fragment",
            "https://login.example\\@evil.example/",
            "https://login.example/\r\nHost: evil.example",
            "http://login.example/token",
            "http://127.0.0.1.evil.example/token",
            "http://127.0.0.1@evil.example/token",
            "http://localhost.evil.example/token",
            "http://192.0.2.1/token",
            "http://0.0.0.0/token",
        ] {
            assert_eq!(wrong.parse::<TokenUrl>(), Err(TokenUrlError), "{wrong}");
        }
    }
}

//! Where a token comes from, as the settings say it, and what its endpoint is asked.

use crate::config::{Grant, OAuth, TokenUrl};

use super::error::OAuthError;

/// Microsoft's endpoints are below this, with the tenant between.
const MICROSOFT: &str = "https://login.microsoftonline.com";
/// Google's token endpoint.
const GOOGLE: &str = "https://oauth2.googleapis.com/token";

/// What the settings say of a token: where it comes from, and for which mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    pub(super) oauth: OAuth,
    pub(super) mailbox: String,
}

impl Source {
    /// The source of tokens for a mailbox.
    pub fn new(oauth: &OAuth, mailbox: &str) -> Self {
        Self { oauth: oauth.clone(), mailbox: mailbox.to_owned() }
    }

    /// The token endpoint; `of_key` is what the key file of a service account names.
    pub(super) fn token_url(&self, of_key: Option<&TokenUrl>) -> Result<TokenUrl, OAuthError> {
        if let Some(url) = &self.oauth.token_url {
            return Ok(url.clone());
        }
        match (self.oauth.grant, of_key) {
            (Grant::ServiceAccount, Some(url)) => Ok(url.clone()),
            (Grant::ServiceAccount, None) => made(GOOGLE),
            _ => self.microsoft("token"),
        }
    }

    /// The endpoint that gives a code for a login elsewhere, beside the token endpoint.
    pub(super) fn device_url(&self) -> Result<TokenUrl, OAuthError> {
        let Some(url) = &self.oauth.token_url else { return self.microsoft("devicecode") };
        let url = url.as_str();
        let name = if url.starts_with("https://oauth2.googleapis.com/") { "device/code" } else { "devicecode" };
        let beside = url.strip_suffix("token").map(|folder| format!("{folder}{name}"));
        made(&beside.ok_or(OAuthError::Settings("oauth.token_url must end in \"token\" for a login with a code"))?)
    }

    fn microsoft(&self, name: &str) -> Result<TokenUrl, OAuthError> {
        if self.oauth.tenant.is_empty() {
            return Err(OAuthError::Settings(
                "neither oauth.tenant nor oauth.token_url says where the token comes from",
            ));
        }
        made(&format!("{MICROSOFT}/{}/oauth2/v2.0/{name}", self.oauth.tenant))
    }

    /// What the token is asked for. A login is for nothing without a refresh token, which Microsoft gives only if asked.
    pub(super) fn scope(&self) -> String {
        let scope = self.oauth.scope.as_str();
        match self.oauth.grant {
            Grant::ClientCredentials if scope.is_empty() => "https://outlook.office365.com/.default".to_owned(),
            Grant::ServiceAccount if scope.is_empty() => "https://mail.google.com/".to_owned(),
            Grant::DeviceCode if scope.is_empty() => "https://outlook.office.com/SMTP.Send offline_access".to_owned(),
            Grant::DeviceCode if !self.oauth.tenant.is_empty() && !scope.contains("offline_access") => {
                format!("{scope} offline_access")
            }
            _ => scope.to_owned(),
        }
    }
}

fn made(url: &str) -> Result<TokenUrl, OAuthError> {
    url.parse().map_err(|_| OAuthError::Settings("oauth.tenant is no tenant"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OutboundSecurity;

    fn source(change: impl FnOnce(&mut OAuth)) -> Source {
        let mut oauth = OutboundSecurity::DEFAULT.oauth;
        change(&mut oauth);
        Source::new(&oauth, "box@corp.example")
    }

    #[test]
    fn the_endpoints_follow_from_the_tenant_or_the_grant() {
        let microsoft = source(|oauth| oauth.tenant = "corp.example".to_owned());
        let url = microsoft.token_url(None).unwrap();
        assert_eq!(url.as_str(), "https://login.microsoftonline.com/corp.example/oauth2/v2.0/token");
        let url = microsoft.device_url().unwrap();
        assert_eq!(url.as_str(), "https://login.microsoftonline.com/corp.example/oauth2/v2.0/devicecode");
        let google = source(|oauth| oauth.grant = Grant::ServiceAccount);
        assert_eq!(google.token_url(None).unwrap().as_str(), GOOGLE);
        let of_key = "https://token.example/".parse().unwrap();
        assert_eq!(google.token_url(Some(&of_key)).unwrap(), of_key);
        assert!(source(|_| ()).token_url(None).is_err());
    }

    #[test]
    fn an_endpoint_in_the_settings_wins() {
        let own = source(|oauth| oauth.token_url = Some("http://127.0.0.1:9/a/token".parse().unwrap()));
        assert_eq!(own.token_url(Some(&GOOGLE.parse().unwrap())).unwrap().as_str(), "http://127.0.0.1:9/a/token");
        assert_eq!(own.device_url().unwrap().as_str(), "http://127.0.0.1:9/a/devicecode");
        let google = source(|oauth| oauth.token_url = Some(GOOGLE.parse().unwrap()));
        assert_eq!(google.device_url().unwrap().as_str(), "https://oauth2.googleapis.com/device/code");
        let odd = source(|oauth| oauth.token_url = Some("https://token.example/".parse().unwrap()));
        assert!(odd.device_url().is_err());
    }

    #[test]
    fn a_login_asks_for_a_refresh_token() {
        let scope = |grant, scope: &str| source(|oauth| (oauth.grant, oauth.scope) = (grant, scope.to_owned())).scope();
        assert_eq!(scope(Grant::ClientCredentials, ""), "https://outlook.office365.com/.default");
        assert_eq!(scope(Grant::DeviceCode, ""), "https://outlook.office.com/SMTP.Send offline_access");
        assert_eq!(scope(Grant::ServiceAccount, "x"), "x");
        let with_tenant = source(|oauth| {
            (oauth.grant, oauth.scope, oauth.tenant) = (Grant::DeviceCode, "x".to_owned(), "t".to_owned());
        });
        assert_eq!(with_tenant.scope(), "x offline_access");
    }
}

//! What the settings of TLS and of logins say together, in both directions.

use super::{Conflict, Warning};
use crate::config::{Grant, Method, OutboundSecurity, Settings, TlsMode};

/// All conflicts.
pub(super) fn conflicts(settings: &Settings) -> Vec<Conflict> {
    let mut conflicts: Vec<_> = certificate_in_part(settings).into_iter().collect();
    conflicts.extend(tls_without_certificate(settings));
    for (path, security) in all(settings) {
        conflicts.extend(missing(&path, security));
        conflicts.extend(no_tenant(&path, security));
    }
    conflicts
}

/// All that works and is probably not meant, the gravest first.
pub(super) fn warnings(settings: &Settings) -> Vec<Warning> {
    let outbound = || all(settings);
    let in_clear = outbound().filter_map(|(path, security)| login_in_clear(&path, security));
    let unverified = outbound().filter_map(|(path, security)| login_to_anyone(&path, security));
    in_clear.chain(unverified).chain(login_for_nobody(settings)).collect()
}

/// The security of all mail and that of each remote domain which has its own, with the paths of their tables.
fn all(settings: &Settings) -> impl Iterator<Item = (String, &OutboundSecurity)> {
    let own = settings.domains.iter().enumerate();
    let own = own.filter_map(|(index, d)| Some((format!("domain[{}].security", index + 1), d.security.as_ref()?)));
    std::iter::once(("delivery.outbound_security".to_owned(), &settings.delivery.security)).chain(own)
}

fn certificate_in_part(settings: &Settings) -> Option<Conflict> {
    let access = &settings.access;
    let (given, missing) = match (&access.certificate, &access.private_key) {
        (Some(_), None) => ("certificate", "private_key"),
        (None, Some(_)) => ("private_key", "certificate"),
        _ => return None,
    };
    Some(Conflict {
        keys: vec![format!("access.{missing}"), format!("access.{given}")],
        reason: format!("there is a {given} without a {missing}"),
        expected: "both, or neither".to_owned(),
    })
}

fn tls_without_certificate(settings: &Settings) -> Vec<Conflict> {
    let (access, listen_tls) = (&settings.access, &settings.general.listen_tls);
    let needs = [("access.require_tls", access.require_tls), ("general.listen_tls", !listen_tls.is_empty())];
    let lacks = access.certificate.is_none() && access.private_key.is_none();
    let conflict = |(key, _): (&str, bool)| Conflict {
        keys: vec![key.to_owned(), "access.certificate".to_owned()],
        reason: "there is no certificate, and so no TLS".to_owned(),
        expected: "access.certificate and access.private_key; `mailroot config certificate` makes both".to_owned(),
    };
    needs.into_iter().filter(|(_, needs)| *needs && lacks).map(conflict).collect()
}

/// What a login needs and does not have. The keys that say which login it is come last: a problem is noted there where
/// the file says nothing of what is missing.
fn missing(path: &str, security: &OutboundSecurity) -> Option<Conflict> {
    let needs: Vec<_> = needs(security).into_iter().filter(|need| need.is_missing).collect();
    let listed = |what: Vec<String>| what.join(" and ");
    let names = || needs.iter().map(|need| need.key);
    let keys = names().chain(["oauth.grant", "method"]).map(|key| format!("{path}.{key}"));
    let method = security.method.as_str();
    (!needs.is_empty()).then(|| Conflict {
        keys: keys.collect(),
        reason: format!("\"{method}\" needs {}", listed(needs.iter().map(|need| need.what.to_owned()).collect())),
        expected: listed(names().map(|key| format!("{path}.{key}")).collect()),
    })
}

/// Something that a login cannot do without.
struct Need {
    key: &'static str,
    what: &'static str,
    is_missing: bool,
}

fn needs(security: &OutboundSecurity) -> Vec<Need> {
    let oauth = &security.oauth;
    let need = |key, what, is_missing| Need { key, what, is_missing };
    let endpoint_is_missing = oauth.tenant.is_empty() && oauth.token_url.is_none();
    let application = [
        need("oauth.client_id", "an application id", oauth.client_id.is_empty()),
        need("oauth.tenant", "a tenant or a token endpoint", endpoint_is_missing),
    ];
    let password = || need("password", "a password", security.password.is_none());
    let secret = || need("oauth.client_secret", "a client secret", oauth.client_secret.is_none());
    let account = || need("oauth.service_account", "the key file of an account", oauth.service_account.is_none());
    let more = match (security.method, oauth.grant) {
        (Method::Anonymous, _) => return Vec::new(),
        (Method::Basic | Method::Integrated, _) => vec![password()],
        (Method::XOAuth2, Grant::ClientCredentials) => application.into_iter().chain([secret()]).collect(),
        (Method::XOAuth2, Grant::DeviceCode) => application.into(),
        (Method::XOAuth2, Grant::ServiceAccount) => vec![account()],
    };
    let user = need("username", "a user name", security.username.is_empty());
    std::iter::once(user).chain(more).collect()
}

/// The tenant stands in the path of the token endpoint.
fn no_tenant(path: &str, security: &OutboundSecurity) -> Option<Conflict> {
    let tenant = &security.oauth.tenant;
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let is_one = tenant.bytes().all(is_safe) && !tenant.contains("..");
    (!is_one).then(|| Conflict {
        keys: vec![format!("{path}.oauth.tenant")],
        reason: "that is no tenant".to_owned(),
        expected: "its id, or a domain of it, for example \"contoso.onmicrosoft.com\"".to_owned(),
    })
}

fn login_in_clear(path: &str, security: &OutboundSecurity) -> Option<Warning> {
    let method = security.method.as_str();
    let text = format!("the login by \"{method}\" goes over the network in clear, and whoever sees it can use it");
    (security.logs_in() && security.tls == TlsMode::None).then(|| Warning { key: format!("{path}.tls"), text })
}

fn login_to_anyone(path: &str, security: &OutboundSecurity) -> Option<Warning> {
    let text = "the login is sent to whoever answers, since the certificate is not verified".to_owned();
    let in_tls = security.tls != TlsMode::None;
    (security.logs_in() && in_tls && !security.verify).then(|| Warning { key: format!("{path}.verify"), text })
}

/// A login is offered that nobody can use.
fn login_for_nobody(settings: &Settings) -> Option<Warning> {
    let access = &settings.access;
    let nobody = access.certificate.is_none() && access.auth_without_tls.entries.is_empty();
    let none = if access.authentication.anonymous { "nobody can log in" } else { "nobody can send mail" };
    let text = format!("{none}: there is no certificate for TLS, and access.auth_without_tls lists nobody");
    let key = "access.authentication".to_owned();
    (access.authentication.offers_login() && nobody).then_some(Warning { key, text })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::parse;

    fn warned(text: &str) -> Vec<String> {
        parse(text, Path::new("/srv")).unwrap().warnings().into_iter().map(|warning| warning.key).collect()
    }

    #[test]
    fn a_login_in_clear_is_warned_of_and_one_in_opportunistic_tls_is_not() {
        let login = "[delivery.outbound_security]\nmethod = \"basic\"\nusername = \"u\"\npassword = \"p\"\n";
        assert_eq!(warned(login), [""; 0]);
        assert_eq!(warned(&format!("{login}tls = \"none\"\n")), ["delivery.outbound_security.tls"]);
        assert_eq!(warned(&format!("{login}verify = false\n")), ["delivery.outbound_security.verify"]);
        assert_eq!(warned("[delivery.outbound_security]\ntls = \"none\"\nverify = false\n"), [""; 0]);
        let own = "[[domain]]\nname = \"a.example\"\nsecurity = { method = \"integrated\", tls = \"none\", username = \
                   \"u\", password = { env = \"P\" } }\n";
        assert_eq!(warned(own), ["domain[1].security.tls"]);
    }

    #[test]
    fn a_way_in_that_nobody_can_take_is_warned_of() {
        let basic = "[access]\nauthentication = [\"basic\"]\n";
        assert_eq!(warned(basic), ["access.authentication"]);
        assert_eq!(warned(&format!("{basic}auth_without_tls = [\"10.0.0.0/8\"]\n")), [""; 0]);
        assert_eq!(warned(&format!("{basic}certificate = \"c.pem\"\nprivate_key = \"k.pem\"\n")), [""; 0]);
    }
}

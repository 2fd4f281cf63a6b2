//! Where the settings need a token.

use crate::config::{Grant, Method, OutboundSecurity, Settings};
use crate::text::quoted;

/// Where the settings need a token: for all mail (`None`), or for a remote domain by its name.
pub fn needs(settings: &Settings) -> impl Iterator<Item = (Option<String>, &OutboundSecurity)> {
    let domains = settings.domains.iter().filter_map(|domain| {
        let security = domain.security.as_ref()?;
        Some((Some(domain.name.to_string()), security))
    });
    let all = std::iter::once((None, &settings.delivery.security)).chain(domains);
    all.filter(|(_, security)| security.method == Method::XOAuth2)
}

/// Where a token comes by a login with a code: for a remote domain with security of its own, or for all other mail. If
/// it does not, a sentence says why.
pub fn by_code<'a>(settings: &'a Settings, domain: Option<&str>) -> Result<&'a OutboundSecurity, String> {
    let wanted = domain.map(str::to_ascii_lowercase);
    let place = wanted.as_deref().map_or_else(
        || "delivery.outbound_security".to_owned(),
        |domain| format!("security of the [[domain]] {}", quoted(domain)),
    );
    let found = needs(settings).find(|(name, _)| *name == wanted).map(|(_, security)| security);
    let found = found.ok_or_else(|| format!("{place}: method is not \"xoauth2\""))?;
    match found.oauth.grant {
        Grant::DeviceCode => Ok(found),
        Grant::ClientCredentials | Grant::ServiceAccount => {
            Err(format!("{place}: oauth.grant is not \"device_code\", so that no person has to log in"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn settings(text: &str) -> Settings {
        crate::config::load_text(Path::new("/relay/config/mailroot.toml"), text).unwrap()
    }

    #[test]
    fn a_login_is_for_what_the_settings_say_comes_by_a_code() {
        let settings = settings(
            "[delivery.outbound_security]\nmethod = \"xoauth2\"\nusername = \"a@corp.example\"\ntls = \"required\"\n\
             oauth = { tenant = \"t\", client_id = \"c\", client_secret = \"s\" }\n[[domain]]\nname = \"B.example\"\n\
             security = { method = \"xoauth2\", username = \"b@corp.example\", tls = \"required\", oauth = { tenant = \
             \"t\", client_id = \"c\", grant = \"device_code\" } }\n[[domain]]\nname = \"c.example\"\n",
        );
        let names: Vec<_> = needs(&settings).map(|(name, security)| (name, security.username.as_str())).collect();
        assert_eq!(names, [(None, "a@corp.example"), (Some("b.example".to_owned()), "b@corp.example")]);
        assert_eq!(by_code(&settings, Some("b.EXAMPLE")).unwrap().username, "b@corp.example");
        assert!(by_code(&settings, None).unwrap_err().contains("no person has to log in"));
        assert!(by_code(&settings, Some("c.example")).unwrap_err().contains("[[domain]] \"c.example\": method is not"));
    }
}

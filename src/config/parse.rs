//! From text to typed settings, or to everything that is wrong with it.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use super::checks;
use super::document::Document;
use super::fields::{DOMAIN, Field, SECTIONS, domain_fields, fields};
use super::names::machine_name;
use super::problem::Problem;
use super::setting::{Input, in_toml};
use super::suggest::no_such_key;
use super::{Domain, DomainPattern, Settings};

/// The settings that `text` means, with relative paths starting at `base`, which is absolute; or all problems
/// of it, in the order of the text. If the text is no TOML, only the places where it is none.
pub fn parse(text: &str, base: &Path) -> Result<Settings, Vec<Problem>> {
    let document = Document::parse(text)?;
    let mut reader = Reader { document: &document, base, problems: Vec::new() };
    reader.refuse_unknown(document.root(), "");
    let settings = reader.settings();
    reader.check(&settings);
    if reader.problems.is_empty() {
        return Ok(settings);
    }
    reader.problems.sort_by_key(|problem| problem.at);
    Err(reader.problems)
}

struct Reader<'a> {
    document: &'a Document<'a>,
    base: &'a Path,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// The settings, with the default wherever a value was refused.
    fn settings(&mut self) -> Settings {
        let mut settings = Settings::defaults(self.base);
        for field in fields() {
            if let Some(value) = self.document.value(field.key) {
                self.take(field, field.key, value, &mut settings);
            }
        }
        let domains = self.document.value("domain").and_then(|value| value.get_ref().as_array());
        for (index, value) in domains.into_iter().flatten().enumerate() {
            if value.get_ref().is_table() {
                let domain = self.domain(&format!("domain[{}]", index + 1), value.span());
                settings.domains.push(domain);
            }
        }
        settings
    }

    /// One `[[domain]]`. Where its name was refused it is called like this machine, and the problem noted here
    /// keeps it from ever being used.
    fn domain(&mut self, path: &str, span: Range<usize>) -> Domain {
        let mut domain = Domain::new(DomainPattern::Exact(machine_name()));
        for field in domain_fields() {
            let key = format!("{path}.{}", field.key);
            match self.document.value(&key) {
                Some(value) => self.take(field, &key, value, &mut domain),
                None if field.default.is_empty() => self.note(&key, span.clone(), "missing", None),
                None => {}
            }
        }
        domain
    }

    /// Takes a value of the file into `settings`, or notes what is wrong with it.
    fn take<S: Clone>(&mut self, field: &Field<S>, key: &str, value: &Spanned<DeValue<'a>>, settings: &mut S) {
        if let Err(refusals) = field.read(settings, &Input { value, base: self.base }) {
            self.problems.extend(refusals.into_iter().map(|refusal| self.document.refused(key, refusal)));
        }
    }

    /// Notes every key below `value` that is none of ours, and what is no table where a section belongs.
    fn refuse_unknown(&mut self, value: &Spanned<DeValue<'a>>, path: &str) {
        let Some(table) = value.get_ref().as_table() else {
            return self.note(path, value.span(), "not a section", Some(format!("[{path}] with keys below it")));
        };
        for (name, value) in table {
            let key = below(path, name.get_ref());
            if key == "domain" {
                self.refuse_unknown_of_domains(value);
            } else if SECTIONS.iter().any(|section| section.path == key) {
                self.refuse_unknown(value, &key);
            } else if !fields().any(|field| field.key == key) {
                self.note_unknown(&key, name.span());
            }
        }
    }

    fn refuse_unknown_of_domains(&mut self, value: &Spanned<DeValue<'a>>) {
        let expected = || Some("[[domain]] with keys below it".to_owned());
        let Some(domains) = value.get_ref().as_array() else {
            return self.note("domain", value.span(), "not a list of domains", expected());
        };
        for (index, value) in domains.iter().enumerate() {
            let domain = format!("domain[{}]", index + 1);
            if value.get_ref().is_table() {
                self.refuse_unknown_of_domain(value, &domain, "");
            } else {
                self.note(&domain, value.span(), "not a domain", expected());
            }
        }
    }

    /// Notes every key of a `[[domain]]` below `path` that is none of ours. What is no table where one belongs is
    /// refused as the value it is.
    fn refuse_unknown_of_domain(&mut self, value: &Spanned<DeValue<'a>>, domain: &str, path: &str) {
        for (name, value) in value.get_ref().as_table().into_iter().flatten() {
            let key = below(path, name.get_ref());
            let is_field = domain_fields().any(|field| field.key == key);
            let is_section = DOMAIN.iter().any(|section| section.path == key);
            if is_section && value.get_ref().is_table() {
                self.refuse_unknown_of_domain(value, domain, &key);
            } else if !is_section && !is_field {
                self.note_unknown(&format!("{domain}.{key}"), name.span());
            } else if !is_field {
                let expected = Some(format!("a table with keys of [delivery.outbound_{key}]"));
                self.note(&format!("{domain}.{key}"), value.span(), "not a table", expected);
            }
        }
    }

    /// Notes values that are right each by itself and wrong together, unless one of them was refused anyway.
    fn check(&mut self, settings: &Settings) {
        for conflict in checks::conflicts(settings) {
            let refused = self.problems.iter().any(|problem| conflict.keys.contains(&problem.key));
            let given = conflict.keys.iter().find_map(|key| Some((key, self.document.value(key)?)));
            if let (false, Some((key, value))) = (refused, given) {
                self.note(key, value.span(), &conflict.reason, Some(conflict.expected));
            }
        }
    }

    fn note_unknown(&mut self, key: &str, span: Range<usize>) {
        self.note(key, span, &no_such_key(key), None);
    }

    fn note(&mut self, key: &str, span: Range<usize>, reason: &str, expected: Option<String>) {
        self.problems.push(self.document.problem(key, span.start, reason.to_owned(), expected));
    }
}

/// The key of a name in the table at `path`. In quotes a name may look like a path, or like the top of the file, and is
/// neither.
fn below(path: &str, name: &str) -> String {
    let is_bare = !name.is_empty() && !name.contains('.');
    let name = if is_bare { name.to_owned() } else { in_toml(name) };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Authentication, Grant, Method, OutboundSecurity, Secret, TlsMode};

    fn settings(text: &str) -> Settings {
        parse(text, Path::new("/srv")).unwrap()
    }

    #[test]
    fn both_sides_of_encryption_and_identity_are_read() {
        let settings = settings(
            "[general]\nlisten_tls = [\"127.0.0.1:465\"]\n\
             [access]\nauthentication = [\"basic\", \"integrated\"]\nrequire_tls = true\ncertificate = \"c.pem\"\n\
             private_key = \"/etc/k.pem\"\nauth_without_tls = [\"10.0.0.0/8\"]\nusers = \"users.toml\"\n\
             [delivery.outbound_security]\nmethod = \"xoauth2\"\ntls = \"implicit\"\nverify = false\nca_file = \"ca.pem\"\n\
             username = \"box@a.example\"\n\
             oauth = { grant = \"device_code\", client_id = \"c\", token_url = \"http://127.0.0.1/token\", \
             client_secret = { file = \"secret\" } }\n\
             [delivery.outbound_connections]\nmax_messages_per_minute = 30\n",
        );
        assert_eq!(settings.general.listen_tls, ["127.0.0.1:465".parse().unwrap()]);
        let access = &settings.access;
        assert_eq!(access.authentication, Authentication { anonymous: false, basic: true, integrated: true });
        assert!(access.require_tls && access.auth_without_tls.admits("10.1.2.3".parse().unwrap(), None));
        assert!(!access.auth_without_tls.admits("192.0.2.1".parse().unwrap(), None));
        assert_eq!(access.certificate.as_deref(), Some(Path::new("/srv/c.pem")));
        assert_eq!(access.private_key.as_deref(), Some(Path::new("/etc/k.pem")));
        assert_eq!(access.users, Path::new("/srv/users.toml"));
        let security = settings.security_of(None);
        assert_eq!((security.method, security.tls, security.verify), (Method::XOAuth2, TlsMode::Implicit, false));
        assert_eq!(security.oauth.grant, Grant::DeviceCode);
        assert_eq!(security.oauth.client_secret, Some(Secret::File("/srv/secret".into())));
        assert_eq!(settings.max_messages_per_minute(None), Some(30));
    }

    #[test]
    fn the_security_of_a_remote_domain_takes_nothing_from_the_general_one() {
        let general = "[delivery.outbound_security]\ntls = \"required\"\nca_file = \"ca.pem\"\n";
        let domain =
            |security| settings(&format!("{general}[[domain]]\nname = \"a.example\"\nsecurity = {security}\n"));
        for none in ["\"\"", "''"] {
            let settings = domain(none);
            assert_eq!(settings.security_of(settings.domains.first()).tls, TlsMode::Required, "{none}");
        }
        let settings = domain("{}");
        assert_eq!(*settings.security_of(settings.domains.first()), OutboundSecurity::DEFAULT);
        let settings = domain("{ tls = \"none\" }");
        let own = settings.security_of(settings.domains.first());
        assert_eq!(*own, OutboundSecurity { tls: TlsMode::None, ..OutboundSecurity::DEFAULT });
    }

    #[test]
    fn the_limit_of_a_remote_domain_is_its_own_or_none_or_the_general_one() {
        let general = "[delivery.outbound_connections]\nmax_messages_per_minute = 30\n";
        for (own, limit) in [("5", Some(5)), ("0", None), ("\"\"", Some(30))] {
            let text = format!("{general}[[domain]]\nname = \"a.example\"\nmax_messages_per_minute = {own}\n");
            let settings = settings(&text);
            assert_eq!(settings.max_messages_per_minute(settings.domains.first()), limit, "{own}");
        }
    }

    #[test]
    fn no_picture_of_the_settings_tells_a_secret() {
        let settings = settings(
            "[delivery.outbound_security]\npassword = \"s3cret\"\noauth = { client_secret = \"s3cret\" }\n\
             [[domain]]\nname = \"a.example\"\nsecurity = { password = \"s3cret\" }\n",
        );
        let effective = settings.effective(Path::new("/srv"));
        let one_line = settings.domains[0].in_one_line();
        assert!(!format!("{settings:?} {effective:?} {one_line}").contains("s3cret"), "{one_line}");
        let before = Settings::defaults(Path::new("/srv"));
        let differences = crate::config::differences(&before, &settings);
        assert!(differences.len() == 3 && !format!("{differences:?}").contains("s3cret"), "{differences:?}");
    }
}

//! The secrets in the text of a settings file: where they stand, and how the text looks without them.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;
use zeroize::Zeroizing;

use super::document::Document;
use super::fields::{Kind, domain_fields, fields};

/// What stands for each line of a secret.
const MASK: &str = "********";

/// A secret that stands in a text itself, and not only where it is kept.
pub(crate) struct Given {
    /// Its key: `domain[2].security.password`.
    pub(crate) key: String,
    /// The octets of the text it takes, quotes included.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) secret: Zeroizing<String>,
}

/// The text of a settings file with a mask in place of every secret, line by line: the lines are as many as before. Of a
/// text that is no TOML only the lines without a value are shown.
pub fn masked(text: &str) -> String {
    let Ok(document) = Document::parse(text) else {
        return text.split_inclusive('\n').map(without_value).collect();
    };
    let mut spans: Vec<_> = secrets(&document).flat_map(|(_, value)| leaves(value)).collect();
    spans.sort_by_key(|span| span.start);
    let mask = |span: &Range<usize>| {
        let lines: Vec<_> = text.get(span.clone()).unwrap_or_default().split('\n').map(|_| MASK).collect();
        lines.join("\n")
    };
    with_others(text, spans.iter().map(|span| (span.clone(), mask(span))))
}

/// The secrets that stand in the text itself, in its order; `None` if it is no TOML.
pub(crate) fn given(text: &str) -> Option<Vec<Given>> {
    let document = Document::parse(text).ok()?;
    let of_text = |(key, value): (String, &Spanned<DeValue<'_>>)| {
        let secret = value.get_ref().as_str().filter(|secret| !secret.is_empty())?.to_owned();
        Some(Given { key, span: value.span(), secret: secret.into() })
    };
    let mut given: Vec<_> = secrets(&document).filter_map(of_text).collect();
    given.sort_by_key(|given| given.span.start);
    Some(given)
}

/// The secrets that stand in `text` and not in the text `before`.
pub(crate) fn new(before: &str, text: &str) -> Vec<Given> {
    let known = given(before).unwrap_or_default();
    let is_new = |given: &Given| known.iter().all(|known| known.secret != given.secret);
    given(text).unwrap_or_default().into_iter().filter(is_new).collect()
}

/// The text with others in place of some of its parts, which come in its order.
pub(crate) fn with_others(text: &str, parts: impl IntoIterator<Item = (Range<usize>, String)>) -> String {
    let (mut whole, mut from) = (String::new(), 0);
    for (span, other) in parts {
        whole.push_str(text.get(from..span.start).unwrap_or_default());
        whole.push_str(&other);
        from = span.end;
    }
    whole + text.get(from..).unwrap_or_default()
}

/// The values of the keys of secrets, with the keys.
fn secrets<'d, 'a>(document: &'d Document<'a>) -> impl Iterator<Item = (String, &'d Spanned<DeValue<'a>>)> {
    let domains = document.value("domain").and_then(|domains| domains.get_ref().as_array()).map_or(0, |all| all.len());
    let of_domain = |number: usize| {
        let secrets = domain_fields().filter(|field| field.kind() == Kind::Secret);
        secrets.map(move |field| format!("domain[{number}].{}", field.key))
    };
    let general = fields().filter(|field| field.kind() == Kind::Secret).map(|field| field.key.to_owned());
    let keys = general.chain((1..=domains).flat_map(of_domain));
    keys.filter_map(|key| document.value(&key).map(|value| (key, value)))
}

/// The places of the texts, numbers and the like in a value.
fn leaves(value: &Spanned<DeValue<'_>>) -> Vec<Range<usize>> {
    match value.get_ref() {
        DeValue::Table(table) => table.iter().flat_map(|(_, value)| leaves(value)).collect(),
        DeValue::Array(array) => array.iter().flat_map(leaves).collect(),
        _ => vec![value.span()],
    }
}

fn without_value(line: &str) -> String {
    match line.split_once('=') {
        Some((key, value)) => format!("{key}= {MASK}{}", if value.ends_with('\n') { "\n" } else { "" }),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_wherever_it_stands() {
        let secrets = [
            "[delivery.outbound_security]\npassword = \"s3cret\" # ours\n",
            "[delivery]\noutbound_security = { username = \"u\", password = 's3cret' }\n",
            "delivery.outbound_security.oauth.client_secret = \"s3cret\"\r\n",
            "[[domain]]\nname = \"a.example\"\nsecurity = { password = { env = \"s3cret\" } }\n",
            "domain = [{ name = \"a.example\" }, { security = { oauth.client_secret = \"s3cret\" } }]\n",
            "[delivery.outbound_security]\npassword = \"\"\"\ns3cret\ns3cret\"\"\"\nusername = \"u\"\n",
            "[delivery.outbound_security.password]\nfile = \"s3cret\"\n",
            "no = toml = \"s3cret\"\n",
        ];
        for text in secrets {
            let shown = masked(text);
            assert!(!shown.contains("s3cret") && shown.contains(MASK), "{shown}");
            assert_eq!(shown.matches('\n').count(), text.matches('\n').count(), "{shown}");
        }
    }

    #[test]
    fn all_else_is_shown_as_it_is() {
        let text = crate::config::sample();
        let lines = text.lines().zip(masked(&text).lines().map(str::to_owned).collect::<Vec<_>>());
        let masked: Vec<_> = lines.filter(|(line, shown)| line != shown).map(|(line, _)| line).collect();
        assert!(
            masked.len() == 2 && masked.iter().all(|line| line.contains("password") || line.contains("client_secret")),
            "{masked:?}"
        );
    }

    #[test]
    fn what_only_says_where_a_secret_is_is_no_secret() {
        let text = "[[domain]]\nname = \"a.example\"\nsecurity = { oauth.client_secret = \"two\" }\n\
                    [delivery.outbound_security]\npassword = 'one'\noauth = { client_secret = { env = \"X\" } }\n\
                    [[domain]]\nname = \"b.example\"\n[domain.security]\npassword = \"\"\n";
        let given = given(text).unwrap();
        let found: Vec<_> = given.iter().map(|given| (given.key.as_str(), given.secret.as_str())).collect();
        assert_eq!(
            found,
            [("domain[1].security.oauth.client_secret", "two"), ("delivery.outbound_security.password", "one")]
        );
        assert_eq!(&text[given[1].span.clone()], "'one'");
    }
}

//! A settings file as it may be shown: without its secrets.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::document::Document;
use super::fields::{Kind, fields};

/// What stands for each line of a secret.
const MASK: &str = "********";

/// The text of a settings file with a mask in place of every secret, line by line: the lines are as many as before. Of a
/// text that is no TOML only the lines without a value are shown.
pub fn masked(text: &str) -> String {
    let Ok(document) = Document::parse(text) else {
        return text.split_inclusive('\n').map(without_value).collect();
    };
    let mut spans = Vec::new();
    find(document.root(), false, &mut spans);
    spans.sort_by_key(|span| span.start);
    let (mut shown, mut from) = (String::new(), 0);
    for span in spans {
        shown.push_str(text.get(from..span.start).unwrap_or_default());
        let lines: Vec<_> = text.get(span.clone()).unwrap_or_default().split('\n').map(|_| MASK).collect();
        shown.push_str(&lines.join("\n"));
        from = span.end;
    }
    shown + text.get(from..).unwrap_or_default()
}

/// Collects the places of the secrets in `value`: all that a key holds which is called like one.
fn find(value: &Spanned<DeValue<'_>>, is_secret: bool, spans: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().for_each(|(name, value)| find(value, is_secret || names_a_secret(name.get_ref()), spans));
        }
        DeValue::Array(array) => array.iter().for_each(|value| find(value, is_secret, spans)),
        _ if is_secret => spans.push(value.span()),
        _ => {}
    }
}

fn names_a_secret(name: &str) -> bool {
    fields().any(|field| field.kind() == Kind::Secret && field.key.rsplit('.').next() == Some(name))
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
}

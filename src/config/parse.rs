//! From text to typed settings, or to everything that is wrong with it.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::checks;
use super::document::Document;
use super::fields::{DOMAIN, Field, SECTIONS, fields};
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
            if let Some(table) = value.get_ref().as_table() {
                let domain = self.domain(&format!("domain[{}]", index + 1), value.span(), table);
                settings.domains.push(domain);
            }
        }
        settings
    }

    /// One `[[domain]]`. Where its name was refused it is called like this machine, and the problem noted here
    /// keeps it from ever being used.
    fn domain(&mut self, path: &str, span: Range<usize>, table: &DeTable<'a>) -> Domain {
        let mut domain = Domain { name: DomainPattern::Exact(machine_name()), relay: false, smart_host: None };
        for field in DOMAIN {
            let key = format!("{path}.{}", field.key);
            match table.get(field.key) {
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
            let (name, span) = (name.get_ref(), name.span());
            // In quotes a name may look like a path, or like the top of the file, and is neither.
            let is_bare = !name.is_empty() && !name.contains('.');
            let name = if is_bare { name.to_string() } else { in_toml(name) };
            let key = if path.is_empty() { name } else { format!("{path}.{name}") };
            if key == "domain" {
                self.refuse_unknown_of_domains(value);
            } else if SECTIONS.iter().any(|section| section.path == key) {
                self.refuse_unknown(value, &key);
            } else if !fields().any(|field| field.key == key) {
                self.note_unknown(&key, span);
            }
        }
    }

    fn refuse_unknown_of_domains(&mut self, value: &Spanned<DeValue<'a>>) {
        let expected = || Some("[[domain]] with keys below it".to_owned());
        let Some(domains) = value.get_ref().as_array() else {
            return self.note("domain", value.span(), "not a list of domains", expected());
        };
        for (index, value) in domains.iter().enumerate() {
            let path = format!("domain[{}]", index + 1);
            let Some(table) = value.get_ref().as_table() else {
                self.note(&path, value.span(), "not a domain", expected());
                continue;
            };
            for name in table.keys().filter(|name| DOMAIN.iter().all(|field| field.key != name.get_ref().as_ref())) {
                self.note_unknown(&format!("{path}.{}", name.get_ref()), name.span());
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

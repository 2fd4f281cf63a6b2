//! The commented sample file, `config/mailroot.toml`.

use super::fields::{Apply, Field, Kind, SECTIONS, Section, domain_fields};

/// Comments are broken before this column.
const WIDTH: usize = 110;

/// The first lines of the file.
const HEAD: &str = "\
# The settings of mailroot, each at its default; a file may leave out any of them.
#
# The sections are the tabs of the old SMTP server's property sheet. A comment begins with the name the setting
# has there, and ends with its default there where that tells more.
#
# Sizes are written \"2048 KB\" or \"2 MiB\", where a KB has 1024 octets; time spans \"15m\", \"1h30m\", \"2d\".
# Relative paths start at the folder of this file or, where that is called config, at its parent.
# A change of this file takes effect while the server runs; what has to wait for the next start is said in the
# log. `mailroot config check` says whether the file is right, `mailroot config set KEY VALUE` edits it.
";

/// How a remote domain begins. The file has none by default, so all of it is a comment.
const DOMAIN_HEAD: &str = "\
# Domains, remote: any number of [[domain]], each with a way of its own.
#
# [[domain]]
";

/// The text of the sample file: every key, commented, at its default.
pub fn sample() -> String {
    let mut lines: Vec<String> = HEAD.lines().map(str::to_owned).collect();
    for section in SECTIONS {
        lines.extend(if section.inline { in_one_line(section) } else { with_header(section) });
        if section.path == "local" {
            lines.extend(remote_domain());
        }
    }
    lines.join("\n") + "\n"
}

/// The comment of a setting: whole lines that start with `#`.
pub(super) fn comment<S: Clone>(field: &Field<S>) -> String {
    explained(field, "# ").join("\n") + "\n"
}

fn with_header(section: &Section) -> Vec<String> {
    let mut lines = vec![String::new()];
    if !section.path.is_empty() {
        lines.extend(wrapped(&format!("{}: {}", section.title, section.about), "# "));
        lines.push(format!("[{}]", section.path));
    }
    for field in section.fields {
        lines.extend(explained(field, "# "));
        lines.push(format!("{} = {}", name(field.key), field.default));
    }
    lines
}

fn in_one_line(section: &Section) -> Vec<String> {
    let later = later(section.fields.iter().all(Field::is_later));
    let mut lines = wrapped(&format!("{}{later}: {}", section.title, section.about), "# ");
    let mut values = Vec::new();
    for field in section.fields {
        lines.extend(wrapped(&format!("{}: {}", name(field.key), field.help), "#   "));
        values.push(format!("{} = {}", name(field.key), field.default));
    }
    lines.push(format!("{} = {{ {} }}", name(section.path), values.join(", ")));
    lines
}

fn remote_domain() -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(DOMAIN_HEAD.lines().map(str::to_owned));
    for field in domain_fields().filter(|field| !field.key.contains('.')) {
        let example = match field.key {
            "name" => r#""partner.example""#,
            "smart_host" => r#""[192.0.2.10]:2525""#,
            _ if field.kind() == Kind::Table => r#"{ tls = "required" }"#,
            _ => field.default,
        };
        lines.extend(explained(field, "# # "));
        lines.push(format!("# {} = {example}", field.key));
    }
    lines
}

fn explained<S: Clone>(field: &Field<S>, prefix: &str) -> Vec<String> {
    let waits = if field.apply == Apply::Restart { " A change waits for the next start." } else { "" };
    wrapped(&format!("{}{}. {}{waits}", field.label, later(field.is_later()), field.help), prefix)
}

fn later(is_later: bool) -> &'static str {
    if is_later { " (not in this version)" } else { "" }
}

/// The last part of a key.
fn name(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// `text` in lines that start with `prefix`.
fn wrapped(text: &str, prefix: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && prefix.len() + line.len() + 1 + word.len() > WIDTH {
            lines.push(format!("{prefix}{line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(format!("{prefix}{line}"));
    lines
}

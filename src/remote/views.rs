//! Views as text for people: the same data as in JSON, with ages instead of times, aligned, and safe to print.

mod badmail;
mod check;
mod log;
mod queue;
mod sessions;
mod status;
mod units;
mod users;

use std::fmt::Write as _;

pub use badmail::{badmail_show, badmail_table};
pub use check::smart_host_check;
pub use log::log_line;
pub use queue::{queue_show, queue_table};
pub use sessions::sessions_table;
pub use status::status;
pub use users::users;

pub use super::table::{Layout, Table};
use crate::text;

/// Names and values, one a line, the values under each other; what has no value is left out.
fn facts(facts: &[(&str, Option<String>)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut lines = String::new();
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(lines, "{name:width$}  {}", text::printable(value)); // writing to a String cannot fail
        }
    }
    lines
}

/// A title with indented lines below it; nothing where there are none.
fn section(title: &str, lines: impl Iterator<Item = impl AsRef<str>>) -> String {
    let mut section = String::new();
    for line in lines {
        if section.is_empty() {
            let _ = write!(section, "\n{title}\n");
        }
        let _ = writeln!(section, "  {}", text::printable(line.as_ref()));
    }
    section
}

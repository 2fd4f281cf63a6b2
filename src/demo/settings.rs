//! The settings of the demonstration, as a file that the settings form can edit, and its table of names.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::DemoError;
use super::hosts::Site;
use crate::config::{Draft, base_of, sample};
use crate::platform::files::{create_private, make_private_folder};

/// The first lines of the file.
const HEAD: &str = "\
# The settings of the demonstration: the sample file with short times and the built-in smart hosts. They may be
# changed while it runs, and go with it when it ends.
#
";

/// What differs from the sample file. Times are short, so that a minute shows what else takes days; 127.0.10.0/24
/// are the built-in clients that may relay.
const CHANGES: &[(&str, &str)] = &[
    ("general.hostname", r#""relay.corp.example""#),
    ("general.listen", r#"["127.0.0.1:0"]"#),
    ("access.relay.list", r#"["127.0.0.1", "::1", "127.0.10.0/24"]"#),
    ("delivery.retry", r#"["10s", "20s", "30s"]"#),
    ("delivery.delay_notification", r#""2m""#),
    ("delivery.expiration", r#""4m""#),
    ("delivery.outbound_connections.max_per_domain", "10"),
    ("delivery.outbound_connections.timeout", r#""1m""#),
    ("local.default_domain", r#""corp.example""#),
    ("messages.badmail_max_size", r#""16 MiB""#),
];

/// Writes the settings file, which must not be there yet.
pub(super) fn write(file: &Path, sites: &[Site]) -> Result<(), DemoError> {
    if let Some(folder) = file.parent() {
        make_private_folder(folder)?;
    }
    let text = text(file, sites)?;
    create_private(file)?.write_all(text.as_bytes())?;
    Ok(())
}

/// Where the smart hosts are, in the form that [`crate::dns::Zone`] reads.
pub(super) fn names(sites: &[Site]) -> String {
    let records: Vec<_> = sites.iter().map(|site| format!("{} A {}\n", site.name(), site.address().ip())).collect();
    records.concat()
}

fn text(file: &Path, sites: &[Site]) -> Result<String, DemoError> {
    let domains = sites.iter().filter_map(|site| Some((site.domain()?, site)));
    let mut text = format!("{HEAD}{}", sample());
    for (domain, site) in domains {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n[[domain]]\nname = \"{domain}\"\nsmart_host = \"{}\"\n", at(site));
    }
    let mut draft = Draft::open(&text, &base_of(file)?).map_err(DemoError::Settings)?;
    let smart_host = sites.iter().find(|site| site.domain().is_none()).map(at).unwrap_or_default();
    let smart_host = ("delivery.advanced.smart_host", format!("\"{smart_host}\""));
    let changes = CHANGES.iter().map(|(key, value)| (*key, (*value).to_owned())).chain([smart_host]);
    for (key, value) in changes {
        draft.set(key, &value).map_err(DemoError::Settings)?;
    }
    Ok(draft.render())
}

fn at(site: &Site) -> String {
    format!("{}:{}", site.name(), site.address().port())
}

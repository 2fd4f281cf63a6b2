//! The commented sample file: written from the table of fields, and the same as the file in the tree.

use std::path::Path;

use mailroot::config::{Settings, fields, parse, sample};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/mailroot.toml");

/// Writes the file in the tree anew: `cargo test --test config_sample -- --ignored`.
#[test]
#[ignore = "writes config/mailroot.toml"]
fn write_the_sample_file() {
    std::fs::write(SAMPLE, sample()).unwrap();
}

#[test]
fn the_file_in_the_tree_is_the_sample() {
    let file = std::fs::read_to_string(SAMPLE).unwrap().replace("\r\n", "\n");
    assert_eq!(file, sample(), "write it anew with: cargo test --test config_sample -- --ignored");
}

#[test]
fn the_sample_and_an_empty_file_mean_the_defaults() {
    let base = Path::new("/srv/relay");
    let defaults = Settings::defaults(base);
    assert_eq!(parse(&sample(), base).unwrap(), defaults);
    assert_eq!(parse("", base).unwrap(), defaults);
}

#[test]
fn the_default_of_every_field_reads_to_the_default_setting() {
    let base = Path::new("/srv/relay");
    let defaults = Settings::defaults(base);
    for field in fields() {
        assert!(field.is_default(&defaults, base), "{}: {} in the table", field.key, field.default);
    }
}

#[test]
fn every_field_stands_in_the_sample_under_its_own_key() {
    let sample: toml::Value = sample().parse::<toml::Table>().unwrap().into();
    for field in fields() {
        let value = field.key.split('.').try_fold(&sample, |value, name| value.get(name));
        let default = format!("x = {}", field.default).parse::<toml::Table>().unwrap();
        assert_eq!(value, default.get("x"), "{}", field.key);
    }
}

#[test]
fn the_parser_knows_no_key_that_the_table_does_not_have() {
    fn keys(value: &toml::Value, path: &str, found: &mut Vec<String>) {
        match value.as_table() {
            Some(table) => table.iter().for_each(|(name, value)| {
                keys(value, format!("{path}.{name}").trim_start_matches('.'), found);
            }),
            None => found.push(path.to_owned()),
        }
    }
    let mut found = Vec::new();
    keys(&sample().parse::<toml::Table>().unwrap().into(), "", &mut found);
    let mut table: Vec<_> = fields().map(|field| field.key.to_owned()).collect();
    found.sort();
    table.sort();
    assert_eq!(found, table);
    for key in table {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
        let stranger = if section.is_empty() { "stranger".to_owned() } else { format!("{section}.stranger") };
        let problems = parse(&format!("{stranger} = 1\n"), Path::new("/srv")).unwrap_err();
        assert_eq!((problems.len(), problems[0].key.as_str()), (1, stranger.as_str()));
    }
}

#[test]
fn the_remote_domain_of_the_sample_is_right_once_uncommented() {
    let sample = sample();
    let domain = sample.split_once("# [[domain]]\n").unwrap().1.split("\n\n").next().unwrap();
    let lines = domain.lines().map(|line| line.strip_prefix("# ").unwrap());
    let text = format!("[[domain]]\n{}", lines.collect::<Vec<_>>().join("\n"));
    let settings = parse(&text, Path::new("/srv")).unwrap();
    assert_eq!(settings.domains[0].smart_host, Some("[192.0.2.10]:2525".parse().unwrap()));
}

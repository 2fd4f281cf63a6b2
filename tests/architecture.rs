//! Holds the direction of the layers: each knows only those above it, and the habits that no lint can hold.
//!
//! The source is read as text. Every `crate::…` path, grouped or not, and every `super::…` path that climbs out of its
//! layer is looked up in [`LAYERS`]; a module that is not in the table must be given its place there.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, top down. A module may know those of the rows above its own, and what [`BESIDE`] adds.
const LAYERS: &[&[&str]] = &[
    &["text", "clock", "mail", "platform"],
    &["tls"],
    &["config", "dns", "sasl"],
    &["accounts", "oauth"],
    &["ledger"],
    &["smtp", "queue"],
    &["delivery"],
    &["engine"],
    &["dashboard", "demo"],
    &["terminal"],
    &["remote"],
    &["cli"],
    &["main", "fuzzing"],
];

/// Within a row only these know each other: who, whom.
const BESIDE: &[(&str, &str)] = &[("mail", "text"), ("mail", "clock"), ("clock", "text"), ("config", "dns")];

/// What may be written in some places only: the text, where it may be, and why.
const CONFINED: &[(&str, &[&str], &str)] = &[
    ("SystemTime::now", &["clock"], "time is an argument: take a `Clock`"),
    ("std::os::unix", &["platform"], "what differs between systems lives in `platform`"),
    ("std::os::windows", &["platform"], "what differs between systems lives in `platform`"),
    ("rustix::", &["platform"], "what differs between systems lives in `platform`"),
    ("todo!", &[], "unfinished code does not land"),
    ("unimplemented!", &[], "unfinished code does not land"),
];

/// Something that breaks the order, where it stands.
#[derive(Debug, PartialEq)]
struct Breach {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.what)
    }
}

#[test]
fn each_layer_knows_only_those_above_it() {
    let breaches: Vec<_> = sources().iter().flat_map(|(file, text)| layer_breaches(file, text)).collect();
    report(&breaches);
}

#[test]
fn what_is_confined_stays_where_it_belongs() {
    let breaches: Vec<_> = sources().iter().flat_map(|(file, text)| confinement_breaches(file, text)).collect();
    report(&breaches);
}

#[test]
fn each_file_opens_by_saying_what_it_owns() {
    // A file of tests speaks for the file it stands beside.
    let silent = sources().into_iter().filter(|(file, text)| !text.starts_with("//!") && !file.ends_with("/tests.rs"));
    let breach = |(file, _)| Breach { file, line: 1, what: "opens without a `//!`".into() };
    report(&silent.map(breach).collect::<Vec<_>>());
}

#[test]
fn each_module_has_its_place_in_the_table() {
    let library = fs::read_to_string(root().join("lib.rs")).unwrap();
    let modules = library.lines().filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'));
    for module in modules {
        assert!(row(module).is_some(), "src/lib.rs: `{module}` has no row in LAYERS of tests/architecture.rs");
    }
}

#[test]
fn the_check_finds_what_it_looks_for() {
    let found = |file: &str, text: &str| layer_breaches(file, text).len();
    assert_eq!(found("queue/id.rs", "use crate::clock::Timestamp;"), 0);
    assert_eq!(found("queue/id.rs", "use crate::smtp::Peer;"), 1, "layers of one row do not know each other");
    assert_eq!(found("mail.rs", "fn f(x: &crate::config::Settings) {}"), 1, "paths in code count as well");
    assert_eq!(found("mail.rs", "//! See [`crate::config`].\n// crate::config\n"), 0, "comments do not");
    assert_eq!(found("queue.rs", "use crate::{\n    clock::Clock,\n    engine::{A, delivery},\n};"), 1);
    assert_eq!(found("queue.rs", "use super::delivery::Dispatcher;"), 1, "super may not be the way round");
    assert_eq!(found("queue/a.rs", "use super::super::delivery::Dispatcher;"), 1);
    assert_eq!(found("queue/a.rs", "use super::delivery::Notice;"), 0, "a submodule may be named like a layer");
    assert_eq!(found("main.rs", "use mailroot::cli;"), 0);
    let breaches = layer_breaches("mail/a.rs", "\n\nuse crate::smtp::Peer;");
    assert_eq!(breaches[0].to_string(), "src/mail/a.rs:3: `mail` must not know `smtp`");
    assert_eq!(confinement_breaches("queue.rs", "let now = SystemTime::now();").len(), 1);
    assert_eq!(confinement_breaches("clock.rs", "let now = SystemTime::now();").len(), 0);
}

fn layer_breaches(file: &str, text: &str) -> Vec<Breach> {
    let layer = layer_of(file);
    if layer == "lib" {
        return Vec::new();
    }
    let code = without_comments(text);
    let known = crate_paths(&code).into_iter().chain(climbing_paths(&code, depth_of(file)));
    known
        .filter(|(_, name)| row(name).is_some() && !may_know(layer, name))
        .map(|(offset, name)| Breach {
            file: file.into(),
            line: line_at(&code, offset),
            what: format!("`{layer}` must not know `{name}`"),
        })
        .collect()
}

fn confinement_breaches(file: &str, text: &str) -> Vec<Breach> {
    let code = without_comments(text);
    let confined = CONFINED.iter().filter(|(_, places, _)| !places.contains(&layer_of(file)));
    confined
        .flat_map(|(word, _, reason)| code.match_indices(word).map(move |(offset, _)| (offset, word, reason)))
        .map(|(offset, word, reason)| Breach {
            file: file.into(),
            line: line_at(&code, offset),
            what: format!("`{word}`: {reason}"),
        })
        .collect()
}

fn may_know(layer: &str, other: &str) -> bool {
    layer == other || row(other) < row(layer) || BESIDE.contains(&(layer, other))
}

fn row(module: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&module))
}

/// `queue/id.rs` and `queue.rs` are both of the layer `queue`.
fn layer_of(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// How many `super`s reach the root of the crate from this file.
fn depth_of(file: &str) -> usize {
    file.split('/').count()
}

/// The first names behind `crate::`, those of a group included, with their offsets.
fn crate_paths(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (start, prefix) in code.match_indices("crate::") {
        let rest = start + prefix.len();
        if code[rest..].starts_with('{') {
            found.extend(group_heads(code, rest + 1));
        } else {
            found.push((rest, identifier(&code[rest..])));
        }
    }
    found
}

/// The first name of each path in a `{…}` group that begins before `from`.
fn group_heads(code: &str, from: usize) -> Vec<(usize, &str)> {
    let mut heads = Vec::new();
    let (mut depth, mut expected) = (1, true);
    for (offset, c) in code[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => expected = true,
            c if expected && c.is_alphabetic() => {
                heads.push((from + offset, identifier(&code[from + offset..])));
                expected = false;
            }
            _ => {}
        }
    }
    heads
}

/// The names behind chains of `super::` long enough to reach the root of the crate.
fn climbing_paths(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let chain = "super::".repeat(depth);
    let chains = code.match_indices(&chain).map(|(start, _)| start + chain.len());
    chains.map(|start| (start, identifier(&code[start..]))).collect()
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The text with every `//` comment blanked; lines keep their numbers.
fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let comment = line.find("//").filter(|&at| !line[..at].ends_with(':'));
        code.push_str(&line[..comment.unwrap_or(line.len())]);
        code.push('\n');
    }
    code
}

fn line_at(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of `src`: its path below it with `/`, and its text.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(found.len() > 10, "the sources were not found below {}", root().display());
    found
}

fn report(breaches: &[Breach]) {
    let lines: Vec<String> = breaches.iter().map(Breach::to_string).collect();
    assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
}

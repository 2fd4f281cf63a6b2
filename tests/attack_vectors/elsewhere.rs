//! Vectors that this crate does not run: other tests do, which bear the id of the vector in their names; or what
//! they attack is not there yet.

use std::fs;
use std::path::Path;

use super::*;

/// Classes, and single vectors of classes that are run here, which have tests of their own beside what they attack.
const NAMED: [&str; 27] = [
    "auth",
    "client-8bit",
    "client-data",
    "client-desync",
    "client-esc",
    "client-limits",
    "client-mx",
    "client-pretls",
    "client-rcpt",
    "client-robust",
    "client-starttls",
    "client-strip",
    "filesystem",
    "log",
    "LM16",
    "LM17",
    "LP03",
    "LP04",
    "LP06",
    "LP07",
    "LP09",
    "starttls-arg",
    "starttls-cert",
    "starttls-inject",
    "starttls-mixed",
    "starttls-state",
    "tls-implicit",
];

/// Classes and vectors without a test, each with its reason.
const LATER: [(&str, &str); 2] =
    [("mime-bomb", "nothing parses MIME in this version"), ("ssh", "no SSH in this version")];

/// Whether this crate leaves a vector to others, or to later.
pub(crate) fn has(vector: &Vector) -> bool {
    is_named(vector) || LATER.iter().any(|(left_out, _)| is(vector, left_out))
}

fn is_named(vector: &Vector) -> bool {
    NAMED.iter().any(|named| is(vector, named))
}

fn is(vector: &Vector, class_or_id: &str) -> bool {
    class_or_id == vector.class || class_or_id == vector.id
}

#[test]
fn every_vector_run_elsewhere_has_a_test_that_bears_its_id() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = ["src", "tests"].iter().flat_map(|folder| tests_below(&root.join(folder))).collect::<Vec<_>>();
    assert!(names.len() > 500, "only {} functions found", names.len());
    let vectors = vectors();
    let untested = vectors.iter().filter(|vector| {
        let id = vector.id.to_lowercase();
        is_named(vector) && !names.iter().any(|name| name.split('_').any(|word| word == id))
    });
    let untested = untested.map(|vector| &vector.id).collect::<Vec<_>>();
    assert!(untested.is_empty(), "no test bears the id of {untested:?}");
}

#[test]
fn nothing_is_left_out_that_is_not_there() {
    let vectors = vectors();
    for (left_out, reason) in NAMED.map(|named| (named, "by its own tests")).into_iter().chain(LATER) {
        assert!(vectors.iter().any(|vector| is(vector, left_out)) && !reason.is_empty(), "{left_out}");
    }
}

/// The names of the functions marked as tests in all source below a folder.
fn tests_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(tests_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(tests_in(&fs::read_to_string(path).unwrap()));
        }
    }
    names
}

fn tests_in(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let attribute = line.starts_with("#[");
        is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some(name) = function.and_then(|rest| rest.split('(').next()).filter(|_| is_test) {
            names.push(name.to_owned());
        }
        is_test &= attribute;
    }
    names
}

#[test]
fn a_function_that_is_no_test_does_not_count() {
    let source = "#[test]\n#[ignore]\nfn fs01_a() {}\nfn fs02_b() {}\n  #[tokio::test(start_paused = true)]\n  async fn fs03_c() {}";
    assert_eq!(tests_in(source), ["fs01_a", "fs03_c"]);
}

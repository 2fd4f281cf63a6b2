//! Holds `docs/RFC.md` to the checklist: every row is there once, with tests that exist or with a reason.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_row_of_the_checklist_has_its_tests_or_a_reason() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = sources(&["src", "tests"].map(|folder| root.join(folder)));
    let mut table = table(&fs::read_to_string(root.join("docs/RFC.md")).unwrap());
    let checklist = fs::read_to_string(root.join("tests/data/rfc-checklist.tsv")).unwrap();
    let rows = checklist.lines().skip(1).filter_map(|line| line.split('\t').next());
    for row in rows {
        let cell = table.remove(row).unwrap_or_else(|| panic!("{row} is missing in docs/RFC.md"));
        assert!(!cell.is_empty(), "{row} has neither test nor reason");
        let id = row.to_lowercase();
        for name in cell.split('`').skip(1).step_by(2).filter(|name| name.contains(&id)) {
            assert!(source.contains(&format!("fn {name}(")), "{row}: there is no test {name}");
        }
    }
    assert!(table.is_empty(), "rows of no checklist: {table:?}");
}

/// The last cell of each line of a table whose first cell is the id of a row.
fn table(page: &str) -> BTreeMap<String, String> {
    let mut table = BTreeMap::new();
    for line in page.lines() {
        let cells = line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
        let [row, _, cell] = cells[..] else { continue };
        let is_row = row.len() == 4 && row.starts_with(|c: char| c.is_ascii_uppercase());
        if is_row && row[1..].bytes().all(|b| b.is_ascii_digit()) {
            assert_eq!(table.insert(row.to_owned(), cell.to_owned()), None, "{row} stands twice");
        }
    }
    table
}

/// All Rust source below these folders.
fn sources(folders: &[PathBuf]) -> String {
    let mut source = String::new();
    let mut waiting = folders.to_vec();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                source.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    source
}

//! Every seed of the fuzz targets, and so everything a fuzzer ever found, by the same oracles as when fuzzing.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "../fuzz/oracles.rs"]
mod oracles;

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

/// A fuzz target: its name and its oracle.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 10] = [
    ("command_line", oracles::command_line),
    ("data_phase", oracles::data_phase),
    ("reply_parser", oracles::reply_parser),
    ("envelope_block", oracles::envelope_block),
    ("journal", oracles::journal),
    ("settings", oracles::settings),
    ("preview", oracles::preview),
    ("terminal_input", oracles::terminal_input),
    ("login", oracles::login),
    ("users_file", oracles::users_file),
];

#[test]
fn every_seed_passes_its_oracle() {
    for (name, oracle) in TARGETS {
        for (seed, input) in seeds(name) {
            println!("{name}/{seed}");
            oracle(&input);
        }
    }
}

proptest! {
    /// Seeds cut, joined and dotted with the bytes that parsers trip over: a fuzzer's first minutes.
    #[test]
    fn seeds_that_were_tampered_with_pass_as_well(
        target in 0..TARGETS.len(),
        choice in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        edits in vec((any::<prop::sample::Index>(), prop::sample::select(b"\r\n\0.<>@\"\\ \t:;,[]x\x1b\x7f\xc3\xa9\xff09-".to_vec())), 0..8),
    ) {
        let (name, oracle) = TARGETS[target];
        let seeds = seeds(name);
        let (_, mut input) = seeds[choice.index(seeds.len())].clone();
        input.truncate(cut.index(input.len() + 1));
        input.extend_from_slice(&seeds[other.index(seeds.len())].1);
        for (at, byte) in edits {
            if !input.is_empty() {
                let at = at.index(input.len());
                input[at] = byte;
            }
        }
        oracle(&input);
    }
}

/// The seeds of a target with their names, in a fixed order.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut seeds: Vec<_> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    seeds
}

//! Files that belong to another file of Badmail: the reason beside what could not carry it, and what the old server
//! wrote beside its `.BAD`, the properties (`.BDP`) and the reason (`.BDR`).

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};

use crate::text;

/// What is put behind the name of a file whose reason is written beside it.
const NOTE: &str = ".reason.txt";
/// Characters of a reason.
const REASON_WIDTH: usize = 500;

/// A file and those that belong to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: OsString,
    pub(super) companions: Vec<OsString>,
}

/// Finds out which files belong to which. One whose main file is gone stands alone.
pub(super) fn group(names: Vec<OsString>) -> Vec<Group> {
    let mains: HashMap<_, _> = names.iter().map(|name| (folded(name), name.clone())).collect();
    let main_of = |name: &OsString| main_name(name).and_then(|main| mains.get(&main)).filter(|&main| main != name);
    let mut companions: HashMap<OsString, Vec<OsString>> = HashMap::new();
    let mut groups = Vec::new();
    for name in names {
        match main_of(&name) {
            Some(main) => companions.entry(main.clone()).or_default().push(name),
            None => groups.push(Group { name, companions: Vec::new() }),
        }
    }
    for group in &mut groups {
        group.companions = companions.remove(&group.name).unwrap_or_default();
    }
    groups
}

/// The name of the reason beside a file.
pub(super) fn note_of(name: &OsStr) -> OsString {
    let mut note = name.to_owned();
    note.push(NOTE);
    note
}

/// Whether a companion holds a reason.
pub(super) fn is_note(name: &OsStr) -> bool {
    let name = folded(name);
    name.ends_with(NOTE.as_bytes()) || name.ends_with(b".bdr")
}

/// The reason in a file beside, on one line: UTF-8, or UTF-16 as the old server may have written it.
pub(super) fn read_note(note: &[u8]) -> Option<String> {
    let decoded = match note {
        [0xff, 0xfe, utf16 @ ..] => {
            let units = utf16.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            String::from_utf16_lossy(&units.collect::<Vec<_>>())
        }
        _ => String::from_utf8_lossy(note).into_owned(),
    };
    let one_line = decoded.split_whitespace().collect::<Vec<_>>().join(" ");
    (!one_line.is_empty()).then(|| text::shortened(&one_line, REASON_WIDTH))
}

/// The name a companion's main file has, folded.
fn main_name(name: &OsStr) -> Option<Vec<u8>> {
    let name = folded(name);
    if let Some(main) = name.strip_suffix(NOTE.as_bytes()) {
        return Some(main.to_owned());
    }
    let stem = name.strip_suffix(b".bdp").or_else(|| name.strip_suffix(b".bdr"))?;
    Some([stem, b".bad"].concat())
}

/// A name in the form in which Windows compares names, as far as ASCII goes.
fn folded(name: &OsStr) -> Vec<u8> {
    name.as_encoded_bytes().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(names: &[&str]) -> Vec<(String, Vec<String>)> {
        let shown = |name: OsString| name.into_string().unwrap();
        let groups = group(names.iter().map(OsString::from).collect());
        groups.into_iter().map(|group| (shown(group.name), group.companions.into_iter().map(shown).collect())).collect()
    }

    #[test]
    fn the_old_servers_three_files_are_one_message() {
        let groups = grouped(&["00A1.BAD", "00A1.BDP", "00a1.bdr", "0JX4.eml", "x.bin", "x.bin.reason.txt"]);
        let expected =
            [("00A1.BAD", vec!["00A1.BDP", "00a1.bdr"]), ("0JX4.eml", vec![]), ("x.bin", vec!["x.bin.reason.txt"])];
        assert_eq!(
            groups,
            expected.map(|(name, rest)| (name.to_owned(), rest.into_iter().map(str::to_owned).collect()))
        );
    }

    #[test]
    fn a_companion_without_its_main_file_stands_alone() {
        assert_eq!(grouped(&["00A1.BDR", ".reason.txt"]).len(), 2);
    }

    #[test]
    fn a_reason_is_read_in_either_encoding_and_shown_harmlessly() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain("Unable\r\nto deliver".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(read_note(&utf16).as_deref(), Some("Unable to deliver"));
        assert_eq!(read_note(b"no\x1b[2J\r\n").as_deref(), Some("no␛[2J"));
        assert_eq!(read_note(b"\r\n"), None);
    }
}

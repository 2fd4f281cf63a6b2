//! Telling what a power cut left of a file from what a person made of it.
//!
//! What a power cut leaves of a file that was written and never synced: an empty file, a file cut at a block, NULs in
//! the place of blocks that never reached the disk, or other octets where a file system keeps less order than that. A
//! file that was not modified after we wrote it must be as we wrote it. One that was modified later, by us or by a
//! person, is the truth about its message, unless it is torn in a way in which nobody edits a text.

use crate::queue::Block;

/// Octets that a disk writes as a whole, and so the least a file can be cut to by a power cut.
const SECTOR: usize = 512;

/// Whether a file, last modified at `modified`, is a torn one of the message that was written as `written.1` and then
/// had the modification time `written.0`.
pub(super) fn is_torn(file: &[u8], modified: i64, written: (i64, &[u8])) -> bool {
    let (written_at, whole) = written;
    let block = Block::parse(whole).map_or(0, |(_, length)| length);
    // Our own changes of state are made within the block, which keeps its length.
    let has_content_up_to = |end: usize| file.get(block..end).is_none_or(|content| content == &whole[block..end]);
    if modified <= written_at {
        // A clock that ticks slowly may have given a change of state the same time.
        return file.len() != whole.len() || !has_content_up_to(whole.len()) || Block::parse(file).is_err();
    }
    let is_holed = (0..file.len()).any(|at| file[at] == 0 && whole.get(at).is_none_or(|&octet| octet != 0));
    let is_cut = file.len() < whole.len() && (file.len().is_multiple_of(SECTOR) || !file.ends_with(b"\n"));
    is_holed || is_cut && has_content_up_to(file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: &str = "x-sender: <app@corp.example>\r\nx-receiver: <bob@example.com> status=pending\r\n";
    const WRITTEN: i64 = 7;
    const LATER: i64 = 8;

    fn whole() -> Vec<u8> {
        let lines = (0..600).map(|number| format!("line {number}\r\n"));
        format!("{TOP}Received: by test\r\n\r\n")
            .into_bytes()
            .into_iter()
            .chain(lines.flat_map(String::into_bytes))
            .collect()
    }

    fn is_torn_file(file: &[u8], modified: i64) -> bool {
        is_torn(file, modified, (WRITTEN, &whole()))
    }

    #[test]
    fn a_file_as_it_was_written_is_whole() {
        assert!(!is_torn_file(&whole(), WRITTEN));
        assert!(!is_torn_file(&whole(), LATER));
    }

    #[test]
    fn a_change_of_state_tears_nothing_whatever_time_it_has() {
        let text = String::from_utf8(whole()).unwrap();
        let delivered = text.replacen("status=pending", "status=failed ", 1);
        assert!(!is_torn_file(delivered.as_bytes(), WRITTEN));
        assert!(!is_torn_file(delivered.as_bytes(), LATER));
    }

    #[test]
    fn an_empty_file_and_one_cut_at_a_block_are_torn() {
        for length in [0, 512, 1024, 4096] {
            assert!(is_torn_file(&whole()[..length], WRITTEN), "{length}");
            assert!(is_torn_file(&whole()[..length], LATER), "{length}");
        }
        let mut rewritten = whole()[..4096].to_vec();
        rewritten[TOP.len() - 9..TOP.len() - 2].copy_from_slice(b"failed ");
        assert!(is_torn_file(&rewritten, LATER));
    }

    #[test]
    fn a_file_with_holes_is_torn() {
        let mut holed = whole();
        holed[4096..].fill(0);
        assert!(is_torn_file(&holed, WRITTEN));
        assert!(is_torn_file(&holed, LATER));
        let mut longer = whole();
        longer.resize(8192, 0);
        assert!(is_torn_file(&longer, LATER));
    }

    #[test]
    fn other_octets_in_a_file_that_nobody_modified_are_torn() {
        let mut garbled = whole();
        garbled[4096..4608].fill(b'?');
        assert!(is_torn_file(&garbled, WRITTEN));
        assert!(!is_torn_file(&garbled, LATER), "a person may write what he likes");
        garbled = whole();
        garbled[..512].fill(b'?');
        assert!(is_torn_file(&garbled, WRITTEN));
    }

    #[test]
    fn what_a_person_edited_is_whole() {
        let text = String::from_utf8(whole()).unwrap();
        let end = text[..4000].rfind('\n').unwrap() + 1;
        let edits = [
            text.replace("bob@", "roberta@"),
            text[..end].to_owned(),
            text.replace("line 7\r\n", ""),
            text + "more\r\n",
        ];
        for edited in edits {
            assert!(!is_torn_file(edited.as_bytes(), LATER));
        }
        // Shortened in the middle, and by chance to whole blocks.
        let shorter = [&whole()[..1000], &whole()[1000 + whole().len() % SECTOR..]].concat();
        assert_eq!(shorter.len() % SECTOR, 0);
        assert!(!is_torn_file(&shorter, LATER));
    }

    #[test]
    fn a_message_may_hold_nuls_itself() {
        let mut written = whole();
        written[4000] = 0;
        assert!(!is_torn(&written, LATER, (WRITTEN, &written)));
    }
}

//! Promise 2 for Pickup: whatever fails, a file ends as a message or in Badmail, twice at worst and never not at all.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "support/stores.rs"]
mod stores;

use std::ffi::OsStr;
use std::sync::Arc;
use std::time::Duration;

use mailroot::clock::Timestamp;
use mailroot::config::Settings;
use mailroot::queue::{Folder, Pickup, Queue, Store, Taken};
use proptest::prelude::*;
use stores::{Disk, FaultyStore};

const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);
const LETTER: &[u8] = b"From: app@corp.example\r\nTo: bob@example.com\r\n\r\nHello.\r\n";
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

fn put(disk: &Disk, content: &[u8]) {
    disk.prepare().unwrap();
    disk.create(Folder::Pickup, OsStr::new("mail.txt")).unwrap().append(content).unwrap();
}

/// An engine's life in Pickup: a few looks, far enough apart for everything that waits. Returns how many files were
/// queued and set aside; `None` if it could not even start.
fn run(store: Arc<dyn Store>) -> Option<(usize, usize)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let queue = Queue::open(store).ok()?;
    let settings = Settings::defaults(std::path::Path::new("/"));
    runtime.block_on(async {
        let mut pickup = Pickup::new(queue);
        let (mut queued, mut set_aside) = (0, 0);
        for _ in 0..4 {
            for taken in pickup.sweep(&settings, NOW).await.taken {
                match taken {
                    Taken::Queued { .. } => queued += 1,
                    Taken::SetAside { .. } => set_aside += 1,
                }
            }
            tokio::time::advance(Duration::from_secs(11)).await;
        }
        Some((queued, set_aside))
    })
}

/// What lies in a folder besides notes of reasons.
fn count(disk: &Disk, folder: Folder) -> usize {
    disk.names(folder).iter().filter(|name| !name.ends_with(".reason.txt")).count()
}

#[test]
fn an_error_at_any_step_delays_a_file_and_sends_it_once() {
    for errno in [EIO, ENOSPC] {
        for number in 0.. {
            let disk = Disk::new();
            put(&disk, LETTER);
            let store = FaultyStore::new(disk.clone());
            store.fail_at(number, errno);
            let ran = run(Arc::clone(&store) as Arc<dyn Store>);
            let operations = store.operations();
            if operations.len() <= number {
                assert!(number > 20, "only {number} steps");
                break;
            }
            let failed = &operations[number];
            if ran.is_none() {
                run(Arc::new(disk.clone()));
            }
            assert_eq!(count(&disk, Folder::Queue), 1, "after a failed {failed}");
            for folder in [Folder::Pickup, Folder::Taken, Folder::Incoming, Folder::Badmail] {
                assert_eq!(disk.names(folder), [""; 0], "after a failed {failed}");
            }
        }
    }
}

#[test]
fn a_crash_at_any_step_loses_no_file() {
    for content in [LETTER, b"no letter\r\n", b"no \0 text"] {
        let mut is_done = false;
        for number in 0.. {
            if is_done {
                break;
            }
            let disk = Disk::new();
            put(&disk, content);
            let store = FaultyStore::new(disk.clone());
            store.die_at(number);
            run(Arc::clone(&store) as Arc<dyn Store>);
            is_done = store.operations().len() <= number;
            run(Arc::new(disk.clone()));
            let (queued, set_aside) = (count(&disk, Folder::Queue), count(&disk, Folder::Badmail));
            let (wanted, other) = if content == LETTER { (queued, set_aside) } else { (set_aside, queued) };
            assert!((1..=2).contains(&wanted) && other == 0, "step {number}: {queued} queued, {set_aside} set aside");
            assert_eq!((count(&disk, Folder::Pickup), count(&disk, Folder::Taken)), (0, 0), "step {number}");
        }
    }
}

#[test]
fn a_message_told_as_queued_outlives_a_power_cut() {
    let disk = Disk::new();
    put(&disk, LETTER);
    assert_eq!(run(Arc::new(disk.clone())), Some((1, 0)));
    for seed in 0..50 {
        assert_eq!(count(&disk.after_power_cut(seed), Folder::Queue), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_file_becomes_a_message_or_goes_to_badmail(lines in prop::collection::vec(prop_oneof![
        Just("From: app@corp.example".to_owned()),
        Just("x-sender: <app@corp.example>".to_owned()),
        Just("x-mailroot: v1 len=000000100 state=queued".to_owned()),
        "(x-receiver|X-Sender|To|Bcc|Resent-To|x-reason|x-mailroot): ?[<>a-z@. =;\u{e9}]{0,20}",
        "[ -~\t\r\0\u{feff}]{0,20}",
        Just(String::new()),
    ], 0..10), ending in "(\r\n|\n|\r)?") {
        let disk = Disk::new();
        put(&disk, (lines.join("\n") + &ending).as_bytes());
        let (queued, set_aside) = run(Arc::new(disk.clone())).unwrap();
        prop_assert_eq!(queued + set_aside, 1);
        prop_assert_eq!((count(&disk, Folder::Queue), count(&disk, Folder::Badmail)), (queued, set_aside));
        prop_assert_eq!((count(&disk, Folder::Pickup), count(&disk, Folder::Taken)), (0, 0));
    }
}

//! Promises 1 and 2: what is answered with 250 is on disk, and nothing else is kept.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "support/messages.rs"]
mod messages;
#[path = "support/stores.rs"]
mod stores;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use mailroot::queue::{CommitError, Committed, Folder, JournalLimits, Queue, QueueId, Status, Store};
use messages::{commit, content, read_all};
use stores::{Disk, FaultyStore};
use tokio::task::JoinHandle;

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// Small messages stay in memory, large ones go through their file.
const SIZES: [usize; 2] = [500, 200_000];

/// The usual ones; segments that are full after a few messages; each batch in a segment of its own.
const LIMITS: [JournalLimits; 3] = [
    JournalLimits { segment: 8 << 20, age: Duration::from_hours(1) },
    JournalLimits { segment: 6000, age: Duration::from_hours(1) },
    JournalLimits { segment: 8 << 20, age: Duration::ZERO },
];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// What a new engine finds on the disk.
fn recovered(disk: &Disk) -> HashMap<QueueId, Vec<u8>> {
    let queue = Queue::open(Arc::new(disk.clone())).unwrap();
    let mut ids = Vec::new();
    let recovery = queue.recover(|id, _, _| ids.push(id)).unwrap();
    assert_eq!(recovery.stuck, []);
    runtime().block_on(async {
        let mut found = HashMap::new();
        for id in ids {
            let content = read_all(&queue, &id).await;
            found.insert(id, content);
        }
        found
    })
}

#[tokio::test]
async fn fs11_an_error_at_any_step_of_a_commit_refuses_the_message_and_keeps_nothing() {
    for (size, errno) in SIZES.into_iter().flat_map(|size| [(size, EIO), (size, ENOSPC)]) {
        let mut number = 0;
        loop {
            let disk = Disk::new();
            let store = FaultyStore::new(disk.clone());
            let queue = Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap();
            store.fail_at(number, errno);
            let result = commit(&queue, &["bob@example.com"], &content(1, size)).await;
            let operations = store.operations();
            if operations.len() <= number {
                result.unwrap();
                break;
            }
            match result {
                // Where the journal has no segment, a message is committed without it.
                Ok(_) if opens_a_segment(&operations[number]) => {
                    number += 1;
                    continue;
                }
                Ok(_) => panic!("250 in spite of a failed {}", operations[number]),
                Err(CommitError::Full(_)) => assert_eq!(errno, ENOSPC),
                Err(CommitError::Io(_)) => assert_eq!(errno, EIO),
            }
            assert!(disk.names(Folder::Queue).is_empty(), "kept after a failed {}", operations[number]);
            assert!(disk.names(Folder::Incoming).is_empty(), "left over after a failed {}", operations[number]);
            commit(&queue, &["bob@example.com"], &content(2, size)).await.unwrap();
            number += 1;
        }
        assert!(number >= 6, "a commit has at least six steps, not {number}");
    }
}

fn opens_a_segment(operation: &str) -> bool {
    operation.starts_with("create Journal/") || operation == "sync_folder Journal"
}

#[test]
fn a_crash_at_any_step_of_a_commit_leaves_the_whole_message_or_none() {
    for size in SIZES {
        let mut is_done = false;
        for number in 0.. {
            if std::mem::replace(&mut is_done, false) {
                break;
            }
            let disk = Disk::new();
            let store = FaultyStore::new(disk.clone());
            let queue = Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap();
            store.die_at(number);
            let content = content(1, size);
            let accepted = runtime().block_on(commit(&queue, &["bob@example.com"], &content)).ok();
            is_done = store.operations().len() <= number;
            drop(queue);
            assert!(accepted.is_some() || !is_done);
            for seed in 0..20 {
                let disk = disk.after_power_cut(seed);
                let found = recovered(&disk);
                assert!(disk.names(Folder::Incoming).is_empty());
                assert!(disk.names(Folder::Badmail).is_empty(), "a torn file had a final name");
                assert!(found.values().all(|found| *found == content), "a message changed");
                if let Some(committed) = &accepted {
                    assert!(found.contains_key(&committed.id), "lost, though accepted");
                }
            }
        }
    }
}

/// Load, a power cut at a random operation, a restart. Returns how many accepted messages are gone, and what is in
/// Badmail.
fn lost_in_one_cycle(disk: &Disk, limits: JournalLimits, seed: u64) -> (usize, Vec<String>) {
    let mut random = fastrand::Rng::with_seed(seed);
    let store = FaultyStore::new(disk.clone());
    let queue = Queue::open_with(Arc::clone(&store) as Arc<dyn Store>, limits).unwrap();
    store.die_at(random.usize(..160));
    let mut due = HashMap::new();
    runtime().block_on(async {
        for round in 0..3 {
            let commits: Vec<_> = (0..4)
                .map(|number| {
                    let size = if random.u8(..8) == 0 { 70_000 } else { random.usize(100..2000) };
                    let (queue, content) = (queue.clone(), content(round * 10 + number, size));
                    tokio::spawn(async move {
                        let to = ["bob@example.com", "eve@example.net"];
                        commit(&queue, &to, &content).await.map(|committed| (committed, content))
                    })
                })
                .collect();
            for handle in commits {
                let Ok((mut committed, content)) = handle.await.unwrap() else { continue };
                match random.u8(..4) {
                    0 => {
                        // Once it may be gone, it is no longer due.
                        let _ = queue.remove(&committed.id).await;
                    }
                    1 => {
                        committed.message.progress[0].status = Status::Delivered;
                        committed.message.attempts = 1;
                        let _ = queue.record(&committed.id, &committed.message, committed.stamp).await;
                        due.insert(committed.id, content);
                    }
                    _ => {
                        due.insert(committed.id, content);
                    }
                }
            }
        }
    });
    drop(queue);
    let disk = disk.after_power_cut(seed);
    let found = recovered(&disk);
    assert_eq!(disk.names(Folder::Journal), [""; 0], "seed {seed}");
    let lost = due.iter().filter(|(id, content)| found.get(*id) != Some(content)).count();
    (lost, disk.names(Folder::Badmail))
}

#[test]
fn no_power_cut_loses_an_accepted_message() {
    for seed in 0..1000 {
        let limits = LIMITS[usize::try_from(seed % 3).unwrap()];
        assert_eq!(lost_in_one_cycle(&Disk::new(), limits, seed), (0, Vec::new()), "seed {seed}");
    }
}

/// The control: without it the test above would prove nothing.
#[test]
fn power_cuts_do_lose_mail_when_nothing_is_synced() {
    let lost: usize = (0..50).map(|seed| lost_in_one_cycle(&Disk::without_sync(), LIMITS[0], seed).0).sum();
    assert!(lost > 0);
}

/// Spawns a commit and lets it go as far as it can without the disk.
async fn spawn(queue: &Queue, number: usize, size: usize) -> JoinHandle<Result<Committed, CommitError>> {
    let queue = queue.clone();
    let content = content(number, size);
    let handle = tokio::spawn(async move { commit(&queue, &["bob@example.com"], &content).await });
    tokio::task::yield_now().await;
    handle
}

#[tokio::test]
async fn a_message_is_acknowledged_only_by_a_sync_that_began_after_its_record() {
    let store = FaultyStore::new(Disk::new());
    let queue = Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap();
    store.close_gate();
    let first = spawn(&queue, 1, 100).await;
    store.wait_for_sync();
    let mut later = Vec::new();
    for number in 2..8 {
        later.push(spawn(&queue, number, 100).await);
    }
    assert!(!first.is_finished());
    assert_eq!(store.count("publish Queue"), 0, "named before its record was on disk");
    store.let_one_pass();
    first.await.unwrap().unwrap();
    store.wait_for_sync();
    assert_eq!(store.count("publish Queue"), 1);
    tokio::task::yield_now().await;
    assert!(later.iter().all(|handle| !handle.is_finished()), "acknowledged by a sync that had begun before");
    store.open_gate();
    for handle in later {
        handle.await.unwrap().unwrap();
    }
    assert_eq!(store.count("sync_data"), 2, "the six that waited share one sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_message_is_acknowledged_only_by_a_folder_sync_that_began_after_its_rename() {
    let store = FaultyStore::new(Disk::new());
    let queue = Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap();
    store.close_gate();
    let syncs = store.count("sync_folder Queue");
    let first = spawn(&queue, 1, 100_000).await;
    store.wait_for_sync();
    let mut later = Vec::new();
    for number in 2..8 {
        later.push(spawn(&queue, number, 100_000).await);
    }
    while store.count("publish Queue") < 7 {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished());
    store.let_one_pass();
    first.await.unwrap().unwrap();
    store.wait_for_sync();
    assert!(later.iter().all(|handle| !handle.is_finished()), "acknowledged by a sync that had begun before");
    store.open_gate();
    for handle in later {
        handle.await.unwrap().unwrap();
    }
    // A rename is counted a moment before its name waits for the sync: one may come just too late for the second.
    let syncs = store.count("sync_folder Queue") - syncs;
    assert!((2..=3).contains(&syncs), "the six that waited share one sync: {syncs}");
    assert_eq!(store.count("create Journal"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_waiting_leaves_nothing_behind() {
    let disk = Disk::new();
    let store = FaultyStore::new(disk.clone());
    let queue = Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap();
    store.close_gate();
    let waiting = spawn(&queue, 1, 100).await;
    store.wait_for_sync();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    store.open_gate();
    commit(&queue, &["bob@example.com"], &content(2, 100)).await.unwrap();
    drop(queue);
    assert_eq!(disk.names(Folder::Queue).len(), 1);
}

#[tokio::test]
async fn content_that_would_continue_the_envelope_is_refused() {
    let queue = Queue::open(Arc::new(Disk::new())).unwrap();
    for size in SIZES {
        let mut forged = b"X-Receiver: <mallory@example.org>\r\n".to_vec();
        forged.extend_from_slice(&content(1, size));
        let mut draft = queue.draft(messages::message(&["bob@example.com"]));
        // Octet by octet at first, so that no piece shows the whole name.
        for octet in &forged[..20] {
            draft.push(&[*octet]).await.unwrap();
        }
        let pushed = draft.push(&forged[20..]).await;
        assert!(pushed.is_err() || queue.commit(draft).await.is_err());
    }
}

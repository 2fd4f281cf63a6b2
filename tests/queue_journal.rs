//! Promises 1 and 2 where the journal is what holds them.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "support/messages.rs"]
mod messages;
#[path = "support/stores.rs"]
mod stores;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use mailroot::queue::{
    Committed, Folder, Inspection, JournalLimits, Message, Queue, QueueId, Recorded, Recovery, Status, Store,
};
use messages::{commit, content, directory, names, read_all};
use stores::{Disk, FaultyStore};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;
/// Nothing grows old in a test.
const USUAL: JournalLimits = JournalLimits { segment: 8 << 20, age: Duration::from_hours(1) };
/// Full after a few messages.
const SMALL: JournalLimits = JournalLimits { segment: 4000, ..USUAL };
/// Every batch has a segment of its own.
const SHORT: JournalLimits = JournalLimits { age: Duration::ZERO, ..USUAL };

/// A queue over a disk of which everything can be seen.
struct Bench {
    disk: Disk,
    store: Arc<FaultyStore>,
    queue: Queue,
}

impl Bench {
    fn new(limits: JournalLimits) -> Self {
        let disk = Disk::new();
        let store = FaultyStore::new(disk.clone());
        let queue = Queue::open_with(Arc::clone(&store) as Arc<dyn Store>, limits).unwrap();
        // Counts from here.
        store.fail_at(usize::MAX, EIO);
        Self { disk, store, queue }
    }

    async fn commit(&self, number: usize) -> Committed {
        commit(&self.queue, &["bob@example.com"], &content(number, 300)).await.unwrap()
    }

    /// The process is killed. What it told the system is there.
    fn kill(self) -> Disk {
        self.store.die_at(0);
        self.disk
    }
}

/// What a new engine reads back.
struct Found {
    recovery: Recovery,
    messages: BTreeMap<QueueId, (Message, Vec<u8>)>,
}

fn found(disk: &Disk) -> Found {
    let queue = Queue::open(Arc::new(disk.clone())).unwrap();
    let mut messages = Vec::new();
    let recovery = queue.recover(|id, message, _| messages.push((id, message))).unwrap();
    assert_eq!((&recovery.stuck[..], &recovery.set_aside[..]), (&[][..], &[][..]));
    // On a thread of its own, for the caller is in a runtime.
    let read = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = |(id, message): (QueueId, Message)| {
            let content = runtime.block_on(read_all(&queue, &id));
            (id, (message, content))
        };
        messages.into_iter().map(read).collect()
    };
    let messages = std::thread::scope(|scope| scope.spawn(read).join().unwrap());
    Found { recovery, messages }
}

impl Found {
    fn ids(&self) -> Vec<QueueId> {
        self.messages.keys().cloned().collect()
    }
}

fn name(committed: &Committed) -> String {
    format!("{}.eml", committed.id)
}

#[tokio::test]
async fn a_message_is_written_then_on_disk_in_the_journal_then_named() {
    let bench = Bench::new(USUAL);
    let first = name(&bench.commit(1).await);
    let second = name(&bench.commit(2).await);
    let expected = [
        "create Journal/segment-1",
        "sync_folder Journal",
        &format!("create Incoming/{first}"),
        "append",
        "stamp",
        "write_at",
        "sync_data",
        &format!("publish Queue/{first}"),
        &format!("create Incoming/{second}"),
        "append",
        "stamp",
        "write_at",
        "sync_data",
        &format!("publish Queue/{second}"),
    ];
    assert_eq!(bench.store.operations(), expected);
}

/// A message of a retired segment that has no file has left the queue.
#[tokio::test]
async fn no_segment_is_retired_between_the_record_of_a_message_and_its_name() {
    let bench = Bench::new(SHORT);
    bench.store.close_gate();
    let queue = bench.queue.clone();
    let waiting = tokio::spawn(async move { commit(&queue, &["bob@example.com"], &content(1, 300)).await });
    tokio::task::yield_now().await;
    bench.store.wait_for_sync();
    std::thread::sleep(Duration::from_millis(50));
    let meanwhile = bench.disk.names(Folder::Journal);
    bench.store.open_gate();
    assert_eq!(meanwhile, ["segment-1"]);
    waiting.await.unwrap().unwrap();
    bench.store.wait_for("open Queue", 1);
}

#[tokio::test]
async fn an_error_of_the_journal_refuses_the_whole_batch_and_the_next_has_another_segment() {
    for (failing, errno) in [("write_at", ENOSPC), ("sync_data", EIO)] {
        let bench = Bench::new(USUAL);
        bench.store.close_gate();
        let spawn = |number| {
            let queue = bench.queue.clone();
            tokio::spawn(async move { commit(&queue, &["bob@example.com"], &content(number, 300)).await })
        };
        let first = spawn(1);
        tokio::task::yield_now().await;
        bench.store.wait_for_sync();
        let batch: Vec<_> = (2..5).map(spawn).collect();
        tokio::task::yield_now().await;
        bench.store.fail_next(failing, errno);
        // What failed stays, or nobody could say what would be read there.
        bench.store.fail_all("open Queue", EIO);
        bench.store.open_gate();
        let first = first.await.unwrap().unwrap();
        for refused in batch {
            assert!(refused.await.unwrap().is_err());
        }
        assert_eq!(bench.disk.names(Folder::Queue), [name(&first)]);
        assert_eq!(bench.disk.names(Folder::Incoming), [""; 0]);
        let next = bench.commit(6).await;
        assert_eq!(bench.store.count("create Journal/segment-2"), 1);
        let accepted = [first.id, next.id];
        let disk = bench.kill();
        for seed in 0..20 {
            let found = found(&disk.after_power_cut(seed));
            assert!(accepted.iter().all(|id| found.messages.contains_key(id)));
        }
        assert_eq!(found(&disk).ids(), accepted, "what was refused came back");
    }
}

#[tokio::test]
async fn what_was_accepted_is_brought_back_whatever_became_of_its_file() {
    let whole = content(1, 9000);
    for torn in ["empty", "cut", "holed", "gone", "garbled"] {
        let bench = Bench::new(USUAL);
        let committed = commit(&bench.queue, &["bob@example.com"], &whole).await.unwrap();
        let name = name(&committed);
        let disk = bench.kill();
        let mut file = disk.read(Folder::Queue, &name);
        match torn {
            "empty" => file.clear(),
            "cut" => file.truncate(8192),
            "holed" => file[4096..].fill(0),
            "garbled" => file[512..1024].fill(b'?'),
            _ => {}
        }
        match torn {
            "gone" => disk.remove(Folder::Queue, name.as_ref()).unwrap(),
            "garbled" => disk.spoil(Folder::Queue, &name, &file),
            _ => disk.overwrite(Folder::Queue, &name, &file),
        }
        let found = found(&disk);
        assert_eq!(found.messages[&committed.id], (committed.message, whole.clone()), "{torn}");
        assert_eq!(found.recovery.restored, 1, "{torn}");
        assert_eq!(disk.names(Folder::Journal), [""; 0]);
        let after = self::found(&disk.after_power_cut(1));
        assert_eq!(after.messages[&committed.id].1, whole, "not on disk after it was brought back");
    }
}

#[tokio::test]
async fn a_file_that_was_changed_by_hand_or_by_us_is_left_as_it_is() {
    let bench = Bench::new(USUAL);
    let (edited, tried) = (bench.commit(1).await, bench.commit(2).await);
    let mut message = tried.message;
    message.attempts = 1;
    assert!(matches!(bench.queue.record(&tried.id, &message, tried.stamp).await.unwrap(), Recorded::Written(_)));
    let disk = bench.kill();
    let text = String::from_utf8(disk.read(Folder::Queue, &format!("{}.eml", edited.id))).unwrap();
    let text = text.replace("<bob@example.com>", "<roberta@example.com>").replace("number 1\r\n", "number one\r\n");
    disk.overwrite(Folder::Queue, &format!("{}.eml", edited.id), text.as_bytes());
    let found = found(&disk);
    assert_eq!(found.recovery.restored, 0);
    let (now, content) = &found.messages[&edited.id];
    assert_eq!(now.envelope.recipients[0].address.as_str(), "roberta@example.com");
    assert!(content.starts_with(b"Received: by test; number one\r\n"));
    assert_eq!(found.messages[&tried.id].0.attempts, 1);
}

#[tokio::test]
async fn what_left_the_queue_does_not_come_back_after_a_kill() {
    for limits in [USUAL, SMALL, SHORT] {
        let bench = Bench::new(limits);
        let mut kept = Vec::new();
        for number in 0..20 {
            let committed = bench.commit(number).await;
            match number % 4 {
                0 => bench.queue.remove(&committed.id).await.unwrap(),
                1 => bench.queue.discard(&committed.id).await.unwrap(),
                2 => bench.queue.set_aside(&committed.id, "nobody wants it").await.unwrap(),
                _ => kept.push(committed.id),
            }
        }
        assert_eq!(found(&bench.kill()).ids(), kept);
    }
}

#[tokio::test]
async fn a_message_whose_client_stopped_waiting_does_not_come_back_after_a_kill() {
    let bench = Bench::new(USUAL);
    bench.store.close_gate();
    let queue = bench.queue.clone();
    let waiting = tokio::spawn(async move { commit(&queue, &["bob@example.com"], &content(1, 300)).await });
    tokio::task::yield_now().await;
    bench.store.wait_for_sync();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    bench.store.open_gate();
    let next = bench.commit(2).await;
    assert_eq!(found(&bench.kill()).ids(), [next.id]);
}

#[tokio::test]
async fn a_removal_that_a_power_cut_undid_is_made_again() {
    let bench = Bench::new(USUAL);
    let (delivered, torn, again) = (bench.commit(1).await, bench.commit(2).await, bench.commit(3).await);
    let file = bench.disk.read(Folder::Queue, &name(&delivered));
    for message in [&delivered, &torn, &again] {
        bench.queue.remove(&message.id).await.unwrap();
    }
    let next = bench.commit(4).await;
    let disk = bench.kill();
    for (message, content) in [(&delivered, &file[..]), (&torn, &[]), (&again, &file)] {
        disk.create(Folder::Queue, name(message).as_ref()).unwrap();
        disk.spoil(Folder::Queue, &name(message), content);
    }
    // One is newer than the one that was removed: somebody put it there.
    disk.overwrite(Folder::Queue, &name(&again), &file);
    assert_eq!(found(&disk).ids(), [again.id, next.id]);
}

#[tokio::test]
async fn the_torn_file_of_a_message_that_was_deleted_is_no_message_after_a_power_cut() {
    let bench = Bench::new(USUAL);
    let deleted = bench.commit(1).await;
    bench.queue.discard(&deleted.id).await.unwrap();
    let next = bench.commit(2).await;
    let disk = bench.kill();
    disk.create(Folder::Queue, name(&deleted).as_ref()).unwrap();
    assert_eq!(found(&disk).ids(), [next.id]);
    assert_eq!(disk.names(Folder::Deleted), [name(&deleted)]);
}

#[tokio::test]
async fn what_is_noted_does_not_stay_in_the_journal() {
    let bench = Bench::new(SHORT);
    let committed = bench.commit(1).await;
    bench.store.wait_for("sync_data", 2);
    bench.queue.remove(&committed.id).await.unwrap();
    bench.store.wait_for("sync_data", 3);
    let disk = bench.kill();
    let segments = disk.names(Folder::Journal);
    assert!(segments.iter().all(|name| disk.read(Folder::Journal, name).starts_with(&[0; 24])), "{segments:?}");
}

#[tokio::test]
async fn the_segments_are_written_again_and_again_and_stay_small() {
    let bench = Bench::new(SMALL);
    let (mut accepted, mut kept) = (BTreeMap::new(), Vec::new());
    for number in 0..300 {
        let committed = bench.commit(number).await;
        if number % 3 == 0 {
            bench.queue.remove(&committed.id).await.unwrap();
        } else {
            accepted.insert(committed.id.clone(), content(number, 300));
            kept.push(committed.id);
        }
        let segments = bench.disk.names(Folder::Journal);
        assert!(segments.len() <= 2, "{segments:?}");
        assert!(segments.iter().all(|name| bench.disk.read(Folder::Journal, name).len() < 2 * SMALL.segment));
    }
    assert!(bench.store.count("create Journal") == 2, "no new file for a new lap");
    let disk = bench.kill();
    for seed in 0..20 {
        let found = found(&disk.after_power_cut(seed));
        for (id, content) in &accepted {
            assert_eq!(&found.messages[id].1, content);
        }
    }
    assert_eq!(found(&disk).ids(), kept, "a record of an earlier lap was read");
}

#[tokio::test]
async fn a_message_that_cannot_be_put_on_disk_stays_in_the_journal() {
    let bench = Bench::new(SHORT);
    bench.store.fail_all("sync", EIO);
    let committed = bench.commit(1).await;
    // Of its file, and of the one written in its place.
    bench.store.wait_for("sync", 2);
    let disk = bench.kill();
    for seed in 0..50 {
        assert_eq!(found(&disk.after_power_cut(seed)).messages[&committed.id].1, content(1, 300));
    }
}

#[tokio::test]
async fn a_message_whose_file_cannot_be_synced_is_written_anew_as_it_is() {
    let bench = Bench::new(USUAL);
    let committed = bench.commit(1).await;
    let mut message = committed.message;
    message.attempts = 3;
    bench.queue.record(&committed.id, &message, committed.stamp).await.unwrap();
    bench.store.fail_next("sync", EIO);
    drop(bench.queue);
    assert_eq!(bench.store.count("replace Queue"), 1);
    assert_eq!(bench.disk.names(Folder::Journal), [""; 0]);
    for seed in 0..50 {
        let found = found(&bench.disk.after_power_cut(seed));
        assert_eq!(found.messages[&committed.id], (message.clone(), content(1, 300)));
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_synced_keeps_the_journal() {
    let bench = Bench::new(USUAL);
    let committed = bench.commit(1).await;
    bench.store.fail_all("sync_folder Queue", EIO);
    drop(bench.queue);
    assert_eq!(bench.disk.names(Folder::Journal), ["segment-1"]);
    for seed in 0..50 {
        assert_eq!(found(&bench.disk.after_power_cut(seed)).messages[&committed.id].1, content(1, 300));
    }
}

#[tokio::test]
async fn while_no_segment_is_free_messages_are_committed_without_the_journal() {
    let bench = Bench::new(SMALL);
    bench.store.fail_all("open Queue", EIO);
    let mut accepted = Vec::new();
    for number in 0..40 {
        accepted.push(bench.commit(number).await.id);
    }
    assert_eq!(bench.disk.names(Folder::Journal), ["segment-1", "segment-2"]);
    assert!(bench.store.count("sync_folder Queue") > 10);
    let disk = bench.kill();
    for seed in 0..50 {
        assert_eq!(found(&disk.after_power_cut(seed)).ids(), accepted);
    }
}

#[tokio::test]
async fn while_no_segment_can_be_opened_messages_are_committed_without_the_journal() {
    let bench = Bench::new(USUAL);
    bench.store.fail_all("create Journal", EIO);
    let first = bench.commit(1).await;
    bench.store.heal();
    let second = bench.commit(2).await;
    assert_eq!((bench.store.count("sync_data"), bench.disk.names(Folder::Journal).len()), (1, 1));
    let disk = bench.kill();
    for seed in 0..50 {
        assert_eq!(found(&disk.after_power_cut(seed)).ids(), [first.id.clone(), second.id.clone()]);
    }
}

#[tokio::test]
async fn a_clean_end_leaves_an_empty_journal_and_everything_on_disk() {
    let bench = Bench::new(SMALL);
    let mut accepted = Vec::new();
    for number in 0..20 {
        accepted.push(bench.commit(number).await.id);
    }
    drop(bench.queue);
    assert_eq!(bench.disk.names(Folder::Journal), [""; 0]);
    for seed in 0..50 {
        let disk = bench.disk.after_power_cut(seed);
        assert_eq!(disk.names(Folder::Journal), [""; 0]);
        let found = found(&disk);
        assert_eq!((found.recovery.restored, found.ids()), (0, accepted.clone()));
    }
}

#[tokio::test]
async fn a_recovery_that_is_cut_short_loses_nothing() {
    let bench = Bench::new(SMALL);
    let mut accepted = BTreeMap::new();
    for number in 0..8 {
        accepted.insert(bench.commit(number).await.id, content(number, 300));
    }
    let disk = bench.kill();
    let mut steps = 0;
    for seed in 0..3 {
        for number in 0.. {
            let disk = disk.after_power_cut(seed);
            let store = FaultyStore::new(disk.clone());
            store.die_at(number);
            drop(Queue::open(Arc::clone(&store) as Arc<dyn Store>));
            let found = found(&disk.after_power_cut(seed + 100));
            for (id, content) in &accepted {
                assert_eq!(found.messages.get(id).map(|(_, found)| found), Some(content), "cut short at step {number}");
            }
            if store.operations().len() <= number {
                steps += number;
                break;
            }
        }
    }
    assert!(steps > 100, "only {steps} steps");
}

#[tokio::test]
async fn what_cannot_be_brought_back_waits_in_the_journal() {
    let bench = Bench::new(USUAL);
    let committed = bench.commit(1).await;
    let disk = bench.kill();
    disk.overwrite(Folder::Queue, &name(&committed), b"");
    let store = FaultyStore::new(disk.clone());
    store.fail_all("create Incoming", ENOSPC);
    let queue = Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap();
    let recovery = queue.recover(|_, _, _| {}).unwrap();
    assert_eq!((recovery.loaded, recovery.set_aside.len(), recovery.stuck.len()), (0, 0, 0));
    for _ in 0..3 {
        let seen = queue.inspect(&committed.id, None).await.unwrap();
        assert!(matches!(seen, Inspection::Unfinished), "{seen:?}");
    }
    drop(queue);
    assert_eq!((disk.names(Folder::Journal).len(), disk.names(Folder::Badmail).len()), (1, 0));
    assert_eq!(found(&disk).messages[&committed.id].1, content(1, 300));
}

#[tokio::test]
async fn a_segment_is_kept_while_an_earlier_one_needs_its_notes() {
    let bench = Bench::new(SMALL);
    bench.store.fail_all("open Queue", EIO);
    let (delivered, kept) = (bench.commit(1).await, bench.commit(2).await);
    while bench.disk.names(Folder::Journal).len() < 2 {
        bench.commit(3).await;
    }
    bench.queue.remove(&delivered.id).await.unwrap();
    let disk = bench.kill();
    disk.overwrite(Folder::Queue, &name(&kept), b"");
    let store = FaultyStore::new(disk.clone());
    store.fail_all("create Incoming", ENOSPC);
    drop(Queue::open(Arc::clone(&store) as Arc<dyn Store>).unwrap());
    let found = found(&disk);
    assert_eq!(found.messages[&kept.id].1, content(2, 300));
    assert!(!found.messages.contains_key(&delivered.id), "its note was removed before its record");
}

#[tokio::test]
async fn what_is_moved_out_of_the_queue_is_never_nowhere() {
    #[derive(Clone, Copy, Debug)]
    enum Move {
        Discard,
        SetAside,
        SetAsideBinary,
    }
    for act in [Move::Discard, Move::SetAside, Move::SetAsideBinary] {
        for number in 0.. {
            let bench = Bench::new(USUAL);
            let committed = bench.commit(1).await;
            if let Move::SetAsideBinary = act {
                bench.disk.overwrite(Folder::Queue, &name(&committed), b"no \0 message\n");
            }
            bench.store.die_at(number);
            let moved = match act {
                Move::Discard => bench.queue.discard(&committed.id).await,
                Move::SetAside | Move::SetAsideBinary => bench.queue.set_aside(&committed.id, "for now").await,
            };
            // Its note goes to the disk with the next batch, or at any time.
            for seed in 0..30 {
                let disk = bench.disk.after_power_cut(seed);
                drop(Queue::open(Arc::new(disk.clone())).unwrap());
                let places = [Folder::Queue, Folder::Deleted, Folder::Badmail];
                let files = places.into_iter().flat_map(|folder| {
                    let disk = disk.clone();
                    disk.names(folder).into_iter().map(move |name| disk.read(folder, &name))
                });
                let wanted = content(1, 300);
                let is_whole = |file: Vec<u8>| file.ends_with(&wanted) || file == b"no \0 message\n";
                assert!(files.into_iter().any(is_whole), "{act:?} cut off at step {number}, seed {seed}");
            }
            if bench.store.operations().len() <= number {
                moved.unwrap();
                assert!(number > 3, "only {number} steps");
                break;
            }
        }
    }
}

#[tokio::test]
async fn what_was_deleted_and_brought_back_stays() {
    let bench = Bench::new(USUAL);
    let committed = bench.commit(1).await;
    bench.queue.discard(&committed.id).await.unwrap();
    bench.queue.restore(&committed.id).await.unwrap();
    bench.commit(2).await;
    let disk = bench.kill();
    for seed in 0..50 {
        assert!(found(&disk.after_power_cut(seed)).messages.contains_key(&committed.id));
    }
    assert!(found(&disk).messages.contains_key(&committed.id));
}

#[tokio::test]
async fn what_is_no_segment_is_named_otherwise_and_kept() {
    let mailroot = tempfile::tempdir().unwrap();
    let journal = mailroot.path().join(".journal");
    fs::create_dir(&journal).unwrap();
    fs::write(journal.join("segment-1"), "MRJ2 of a later version").unwrap();
    fs::write(journal.join("segment-2"), "any text").unwrap();
    fs::write(journal.join("segment-2.aside"), "of an earlier start").unwrap();
    fs::write(journal.join("notes.txt"), "somebody's").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", journal.join("segment-3")).unwrap();
    let queue = messages::open(mailroot.path());
    let committed = commit(&queue, &["bob@example.com"], &content(1, 300)).await.unwrap();
    assert!(names(&journal).contains(&"segment-1".to_owned()));
    drop(queue);
    let mut expected = vec!["notes.txt", "segment-1.aside", "segment-2-2.aside", "segment-2.aside"];
    if cfg!(unix) {
        expected.push("segment-3.aside");
        assert!(journal.join("segment-3.aside").is_symlink());
    }
    assert_eq!(names(&journal), expected);
    assert_eq!(fs::read(journal.join("segment-1.aside")).unwrap(), b"MRJ2 of a later version");
    let queue = messages::open(mailroot.path());
    assert_eq!(read_all(&queue, &committed.id).await, content(1, 300));
}

#[tokio::test]
async fn a_journal_removed_while_we_run_is_made_again() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = Queue::open_with(directory(mailroot.path()), SHORT).unwrap();
    let journal = mailroot.path().join(".journal");
    for number in 0..4 {
        commit(&queue, &["bob@example.com"], &content(number, 300)).await.unwrap();
        let _ = fs::remove_dir_all(&journal);
    }
    // A segment is looked for when its turn comes.
    while names_if_any(&journal).is_empty() {
        commit(&queue, &["bob@example.com"], &content(9, 300)).await.unwrap();
    }
}

fn names_if_any(folder: &std::path::Path) -> Vec<String> {
    if folder.exists() { names(folder) } else { Vec::new() }
}

#[tokio::test]
async fn delivered_means_delivered_when_the_state_was_written_last() {
    let bench = Bench::new(USUAL);
    let to = ["bob@example.com", "eve@example.net"];
    let committed = commit(&bench.queue, &to, &content(1, 300)).await.unwrap();
    let mut message = committed.message;
    message.progress[0].status = Status::Delivered;
    bench.queue.record(&committed.id, &message, committed.stamp).await.unwrap();
    assert_eq!(found(&bench.kill()).messages[&committed.id].0.progress[0].status, Status::Delivered);
}

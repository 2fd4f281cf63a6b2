//! What people do to the files of a mailroot by hand, and what the queue makes of it.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

#[path = "support/messages.rs"]
mod messages;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::Duration;

use mailroot::mail::Recipient;
use mailroot::queue::{
    Adoption, Block, Committed, Inspection, Message, OpenError, Queue, QueueId, ReadError, Recorded, Recovery,
    SetAside, Stamp, State, Status, Via,
};
use messages::{START, address, commit, content, file, names, open, read_all};

fn recover(queue: &Queue) -> (Recovery, Vec<(QueueId, Message, Stamp)>) {
    let mut found = Vec::new();
    let recovery = queue.recover(|id, message, stamp| found.push((id, message, stamp))).unwrap();
    (recovery, found)
}

fn block(path: &Path) -> Block {
    Block::parse(&fs::read(path).unwrap()).unwrap().0
}

#[tokio::test]
async fn a_restart_reads_back_what_was_accepted() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let small = commit(&queue, &["bob@example.com", "eve@example.net"], &content(1, 900)).await.unwrap();
    let large = commit(&queue, &["bob@example.com"], &content(2, 300_000)).await.unwrap();
    assert!(small.content.is_some() && large.content.is_none());
    drop(queue);
    fs::write(mailroot.path().join(".state/incoming/half.eml"), "x-mailroot: v1 len=").unwrap();

    let queue = open(mailroot.path());
    let (recovery, mut found) = recover(&queue);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!((recovery.loaded, recovery.temporary_removed, recovery.set_aside.len()), (2, 1, 0));
    assert_eq!(found[0], (small.id.clone(), small.message, small.stamp));
    assert_eq!(found[1], (large.id.clone(), large.message, large.stamp));
    assert_eq!(read_all(&queue, &small.id).await, content(1, 900));
    assert_eq!(read_all(&queue, &large.id).await, content(2, 300_000));
}

#[tokio::test]
async fn foreign_torn_and_old_files_go_to_badmail_with_their_reason() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let torn = commit(&queue, &["bob@example.com"], &content(1, 9000)).await.unwrap();
    drop(queue);
    let folder = mailroot.path().join("Queue");
    fs::File::options().write(true).open(file(mailroot.path(), &torn.id)).unwrap().set_len(3000).unwrap();
    fs::write(folder.join("NTFS_1a2b.EML"), "Received: from somewhere\r\n\r\nold\r\n").unwrap();
    fs::write(folder.join("later.eml"), "x-mailroot: v2 flavour=sweet\r\n").unwrap();
    fs::write(folder.join("notes.txt"), "buy milk\n").unwrap();
    fs::write(folder.join("picture.png"), b"\x89PNG\0\0").unwrap();
    fs::write(folder.join(".hidden"), "an editor's").unwrap();
    fs::create_dir(folder.join("old")).unwrap();

    let queue = open(mailroot.path());
    let (recovery, found) = recover(&queue);
    assert_eq!((found.len(), recovery.stuck.len(), recovery.set_aside.len()), (0, 0, 5));
    assert_eq!(names(&folder), ["old"]);
    let badmail = mailroot.path().join("Badmail");
    let torn_name = format!("{}.eml", torn.id);
    let mut expected =
        [&torn_name, "NTFS_1a2b.eml", "later.eml", "notes_txt.eml", "picture.png", "picture.png.reason.txt"];
    expected.sort_unstable();
    assert_eq!(names(&badmail), expected);
    let starts = |name: &str, start: &str| {
        let text = fs::read_to_string(badmail.join(name)).unwrap();
        assert!(text.starts_with(start), "{text}");
    };
    starts(&torn_name, "x-reason: it is torn: ");
    starts("NTFS_1a2b.eml", "x-reason: it has no envelope, that is no x-sender and x-receiver lines at its top\r\nRec");
    starts("later.eml", "x-reason: its envelope is of version \"v2\", which this program does not know\r\nx-mailroot");
    starts("notes_txt.eml", "x-reason: its name does not end in .eml\r\nbuy milk\n");
    starts("picture.png.reason.txt", "its name does not end in .eml");
    assert_eq!(fs::read(badmail.join("picture.png")).unwrap(), b"\x89PNG\0\0");
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_moved_and_never_followed() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    std::os::unix::fs::symlink("/etc/hostname", mailroot.path().join("Queue/link.eml")).unwrap();
    let (recovery, _) = recover(&queue);
    assert_eq!(recovery.set_aside, [("link.eml".to_owned(), "it is not a regular file".to_owned())]);
    assert!(mailroot.path().join("Badmail/link.eml").is_symlink());
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_private_to_the_account() {
    use std::os::unix::fs::PermissionsExt;
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let committed = commit(&queue, &["bob@example.com"], &content(1, 100)).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file(mailroot.path(), &committed.id)), 0o600);
    for folder in
        ["Queue", "Badmail", "Drop", "Pickup", ".taken", ".journal", ".state", ".state/incoming", ".state/deleted"]
    {
        assert_eq!(mode(&mailroot.path().join(folder)), 0o700, "{folder}");
    }
}

#[test]
fn a_second_engine_is_refused_and_told_where() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let error = Queue::open(messages::directory(mailroot.path())).err().unwrap();
    assert!(matches!(&error, OpenError::Locked { .. }));
    assert!(error.to_string().contains(&mailroot.path().display().to_string()), "{error}");
    let instance = queue.instance().to_owned();
    drop(queue);
    assert_eq!(open(mailroot.path()).instance(), instance);
}

#[tokio::test]
async fn folders_removed_while_we_run_are_made_again() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    for folder in [".state/incoming", "Queue"] {
        fs::remove_dir_all(mailroot.path().join(folder)).unwrap();
        let committed = commit(&queue, &["bob@example.com"], &content(1, 100)).await.unwrap();
        assert!(file(mailroot.path(), &committed.id).exists());
    }
}

#[tokio::test]
async fn a_new_state_is_written_in_place() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let Committed { id, mut message, stamp: first, .. } =
        commit(&queue, &["bob@example.com", "eve@example.net"], &content(1, 900)).await.unwrap();
    message.progress[0].status = Status::Delivered;
    message.attempts = 1;
    message.next = START.plus(Duration::from_mins(15));
    message.last_reply = Some("451 4.7.1 Greylisted (mx1.example.net)".into());
    let Ok(Recorded::Written(stamp)) = queue.record(&id, &message, first).await else {
        panic!("nobody edited it");
    };
    assert_eq!(stamp.size, first.size);
    assert_eq!(queue.load(&id).await.unwrap(), (message, stamp));
    assert_eq!(read_all(&queue, &id).await, content(1, 900));
    assert!(matches!(queue.inspect(&id, Some(stamp)).await.unwrap(), Inspection::Unchanged));
}

#[tokio::test]
async fn an_edit_by_hand_wins_over_a_state_and_is_mended_by_the_next_one() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let Committed { id, message: original, stamp: first, .. } =
        commit(&queue, &["bob@example.com"], &content(1, 900)).await.unwrap();
    let path = file(mailroot.path(), &id);
    let text = fs::read_to_string(&path).unwrap();
    let edited =
        text.replace("<bob@example.com>", "<robert.the.bob@example.com>").replace("number 1\r\n", "number 1\n");
    fs::write(&path, edited).unwrap();

    let recorded = queue.record(&id, &original, first).await.unwrap();
    let Recorded::Edited(mut message, stamp) = recorded else { panic!("the edit went unseen") };
    assert_eq!(message.envelope.recipients, [Recipient::new(address("robert.the.bob@example.com"))]);
    assert!(matches!(
        queue.inspect(&id, Some(first)).await.unwrap(),
        Inspection::Changed(seen, at) if seen == message && at == stamp
    ));
    assert_eq!(read_all(&queue, &id).await, content(1, 900), "line ends are mended on the way out");

    message.attempts = 1;
    let Recorded::Written(stamp) = queue.record(&id, &message, stamp).await.unwrap() else { panic!() };
    let file = fs::read(&path).unwrap();
    let (block, length) = Block::parse(&file).unwrap();
    assert_eq!((block.len, block.attempts), (Some(length), 1));
    assert_eq!(block.size, Some((file.len() - length) as u64));
    assert_eq!(queue.load(&id).await.unwrap().1, stamp);
    assert_eq!(read_all(&queue, &id).await, content(1, 900));
}

#[tokio::test]
async fn a_hand_made_block_is_replaced_by_a_whole_one_and_the_content_stays() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let id: QueueId = "byhand".parse().unwrap();
    let path = file(mailroot.path(), &id);
    fs::write(&path, "x-sender: a@x.example\nx-receiver: b@y.example\nSubject: hi\n\nhi\n").unwrap();
    let (mut message, stamp) = queue.load(&id).await.unwrap();
    message.attempts = 2;
    let Recorded::Written(stamp) = queue.record(&id, &message, stamp).await.unwrap() else { panic!() };
    assert_eq!(queue.load(&id).await.unwrap(), (message, stamp));
    let file = fs::read(&path).unwrap();
    let (block, length) = Block::parse(&file).unwrap();
    assert_eq!((block.len, block.size), (Some(length), Some(16)));
    assert_eq!(&file[length..], b"Subject: hi\n\nhi\n");
    assert_eq!(names(&mailroot.path().join("Queue")), ["byhand.eml"]);
}

#[tokio::test]
async fn a_message_shortened_by_a_person_is_kept() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let committed = commit(&queue, &["bob@example.com"], &content(1, 9000)).await.unwrap();
    let path = file(mailroot.path(), &committed.id);
    let text = fs::read_to_string(&path).unwrap();
    let (kept, _) = text.split_at(text[..5000].rfind('\n').unwrap() + 1);
    fs::write(&path, kept).unwrap();
    let (recovery, found) = recover(&queue);
    assert_eq!((recovery.set_aside.len(), found.len()), (0, 1));
    assert!(found[0].1.size < 5000);
}

#[tokio::test]
async fn a_deleted_message_is_gone_and_removing_it_again_is_no_error() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let Committed { id, message: original, stamp: first, .. } =
        commit(&queue, &["bob@example.com"], &content(1, 100)).await.unwrap();
    fs::remove_file(file(mailroot.path(), &id)).unwrap();
    assert!(matches!(queue.load(&id).await, Err(ReadError::Gone)));
    assert!(matches!(queue.content(&id).await, Err(ReadError::Gone)));
    assert!(matches!(queue.record(&id, &original, first).await, Err(ReadError::Gone)));
    assert!(matches!(queue.inspect(&id, Some(first)).await.unwrap(), Inspection::Gone));
    queue.remove(&id).await.unwrap();
}

#[tokio::test]
async fn a_file_put_into_the_queue_becomes_a_message() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let name = OsStr::new("x - Copy.EML");
    let path = mailroot.path().join("Queue").join(name);
    fs::write(&path, "x-sender: a@x.example\nx-receiver: b@y.example\nSubject: hi\n\nhi\n").unwrap();
    assert!(matches!(queue.adopt(name).await.unwrap(), Adoption::Unfinished));
    let Adoption::Adopted(id, message, stamp) = queue.adopt(name).await.unwrap() else { panic!("it did not change") };
    assert!(!path.exists() && file(mailroot.path(), &id).exists());
    assert_eq!((message.origin.via, message.state), (Via::Hand, State::Queued));
    assert_eq!(queue.load(&id).await.unwrap(), (*message, stamp));
    assert_eq!(read_all(&queue, &id).await, b"Subject: hi\r\n\r\nhi\r\n");
    assert!(matches!(queue.adopt(name).await.unwrap(), Adoption::Gone));
}

#[tokio::test]
async fn a_copied_message_is_a_second_message() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let committed = commit(&queue, &["bob@example.com"], &content(1, 100)).await.unwrap();
    let copy = mailroot.path().join("Queue").join(format!("{} (2).eml", committed.id));
    fs::copy(file(mailroot.path(), &committed.id), copy).unwrap();
    let (recovery, found) = recover(&queue);
    assert_eq!((recovery.loaded, found.len()), (2, 2));
    assert_eq!(found[0].1, found[1].1);
    assert_ne!(found[0].0, found[1].0);
}

#[tokio::test]
async fn a_file_still_being_written_is_left_alone_until_it_stays_the_same() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let id: QueueId = "byhand".parse().unwrap();
    let path = file(mailroot.path(), &id);
    fs::write(&path, "x-sender: <a@x.ex").unwrap();
    assert!(matches!(queue.inspect(&id, None).await.unwrap(), Inspection::Unfinished));
    fs::write(&path, "x-sender: <a@x.example>\r\nx-rec").unwrap();
    assert!(matches!(queue.inspect(&id, None).await.unwrap(), Inspection::Unfinished));
    let Inspection::SetAside(SetAside { badmail, reason }) = queue.inspect(&id, None).await.unwrap() else {
        panic!("it stayed the same")
    };
    assert_eq!((badmail.as_str(), reason.as_str()), ("byhand", "its envelope has no recipient (x-receiver)"));
    assert_eq!(block(&mailroot.path().join("Badmail/byhand.eml")).reason.as_deref(), Some(&*reason));
}

#[tokio::test]
async fn a_scan_tells_messages_from_the_rest_and_moves_nothing() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let committed = commit(&queue, &["bob@example.com"], &content(1, 100)).await.unwrap();
    let folder = mailroot.path().join("Queue");
    fs::write(folder.join("notes.txt"), "buy milk\n").unwrap();
    for _ in 0..2 {
        let scan = queue.scan().await.unwrap();
        assert_eq!(scan.messages, [(committed.id.clone(), committed.stamp)]);
        assert_eq!(scan.others, ["notes.txt"]);
    }
    assert!(names(&mailroot.path().join("Badmail")).is_empty());
}

#[tokio::test]
async fn what_a_person_deleted_can_be_brought_back_for_a_day() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let kept = commit(&queue, &["bob@example.com"], &content(1, 100)).await.unwrap();
    queue.discard(&kept.id).await.unwrap();
    assert!(!file(mailroot.path(), &kept.id).exists());
    assert!(matches!(queue.restore(&"unknown".parse().unwrap()).await, Err(ReadError::Gone)));
    let restored = queue.restore(&kept.id).await.unwrap();
    assert_eq!(restored.message, kept.message);
    assert_eq!(read_all(&queue, &kept.id).await, content(1, 100));

    // What counts is the time of the deletion, not that of the message.
    let old = fs::File::options().write(true).open(file(mailroot.path(), &kept.id)).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    let before = fs::metadata(mailroot.path().join(".state/instance")).unwrap().modified().unwrap();
    queue.discard(&kept.id).await.unwrap();
    let path = mailroot.path().join(format!(".state/deleted/{}.eml", kept.id));
    let deleted = fs::metadata(path).unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(deleted >= before.duration_since(std::time::UNIX_EPOCH).unwrap());
    let after = |hours: u64| {
        let seconds = deleted.as_secs() + hours * 3600;
        mailroot::clock::Timestamp::from_unix(i64::try_from(seconds).unwrap())
    };
    assert_eq!(queue.purge_discarded(after(23)).await.unwrap(), 0);
    assert_eq!(queue.purge_discarded(after(25)).await.unwrap(), 1);
    assert!(matches!(queue.restore(&kept.id).await, Err(ReadError::Gone)));
}

#[tokio::test]
async fn a_message_set_aside_keeps_its_recipients_and_how_far_they_are() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let committed = commit(&queue, &["bob@example.com", "eve@example.net"], &content(1, 900)).await.unwrap();
    let mut message = committed.message;
    message.progress[0].status = Status::Delivered;
    queue.record(&committed.id, &message, committed.stamp).await.unwrap();
    queue.set_aside(&committed.id, "the report about it could not be delivered").await.unwrap();
    assert!(!file(mailroot.path(), &committed.id).exists());
    let path = mailroot.path().join(format!("Badmail/{}.eml", committed.id));
    let bytes = fs::read(&path).unwrap();
    let (block, length) = Block::parse(&bytes).unwrap();
    assert_eq!(block.reason.as_deref(), Some("the report about it could not be delivered"));
    assert_eq!(&bytes[length..], content(1, 900));
    let statuses: Vec<_> = block.recipients.iter().map(|(_, status)| *status).collect();
    assert_eq!(statuses, [Status::Delivered, Status::Pending]);
}

#[tokio::test]
async fn a_drop_copy_names_its_recipients_and_never_replaces_another() {
    let mailroot = tempfile::tempdir().unwrap();
    let queue = open(mailroot.path());
    let to = ["bob@corp.example", "eve@example.net", "ann@corp.example"];
    let committed = commit(&queue, &to, &content(1, 900)).await.unwrap();
    for recipients in [&[0, 2][..], &[2]] {
        queue.drop_copy(&committed.id, &committed.message, recipients, None).await.unwrap();
    }
    let folder = mailroot.path().join("Drop");
    assert_eq!(names(&folder), [format!("{}-2.eml", committed.id), format!("{}.eml", committed.id)]);
    let expected = [
        b"x-sender: <app@corp.example>\r\nx-receiver: <bob@corp.example>\r\nx-receiver: <ann@corp.example>\r\n",
        &content(1, 900)[..],
    ];
    assert_eq!(fs::read(folder.join(format!("{}.eml", committed.id))).unwrap(), expected.concat());

    let full = queue.drop_copy(&committed.id, &committed.message, &[0], Some(2500)).await;
    assert!(matches!(full, Err(mailroot::queue::DropError::Quota)));
    queue.drop_copy(&committed.id, &committed.message, &[0], Some(10_000)).await.unwrap();
}

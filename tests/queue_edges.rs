//! What people do to Queue and Badmail by hand is followed, and Badmail can be worked with.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "support/messages.rs"]
mod messages;
#[expect(dead_code, reason = "the tests of Pickup use the rest")]
#[path = "support/pickup.rs"]
mod pickup;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use mailroot::queue::{Change, Committed, Filter, Known, Queue, QueueId, Reconciliation, Stamp, Status, Touched};
use messages::{START, commit, content, file, names, open};
use pickup::Mailroot;

/// What an engine would know.
#[derive(Default)]
struct Engine(Mutex<HashMap<QueueId, Stamp>>);

impl Known for Engine {
    fn stamp(&self, id: &QueueId) -> Option<Stamp> {
        self.0.lock().unwrap().get(id).copied()
    }

    fn ids(&self) -> Vec<QueueId> {
        self.0.lock().unwrap().keys().cloned().collect()
    }
}

impl Engine {
    async fn accept(&self, queue: &Queue) -> QueueId {
        let Committed { id, stamp, .. } = commit(queue, &["bob@example.com"], &content(1, 300)).await.unwrap();
        self.0.lock().unwrap().insert(id.clone(), stamp);
        id
    }

    /// Reconciles, and again as long as somebody may still be writing.
    async fn follow(&self, queue: &Queue, touched: Touched) -> Vec<Change> {
        let Reconciliation { mut changes, again } = queue.reconcile([touched], self).await;
        let second = queue.reconcile(again, self).await;
        assert_eq!(second.again, []);
        changes.extend(second.changes);
        changes
    }
}

/// By its events, and by a look at everything, the outcome is the same.
fn both_ways(touched: Touched) -> [Touched; 2] {
    [touched, Touched::Everything]
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replace(from, to)).unwrap();
}

#[tokio::test]
async fn our_own_commits_and_removals_are_no_changes() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    let kept = engine.accept(&queue).await;
    let delivered = engine.accept(&queue).await;
    queue.remove(&delivered).await.unwrap();
    engine.0.lock().unwrap().remove(&delivered);
    for touched in [Touched::Message(kept), Touched::Message(delivered), Touched::Everything] {
        assert!(engine.follow(&queue, touched).await.is_empty());
    }
}

#[tokio::test]
async fn fs14_a_message_deleted_by_hand_is_followed() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    let message = engine.accept(&queue).await;
    fs::remove_file(file(mailroot.path(), &message)).unwrap();
    for touched in both_ways(Touched::Message(message.clone())) {
        let changes = engine.follow(&queue, touched).await;
        assert!(matches!(&changes[..], [Change::Vanished(id)] if *id == message), "{changes:?}");
    }
}

#[tokio::test]
async fn a_message_committed_but_not_yet_known_is_not_taken_for_one_put_there_by_hand() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    let committed = commit(&queue, &["bob@example.com"], &content(1, 300)).await.unwrap();
    let id = committed.id.clone();
    assert!(engine.follow(&queue, Touched::Message(id.clone())).await.is_empty());
    drop(committed);
    assert!(matches!(&engine.follow(&queue, Touched::Message(id)).await[..], [Change::Appeared(..)]));
}

#[tokio::test]
async fn fs14_a_message_edited_by_hand_is_followed() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    let message = engine.accept(&queue).await;
    edit(&file(mailroot.path(), &message), "<bob@example.com>", "<roberta@example.com>");
    for touched in both_ways(Touched::Message(message.clone())) {
        let changes = engine.follow(&queue, touched).await;
        let [Change::Changed(id, edited, _)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!((id, edited.envelope.recipients[0].address.as_str()), (&message, "roberta@example.com"));
    }
}

#[tokio::test]
async fn a_message_put_into_queue_by_hand_is_followed_under_any_name() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    let letter = "x-sender: a@corp.example\nx-receiver: bob@example.com\n\nHi\n";
    for name in ["by-hand.eml", "by hand - Copy.eml"] {
        fs::write(mailroot.path().join("Queue").join(name), letter).unwrap();
        let touched = match name.strip_suffix(".eml").unwrap().parse() {
            Ok(id) => Touched::Message(id),
            Err(_) => Touched::Foreign(OsString::from(name)),
        };
        let changes = engine.follow(&queue, touched).await;
        let [Change::Appeared(id, message, stamp)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(message.envelope.recipients[0].address.as_str(), "bob@example.com");
        engine.0.lock().unwrap().insert(id.clone(), *stamp);
        assert!(engine.follow(&queue, Touched::Everything).await.is_empty());
    }
}

#[tokio::test]
async fn a_file_that_is_no_message_waits_until_it_is_whole_and_then_goes_to_badmail() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    fs::write(mailroot.path().join("Queue/notes.eml"), "half a").unwrap();
    let first = queue.reconcile([Touched::Message("notes".parse().unwrap())], &engine).await;
    assert!(first.changes.is_empty() && first.again.len() == 1);
    fs::write(mailroot.path().join("Queue/notes.eml"), "half a sentence").unwrap();
    let second = queue.reconcile(first.again, &engine).await;
    assert!(second.changes.is_empty() && second.again.len() == 1, "it changed meanwhile");
    let third = queue.reconcile(second.again, &engine).await;
    assert!(matches!(&third.changes[..], [Change::SetAside { id: None, file, .. }] if file == "notes.eml"));
    assert_eq!(names(&mailroot.path().join("Badmail")), ["notes.eml"]);
}

#[tokio::test]
async fn a_foreign_file_is_set_aside_with_a_word_by_whichever_look_finds_it() {
    let mailroot = tempfile::tempdir().unwrap();
    let (queue, engine) = (open(mailroot.path()), Engine::default());
    for touched in both_ways(Touched::Foreign("buy milk.txt".into())) {
        fs::write(mailroot.path().join("Queue/buy milk.txt"), "and eggs\n").unwrap();
        // Told of twice at once, it has still been looked at only once.
        let first = queue.reconcile([touched.clone(), touched], &engine).await;
        assert!(first.changes.is_empty() && first.again.len() == 1, "{first:?}");
        let second = queue.reconcile(first.again, &engine).await;
        let [Change::SetAside { id: None, file, reason, .. }] = &second.changes[..] else { panic!("{second:?}") };
        assert_eq!((file.as_str(), reason.as_str()), ("buy milk.txt", "its name does not end in .eml"));
    }
}

#[tokio::test(start_paused = true)]
async fn badmail_is_listed_with_what_the_blocks_say() {
    let mailroot = Mailroot::new();
    let committed = commit(&mailroot.queue, &["bob@example.com"], &content(1, 300)).await.unwrap();
    mailroot.queue.set_aside(&committed.id, "nobody wants it").await.unwrap();
    fs::write(mailroot.path("Badmail/by hand.txt"), "anything").unwrap();
    fs::write(mailroot.path("Badmail/empty.eml"), "").unwrap();

    let badmail = mailroot.badmail();
    let listed = badmail.list(&"to:bob".parse().unwrap(), START).await.unwrap();
    let [message] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((message.id.as_str(), message.reason.as_deref()), (committed.id.as_str(), Some("nobody wants it")));
    assert_eq!((message.sender.as_str(), message.received), ("app@corp.example", START));
    assert_eq!(message.recipients, [(committed.message.envelope.recipients[0].address.clone(), Status::Pending)]);
    assert_eq!(badmail.list(&"reply:WANTS !to:eve".parse().unwrap(), START).await.unwrap().len(), 1);
    assert_eq!(badmail.list(&"state:queued".parse().unwrap(), START).await.unwrap().len(), 0);

    let mut ids: Vec<_> = mailroot.reasons().await.into_iter().map(|(id, _)| id).collect();
    ids.sort();
    let mut expected = ["by hand.txt", "empty", committed.id.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

#[tokio::test(start_paused = true)]
async fn badmail_of_the_old_server_is_listed_with_its_reason_and_can_be_sent_again() {
    let mut mailroot = Mailroot::new();
    let letter = "From: app@corp.example\r\nTo: bob@example.com\r\n\r\nHi\r\n";
    fs::write(mailroot.path("Badmail/0AC1.BAD"), letter).unwrap();
    fs::write(mailroot.path("Badmail/0AC1.BDP"), b"\0\x01\0").unwrap();
    fs::write(mailroot.path("Badmail/0AC1.BDR"), "Unable to deliver this message\r\nbecause ... 0xC00402C7").unwrap();
    let listed = mailroot.reasons().await;
    assert_eq!(listed, [("0AC1.BAD".to_owned(), "Unable to deliver this message because ... 0xC00402C7".to_owned())]);

    mailroot.badmail().resend("0AC1.BAD").await.unwrap();
    assert_eq!(names(&mailroot.path("Badmail")), [""; 0]);
    assert_eq!(mailroot.sent().await.recipients(), ["bob@example.com"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_sent_again_keeps_its_content_and_loses_its_reason() {
    let mut mailroot = Mailroot::new();
    let content = content(7, 3000);
    let committed = commit(&mailroot.queue, &["bob@example.com"], &content).await.unwrap();
    mailroot.queue.set_aside(&committed.id, "for now").await.unwrap();
    mailroot.badmail().resend(committed.id.as_str()).await.unwrap();
    let sent = mailroot.sent().await;
    assert_eq!(sent.below_received().as_bytes(), content);
    assert!(mailroot.reasons().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_file_can_be_sent_once_its_fault_is_mended() {
    let mut mailroot = Mailroot::new();
    mailroot.settings.messages.max_message_size = Some(100);
    let letter =
        format!("From: app@corp.example\r\nTo: bob@example.com\r\nBcc: eve@example.net\r\n\r\n{}\r\n", "x".repeat(200));
    mailroot.refuse(&letter).await;
    let (id, _) = mailroot.reasons().await.pop().unwrap();
    mailroot.settings.messages.max_message_size = None;
    mailroot.badmail().resend(&id).await.unwrap();
    let sent = mailroot.sent().await;
    assert_eq!(sent.recipients(), ["bob@example.com", "eve@example.net"]);
    assert!(!sent.content.contains("Bcc") && !sent.content.contains("x-reason"), "{}", sent.content);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_badmail_is_shown_without_its_block_and_deleted_with_its_companions() {
    let mailroot = Mailroot::new();
    let content = content(7, 3000);
    let committed = commit(&mailroot.queue, &["bob@example.com"], &content).await.unwrap();
    mailroot.queue.set_aside(&committed.id, "for now").await.unwrap();
    fs::write(mailroot.path("Badmail/x.bin"), b"\0").unwrap();
    fs::write(mailroot.path("Badmail/x.bin.reason.txt"), "no text").unwrap();

    let badmail = mailroot.badmail();
    let (message, mut shown) = badmail.show(committed.id.as_str()).await.unwrap();
    assert_eq!(message.reason.as_deref(), Some("for now"));
    assert_eq!(shown.next().await.unwrap().unwrap(), content);
    assert_eq!(badmail.show("x.bin").await.unwrap().0.reason.as_deref(), Some("no text"));

    badmail.delete("x.bin").await.unwrap();
    badmail.delete(committed.id.as_str()).await.unwrap();
    assert_eq!(names(&mailroot.path("Badmail")), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn fs01_no_name_leads_out_of_badmail() {
    let mailroot = Mailroot::new();
    fs::write(mailroot.path("secret.eml"), "secret").unwrap();
    let badmail = mailroot.badmail();
    for id in ["../secret.eml", "../secret", "/etc/passwd", "..\\secret", ".", "..", "", "%2e%2e", &"a".repeat(300)] {
        assert_eq!(badmail.show(id).await.err().map(|error| error.kind()), Some(io::ErrorKind::NotFound), "{id}");
        assert_eq!(badmail.delete(id).await.unwrap_err().kind(), io::ErrorKind::NotFound, "{id}");
        assert_eq!(badmail.resend(id).await.unwrap_err().kind(), io::ErrorKind::NotFound, "{id}");
    }
    assert!(mailroot.path("secret.eml").exists());
}

#[tokio::test(start_paused = true)]
async fn the_caps_remove_the_oldest_with_their_companions_and_say_so() {
    let mailroot = Mailroot::new();
    for (name, age) in [("new.eml", 10), ("old.BAD", 300), ("old.BDR", 300), ("ancient.eml", 4000)] {
        let path = mailroot.path("Badmail").join(name);
        fs::write(&path, [b'x'; 100]).unwrap();
        let written = std::time::UNIX_EPOCH + Duration::from_secs(START.as_unix().unsigned_abs() - age);
        fs::File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    }
    let badmail = mailroot.badmail();
    assert_eq!(badmail.enforce(None, None, START).await.unwrap(), []);
    let removed = badmail.enforce(Some(150), Some(Duration::from_hours(1)), START).await.unwrap();
    let told: Vec<_> = removed.iter().map(|removed| (removed.id.as_str(), removed.size, removed.setting)).collect();
    assert_eq!(told, [("ancient", 100, "messages.badmail_max_age"), ("old.BAD", 200, "messages.badmail_max_size")]);
    assert_eq!(removed[1].age, Duration::from_mins(5));
    assert_eq!(names(&mailroot.path("Badmail")), ["new.eml"]);
    assert_eq!(mailroot.badmail().list(&Filter::default(), START).await.unwrap().len(), 1);
}

//! Files of Pickup: which are taken, what they say, and that none is lost.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

#[path = "support/messages.rs"]
mod messages;
#[path = "support/pickup.rs"]
mod pickup;

use std::fs;
use std::time::Duration;

use mailroot::mail::Body;
use mailroot::queue::{Status, Taken, Via};
use messages::{START, commit, message, names};
use pickup::Mailroot;

const LETTER: &str = "From: app@corp.example\r\nTo: bob@example.com\r\nDate: Tue, 24 Nov 2026 11:15:03 +0000\r\n\
                      Message-ID: <1@corp.example>\r\nSubject: hello\r\n\r\nHello.\r\n";

#[tokio::test(start_paused = true)]
async fn envelope_lines_decide_whom_it_is_for_and_are_not_sent() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot
        .send(format!(
            "x-sender: <s@corp.example>\r\nX-Receiver: a@example.com\r\nx-receiver: <b@example.net>\r\n{LETTER}"
        ))
        .await;
    assert_eq!((sent.sender().as_str(), sent.recipients()), ("s@corp.example", vec!["a@example.com", "b@example.net"]));
    assert!(sent.content.starts_with("Received: by relay.example (mailroot "), "{}", sent.content);
    assert_eq!(sent.below_received(), LETTER);
    assert_eq!(sent.committed.message.origin.via, Via::Pickup);
    assert_eq!(names(&mailroot.path("Pickup")), [""; 0]);
    assert_eq!(names(&mailroot.path(".taken")), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn without_envelope_lines_the_header_decides_and_blind_copies_stay_blind() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot.send(format!("Bcc: eve@example.net\r\n{LETTER}")).await;
    assert_eq!(
        (sent.sender().as_str(), sent.recipients()),
        ("app@corp.example", vec!["bob@example.com", "eve@example.net"])
    );
    assert_eq!(sent.below_received(), LETTER);
}

#[tokio::test(start_paused = true)]
async fn a_file_as_dot_net_writes_it_is_sent() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot
        .send(
            "X-Sender: app@corp.example\r\nX-Receiver: bob@example.com\r\nX-Receiver: hidden@example.net\r\n\
               MIME-Version: 1.0\r\nFrom: app@corp.example\r\nTo: bob@example.com\r\n\r\nHi\r\n",
        )
        .await;
    assert_eq!(sent.recipients(), ["bob@example.com", "hidden@example.net"]);
    assert!(!sent.content.to_ascii_lowercase().contains("x-receiver"), "{}", sent.content);
}

#[tokio::test(start_paused = true)]
async fn what_a_new_message_lacks_is_added() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot.send("From: app@corp.example\nTo: bob@example.com\n\nHi\n").await;
    let id = &sent.committed.id;
    let header = sent.below_received();
    assert!(header.contains(&format!("\r\nDate: {}\r\n", START.rfc5322())), "{header}");
    assert!(header.contains(&format!("\r\nMessage-ID: <{id}@relay.example>\r\n\r\nHi\r\n")), "{header}");
}

#[tokio::test(start_paused = true)]
async fn addresses_without_a_domain_are_completed() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot.send("x-sender: app\r\nx-receiver: <bob>\r\n\r\nHi\r\n").await;
    assert_eq!((sent.sender().as_str(), sent.recipients()), ("app@home.example", vec!["bob@home.example"]));
    let sent = mailroot.send("From: app\r\nTo: bob\r\n\r\nHi\r\n").await;
    assert_eq!((sent.sender().as_str(), sent.recipients()), ("app@home.example", vec!["bob@home.example"]));
}

#[tokio::test(start_paused = true)]
async fn an_empty_sender_makes_a_report_that_nobody_answers() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot.send(format!("x-sender: <>\r\nx-receiver: bob@example.com\r\n{LETTER}")).await;
    assert_eq!(sent.sender(), "");
}

#[tokio::test(start_paused = true)]
async fn dots_mean_nothing_in_a_file() {
    let mut mailroot = Mailroot::new();
    let letter = format!("{LETTER}.\r\n..\r\n.leading\r\n\r\n.\r\nafter\r\n");
    let sent = mailroot.send(&letter).await;
    assert_eq!(sent.below_received(), letter);
}

#[tokio::test(start_paused = true)]
async fn line_ends_of_any_kind_leave_as_crlf_and_cannot_hide_a_field() {
    let mut mailroot = Mailroot::new();
    let sent =
        mailroot.send("From: app@corp.example\nTo: bob@example.com\rBcc: eve@example.net\r\n\none\rtwo\n\rthree").await;
    assert_eq!(sent.recipients(), ["bob@example.com", "eve@example.net"]);
    assert!(!sent.content.contains("Bcc"), "{}", sent.content);
    assert!(sent.content.ends_with("\r\n\r\none\r\ntwo\r\n\r\nthree\r\n"), "{}", sent.content);
}

#[tokio::test(start_paused = true)]
async fn eight_bit_content_and_addresses_are_declared() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot.send(format!("{LETTER}Grüße\r\n")).await;
    assert_eq!(
        (sent.committed.message.envelope.body, sent.committed.message.envelope.smtputf8),
        (Body::EightBit, false)
    );
    let sent = mailroot.send(format!("x-receiver: jürgen@bücher.example\r\n{LETTER}")).await;
    assert_eq!(
        (sent.committed.message.envelope.body, sent.committed.message.envelope.smtputf8),
        (Body::SevenBit, true)
    );
}

#[tokio::test(start_paused = true)]
async fn a_text_from_notepad_has_its_byte_order_mark_removed() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot.send(format!("\u{feff}{LETTER}")).await;
    assert_eq!(sent.below_received(), LETTER);
    let sent = mailroot.send(format!("\u{feff}x-receiver: eve@example.net\r\n{LETTER}")).await;
    assert_eq!((sent.recipients(), sent.below_received()), (vec!["eve@example.net"], LETTER));
}

#[tokio::test(start_paused = true)]
async fn a_large_file_passes_through_in_pieces() {
    let mut mailroot = Mailroot::new();
    mailroot.settings.messages.max_message_size = None;
    let letter = format!("{LETTER}{}", "0123456789 and so on, line after line\r\n".repeat(150_000));
    let sent = mailroot.send(&letter).await;
    assert_eq!(sent.below_received(), letter);
    assert!(sent.committed.content.is_none(), "it is not kept in memory");
}

#[tokio::test(start_paused = true)]
async fn a_message_body_that_looks_like_an_envelope_adds_nobody() {
    let mut mailroot = Mailroot::new();
    let sent = mailroot
        .send("x-sender: a@corp.example\r\nx-receiver: bob@example.com\r\nSubject: x\r\nX-Receiver: evil@example.net\r\n\r\n\
               x-receiver: evil@example.net\r\n")
        .await;
    assert_eq!(sent.recipients(), ["bob@example.com"]);
    assert_eq!(sent.content.matches("evil").count(), 1, "the field is not sent, the body is: {}", sent.content);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_goes_to_badmail_with_the_reason_in_front() {
    let mut mailroot = Mailroot::new();
    let cases = [
        ("To: bob@example.com\r\n\r\nHi\r\n", "no From field"),
        ("From: app@corp.example\r\nSubject: to nobody\r\n\r\nHi\r\n", "no To, Cc or Bcc"),
        ("hello there\r\n", "no From field"),
        ("", "no From field"),
        ("x-sender: <a b@corp.example>\r\nx-receiver: bob@example.com\r\n\r\nHi\r\n", "line 1 of its envelope"),
        ("From: app@corp.example\r\nTo: bob@, eve@example.net\r\n\r\nHi\r\n", "To field"),
    ];
    for (content, expected) in cases {
        let reason = mailroot.refuse(content).await;
        assert!(reason.contains(expected), "{content:?}: {reason}");
    }
    let listed = mailroot.reasons().await;
    assert_eq!(listed.len(), cases.len());
    let (first, reason) = listed.iter().find(|(_, reason)| reason.contains("line 1")).unwrap();
    let file = fs::read_to_string(mailroot.path("Badmail").join(format!("{first}.eml"))).unwrap();
    assert_eq!(file, format!("x-reason: {reason}\r\n{}", cases[4].0));
}

#[tokio::test(start_paused = true)]
async fn limits_of_size_header_and_hops_are_kept() {
    let mut mailroot = Mailroot::new();
    mailroot.settings.messages.max_message_size = Some(100_000);
    assert!(mailroot.refuse(format!("{LETTER}{}", "x\r\n".repeat(40_000))).await.contains("max_message_size"));
    assert!(mailroot.refuse(format!("{LETTER}{}", "\n".repeat(60_000))).await.contains("max_message_size"));
    assert!(mailroot.refuse(format!("X-Long: {}\r\n{LETTER}", "x".repeat(70_000))).await.contains("64 KB"));
    let hops = "Received: by somewhere\r\n".repeat(101);
    assert!(mailroot.refuse(format!("{hops}{LETTER}")).await.contains("loop"));
}

#[tokio::test(start_paused = true)]
async fn a_file_with_nul_characters_goes_to_badmail_as_it_is() {
    let mut mailroot = Mailroot::new();
    let utf16: Vec<u8> = LETTER.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(mailroot.refuse(&utf16).await.contains("NUL"));
    assert_eq!(fs::read(mailroot.path("Badmail/mail.txt")).unwrap(), utf16);
    let (id, reason) = mailroot.reasons().await.pop().unwrap();
    assert!(id == "mail.txt" && reason.contains("UTF-8"), "{id}: {reason}");
}

#[tokio::test(start_paused = true)]
async fn a_queue_file_moved_here_goes_unchanged_to_those_who_still_wait() {
    let mut mailroot = Mailroot::new();
    let content = b"Received: by elsewhere\r\nBcc: as it came\r\nX-Receiver: as it came\r\n\r\n..\r\n";
    let committed =
        commit(&mailroot.queue, &["done@example.com", "bob@example.com", "gone@example.com"], content).await.unwrap();
    let mut message = committed.message;
    message.progress[0].status = Status::Delivered;
    message.progress[2].status = Status::Failed;
    mailroot.queue.record(&committed.id, &message, committed.stamp).await.unwrap();
    let file = format!("{}.eml", committed.id);
    fs::rename(mailroot.path("Queue").join(&file), mailroot.path("Pickup").join(&file)).unwrap();

    let sent = mailroot.sent().await;
    assert_eq!(sent.recipients(), ["bob@example.com"]);
    assert_eq!(sent.below_received().as_bytes(), content);
    assert_eq!((sent.committed.message.attempts, sent.committed.message.received), (0, START));
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_tried_again_for_those_it_failed_for() {
    let mut mailroot = Mailroot::new();
    let file = |statuses: [&str; 2]| {
        let [first, second] = statuses;
        format!(
            "x-mailroot: v1\r\nx-sender: <>\r\nx-receiver: <a@example.com> status={first}\r\n\
             x-receiver: <b@example.com> status={second} notify=never\r\nReceived: by us\r\n\r\nHi\r\n"
        )
    };
    let sent = mailroot.send(file(["delivered", "failed"])).await;
    assert_eq!(sent.recipients(), ["b@example.com"]);
    assert_eq!(sent.committed.message.envelope.recipients[0].notify.unwrap().to_string(), "NEVER");
    assert!(mailroot.refuse(file(["delivered", "delivered"])).await.contains("already"));
}

#[tokio::test(start_paused = true)]
async fn a_file_of_drop_can_be_moved_here() {
    let mut mailroot = Mailroot::new();
    let content = format!("Received: by us\r\n{LETTER}");
    let committed =
        commit(&mailroot.queue, &["bob@home.example", "eve@home.example"], content.as_bytes()).await.unwrap();
    mailroot
        .queue
        .drop_copy(&committed.id, &message(&["bob@home.example", "eve@home.example"]), &[1], None)
        .await
        .unwrap();
    let name = names(&mailroot.path("Drop")).pop().unwrap();
    fs::rename(mailroot.path("Drop").join(&name), mailroot.path("Pickup").join(&name)).unwrap();
    assert_eq!(mailroot.sent().await.recipients(), ["eve@home.example"]);
}

#[tokio::test(start_paused = true)]
async fn fs05_a_file_is_left_alone_while_it_grows() {
    let mut mailroot = Mailroot::new();
    let mut written = String::new();
    for line in LETTER.split_inclusive("\r\n") {
        written.push_str(line);
        mailroot.put("mail.txt", &written);
        assert!(mailroot.pickup.sweep(&mailroot.settings, START).await.taken.is_empty());
        tokio::time::advance(Duration::from_millis(900)).await;
    }
    assert_eq!(mailroot.sent().await.below_received(), LETTER);
}

#[tokio::test(start_paused = true)]
async fn names_of_files_in_progress_are_left_alone() {
    let mut mailroot = Mailroot::new();
    for name in [".mail.txt", "mail.tmp", "MAIL.TMP"] {
        mailroot.put(name, LETTER);
    }
    fs::create_dir(mailroot.path("Pickup/folder.eml")).unwrap();
    assert!(mailroot.sweep().await.is_empty());
    fs::rename(mailroot.path("Pickup/mail.tmp"), mailroot.path("Pickup/mail.eml")).unwrap();
    assert_eq!(mailroot.sent().await.below_received(), LETTER);
}

#[tokio::test(start_paused = true)]
async fn fs08_an_envelope_line_cannot_hold_two_addresses_and_there_is_an_end_to_their_number() {
    let mut mailroot = Mailroot::new();
    for receiver in [
        "a@example.com\r b@example.net",
        "a@example.com b@example.net>",
        "<a@example.com",
        "a@example.com,b@example.net",
    ] {
        let content = format!("x-sender: s@corp.example\r\nx-receiver: {receiver}\r\n\r\nHi\r\n");
        mailroot.put("mail.txt", &content);
        for taken in mailroot.sweep().await {
            if let Taken::Queued { committed, .. } = taken {
                let recipients = &committed.message.envelope.recipients;
                assert!(recipients.len() == 1 && recipients[0].address.as_str() == "a@example.com", "{receiver}");
            }
        }
    }
    let many: Vec<_> = (0..100_000).map(|n| format!("x-receiver: r{n}@example.com\r\n")).collect();
    let many = many.concat();
    assert!(mailroot.refuse(format!("x-sender: s@corp.example\r\n{many}{LETTER}")).await.contains("10000"));
    let sent = mailroot.send(format!("x-receiver: bob@example.com\r\n{LETTER}")).await;
    assert_eq!(sent.sender(), "app@corp.example", "without x-sender, From is the sender");
}

#[tokio::test(start_paused = true)]
async fn what_was_being_sent_when_the_engine_stopped_is_sent_by_the_next() {
    let mut mailroot = Mailroot::new();
    fs::write(mailroot.path(".taken/mail.txt"), LETTER).unwrap();
    let taken = mailroot.pickup.sweep(&mailroot.settings, START).await.taken;
    assert!(matches!(taken[..], [Taken::Queued { .. }]), "at once, since it was whole already");
    assert_eq!(names(&mailroot.path(".taken")), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_files_are_taken_in_several_sweeps() {
    let mut mailroot = Mailroot::new();
    for n in 0..600 {
        mailroot.put(&format!("{n}.eml"), LETTER);
    }
    mailroot.pickup.sweep(&mailroot.settings, START).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    let first = mailroot.pickup.sweep(&mailroot.settings, START).await;
    assert!(first.more && first.taken.len() < 600);
    assert_eq!(first.taken.len() + mailroot.sweep().await.len(), 600);
}

#[tokio::test(start_paused = true)]
async fn folders_removed_by_hand_are_made_again() {
    let mut mailroot = Mailroot::new();
    fs::remove_dir_all(mailroot.path("Pickup")).unwrap();
    assert!(mailroot.sweep().await.is_empty());
    fs::remove_dir(mailroot.path(".taken")).unwrap();
    assert_eq!(mailroot.send(LETTER).await.below_received(), LETTER);
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::sync::Arc;

    use mailroot::queue::{Access, DirectoryStore, Entry, Folder, Stamp, Store, StoredFile};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fs03_links_are_left_alone() {
        let mut mailroot = Mailroot::new();
        let secret = mailroot.path("secret");
        fs::write(&secret, LETTER).unwrap();
        fs::hard_link(&secret, mailroot.path("Pickup/hard.eml")).unwrap();
        symlink(&secret, mailroot.path("Pickup/soft.eml")).unwrap();
        symlink(&secret, mailroot.path(".taken/soft.eml")).unwrap();
        for _ in 0..3 {
            assert!(mailroot.sweep().await.is_empty());
        }
        assert_eq!(names(&mailroot.path("Pickup")), ["hard.eml", "soft.eml"]);
        assert_eq!(names(&mailroot.path("Queue")), [""; 0]);
    }

    #[tokio::test(start_paused = true)]
    async fn fs07_any_name_is_taken_and_shown_harmlessly() {
        let mut mailroot = Mailroot::new();
        let longest = "n".repeat(255);
        let odd: [&[u8]; 6] = [b"new\nline", b"\x1b[2J", b"-rf", b"\xff\xfe", b"no extension", longest.as_bytes()];
        for name in odd {
            fs::write(mailroot.path("Pickup").join(OsStr::from_bytes(name)), LETTER).unwrap();
            fs::write(mailroot.path("Pickup").join(OsStr::from_bytes(&[b"b", &name[1..]].concat())), "bad").unwrap();
        }
        let taken = mailroot.sweep().await;
        assert_eq!(taken.len(), 2 * odd.len());
        let badmail = taken.iter().filter(|taken| matches!(taken, Taken::SetAside { .. })).count();
        assert_eq!(badmail, odd.len());
        for taken in taken {
            let (Taken::Queued { file, .. } | Taken::SetAside { file, .. }) = taken;
            assert!(!file.chars().any(char::is_control), "{file:?}");
        }
    }

    /// Somebody else is at work on a file the moment it was opened to be sent.
    struct Meddled(DirectoryStore, Box<dyn Fn(&OsStr) + Send + Sync>);

    impl Store for Meddled {
        fn open(&self, folder: Folder, name: &OsStr, access: Access) -> std::io::Result<(Box<dyn StoredFile>, Stamp)> {
            let opened = self.0.open(folder, name, access)?;
            if folder == Folder::Taken {
                (self.1)(name);
            }
            Ok(opened)
        }
        fn place(&self) -> String {
            self.0.place()
        }
        fn prepare(&self) -> std::io::Result<()> {
            self.0.prepare()
        }
        fn lock(&self) -> std::io::Result<Option<Box<dyn Send + Sync>>> {
            self.0.lock()
        }
        fn create(&self, folder: Folder, name: &OsStr) -> std::io::Result<Box<dyn StoredFile>> {
            self.0.create(folder, name)
        }
        fn stat(&self, folder: Folder, name: &OsStr) -> std::io::Result<Stamp> {
            self.0.stat(folder, name)
        }
        fn list(&self, folder: Folder, each: &mut dyn FnMut(Entry)) -> std::io::Result<()> {
            self.0.list(folder, each)
        }
        fn publish(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> std::io::Result<()> {
            self.0.publish(from, to)
        }
        fn replace(&self, from: (Folder, &OsStr), to: (Folder, &OsStr)) -> std::io::Result<()> {
            self.0.replace(from, to)
        }
        fn remove(&self, folder: Folder, name: &OsStr) -> std::io::Result<()> {
            self.0.remove(folder, name)
        }
        fn sync_folder(&self, folder: Folder) -> std::io::Result<()> {
            self.0.sync_folder(folder)
        }
        fn space(&self) -> std::io::Result<(u64, u64)> {
            self.0.space()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fs06_what_was_opened_is_sent_whatever_takes_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join(".taken");
        let swap = move |name: &OsStr| {
            fs::write(taken.join("other"), "From: evil@example.net\r\nTo: evil@example.net\r\n\r\n").unwrap();
            fs::rename(taken.join("other"), taken.join(name)).unwrap();
        };
        let mut mailroot = Mailroot::with_store(folder, |store| Arc::new(Meddled(store, Box::new(swap))));
        assert_eq!(mailroot.send(LETTER).await.recipients(), ["bob@example.com"]);
    }

    #[tokio::test(start_paused = true)]
    async fn fs05_a_file_that_changes_while_it_is_read_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join(".taken");
        let lines = std::sync::Mutex::new(vec!["third\r\n", "second\r\n"]);
        let append = move |name: &OsStr| {
            if let Some(line) = lines.lock().unwrap().pop() {
                let mut file = fs::File::options().append(true).open(taken.join(name)).unwrap();
                std::io::Write::write_all(&mut file, line.as_bytes()).unwrap();
            }
        };
        let mut mailroot = Mailroot::with_store(folder, |store| Arc::new(Meddled(store, Box::new(append))));
        mailroot.put("mail.txt", LETTER);
        assert!(mailroot.sweep().await.is_empty(), "it grew");
        assert_eq!(mailroot.sent().await.below_received(), format!("{LETTER}second\r\nthird\r\n"));
    }
}

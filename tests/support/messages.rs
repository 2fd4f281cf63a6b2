//! Messages for tests of the queue.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mailroot::clock::Timestamp;
use mailroot::mail::{Address, Envelope, Recipient, ReversePath};
use mailroot::queue::{CommitError, Committed, DirectoryStore, Folders, Message, Origin, Queue, QueueId};

pub(crate) const START: Timestamp = Timestamp::from_unix(1_795_518_903);

pub(crate) fn address(text: &str) -> Address {
    Address::parse(text, true).unwrap()
}

pub(crate) fn message(recipients: &[&str]) -> Message {
    let mut envelope = Envelope::new(ReversePath::Mailbox(address("app@corp.example")));
    envelope.recipients = recipients.iter().map(|text| Recipient::new(address(text))).collect();
    Message::new(envelope, Origin::default(), START)
}

/// Content of about this many octets, told apart by its number.
pub(crate) fn content(number: usize, octets: usize) -> Vec<u8> {
    let mut content = format!("Received: by test; number {number}\r\nSubject: {number}\r\n\r\n").into_bytes();
    while content.len() < octets {
        content.extend_from_slice(format!("line {} of message {number}\r\n", content.len()).as_bytes());
    }
    content
}

pub(crate) async fn commit(queue: &Queue, recipients: &[&str], content: &[u8]) -> Result<Committed, CommitError> {
    let mut draft = queue.draft(message(recipients));
    draft.push(content).await?;
    queue.commit(draft).await
}

/// All of a message's content, as it would go out.
pub(crate) async fn read_all(queue: &Queue, id: &QueueId) -> Vec<u8> {
    let mut content = queue.content(id).await.unwrap();
    let mut all = Vec::new();
    while let Some(piece) = content.next().await.unwrap() {
        all.extend_from_slice(&piece);
    }
    all
}

pub(crate) fn directory(mailroot: &Path) -> Arc<DirectoryStore> {
    Arc::new(DirectoryStore::new(Folders::below(mailroot)))
}

pub(crate) fn open(mailroot: &Path) -> Queue {
    Queue::open(directory(mailroot)).unwrap()
}

pub(crate) fn file(mailroot: &Path, id: &QueueId) -> PathBuf {
    mailroot.join("Queue").join(format!("{id}.eml"))
}

/// The names in a folder that are not hidden.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

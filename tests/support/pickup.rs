//! A mailroot whose Pickup is swept by hand, under a clock that stands still.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mailroot::config::Settings;
use mailroot::queue::{Badmail, Committed, DirectoryStore, Filter, Folders, Pickup, Queue, Store, Taken};
use tempfile::TempDir;

use super::messages::{START, read_all};

pub(crate) struct Mailroot {
    pub(crate) queue: Queue,
    pub(crate) pickup: Pickup,
    pub(crate) settings: Settings,
    folder: TempDir,
}

/// A file that became a message.
pub(crate) struct Sent {
    pub(crate) committed: Box<Committed>,
    /// All of its content, our `Received:` field first.
    pub(crate) content: String,
}

impl Mailroot {
    pub(crate) fn new() -> Self {
        Self::with_store(tempfile::tempdir().unwrap(), |store| Arc::new(store))
    }

    pub(crate) fn with_store(folder: TempDir, wrap: impl FnOnce(DirectoryStore) -> Arc<dyn Store>) -> Self {
        let store = wrap(DirectoryStore::new(Folders::below(folder.path())));
        let queue = Queue::open(store).unwrap();
        let mut settings = Settings::defaults(folder.path());
        settings.general.hostname = "relay.example".parse().unwrap();
        settings.local.default_domain = "home.example".parse().unwrap();
        Self { pickup: Pickup::new(queue.clone()), queue, settings, folder }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path("Pickup").join(name), content).unwrap();
    }

    /// Two looks, a second apart.
    pub(crate) async fn sweep(&mut self) -> Vec<Taken> {
        let mut taken = self.pickup.sweep(&self.settings, START).await.taken;
        tokio::time::advance(Duration::from_secs(1)).await;
        loop {
            let sweep = self.pickup.sweep(&self.settings, START).await;
            taken.extend(sweep.taken);
            if !sweep.more {
                return taken;
            }
        }
    }

    /// Puts one file there, which must be sent.
    pub(crate) async fn send(&mut self, content: impl AsRef<[u8]>) -> Sent {
        self.put("mail.txt", content);
        self.sent().await
    }

    /// Sweeps; one file must be sent.
    pub(crate) async fn sent(&mut self) -> Sent {
        let mut taken = self.sweep().await;
        match taken.pop() {
            Some(Taken::Queued { committed, .. }) if taken.is_empty() => {
                let content = String::from_utf8(read_all(&self.queue, &committed.id).await).unwrap();
                Sent { committed, content }
            }
            Some(Taken::SetAside { reason, .. }) => panic!("not sent: {reason}"),
            _ => panic!("{} files were taken before", taken.len()),
        }
    }

    /// Puts one file there, which must go to Badmail. Returns the reason.
    pub(crate) async fn refuse(&mut self, content: impl AsRef<[u8]>) -> String {
        self.put("mail.txt", content);
        let mut taken = self.sweep().await;
        match taken.pop() {
            Some(Taken::SetAside { reason, .. }) if taken.is_empty() => reason,
            other => panic!("sent, or not taken: {}", other.is_some()),
        }
    }

    pub(crate) fn badmail(&self) -> Badmail {
        Badmail::new(self.queue.clone())
    }

    /// The ids and reasons in Badmail.
    pub(crate) async fn reasons(&self) -> Vec<(String, String)> {
        let listed = self.badmail().list(&Filter::default(), START).await.unwrap();
        listed.into_iter().map(|message| (message.id, message.reason.unwrap_or_default())).collect()
    }
}

impl Sent {
    pub(crate) fn recipients(&self) -> Vec<&str> {
        self.committed.message.envelope.recipients.iter().map(|recipient| recipient.address.as_str()).collect()
    }

    pub(crate) fn sender(&self) -> String {
        self.committed.message.envelope.sender.to_string()
    }

    /// The content behind our `Received:` field.
    pub(crate) fn below_received(&self) -> &str {
        let mut at = self.content.find("\r\n").unwrap() + 2;
        while self.content[at..].starts_with('\t') {
            at += self.content[at..].find("\r\n").unwrap() + 2;
        }
        &self.content[at..]
    }
}

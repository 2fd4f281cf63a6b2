//! Sending one file of Pickup: moved out of sight, read, committed, removed.

use std::ffi::{OsStr, OsString};
use std::io;

use super::Rules;
use super::submission::{self, Submission};
use crate::clock::Timestamp;
use crate::mail::Received;
use crate::queue::content::Content;
use crate::queue::store::{Access, Folder, Stamp, StoredFile};
use crate::queue::temporary::with_folders;
use crate::queue::{CommitError, Committed, Draft, Message, Origin, Queue, Via, aside};

/// Sends files by one set of rules.
pub(super) struct Taker {
    queue: Queue,
    rules: Rules,
    now: Timestamp,
}

/// What became of one file.
pub(super) enum Outcome {
    /// Its message is in the queue. Where the file could not be removed, it must not be sent again.
    Queued { committed: Box<Committed>, is_removed: bool },
    /// It cannot be sent and is in Badmail.
    SetAside { reason: String, badmail: OsString },
    /// It is not there any more, or another program holds it: the next look decides.
    Gone,
    /// A file that was sent before is removed at last.
    Cleared,
    /// It changed while it was read: it stays in `.taken` for another try.
    Unfinished,
    /// It must not be taken as it is.
    Refused(&'static str),
    /// Our own disk failed; the file is where it was, or in `.taken`.
    Failed(CommitError),
}

/// A file opened in `.taken`.
enum Opened {
    File(Box<dyn StoredFile>, Stamp),
    Refused(&'static str),
    Gone,
}

impl Taker {
    pub(super) fn new(queue: Queue, rules: Rules, now: Timestamp) -> Self {
        Self { queue, rules, now }
    }

    /// Sends a file, which lies in Pickup or, `is_moved`, in `.taken`.
    pub(super) async fn take(&self, name: &OsStr, is_moved: bool) -> Outcome {
        self.try_take(name, is_moved).await.unwrap_or_else(Outcome::Failed)
    }

    /// Removes a file that was sent before.
    pub(super) async fn clear(&self, name: &OsStr) -> Outcome {
        if self.remove(name).await { Outcome::Cleared } else { Outcome::Unfinished }
    }

    async fn try_take(&self, name: &OsStr, is_moved: bool) -> Result<Outcome, CommitError> {
        let (file, stamp) = match self.open(name, is_moved).await? {
            Opened::File(file, stamp) => (file, stamp),
            Opened::Refused(reason) => return Ok(Outcome::Refused(reason)),
            Opened::Gone => return Ok(Outcome::Gone),
        };
        let (file, submission) = submission::read(file, stamp, &self.rules, self.queue.workers()).await?;
        let submission = match submission {
            Ok(submission) => submission,
            Err(_) if !is_same(&*file, stamp) => return Ok(Outcome::Unfinished),
            Err(refusal) => return self.set_aside(name, refusal.to_string()).await.map_err(CommitError::from),
        };
        let Some(draft) = self.draft(submission, file, stamp).await? else { return Ok(Outcome::Unfinished) };
        let committed = Box::new(self.queue.commit(draft).await?);
        Ok(Outcome::Queued { committed, is_removed: self.remove(name).await })
    }

    /// Moves the file to `.taken`, which also shows that it can be removed afterwards, and opens it.
    async fn open(&self, name: &OsStr, is_moved: bool) -> io::Result<Opened> {
        let (core, name) = (self.queue.core(), name.to_owned());
        let work = move || {
            let store = &*core.store;
            let hide = || store.publish((Folder::Pickup, &name), (Folder::Taken, &name));
            if !is_moved && let Err(error) = with_folders(store, hide) {
                tracing::debug!(file = %name.display(), %error, "a file of Pickup cannot be moved yet");
                return Ok(Opened::Gone);
            }
            let refuse = |reason| {
                store.publish((Folder::Taken, &name), (Folder::Pickup, &name)).map(|()| Opened::Refused(reason))
            };
            match store.open(Folder::Taken, &name, Access::Read) {
                Ok((file, _)) if file.links()? > 1 => refuse("it has more than one name (hard links)"),
                Ok((file, stamp)) => Ok(Opened::File(file, stamp)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Opened::Gone),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => refuse("it may not be read"),
                Err(_) if !core.store.is_regular(Folder::Taken, &name) => refuse("it is no regular file"),
                Err(error) => Err(error),
            }
        };
        self.queue.workers().run(work).await
    }

    /// A draft of the whole message; `None` if the file changed while it was read.
    async fn draft(
        &self,
        submission: Submission,
        file: Box<dyn StoredFile>,
        stamp: Stamp,
    ) -> io::Result<Option<Draft>> {
        let Submission { envelope, start, size, header } = submission;
        let recipient = match &envelope.recipients[..] {
            [only] => Some(only.address.clone()),
            _ => None,
        };
        let origin = Origin { via: Via::Pickup, ..Origin::default() };
        let mut draft = self.queue.draft(Message::new(envelope, origin, self.now));
        let received = Received {
            from: None,
            by: &self.rules.hostname,
            instance: &self.rules.instance,
            with: None,
            encryption: None,
            id: draft.id().as_str(),
            recipient: recipient.as_ref(),
            at: self.now,
        };
        let received = received.to_string();
        draft.push(received.as_bytes()).await?;
        let mut replaced = 0;
        if let Some(header) = header {
            replaced = header.replaces;
            let header = header.render(draft.id(), &self.rules, self.now);
            draft.push(&header).await?;
        }
        let mut content = Content::file(file, start, self.queue.workers().clone());
        let mut read = 0;
        while let Some(piece) = content.next().await? {
            let known = usize::try_from(replaced.saturating_sub(read)).unwrap_or(usize::MAX).min(piece.len());
            draft.push(&piece[known..]).await?;
            read += piece.len() as u64;
        }
        let is_whole = read == size && content.into_file().is_some_and(|file| is_same(&*file, stamp));
        Ok(is_whole.then_some(draft))
    }

    async fn set_aside(&self, name: &OsStr, reason: String) -> io::Result<Outcome> {
        let (core, name) = (self.queue.core(), name.to_owned());
        let work = move || {
            let badmail = aside::set_aside_unchanged(&core, (Folder::Taken, &name), &reason)?;
            Ok(Outcome::SetAside { reason, badmail })
        };
        self.queue.workers().run(work).await
    }

    /// Removes a sent file; whether that worked. The removal is not synced: should the power fail now, the worst is a
    /// second copy.
    async fn remove(&self, name: &OsStr) -> bool {
        let (core, name) = (self.queue.core(), name.to_owned());
        let work = move || match core.store.remove(Folder::Taken, &name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        self.queue.workers().run(work).await.is_ok()
    }
}

fn is_same(file: &dyn StoredFile, stamp: Stamp) -> bool {
    file.stamp().is_ok_and(|now| now == stamp)
}

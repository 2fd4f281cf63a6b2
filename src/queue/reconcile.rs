//! From "this file was touched" to what that means for a message.
//!
//! Most touches are our own: the file is as we left it, or gone because its message was delivered. One `stat` each
//! tells, for a whole batch at once; only files that are not as expected are read. What is expected is asked before and
//! after: if the engine itself changed it meanwhile, the difference was its own work.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::io;

use super::core::{Busy, Core, file_name};
use super::inspect::SetAside;
use super::store::{Folder, Stamp};
use super::{Adoption, Inspection, Message, Queue, QueueId, Scan, Touched};
use crate::text;

/// What its owner knows of the queue. A message is known from before its file is committed, or from the return of
/// the commit, until after its file is removed: forgotten any earlier, its file would look like a new one. Where it
/// learns of a change only after the change was made, it keeps a [`Queue::busy`] in between.
pub trait Known {
    /// What the message's file looked like when it was last read or written; `None` if there is no such message.
    fn stamp(&self, id: &QueueId) -> Option<Stamp>;
    /// All messages.
    fn ids(&self) -> Vec<QueueId>;
}

/// What somebody did to the queue by hand.
#[derive(Debug)]
pub enum Change {
    /// A message was put into Queue.
    Appeared(QueueId, Box<Message>, Stamp),
    /// A message was edited.
    Changed(QueueId, Box<Message>, Stamp),
    /// A message's file was moved away or deleted.
    Vanished(QueueId),
    /// A file was no message, or was edited into none, and is in Badmail.
    SetAside {
        /// The message it was, where it was one.
        id: Option<QueueId>,
        /// The name that the file had, printable.
        file: String,
        /// What Badmail names it by; printable.
        badmail: String,
        /// Why.
        reason: String,
    },
}

/// The outcome of one reconciliation.
#[derive(Debug, Default)]
pub struct Reconciliation {
    /// What changed.
    pub changes: Vec<Change>,
    /// Files that somebody may still be writing: reconcile them again in a quarter of a second.
    pub again: Vec<Touched>,
}

impl Queue {
    /// Looks at what was touched, or at everything, and tells what is not as known. [`Touched::Pickup`] is not for
    /// here. A file that cannot be looked at is logged and left to the next time.
    pub async fn reconcile(&self, touched: impl IntoIterator<Item = Touched>, known: &impl Known) -> Reconciliation {
        let mut reconciliation = Reconciliation::default();
        let (mut messages, mut foreign, mut everything) = (HashSet::new(), HashSet::new(), false);
        for touched in touched {
            match touched {
                Touched::Message(id) => {
                    messages.insert(id);
                }
                Touched::Foreign(name) => {
                    foreign.insert(name);
                }
                Touched::Everything => everything = true,
                Touched::Pickup => {}
            }
        }
        let suspects = if everything {
            self.suspects_of_all(known, &mut foreign).await
        } else {
            self.suspects_among(messages, known).await
        };
        match suspects {
            Ok(suspects) => {
                for id in suspects {
                    self.reconcile_message(id, known, &mut reconciliation).await;
                }
            }
            Err(error) => warn_of("Queue", &error),
        }
        for name in foreign {
            self.reconcile_foreign(&name, &mut reconciliation).await;
        }
        reconciliation
    }

    /// Until this is dropped, whatever happens to a message's file is our own work and no change by hand: for whoever
    /// changes or removes the file, to be kept until the owner of the queue knows.
    pub(crate) fn busy(&self, id: &QueueId) -> Busy {
        self.core().begin(id)
    }

    async fn reconcile_message(&self, id: QueueId, known: &impl Known, found: &mut Reconciliation) {
        let before = known.stamp(&id);
        match self.inspect(&id, before).await {
            Ok(Inspection::Unfinished) => found.again.push(Touched::Message(id)),
            Ok(inspection) => found.changes.extend(judge(&id, before, inspection, known.stamp(&id))),
            Err(error) => warn_of(id.as_str(), &error),
        }
    }

    async fn reconcile_foreign(&self, name: &OsStr, found: &mut Reconciliation) {
        let file = || text::printable(name.as_encoded_bytes()).into_owned();
        match self.adopt(name).await {
            Ok(Adoption::Adopted(id, message, stamp)) => found.changes.push(Change::Appeared(id, message, stamp)),
            Ok(Adoption::SetAside(SetAside { badmail, reason })) => {
                found.changes.push(Change::SetAside { id: None, file: file(), badmail, reason });
            }
            Ok(Adoption::Unfinished) => found.again.push(Touched::Foreign(name.to_owned())),
            Ok(Adoption::Gone) => {}
            Err(error) => warn_of(&file(), &error),
        }
    }

    /// Of the messages touched, those whose files are not as known.
    async fn suspects_among(&self, ids: HashSet<QueueId>, known: &impl Known) -> io::Result<Vec<QueueId>> {
        let expected: Vec<_> = ids.into_iter().map(|id| (known.stamp(&id), id)).collect();
        let core = self.core();
        let work = move || {
            let suspects = expected.into_iter().filter(|(expected, id)| is_suspect(&core, id, *expected));
            Ok(suspects.map(|(_, id)| id).collect())
        };
        self.workers().run(work).await
    }

    /// Of all messages, known or on disk, those whose files are not as known; and the files that are no messages.
    async fn suspects_of_all(&self, known: &impl Known, foreign: &mut HashSet<OsString>) -> io::Result<Vec<QueueId>> {
        let ids = known.ids();
        let Scan { messages, others } = self.scan().await?;
        foreign.extend(others);
        Ok(differing(ids, messages, |id| known.stamp(id)))
    }
}

fn is_suspect(core: &Core, id: &QueueId, expected: Option<Stamp>) -> bool {
    match core.store.stat(Folder::Queue, &file_name(id)) {
        Ok(stamp) => expected != Some(stamp),
        Err(error) if error.kind() == io::ErrorKind::NotFound => expected.is_some(),
        Err(_) => true,
    }
}

/// What a scan found that is not as known, and what is known that it did not find.
fn differing(
    ids: Vec<QueueId>,
    found: Vec<(QueueId, Stamp)>,
    known: impl Fn(&QueueId) -> Option<Stamp>,
) -> Vec<QueueId> {
    let mut missing: HashSet<_> = ids.into_iter().collect();
    let mut differing = Vec::new();
    for (id, stamp) in found {
        missing.remove(&id);
        if known(&id) != Some(stamp) {
            differing.push(id);
        }
    }
    differing.extend(missing);
    differing
}

/// What an inspection means, given what was known before and after it.
fn judge(id: &QueueId, before: Option<Stamp>, inspection: Inspection, after: Option<Stamp>) -> Option<Change> {
    match inspection {
        Inspection::SetAside(SetAside { badmail, reason }) => {
            let file = file_name(id).to_string_lossy().into_owned();
            Some(Change::SetAside { id: before.map(|_| id.clone()), file, badmail, reason })
        }
        _ if before != after => None,
        Inspection::Unchanged | Inspection::Unfinished => None,
        Inspection::Gone => before.map(|_| Change::Vanished(id.clone())),
        Inspection::Changed(message, stamp) if before.is_none() => Some(Change::Appeared(id.clone(), message, stamp)),
        Inspection::Changed(message, stamp) => Some(Change::Changed(id.clone(), message, stamp)),
    }
}

fn warn_of(what: &str, error: &io::Error) {
    tracing::warn!(file = %text::quoted(what), %error, "what was touched in Queue cannot be looked at");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::mail::{Envelope, ReversePath};
    use crate::queue::{DirectoryStore, Folders, Origin};

    fn id(text: &str) -> QueueId {
        text.parse().unwrap()
    }

    const fn stamp(size: u64) -> Stamp {
        Stamp { modified: 0, size }
    }

    fn changed() -> Inspection {
        let message = Message::new(Envelope::new(ReversePath::Null), Origin::default(), Timestamp::default());
        Inspection::Changed(Box::new(message), stamp(9))
    }

    #[test]
    fn a_file_means_what_it_is_compared_with_what_is_known() {
        let judged = |before, inspection| judge(&id("a"), before, inspection, before);
        assert!(matches!(judged(None, changed()), Some(Change::Appeared(..))));
        assert!(matches!(judged(Some(stamp(1)), changed()), Some(Change::Changed(..))));
        assert!(matches!(judged(Some(stamp(1)), Inspection::Gone), Some(Change::Vanished(_))));
        assert!(judged(None, Inspection::Gone).is_none());
        assert!(judged(Some(stamp(1)), Inspection::Unchanged).is_none());
    }

    #[test]
    fn what_the_engine_did_meanwhile_is_no_change_by_hand() {
        let delivered = judge(&id("a"), Some(stamp(1)), Inspection::Gone, None);
        let committed = judge(&id("a"), None, changed(), Some(stamp(9)));
        let recorded = judge(&id("a"), Some(stamp(1)), changed(), Some(stamp(2)));
        assert!(delivered.is_none() && committed.is_none() && recorded.is_none());
    }

    #[test]
    fn a_file_set_aside_is_told_whatever_is_known() {
        let aside = SetAside { badmail: "a".to_owned(), reason: "torn".to_owned() };
        let told = judge(&id("a"), Some(stamp(1)), Inspection::SetAside(aside), None);
        assert!(matches!(told, Some(Change::SetAside { id: Some(_), reason, .. }) if reason == "torn"));
    }

    struct One(QueueId);

    impl Known for One {
        fn stamp(&self, id: &QueueId) -> Option<Stamp> {
            (*id == self.0).then_some(stamp(1))
        }

        fn ids(&self) -> Vec<QueueId> {
            vec![self.0.clone()]
        }
    }

    #[tokio::test]
    async fn a_message_that_is_busy_is_let_alone_until_its_last_guard_goes() {
        let folder = tempfile::tempdir().unwrap();
        let queue = Queue::open(std::sync::Arc::new(DirectoryStore::new(Folders::below(folder.path())))).unwrap();
        let (id, known) = (id("a"), One(id("a")));
        let changes = async || queue.reconcile([Touched::Message(id.clone())], &known).await.changes;
        let busy = queue.busy(&id);
        drop(queue.busy(&id));
        assert!(changes().await.is_empty());
        drop(busy);
        assert!(matches!(&changes().await[..], [Change::Vanished(gone)] if *gone == id));
    }

    #[test]
    fn a_scan_suspects_what_differs_on_either_side() {
        let known = |id: &QueueId| (id.as_str() != "new").then_some(stamp(1));
        let found = vec![(id("same"), stamp(1)), (id("edited"), stamp(2)), (id("new"), stamp(1))];
        let ids = vec![id("same"), id("edited"), id("removed")];
        assert_eq!(differing(ids, found, known), [id("edited"), id("new"), id("removed")]);
    }
}

//! What all parts of the queue share.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::sync::{Arc, Mutex};

use super::id::{Ids, QueueId};
use super::journal::Journal;
use super::pool::locked;
use super::store::{Stamp, Store};
use super::temporary::Temporary;
use crate::clock::Timestamp;

/// The ending of a message file.
const SUFFIX: &str = ".eml";

/// The store, and the little the queue keeps in memory.
pub(super) struct Core {
    pub(super) store: Arc<dyn Store>,
    pub(super) ids: Ids,
    pub(super) journal: Arc<Journal>,
    /// Messages whose files the engine is changing at this moment, and how many [`Busy`] say so. Whoever watches the
    /// folder sees them change and need not look.
    busy: Mutex<HashMap<QueueId, usize>>,
    /// Files that made no sense when last looked at: perhaps half written. The next look decides.
    puzzling: Mutex<HashMap<OsString, Stamp>>,
}

impl Core {
    pub(super) fn new(store: Arc<dyn Store>, journal: Journal) -> Self {
        let (ids, journal) = (Ids::default(), Arc::new(journal));
        Self { store, ids, journal, busy: Mutex::default(), puzzling: Mutex::default() }
    }

    /// A new file under a temporary name of its own.
    pub(super) fn temporary(&self) -> io::Result<Temporary> {
        let name = self.ids.next(Timestamp::default()).as_str().to_owned();
        Temporary::create(&self.store, name.into())
    }

    /// Marks a message as being changed, until the guard is dropped. Guards of one message may overlap.
    pub(super) fn begin(self: &Arc<Self>, id: &QueueId) -> Busy {
        *locked(&self.busy).entry(id.clone()).or_default() += 1;
        Busy { core: Arc::clone(self), id: id.clone() }
    }

    pub(super) fn is_busy(&self, id: &QueueId) -> bool {
        locked(&self.busy).contains_key(id)
    }

    /// Whether a puzzling file looks as it did at the last look, so that nobody is writing it.
    pub(super) fn is_settled(&self, name: &OsStr, stamp: Stamp) -> bool {
        locked(&self.puzzling).insert(name.to_owned(), stamp) == Some(stamp)
    }

    /// Forgets a file that is understood, or gone.
    pub(super) fn solved(&self, name: &OsStr) {
        locked(&self.puzzling).remove(name);
    }
}

/// The engine is changing the file of this message.
#[must_use = "the message is busy for as long as this is kept"]
pub(crate) struct Busy {
    core: Arc<Core>,
    id: QueueId,
}

impl std::fmt::Debug for Busy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Busy({})", self.id)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut busy = locked(&self.core.busy);
        if let Some(guards) = busy.get_mut(&self.id) {
            *guards -= 1;
            if *guards == 0 {
                busy.remove(&self.id);
            }
        }
    }
}

/// What a name in Queue says of its file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// `<id>.eml`.
    Message(QueueId),
    /// A message file that we would have named otherwise: a copy made by hand, an ending in capitals.
    Misnamed(Option<QueueId>),
    /// What file managers and editors keep beside the files they work on.
    Hidden,
    /// Anything else.
    Foreign,
}

impl Name {
    pub(super) fn of(name: &OsStr) -> Self {
        let bytes = name.as_encoded_bytes();
        if bytes.starts_with(b".") || bytes.starts_with(b"#") || bytes.ends_with(b"~") {
            return Self::Hidden;
        }
        let Some(at) = bytes.len().checked_sub(SUFFIX.len()) else { return Self::Foreign };
        if !bytes[at..].eq_ignore_ascii_case(SUFFIX.as_bytes()) {
            return Self::Foreign;
        }
        let id = std::str::from_utf8(&bytes[..at]).ok().and_then(|stem| stem.parse().ok());
        match id {
            Some(id) if bytes[at..] == *SUFFIX.as_bytes() => Self::Message(id),
            id => Self::Misnamed(id),
        }
    }
}

/// The name of a message's file.
pub(super) fn file_name(id: &QueueId) -> OsString {
    let mut name = String::with_capacity(id.as_str().len() + SUFFIX.len());
    name.push_str(id.as_str());
    name.push_str(SUFFIX);
    name.into()
}

/// When a file was last changed.
pub(super) fn touched(stamp: Stamp) -> Timestamp {
    Timestamp::from_unix(stamp.modified.div_euclid(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_into_messages_copies_editors_files_and_foreign_ones() {
        let id: QueueId = "0JX4".parse().unwrap();
        let of = |text: &str| Name::of(OsStr::new(text));
        assert_eq!(of("0JX4.eml"), Name::Message(id.clone()));
        assert_eq!(of("0JX4.EML"), Name::Misnamed(Some(id)));
        assert_eq!(of("0JX4 - Copy.eml"), Name::Misnamed(None));
        assert_eq!(of(".eml"), Name::Hidden);
        for text in [".0JX4.eml.swp", "0JX4.eml~", "#0JX4.eml#"] {
            assert_eq!(of(text), Name::Hidden, "{text}");
        }
        for text in ["0JX4.txt", "eml", "0JX4.eml.tmp"] {
            assert_eq!(of(text), Name::Foreign, "{text}");
        }
    }
}

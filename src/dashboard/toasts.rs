//! Short messages that come and go, and the list of all of them.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;

/// Messages kept for the list.
const KEPT: usize = 200;

/// How much a message matters; it decides how long it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Something was done.
    Info,
    /// Something can still be taken back.
    Undo,
    /// Something is not as it should be.
    Warning,
    /// Something went wrong; it stays until Esc.
    Error,
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) at: Timestamp,
    pub(crate) weight: Weight,
    pub(crate) text: String,
}

/// The messages of a viewer.
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    all: VecDeque<Toast>,
    /// Whether the newest is still to be shown.
    is_shown: bool,
}

impl Toasts {
    /// Shows a message in place of the one before.
    pub(crate) fn push(&mut self, at: Timestamp, weight: Weight, text: impl Into<String>) {
        if self.all.len() == KEPT {
            self.all.pop_front();
        }
        self.all.push_back(Toast { at, weight, text: text.into() });
        self.is_shown = true;
    }

    /// The message to show.
    pub(crate) fn current(&self) -> Option<&Toast> {
        self.all.back().filter(|_| self.is_shown)
    }

    /// Takes the message away; true if there was one.
    pub(crate) fn dismiss(&mut self) -> bool {
        std::mem::take(&mut self.is_shown)
    }

    /// Takes the message away if its time is over.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let stays = match self.current() {
            Some(Toast { weight: Weight::Error, .. }) => Duration::MAX,
            Some(Toast { weight: Weight::Undo, .. }) => Duration::from_secs(10),
            Some(Toast { weight: Weight::Warning, .. }) => Duration::from_secs(6),
            _ => Duration::from_secs(3),
        };
        if self.current().is_some_and(|toast| now.since(toast.at) >= stays) {
            self.is_shown = false;
        }
    }

    /// All that are kept, the newest last.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Toast> + ExactSizeIterator {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_by_itself_but_an_error_stays_until_it_is_dismissed() {
        let at = Timestamp::from_unix(1000);
        let mut toasts = Toasts::default();
        toasts.push(at, Weight::Info, "done");
        toasts.expire(at.plus(Duration::from_secs(2)));
        assert!(toasts.current().is_some());
        toasts.expire(at.plus(Duration::from_secs(3)));
        assert!(toasts.current().is_none());
        toasts.push(at, Weight::Error, "wrong");
        toasts.expire(at.plus(Duration::from_hours(1)));
        assert!(toasts.dismiss() && !toasts.dismiss());
        assert_eq!(toasts.all().count(), 2, "both are in the list");
    }
}

//! Those who watch one session live: lines of its dialogue go out to them, and while there is nobody, none is built.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;
use tokio::time::Instant;

/// Lines kept for a watcher that is slow; behind that it misses the oldest, and is told how many.
const BACKLOG: usize = 256;
/// The longest line told, in characters: a reply may be endless.
pub(super) const MAX_LINE: usize = 1000;

/// Who says a line of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that sends mail.
    Client,
    /// The side that takes it.
    Server,
}

/// What those who watch a session are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Instant,
    /// Whose words these are; `None` where the engine itself remarks on the session.
    pub side: Option<Side>,
    /// Printable.
    pub text: Box<str>,
}

/// The watchers of one session. To have none costs a flag and an empty lock.
#[derive(Debug, Default)]
pub struct Audience {
    /// Whether there may be watchers: the one thing looked at while there are none.
    is_there: AtomicBool,
    lines: Mutex<Option<broadcast::Sender<Told>>>,
}

impl Audience {
    /// Whether a line is worth building.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }

    /// Tells a line of the dialogue. Never waits for a watcher.
    pub fn tell(&self, side: Side, text: &str) {
        self.send(Some(side), text);
    }

    /// Tells what the engine has to say of the session.
    pub fn remark(&self, text: &str) {
        if self.is_there() {
            self.send(None, text);
        }
    }

    /// Everything that is told from now on, until the session ends.
    pub(super) fn join(&self) -> broadcast::Receiver<Told> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_there.store(true, Ordering::Relaxed);
        lines.get_or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// The session ends, and with it what watchers have to wait for.
    pub(super) fn dismiss(&self) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_there.store(false, Ordering::Relaxed);
        *lines = None;
    }

    fn send(&self, side: Option<Side>, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |sender: &broadcast::Sender<Told>| {
            sender.send(Told { at: Instant::now(), side, text: crate::text::shortened(text, MAX_LINE).into() })
        };
        if lines.as_ref().is_some_and(|sender| told(sender).is_err()) {
            // The last watcher has left.
            self.is_there.store(false, Ordering::Relaxed);
            *lines = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_is_worth_building_only_while_somebody_watches() {
        let audience = Audience::default();
        assert!(!audience.is_there());
        let mut watcher = audience.join();
        assert!(audience.is_there());
        audience.tell(Side::Client, "NOOP \x1b[2J");
        let told = watcher.recv().await.unwrap();
        assert_eq!((told.side, &*told.text), (Some(Side::Client), "NOOP ␛[2J"));
        drop(watcher);
        audience.tell(Side::Server, "250 ok");
        assert!(!audience.is_there() && audience.lines.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn a_slow_watcher_misses_the_oldest_lines_and_learns_how_many() {
        let audience = Audience::default();
        let mut watcher = audience.join();
        for number in 0..BACKLOG + 10 {
            audience.tell(Side::Client, &number.to_string());
        }
        assert_eq!(watcher.recv().await, Err(broadcast::error::RecvError::Lagged(10)));
        assert_eq!(&*watcher.recv().await.unwrap().text, "10");
    }

    #[tokio::test]
    async fn what_was_told_before_the_end_is_heard_and_then_the_end() {
        let audience = Audience::default();
        let mut watcher = audience.join();
        audience.remark("the end");
        audience.dismiss();
        assert_eq!(watcher.recv().await.unwrap().side, None);
        assert_eq!(watcher.recv().await, Err(broadcast::error::RecvError::Closed));
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut() {
        let audience = Audience::default();
        let mut watcher = audience.join();
        audience.tell(Side::Server, &"x".repeat(100_000));
        assert_eq!(watcher.recv().await.unwrap().text.chars().count(), MAX_LINE);
    }
}

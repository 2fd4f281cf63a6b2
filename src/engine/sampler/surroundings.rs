//! What takes a look at the disk to know: the room that is left, and how much lies in Badmail. Looked at rarely, in a
//! task of its own, so that a picture never waits for a disk.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::engine::handle::Shared;
use crate::engine::view::Disk;
use crate::ledger::Ledger;
use crate::queue::{Badmail, Queue};

/// How often to look while somebody watches.
const INTERVAL: Duration = Duration::from_secs(5);
/// The least time between two looks.
const REST: Duration = Duration::from_secs(1);

/// What the last look showed.
#[derive(Default)]
pub(in crate::engine) struct Surroundings {
    seen: Mutex<Seen>,
    wanted: Notify,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) disk: Option<Disk>,
    pub(super) badmail: usize,
    /// The ledger's count of messages moved to Badmail when this was seen.
    moved: u64,
}

impl Surroundings {
    /// Asks for a look soon, since something there has changed or somebody begins to watch.
    pub(in crate::engine) fn look_soon(&self) {
        self.wanted.notify_one();
    }

    /// What the last look showed; asks for another one where mail went to Badmail since.
    pub(super) fn seen(&self, ledger: &Ledger) -> Seen {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.moved != ledger.totals.badmail.get() {
            self.look_soon();
        }
        seen
    }

    /// Looks now.
    pub(in crate::engine) async fn look(&self, queue: &Queue, ledger: &Ledger) {
        let moved = ledger.totals.badmail.get();
        let asked = queue.clone();
        let space = tokio::task::spawn_blocking(move || asked.space()).await;
        let disk = space.ok().and_then(Result::ok).map(|(free, total)| Disk { free, total });
        let badmail = Badmail::new(queue.clone()).count().await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // A folder that cannot be read is told by the janitor; the count stays what it was.
        *seen = Seen { disk, badmail: badmail.unwrap_or(seen.badmail), moved };
    }

    /// Keeps looking while somebody watches, until aborted.
    pub(in crate::engine) async fn keep_looking(shared: Arc<Shared>) {
        let surroundings = &shared.surroundings;
        loop {
            if shared.sampler.is_watched() {
                // Asked or not, it is time again.
                let _ = tokio::time::timeout(INTERVAL, surroundings.wanted.notified()).await;
            } else {
                surroundings.wanted.notified().await;
            }
            surroundings.look(&shared.queue, &shared.ledger).await;
            tokio::time::sleep(REST).await;
        }
    }
}

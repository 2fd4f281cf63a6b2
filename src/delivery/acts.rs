//! What people do to messages: retry, hold, release, delete, restore. What changes a file is written to it before it
//! counts.

use super::scheduler::{Claim, Closed};
use super::{Dispatcher, closing, journal};
use crate::ledger::Event;
use crate::queue::{Message, QueueId, ReadError, Recorded, Stamp, State};

/// Messages retried in one go.
const PIECE: usize = 500;

impl Dispatcher {
    /// Makes messages due now and lifts the back-off of their destinations. Returns how many; held ones stay held.
    pub fn retry(&self, ids: &[QueueId], actor: &str) -> usize {
        let mut retried = 0;
        for ids in ids.chunks(PIECE) {
            let ids = self.among(ids, |listed| listed.state() == State::Queued);
            // Written down first: what comes of the attempt follows at once.
            for id in &ids {
                if let Some(row) = self.row(id) {
                    journal::act(&self.0, id, row, Event::Retried, actor);
                }
            }
            retried += self.0.with(|scheduler, now| scheduler.retry(&ids, now));
        }
        retried
    }

    /// Sets messages aside until they are released. Returns how many; one being delivered at this moment is held when
    /// that attempt is over, if it is still there.
    pub async fn hold(&self, ids: &[QueueId], actor: &str) -> usize {
        let mut held = 0;
        for id in ids {
            held += usize::from(self.set_state(id, State::Held, Event::Held, actor).await);
        }
        held
    }

    /// Lets held messages go on, due at once. Returns how many.
    pub async fn release(&self, ids: &[QueueId], actor: &str) -> usize {
        let mut released = 0;
        for id in ids {
            released += usize::from(self.set_state(id, State::Queued, Event::Released, actor).await);
        }
        released
    }

    /// Moves messages to `.state/deleted`, where they stay for a day. Returns how many.
    pub async fn delete(&self, ids: &[QueueId], actor: &str) -> usize {
        let mut deleted = 0;
        for id in ids {
            deleted += usize::from(self.delete_one(id, actor).await);
        }
        deleted
    }

    /// Brings back messages deleted less than a day ago, as they were. Returns how many.
    pub async fn restore(&self, ids: &[QueueId], actor: &str) -> usize {
        let mut restored = 0;
        for id in ids {
            match self.0.context.queue.restore(id).await {
                Ok(committed) => {
                    restored += 1;
                    journal::restored(&self.0, &committed, actor);
                    self.submit(committed);
                }
                Err(ReadError::Gone) => {}
                Err(error) => tracing::error!(id = id.as_str(), %error, "a message could not be brought back"),
            }
        }
        restored
    }

    async fn delete_one(&self, id: &QueueId, actor: &str) -> bool {
        let Some(row) = self.row(id) else { return false };
        let _busy = self.0.context.queue.busy(id);
        let claim = self.0.with(|scheduler, _| scheduler.claim(id));
        let deleted = match self.0.context.queue.discard(id).await {
            Ok(()) => {
                self.0.with(|scheduler, _| scheduler.forget(id));
                journal::act(&self.0, id, row, Event::Removed, actor);
                true
            }
            Err(error) => {
                tracing::error!(id = id.as_str(), %error, "a message could not be deleted");
                false
            }
        };
        if claim == Claim::Granted {
            self.0.with(|scheduler, now| scheduler.give_back(id, now));
        }
        deleted
    }

    /// Changes the state of one message; true if it is so now, or will be when its attempt is over.
    async fn set_state(&self, id: &QueueId, state: State, event: Event, actor: &str) -> bool {
        let Some(row) = self.row(id) else { return false };
        let _busy = self.0.context.queue.busy(id);
        let claim = self.0.with(
            |scheduler, _| {
                if scheduler.state(id) == Some(state) { Claim::Unknown } else { scheduler.claim(id) }
            },
        );
        match claim {
            Claim::Unknown => return false,
            Claim::Busy => self.0.with(|scheduler, _| scheduler.hold_later(id, state == State::Held)),
            Claim::Granted => match self.write_state(id, state).await {
                Ok((message, stamp)) => {
                    let closed = Closed::Kept(Box::new(message), stamp);
                    let step = self.0.with(|scheduler, now| scheduler.closed(id, closed, now));
                    closing::carry_out(&self.0, step).await;
                }
                Err(error) => {
                    if matches!(error, ReadError::Gone) {
                        self.0.with(|scheduler, _| scheduler.forget(id));
                    }
                    tracing::error!(id = id.as_str(), %error, "the state of a message could not be changed");
                    self.0.with(|scheduler, now| scheduler.give_back(id, now));
                    return false;
                }
            },
        }
        journal::act(&self.0, id, row, event, actor);
        true
    }

    async fn write_state(&self, id: &QueueId, state: State) -> Result<(Message, Stamp), ReadError> {
        let queue = &self.0.context.queue;
        let (mut message, mut stamp) = queue.load(id).await?;
        loop {
            message.state = state;
            if state == State::Queued {
                message.next = self.0.context.clock.now();
            }
            match queue.record(id, &message, stamp).await? {
                Recorded::Written(stamp) => return Ok((message, stamp)),
                Recorded::Edited(edited, later) => (message, stamp) = (*edited, later),
            }
        }
    }
}

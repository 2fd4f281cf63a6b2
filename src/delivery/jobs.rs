//! The hands of a connection task on the scheduler: taking jobs, settling them, and letting go whatever happens.

use std::sync::Arc;

use super::destination::ConnectionId;
use super::scheduler::{Assignment, Step};
use super::shared::{Shared, Turn};
use super::{closing, round};
use crate::queue::{Message, ReadError};

/// A connection's place in the scheduler; dropping it gives the place back, also when the task panics.
pub(super) struct Link {
    shared: Arc<Shared>,
    connection: ConnectionId,
    broken: bool,
}

impl Link {
    pub(super) fn new(shared: &Arc<Shared>, connection: ConnectionId) -> Self {
        Self { shared: Arc::clone(shared), connection, broken: false }
    }

    /// Gives the place back and says that the connection broke.
    pub(super) fn break_off(mut self) {
        self.broken = true;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let step = self.shared.with(|scheduler, now| scheduler.close(self.connection, self.broken, now));
        if !matches!(step, Step::Done) {
            let shared = Arc::clone(&self.shared);
            self.shared.spawn(async move { closing::carry_out(&shared, step).await });
        }
    }
}

/// The jobs of one connection.
pub(super) struct Jobs {
    shared: Arc<Shared>,
    connection: ConnectionId,
}

impl Jobs {
    pub(super) fn new(shared: &Arc<Shared>, connection: ConnectionId) -> Self {
        Self { shared: Arc::clone(shared), connection }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What to do next.
    pub(super) fn turn(&self) -> Turn {
        self.shared.turn(self.connection)
    }

    /// Ends a wait; true if there is no work, and the connection may go.
    pub(super) fn stop_waiting(&self) -> bool {
        self.shared.stop_waiting(self.connection)
    }

    /// The message of a job, read if it is not in memory. `None` if the job has come to nothing: the file is gone, was
    /// edited, or cannot be read.
    pub(super) async fn message(&self, assignment: &Assignment) -> Option<Arc<Message>> {
        if let Some(message) = &assignment.message {
            return Some(Arc::clone(message));
        }
        match self.shared.context.queue.load(&assignment.id).await {
            Ok((message, stamp)) => {
                self.shared.with(|scheduler, now| scheduler.loaded(self.connection, message, stamp, now))
            }
            Err(ReadError::Gone) => {
                self.missing();
                None
            }
            Err(error) => {
                let _busy = self.shared.context.queue.busy(&assignment.id);
                let closed = closing::unreadable(&self.shared, &assignment.id, error).await;
                self.shared.with(|scheduler, now| scheduler.put_off(self.connection, closed, now));
                None
            }
        }
    }

    /// The file of the job at hand is gone.
    pub(super) fn missing(&self) {
        self.shared.with(|scheduler, _| scheduler.missing(self.connection));
    }

    /// The job at hand has come to something; `leftover` recipients were not tried for no fault of theirs. What has to
    /// be written, or returned, or removed for it is done when this returns.
    pub(super) async fn settle(&self, results: Vec<round::Result>, leftover: Vec<usize>) {
        let step = self.shared.with(|scheduler, now| scheduler.settle(self.connection, results, leftover, now));
        closing::carry_out(&self.shared, step).await;
    }
}

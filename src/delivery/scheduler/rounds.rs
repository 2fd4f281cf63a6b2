//! How a round ends: what has to be written to disk, by whom, and what happens to the message afterwards.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::{Action, Scheduler, Urgency};
use crate::clock::Timestamp;
use crate::delivery::destination::{ConnectionId, Job};
use crate::delivery::round::{self, Round};
use crate::queue::{Message, QueueId, Stamp, State, Status};

/// What whoever settled a job, or finished a write, has to do next.
pub(crate) enum Step {
    /// Nothing.
    Done,
    /// Write down what is delivered so far, and say so by [`Scheduler::saved`].
    Save(Box<Saving>),
    /// Close the round, and say so by [`Scheduler::closed`].
    Close(Box<Closing>),
}

/// Progress of a message that is delivered at one destination and still waits at another.
pub(crate) struct Saving {
    /// The message.
    pub id: QueueId,
    /// What its file should say.
    pub message: Message,
    /// What was last known of the file.
    pub stamp: Stamp,
}

/// A round whose jobs have all come to something.
pub(crate) struct Closing {
    /// The message.
    pub id: QueueId,
    /// As it was before the round; `None` if it has to be read.
    pub message: Option<Message>,
    /// What was last known of the file.
    pub stamp: Stamp,
    /// What the round came to.
    pub results: Vec<round::Result>,
    /// A person wants it held.
    pub hold: bool,
}

/// How a round was closed.
pub(crate) enum Closed {
    /// The message has left the queue, or its file is gone.
    Left,
    /// It stays, as its file says now.
    Kept(Box<Message>, Stamp),
    /// Its file could not be read; nothing is known but what was known before.
    Unread,
}

/// When a message that the disk refused is looked at again.
const AFTER_TROUBLE: Duration = Duration::from_mins(5);

impl Scheduler {
    /// A message that a connection had to read first. `None` if it is not what the round began with: the job is taken
    /// back, and the message begins anew, at once, as it is now.
    pub(crate) fn loaded(
        &mut self,
        connection: ConnectionId,
        message: Message,
        stamp: Stamp,
        now: Timestamp,
    ) -> Option<Arc<Message>> {
        let id = self.links.get(&connection)?.job.as_ref()?.id.clone();
        if self.known(&id) == Some(stamp) {
            let message = Arc::new(message);
            self.rounds.get_mut(&id)?.basis = Some(Arc::clone(&message));
            return Some(message);
        }
        self.take_back(connection);
        self.replace(&id, message, stamp, now);
        self.start(&id, Urgency::Due, now);
        None
    }

    /// A message that a connection wanted to read has no file any more.
    pub(crate) fn missing(&mut self, connection: ConnectionId) {
        if let Some(job) = self.take_back(connection) {
            self.forget(&job.id);
        }
    }

    /// A message that a connection wanted to read cannot be read.
    pub(crate) fn put_off(&mut self, connection: ConnectionId, closed: Closed, now: Timestamp) {
        if let Some(job) = self.take_back(connection)
            && self.rounds.get(&job.id).is_some_and(Round::is_idle)
        {
            self.closed(&job.id, closed, now);
        }
    }

    /// The next round that ended without a connection.
    pub(crate) fn next_closing(&mut self) -> Option<Closing> {
        while let Some(id) = self.closings.pop_front() {
            if let Some(closing) = self.begin_closing(&id) {
                return Some(closing);
            }
        }
        None
    }

    /// What was delivered so far is written down, with this result; `None` if it could not be, which costs no more
    /// than a second copy after a crash.
    pub(crate) fn saved(&mut self, id: &QueueId, written: Option<(Message, Stamp)>) -> Step {
        if let Some((message, stamp)) = written {
            self.index.apply(id, &message, stamp);
        }
        let Some(round) = self.rounds.get_mut(id) else { return Step::Done };
        round.writing = false;
        let news = mem::take(&mut round.unsaved);
        self.step(id, news)
    }

    /// A round is closed.
    pub(crate) fn closed(&mut self, id: &QueueId, closed: Closed, now: Timestamp) -> Step {
        let Some(round) = self.rounds.get_mut(id) else { return Step::Done };
        let (message, stamp) = match closed {
            Closed::Kept(message, stamp) => (message, stamp),
            Closed::Left => {
                self.end_round(id);
                self.index.remove(id);
                return Step::Done;
            }
            Closed::Unread => {
                let next = now.plus(AFTER_TROUBLE);
                self.end_round(id);
                self.index.set_next(id, next);
                self.wait(id, next);
                return Step::Done;
            }
        };
        if round.gone {
            self.end_round(id);
            return Step::Done;
        }
        // What was written last took in the edits that were on disk; only a later one is news.
        let edited = round.edited.take().filter(|edited| edited.1.modified > stamp.modified);
        self.index.insert(id.clone(), &message, stamp);
        if round.hold && message.state != State::Held && edited.is_none() {
            round.basis = Some(Arc::new(*message));
            round.results.clear();
            return self.begin_closing(id).map_or(Step::Done, |closing| Step::Close(Box::new(closing)));
        }
        self.end_round(id);
        match edited {
            Some(edited) => self.replace(id, edited.0, edited.1, now),
            None => self.resume_schedule(id, now),
        }
        Step::Done
    }

    /// What follows when something of a round was settled; `news` says that a recipient is done.
    pub(super) fn step(&mut self, id: &QueueId, news: bool) -> Step {
        let Some(round) = self.rounds.get_mut(id) else { return Step::Done };
        if round.writing {
            round.unsaved |= news;
            return Step::Done;
        }
        if round.is_settled() {
            if self.is_over(id) {
                return Step::Done;
            }
            return self.begin_closing(id).map_or(Step::Done, |closing| Step::Close(Box::new(closing)));
        }
        if !news || round.called_off {
            return Step::Done;
        }
        let Some(mut message) = round.basis.as_deref().cloned() else { return Step::Done };
        round.writing = true;
        for (recipient, attempt) in &round.results {
            if attempt.verdict.status() == Status::Delivered {
                message.settle(*recipient, Status::Delivered, &attempt.reply, "");
            }
        }
        match self.known(id) {
            Some(stamp) => Step::Save(Box::new(Saving { id: id.clone(), message, stamp })),
            None => Step::Done,
        }
    }

    /// Hands a round that has come to its end without a connection to those who close such rounds.
    pub(super) fn close_if_settled(&mut self, id: &QueueId) {
        let Some(round) = self.rounds.get_mut(id) else { return };
        if !round.is_settled() || round.writing || self.is_over(id) {
            return;
        }
        if let Some(round) = self.rounds.get_mut(id) {
            round.writing = true;
        }
        self.closings.push_back(id.clone());
        self.actions.push(Action::Close);
    }

    /// Takes a waiting job out of its round, unanswered.
    pub(super) fn withdraw(&mut self, job: &Job) {
        if let Some(round) = self.rounds.get_mut(&job.id) {
            round.waiting -= 1;
        }
        self.close_if_settled(&job.id);
    }

    /// Forgets a round; its message, where it is still known, waits.
    pub(super) fn end_round(&mut self, id: &QueueId) {
        if let Some(round) = self.rounds.remove(id) {
            self.memory -= round.memory;
            self.index.set_active(id, false);
        }
    }

    /// Ends a settled round of which nothing has to be written: its message is gone, or nothing was tried because
    /// all of it was paused.
    fn is_over(&mut self, id: &QueueId) -> bool {
        let Some(round) = self.rounds.get(id) else { return true };
        let untried = round.results.is_empty() && !round.called_off;
        let waits = || self.index.get(id).is_some_and(|entry| entry.recipients().any(|r| r.status == Status::Pending));
        let over = round.gone || (untried && waits());
        if over {
            self.end_round(id);
        }
        over
    }

    /// Hands a settled round to whoever closes it; the round stays until [`Scheduler::closed`].
    fn begin_closing(&mut self, id: &QueueId) -> Option<Closing> {
        let known = self.known(id);
        let round = self.rounds.get_mut(id)?;
        round.writing = true;
        let (results, basis, hold) = (mem::take(&mut round.results), round.basis.take(), round.hold);
        if let Some(edited) = round.edited.take() {
            let (message, stamp) = *edited;
            let results = basis.map(|basis| round::carry_over(&basis, &message, results)).unwrap_or_default();
            return Some(Closing { id: id.clone(), message: Some(message), stamp, results, hold });
        }
        let Some(stamp) = known else {
            self.end_round(id);
            return None;
        };
        Some(Closing { id: id.clone(), message: basis.map(Arc::unwrap_or_clone), stamp, results, hold })
    }

    fn take_back(&mut self, connection: ConnectionId) -> Option<Job> {
        let job = self.links.get_mut(&connection)?.job.take()?;
        if let Some(round) = self.rounds.get_mut(&job.id).filter(|round| round.serial == job.round) {
            round.in_flight -= 1;
        }
        Some(job)
    }
}

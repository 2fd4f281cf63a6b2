//! Closing a round: the log, the reports, and then what becomes of the message's file. In this order, so that a
//! message is never gone before its sender's report is safe.

use std::sync::Arc;
use std::time::Duration;

use super::attempt::Verdict;
use super::report::Kind;
use super::round::{self, Ending, Fate};
use super::scheduler::{Closed, Closing, Saving, Step};
use super::shared::Shared;
use super::{bounce, journal, schedule};
use crate::mail::{Recipient, ReversePath};
use crate::queue::{Message, QueueId, ReadError, Recorded, Stamp, State, Status};

/// When a message is looked at again that the disk would not let go.
const AFTER_TROUBLE: Duration = Duration::from_mins(5);

/// Does what a step asks for, and what follows from it.
pub(super) async fn carry_out(shared: &Arc<Shared>, mut step: Step) {
    loop {
        step = match step {
            Step::Done => return,
            Step::Save(saving) => save(shared, *saving).await,
            Step::Close(closing) => close(shared, *closing).await,
        }
    }
}

/// Closes a round.
pub(super) async fn close(shared: &Arc<Shared>, closing: Closing) -> Step {
    let id = closing.id.clone();
    let _busy = shared.context.queue.busy(&id);
    let closed = match read(shared, closing).await {
        Ok((message, stamp, results, hold)) => conclude(shared, &id, message, stamp, results, hold).await,
        Err(closed) => closed,
    };
    shared.with(|scheduler, now| scheduler.closed(&id, closed, now))
}

/// Writes down what is delivered so far.
async fn save(shared: &Arc<Shared>, saving: Saving) -> Step {
    let Saving { id, message, stamp } = saving;
    let _busy = shared.context.queue.busy(&id);
    let written = match shared.context.queue.record(&id, &message, stamp).await {
        Ok(Recorded::Written(stamp)) => Some((message, stamp)),
        Ok(Recorded::Edited(edited, stamp)) => {
            shared.with(|scheduler, now| scheduler.insert(&id, *edited, stamp, now));
            None
        }
        Err(ReadError::Gone) => {
            shared.with(|scheduler, _| scheduler.forget(&id));
            None
        }
        Err(error) => {
            tracing::error!(id = id.as_str(), %error, "the state of a message could not be written");
            None
        }
    };
    shared.with(|scheduler, _| scheduler.saved(&id, written))
}

/// The message of a round, read if it is not in memory. Of a file edited meanwhile the results no longer speak.
async fn read(shared: &Arc<Shared>, closing: Closing) -> Result<(Message, Stamp, Vec<round::Result>, bool), Closed> {
    let Closing { id, message, stamp, results, hold } = closing;
    if let Some(message) = message {
        return Ok((message, stamp, results, hold));
    }
    match shared.context.queue.load(&id).await {
        Ok((message, now)) if now == stamp => Ok((message, stamp, results, hold)),
        Ok((message, now)) => Ok((message, now, Vec::new(), hold)),
        Err(error) => Err(unreadable(shared, &id, error).await),
    }
}

/// What becomes of a message whose file cannot be read.
pub(super) async fn unreadable(shared: &Arc<Shared>, id: &QueueId, error: ReadError) -> Closed {
    match error {
        ReadError::Gone => Closed::Left,
        ReadError::Malformed(reason) => match shared.context.queue.set_aside(id, &reason).await {
            Ok(()) => {
                journal::badmail(shared, id, None, &reason);
                Closed::Left
            }
            Err(error) => {
                tracing::error!(id = id.as_str(), %error, "a message could not be moved to Badmail");
                Closed::Unread
            }
        },
        ReadError::Io(error) => {
            tracing::error!(id = id.as_str(), %error, "a message could not be read");
            Closed::Unread
        }
    }
}

async fn conclude(
    shared: &Arc<Shared>,
    id: &QueueId,
    mut message: Message,
    stamp: Stamp,
    results: Vec<round::Result>,
    hold: bool,
) -> Closed {
    let settings = shared.context.settings.load_full();
    let now = shared.context.clock.now();
    let tried = !results.is_empty();
    let mut ending = round::conclude(&mut message, results, &settings.delivery, now);
    for (recipient, attempt) in &ending.results {
        journal::attempt(shared, id, &message, *recipient, attempt);
    }
    report(shared, id, &mut message, &mut ending).await;
    match &ending.fate {
        Fate::Remove => match shared.context.queue.remove(id).await {
            Ok(()) => return Closed::Left,
            Err(error) => {
                tracing::error!(id = id.as_str(), %error, "a finished message could not be removed from the queue");
                message.next = now.plus(AFTER_TROUBLE);
            }
        },
        Fate::SetAside(reason) => match set_aside(shared, id, &message, stamp, reason).await {
            Ok(()) => {
                journal::badmail(shared, id, Some(&message), reason);
                return Closed::Left;
            }
            Err(error) => {
                tracing::error!(id = id.as_str(), %error, "a message could not be moved to Badmail");
                message.next = now.plus(AFTER_TROUBLE);
            }
        },
        Fate::Keep if !tried && !hold => return Closed::Kept(Box::new(message), stamp),
        Fate::Keep => {}
    }
    if hold {
        message.state = State::Held;
    }
    record(shared, id, message, stamp).await
}

/// Makes the reports that an ending asks for. Where one of a failure cannot be written, the recipients stay pending,
/// as if they had not failed yet: nobody may be given up unheard.
async fn report(shared: &Arc<Shared>, id: &QueueId, message: &mut Message, ending: &mut Ending) {
    if message.envelope.sender == ReversePath::Null {
        return;
    }
    let settings = shared.context.settings.load_full();
    let until = schedule::expires(&settings.delivery, message.received);
    let is_failure = |verdict| matches!(verdict, Verdict::Failed | Verdict::Expired);
    let failed = chosen(message, ending, is_failure, Recipient::wants_failure);
    if !failed.is_empty()
        && let Err(error) = bounce::report(shared, id, message, Kind::Failure, &failed).await
    {
        tracing::error!(id = id.as_str(), %error, "a failure could not be reported; the message stays in the queue");
        for (recipient, _) in &failed {
            message.progress[*recipient].status = Status::Pending;
        }
        message.next = shared.context.clock.now().plus(AFTER_TROUBLE);
        ending.fate = Fate::Keep;
    }
    let is = |verdict| move |other| other == verdict;
    let late =
        if ending.late { chosen(message, ending, is(Verdict::Deferred), Recipient::wants_delay) } else { Vec::new() };
    let notices = [
        (Kind::Delivered, chosen(message, ending, is(Verdict::Local), Recipient::wants_success)),
        (Kind::Relayed, chosen(message, ending, is(Verdict::Relayed), Recipient::wants_success)),
        (Kind::Delay { until }, late),
    ];
    for (kind, told) in notices.into_iter().filter(|(_, told)| !told.is_empty()) {
        if let Err(error) = bounce::report(shared, id, message, kind, &told).await {
            // Unlike a failure, this may go untold.
            tracing::error!(id = id.as_str(), %error, "a notice of delay or success could not be written");
        }
    }
}

/// The results of some verdicts whose recipients want to hear of them.
fn chosen(
    message: &Message,
    ending: &Ending,
    verdict: impl Fn(Verdict) -> bool,
    wanted: impl Fn(&Recipient) -> bool,
) -> Vec<round::Result> {
    let is_chosen = |(recipient, attempt): &&round::Result| {
        verdict(attempt.verdict) && wanted(&message.envelope.recipients[*recipient])
    };
    ending.results.iter().filter(is_chosen).cloned().collect()
}

/// Moves a message to Badmail. Its file then says of each recipient whether a person who sends it again should reach
/// it: those that failed are pending there.
async fn set_aside(
    shared: &Arc<Shared>,
    id: &QueueId,
    message: &Message,
    stamp: Stamp,
    reason: &str,
) -> Result<(), ReadError> {
    let mut left = message.clone();
    for progress in left.progress.iter_mut().filter(|progress| progress.status == Status::Failed) {
        progress.status = Status::Pending;
    }
    shared.context.queue.record(id, &left, stamp).await?;
    shared.context.queue.set_aside(id, reason).await.map_err(ReadError::Io)
}

/// Writes the state of a message that stays, over whatever a person wrote meanwhile.
async fn record(shared: &Arc<Shared>, id: &QueueId, mut message: Message, mut stamp: Stamp) -> Closed {
    loop {
        match shared.context.queue.record(id, &message, stamp).await {
            Ok(Recorded::Written(stamp)) => return Closed::Kept(Box::new(message), stamp),
            Ok(Recorded::Edited(edited, now)) => {
                message = round::merge(&message, *edited);
                stamp = now;
            }
            Err(ReadError::Gone) => return Closed::Left,
            Err(error) => {
                // What is in memory goes on; a restart would try a little too early.
                tracing::error!(id = id.as_str(), %error, "the state of a message could not be written");
                return Closed::Kept(Box::new(message), stamp);
            }
        }
    }
}

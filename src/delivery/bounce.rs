//! Putting a report into the queue, as a message like any other.

use std::sync::Arc;

use super::journal;
use super::report::{Copy, Excerpt, Kind, Report};
use super::round;
use super::shared::Shared;
use crate::mail::{Address, Received, Recipient};
use crate::queue::{CommitError, Message, Origin, QueueId, Via};

/// Reports some results of a message to its sender, and a failure also to `copy_ndr_to`. When this returns `Ok`, the
/// sender's report is on disk.
pub(super) async fn report(
    shared: &Arc<Shared>,
    about: &QueueId,
    message: &Message,
    kind: Kind,
    results: &[round::Result],
) -> Result<(), CommitError> {
    let Some(sender) = message.envelope.sender.mailbox() else { return Ok(()) };
    let settings = shared.context.settings.load_full();
    let copy = excerpt(shared, about, message, kind).await;
    let recipients = results.iter().map(|(i, attempt)| (&message.envelope.recipients[*i], &**attempt)).collect();
    let report = Report {
        kind,
        hostname: &settings.general.hostname,
        message,
        recipients,
        copy: &copy,
        now: shared.context.clock.now(),
    };
    post(shared, about, &report, sender).await?;
    let copied_to = settings.messages.copy_ndr_to.as_ref().filter(|to| kind == Kind::Failure && *to != sender);
    if let Some(to) = copied_to
        && let Err(error) = post(shared, about, &report, to).await
    {
        tracing::error!(id = about.as_str(), %error, "the copy of a failure report could not be written");
    }
    Ok(())
}

/// Commits a report and has it delivered.
async fn post(shared: &Arc<Shared>, about: &QueueId, report: &Report<'_>, to: &Address) -> Result<(), CommitError> {
    let queue = &shared.context.queue;
    let recipient = Recipient::new(to.clone());
    let origin = Origin { via: Via::Report, ..Origin::default() };
    let mut draft = queue.draft(Message::new(report.envelope(recipient.clone()), origin, report.now));
    let received = Received {
        from: None,
        by: report.hostname,
        instance: queue.instance(),
        with: None,
        encryption: None,
        id: draft.id().as_str(),
        recipient: Some(to),
        at: report.now,
    };
    let content = report.content(draft.id(), &recipient, &received.to_string());
    draft.push(&content).await?;
    let committed = queue.commit(draft).await?;
    journal::reported(shared, &committed, to, report.kind, (about, report.message));
    shared.submit(committed);
    Ok(())
}

/// What comes back of the message.
async fn excerpt(shared: &Arc<Shared>, id: &QueueId, message: &Message, kind: Kind) -> Copy {
    let Ok(mut content) = shared.context.queue.content(id).await else { return Copy::nothing() };
    let mut excerpt = Excerpt::new(kind, message);
    loop {
        match content.next().await {
            Ok(Some(piece)) if excerpt.push(&piece) => {}
            Ok(Some(_)) => return excerpt.finish(false),
            Ok(None) => return excerpt.finish(true),
            Err(_) => return Copy::nothing(),
        }
    }
}

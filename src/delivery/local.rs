//! Delivery to local domains: the Drop folder.

use std::sync::Arc;

use super::attempt::{Attempt, Verdict};
use super::destination::ConnectionId;
use super::jobs::Jobs;
use super::scheduler::Assignment;
use super::shared::{Shared, Turn};
use crate::config::Settings;
use crate::mail::{EnhancedStatus, Reply};
use crate::queue::DropError;

/// How many of the largest messages Drop holds under its quota, as in the old server.
const QUOTA_MESSAGES: u64 = 11;

/// Takes local jobs until there are none left.
pub(super) async fn run(shared: &Arc<Shared>, connection: ConnectionId) {
    shared.with(|scheduler, now| scheduler.opened(connection, now));
    let jobs = Jobs::new(shared, connection);
    loop {
        let assignment = match jobs.turn() {
            Turn::Deliver(assignment) => assignment,
            Turn::Wait(_) if jobs.stop_waiting() => return,
            Turn::Wait(_) => continue,
            Turn::Leave => return,
        };
        let Some(message) = jobs.message(&assignment).await else { continue };
        let Assignment { id, recipients, .. } = assignment;
        let quota = quota(&shared.context.settings.load());
        let dropped = shared.context.queue.drop_copy(&id, &message, &recipients, quota).await;
        drop(message);
        let attempt = match dropped {
            Ok(()) => {
                let reply = Reply::new(250, EnhancedStatus::new(2, 0, 0), "Put into Drop");
                Attempt { verdict: Verdict::Local, reply, remote: None, trouble: None }
            }
            Err(DropError::Gone) => {
                jobs.missing();
                continue;
            }
            Err(DropError::Quota) => Attempt::ours(Reply::new(452, EnhancedStatus::new(4, 2, 2), "Mailbox full")),
            Err(error @ DropError::Io(_)) => {
                Attempt::ours(Reply::new(452, EnhancedStatus::new(4, 3, 1), error.to_string()))
            }
        };
        let attempt = Arc::new(attempt);
        let results = recipients.into_iter().map(|recipient| (recipient, Arc::clone(&attempt))).collect();
        jobs.settle(results, Vec::new()).await;
    }
}

/// Octets that Drop may hold.
fn quota(settings: &Settings) -> Option<u64> {
    let largest = settings.messages.max_message_size.filter(|_| settings.local.drop_quota)?;
    Some(largest.saturating_mul(QUOTA_MESSAGES))
}

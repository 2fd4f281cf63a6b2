//! Following what people do to the Queue folder by hand.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::handle::Shared;
use crate::delivery::Dispatcher;
use crate::ledger::{Event, Record};
use crate::queue::{Change, Folders, Known, QueueId, Stamp, Touched, Watcher};
use crate::text;

/// How often every file is looked at, in case an event was lost.
const RECONCILE: Duration = Duration::from_mins(5);
/// The same while the folders are not watched.
const RECONCILE_UNWATCHED: Duration = Duration::from_secs(5);
/// Between two looks at a file that somebody may still be writing.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Touches taken in one go.
const BATCH: usize = 4096;

impl Known for Dispatcher {
    fn stamp(&self, id: &QueueId) -> Option<Stamp> {
        self.known(id)
    }

    fn ids(&self) -> Vec<QueueId> {
        Dispatcher::ids(self)
    }
}

/// Tells the dispatcher what changed in Queue, and wakes the one who takes from Pickup, until aborted.
pub(super) async fn follow(shared: Arc<Shared>, folders: Folders) {
    let (watcher, mut touches) = Watcher::start(&folders);
    // Nobody saw what happened between recovery and now.
    let mut again = HashSet::from([Touched::Everything]);
    let mut batch = Vec::new();
    loop {
        let wait = match (again.is_empty(), watcher.is_complete()) {
            (false, _) => LOOK_AGAIN,
            (true, true) => RECONCILE,
            (true, false) => RECONCILE_UNWATCHED,
        };
        match tokio::time::timeout(wait, touches.recv_many(&mut batch, BATCH)).await {
            Ok(0) => {
                // Nobody watches, so there are no touches, only the clock.
                tokio::time::sleep(RECONCILE_UNWATCHED).await;
                batch.push(Touched::Everything);
            }
            Err(_) if again.is_empty() => batch.push(Touched::Everything),
            Ok(_) | Err(_) => {}
        }
        if batch.iter().any(|touched| matches!(touched, Touched::Pickup | Touched::Everything)) {
            shared.pickup_touched.notify_one();
        }
        let touched = batch.drain(..).chain(again.drain());
        let found = shared.queue.reconcile(touched, &shared.dispatcher).await;
        again.extend(found.again);
        for change in found.changes {
            apply(&shared, change);
        }
    }
}

fn apply(shared: &Shared, change: Change) {
    match change {
        Change::Appeared(id, message, stamp) => {
            tracing::info!("{id} was put into Queue by hand");
            shared.dispatcher.insert(&id, *message, stamp);
        }
        Change::Changed(id, message, stamp) => {
            tracing::info!("{id} was edited by hand");
            shared.dispatcher.insert(&id, *message, stamp);
        }
        Change::Vanished(id) => {
            let mut record = Record::new(shared.clock.now(), Event::Removed, id.as_str());
            record.actor = Some("hand, in the folder".to_owned());
            shared.dispatcher.forget(&id);
            shared.ledger.record(record);
        }
        Change::SetAside { id, file, badmail, reason } => {
            tracing::warn!("moved {} from Queue to Badmail: {reason}", text::quoted(&file));
            let name = id.as_ref().map_or(badmail.as_str(), QueueId::as_str);
            let mut record = Record::new(shared.clock.now(), Event::Badmail, name);
            record.reply = Some(reason);
            shared.ledger.totals.badmail.add(1);
            shared.ledger.record(record);
            if let Some(id) = id {
                shared.dispatcher.forget(&id);
            }
        }
    }
}

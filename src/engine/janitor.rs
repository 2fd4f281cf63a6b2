//! Upkeep: history, the clock, the caps on Badmail, old logs, what was deleted a day ago.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::handle::Shared;
use super::problems::Source;
use crate::ledger::{Event, Record, purge_logs};
use crate::queue::Badmail;

const TICK: Duration = Duration::from_secs(1);
/// How often the clock is compared with the system's.
const FOLLOW_CLOCK: Duration = Duration::from_mins(1);
/// How often old files are looked for.
const CLEAN: Duration = Duration::from_mins(10);

/// Keeps house until aborted.
pub(super) async fn keep_house(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut followed, mut cleaned) = (Instant::now(), None);
    loop {
        let now = ticks.tick().await;
        shared.ledger.tick(shared.clock.now());
        if now - followed >= FOLLOW_CLOCK {
            followed = now;
            follow_clock(&shared);
        }
        if cleaned.is_none_or(|last| now - last >= CLEAN) {
            cleaned = Some(now);
            clean(&shared).await;
        }
    }
}

fn follow_clock(shared: &Shared) {
    match shared.clock.follow() {
        Ok(()) => shared.problems.clear(Source::Clock),
        Err(seconds) => shared.problems.raise(
            Source::Clock,
            format!(
                "the system's clock jumped by {seconds} seconds and is not believed; if it is right, restart mailroot"
            ),
        ),
    }
}

async fn clean(shared: &Arc<Shared>) {
    let settings = shared.settings.load_full();
    let now = shared.clock.now();
    let (max_size, max_age) = (settings.messages.badmail_max_size, settings.messages.badmail_max_age);
    match Badmail::new(shared.queue.clone()).enforce(max_size, max_age, now).await {
        Ok(removed) => {
            shared.problems.clear(Source::Badmail);
            for removed in removed {
                let mut record = Record::new(now, Event::Purged, removed.id);
                record.size = Some(removed.size);
                record.reply = Some(format!("beyond {}", removed.setting));
                record.delay = Some(removed.age);
                shared.ledger.record(record);
            }
        }
        Err(error) => {
            shared.problems.raise(Source::Badmail, format!("Badmail could not be cut to its limits: {error}"));
        }
    }
    if let Err(error) = shared.queue.purge_discarded(now).await {
        tracing::warn!("messages deleted more than a day ago could not be removed: {error}");
    }
    let Some(keep) = settings.log.keep else { return };
    let directory = settings.log.directory.clone();
    let purged = tokio::task::spawn_blocking(move || purge_logs(&directory, keep, now)).await;
    match purged {
        Ok(Ok(0)) | Err(_) => {}
        Ok(Ok(count)) => tracing::info!("{count} log files older than log.keep were removed"),
        Ok(Err(error)) => tracing::warn!("old log files could not be removed: {error}"),
    }
}

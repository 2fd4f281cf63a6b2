//! Taking files from Pickup.

use std::sync::Arc;
use std::time::Duration;

use super::handle::Shared;
use super::intake::accepted;
use crate::ledger::{Event, Record};
use crate::queue::{Pickup, Taken};
use crate::text;

/// How often Pickup is looked at: a file is taken once it looked the same twice.
const INTERVAL: Duration = Duration::from_millis(500);

/// Sweeps Pickup until the engine drains; a sweep under way is finished, so that no file is sent twice.
pub(super) async fn sweep(shared: Arc<Shared>) {
    let mut pickup = Pickup::new(shared.queue.clone());
    let mut draining = shared.draining.clone();
    while !*draining.borrow() {
        let settings = shared.settings.load_full();
        let swept = pickup.sweep(&settings, shared.clock.now()).await;
        for taken in swept.taken {
            hand_on(&shared, taken);
        }
        if swept.more {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = shared.pickup_touched.notified() => {}
            _ = draining.changed() => {}
        }
    }
}

fn hand_on(shared: &Shared, taken: Taken) {
    match taken {
        Taken::Queued { file, committed } => {
            tracing::info!("took {} from Pickup as {}", text::quoted(&file), committed.id);
            shared.ledger.totals.picked_up.add(1);
            shared.ledger.totals.accepted.add(1);
            shared.ledger.record(accepted(shared.clock.now(), committed.id.as_str(), &committed.message));
            shared.dispatcher.submit(*committed);
        }
        Taken::SetAside { file, reason, badmail } => {
            tracing::warn!("moved {} from Pickup to Badmail: {reason}", text::quoted(&file));
            let mut record = Record::new(shared.clock.now(), Event::Badmail, badmail);
            record.reply = Some(reason);
            shared.ledger.totals.badmail.add(1);
            shared.ledger.record(record);
        }
    }
}

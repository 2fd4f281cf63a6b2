//! What the log has of a message, in sentences.

use crate::dashboard::widgets::Voice;
use crate::ledger::{Event, Record};

/// What a record says of the test message; `None` for what the dialogue has said already.
pub(super) fn sentence(record: &Record) -> Option<(Voice, String)> {
    let to = record.recipient.as_deref().map(|recipient| format!(" to {recipient}")).unwrap_or_default();
    let by = record.host.as_deref().map(|host| format!(" by {host}")).unwrap_or_default();
    let by_hand = record.actor.as_deref().map(|actor| format!(" by {actor}")).unwrap_or_default();
    let said = match (&record.host, &record.reply) {
        (Some(host), Some(reply)) => format!(" {host}: {reply}"),
        (None, Some(reply)) => format!(" {reply}"),
        (_, None) => String::new(),
    };
    let reply = record.reply.as_deref().map(|reply| format!(": {reply}")).unwrap_or_default();
    Some(match record.event {
        Event::Accepted | Event::Refused | Event::Act => return None,
        Event::Delivered => (Voice::Good, format!("Delivered{to}{by}{reply}")),
        Event::Local => (Voice::Good, format!("Put into Drop{to}{reply}")),
        Event::Deferred => (Voice::Warning, format!("Not yet delivered{to}, to be tried again.{said}")),
        Event::Failed => (Voice::Bad, format!("Not delivered{to}, and not tried again.{said}")),
        Event::Expired => (Voice::Bad, format!("Not delivered{to}, given up after many tries.{said}")),
        Event::Badmail => (Voice::Bad, format!("Moved to Badmail{reply}")),
        Event::Reported => (Voice::Note, format!("A report was made{reply}")),
        Event::Removed => (Voice::Warning, format!("Removed{by_hand}")),
        Event::Held => (Voice::Warning, format!("Held{by_hand}")),
        Event::Released => (Voice::Note, format!("Released{by_hand}")),
        Event::Retried => (Voice::Note, format!("Tried again at once{by_hand}")),
        Event::Restored => (Voice::Note, format!("Brought back{by_hand}")),
        Event::Purged => (Voice::Note, format!("Purged{reply}")),
    })
}

/// Whether nothing more becomes of a message behind this.
pub(super) const fn is_last(event: Event) -> bool {
    matches!(event, Event::Delivered | Event::Local | Event::Failed | Event::Expired | Event::Badmail | Event::Removed)
}

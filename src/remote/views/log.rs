//! The delivery log as text.

use std::fmt::Write as _;
use std::time::Duration;

use super::queue::path;
use super::units::{size, span};
use crate::engine::view::Record;
use crate::text;

/// A record on one line, for reading along: less exact than the log's own file, where each field has its name.
pub fn log_line(record: &Record) -> String {
    let mut line = format!("{} {:9} {}", record.time, record.event, record.id);
    // Writing to a String cannot fail.
    if let Some(client) = &record.client {
        let _ = write!(line, " [{client}]");
    }
    if let Some(sender) = &record.sender {
        let _ = write!(line, " {}", path(sender));
    }
    if let Some(recipient) = &record.recipient {
        let _ = write!(line, " -> {}", path(recipient));
    }
    if let Some(host) = &record.host {
        let _ = write!(line, " {host}");
    }
    if let Some(reply) = &record.reply {
        let _ = write!(line, " \"{reply}\"");
    }
    let details = [
        record.size.map(size),
        record.delay.map(|delay| format!("after {}", span(Duration::from_secs(delay)))),
        record.attempt.map(|attempt| format!("attempt {attempt}")),
        record.actor.as_ref().map(|actor| format!("by {actor}")),
    ];
    let details: Vec<_> = details.into_iter().flatten().collect();
    if !details.is_empty() {
        let _ = write!(line, " ({})", details.join(", "));
    }
    format!("{}\n", text::printable(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_who_sent_what_to_whom_and_what_was_said() {
        let record = Record {
            time: "2026-11-24T11:15:03Z".to_owned(),
            event: "deferred".to_owned(),
            id: "0JX4".to_owned(),
            client: Some("192.0.2.7".to_owned()),
            sender: Some(String::new()),
            recipient: Some("bob@example.com".to_owned()),
            host: Some("mx1.example.com[192.0.2.25]:25".to_owned()),
            reply: Some("451 4.7.1 \x1b[2J".to_owned()),
            delay: Some(75),
            size: Some(4096),
            attempt: Some(2),
            actor: None,
        };
        assert_eq!(
            log_line(&record),
            "2026-11-24T11:15:03Z deferred  0JX4 [192.0.2.7] <> -> <bob@example.com> \
             mx1.example.com[192.0.2.25]:25 \"451 4.7.1 ␛[2J\" (4.0 KB, after 1m, attempt 2)\n"
        );
    }
}

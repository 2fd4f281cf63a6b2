//! The status as text.

use super::super::table::{Column, Table};
use super::units::{age, ahead, size};
use super::{facts, section};
use crate::clock::Timestamp;
use crate::engine::view::{Certificate, Destination, Status, Token};

/// The whole picture; what needs a person comes last, where a terminal shows it.
pub fn status(status: &Status, now: Timestamp, width: Option<usize>) -> String {
    let queue = &status.queue;
    let oldest = queue.oldest.as_ref().map(|oldest| format!(", the oldest {} old", age(oldest, now)));
    let oldest = oldest.unwrap_or_default();
    let disk = status.disk.map(|disk| format!("{} of {} free", size(disk.free), size(disk.total)));
    let mut text = facts(&[
        ("mailroot", Some(format!("{}, {} for {}", status.version, status.state, age(&status.since, now)))),
        ("Name", Some(status.hostname.clone())),
        ("Listeners", Some(listeners(status))),
        ("Certificate", status.certificate.as_ref().map(certificate)),
        ("Queue", Some(format!("{} messages, {} active, {} held{oldest}", queue.total, queue.active, queue.held))),
        ("Since start", Some(totals(status))),
        ("Disk", disk),
    ]);
    if !status.destinations.is_empty() {
        let table = destinations(&status.destinations, now);
        let layout = table.layout(width);
        text.push('\n');
        text.push_str(&table.head(&layout));
        text.push_str(&table.body(&layout));
    }
    text.push_str(&section("Tokens", status.tokens.iter().map(token)));
    text + &section("Warnings", status.warnings.iter()) + &section("Problems", status.problems.iter())
}

fn listeners(status: &Status) -> String {
    let tls = status.tls_listeners.iter().map(|address| format!("{address} (TLS)"));
    let all: Vec<_> = status.listeners.iter().cloned().chain(tls).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// For whom and how long; what is wrong with it is among the problems.
fn certificate(certificate: &Certificate) -> String {
    let Some(expires) = &certificate.expires else { return "none that can be used".to_owned() };
    let date = expires.split_once('T').map_or(expires.as_str(), |(date, _)| date);
    let kind = if certificate.self_signed { ", self-signed" } else { "" };
    format!("for {}, until {date}{kind}", certificate.names.join(", "))
}

/// For whom and how long; what is wrong with it is among the problems.
fn token(token: &Token) -> String {
    let mail = token.domain.as_ref().map_or_else(String::new, |domain| format!(" for {domain}"));
    match &token.valid_until {
        Some(until) => format!("{}{mail}, until {until}", token.mailbox),
        None if token.needs_login => format!("{}{mail}: none until somebody logs in", token.mailbox),
        None => format!("{}{mail}: none", token.mailbox),
    }
}

fn totals(status: &Status) -> String {
    let of = |name: &str| status.totals.get(name).copied().unwrap_or(0);
    let main = ["accepted", "picked_up", "delivered", "deferred", "failed", "badmail"];
    let counts = main.map(|name| format!("{} {}", of(name), name.replace('_', " ")));
    counts.join(", ")
}

fn destinations(destinations: &[Destination], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        Column::Text("DESTINATION"),
        Column::Word("STATE"),
        Column::Number("WAITING"),
        Column::Number("CONNECTIONS"),
        Column::Word("NEXT"),
        Column::Text("LAST REPLY"),
    ]);
    for destination in destinations {
        table.row([
            &destination.name,
            &destination.state,
            &destination.waiting.to_string(),
            &destination.connections.to_string(),
            &ahead(destination.next.as_deref(), now),
            destination.last_reply.as_deref().unwrap_or("-"),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::queue::tests::now;
    use super::*;
    use crate::engine::view::{Disk, QueueCounts, SCHEMA};

    #[test]
    fn the_picture_ends_with_what_needs_a_person() {
        let shown = Status {
            schema: SCHEMA,
            version: "0.1.0".to_owned(),
            state: "running".to_owned(),
            since: "2026-11-24T08:15:03Z".to_owned(),
            hostname: "relay.corp.example".to_owned(),
            listeners: vec!["127.0.0.1:2525".to_owned()],
            tls_listeners: vec!["127.0.0.1:4650".to_owned()],
            certificate: Some(Certificate {
                names: vec!["relay.corp.example".to_owned()],
                expires: Some("2027-02-01T00:00:00Z".to_owned()),
                self_signed: true,
                problem: None,
            }),
            tokens: vec![
                Token {
                    domain: None,
                    mailbox: "box@corp.example".to_owned(),
                    valid_until: Some("2026-11-24T12:10:03Z".to_owned()),
                    error: None,
                    needs_login: false,
                },
                Token {
                    domain: Some("partner.example".to_owned()),
                    mailbox: "own@corp.example".to_owned(),
                    valid_until: None,
                    error: Some("nobody has logged in".to_owned()),
                    needs_login: true,
                },
            ],
            queue: QueueCounts { total: 3, active: 1, held: 0, oldest: Some("2026-11-24T11:10:03Z".to_owned()) },
            totals: [("accepted".to_owned(), 12), ("delivered".to_owned(), 9)].into(),
            disk: Some(Disk { free: 1 << 30, total: 1 << 34 }),
            destinations: vec![Destination {
                name: "smtp.example.com".to_owned(),
                state: "held-back".to_owned(),
                waiting: 3,
                connections: 0,
                next: Some("2026-11-24T11:15:33Z".to_owned()),
                last_reply: Some("connection refused".to_owned()),
                advice: None,
            }],
            problems: vec!["the queue's disk is nearly full".to_owned()],
            warnings: Vec::new(),
        };
        assert_eq!(
            status(&shown, now(), None),
            "mailroot     0.1.0, running for 3h\n\
             Name         relay.corp.example\n\
             Listeners    127.0.0.1:2525, 127.0.0.1:4650 (TLS)\n\
             Certificate  for relay.corp.example, until 2027-02-01, self-signed\n\
             Queue        3 messages, 1 active, 0 held, the oldest 5m old\n\
             Since start  12 accepted, 0 picked up, 9 delivered, 0 deferred, 0 failed, 0 badmail\n\
             Disk         1.0 GB of 16 GB free\n\
             \n\
             DESTINATION       STATE      WAITING  CONNECTIONS  NEXT    LAST REPLY\n\
             smtp.example.com  held-back        3            0  in 30s  connection refused\n\
             \n\
             Tokens\n  \
             box@corp.example, until 2026-11-24T12:10:03Z\n  \
             own@corp.example for partner.example: none until somebody logs in\n\
             \n\
             Problems\n  \
             the queue's disk is nearly full\n"
        );
    }
}

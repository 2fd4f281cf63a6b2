//! Texts that attack a terminal, and everything through which a text of a stranger is shown.

use mailroot::clock::Timestamp;
use mailroot::engine::view::{
    Badmail, BadmailShow, Certificate, Destination, Message, Origin, QueueCounts, QueueShow, Recipient, Record, SCHEMA,
    Session, Status, Token,
};
use mailroot::ledger::{self, Event, Ledger, RecordFilter};
use mailroot::remote::views;
use mailroot::text;

use super::*;

const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);

/// Runs a vector of the class terminal.
pub(crate) fn run(vector: &Vector) {
    let octets = vector.shown();
    let printable = text::printable(&octets).into_owned();
    assert_harmless(&printable);
    assert_harmless(&text::quoted(&octets));
    for width in 1..=printable.chars().count() {
        let shortened = text::shortened(&octets, width);
        assert_harmless(&shortened);
        assert!(shortened.chars().count() <= width);
    }
    let payload = String::from_utf8_lossy(&octets).into_owned();
    in_the_log(&payload);
    in_the_views(&payload);
    in_settings(&payload);
}

/// The class terminal-fields: one row, which asks for every other vector in every field.
pub(crate) fn in_every_field() {
    let terminal = vectors().into_iter().filter(|vector| vector.class == "terminal").collect::<Vec<_>>();
    assert!(terminal.len() >= 21, "the class is cut short");
    terminal.iter().for_each(run);
}

fn in_the_log(payload: &str) {
    let ledger = Ledger::new();
    let text = || Some(payload.to_owned());
    ledger.record(ledger::Record {
        client: text(),
        sender: text(),
        recipient: text(),
        host: text(),
        reply: text(),
        actor: text(),
        ..ledger::Record::new(NOW, Event::Failed, payload)
    });
    let kept = ledger.recent(&RecordFilter::default(), 1).remove(0);
    assert_line(&kept.to_string());
    let json = serde_json::to_value(&*kept).unwrap();
    for value in json.as_object().unwrap().values().filter_map(serde_json::Value::as_str) {
        assert_line(value);
    }
    assert_line(views::log_line(&serde_json::from_value::<Record>(json).unwrap()).trim_end_matches('\n'));
    // Even one that nobody made printable before.
    let raw = Record {
        time: NOW.to_string(),
        event: "failed".to_owned(),
        id: payload.to_owned(),
        client: text(),
        sender: text(),
        recipient: text(),
        host: text(),
        reply: text(),
        delay: None,
        size: None,
        attempt: None,
        actor: text(),
    };
    assert_line(views::log_line(&raw).trim_end_matches('\n'));
}

fn in_the_views(payload: &str) {
    let text = || payload.to_owned();
    let recipient = Recipient { address: text(), status: text(), reply: Some(text()) };
    let message = Message {
        id: text(),
        state: text(),
        received: NOW.to_string(),
        sender: text(),
        recipients: vec![recipient],
        size: 1,
        attempts: 1,
        next: None,
        last_reply: Some(text()),
        destination: Some(text()),
    };
    let bad = Badmail { message: message.clone(), reason: text() };
    let session = Session {
        id: text(),
        direction: text(),
        peer: text(),
        name: Some(text()),
        user: Some(text()),
        tls: false,
        cipher: Some(text()),
        state: text(),
        messages: 0,
        bytes: 0,
        age: 0,
    };
    let destination = Destination {
        name: text(),
        state: text(),
        waiting: 0,
        connections: 0,
        next: None,
        last_reply: Some(text()),
        advice: Some(text()),
    };
    let status = Status {
        schema: SCHEMA,
        version: text(),
        state: text(),
        since: NOW.to_string(),
        hostname: text(),
        listeners: vec![text()],
        tls_listeners: vec![text()],
        certificate: Some(Certificate {
            names: vec![text()],
            expires: Some(text()),
            self_signed: true,
            problem: Some(text()),
        }),
        tokens: vec![Token {
            domain: Some(text()),
            mailbox: text(),
            valid_until: Some(text()),
            error: Some(text()),
            needs_login: true,
        }],
        queue: QueueCounts::default(),
        totals: std::collections::BTreeMap::default(),
        disk: None,
        destinations: vec![destination],
        problems: vec![text()],
        warnings: vec![text()],
    };
    let origin = Origin { via: text(), client: Some(text()), helo: Some(text()), user: Some(text()) };
    let header = vec![text()];
    let show =
        QueueShow { schema: SCHEMA, message: message.clone(), origin, envid: Some(text()), header: header.clone() };
    let tables = [
        views::queue_table(&[message], NOW),
        views::badmail_table(std::slice::from_ref(&bad), NOW),
        views::sessions_table(&[session]),
    ];
    for table in tables {
        for width in [None, Some(80), Some(20)] {
            let layout = table.layout(width);
            let body = table.body(&layout);
            assert_harmless(&body);
            assert_eq!(body.matches('\n').count(), 1, "a row broke in two: {body:?}");
        }
    }
    assert_harmless(&views::queue_show(&show, NOW));
    assert_harmless(&views::badmail_show(&BadmailShow { schema: SCHEMA, message: bad, header }, NOW));
    assert_harmless(&views::status(&status, NOW, Some(80)));
}

/// What is said of a settings file that holds it, as a key, as a value and bare.
fn in_settings(payload: &str) {
    let quoted = payload.replace('\\', "\\\\").replace('"', "\\\"");
    let files = [
        format!("[general]\nhostname = \"{quoted}\"\n"),
        format!("[general]\n\"{quoted}\" = 1\n"),
        format!("[\"{quoted}\"]\n"),
        format!("[general]\nhostname = {payload}\n"),
        format!("[access.relay]\nlist = [\"{quoted}\"]\n"),
        format!("[general]\nhostname = '''{payload}'''\n"),
    ];
    for file in files {
        for problem in mailroot::config::parse(&file, std::path::Path::new("/srv")).err().into_iter().flatten() {
            assert_line(&problem.to_string());
        }
    }
}

fn assert_line(line: &str) {
    assert_harmless(line);
    assert!(!line.contains('\n'), "{line:?}");
}

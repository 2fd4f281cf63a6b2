//! A relay at one moment, made up.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mailroot::clock::Timestamp;
use mailroot::config::Settings;
use mailroot::delivery::{DestinationRow, RecipientRow, Row};
use mailroot::engine::view::Disk;
use mailroot::engine::{EngineState, LogTail, QueuePage, QueueSummary, Snapshot, TranscriptEvent, TrialEvent};
use mailroot::ledger::{Activity, Direction, Event, History, Record, Sample, SessionSnapshot, Side};
use mailroot::queue::Counts;

/// 2026-11-24T11:15:03Z.
pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);

/// A relay in the middle of its work.
pub(crate) fn snapshot() -> Snapshot {
    let mut settings = Settings::defaults(Path::new("/srv/mailroot"));
    settings.general.hostname = "relay.corp.example".parse().unwrap();
    settings.delivery.advanced.smart_host = Some("smtp.provider.example:587".parse().unwrap());
    let records = records();
    Snapshot {
        time: NOW,
        state: EngineState::Running,
        since: before(3 * 86_400 + 4 * 3600),
        listeners: Arc::new(["127.0.0.1:2525".parse().unwrap()]),
        tls_listeners: Arc::new([]),
        certificate: None,
        tokens: Arc::default(),
        settings: Arc::new(settings),
        settings_file: Some(Arc::new("/srv/mailroot/config/mailroot.toml".into())),
        sessions: sessions().into(),
        queue: QueueSummary {
            counts: Counts { queued: 9, active: 1, held: 2 },
            oldest: Some(before(11_520)),
            revision: 1,
        },
        destinations: destinations().into(),
        badmail: 2,
        totals: Arc::new([("accepted", 4711), ("delivered", 4690)]),
        history: Arc::new(history()),
        log: Arc::new(LogTail { first: 0, records }),
        disk: Some(Disk { free: 80_000_000_000, total: 250_000_000_000 }),
        problems: Arc::new([]),
        warnings: Arc::new([]),
    }
}

/// A moment so many seconds ago.
pub(crate) fn before(seconds: i64) -> Timestamp {
    Timestamp::from_unix(NOW.as_unix() - seconds)
}

/// The whole queue of the usual snapshot, in the order of arrival.
pub(crate) fn rows() -> Vec<Row> {
    let row = |number: i64, state, sender: &str, recipients: &[&str], size, attempts, last_reply: Option<&str>| Row {
        id: format!("0JX4K{number:02}A"),
        state,
        received: before(11_520 - number * 900),
        sender: sender.to_owned(),
        recipients: recipients
            .iter()
            .map(|address| RecipientRow { address: (*address).to_owned(), status: "pending", reply: None })
            .collect(),
        size,
        attempts,
        next: before(number * 60 - 900),
        last_reply: last_reply.map(str::to_owned),
        destination: "smtp.provider.example:587".to_owned(),
    };
    let greylisted = Some("451 4.7.1 Greylisted, try again later (mx1.example.net)");
    let refused = Some("connect to smtp.provider.example:587: connection refused");
    vec![
        row(0, "queued", "scanner@corp.example", &["archive@corp.example"], 4_200_000, 4, refused),
        row(1, "queued", "app@corp.example", &["bob@example.com"], 4_200, 3, refused),
        row(2, "held", "app@corp.example", &["eve@example.net", "carol@example.net"], 12_000, 2, greylisted),
        row(3, "queued", "", &["app@corp.example"], 2_100, 2, refused),
        row(4, "queued", "monitor@corp.example", &["oncall@example.org"], 900, 2, refused),
        row(5, "active", "shop@corp.example", &["customer@example.com"], 18_400, 1, None),
        row(6, "queued", "shop@corp.example", &["名前@例え.example"], 18_500, 1, refused),
        row(7, "held", "hr@corp.example", &["all@corp.example"], 250_000, 0, None),
        row(8, "queued", "app@corp.example", &["dave@example.com"], 4_300, 1, refused),
        row(9, "queued", "app@corp.example", &["frank@example.com"], 4_300, 1, refused),
        row(10, "queued", "app@corp.example", &["grace@example.com"], 4_300, 0, None),
        row(11, "queued", "db@corp.example", &["dba@corp.example"], 1_300, 0, None),
    ]
}

/// What a reader answers when everything is asked for.
pub(crate) fn page() -> QueuePage {
    let rows = rows();
    QueuePage { revision: 1, total: rows.len(), matched: rows.len(), offset: 0, selected: None, rows }
}

fn sessions() -> Vec<SessionSnapshot> {
    use Direction::{Inbound, Outbound};

    let session = |id, direction, peer: &str, name: &str, activity, messages, bytes, age| SessionSnapshot {
        id,
        direction,
        peer: peer.parse().unwrap(),
        name: (!name.is_empty()).then(|| name.into()),
        activity,
        messages,
        bytes,
        age: Duration::from_secs(age),
        user: None,
        encryption: None,
    };
    vec![
        session(17, Inbound, "192.0.2.17:50122", "scanner-3.corp.example", Activity::Content, 0, 1_843_200, 12),
        session(21, Inbound, "192.0.2.40:41810", "db01", Activity::Idle, 212, 812_000, 3_725),
        session(22, Outbound, "198.51.100.25:587", "smtp.provider.example", Activity::Envelope, 19, 81_000, 44),
        session(23, Outbound, "198.51.100.26:587", "smtp.provider.example", Activity::Connecting, 0, 0, 2),
        session(24, Inbound, "[2001:db8::9]:60001", "", Activity::Greeting, 0, 0, 1),
    ]
}

fn records() -> Vec<Arc<Record>> {
    let record = |ago, event, id: &str, recipient: Option<&str>, host: Option<&str>, reply: Option<&str>| {
        let mut record = Record::new(before(ago), event, id);
        record.sender = Some("app@corp.example".to_owned());
        record.recipient = recipient.map(str::to_owned);
        record.host = host.map(str::to_owned);
        record.reply = reply.map(str::to_owned);
        Arc::new(record)
    };
    let host = Some("smtp.provider.example[198.51.100.25]:587");
    let bob = Some("bob@example.com");
    vec![
        record(300, Event::Accepted, "0JX4K01A", None, Some("db01"), None),
        record(299, Event::Deferred, "0JX4K01A", bob, host, Some("451 4.7.1 Greylisted, try again later")),
        record(120, Event::Accepted, "0JX4J99A", None, Some("db01"), None),
        record(119, Event::Delivered, "0JX4J99A", Some("carol@example.net"), host, Some("250 2.0.0 Ok: queued as 9F2")),
        record(60, Event::Failed, "0JX4J98A", Some("nobody@example.net"), host, Some("550 5.1.1 No such user here")),
        record(59, Event::Reported, "0JX4J98A", None, None, Some("a report was sent to app@corp.example")),
        record(10, Event::Deferred, "0JX4K01A", bob, None, Some("connect: connection refused")),
    ]
}

fn destinations() -> Vec<DestinationRow> {
    let row = |name: &str, ready, deferred, connections, health, until, reason: Option<&str>, paused| DestinationRow {
        name: name.to_owned(),
        ready,
        deferred,
        connections,
        health,
        until,
        reason: reason.map(str::to_owned),
        advice: None,
        paused,
    };
    vec![
        row("mx1.example.net+1", 0, 2, 0, "up", None, None, true),
        row(
            "smtp.provider.example:587",
            1,
            9,
            2,
            "held",
            Some(NOW.plus(Duration::from_secs(47))),
            Some("connection refused"),
            false,
        ),
    ]
}

fn history() -> History {
    let second = |second: u64| Sample {
        connections: second % 5,
        accepted: [3, 8, 12, 9, 4, 0][usize::try_from(second).unwrap() % 6],
        delivered: [2, 9, 11, 8, 5, 1][usize::try_from(second).unwrap() % 6],
        ..Sample::default()
    };
    History { seconds: (0..60).map(second).collect(), minutes: Vec::new() }
}

/// What is told of a session that is watched.
pub(crate) fn transcript() -> Vec<TranscriptEvent> {
    let line = |side, text: &str| TranscriptEvent::Line { side, text: text.to_owned(), at: NOW };
    let known = "inbound from 192.0.2.40:41810, which calls itself db01: open for 3725 s, idle, 212 messages so far; \
                 the dialogue from here on:";
    vec![
        TranscriptEvent::Remark { text: known.to_owned(), at: NOW },
        line(Side::Client, "MAIL FROM:<app@corp.example> SIZE=4200"),
        line(Side::Server, "250 2.1.0 app@corp.example....Sender OK"),
        line(Side::Client, "RCPT TO:<bob@example.com>"),
        line(Side::Server, "250 2.1.5 bob@example.com"),
        line(Side::Client, "RCPT TO:<someone@elsewhere.example>"),
        line(Side::Server, "550 5.7.1 Unable to relay for someone@elsewhere.example"),
        line(Side::Client, "DATA"),
        line(Side::Server, "354 Start mail input; end with <CRLF>.<CRLF>"),
        line(Side::Client, "(4,200 octets of content)"),
        line(Side::Server, "250 2.6.0 <0JX4K02A@relay.corp.example> Queued mail for delivery"),
    ]
}

/// What is told of a test message that is accepted under an id.
pub(crate) fn trial(id: &str) -> Vec<TrialEvent> {
    let line = |side, text: &str| TrialEvent::Line { side, text: text.to_owned(), at: NOW };
    vec![
        line(Side::Server, "220 relay.corp.example mailroot ESMTP ready"),
        line(Side::Client, "EHLO relay.corp.example"),
        line(Side::Server, "250-relay.corp.example Hello [127.0.0.1]"),
        line(Side::Server, "250-SIZE 2097152"),
        line(Side::Server, "250 PIPELINING"),
        line(Side::Client, "MAIL FROM:<postmaster@relay.corp.example> SIZE=412"),
        line(Side::Client, "RCPT TO:<bob@example.com>"),
        line(Side::Client, "DATA"),
        line(Side::Server, "250 2.1.0 postmaster@relay.corp.example....Sender OK"),
        line(Side::Server, "250 2.1.5 bob@example.com"),
        line(Side::Server, "354 Start mail input; end with <CRLF>.<CRLF>"),
        line(Side::Client, "(412 octets of content)"),
        line(Side::Server, &format!("250 2.6.0 <{id}@relay.corp.example> Queued mail for delivery")),
        TrialEvent::Accepted {
            id: Some(id.to_owned()),
            advice: format!("Accepted as {id}. What becomes of it is in the log, under id:{id}."),
        },
    ]
}

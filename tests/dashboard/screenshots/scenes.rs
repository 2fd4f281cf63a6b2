//! A relay on a busy morning, for pictures.

use std::sync::Arc;
use std::time::Duration;

use mailroot::dashboard::{Answer, Effect, Request};
use mailroot::engine::{LogTail, Snapshot, view};
use mailroot::ledger::Direction::{Inbound, Outbound};
use mailroot::ledger::{Activity, Event, Record, SessionSnapshot};

use crate::driver::Driver;
use crate::fixtures;
use crate::queue::harness;

/// The usual relay with more sessions and a longer log.
pub(super) fn snapshot() -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.sessions = sessions().into();
    snapshot.log = Arc::new(LogTail { first: 0, records: records() });
    snapshot
}

/// The same so many seconds later, in which content has come and gone.
pub(super) fn later(seconds: u64) -> Snapshot {
    let mut snapshot = snapshot();
    snapshot.time = snapshot.time.plus(Duration::from_secs(seconds));
    let mut sessions = snapshot.sessions.to_vec();
    for session in &mut sessions {
        session.age += Duration::from_secs(seconds);
        session.bytes += match session.activity {
            Activity::Content => 184_000 * seconds,
            Activity::Envelope => 9_700 * (session.id % 7) * seconds,
            _ => 0,
        };
    }
    snapshot.sessions = sessions.into();
    snapshot
}

/// The same after a test message reached its recipient.
pub(super) fn delivered(id: &str) -> Snapshot {
    let mut snapshot = snapshot();
    let mut records = snapshot.log.records.clone();
    let mut record = Record::new(fixtures::before(-1), Event::Delivered, id);
    record.recipient = Some("bob@example.com".to_owned());
    record.host = Some("smtp.provider.example[198.51.100.25]:587".to_owned());
    record.reply = Some("250 2.0.0 Ok: queued as 9F2".to_owned());
    records.push(Arc::new(record));
    snapshot.log = Arc::new(LogTail { first: 0, records });
    snapshot
}

/// Presses keys, and answers what the dashboard asks of the engine: the queue and the settings file.
pub(super) fn press(driver: &mut Driver, keys: &str) {
    driver.press(keys);
    for effect in harness::serve(driver, &fixtures::rows()) {
        if let Effect::Execute(request @ Request::SettingsText, _) = effect {
            let text = view::SettingsText {
                schema: view::SCHEMA,
                path: "/srv/mailroot/config/mailroot.toml".to_owned(),
                base: "/srv/mailroot".to_owned(),
                text: mailroot::config::sample().into(),
            };
            driver.answer(Answer::Outcome(request, harness::view_of(&text)));
        }
    }
}

fn sessions() -> Vec<SessionSnapshot> {
    use Activity::{Committing, Connecting, Content, Envelope, Greeting, Idle};
    let session = |id, direction, peer: &str, name: &str, activity, (messages, bytes, age)| SessionSnapshot {
        id,
        direction,
        peer: peer.parse().unwrap(),
        name: (!name.is_empty()).then(|| name.into()),
        user: None,
        encryption: None,
        activity,
        messages,
        bytes,
        age: Duration::from_secs(age),
    };
    let host = "smtp.provider.example";
    vec![
        session(3, Inbound, "192.0.2.40:41810", "db01.corp.example", Idle, (212, 812_000, 3_725)),
        session(8, Inbound, "192.0.2.41:39022", "db02.corp.example", Idle, (198, 790_400, 3_711)),
        session(14, Inbound, "192.0.2.60:52100", "monitor", Envelope, (41, 38_000, 611)),
        session(17, Inbound, "192.0.2.17:50122", "scanner-3.corp.example", Content, (0, 1_843_200, 42)),
        session(19, Outbound, "198.51.100.25:587", host, Envelope, (19, 81_000, 38)),
        session(20, Outbound, "198.51.100.25:587", host, Envelope, (17, 74_200, 38)),
        session(21, Outbound, "198.51.100.26:587", host, Idle, (20, 88_000, 37)),
        session(26, Inbound, "192.0.2.22:43118", "scanner-8.corp.example", Content, (2, 3_110_000, 21)),
        session(31, Inbound, "[2001:db8::9]:60001", "shop.corp.example", Committing, (6, 110_400, 9)),
        session(32, Inbound, "192.0.2.73:33870", "backup01", Envelope, (0, 0, 4)),
        session(33, Outbound, "198.51.100.26:587", host, Connecting, (0, 0, 2)),
        session(34, Inbound, "192.0.2.140:58122", "", Greeting, (0, 0, 1)),
    ]
}

fn records() -> Vec<Arc<Record>> {
    let host = "smtp.provider.example[198.51.100.25]:587";
    let people =
        ["bob@example.com", "carol@example.net", "oncall@example.org", "名前@例え.example", "dave@example.com"];
    let senders = ["app@corp.example", "monitor@corp.example", "shop@corp.example"];
    let mut records = Vec::new();
    for number in 0..14_usize {
        let ago = 330 - 22 * i64::try_from(number).unwrap();
        let id = format!("0JX4J{:02}A", 71 + number);
        let record = |after: i64, event| {
            let mut record = Record::new(fixtures::before(ago - after), event, id.clone());
            record.sender = Some(senders[number % senders.len()].to_owned());
            record
        };
        let mut accepted = record(0, Event::Accepted);
        accepted.client = Some(format!("192.0.2.{}", 40 + number % 3));
        accepted.host = Some(["db01", "monitor", "shop"][number % 3].to_owned());
        accepted.size = Some(4_200 + 731 * number as u64);
        let (event, reply) = match number {
            3 | 9 => (Event::Deferred, "451 4.7.1 Greylisted, try again later".to_owned()),
            6 => (Event::Failed, "550 5.1.1 No such user here".to_owned()),
            _ => (Event::Delivered, format!("250 2.0.0 Ok: queued as 9F{number:02X}C")),
        };
        let mut outcome = record(1, event);
        outcome.recipient = Some(people[number % people.len()].to_owned());
        outcome.host = Some(host.to_owned());
        outcome.reply = Some(reply);
        outcome.delay = Some(Duration::from_secs(1));
        outcome.attempt = Some(1);
        records.extend([accepted, outcome]);
        if event == Event::Failed {
            let mut reported = record(1, Event::Reported);
            reported.reply = Some("a report was sent to app@corp.example".to_owned());
            records.push(reported);
        }
    }
    records.into_iter().map(Arc::new).collect()
}

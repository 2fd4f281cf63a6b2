//! Texts that attack a terminal, put in by every door of the engine and looked for at every window.

use super::attack_vectors::{Vector, assert_harmless, vectors};
use super::*;
use mailroot::clock::Timestamp;
use mailroot::engine::view::{BadmailList, BadmailShow, Log, Preview, QueueList, QueueShow, SessionList, Status};
use mailroot::engine::{Command, Outcome};
use mailroot::remote::views;
use serde_json::Value;

/// Every text in a view.
fn assert_view(view: &Value) {
    match view {
        Value::String(text) => assert_harmless(text),
        Value::Array(values) => values.iter().for_each(assert_view),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            assert_harmless(name);
            assert_view(value);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn read<T: serde::de::DeserializeOwned>(view: Value) -> T {
    assert_view(&view);
    serde_json::from_value(view).unwrap()
}

async fn look_everywhere(house: &House, now: Timestamp) {
    let list = || (String::new(), 0, 500);
    let (filter, offset, limit) = list();
    let queue: QueueList = read(house.view(Command::QueueList { filter, offset, limit }).await);
    let (filter, offset, limit) = list();
    let badmail: BadmailList = read(house.view(Command::BadmailList { filter, offset, limit }).await);
    let log = Command::Log { filter: String::new(), limit: 10_000, follow: false };
    let log: Log = read(house.view(log).await);
    let sessions: SessionList = read(house.view(Command::Sessions).await);
    let status: Status = read(house.status().await);
    assert!(!queue.messages.is_empty() && !badmail.messages.is_empty() && !log.records.is_empty());
    let tables = [
        views::queue_table(&queue.messages, now),
        views::badmail_table(&badmail.messages, now),
        views::sessions_table(&sessions.sessions),
    ];
    for table in tables {
        assert_harmless(&table.body(&table.layout(None)));
    }
    log.records.iter().for_each(|record| assert_harmless(&views::log_line(record)));
    assert_harmless(&views::status(&status, now, None));
    for message in &queue.messages {
        let shown: QueueShow = read(house.view(Command::QueueShow { id: message.id.clone() }).await);
        assert_harmless(&views::queue_show(&shown, now));
        read::<Preview>(house.view(Command::QueuePreview { id: message.id.clone() }).await);
    }
    for bad in &badmail.messages {
        let shown: BadmailShow = read(house.view(Command::BadmailShow { id: bad.message.id.clone() }).await);
        assert_harmless(&views::badmail_show(&shown, now));
        read::<Preview>(house.view(Command::BadmailPreview { id: bad.message.id.clone() }).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn te99_whatever_is_said_to_the_engine_is_shown_harmlessly_wherever_it_is_shown() {
    let payloads = vectors().iter().filter(|vector| vector.class == "terminal").map(Vector::shown).collect::<Vec<_>>();
    let replies = payloads.iter().map(|payload| say([b"450 4.7.1 ", payload.as_slice()].concat())).collect();
    let peer = ScriptedPeer::new().offering(&["8BITMIME", "SMTPUTF8"]).first("RCPT", replies);
    let mut house = House::relaying_to(peer.listen().await).await;
    let server = house.address().await;
    let (mut open, mut files) = (Vec::new(), 0);
    for payload in &payloads {
        let with = |before: &str, after: &str| [before.as_bytes(), payload, after.as_bytes()].concat();
        let mut client = Client::connect(server).await;
        for command in [with("EHLO ", ""), with("HELO x ", ""), with("", ""), with("VRFY ", ""), with("NOOP ", "")] {
            assert_harmless(&client.say(command).await);
        }
        // Another session, since the errors of one are answered ever later.
        let mut client = Client::connect(server).await;
        for sender in
            [with("<\"", "\"@corp.example>"), with("<", "@corp.example>"), with("<app@corp.example> ENVID=", "")]
        {
            let from = [b"MAIL FROM:".as_slice(), &sender, b" SMTPUTF8"].concat();
            assert_harmless(&client.say(from).await);
            assert_harmless(&client.say(with("RCPT TO:<\"", "\"@far.example>")).await);
            client.say("RSET").await;
        }
        let mut client = Client::hello(server).await;
        let mut content = Vec::new();
        for name in ["Subject: ", "From: ", "Message-ID: <", "Received: from "] {
            content.extend_from_slice(&with(name, "\r\n"));
        }
        content.extend_from_slice(&with("", ": a name\r\n\r\n"));
        client.submit("<app@corp.example>", &["bob@far.example"], content).await;
        client.say([b"EHLO ".as_slice(), payload].concat()).await;
        open.push(client);
        // A name of a file holds no solidus, and on some systems none of the others.
        let name = String::from_utf8_lossy(payload).replace('/', "|");
        let in_queue = std::fs::write(house.path("Queue").join(format!("{name:.60}.eml")), "no message");
        let in_pickup =
            std::fs::write(house.path("Pickup").join(format!("{name:.60}.txt")), with("X-Receiver: ", "\r\n"));
        files += usize::from(in_queue.is_ok()) + usize::from(in_pickup.is_ok());
    }
    let tried = async || house.queue().await.iter().filter(|row| row["attempts"] == 1).count() == payloads.len();
    eventually("all were tried", tried).await;
    eventually("what is no message is in Badmail", async || house.log("event:badmail").await.len() >= files).await;
    for payload in &payloads {
        let text = String::from_utf8_lossy(payload);
        house.place().write_text(&format!("[general]\nhostname = '''{text}'''\n[\"{text}\"]\n"));
        let Outcome::Refused { reason } = house.ask(Command::Reload).await else { panic!("taken: {text:?}") };
        assert_harmless(&reason);
        assert_view(&house.status().await);
    }
    look_everywhere(&house, "2026-11-24T11:15:03Z".parse().unwrap()).await;
    drop(open);
    assert_harmless(&house.stop().await.logs());
}

//! Sessions watched live.

use super::attack_vectors::{assert_harmless, vectors};
use super::house::as_admin;
use super::scripted_peer::{Act, END_OF_DATA};
use super::*;
use mailroot::engine::{Actor, Command, Handle, Outcome, Role, SessionWatch, TranscriptEvent};
use mailroot::ledger::Side;

/// The id of the only session in this direction.
async fn session(house: &House, direction: &str) -> u64 {
    let view = house.view(Command::Sessions).await;
    let sessions = view["sessions"].as_array().unwrap().iter().filter(|session| session["direction"] == direction);
    let ids = sessions.map(|session| session["id"].as_str().unwrap().parse().unwrap()).collect::<Vec<_>>();
    assert_eq!(ids.len(), 1, "{view}");
    ids[0]
}

fn watch(handle: &Handle, id: u64) -> SessionWatch {
    handle.watch_session(&as_admin(), id).unwrap()
}

/// The next line, with a mark for who said it.
async fn line(watch: &mut SessionWatch) -> Option<String> {
    watch.next().await.map(|event| match event {
        TranscriptEvent::Line { side: Side::Client, text, .. } => format!("> {text}"),
        TranscriptEvent::Line { side: Side::Server, text, .. } => format!("< {text}"),
        TranscriptEvent::Remark { text, .. } => format!("- {text}"),
        TranscriptEvent::Missed { lines } => format!("- {lines} missed"),
    })
}

async fn rest(watch: &mut SessionWatch) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = line(watch).await {
        lines.push(line);
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_watched_from_now_to_its_end_and_its_content_is_summed_up() {
    let house = House::start(&[]).await;
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: first\r\n\r\n").await;
    let mut watched = watch(&house.handle, session(&house, "inbound").await);
    let known = line(&mut watched).await.unwrap();
    assert!(known.starts_with("- inbound from 127.0.0.1:"), "{known}");
    assert!(known.ends_with(", idle, 1 message so far; the dialogue from here on:"), "{known}");
    assert!(known.contains(", which calls itself client.example: open for "), "{known}");
    let id = client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: second\r\n\r\n..\r\n").await;
    client.say("BDAT 3\r\nx").await;
    client.say("QUIT").await;
    assert!(client.is_closed().await);
    let expected = [
        "> MAIL FROM:<app@corp.example>",
        "< 250 2.1.0 app@corp.example....Sender OK",
        "> RCPT TO:<bob@corp.example>",
        "< 250 2.1.5 bob@corp.example",
        "> DATA",
        "< 354 Start mail input; end with <CRLF>.<CRLF>",
        "> (22 octets of content)",
        "> .",
        &format!("< 250 2.6.0 <{id}> Queued mail for delivery"),
        "> BDAT 3",
        "> (3 octets of content)",
    ];
    let lines = rest(&mut watched).await;
    assert_eq!(lines[..expected.len()], expected);
    assert!(lines.last().unwrap().starts_with("< 221 "), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lg03_no_secret_of_a_login_reaches_a_transcript() {
    let house = House::start(&[]).await;
    let mut client = Client::hello(house.address().await).await;
    let mut watched = watch(&house.handle, session(&house, "inbound").await);
    let secret = "AHVzZXIAc2VjcmV0";
    for command in
        [format!("AUTH PLAIN {secret}"), "AUTH LOGIN".to_owned(), secret.to_owned(), format!("auth {secret}")]
    {
        client.say(command).await;
    }
    client.say("QUIT").await;
    let lines = rest(&mut watched).await.join("\n");
    assert!(!lines.contains(secret), "{lines}");
    for shown in ["> AUTH PLAIN ********", "> AUTH LOGIN\n", "> (16 octets that are no command, not shown)", "> QUIT"] {
        assert!(lines.contains(shown), "{lines}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn te99_a_transcript_is_printable_whatever_either_side_says() {
    for vector in vectors().iter().filter(|vector| vector.class == "terminal") {
        let payload = vector.shown();
        // The second reply is said while the session is watched, and may break it.
        let reply = |text: &str| say([text.as_bytes(), payload.as_slice()].concat());
        let peer = ScriptedPeer::new().first("RCPT", vec![say("250 ok"), reply("450 4.7.1 ")]);
        let house = House::relaying_to(peer.listen().await).await;
        let mut client = Client::hello(house.address().await).await;
        client.submit("<app@corp.example>", &["bob@far.example"], "x: y\r\n\r\n").await;
        house.emptied().await;
        let outbound = session(&house, "outbound").await;
        let mut watched = [watch(&house.handle, session(&house, "inbound").await), watch(&house.handle, outbound)];
        client.submit("<app@corp.example>", &["bob@far.example"], "x: y\r\n\r\n").await;
        for verb in ["EHLO ", "VRFY ", "NOOP ", "MAIL FROM:<", "RCPT TO:<", ""] {
            client.say([verb.as_bytes(), &payload].concat()).await;
        }
        client.say("QUIT").await;
        eventually("it was tried", async || house.queue().await[0]["attempts"] == 1).await;
        house.ask(Command::CloseSession { id: outbound }).await;
        for watched in &mut watched {
            let lines = rest(watched).await;
            assert!(lines.len() > 4, "{lines:?}");
            for line in &lines {
                assert_harmless(line);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_of_ours_is_watched_in_both_directions_until_a_person_closes_it() {
    let peer = ScriptedPeer::new();
    let house = House::relaying_to(peer.listen().await).await;
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    house.emptied().await;
    let id = session(&house, "outbound").await;
    let mut watched = watch(&house.handle, id);
    assert!(line(&mut watched).await.unwrap().contains(", which is 127.0.0.1: open for "));
    client.submit("<app@corp.example>", &["eve@far.example"], "Subject: x\r\n\r\n").await;
    house.emptied().await;
    assert!(matches!(house.ask(Command::CloseSession { id }).await, Outcome::Done { .. }));
    let lines = rest(&mut watched).await;
    let content = lines.iter().position(|line| line.ends_with(" octets of content)")).unwrap();
    assert_eq!(
        [&lines[..content], &lines[content + 1..]].concat(),
        [
            "> MAIL FROM:<app@corp.example>",
            "< 250 2.0.0 ok",
            "> RCPT TO:<eve@far.example>",
            "< 250 2.0.0 ok",
            "> DATA",
            "< 354 go ahead",
            "> .",
            "< 250 2.6.0 taken",
            "> QUIT",
            "< 221 2.0.0 bye",
        ]
    );
    assert!(house.handle.watch_session(&as_admin(), id).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_under_way_in_a_session_that_a_person_closes_is_put_back_and_not_lost() {
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![Act::Ignore]);
    let house = House::relaying_to(peer.listen().await).await;
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    eventually("the content was sent", async || peer.contents().len() == 1).await;
    let id = session(&house, "outbound").await;
    let mut watched = watch(&house.handle, id);
    assert!(matches!(house.ask(Command::CloseSession { id }).await, Outcome::Done { .. }));
    let lines = rest(&mut watched).await;
    assert_eq!(lines[1..], ["- 451 4.3.2 The session was closed by the administrator"]);
    eventually("it is put back", async || house.queue().await[0]["state"] == "queued").await;
    let all = mailroot::engine::Target::All;
    house.ask(Command::QueueAct { act: mailroot::engine::QueueAct::Retry, target: all }).await;
    house.emptied().await;
    assert_eq!(house.log("event:delivered").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_keep_up_is_told_how_much_was_missed_and_nobody_waits() {
    let house = House::start(&[]).await;
    let mut client = Client::hello(house.address().await).await;
    let mut watched = watch(&house.handle, session(&house, "inbound").await);
    client.say("MAIL FROM:<app@corp.example>").await;
    for number in 0..200 {
        client.say(format!("RCPT TO:<user{number}@corp.example>")).await;
    }
    line(&mut watched).await.unwrap();
    // Two of MAIL, and two of each RCPT; the newest 256 are there.
    assert_eq!(line(&mut watched).await.unwrap(), "- 146 missed");
    assert_eq!(line(&mut watched).await.unwrap(), "> RCPT TO:<user72@corp.example>");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_role_may_read_along_and_a_session_that_is_not_there_is_refused() {
    let house = House::start(&[]).await;
    let _client = Client::hello(house.address().await).await;
    let observer = Actor { name: "the observer".to_owned(), role: Role::Observer };
    assert!(house.handle.watch_session(&observer, session(&house, "inbound").await).is_ok());
    let reason = house.handle.watch_session(&observer, 4711).err().unwrap();
    assert_eq!(reason, "there is no session 4711; `mailroot sessions` lists those there are");
}

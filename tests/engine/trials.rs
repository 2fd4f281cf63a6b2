//! The test message.

use super::house::as_admin;
use super::*;
use mailroot::engine::{Actor, Command, Outcome, Role, TrialEvent, TrialWatch};
use mailroot::mail::Address;

fn address(text: &str) -> Address {
    Address::parse(text, false).unwrap()
}

/// The client's lines, and the outcome.
async fn events(mut watch: TrialWatch) -> (Vec<String>, TrialEvent) {
    let mut said = Vec::new();
    let mut outcome = None;
    while let Some(event) = watch.next().await {
        assert_eq!(outcome, None, "nothing comes behind the outcome");
        match event {
            TrialEvent::Line { side: mailroot::ledger::Side::Client, text, .. } => said.push(text),
            TrialEvent::Line { .. } => {}
            event => outcome = Some(event),
        }
    }
    (said, outcome.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_tells_its_dialogue_and_the_id_under_which_it_was_accepted() {
    let house = House::start(&[("delivery.advanced.smart_host", "\"[127.0.0.1]:1\"")]).await;
    let watch = house.handle.test_message(&as_admin(), None, address("bob@far.example")).unwrap();
    let (said, outcome) = events(watch).await;
    assert_eq!(said[0], "EHLO relay.test");
    assert!(said.iter().any(|line| line.starts_with("MAIL FROM:<postmaster@relay.test> SIZE=")), "{said:?}");
    assert_eq!(said.last().unwrap(), "QUIT");
    let TrialEvent::Accepted { id: Some(id), advice } = outcome else { panic!("{outcome:?}") };
    assert!(advice.starts_with(&format!("Accepted as {id}. ")), "{advice}");
    assert_eq!(house.queue().await[0]["id"], id.as_str());
    let records = house.log("event:act").await;
    assert_eq!(records[0]["actor"], "the admin");
    assert_eq!(records[0]["reply"], "a test message to bob@far.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_comes_with_its_reply_and_with_what_to_do() {
    let house = House::start(&[("access.relay.list", "[\"192.0.2.1\"]")]).await;
    let trial = || house.handle.test_message(&as_admin(), Some(address("a@b.example")), address("bob@far.example"));
    let (said, outcome) = events(trial().unwrap()).await;
    assert!(said.iter().any(|line| line.starts_with("MAIL FROM:<a@b.example>")), "{said:?}");
    let TrialEvent::Refused { advice } = outcome else { panic!("{outcome:?}") };
    assert!(advice.starts_with("the server refused the message: 550 5.7.1 "), "{advice}");
    assert!(advice.ends_with(": the settings under Access must let this machine connect and relay."), "{advice}");
    house.ask(Command::Pause { domain: None }).await;
    let (_, outcome) = events(trial().unwrap()).await;
    let TrialEvent::Refused { advice } = outcome else { panic!("{outcome:?}") };
    assert!(advice.contains("421 4.3.2 ") && advice.ends_with("resume it if it is paused."), "{advice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_listener_there_is_nothing_to_send_through() {
    let mut house = House::start(&[]).await;
    assert!(matches!(house.set("general.listen", "[]").await, Outcome::Done { .. }));
    let watch = house.handle.test_message(&as_admin(), None, address("bob@far.example")).unwrap();
    let (said, outcome) = events(watch).await;
    assert_eq!(said.len(), 0);
    let TrialEvent::Refused { advice } = outcome else { panic!("{outcome:?}") };
    assert!(advice.starts_with("general.listen names no address"), "{advice}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_may_not_send() {
    let house = House::start(&[]).await;
    let observer = Actor { name: "the observer".to_owned(), role: Role::Observer };
    let refused = house.handle.test_message(&observer, None, address("bob@corp.example")).err().unwrap();
    assert_eq!(refused, "a test message needs the role operator; you are observer");
    assert!(house.log("event:accepted").await.is_empty());
}

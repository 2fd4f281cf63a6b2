//! What viewers see, and that they change nothing.

use super::*;
use mailroot::engine::{BadmailAct, Command, EngineState, Outcome, Snapshot, Target, Viewing};
use std::sync::Arc;

async fn shown(viewing: &mut Viewing, what: &str, mut is_so: impl FnMut(&Snapshot) -> bool) -> Arc<Snapshot> {
    eventually(what, async || is_so(&viewing.latest())).await;
    viewing.latest()
}

async fn house_with_waiting_mail() -> (House, String) {
    let house = House::start(&[("delivery.advanced.smart_host", "\"[127.0.0.1]:1\"")]).await;
    let mut client = Client::hello(house.address().await).await;
    let id = client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    eventually("it was tried", async || house.queue().await[0]["state"] == "queued").await;
    (house, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_complete_from_the_first_moment() {
    let (mut house, id) = house_with_waiting_mail().await;
    let _client = Client::hello(house.address().await).await;
    let picture = house.handle.watch().latest();
    assert_eq!(picture.state, EngineState::Running);
    assert_eq!(*picture.listeners, [house.address().await]);
    assert_eq!(picture.settings_file.as_deref(), Some(&house.place().settings_file()));
    assert!(Arc::ptr_eq(&picture.settings, &house.handle.settings()));
    assert_eq!((picture.queue.counts.queued, picture.queue.oldest.is_some()), (1, true));
    // The session of the mail may still be ending.
    let newest = picture.sessions.last().unwrap();
    assert_eq!(newest.name.as_deref(), Some("client.example"));
    assert_eq!(picture.destinations[0].name, "[127.0.0.1]:1");
    assert!(picture.totals.contains(&("accepted", 1)));
    assert!(picture.disk.is_some_and(|disk| disk.free > 0));
    assert_eq!((picture.log.first, &picture.log.records[0].id), (0, &id));
    let one_off = house.handle.latest();
    assert_eq!((one_off.queue, one_off.log.records.len()), (picture.queue, picture.log.records.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_change_is_the_same_part() {
    let (house, _) = house_with_waiting_mail().await;
    let mut viewing = house.handle.watch();
    let before = viewing.latest();
    house.ask(Command::Pause { domain: None }).await;
    let after = shown(&mut viewing, "it is paused", |picture| picture.state == EngineState::Paused).await;
    assert!(Arc::ptr_eq(&before.settings, &after.settings));
    assert!(Arc::ptr_eq(&before.listeners, &after.listeners));
    assert!(Arc::ptr_eq(&before.destinations, &after.destinations));
    assert!(Arc::ptr_eq(&before.totals, &after.totals));
    assert!(Arc::ptr_eq(&before.problems, &after.problems));
    assert!(Arc::ptr_eq(&before.warnings, &after.warnings));
    assert_eq!(before.queue, after.queue);
    assert!(!Arc::ptr_eq(&before.log, &after.log), "who paused it is in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_numbered_from_the_start_and_grows_at_its_end() {
    let (house, _) = house_with_waiting_mail().await;
    let mut viewing = house.handle.watch();
    let before = viewing.latest().log.clone();
    for _ in 0..30 {
        house.ask(Command::Pause { domain: None }).await;
    }
    let wanted = before.records.len() + 30;
    let after = shown(&mut viewing, "all are there", |picture| picture.log.records.len() == wanted).await.log.clone();
    assert_eq!(after.first, before.first);
    assert!(before.records.iter().zip(&after.records).all(|(one, other)| Arc::ptr_eq(one, other)));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_the_queue_are_told_by_its_revision() {
    let (house, id) = house_with_waiting_mail().await;
    let mut viewing = house.handle.watch();
    let before = viewing.latest().queue;
    house.ask(Command::QueueAct { act: mailroot::engine::QueueAct::Hold, target: Target::Ids(vec![id]) }).await;
    let after = shown(&mut viewing, "it is held", |picture| picture.queue.counts.held == 1).await.queue;
    assert!(after.revision > before.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_found_and_retried_by_where_it_goes() {
    let (house, id) = house_with_waiting_mail().await;
    let found = |filter: &str| house.handle.queue_reader().page(&query(filter)).rows;
    assert_eq!(found("destination:[127.0.0.1]:1")[0].id, id);
    assert!(found("destination:[127.0.0.1]:2").is_empty() && found("!destination:[127.0.0.1]:1").is_empty());
    let retry = |filter: &str| {
        let target = Target::Filter(filter.to_owned());
        house.ask(Command::QueueAct { act: mailroot::engine::QueueAct::Retry, target })
    };
    assert!(matches!(retry("destination:[127.0.0.1]:2").await, Outcome::Done { count: 0, .. }));
    assert!(matches!(retry("destination:[127.0.0.1]:1").await, Outcome::Done { count: 1, .. }));
}

fn query(filter: &str) -> mailroot::engine::QueueQuery {
    mailroot::engine::QueueQuery {
        filter: filter.parse().unwrap(),
        sort: mailroot::engine::SortKey::Received,
        descending: false,
        offset: 0,
        limit: 10,
        selected: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn badmail_is_counted_again_when_something_there_changed() {
    let house = House::start(&[]).await;
    let mut viewing = house.handle.watch();
    assert_eq!(viewing.latest().badmail, 0);
    std::fs::write(house.path("Queue").join("torn.txt"), "no message").unwrap();
    shown(&mut viewing, "it was set aside", |picture| picture.badmail == 1).await;
    house.ask(Command::BadmailAct { act: BadmailAct::Delete, target: Target::All }).await;
    shown(&mut viewing, "it is deleted", |picture| picture.badmail == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_see_the_engine_stop_and_then_nothing_more() {
    let house = House::start(&[]).await;
    // A session keeps the engine from stopping at once.
    let mut client = Client::connect(house.address().await).await;
    let mut viewing = house.handle.watch();
    let stopping = tokio::spawn(house.stop());
    shown(&mut viewing, "it stops", |picture| picture.state == EngineState::Draining).await;
    client.say("QUIT").await;
    drop(client);
    stopping.await.unwrap();
    while viewing.changed().await {}
    assert_eq!(viewing.latest().state, EngineState::Draining);
}

//! Plan, then apply; and bringing back what was deleted.

use super::*;
use mailroot::engine::{Actor, Command, Outcome, QueueAct, Role, Target};

fn named(name: &str, role: Role) -> Actor {
    Actor { name: name.to_owned(), role }
}

async fn submit(house: &House, recipient: &str) -> String {
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &[recipient], "Subject: x\r\n\r\n").await
}

/// A house with one message each for these recipients, all of which wait.
async fn waiting(recipients: &[&str]) -> (House, Vec<String>) {
    let house = House::start(&[("delivery.advanced.smart_host", "\"[127.0.0.1]:1\"")]).await;
    let mut ids = Vec::new();
    for recipient in recipients {
        ids.push(submit(&house, recipient).await);
    }
    settled(&house).await;
    (house, ids)
}

async fn settled(house: &House) {
    eventually("all were tried", async || house.queue().await.iter().all(|row| row["state"] != "active")).await;
}

async fn plan(house: &House, actor: &Actor, act: QueueAct, filter: &str) -> (String, u64) {
    let target = Target::Filter(filter.to_owned());
    match house.handle.execute(actor, Command::QueuePlan { act, target }).await {
        Outcome::View { view } => (view["plan"].as_str().unwrap().to_owned(), view["count"].as_u64().unwrap()),
        other => panic!("no plan: {other:?}"),
    }
}

async fn apply(house: &House, actor: &Actor, plan: &str) -> Outcome {
    house.handle.execute(actor, Command::QueueApply { plan: plan.to_owned() }).await
}

fn done(outcome: Outcome) -> (usize, String) {
    match outcome {
        Outcome::Done { count, message } => (count, message),
        other => panic!("not done: {other:?}"),
    }
}

fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { reason } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

async fn ids_in(house: &House, state: &str) -> Vec<String> {
    let rows = house.queue().await;
    let rows = rows.iter().filter(|row| row["state"] == state);
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_acts_on_exactly_its_messages_though_more_match_by_then() {
    let (house, ids) = waiting(&["a@far.example", "b@far.example", "c@near.example"]).await;
    let anna = named("anna", Role::Operator);
    let (plan, count) = plan(&house, &anna, QueueAct::Hold, "domain:far.example").await;
    assert_eq!(count, 2);
    let late = submit(&house, "d@far.example").await;
    settled(&house).await;
    assert_eq!(done(apply(&house, &anna, &plan).await), (2, "2 messages held".to_owned()));
    assert_eq!(ids_in(&house, "held").await, ids[..2]);
    assert_eq!(ids_in(&house, "queued").await, [ids[2].clone(), late]);
    let records = house.log("actor:anna event:act").await;
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["reply"], "2 messages held; chosen by domain:far.example");
    assert!(refused(apply(&house, &anna, &plan).await).contains("no plan"), "once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_a_few_of_its_messages_and_counts_those_it_would_change() {
    let recipients =
        ["a@far.example", "b@far.example", "c@far.example", "d@far.example", "e@far.example", "f@x.example"];
    let (house, ids) = waiting(&recipients).await;
    let anna = named("anna", Role::Admin);
    let act = |act, target| Command::QueueAct { act, target };
    house.handle.execute(&anna, act(QueueAct::Hold, Target::Ids(ids[..4].to_vec()))).await;
    let view = house.view(Command::QueuePlan { act: QueueAct::Delete, target: Target::All }).await;
    assert_eq!((&view["schema"], &view["count"]), (&1.into(), &6.into()));
    let sample: Vec<_> = view["sample"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(sample, ids[..5]);
    let held = house.view(Command::QueuePlan { act: QueueAct::Release, target: Target::All }).await;
    assert_eq!(held["count"], 4);
    for act in [QueueAct::Hold, QueueAct::Retry] {
        let free = house.view(Command::QueuePlan { act, target: Target::All }).await;
        assert_eq!(free["count"], 2, "{act:?}");
    }
    assert_eq!(house.queue().await.len(), 6, "a plan does nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_left_the_queue_meanwhile_is_skipped_and_told() {
    let (house, ids) = waiting(&["a@far.example", "b@far.example"]).await;
    let anna = named("anna", Role::Admin);
    let (plan, _) = plan(&house, &anna, QueueAct::Delete, "").await;
    let target = Target::Ids(vec![ids[0].clone()]);
    house.ask(Command::QueueAct { act: QueueAct::Delete, target }).await;
    let (count, message) = done(apply(&house, &anna, &plan).await);
    assert_eq!(count, 1);
    assert!(message.ends_with("; 1 had left the queue"), "{message}");
    assert!(house.queue().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_belongs_to_who_made_it() {
    let (house, _) = waiting(&["a@far.example"]).await;
    let (anna, bert) = (named("anna", Role::Admin), named("bert", Role::Admin));
    let (plan, _) = plan(&house, &anna, QueueAct::Hold, "").await;
    assert!(refused(apply(&house, &bert, &plan).await).contains("you have no plan"));
    assert!(ids_in(&house, "held").await.is_empty());
    assert_eq!(done(apply(&house, &anna, &plan).await).0, 1, "bert's try did not use it up");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_counts_when_a_plan_is_made_and_again_when_it_is_applied() {
    let (house, _) = waiting(&["a@far.example"]).await;
    let delete = Command::QueuePlan { act: QueueAct::Delete, target: Target::All };
    for role in [Role::Observer, Role::Operator] {
        let reason = refused(house.handle.execute(&named("anna", role), delete.clone()).await);
        assert!(reason.contains("needs the role admin"), "{reason}");
    }
    let (plan, _) = plan(&house, &named("anna", Role::Admin), QueueAct::Delete, "").await;
    let reason = refused(apply(&house, &named("anna", Role::Operator), &plan).await);
    assert!(reason.contains("needs the role admin"), "{reason}");
    assert_eq!(house.queue().await.len(), 1);
    assert_eq!(done(apply(&house, &named("anna", Role::Admin), &plan).await).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_newest_plans_are_remembered() {
    let (house, _) = waiting(&["a@far.example"]).await;
    let anna = named("anna", Role::Operator);
    let (first, _) = plan(&house, &anna, QueueAct::Hold, "").await;
    let (second, _) = plan(&house, &anna, QueueAct::Hold, "").await;
    for _ in 0..15 {
        plan(&house, &anna, QueueAct::Hold, "").await;
    }
    assert!(refused(apply(&house, &anna, &first).await).contains("no plan"));
    assert_eq!(done(apply(&house, &anna, &second).await).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_brought_back_and_delivered() {
    let (mut house, ids) = waiting(&["a@far.example", "b@far.example"]).await;
    let act = |act, target| Command::QueueAct { act, target };
    house.ask(act(QueueAct::Delete, Target::All)).await;
    assert!(house.queue().await.is_empty() && house.files("Queue").is_empty());
    assert_eq!(
        done(house.ask(act(QueueAct::Restore, Target::Ids(ids.clone()))).await),
        (2, "2 messages brought back".to_owned())
    );
    assert_eq!(house.queue().await.len(), 2);
    let again = refused(house.ask(act(QueueAct::Restore, Target::Ids(ids.clone()))).await);
    assert!(again.contains("still away"), "{again}");
    assert_eq!(house.files("Queue").len(), 2);
    let peer = ScriptedPeer::new();
    house.set("delivery.advanced.smart_host", &house::smart_host(peer.listen().await)).await;
    house.ask(act(QueueAct::Retry, Target::All)).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 2);
    for id in ids {
        let records = house.log(&format!("id:{id}")).await;
        let mut events: Vec<_> = records.iter().map(|record| record["event"].as_str().unwrap()).collect();
        events.retain(|event| *event != "deferred");
        assert_eq!(events, ["accepted", "removed", "restored", "retried", "delivered"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_named_messages_are_brought_back() {
    let (house, _) = waiting(&["a@far.example"]).await;
    let act = |act, target| Command::QueueAct { act, target };
    house.ask(act(QueueAct::Delete, Target::All)).await;
    for target in [Target::All, Target::Filter("a@far.example".to_owned())] {
        let reason = refused(house.ask(act(QueueAct::Restore, target)).await);
        assert!(reason.contains("by their ids"), "{reason}");
    }
    let unknown = refused(house.ask(act(QueueAct::Restore, Target::Ids(vec!["unknown".to_owned()]))).await);
    assert!(unknown.contains("still away"), "{unknown}");
    assert!(house.queue().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_person_does_to_the_server_is_in_the_delivery_log() {
    let (mut house, ids) = waiting(&["a@far.example", "b@far.example"]).await;
    let mut client = Client::connect(house.address().await).await;
    let sessions = house.view(Command::Sessions).await;
    let session = sessions["sessions"][0]["id"].as_str().unwrap().parse().unwrap();
    let domain = Some("far.example".to_owned());
    let act = |act, target| Command::QueueAct { act, target };
    house.ask(Command::CloseSession { id: session }).await;
    assert!(client.is_closed().await);
    house.ask(Command::Pause { domain: None }).await;
    house.ask(Command::Resume { domain: None }).await;
    house.ask(Command::Pause { domain: domain.clone() }).await;
    house.ask(Command::Resume { domain }).await;
    settled(&house).await;
    house.ask(act(QueueAct::Retry, Target::Ids(vec![ids[0].clone()]))).await;
    house.ask(act(QueueAct::Hold, Target::All)).await;
    house.set("messages.max_recipients", "7").await;
    house.ask(Command::Stop).await;
    let records = house.log("actor:admin").await;
    let told = records.iter().map(|record| {
        let (event, id, reply) = (&record["event"], &record["id"], record["reply"].as_str());
        reply.map_or_else(|| format!("{} {}", event.as_str().unwrap(), id.as_str().unwrap()), str::to_owned)
    });
    let mut told: Vec<_> = told.collect();
    // The file is also followed; whoever comes second finds nothing changed.
    told.retain(|deed| !deed.starts_with("settings: "));
    let expected = [
        format!("session {session} closed"),
        "paused: new connections are refused".to_owned(),
        "resumed: new connections are taken again".to_owned(),
        "delivery to far.example paused".to_owned(),
        "delivery to far.example resumed".to_owned(),
        format!("retried {}", ids[0]),
        format!("held {}", ids[0]),
        format!("held {}", ids[1]),
        "2 messages held; chosen by asking for all".to_owned(),
        "stops the engine".to_owned(),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        records.iter().filter(|record| record["reply"].as_str().is_some_and(|r| r.starts_with("settings: "))).count(),
        1
    );
}

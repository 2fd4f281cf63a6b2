//! What people do: pause, hold, release, delete, edit.

use super::*;
use mailroot::ledger::Event;
use mailroot::queue::State;

#[tokio::test]
async fn a_paused_domain_waits_and_goes_on_when_resumed() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    house.dispatcher.pause(domain("far.example"));
    let id = house.send(&["bob@far.example"]).await;
    house.send(&["bob@near.example"]).await;
    eventually("the other one is delivered", || peer.contents().len() == 1).await;
    assert_eq!((house.row(&id).state, house.attempts(&id)), ("queued", 0));
    assert_eq!(house.dispatcher.paused(), [domain("far.example")]);
    assert!(house.dispatcher.resume(&domain("far.example")));
    house.emptied().await;
}

#[tokio::test]
async fn a_paused_next_hop_waits_too() {
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    let house = House::with_smart_host(port);
    house.dispatcher.pause(domain("[127.0.0.1]"));
    let id = house.send(&["bob@far.example"]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((house.row(&id).state, peer.sessions().len()), ("queued", 0));
    assert!(house.dispatcher.resume(&domain("[127.0.0.1]")));
    house.emptied().await;
}

#[tokio::test]
async fn a_held_message_waits_through_retries_and_restarts_until_it_is_released() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    house.dispatcher.pause(domain("far.example"));
    let id = house.send(&["bob@far.example"]).await;
    let ids = [id.clone()];
    assert_eq!(house.dispatcher.hold(&ids, "anna").await, 1);
    assert_eq!(house.dispatcher.hold(&ids, "anna").await, 0, "it is held already");
    house.dispatcher.resume(&domain("far.example"));
    assert_eq!(house.dispatcher.retry(&ids, "anna"), 0, "it is held");
    skip(HOUR * 100).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(house.row(&id).state, "held");
    assert_eq!(house.queue.load(&id).await.unwrap().0.state, State::Held, "the file knows it");
    assert_eq!(house.dispatcher.release(&ids, "anna").await, 1);
    house.emptied().await;
    let actors: Vec<_> = house.log(&id).iter().map(|record| (record.event, record.actor.clone())).collect();
    let anna = Some("anna".to_owned());
    assert_eq!(actors, [(Event::Held, anna.clone()), (Event::Released, anna), (Event::Delivered, None)]);
}

#[tokio::test]
async fn a_released_message_is_due_at_once_whatever_its_schedule() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("451 4.7.1 later")]);
    let house = House::with_smart_host(peer.listen().await.port());
    let ids = [house.send(&["bob@far.example"]).await];
    house.tried(&ids[0], 1).await;
    assert_eq!(house.dispatcher.hold(&ids, "anna").await, 1);
    assert_eq!(house.dispatcher.release(&ids, "anna").await, 1);
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
}

#[tokio::test]
async fn a_deleted_message_is_gone_from_the_queue_and_can_be_brought_back() {
    let house = House::with_smart_host(free_port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    let nobody: QueueId = "nobody".parse().unwrap();
    assert_eq!(house.dispatcher.delete(&[id.clone(), nobody], "anna").await, 1);
    assert!(house.all().is_empty() && house.files("Queue").is_empty());
    let last = house.log(&id).pop().unwrap();
    assert_eq!((last.event, last.actor.as_deref()), (Event::Removed, Some("anna")));
    assert_eq!(last.recipient.as_deref(), Some("bob@far.example"));
    let ids = [id];
    assert_eq!(house.dispatcher.restore(&ids, "bert").await, 1);
    assert_eq!(house.all(), ids);
    let last = house.log(&ids[0]).pop().unwrap();
    assert_eq!((last.event, last.actor.as_deref()), (Event::Restored, Some("bert")));
    assert_eq!(house.dispatcher.restore(&ids, "bert").await, 0, "it is back already");
}

#[tokio::test]
async fn a_message_in_flight_is_held_when_its_attempt_is_over() {
    let wait = Act::SayAfter(Duration::from_millis(100), b"451 4.3.0 no".to_vec());
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![wait]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    eventually("the content was sent", || peer.contents().len() == 1).await;
    assert_eq!(house.dispatcher.hold(std::slice::from_ref(&id), "anna").await, 1);
    eventually("it is held", || house.row(&id).state == "held").await;
    assert_eq!(house.queue.load(&id).await.unwrap().0.state, State::Held);
}

#[tokio::test]
async fn a_file_removed_by_hand_is_not_delivered() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    house.dispatcher.pause(domain("far.example"));
    let id = house.send(&["bob@far.example"]).await;
    std::fs::remove_file(house.path(&format!("Queue/{id}.eml"))).unwrap();
    house.dispatcher.forget(&id);
    house.dispatcher.resume(&domain("far.example"));
    assert!(house.all().is_empty() && peer.contents().is_empty());
}

#[tokio::test]
async fn a_file_removed_unnoticed_is_found_out_when_its_turn_comes() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("451 4.7.1 later")]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    std::fs::remove_file(house.path(&format!("Queue/{id}.eml"))).unwrap();
    house.dispatcher.retry(&[id], "anna");
    house.emptied().await;
    assert!(peer.contents().is_empty());
}

#[tokio::test]
async fn a_recipient_changed_by_hand_is_the_one_that_is_tried() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("451 4.7.1 later")]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    let path = house.path(&format!("Queue/{id}.eml"));
    let text = std::fs::read_to_string(&path).unwrap().replace("<bob@far.example>", "<robert@far.example>");
    std::fs::write(&path, text).unwrap();
    house.dispatcher.retry(&[id], "anna");
    house.emptied().await;
    assert_eq!(peer.commands().iter().filter(|command| command.contains("robert@")).count(), 1);
}

#[tokio::test]
async fn rows_are_found_by_filter_and_in_pages() {
    let house = House::with_smart_host(free_port());
    for i in 0..5 {
        house.send(&[format!("u{i}@d{}.example", i % 2).as_str()]).await;
    }
    let filter: Filter = "domain:d1.example".parse().unwrap();
    let (total, rows) = house.dispatcher.rows(&filter, 1, 10);
    assert_eq!((total, rows.len()), (2, 1));
    assert_eq!(rows[0].recipients[0].address, "u3@d1.example");
    let (total, rows) = house.dispatcher.rows(&Filter::default(), 3, 10);
    assert_eq!((total, rows.len()), (5, 2));
    assert_eq!(house.dispatcher.select(&filter).len(), 2);
    assert_eq!(house.dispatcher.run_queue(&domain("d0.example")), 3);
}

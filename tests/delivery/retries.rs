//! Mail that does not go through at once: the schedule, dead destinations, expiration.

use super::*;
use mailroot::ledger::Event;

#[tokio::test]
async fn s010_s011_a_deferred_message_is_tried_again_by_the_schedule_until_it_goes_through() {
    let later = || say("451 4.7.1 Greylisted");
    let peer = ScriptedPeer::new().first("RCPT", vec![later(), later(), later()]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    for (attempts, wait) in [(1, 15), (2, 30), (3, 60)] {
        house.tried(&id, attempts).await;
        let row = house.row(&id);
        assert_eq!(row.next.since(house.clock.now()).as_secs().div_ceil(60), wait);
        assert!(row.last_reply.unwrap().starts_with("451 4.7.1 Greylisted (127.0.0.1[127.0.0.1]:"));
        skip(MINUTE * u32::try_from(wait).unwrap()).await;
    }
    house.emptied().await;
    assert_eq!(house.events(&id), [Event::Deferred, Event::Deferred, Event::Deferred, Event::Delivered]);
    let last = house.log(&id).pop().unwrap();
    assert_eq!((last.attempt, last.delay.unwrap().as_secs() / 60), (Some(4), 105));
}

#[tokio::test]
async fn s012_a_refusal_of_one_sender_says_nothing_about_the_next() {
    let peer = ScriptedPeer::new().first("MAIL", vec![say("550 5.7.1 not you")]);
    let house = House::with_smart_host(peer.listen().await.port());
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
    assert_eq!(house.files("Drop").len(), 1, "one failure was reported");
}

#[tokio::test]
async fn s016_421_at_any_point_defers() {
    for command in ["MAIL", "RCPT", "DATA", END_OF_DATA] {
        let peer = ScriptedPeer::new().first(command, vec![say_and_close("421 4.3.2 closing")]);
        let house = House::with_smart_host(peer.listen().await.port());
        let id = house.send(&["bob@far.example"]).await;
        house.tried(&id, 1).await;
        assert!(house.row(&id).last_reply.unwrap().starts_with("421 4.3.2 closing"), "{command}");
        house.dispatcher.retry(&[id], "anna");
        house.emptied().await;
        assert!(house.files("Drop").is_empty(), "{command}");
    }
}

#[tokio::test]
async fn a_dead_destination_is_probed_and_releases_all_its_mail_when_it_answers() {
    let port = free_port();
    let house = House::with_smart_host(port);
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(house.send(&["bob@far.example"]).await);
    }
    for id in &ids {
        house.tried(id, 1).await;
        let row = house.row(id);
        assert!(row.last_reply.unwrap().contains("cannot be reached"));
        assert_eq!(row.destination, format!("[127.0.0.1]:{port}"));
    }
    let destination = house.destination(&format!("[127.0.0.1]:{port}"));
    assert_eq!((destination.health, destination.deferred, destination.connections), ("held", 5, 0));
    let peer = ScriptedPeer::new();
    peer.listen_on(&format!("127.0.0.1:{port}")).await;
    skip(Duration::from_secs(17)).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 5);
}

#[tokio::test]
async fn up_again_a_retry_of_all_delivers_at_once() {
    let port = free_port();
    let house = House::with_smart_host(port);
    for _ in 0..20 {
        house.send(&["bob@far.example"]).await;
    }
    for id in house.all() {
        house.tried(&id, 1).await;
    }
    let peer = ScriptedPeer::new();
    peer.listen_on(&format!("127.0.0.1:{port}")).await;
    assert_eq!(house.dispatcher.retry(&house.all(), "anna"), 20);
    house.emptied().await;
    assert_eq!(peer.contents().len(), 20);
}

#[tokio::test]
async fn d009_a_message_that_never_goes_through_is_returned_when_its_time_is_over() {
    let peer = ScriptedPeer::new().on("RCPT", say("451 4.7.1 Greylisted"));
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(1));
        settings.delivery.expiration = Some(HOUR);
        settings.delivery.delay_notification = None;
    });
    let port = peer.listen().await.port();
    house.change(|settings| settings.delivery.advanced.smart_host = Some(house::smart_host(port)));
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    skip(MINUTE * 15).await;
    house.tried(&id, 2).await;
    // Paused, it burns no attempt and does not expire, however long.
    house.dispatcher.pause(domain("far.example"));
    skip(HOUR * 50).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((house.attempts(&id), house.files("Drop").len()), (2, 0));
    assert!(house.dispatcher.resume(&domain("far.example")));
    house.emptied().await;
    let report = &house.files("Drop")[0];
    assert!(report.contains("Status: 5.4.7") && report.contains("smtp; 451 4.7.1 Greylisted"), "{report}");
    assert!(house.events(&id).contains(&Event::Expired));
}

#[tokio::test]
async fn n003_a_host_that_takes_no_mail_at_all_is_believed_and_one_that_is_cross_is_not() {
    for (greeting, reported) in [("521 5.3.2 no mail here", 1), ("554 5.7.1 not from you", 0)] {
        let peer = ScriptedPeer::new().on(GREETING, say_and_close(greeting));
        let house = House::with_smart_host(peer.listen().await.port());
        let id = house.send(&["bob@far.example"]).await;
        if reported == 1 {
            house.emptied().await;
        } else {
            house.tried(&id, 1).await;
        }
        assert_eq!(house.files("Drop").len(), reported, "{greeting}");
    }
}

#[tokio::test]
async fn a_restart_takes_up_what_waits_where_it_was() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("451 4.7.1 later")]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    let (message, stamp) = house.queue.load(&id).await.unwrap();
    assert_eq!((message.attempts, message.next), (1, house.row(&id).next), "the file knows it");
    house.dispatcher.forget(&id);
    house.dispatcher.insert(&id, message, stamp);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(house.attempts(&id), 1);
    skip(MINUTE * 15).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
}

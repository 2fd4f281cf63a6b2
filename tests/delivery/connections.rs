//! Connections: kept, reused, limited, closed.

use super::*;

fn closed(peer: &ScriptedPeer) -> usize {
    peer.sessions().iter().filter(|session| session.closed).count()
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_message_and_s017_closed_with_quit_when_idle() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    for _ in 0..3 {
        house.send(&["bob@far.example"]).await;
        house.emptied().await;
    }
    assert_eq!((peer.sessions().len(), peer.contents().len()), (1, 3));
    skip(MINUTE).await;
    eventually("the connection is closed", || closed(&peer) == 1).await;
    assert_eq!(peer.commands().last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn a_connection_carries_no_more_messages_than_the_setting_says() {
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.messages.max_messages_per_connection = Some(2);
    });
    for _ in 0..5 {
        house.send(&["bob@far.example"]).await;
        house.emptied().await;
    }
    let counts: Vec<usize> = peer.sessions().iter().map(|session| session.contents.len()).collect();
    assert_eq!(counts, [2, 2, 1]);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_costs_no_attempt() {
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![say_and_close("250 2.0.0 ok, and bye")]);
    let house = House::with_smart_host(peer.listen().await.port());
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    eventually("the server has closed", || closed(&peer) == 1).await;
    let id = house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(house.log(&id)[0].attempt, Some(1));
    assert_eq!(house.log(&id).len(), 1, "delivered at once, never deferred");
}

#[tokio::test]
async fn a_kept_connection_that_is_refused_at_its_next_message_costs_no_attempt() {
    let peer = ScriptedPeer::new().first("MAIL", vec![say("250 ok"), say_and_close("421 4.4.2 enough for now")]);
    let house = House::with_smart_host(peer.listen().await.port());
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    let id = house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!((house.log(&id).len(), peer.sessions().len()), (1, 2));
}

#[tokio::test]
async fn a_kept_connection_over_which_the_server_talks_out_of_turn_is_not_used_again() {
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![say("250 taken\r\n550 5.7.1 and something else\r\n")]);
    let house = House::with_smart_host(peer.listen().await.port());
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    let transactions: Vec<usize> = peer.sessions().iter().map(|session| session.contents.len()).collect();
    assert_eq!(transactions, [1, 1]);
    assert!(house.files("Drop").is_empty(), "what was said out of turn is no answer to the second message");
}

#[tokio::test]
async fn s024_many_messages_share_a_few_connections() {
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.delivery.connections.max_per_domain = Some(3);
        settings.messages.max_messages_per_connection = None;
    });
    for _ in 0..60 {
        house.send(&["bob@far.example"]).await;
    }
    house.emptied().await;
    assert_eq!(peer.contents().len(), 60);
    assert!(peer.sessions().len() <= 3, "{}", peer.sessions().len());
}

#[tokio::test]
async fn a_session_closed_by_a_person_defers_its_message() {
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![Act::Ignore]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    eventually("the content was sent", || peer.contents().len() == 1).await;
    let session = house.ledger.sessions().into_iter().next().unwrap();
    assert_eq!(session.name.as_deref(), Some("127.0.0.1"));
    assert!(house.ledger.close_session(session.id));
    house.tried(&id, 1).await;
    assert!(house.row(&id).last_reply.unwrap().contains("closed by the administrator"));
    assert!(house.ledger.sessions().is_empty());
}

#[tokio::test]
async fn draining_finishes_what_is_under_way_and_begins_nothing() {
    let wait = Act::SayAfter(Duration::from_millis(100), b"250 2.0.0 taken".to_vec());
    let peer = ScriptedPeer::new().on(END_OF_DATA, wait);
    let house = House::with_smart_host(peer.listen().await.port());
    let first = house.send(&["bob@far.example"]).await;
    eventually("the content was sent", || peer.contents().len() == 1).await;
    let drain = house.dispatcher.drain();
    drain.await;
    let second = house.send(&["bob@far.example"]).await;
    assert_eq!(house.all(), [second]);
    assert!(house.dispatcher.row(&first).is_none());
    assert_eq!(peer.contents().len(), 1);
    assert!(house.ledger.sessions().is_empty());
}

#[tokio::test]
async fn the_counters_and_the_rows_say_what_happened() {
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    let house = House::with_smart_host(port);
    house.send(&["bob@far.example", "eve@far.example"]).await;
    house.emptied().await;
    let totals = &house.ledger.totals;
    assert_eq!((totals.delivered.get(), totals.deferred.get(), totals.failed.get()), (2, 0, 0));
    assert!(totals.bytes_out.get() > 50);
    let row = house.destination(&format!("[127.0.0.1]:{port}"));
    assert_eq!((row.health, row.ready, row.connections, row.paused), ("up", 0, 1, false));
}

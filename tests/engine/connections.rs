//! How many may come in, and whether any.

use super::*;
use mailroot::engine::{Command, Outcome};

#[tokio::test(flavor = "multi_thread")]
async fn lm16_one_client_at_its_limit_is_told_to_wait_and_another_is_served() {
    let house = House::start(&[("general.max_connections_per_client", "2")]).await;
    let server = house.address().await;
    let (first, second) = (Client::connect(server).await, Client::connect(server).await);
    for _ in 0..20 {
        let (mut refused, greeting) = Client::from("127.0.0.1", server).await;
        assert_eq!(greeting, "421 4.7.0 relay.test Too many connections from your address, try again later");
        assert!(refused.is_closed().await);
    }
    let (mut other, greeting) = Client::from("127.0.0.2", server).await;
    assert!(greeting.starts_with("220 relay.test "), "{greeting}");
    assert_eq!(other.say("NOOP").await, "250 2.0.0 OK");
    drop((first, second));
    eventually("the places are free again", async || Client::from("127.0.0.1", server).await.1.starts_with("220 "))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_let_in_above_the_total_however_many_they_are() {
    let house = House::start(&[("general.max_connections", "2")]).await;
    let server = house.address().await;
    let (mut first, _) = Client::from("127.0.0.1", server).await;
    let (_second, _) = Client::from("127.0.0.2", server).await;
    let (_, greeting) = Client::from("127.0.0.3", server).await;
    assert_eq!(greeting, "421 4.3.2 relay.test Too many connections, try again later");
    assert!(first.say("QUIT").await.starts_with("221 "));
    eventually("the place is free again", async || Client::from("127.0.0.3", server).await.1.starts_with("220 ")).await;
    assert!(house.status().await["totals"]["connections_refused"].as_u64() >= Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_server_lets_nobody_in_and_finishes_what_is_open() {
    let peer = ScriptedPeer::new();
    let house = House::relaying_to(peer.listen().await).await;
    let server = house.address().await;
    let mut open = Client::hello(server).await;
    assert!(matches!(house.ask(Command::Pause { domain: None }).await, Outcome::Done { .. }));
    assert_eq!(house.status().await["state"], "paused");
    let (_, greeting) = Client::from("127.0.0.1", server).await;
    assert_eq!(greeting, "421 4.3.2 relay.test Service is paused, try again later");
    open.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
    assert!(matches!(house.ask(Command::Resume { domain: None }).await, Outcome::Done { .. }));
    Client::connect(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_for_a_paused_domain_waits_until_it_is_resumed() {
    let peer = ScriptedPeer::new();
    let house = House::relaying_to(peer.listen().await).await;
    let far = || Some("far.example".to_owned());
    house.ask(Command::Pause { domain: far() }).await;
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &["bob@far.example"], "Subject: held\r\n\r\n").await;
    client.submit("<app@corp.example>", &["bob@near.example"], "Subject: goes\r\n\r\n").await;
    eventually("the other domain's mail has gone", async || house.queue().await.len() == 1).await;
    assert!(String::from_utf8_lossy(&peer.contents()[0]).contains("Subject: goes"));
    house.ask(Command::Resume { domain: far() }).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_admitted_is_told_so() {
    let house = House::start(&[("access.connection", "{ mode = \"only\", list = [\"127.0.0.2\"] }")]).await;
    let server = house.address().await;
    let (mut refused, greeting) = Client::from("127.0.0.1", server).await;
    assert_eq!(greeting, "521 5.7.1 relay.test Connections from your address are not accepted");
    assert!(refused.is_closed().await);
    assert!(Client::from("127.0.0.2", server).await.1.starts_with("220 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_closed_by_a_person_ends() {
    let house = House::start(&[]).await;
    let mut client = Client::hello(house.address().await).await;
    let sessions = house.view(Command::Sessions).await;
    assert_eq!(sessions["sessions"][0]["name"], "client.example");
    let id = sessions["sessions"][0]["id"].as_str().unwrap().parse().unwrap();
    assert!(matches!(house.ask(Command::CloseSession { id }).await, Outcome::Done { .. }));
    assert!(client.is_closed().await);
    eventually("the session is gone", async || house.view(Command::Sessions).await["total"] == 0).await;
}

//! Where mail goes: MX, smart hosts, routes, fallbacks, loops.

use super::*;
use crate::house::smart_host;
use mailroot::config::{Domain as RemoteDomain, DomainPattern};

/// Two MX hosts on loopback addresses of their own, at one port.
const TWO_HOSTS: &str = "
    far.example      MX  20 mx2.far.example
    far.example      MX  10 mx1.far.example
    mx1.far.example  A   127.0.0.2
    mx2.far.example  A   127.0.0.3
    far.example      A   127.0.0.4
";

fn direct(zone: &str, port: u16) -> House {
    House::new(zone, |settings| settings.delivery.connections.port = port)
}

#[tokio::test]
async fn s018_the_best_mx_host_takes_the_mail_and_the_next_one_where_it_does_not_answer() {
    let port = free_port();
    let house = direct(TWO_HOSTS, port);
    let second = ScriptedPeer::new();
    second.listen_on(&format!("127.0.0.3:{port}")).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(second.contents().len(), 1);

    skip(MINUTE).await; // the kept connection ends
    let first = ScriptedPeer::new();
    first.listen_on(&format!("127.0.0.2:{port}")).await;
    eventually("the connection was closed", || second.sessions().iter().all(|session| session.closed)).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!((first.contents().len(), second.contents().len()), (1, 1));
}

#[tokio::test]
async fn s018_a_host_that_refuses_the_session_makes_way_for_the_next() {
    let port = free_port();
    let house = direct(TWO_HOSTS, port);
    let (first, second) = (ScriptedPeer::new().on(GREETING, say_and_close("421 4.3.2 busy")), ScriptedPeer::new());
    first.listen_on(&format!("127.0.0.2:{port}")).await;
    second.listen_on(&format!("127.0.0.3:{port}")).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!((first.sessions().len(), second.contents().len()), (1, 1));
}

#[tokio::test]
async fn s019_the_address_of_a_domain_takes_its_mail_only_where_there_is_no_mx() {
    let port = free_port();
    let house = direct(&format!("{TWO_HOSTS}\n bare.example A 127.0.0.5"), port);
    let (own, implicit) = (ScriptedPeer::new(), ScriptedPeer::new());
    own.listen_on(&format!("127.0.0.4:{port}")).await;
    implicit.listen_on(&format!("127.0.0.5:{port}")).await;
    let waiting = house.send(&["bob@far.example"]).await;
    house.send(&["bob@bare.example"]).await;
    house.tried(&waiting, 1).await;
    eventually("the implicit MX took its mail", || implicit.contents().len() == 1).await;
    assert!(own.sessions().is_empty(), "MX hosts that are down are no reason to use the address");
}

#[tokio::test]
async fn s020_mx_hosts_without_addresses_are_an_error_of_the_domain() {
    let house = direct("far.example MX 10 nowhere.far.example", 25);
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert!(house.files("Drop")[0].contains("Status: 5.4.4"));
}

#[tokio::test]
async fn s021_a_domain_whose_best_mx_host_is_this_server_is_an_error() {
    let house = direct("far.example MX 10 relay.test\n far.example MX 20 other.example", 25);
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert!(house.files("Drop")[0].contains("Status: 5.4.6"));
}

#[tokio::test]
async fn nh18_n001_a_null_mx_is_a_failure_at_once() {
    let house = direct("far.example MX 0 .", 25);
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert!(house.files("Drop")[0].contains("Status: 5.1.10"));
}

#[tokio::test]
async fn nh20_a_missing_domain_fails_and_name_servers_that_do_not_answer_defer() {
    let port = free_port();
    let house = direct("far.example MX 10 mx.far.example\n mx.far.example A 127.0.0.2", port);
    house.send(&["bob@nowhere.example"]).await;
    house.emptied().await;
    assert!(house.files("Drop")[0].contains("Status: 5.1.2"));

    house.zone.set_silent(true);
    let waiting = house.send(&["bob@far.example"]).await;
    house.tried(&waiting, 1).await;
    assert!(house.row(&waiting).last_reply.unwrap().starts_with("451 4.4.3"));
    house.zone.set_silent(false);
    let peer = ScriptedPeer::new();
    peer.listen_on(&format!("127.0.0.2:{port}")).await;
    house.dispatcher.retry(&[waiting], "anna");
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
}

#[tokio::test]
async fn s023_all_addresses_of_a_host_are_tried() {
    let port = free_port();
    let zone = "far.example MX 10 mx.far.example\n mx.far.example AAAA ::1\n mx.far.example A 127.0.0.2";
    let house = direct(zone, port);
    let peer = ScriptedPeer::new();
    peer.listen_on(&format!("127.0.0.2:{port}")).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
}

#[tokio::test]
async fn an_address_literal_is_its_own_next_hop() {
    let port = free_port();
    let house = direct("", port);
    let peer = ScriptedPeer::new();
    peer.listen_on(&format!("127.0.0.2:{port}")).await;
    house.send(&["bob@[127.0.0.2]"]).await;
    house.emptied().await;
    assert!(peer.commands().contains(&"RCPT TO:<bob@[127.0.0.2]>".to_owned()));
}

#[tokio::test]
async fn a_wildcard_route_takes_the_mail_of_subdomains_and_leaves_the_rest() {
    let (general, special) = (ScriptedPeer::new(), ScriptedPeer::new());
    let (general_port, special_port) = (general.listen().await.port(), special.listen().await.port());
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(smart_host(general_port));
        settings.domains.push(RemoteDomain {
            smart_host: Some(smart_host(special_port)),
            ..RemoteDomain::new(DomainPattern::Below(domain("partner.example")))
        });
    });
    house.send(&["bob@sub.partner.example", "bob@partner.example"]).await;
    house.emptied().await;
    assert!(special.commands().contains(&"RCPT TO:<bob@sub.partner.example>".to_owned()));
    assert!(general.commands().contains(&"RCPT TO:<bob@partner.example>".to_owned()));
    assert_eq!((special.contents().len(), general.contents().len()), (1, 1));
}

#[tokio::test]
async fn direct_first_uses_the_smart_host_where_no_mx_host_answers() {
    let smart = ScriptedPeer::new();
    let smart_port = smart.listen().await.port();
    let port = free_port();
    let house = House::new(TWO_HOSTS, |settings| {
        settings.delivery.connections.port = port;
        settings.delivery.advanced.direct_first = true;
        settings.delivery.advanced.smart_host = Some(smart_host(smart_port));
    });
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(smart.contents().len(), 1);
    let host = ScriptedPeer::new();
    host.listen_on(&format!("127.0.0.3:{port}")).await;
    skip(HOUR).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!((smart.contents().len(), host.contents().len()), (1, 1));
}

#[tokio::test]
async fn lp04_a_smart_host_that_is_this_server_is_recognised_before_a_word_is_said() {
    let ourselves = ScriptedPeer::new();
    let address = ourselves.listen().await;
    let house = House::new("", |settings| {
        settings.general.listen = vec![address];
        settings.delivery.advanced.smart_host = Some(smart_host(address.port()));
    });
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert!(house.files("Drop")[0].contains("Status: 5.4.6"));
    assert!(ourselves.commands().is_empty());
}

#[tokio::test]
async fn a_new_smart_host_takes_what_waits_for_the_old_one() {
    let house = House::with_smart_host(free_port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    house.change(|settings| settings.delivery.advanced.smart_host = Some(smart_host(port)));
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1);
}

//! What happens on the wire between us and a next hop, message by message.

use super::*;
use crate::house::BODY;
use mailroot::mail::{Body, ReversePath, Xtext};

fn recipients(peer: &ScriptedPeer) -> Vec<String> {
    peer.commands().into_iter().filter(|command| command.starts_with("RCPT")).collect()
}

#[tokio::test]
async fn a_message_arrives_byte_for_byte() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    let stuffed = BODY.replace("\r\n.", "\r\n..");
    let expected = format!("Received: by relay.test; now\r\nSubject: Test\r\n\r\n{stuffed}");
    assert_eq!(peer.contents(), [expected.into_bytes()]);
}

#[tokio::test]
async fn s013_one_copy_goes_to_many_recipients_of_one_host() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]);
    let house = House::with_smart_host(peer.listen().await.port());
    let addresses: Vec<String> = (0..20).map(|i| format!("u{i}@d{}.example", i % 3)).collect();
    house.send(&addresses.iter().map(String::as_str).collect::<Vec<_>>()).await;
    house.emptied().await;
    assert_eq!((recipients(&peer).len(), peer.contents().len()), (20, 1));
}

#[tokio::test]
async fn s014_recipients_beyond_the_limit_of_a_server_go_in_further_transactions() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("250 ok"), say("250 ok"), say("452 4.5.3 too many")]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["a@far.example", "b@far.example", "c@far.example", "d@far.example"]).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 2);
    assert_eq!(peer.sessions().len(), 1, "on the same connection");
    let delivered = house.log(&id);
    assert_eq!(delivered.len(), 4);
    assert!(delivered.iter().all(|record| record.attempt == Some(1)));
}

#[tokio::test]
async fn masquerade_replaces_the_local_domain_of_the_reverse_path_only() {
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.delivery.advanced.masquerade_domain = Some(domain("public.example"));
    });
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    let mut other = from_app(&["bob@far.example"]);
    other.sender = ReversePath::Mailbox(house::address("someone@else.example"));
    house.send_envelope(other).await;
    house.emptied().await;
    let senders: Vec<String> = peer.commands().into_iter().filter(|command| command.starts_with("MAIL")).collect();
    assert_eq!(senders, ["MAIL FROM:<app@public.example>", "MAIL FROM:<someone@else.example>"]);
}

#[tokio::test]
async fn d003_envid_and_ret_reach_a_next_hop_with_dsn() {
    let peer = ScriptedPeer::new().offering(&["DSN"]);
    let house = House::with_smart_host(peer.listen().await.port());
    let mut envelope = from_app(&["bob@far.example"]);
    envelope.envid = Some(Xtext::encode("QQ 1"));
    envelope.ret = Some(mailroot::mail::Return::Headers);
    house.send_envelope(envelope).await;
    house.emptied().await;
    let mail = peer.commands().into_iter().find(|command| command.starts_with("MAIL")).unwrap();
    assert!(mail.contains("ENVID=QQ+201") && mail.contains("RET=HDRS"), "{mail}");
}

#[tokio::test]
async fn e006_what_cannot_be_sent_honestly_is_returned() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    let mut envelope = from_app(&["žofie@far.example"]);
    envelope.smtputf8 = true;
    house.send_envelope(envelope).await;
    house.emptied().await;
    assert!(house.files("Drop")[0].contains("Status: 5.6.7"));
    let mut envelope = from_app(&["bob@far.example"]);
    envelope.body = Body::EightBit;
    house.send_content(envelope, "Subject: x\r\n\r\né\r\n").await;
    house.emptied().await;
    assert!(house.files("Drop").iter().any(|report| report.contains("Status: 5.6.3")));
    assert!(peer.contents().is_empty());
}

#[tokio::test]
async fn a_large_message_is_read_from_its_file() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    let line = format!("{}\r\n", "x".repeat(70));
    let content = format!("Subject: large\r\n\r\n{}", line.repeat(5000));
    house.send_content(from_app(&["bob@far.example"]), &content).await;
    house.emptied().await;
    assert!(peer.contents()[0].ends_with(content.as_bytes()));
}

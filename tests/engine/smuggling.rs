//! Ends of data that are none, through the whole engine: what counts is what the next hop is sent.

use super::attack_vectors::{Vector, vectors};
use super::house::{Place, smart_host};
use super::*;

/// What an attacker wants to be run.
const PROBE: &str =
    "MAIL FROM:<smuggled@x.example>\r\nRCPT TO:<smuggled@open.example>\r\nDATA\r\nSubject: smuggled\r\n";
/// Vectors that do end the data, so that what follows are commands.
const ENDS: [&str; 4] = ["SI26", "SI27", "SI28", "SI33"];

/// Sends each vector in a session of its own, and says how many were taken as a message.
async fn attack(house: &House, recipients: &[&str], taken: impl Fn(&Vector, &str) -> bool) -> usize {
    let address = house.address().await;
    let mut messages = 0;
    let vectors = vectors().into_iter().filter(|vector| vector.class.starts_with("smuggle-in"));
    for vector in vectors {
        let mut client = Client::hello(address).await;
        client.open("<a@x.example>", recipients).await;
        let before = if vector.class == "smuggle-in" { "Subject: x\r\n\r\ntext" } else { "" };
        let payload = vector.octets();
        let behind = if ENDS.contains(&vector.id.as_str()) { "NOOP\r\n" } else { "Subject: y\r\n" };
        let reply = if ENDS.contains(&vector.id.as_str()) {
            client.send([before.as_bytes(), &payload, behind.as_bytes()].concat()).await;
            let reply = client.reply().await;
            client.reply().await;
            reply
        } else {
            client.send([before.as_bytes(), &payload, PROBE.as_bytes(), behind.as_bytes()].concat()).await;
            client.say(".").await
        };
        // One reply to one end of data: whatever is said next is answered next.
        assert!(client.say("VRFY bob").await.starts_with("252 "), "{} is out of step", vector.id);
        assert_eq!(reply.starts_with("250 2.6.0 "), taken(&vector, &reply), "{}: {reply}", vector.id);
        assert!(reply.starts_with("250 2.6.0 ") || reply.starts_with("554 5.6.0 "), "{}: {reply}", vector.id);
        messages += usize::from(reply.starts_with("250 "));
    }
    house.emptied().await;
    messages
}

/// A next hop that was sent this many messages, and nothing that any reader of bare line ends could take for more.
fn assert_harmless(peer: &ScriptedPeer, messages: usize) {
    assert_eq!(peer.contents().len(), messages);
    for command in peer.commands() {
        assert!(!command.contains("smuggled"), "{command}");
    }
    for session in peer.sessions() {
        let rest = session.raw.escape_ascii().to_string().replace(r"\r\n", "");
        assert!(!rest.contains(r"\r") && !rest.contains(r"\n") && !rest.contains(r"\x00"), "{rest}");
    }
}

fn has_bare_line_end(payload: &[u8]) -> bool {
    let rest = payload.escape_ascii().to_string().replace(r"\r\n", "");
    rest.contains(r"\r") || rest.contains(r"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_smuggled_through_a_client_that_may_relay() {
    let peer = ScriptedPeer::new().offering(&["8BITMIME", "PIPELINING"]);
    let house = House::relaying_to(peer.listen().await).await;
    let messages =
        attack(&house, &["b@far.example"], |vector, _| vector.id == "SI27" || !vector.octets().contains(&0)).await;
    assert!(messages >= 15, "{messages}");
    assert_harmless(&peer, messages);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_smuggled_by_an_outsider_to_a_domain_that_is_open() {
    let peer = ScriptedPeer::new().offering(&["8BITMIME", "PIPELINING"]);
    let settings = [
        ("delivery.advanced.smart_host", smart_host(peer.listen().await)),
        ("access.relay.list", "[\"192.0.2.1\"]".to_owned()),
    ];
    let settings = settings.each_ref().map(|(key, value)| (*key, value.as_str()));
    let place = Place::new(&settings).with_domains("[[domain]]\nname = \"open.example\"\nrelay = true\n");
    let house = place.open().await;
    let messages = attack(&house, &["b@open.example", "b@corp.example"], |vector, _| {
        let octets = vector.octets();
        vector.id == "SI27" || !octets.contains(&0) && !has_bare_line_end(&octets)
    })
    .await;
    assert!(messages >= 5, "{messages}");
    assert_harmless(&peer, messages);
    let dropped = house.files("Drop");
    assert_eq!(dropped.len(), messages);
    assert!(dropped.iter().all(|file| !has_bare_line_end(file)));
}

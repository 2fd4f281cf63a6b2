//! Ends of data that are none, and those that are.

use super::*;

/// What stands behind the payload: the commands that an attacker wants to be run.
const PROBE: &str = "MAIL FROM:<smuggled@x.example>\r\nRCPT TO:<smuggled@relay.test>\r\nDATA\r\nSubject: smuggled\r\n";

/// A payload somewhere in the content.
pub(crate) async fn inside(vector: &Vector) {
    let payload = vector.octets();
    if ["SI26", "SI27", "SI28"].contains(&vector.id.as_str()) {
        return real_end(vector, &payload).await;
    }
    for peer in [insider(), outsider()] {
        for chop in [usize::MAX, 1] {
            no_end(peer.clone(), b"Subject: x\r\n\r\ntext", &payload, chop, &vector.id).await;
        }
        chunked(peer, &payload).await;
    }
}

/// A payload as the first octets behind the 354.
pub(crate) async fn at_the_start(vector: &Vector) {
    let payload = vector.octets();
    match vector.id.as_str() {
        "SI29" | "SI32" => {
            for peer in [insider(), outsider()] {
                for chop in [usize::MAX, 1] {
                    no_end(peer.clone(), b"", &payload, chop, &vector.id).await;
                }
            }
        }
        "SI33" => {
            for peer in [insider(), outsider()] {
                let house = House::new();
                let mut session = in_data(&house, peer).await;
                session.send(&payload).await;
                assert_eq!(session.reply().await.codes(), "250 2.6.0");
                assert!(is_in_step(&mut session).await);
                assert_eq!(house.message().body(), b"");
            }
        }
        _ => unknown(vector),
    }
}

/// The payload is content: nothing is said until the real end, then one reply to one message at most, in normal form.
async fn no_end(peer: mailroot::smtp::Peer, before: &[u8], payload: &[u8], chop: usize, id: &str) {
    let house = House::new();
    let trusted = peer.may_relay;
    let mut session = in_data(&house, peer).await;
    let content = [before, payload, PROBE.as_bytes()].concat();
    for piece in content.chunks(chop) {
        session.send(piece).await;
        tokio::task::yield_now().await;
    }
    assert!(session.is_silent().await, "{id}: {payload:?} ended the data");
    session.send("\r\n.\r\n").await;
    let reply = session.reply().await;
    let irregular = payload.contains(&0) || !trusted && has_bare_line_end(payload);
    assert_eq!(reply.codes(), if irregular { "554 5.6.0" } else { "250 2.6.0" }, "{id}: {payload:?}");
    assert!(is_in_step(&mut session).await, "{id}");
    let messages = house.messages();
    assert_eq!(messages.len(), usize::from(!irregular), "{id}");
    for message in messages {
        assert_eq!(message.submission.envelope.sender.to_string(), "a@x.example");
        assert_eq!(message.recipients(), ["b@relay.test"]);
        assert!(is_normal(&message.content), "{id}");
    }
}

/// The payload holds or follows a real end, and the commands behind it are judged on their own.
async fn real_end(vector: &Vector, payload: &[u8]) {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let trusted = peer.may_relay;
        let mut session = in_data(&house, peer).await;
        session.send([b"Subject: x\r\n\r\ntext", payload, b"NOOP\r\n"].concat()).await;
        let (end, then) = match vector.id.as_str() {
            "SI27" => ("250 2.6.0", "501 5.5.2"),
            "SI28" if trusted => ("250 2.6.0", "250 2.0.0"),
            "SI26" | "SI28" => ("554 5.6.0", "250 2.0.0"),
            _ => unknown(vector),
        };
        assert_eq!(session.reply().await.codes(), end);
        assert_eq!(session.reply().await.codes(), then);
        assert!(is_in_step(&mut session).await);
        assert!(house.messages().iter().all(|message| is_normal(&message.content)));
    }
}

/// In a chunk the payload ends nothing either, and what is kept of it has the same normal form.
async fn chunked(peer: mailroot::smtp::Peer, payload: &[u8]) {
    let house = House::new();
    let trusted = peer.may_relay;
    let mut session = Session::hello(&house, peer).await;
    session.envelope(&["b@relay.test"]).await;
    let content = [b"Subject: x\r\n\r\ntext", payload, PROBE.as_bytes()].concat();
    session.send(format!("BDAT {} LAST\r\n", content.len())).await;
    session.send(&content).await;
    let irregular = payload.contains(&0) || !trusted && has_bare_line_end(payload);
    assert_eq!(session.reply().await.code, if irregular { 554 } else { 250 }, "{payload:?}");
    assert!(is_in_step(&mut session).await);
    assert_eq!(house.messages().len(), usize::from(!irregular));
    assert!(house.messages().iter().all(|message| is_normal(&message.content)));
}

async fn in_data(house: &Arc<House>, peer: mailroot::smtp::Peer) -> Session {
    let mut session = Session::hello(house, peer).await;
    session.envelope(&["b@relay.test"]).await;
    assert_eq!(session.say("DATA").await.code, 354);
    session
}

fn has_bare_line_end(octets: &[u8]) -> bool {
    let text = octets.iter().map(|&b| char::from(b)).collect::<String>().replace("\r\n", "");
    text.contains(['\r', '\n'])
}

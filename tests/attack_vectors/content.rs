//! What stands in the content.

use super::*;

/// Runs a vector of the classes about content.
pub(crate) async fn run(vector: &Vector) {
    match vector.id.as_str() {
        "SI34" => end_in_segments(vector).await,
        "SI37" => {
            let content = vector.octets();
            assert_eq!(kept(outsider(), content.strip_suffix(b".\r\n").unwrap()).await, b"\r\n.\r\n.x\r\ny\r\n");
        }
        "SI39" => cut_off(vector).await,
        "SI40" => {
            let mut session = Session::hello(&House::new(), outsider()).await;
            session.envelope(&["b@relay.test"]).await;
            session.send("BDAT 1 LAST\r\nx").await;
            assert_eq!(session.reply().await.code, 250);
            assert_eq!(session.house.message().body(), b"x\r\n");
        }
        // A line of its own for whoever may relay: such a client may write any header as it is. It is no recipient.
        "HD01" | "HD03" => {
            let octets = vector.octets();
            refused(outsider(), &octets, "554 5.6.0").await;
            let mended = String::from_utf8(octets.clone()).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
            assert_eq!(kept(insider(), &octets).await, mended.as_bytes());
        }
        "HD04" => {
            for peer in [insider(), outsider()] {
                refused(peer, &vector.octets(), "554 5.6.0").await;
            }
        }
        // The row has no end to its last line.
        "SI38" => {
            let content = [vector.octets(), b"\r\n".to_vec()].concat();
            assert_eq!(kept(insider(), &content).await, content);
        }
        "HD05" | "HD06" | "HD08" => {
            for peer in [insider(), outsider()] {
                assert_eq!(kept(peer, &vector.octets()).await, vector.octets());
            }
        }
        "LP01" => {
            for peer in [insider(), outsider()] {
                refused(peer, "Received: x\r\n".repeat(101).as_bytes(), "554 5.4.6").await;
            }
        }
        // There is no directory of users: mail for a local domain goes to Drop whoever it is for, so that none is
        // accepted to be returned. What is not local is refused in the session.
        "LP08" => {
            let lines = ["MAIL FROM:<victim@victim.example>", "RCPT TO:<nobody@relay.test>", "RCPT TO:<x@y.example>"];
            assert_eq!(codes(outsider(), &lines).await, ["250 2.1.0", "250 2.1.5", "550 5.7.1"]);
        }
        _ => unknown(vector),
    }
}

async fn kept(peer: mailroot::smtp::Peer, content: &[u8]) -> Vec<u8> {
    let house = House::new();
    let mut session = Session::hello(&house, peer).await;
    assert_eq!(session.deliver(&["b@relay.test"], content).await.codes(), "250 2.6.0");
    let message = house.message();
    assert_eq!(message.recipients(), ["b@relay.test"]);
    message.body().to_vec()
}

async fn refused(peer: mailroot::smtp::Peer, content: &[u8], codes: &str) {
    let house = House::new();
    let mut session = Session::hello(&house, peer).await;
    assert_eq!(session.deliver(&["b@relay.test"], content).await.codes(), codes);
    assert!(is_in_step(&mut session).await);
    assert!(house.messages().is_empty());
}

async fn end_in_segments(vector: &Vector) {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["b@relay.test"]).await;
    session.say("DATA").await;
    session.send("text").await;
    for segment in vector.bytes.split('|') {
        tokio::time::sleep(Duration::from_millis(50)).await;
        session.send(unescape(segment)).await;
    }
    assert_eq!(session.reply().await.codes(), "250 2.6.0");
    assert!(is_in_step(&mut session).await);
    assert_eq!(house.message().body(), b"text\r\n");
}

async fn cut_off(vector: &Vector) {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["b@relay.test"]).await;
    session.say("DATA").await;
    session.send(unescape(vector.bytes.strip_suffix("<FIN>").unwrap())).await;
    assert!(session.leave().await.is_empty());
    session.join().await;
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

//! Addresses that somebody might cut, fold, run or open.

use super::*;

/// Runs a vector of the class address.
pub(crate) async fn run(vector: &Vector) {
    match vector.id.as_str() {
        "AD01" => sender(&format!("{}@x.example", "a".repeat(64)), "250 2.1.0").await,
        // Longer than it has to be, but whole.
        "AD02" => sender(&format!("{}@x.example", "a".repeat(65)), "250 2.1.0").await,
        "AD04" => recipient(&format!("a@{}.example", "d".repeat(64)), "501 5.1.2").await,
        "AD05" => sender(&format!("{}@{}", "a".repeat(150), "b".repeat(150)), "501 5.1.7").await,
        "AD06" => sender(between(&vector.bytes, "<", ">"), "501 5.1.8").await,
        "AD07" => {
            let address = String::from_utf8(unescape(between(&vector.bytes, "<", ">"))).unwrap();
            recipient(&address, "553 5.6.7").await;
            let lines = ["MAIL FROM:<> SMTPUTF8", &format!("RCPT TO:<{address}>"), "DATA", "."];
            let house = House::new();
            let mut session = Session::hello(&house, insider()).await;
            assert_eq!(session.codes(&lines).await, [250, 250, 354, 250]);
            assert_eq!(house.message().recipients(), [address]);
        }
        // Text, kept as it is, where it is a mailbox at all.
        "AD08" => {
            sender(";sleep 10;@x.example", "501 5.1.7").await;
            sender("`id`@x", "250 2.1.0").await;
            sender("$(id)@x", "501 5.1.7").await;
            sender("|/bin/sh@x", "250 2.1.0").await;
        }
        "AD10" => {
            recipient("../../../../etc/cron.d/x@relay.test", "250 2.1.5").await;
            recipient("/etc/passwd@relay.test", "250 2.1.5").await;
            assert_eq!(codes(outsider(), &["MAIL FROM:<>", "RCPT TO:</etc/passwd>"]).await[1], "550 5.7.1");
        }
        "AD11" => {
            recipient("CON@relay.test", "250 2.1.5").await;
            recipient("nul.txt@relay.test", "250 2.1.5").await;
            recipient("a:b@relay.test", "501 5.1.3").await;
        }
        "AD12" => {
            let mut session = Session::hello(&House::new(), insider()).await;
            session.send(unescape(&vector.bytes)).await;
            session.send("\r\n").await;
            assert_eq!(session.reply().await.codes(), "501 5.1.7");
            assert_eq!(session.reply().await.codes(), "500 5.5.1");
        }
        "AD18" => {
            sender("a@[127.0.0.1]", "250 2.1.0").await;
            sender("a@[IPv6:::1]", "250 2.1.0").await;
            sender("a@[IPv6:1:2:3:4:5:6:7]", "501 5.1.8").await;
            sender("a@[tag:x]", "501 5.1.8").await;
        }
        "AD19" => {
            for address in ["postmaster", "Postmaster", "POSTMASTER@RELAY.TEST"] {
                recipient(address, "250 2.1.5").await;
            }
        }
        "AD20" => recipient(between(&vector.bytes, "<", ">"), "501 5.1.2").await,
        _ => unknown(vector),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.rsplit_once(end).unwrap().0
}

/// The reply to a sender; one that is accepted is kept whole.
async fn sender(address: &str, expected: &str) {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        assert_eq!(session.say(&format!("MAIL FROM:<{address}>")).await.codes(), expected, "{address}");
        if expected.starts_with('2') {
            assert_eq!(session.codes(&["RCPT TO:<b@relay.test>", "DATA", "."]).await, [250, 354, 250]);
            assert_eq!(house.message().submission.envelope.sender.to_string(), address);
        }
    }
}

/// The reply to a recipient; one that is accepted is kept whole.
async fn recipient(address: &str, expected: &str) {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        session.say("MAIL FROM:<>").await;
        assert_eq!(session.say(&format!("RCPT TO:<{address}>")).await.codes(), expected, "{address}");
        if expected.starts_with('2') {
            assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
            let kept = house.message();
            let whole = if address.contains('@') { address.to_owned() } else { format!("{address}@relay.test") };
            assert_eq!(kept.recipients(), [whole]);
        }
    }
}

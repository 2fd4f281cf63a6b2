//! An outsider who wants to relay, in every known disguise.

use super::*;

/// Runs a vector of the class open-relay.
pub(crate) async fn run(vector: &Vector) {
    match vector.id.as_str() {
        // Names of our own domain, which must be told to be just that.
        "OR23" | "OR24" => verdicts(vector, "250 2.1.5").await,
        "OR41" => {
            for hello in ["HELO relay.test", "HELO [127.0.0.1]", "EHLO relay.test"] {
                refused(&[hello], "MAIL FROM:<a@x.example>", "RCPT TO:<victim@victim.example>").await;
            }
        }
        "OR43" => {
            let before = ["EHLO x", "AUTH PLAIN AGEAYg==", "RSET"];
            refused(&[&before[..], &["STARTTLS"]].concat(), "MAIL FROM:<a@x.example>", VICTIM).await;
            refused_under_tls(&before, "MAIL FROM:<a@x.example>").await;
        }
        "OR44" => {
            refused(&["EHLO x"], &vector.bytes, VICTIM).await;
            refused_under_tls(&["EHLO x"], &vector.bytes).await;
        }
        "OR33" | "OR34" => {
            for recipient in recipients(vector) {
                refused(&["EHLO x"], "MAIL FROM:<a@x.example> SMTPUTF8", &recipient).await;
            }
        }
        id if KNOWN.contains(&id) => {
            for recipient in recipients(vector) {
                refused(&["EHLO x"], "MAIL FROM:<>", &recipient).await;
                refused(&["EHLO x"], "MAIL FROM:<a@relay.test>", &recipient).await;
            }
        }
        _ => unknown(vector),
    }
}

/// Vectors that are a RCPT, or several, to be refused.
const KNOWN: [&str; 22] = [
    "OR01", "OR05", "OR07", "OR08", "OR11", "OR12", "OR13", "OR14", "OR15", "OR16", "OR18", "OR19", "OR22", "OR25",
    "OR26", "OR27", "OR28", "OR29", "OR30", "OR31", "OR36", "OR38",
];

/// The RCPT commands of a row: two spaces stand between them, and a remark in parentheses may follow.
fn recipients(vector: &Vector) -> Vec<String> {
    let start = vector.bytes.find("RCPT TO:").unwrap();
    let text = vector.bytes[start..].split(" (").next().unwrap();
    text.split("  ").map(|command| String::from_utf8(unescape(command)).unwrap()).collect()
}

const VICTIM: &str = "RCPT TO:<victim@victim.example>";

/// The same where logins and AUTH= are offered.
async fn refused_under_tls(before: &[&str], mail: &str) {
    let house = House::secure();
    let mut session = Session::secure(&house, outsider()).await;
    for line in before.iter().chain(&[mail]) {
        session.say(line).await;
    }
    assert_eq!(session.codes(&[VICTIM, "DATA"]).await, [550, 554]);
    assert!(house.messages().is_empty());
}

async fn refused(before: &[&str], mail: &str, recipient: &str) {
    let house = House::new();
    let mut session = Session::start(&house, outsider()).await;
    for line in before {
        session.say(line).await;
    }
    session.say(mail).await;
    let reply = session.say(recipient).await;
    assert!((500..600).contains(&reply.code), "{recipient:?}: {reply:?}");
    assert!((500..600).contains(&session.say("DATA").await.code), "{recipient:?}");
    assert!(house.messages().is_empty());
}

async fn verdicts(vector: &Vector, expected: &str) {
    for recipient in recipients(vector) {
        assert_eq!(codes(outsider(), &["MAIL FROM:<>", &recipient]).await[1], expected, "{recipient}");
    }
}

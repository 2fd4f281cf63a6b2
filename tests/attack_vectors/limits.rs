//! Too much of everything.

use super::*;

/// Runs a vector of the class limits.
pub(crate) async fn run(vector: &Vector) {
    match vector.id.as_str() {
        "LM01" => assert_eq!(codes(outsider(), &[&format!("NOOP {}", "a".repeat(505))]).await, ["250 2.0.0"]),
        "LM03" => {
            for length in [1000, 3000] {
                let code = codes(outsider(), &[&format!("HELO {}", "a".repeat(length))]).await.remove(0);
                assert!(["501 5.5.4", "500 5.5.2"].contains(&code.as_str()), "{code}");
            }
        }
        "LM06" => {
            let recipients = (0..100).map(|n| format!("u{n}@y.example")).collect::<Vec<_>>();
            let mut session = Session::hello(&House::new(), insider()).await;
            session.envelope(&recipients.iter().map(String::as_str).collect::<Vec<_>>()).await;
        }
        "LM07" => many_recipients().await,
        "LM09" => {
            for size in ["-1", "abc", "123456789012345678901", ""] {
                let line = format!("MAIL FROM:<a@x.example> SIZE={size}");
                assert_eq!(codes(insider(), &[&line]).await, ["501 5.5.4"], "{size}");
            }
        }
        "LM10" => {
            let mut session = Session::hello(&House::new(), insider()).await;
            let lines = ["MAIL FROM:<a@x.example> SIZE=10", "RCPT TO:<b@y.example>", "DATA"];
            assert_eq!(session.codes(&lines).await, [250, 250, 354]);
            session.send("x\r\n".repeat(333_333)).await;
            assert_eq!(session.say(".").await.codes(), "250 2.6.0");
        }
        // Where AUTH is not offered, what follows it is one line that is too long, read up to a bound.
        "LM12" => {
            let mut session = Session::secure(&House::secure(), insider()).await;
            assert_eq!(session.say(&format!("AUTH PLAIN {}", "A".repeat(12_288))).await.codes(), "501 5.5.2");
            let mut session = Session::hello(&House::new(), insider()).await;
            assert_eq!(session.say(&format!("AUTH PLAIN {}", "A".repeat(12_288))).await.codes(), "500 5.5.2");
            assert!(is_in_step(&mut session).await);
        }
        "LM13" => {
            let mut session = Session::secure(&House::secure(), insider()).await;
            assert_eq!(session.say("AUTH PLAIN").await.code, 334);
            let _ = session.try_send("A".repeat(1_000_000)).await;
            assert_eq!(session.rest().await[0].codes(), "500 5.5.6");
            let mut session = Session::hello(&House::new(), insider()).await;
            assert_eq!(session.say("AUTH PLAIN").await.codes(), "502 5.5.1");
            let line = "A".repeat(1_000_000);
            let _ = session.try_send(line).await;
            assert_eq!(session.rest().await[0].codes(), "500 5.5.2");
        }
        "LM19" => {
            for command in ["NOOP\r\n", "RSET\r\n", "EHLO a\r\n", "VRFY a\r\n"] {
                commands::flood(command).await;
            }
        }
        "LM20" => {
            for line in ["WHATISTHIS", "RCPT TO:<v@victim.example>"] {
                errors(line).await;
            }
        }
        "LM21" => {
            let house = House::set(|settings| settings.messages.max_recipients = Some(1000));
            let mut session = Session::hello(&house, insider()).await;
            let mut rounds = 0;
            while rounds < 130 && session.say("MAIL FROM:<a@x.example>").await.code == 250 {
                for n in 0..10 {
                    session.say(&format!("RCPT TO:<u{n}@y.example>")).await;
                }
                rounds += 1;
                if session.say("RSET").await.code == 421 {
                    break;
                }
            }
            assert!(rounds < 130, "nobody stopped it");
        }
        "LM22" => left_at_the_dot().await,
        _ => unknown(vector),
    }
}

async fn many_recipients() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.say("MAIL FROM:<a@x.example>").await;
    for n in 0..1001 {
        let expected = if n < 100 { "250 2.1.5" } else { "452 4.5.3" };
        assert_eq!(session.say(&format!("RCPT TO:<u{n}@y.example>")).await.codes(), expected);
    }
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().recipients().len(), 100);
}

async fn errors(line: &str) {
    let mut session = Session::hello(&House::new(), outsider()).await;
    session.say("MAIL FROM:<a@x.example>").await;
    let begun = tokio::time::Instant::now();
    for n in 1..20u64 {
        let code = session.say(line).await.code;
        assert!((500..600).contains(&code), "{line}");
        assert_eq!(begun.elapsed().as_secs(), n.saturating_sub(10), "{line}");
    }
    assert_eq!(session.say(line).await.codes(), "421 4.7.0");
    assert!(session.rest().await.is_empty());
}

/// A client that ends its side behind the whole message still has it taken; one that ends it before does not.
async fn left_at_the_dot() {
    for (content, kept) in [("Subject: x\r\n\r\ntext\r\n.\r\n", 1), ("Subject: x\r\n\r\ntext\r\n.", 0)] {
        let house = House::new();
        let mut session = Session::hello(&house, insider()).await;
        session.envelope(&["b@y.example"]).await;
        session.say("DATA").await;
        session.send(content).await;
        let said = session.leave().await;
        assert_eq!((said.len(), house.messages().len()), (kept, kept));
        session.join().await;
        assert_eq!(house.open_drafts(), 0);
    }
}

//! MAIL and RCPT: who is told what, and whose reply is whose.

use super::*;

#[tokio::test]
async fn s013_many_recipients_share_one_transaction_and_one_copy() {
    for peer in both_ways() {
        let locals: Vec<String> = (0..20).map(|i| format!("r{i}")).collect();
        let locals: Vec<&str> = locals.iter().map(String::as_str).collect();
        let outcome = send(&mut connect(&peer).await, &locals).await.unwrap();
        assert_eq!(letters(&outcome), "D".repeat(20));
        assert_eq!(peer.commands().iter().filter(|c| *c == "DATA").count(), 1);
        assert_eq!(peer.contents(), [b"Subject: hello\r\n\r\n..dot\r\ntext\r\n"]);
    }
}

#[tokio::test]
async fn p005_every_reply_of_a_group_is_checked_and_belongs_to_its_recipient() {
    for peer in both_ways() {
        let peer = peer
            .on("RCPT TO:<no@", say("550 5.1.1 no such user"))
            .on("RCPT TO:<later@", say("450 4.2.1 greylisted"))
            .on("RCPT TO:<moved@", say("551 5.1.6 elsewhere"));
        let outcome = send(&mut connect(&peer).await, &["a", "no", "b", "later", "moved"]).await.unwrap();
        assert_eq!(letters(&outcome), "DFD4F");
        assert_eq!(reply(&outcome, 1).to_string(), "550 5.1.1 no such user");
        assert_eq!(reply(&outcome, 0).to_string(), "250 2.6.0 taken");
        assert!(outcome.reusable);
    }
}

#[tokio::test]
async fn p005_without_pipelining_each_command_waits_for_its_reply() {
    let (stream, writes) = Watched::new(ScriptedPeer::new().connect());
    let mut connection = open(stream).await.unwrap();
    send(&mut connection, &["a", "b"]).await.unwrap();
    let starts: Vec<String> = writes.lock().unwrap().iter().map(|write| write[..4].to_string()).collect();
    assert_eq!(starts, ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "Subj"]);
}

#[tokio::test]
async fn p005_with_pipelining_the_envelope_is_one_write_and_the_content_another() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]);
    let (stream, writes) = Watched::new(peer.connect());
    let mut connection = open(stream).await.unwrap();
    let content = b"0123456789abcdef0123456789abcd\r\n".repeat(2000);
    let outcome = send_content(&mut connection, &["a", "b", "c"], &content).await.unwrap();
    assert_eq!(letters(&outcome), "DDD");
    assert_eq!(peer.contents(), [content]);
    let writes = writes.lock().unwrap();
    assert_eq!(writes.len(), 3);
    assert!(writes[1].starts_with("MAIL") && writes[1].ends_with("DATA\r\n"));
    assert!(writes[2].ends_with("\r\n.\r\n"));
}

#[tokio::test]
async fn a_large_message_arrives_whole() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]);
    let content = b".a line of some length\r\n".repeat(50_000);
    let outcome = send_content(&mut connect(&peer).await, &["a"], &content).await.unwrap();
    assert_eq!(letters(&outcome), "D");
    assert_eq!(peer.contents(), [b"..a line of some length\r\n".repeat(50_000)]);
}

#[tokio::test]
async fn s014_recipients_beyond_the_servers_limit_are_left_for_another_transaction() {
    for offer in [&[][..], &["PIPELINING"][..]] {
        let limit = [vec![say("250 ok"); 100], vec![say("452 4.5.3 too many recipients"); 150]].concat();
        let peer = ScriptedPeer::new().offering(offer).first("RCPT", limit);
        let locals: Vec<String> = (0..250).map(|i| format!("r{i}")).collect();
        let locals: Vec<&str> = locals.iter().map(String::as_str).collect();
        let mut connection = connect(&peer).await;
        let outcome = send(&mut connection, &locals).await.unwrap();
        assert_eq!(letters(&outcome), "D".repeat(100) + &"U".repeat(150));
        assert!(outcome.reusable);
        assert_eq!(peer.contents().len(), 1);
        // The limit showed in the second flight at the latest: the third was not sent.
        assert!(peer.commands().iter().filter(|c| c.starts_with("RCPT")).count() <= 200);
    }
}

#[tokio::test]
async fn s015_552_for_too_many_recipients_is_temporary() {
    for peer in both_ways() {
        let peer = peer.on("RCPT TO:<x@", say("552 too many recipients"));
        assert_eq!(letters(&send(&mut connect(&peer).await, &["a", "x", "x"]).await.unwrap()), "DUU");
        assert_eq!(letters(&send(&mut connect(&peer).await, &["x"]).await.unwrap()), "4");
        let peer = ScriptedPeer::new().on("RCPT TO:<x@", say("550 5.5.3 too many recipients"));
        assert_eq!(letters(&send(&mut connect(&peer).await, &["a", "x"]).await.unwrap()), "DU");
    }
}

#[tokio::test]
async fn a_full_mailbox_is_no_limit_of_recipients() {
    let peer = ScriptedPeer::new()
        .on("RCPT TO:<full@", say("452 4.2.2 mailbox full"))
        .on("RCPT TO:<over@", say("552 5.2.2 mailbox full"));
    assert_eq!(letters(&send(&mut connect(&peer).await, &["a", "full", "over", "b"]).await.unwrap()), "D4FD");
}

#[tokio::test]
async fn m008_the_limits_a_server_announces_are_kept() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING", "LIMITS RCPTMAX=2 MAILMAX=2"]);
    let mut connection = connect(&peer).await;
    let first = send(&mut connection, &["a", "b", "c"]).await.unwrap();
    assert_eq!((letters(&first).as_str(), first.reusable), ("DDU", true));
    let second = send(&mut connection, &["c"]).await.unwrap();
    assert_eq!((letters(&second).as_str(), second.reusable, connection.is_alive()), ("D", false, false));
    connection.quit().await;
    assert_eq!(peer.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn m008_different_domains_are_counted() {
    let peer = ScriptedPeer::new().offering(&["LIMITS RCPTDOMAINMAX=1"]);
    let [a, b, c] = ["a@one.example", "b@two.example", "c@one.example"].map(|to| Recipient::new(address(to)));
    let mut connection = connect(&peer).await;
    let outcome =
        connection.deliver(&transaction(&ReversePath::Null, &[&a, &b, &c]), &mut Pieces::new(CONTENT)).await.unwrap();
    assert_eq!(letters(&outcome), "DUD");
}

#[tokio::test]
async fn s012_a_refused_sender_fails_the_recipients_of_this_message_and_not_the_connection() {
    for peer in both_ways() {
        let peer = peer.first("MAIL", vec![say("550 5.7.1 not you")]).first("RCPT", vec![say("503 no mail"); 2]);
        let peer = peer.first("DATA", vec![say("503 no mail")]);
        let mut connection = connect(&peer).await;
        let outcome = send(&mut connection, &["a", "b"]).await.unwrap();
        assert_eq!((letters(&outcome).as_str(), outcome.reusable), ("FF", true));
        assert_eq!(reply(&outcome, 1).to_string(), "550 5.7.1 not you");
    }
    let peer = ScriptedPeer::new().first("MAIL", vec![say("450 4.7.1 later")]);
    let mut connection = connect(&peer).await;
    assert_eq!(letters(&send(&mut connection, &["a", "b"]).await.unwrap()), "44");
    assert_eq!(letters(&send(&mut connection, &["a", "b"]).await.unwrap()), "DD");
}

#[tokio::test]
async fn s025_251_is_success() {
    let peer = ScriptedPeer::new().on("RCPT", say("251 will forward"));
    assert_eq!(letters(&send(&mut connect(&peer).await, &["a"]).await.unwrap()), "D");
}

#[tokio::test]
async fn s004_the_first_digit_decides() {
    for (code, expected) in [(299, "D"), (499, "4"), (599, "F")] {
        for peer in both_ways() {
            let peer = peer.on("RCPT", say(format!("{code} x"))).on("DATA", say("354 go"));
            assert_eq!(letters(&send(&mut connect(&peer).await, &["a"]).await.unwrap()), expected, "{code}");
        }
    }
    let peer = ScriptedPeer::new().on("DATA", say("399 go"));
    assert_eq!(letters(&send(&mut connect(&peer).await, &["a"]).await.unwrap()), "D");
    let peer = ScriptedPeer::new().on("RCPT", say("399 go"));
    assert!(matches!(send(&mut connect(&peer).await, &["a"]).await, Err(ClientError::OutOfStep { .. })));
}

#[tokio::test]
async fn nh12_where_all_recipients_are_refused_and_data_is_taken_only_a_dot_is_sent() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]).on("RCPT", say("550 5.1.1 no"));
    let mut connection = connect(&peer).await;
    let outcome = send(&mut connection, &["a", "b"]).await.unwrap();
    assert_eq!((letters(&outcome).as_str(), outcome.reusable), ("FF", true));
    assert_eq!(peer.contents(), [b""]);
}

#[tokio::test]
async fn e006_one_internationalised_recipient_fails_alone() {
    let peer = ScriptedPeer::new();
    let [plain, utf8] = ["a@dest.example", "björn@dest.example"].map(|to| Recipient::new(address(to)));
    let mut connection = connect(&peer).await;
    let list = [&utf8, &plain];
    let transaction = transaction(&ReversePath::Null, &list);
    let outcome = connection.deliver(&transaction, &mut Pieces::new(CONTENT)).await.unwrap();
    assert_eq!(letters(&outcome), "FD");
    assert_eq!(reply(&outcome, 0).status, Some(EnhancedStatus::new(5, 6, 7)));
    assert!(!peer.commands().iter().any(|command| command.contains("björn")));
}

#[tokio::test]
async fn z006_s008_a_message_the_hop_cannot_take_is_refused_without_a_word() {
    let peer = ScriptedPeer::new().offering(&["SIZE 1000"]);
    let mut connection = connect(&peer).await;
    let recipient = Recipient::new(address("a@dest.example"));
    let list = [&recipient];
    let large = Transaction { size: 1001, ..transaction(&ReversePath::Null, &list) };
    let outcome = connection.deliver(&large, &mut Pieces::new(CONTENT)).await.unwrap();
    assert_eq!(reply(&outcome, 0).code, 552);
    let eight_bit = Transaction { eight_bit: true, ..transaction(&ReversePath::Null, &list) };
    let outcome = connection.deliver(&eight_bit, &mut Pieces::new(CONTENT)).await.unwrap();
    assert_eq!((letters(&outcome).as_str(), reply(&outcome, 0).code, outcome.reusable), ("F", 554, true));
    assert_eq!(peer.commands(), ["EHLO relay.example"]);
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D");
    assert_eq!(peer.commands()[1], format!("MAIL FROM:<app@corp.example> SIZE={}", CONTENT.len()));
}

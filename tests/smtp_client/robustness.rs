//! Servers that say nonsense, too much, or nothing.

use super::*;

#[tokio::test]
async fn nh03_bare_line_feeds_in_replies_are_tolerated() {
    for peer in both_ways() {
        let peer = peer.on(GREETING, say("220 mx\n")).on("MAIL", say("250 ok\n")).on("RCPT", say("250-x\n250 ok\n"));
        assert_eq!(letters(&send(&mut connect(&peer).await, &["a"]).await.unwrap()), "D");
    }
}

#[tokio::test]
async fn nh04_nh05_what_is_no_reply_is_a_temporary_failure() {
    for text in ["199 x", "600 x", "25 x", "abc", "250-a\r\n550 b", "-1", "\0\0\0"] {
        for command in [GREETING, "EHLO", "MAIL", "RCPT", "DATA", END_OF_DATA] {
            let peer = ScriptedPeer::new().offering(&["PIPELINING"]).on(command, say(text));
            let result = match open(peer.connect()).await {
                Ok(mut connection) => send(&mut connection, &["a"]).await,
                Err(error) => Err(error),
            };
            let error = result.unwrap_err();
            assert!(matches!(error, ClientError::BadReply { .. }), "{error}");
            assert_eq!(error.to_reply().code, 451);
        }
    }
}

#[tokio::test]
async fn endless_replies_are_cut_off() {
    for flood in [b"250-x\r\n".repeat(100_000), vec![b'x'; 1_000_000]] {
        let peer = ScriptedPeer::new().on("MAIL", say(flood));
        let error = send(&mut connect(&peer).await, &["a"]).await.unwrap_err();
        assert!(matches!(error, ClientError::BadReply { stage: Stage::Mail, .. }), "{error}");
        assert!(error.to_reply().text.len() < 200);
    }
}

#[tokio::test]
async fn nh14_nh15_a_refusal_reaches_the_reader_harmless() {
    let peer = ScriptedPeer::new()
        .on("RCPT TO:<a@", say(b"550 <\xe2\x80\xae moc.knab@x>\r\n"))
        .on("RCPT TO:<b@", say(b"550 \xff\xfe raw bytes\r\n"));
    let outcome = send(&mut connect(&peer).await, &["a", "b"]).await.unwrap();
    assert_eq!(reply(&outcome, 0).to_string(), "550 <<U+202E> moc.knab@x>");
    assert_eq!(reply(&outcome, 1).to_string(), "550 <FF><FE> raw bytes");
}

#[tokio::test]
async fn s016_421_at_any_point_ends_the_connection_and_defers() {
    for command in [GREETING, "EHLO", "MAIL", "RCPT", "DATA", END_OF_DATA] {
        for peer in both_ways() {
            let peer = peer.on(command, say_and_close("421 4.3.2 shutting down"));
            let result = match open(peer.connect()).await {
                Ok(mut connection) => send(&mut connection, &["a", "b"]).await,
                Err(error) => Err(error),
            };
            let error = result.unwrap_err();
            assert_eq!(error.refusal().unwrap().to_string(), "421 4.3.2 shutting down", "{command}");
            assert!(!error.may_have_delivered());
        }
    }
}

#[tokio::test]
async fn s016_421_before_it_was_asked_for_is_understood() {
    let peer = ScriptedPeer::new().on("RCPT", say("250 ok\r\n421 4.3.2 shutting down"));
    let error = send(&mut connect(&peer).await, &["a", "b"]).await.unwrap_err();
    assert_eq!(error.refusal().unwrap().code, 421);
}

#[tokio::test]
async fn a_server_that_refuses_and_hangs_up_did_refuse() {
    for hang_up in [say_and_close("550 5.7.1 blocked"), say_and_close("550-5.7.1 bl\r\n550 5.7.1 ocked\r\n421 bye")] {
        for (command, expected) in [("MAIL", "FF"), ("RCPT TO:<b@", "4F"), ("RCPT TO:<a@", "F4")] {
            for peer in both_ways() {
                let peer = peer.on(command, hang_up.clone());
                let outcome = send(&mut connect(&peer).await, &["a", "b"]).await.unwrap();
                assert_eq!((letters(&outcome).as_str(), outcome.reusable), (expected, false), "{command}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn s009_nh09_every_wait_is_as_long_as_the_standard_asks_and_then_ends() {
    let waits = [(GREETING, 5), ("EHLO", 5), ("MAIL", 5), ("RCPT", 5), ("DATA", 2), (END_OF_DATA, 10)];
    for (command, minutes) in waits {
        for peer in both_ways() {
            let peer = peer.on(command, Act::Freeze);
            let start = Instant::now();
            let result = match open(peer.connect()).await {
                Ok(mut connection) => send(&mut connection, &["a"]).await,
                Err(error) => Err(error),
            };
            let error = result.unwrap_err();
            assert!(matches!(error, ClientError::TimedOut { .. }), "{error}");
            assert_eq!(start.elapsed().as_secs(), minutes * 60, "{command}");
            assert_eq!(error.may_have_delivered(), command == END_OF_DATA);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn s009_a_server_that_takes_no_more_content_is_given_up_after_three_minutes() {
    let (stream, mut server) = tokio::io::duplex(1024);
    let talk = tokio::spawn(async move {
        answer(&mut server, &["220 mx", "250 mx", "250 ok", "250 ok", "354 go"]).await;
        std::future::pending::<()>().await;
    });
    let mut connection = open(stream).await.unwrap();
    let start = Instant::now();
    let error = send_content(&mut connection, &["a"], &b"line\r\n".repeat(1000)).await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { stage: Stage::Content, .. }), "{error}");
    assert_eq!(start.elapsed(), 3 * MINUTE);
    assert!(!error.may_have_delivered());
    talk.abort();
}

#[tokio::test(start_paused = true)]
async fn waits_are_bounded_by_the_setting() {
    let peer = ScriptedPeer::new().on(END_OF_DATA, Act::Ignore);
    let timeouts = Timeouts::bounded_by(Duration::from_secs(30));
    let mut connection = Connection::open(peer.connect(), Opening::plain(&hello(), timeouts)).await.unwrap();
    let error = send(&mut connection, &["a"]).await.unwrap_err();
    let text = "timed out after 30s while waiting for the reply to the end of data";
    assert_eq!(error.to_string(), text);
}

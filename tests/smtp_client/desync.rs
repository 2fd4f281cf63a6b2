//! Servers that send more replies than there were commands.

use super::*;

#[tokio::test]
async fn nh06_two_replies_to_one_recipient_settle_nobody() {
    for text in ["250 ok\r\n250 ok\r\n", "550 no\r\n550 no\r\n", "250 ok\r\n550 no\r\n", "550 no\r\n250 ok\r\n"] {
        for peer in both_ways() {
            for locals in [&["twice", "b"][..], &["twice"], &["a", "twice"], &["a", "twice", "b"]] {
                let peer = peer.clone().on("RCPT TO:<twice@", say(text));
                let mut connection = connect(&peer).await;
                let error = send(&mut connection, locals).await.unwrap_err();
                assert!(matches!(error, ClientError::OutOfStep { .. }), "{error} {locals:?}");
                assert!(!connection.is_alive() && peer.contents().iter().all(Vec::is_empty), "{text} {locals:?}");
            }
        }
    }
}

#[tokio::test]
async fn nh06_a_reply_too_many_for_mail_does_not_fail_a_recipient() {
    for peer in both_ways() {
        let peer = peer.on("MAIL", say("250 ok\r\n250 ok")).on("RCPT TO:<no@", say("550 no"));
        assert!(send(&mut connect(&peer).await, &["no", "a"]).await.is_err());
        assert!(send(&mut connect(&peer).await, &["a", "no"]).await.is_err());
        assert!(peer.contents().iter().all(Vec::is_empty));
    }
}

#[tokio::test]
async fn nh06_a_reply_that_comes_late_shows_at_rset() {
    for late in ["354 go", "503 no recipients"] {
        for peer in both_ways() {
            let peer = peer.on("RCPT", say("550 no")).on("DATA", say("554 no recipients")).on("RSET", say(late));
            let error = send(&mut connect(&peer).await, &["a"]).await.unwrap_err();
            assert!(matches!(error, ClientError::OutOfStep { stage: Stage::Reset, .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn nh06_a_verdict_given_before_the_content_is_none() {
    let peer = ScriptedPeer::new().on("DATA", say("354 go\r\n250 taken"));
    assert!(matches!(send(&mut connect(&peer).await, &["a"]).await, Err(ClientError::OutOfStep { .. })));
    assert!(peer.contents().is_empty());
}

#[tokio::test]
async fn nh06_a_reply_too_many_at_the_dot_ends_the_connection_and_not_the_delivery() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]).on(END_OF_DATA, say("250 taken\r\n250 taken"));
    let mut connection = connect(&peer).await;
    let outcome = send(&mut connection, &["a"]).await.unwrap();
    assert_eq!((letters(&outcome).as_str(), outcome.reusable, connection.is_alive()), ("D", false, false));
}

#[tokio::test]
async fn nh06_a_reply_left_from_the_last_transaction_is_not_taken_for_the_next() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]).on(END_OF_DATA, say("250 taken\r\n250 taken"));
    let mut connection = connect(&peer).await;
    send(&mut connection, &["a"]).await.unwrap();
    assert!(matches!(send(&mut connection, &["b"]).await, Err(ClientError::OutOfStep { .. })));
    assert_eq!(peer.contents().len(), 1);
}

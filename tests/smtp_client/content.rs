//! DATA, the content and its end.

use super::*;

#[tokio::test]
async fn nh07_content_is_not_sent_where_data_is_answered_with_250() {
    for peer in both_ways() {
        let peer = peer.on("DATA", say("250 ok"));
        let mut connection = connect(&peer).await;
        let error = send(&mut connection, &["a"]).await.unwrap_err();
        assert!(matches!(error, ClientError::OutOfStep { stage: Stage::Data, .. }), "{error}");
        assert_eq!((error.to_reply().code, error.may_have_delivered()), (451, false));
        assert!(!connection.is_alive());
        connection.quit().await;
        assert_eq!(peer.commands().last().unwrap(), "DATA");
    }
}

#[tokio::test]
async fn a_refusal_of_data_or_of_the_content_is_for_the_accepted_recipients() {
    for command in ["DATA", END_OF_DATA] {
        for peer in both_ways() {
            let peer = peer.on("RCPT TO:<no@", say("550 5.1.1 no")).on(command, say("451 4.3.0 disk"));
            let mut connection = connect(&peer).await;
            let outcome = send(&mut connection, &["a", "no"]).await.unwrap();
            assert_eq!((letters(&outcome).as_str(), outcome.reusable), ("4F", true), "{command}");
            assert_eq!(peer.commands().last().unwrap(), "RSET");
        }
    }
}

#[tokio::test]
async fn s006_content_with_a_bare_line_end_never_leaves() {
    for bad in ["\n.\nMAIL FROM:<smuggled@x.example>\r\n", "a\rb\r\n", "\r\r\n", "end\r"] {
        let peer = ScriptedPeer::new().offering(&["PIPELINING"]);
        let mut connection = connect(&peer).await;
        let content = format!("Subject: x\r\n\r\ntext{bad}");
        let error = send_content(&mut connection, &["a"], content.as_bytes()).await.unwrap_err();
        assert!(matches!(error, ClientError::BareLineEnd), "{error}");
        assert!(!connection.is_alive());
        connection.quit().await;
        let sessions = peer.sessions();
        assert!(sessions[0].raw.ends_with(b"DATA\r\n") && sessions[0].contents.is_empty());
    }
}

#[tokio::test]
async fn s026_a_connection_lost_at_the_dot_may_have_delivered() {
    let peer = ScriptedPeer::new().on(END_OF_DATA, Act::Close);
    let error = send(&mut connect(&peer).await, &["a"]).await.unwrap_err();
    assert!(matches!(error, ClientError::Lost { stage: Stage::EndOfData, .. }), "{error}");
    assert!(error.may_have_delivered());
    assert_eq!(error.to_reply().status, Some(EnhancedStatus::new(4, 4, 2)));
}

#[tokio::test]
async fn a_connection_lost_before_the_dot_has_not_delivered() {
    for command in ["MAIL", "RCPT", "DATA"] {
        let peer = ScriptedPeer::new().on(command, Act::Close);
        let error = send(&mut connect(&peer).await, &["a"]).await.unwrap_err();
        assert!(matches!(error, ClientError::Lost { .. }) && !error.may_have_delivered(), "{error}");
    }
}

#[tokio::test]
async fn a_last_word_in_the_middle_of_the_content_is_heard() {
    let outcome = cut_short("552 5.3.4 too big").await.unwrap();
    assert_eq!((letters(&outcome).as_str(), outcome.reusable), ("F", false));
    assert_eq!(reply(&outcome, 0).to_string(), "552 5.3.4 too big");
}

#[tokio::test]
async fn success_in_the_middle_of_the_content_is_not_believed() {
    let error = cut_short("250 2.6.0 taken").await.unwrap_err();
    assert!(matches!(error, ClientError::OutOfStep { stage: Stage::Content, .. }), "{error}");
}

/// Sends a large message to a server that says this and closes before it has read all of it.
async fn cut_short(last_word: &str) -> Result<Outcome, ClientError> {
    let (stream, mut server) = tokio::io::duplex(4096);
    let last_word = format!("{last_word}\r\n");
    let talk = tokio::spawn(async move {
        answer(&mut server, &["220 mx", "250 mx", "250 ok", "250 ok", "354 go"]).await;
        server.write_all(last_word.as_bytes()).await.unwrap();
    });
    let mut connection = open(stream).await.unwrap();
    let result = send_content(&mut connection, &["a"], &b"line\r\n".repeat(100_000)).await;
    talk.await.unwrap();
    result
}

#[tokio::test]
async fn nh10_what_happens_after_the_reply_to_the_dot_changes_nothing() {
    let peer = ScriptedPeer::new().on("QUIT", Act::Close);
    let mut connection = connect(&peer).await;
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D");
    connection.quit().await;
    let peer = ScriptedPeer::new().on(END_OF_DATA, say_and_close("250 taken"));
    let mut connection = connect(&peer).await;
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D");
    tokio::task::yield_now().await;
    assert!(!connection.is_alive());
}

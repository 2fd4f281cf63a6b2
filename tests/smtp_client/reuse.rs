//! One connection, several transactions, and its end.

use tokio::time::timeout;

use super::*;

#[tokio::test]
async fn no_rset_stands_between_transactions_that_went_well() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]);
    let mut connection = connect(&peer).await;
    for local in ["a", "b", "c"] {
        assert!(connection.is_alive());
        assert!(send(&mut connection, &[local]).await.unwrap().reusable);
    }
    let mail = "MAIL FROM:<app@corp.example>";
    let expected = [mail, "RCPT TO:<a@dest.example>", "DATA", mail, "RCPT TO:<b@dest.example>", "DATA", mail];
    assert_eq!(peer.commands()[1..8], expected);
}

#[tokio::test]
async fn a_transaction_that_failed_is_reset_before_the_next() {
    for peer in both_ways() {
        let peer = peer.on("RCPT TO:<no@", say("550 no")).first("DATA", vec![say("554 no valid recipients")]);
        let mut connection = connect(&peer).await;
        assert!(send(&mut connection, &["no"]).await.unwrap().reusable);
        assert_eq!(peer.commands().last().unwrap(), "RSET");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_rset_keeps_nobody_waiting() {
    let peer = ScriptedPeer::new().on("RCPT", say("550 no")).on("RSET", Act::Ignore);
    let start = Instant::now();
    let outcome = send(&mut connect(&peer).await, &["a"]).await.unwrap();
    assert_eq!((letters(&outcome).as_str(), outcome.reusable), ("F", false));
    assert_eq!(start.elapsed(), Duration::from_secs(30));
}

#[tokio::test]
async fn an_idle_connection_that_was_spoken_on_or_closed_is_not_alive() {
    for last_word in [Some(b"421 4.4.2 idle too long\r\n"), None] {
        let (stream, mut server) = tokio::io::duplex(4096);
        let (connection, ()) = tokio::join!(open(stream), async {
            answer(&mut server, &["220 mx"]).await;
            server.write_all(b"250 mx\r\n").await.unwrap();
        });
        let mut connection = connection.unwrap();
        assert!(connection.is_alive());
        assert!(timeout(Duration::ZERO, connection.disturbed()).await.is_err());
        match last_word {
            Some(text) => server.write_all(text).await.unwrap(),
            None => drop(server),
        }
        connection.disturbed().await;
        assert!(!connection.is_alive(), "{last_word:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_transaction_dropped_in_its_middle_leaves_no_connection_to_reuse() {
    let peer = ScriptedPeer::new().on("DATA", Act::Ignore);
    let mut connection = connect(&peer).await;
    let abandoned = tokio::time::timeout(MINUTE, send(&mut connection, &["a"])).await;
    assert!(abandoned.is_err());
    assert!(!connection.is_alive());
    connection.quit().await;
    assert_eq!(peer.commands().last().unwrap(), "DATA");
}

#[tokio::test(start_paused = true)]
async fn s017_quit_is_said_and_its_reply_awaited_but_not_for_long() {
    let peer = ScriptedPeer::new();
    let mut connection = connect(&peer).await;
    send(&mut connection, &["a"]).await.unwrap();
    connection.quit().await;
    assert_eq!(peer.commands().last().unwrap(), "QUIT");

    let silent = ScriptedPeer::new().on("QUIT", Act::Freeze);
    let connection = connect(&silent).await;
    let start = Instant::now();
    connection.quit().await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn it_works_over_a_socket_as_well() {
    let peer = ScriptedPeer::new().offering(&["PIPELINING"]);
    let stream = tokio::net::TcpStream::connect(peer.listen().await).await.unwrap();
    let mut connection = open(stream).await.unwrap();
    for _ in 0..3 {
        assert!(connection.is_alive());
        assert_eq!(letters(&send(&mut connection, &["a", "b"]).await.unwrap()), "DD");
    }
    connection.quit().await;
    assert_eq!(peer.contents().len(), 3);
}

//! Greeting, EHLO and HELO.

use super::*;

#[tokio::test(start_paused = true)]
async fn s001_nothing_is_said_before_the_greeting() {
    let peer = ScriptedPeer::new().on(GREETING, Act::SayAfter(3 * Duration::from_secs(1), b"220 late".to_vec()));
    let (connection, silent) = tokio::join!(connect(&peer), async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        peer.sessions()[0].raw.is_empty()
    });
    assert!(silent);
    assert_eq!(connection.remote_name(), "late");
    assert_eq!(peer.commands(), ["EHLO relay.example"]);
}

#[tokio::test]
async fn s002_helo_is_the_fallback_where_ehlo_is_unknown() {
    for code in [500, 501, 502, 504] {
        let peer = ScriptedPeer::new().on("EHLO", say(format!("{code} what?")));
        let mut connection = connect(&peer).await;
        assert!(!connection.extensions().esmtp);
        assert_eq!(letters(&send(&mut connection, &["bob"]).await.unwrap()), "D");
        assert_eq!(peer.commands()[..3], ["EHLO relay.example", "HELO relay.example", "MAIL FROM:<app@corp.example>"]);
    }
}

#[tokio::test]
async fn s003_an_address_literal_is_a_name_too() {
    let peer = ScriptedPeer::new();
    let literal = "[192.0.2.7]".parse().unwrap();
    Connection::open(peer.connect(), Opening::plain(&literal, Timeouts::default())).await.unwrap();
    assert_eq!(peer.commands(), ["EHLO [192.0.2.7]"]);
}

#[tokio::test]
async fn n003_a_refusing_greeting_carries_its_reply_and_gets_a_quit() {
    for greeting in ["521 5.3.2 no mail here", "554 go away", "450 later"] {
        let peer = ScriptedPeer::new().on(GREETING, say(greeting));
        let error = open(peer.connect()).await.err().unwrap();
        assert_eq!(error.refusal().unwrap().to_string(), greeting);
        assert_eq!(error.to_reply().to_string(), greeting);
        assert_eq!(peer.commands(), ["QUIT"]);
    }
}

#[tokio::test]
async fn a_refused_helo_carries_its_reply() {
    let peer = ScriptedPeer::new().on("EHLO", say("550 5.7.1 who are you"));
    let error = open(peer.connect()).await.err().unwrap();
    assert!(matches!(error, ClientError::Refused { stage: Stage::Hello, reply } if reply.code == 550));
}

#[tokio::test]
async fn s005_nh16_a_long_answer_to_ehlo_with_absurd_limits_is_understood() {
    let mut lines = vec!["X-NOISE"; 50];
    lines.extend(["SIZE 99999999999999999999", "LIMITS RCPTMAX=0", "PIPELINING", ""]);
    let mut connection = connect(&ScriptedPeer::new().offering(&lines)).await;
    assert!(connection.extensions().pipelining);
    assert_eq!(connection.extensions().size_limit(), None);
    assert_eq!(letters(&send(&mut connection, &["a", "b"]).await.unwrap()), "DD");
}

#[tokio::test]
async fn the_name_in_the_greeting_is_printable() {
    let peer = ScriptedPeer::new().on(GREETING, say("220 mx\x1b[2J.example hi"));
    assert_eq!(connect(&peer).await.remote_name(), "mx␛[2J.example");
}

//! DATA: the content, its end, and what is refused in it.

use super::*;

#[tokio::test(start_paused = true)]
async fn r026_data_without_a_valid_recipient_is_refused() {
    let mut session = Session::hello(&House::new(), outsider()).await;
    let lines = ["DATA", "MAIL FROM:<a@x.example>", "DATA", "RCPT TO:<victim@victim.example>", "DATA"];
    assert_eq!(session.codes(&lines).await, [503, 250, 503, 550, 554]);
    assert_eq!(session.codes(&["RCPT TO:<b@relay.test>", "DATA"]).await, [250, 354]);
}

#[tokio::test(start_paused = true)]
async fn r027_only_crlf_dot_crlf_ends_the_data() {
    for wrong in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r\n", "\r\n.\r", "\r\n.\r\r\n", "\r\n. \r\n"] {
        for peer in [insider(), outsider()] {
            let house = House::new();
            let trusted = peer.may_relay;
            let mut session = Session::hello(&house, peer).await;
            session.envelope(&["b@relay.test"]).await;
            session.say("DATA").await;
            session.send(format!("Subject: x\r\n\r\ntext{wrong}MAIL FROM:<smuggled@x.example>\r\n")).await;
            assert!(session.is_silent().await, "{wrong:?}");
            let reply = session.say(".").await;
            assert_eq!(reply.code, if trusted || wrong == "\r\n. \r\n" { 250 } else { 554 }, "{wrong:?}");
            assert_eq!(session.say("NOOP").await.code, 250);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r028_a_dot_as_the_first_line_ends_an_empty_message() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().body(), b"");
}

#[tokio::test(start_paused = true)]
async fn r029_stuffed_dots_are_removed() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let reply = session.deliver(&["b@y.example"], "\r\n..\r\n..x\r\n.y\r\n").await;
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), ("250 2.6.0", "<Q0> Queued mail for delivery"));
    assert_eq!(house.message().body(), b"\r\n.\r\n.x\r\ny\r\n");
}

#[tokio::test(start_paused = true)]
async fn r031_every_octet_but_nul_arrives_unchanged() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    let mut content = b"Subject: x\r\n\r\n".to_vec();
    for octet in (1..=255u8).filter(|octet| !matches!(octet, b'\r' | b'\n')) {
        content.extend_from_slice(&[b'x', octet, b'\r', b'\n']);
    }
    assert_eq!(session.deliver(&["b@relay.test"], &content).await.code, 250);
    assert_eq!(house.message().body(), content);
}

#[tokio::test(start_paused = true)]
async fn r031_a_nul_is_refused_at_the_end() {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        assert_eq!(session.deliver(&["b@relay.test"], "a\0b\r\n").await.codes(), "554 5.6.0");
        assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
        assert_eq!(session.deliver(&["b@relay.test"], "ab\r\n").await.code, 250);
    }
}

#[tokio::test(start_paused = true)]
async fn r032_no_line_end_is_added_or_removed() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    for content in ["a\r\n", "a\r\n\r\n\r\n", "\r\n", "\r\n\r\na\r\n"] {
        session.deliver(&["b@y.example"], content).await;
        assert_eq!(house.messages().last().unwrap().body(), content.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn r033_the_250_waits_for_the_commit() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let house = House::troubled(Trouble { commit_waits: Some(Arc::clone(&gate)), ..Trouble::default() });
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.say("DATA").await;
    session.send("Subject: x\r\n.\r\n").await;
    assert!(session.is_silent().await);
    assert!(house.messages().is_empty());
    gate.notify_one();
    assert_eq!(session.reply().await.code, 250);
    assert_eq!(house.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn r034_a_message_that_could_not_be_kept_is_refused_and_nothing_of_it_stays() {
    use std::io::ErrorKind;
    let refusal = mailroot::mail::Reply::new(452, mailroot::mail::EnhancedStatus::new(4, 3, 1), "full");
    let troubles = [
        (Trouble { commit_fails: Some(refusal), ..Trouble::default() }, "452 4.3.1"),
        (Trouble { write_fails: Some(ErrorKind::StorageFull), ..Trouble::default() }, "452 4.3.1"),
        (Trouble { write_fails: Some(ErrorKind::QuotaExceeded), ..Trouble::default() }, "452 4.3.1"),
        (Trouble { write_fails: Some(ErrorKind::Other), ..Trouble::default() }, "451 4.3.0"),
    ];
    for (trouble, codes) in troubles {
        let house = House::troubled(trouble);
        let mut session = Session::hello(&house, insider()).await;
        assert_eq!(session.deliver(&["b@y.example"], "Subject: x\r\n").await.codes(), codes);
        assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
        assert_eq!(session.say("MAIL FROM:<a@x.example>").await.code, 250);
    }
}

#[tokio::test(start_paused = true)]
async fn r041_r042_r043_r044_nothing_below_our_own_field_is_touched() {
    let content = "Return-Path: <z@x.example>\r\nReceived: odd\r\n\tform; whenever\r\nReceived: second\r\n\
                   Bcc: hidden@x.example\r\nResent-To: r@x.example\r\nBad header\r\nFrom: a@x\r\nFrom: b@y\r\n\r\nbody\r\n";
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        assert_eq!(session.deliver(&["b@relay.test"], content).await.code, 250);
        assert_eq!(house.message().body(), content.as_bytes());
    }
}

#[tokio::test(start_paused = true)]
async fn r059_long_lines_pass_unchanged_up_to_their_bound() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    for length in [998, 5000, 65_536] {
        let content = format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(length));
        assert_eq!(session.deliver(&["b@relay.test"], &content).await.code, 250);
        assert_eq!(house.messages().last().unwrap().body(), content.as_bytes());
    }
    let reply = session.deliver(&["b@relay.test"], format!("{}\r\n", "x".repeat(65_537))).await;
    assert_eq!(reply.codes(), "554 5.6.0");
}

#[tokio::test(start_paused = true)]
async fn r060_a_message_of_many_buffers_arrives_whole() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let content = (0..20_000).map(|n| format!("line {n}\r\n")).collect::<Vec<_>>().concat();
    assert!(content.len() > 128 * 1024);
    assert_eq!(session.deliver(&["b@y.example"], &content).await.code, 250);
    assert_eq!(house.message().body(), content.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn r063_a_header_is_not_refused_for_what_it_says() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    let many = (0..500).map(|n| format!("u{n}@x.example")).collect::<Vec<_>>().join(",\r\n\t");
    let content = format!("Received: from ??? by !!!\r\nTo: {many}\r\n\r\nbody\r\n");
    assert_eq!(session.deliver(&["b@relay.test"], &content).await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn b001_bare_line_ends_are_mended_for_those_who_may_relay_and_refused_from_others() {
    let content = "Subject: a\nTo: b\n\nline\rnext\r\r\nlast\n.\nno end\r\n";
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.deliver(&["b@relay.test"], content).await.code, 250);
    assert_eq!(house.message().body(), b"Subject: a\r\nTo: b\r\n\r\nline next \r\nlast\r\n.\r\nno end\r\n");
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.deliver(&["b@relay.test"], content).await.codes(), "554 5.6.0");
    assert!(house.messages().is_empty());
    let refusal = house.refusals.lock().unwrap().remove(0);
    assert_eq!((refusal.recipient, refusal.reply.code), (None, 554));
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_takes_no_memory_while_the_rest_comes_in() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["b@relay.test"]).await;
    session.say("DATA").await;
    session.send("a\nb\r\n").await;
    assert!(session.is_silent().await);
    assert_eq!(house.open_drafts(), 0);
    assert_eq!(session.say(".").await.codes(), "554 5.6.0");
}

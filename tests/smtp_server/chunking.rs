//! BDAT (RFC 3030).

use super::*;

/// The codes of all replies to what is sent at once, up to the close that QUIT asks for.
async fn codes(house: &Arc<House>, sent: &str) -> Vec<u16> {
    let mut session = Session::hello(house, insider()).await;
    session.send(format!("{sent}QUIT\r\n")).await;
    session.rest().await.iter().map(|reply| reply.code).collect()
}

const ENVELOPE: &str = "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n";

#[tokio::test(start_paused = true)]
async fn c001_octets_are_counted_and_dots_mean_nothing() {
    let house = House::new();
    let content = "Subject: x\r\n\r\n..\r\n.\r\nQUIT\r\n";
    let said = codes(&house, &format!("{ENVELOPE}BDAT {} LAST\r\n{content}", content.len())).await;
    assert_eq!(said, [250, 250, 250, 221]);
    assert_eq!(house.message().body(), content.as_bytes());
}

#[tokio::test(start_paused = true)]
async fn c001_a_line_end_split_over_two_chunks_is_one_and_a_missing_one_is_added() {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        session.envelope(&["b@relay.test"]).await;
        session.send("BDAT 3\r\nab\r").await;
        assert_eq!(session.reply().await.text(), "3 octets received");
        session.send("BDAT 6 LAST\r\n\n.\r\nx\r").await;
        assert_eq!(session.reply().await.codes(), "250 2.6.0");
        assert_eq!(house.message().body(), b"ab\r\n.\r\nx\r\n");
    }
}

#[tokio::test(start_paused = true)]
async fn c002_every_chunk_is_answered_and_the_last_may_be_empty() {
    let house = House::new();
    let said = codes(&house, &format!("{ENVELOPE}BDAT 5\r\nab\r\nxBDAT 0\r\nBDAT 2\r\n\r\nBDAT 0 LAST\r\n")).await;
    assert_eq!(said, [250, 250, 250, 250, 250, 250, 221]);
    assert_eq!(house.message().body(), b"ab\r\nx\r\n");
}

#[tokio::test(start_paused = true)]
async fn c002_the_chunks_may_come_in_any_segments() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    for octet in "BDAT 4\r\na\r\nbBDAT 3 LAST\r\nc\r\n".bytes() {
        session.send([octet]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!((session.reply().await.code, session.reply().await.code), (250, 250));
    assert_eq!(house.message().body(), b"a\r\nbc\r\n");
}

#[tokio::test(start_paused = true)]
async fn c003_data_mail_and_rcpt_do_not_mix_with_bdat() {
    for line in ["DATA", "MAIL FROM:<c@x.example>", "RCPT TO:<d@y.example>"] {
        let house = House::new();
        let mut session = Session::hello(&house, insider()).await;
        session.envelope(&["b@y.example"]).await;
        session.send("BDAT 3\r\na\r\n").await;
        session.reply().await;
        assert_eq!(session.say(line).await.codes(), "503 5.5.1", "{line}");
        session.send("BDAT 3 LAST\r\nb\r\n").await;
        assert_eq!(session.reply().await.code, 250);
        assert_eq!(house.message().recipients(), ["b@y.example"]);
    }
}

#[tokio::test(start_paused = true)]
async fn c004_a_chunk_without_recipients_is_swallowed() {
    let house = House::new();
    assert_eq!(codes(&house, "BDAT 6\r\nQUIT\r\nNOOP\r\n").await, [503, 250, 221]);
    assert_eq!(codes(&house, "MAIL FROM:<a@x.example>\r\nBDAT 6 LAST\r\nQUIT\r\n").await, [250, 503, 221]);
    let mut session = Session::hello(&house, outsider()).await;
    session.send("MAIL FROM:<a@x.example>\r\nRCPT TO:<v@victim.example>\r\nBDAT 6 LAST\r\nQUIT\r\n").await;
    let said = [session.reply().await, session.reply().await, session.reply().await];
    assert_eq!(said.map(|reply| reply.code), [250, 550, 554]);
    assert!(session.is_silent().await);
    assert!(house.messages().is_empty());
}

#[tokio::test(start_paused = true)]
async fn c005_after_a_refused_chunk_only_rset_helps() {
    let house = House::set(|settings| settings.messages.max_message_size = Some(1000));
    let big = "x".repeat(1000);
    let sent =
        format!("{ENVELOPE}BDAT 3\r\na\r\nBDAT 1000\r\n{big}BDAT 3 LAST\r\nb\r\nMAIL FROM:<a@x.example>\r\nRSET\r\n");
    assert_eq!(codes(&house, &sent).await, [250, 250, 250, 552, 503, 503, 250, 221]);
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn c005_a_chunk_refused_for_its_content_ends_the_message_too() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["b@relay.test"]).await;
    session.send("BDAT 3\r\na\nbBDAT 3 LAST\r\nc\r\nRSET\r\n").await;
    let said = [session.reply().await, session.reply().await, session.reply().await];
    assert_eq!(said.map(|reply| reply.codes()), ["554 5.6.0", "503 5.5.1", "250 2.0.0"]);
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn c006_c007_binarymime_is_not_offered() {
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example> BODY=BINARYMIME").await.codes(), "555 5.5.4");
    assert_eq!(session.say("DATA").await.code, 503);
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_nobody_can_count_ends_the_session() {
    for bad in ["BDAT -1 LAST", "BDAT 18446744073709551616 LAST", "BDAT", "BDAT x", "BDAT 1 2"] {
        let house = House::new();
        let said = codes(&house, &format!("{ENVELOPE}{bad}\r\nMAIL FROM:<smuggled@x.example>\r\n")).await;
        assert_eq!(said, [250, 250, 501], "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_chunk_too_large_to_swallow_ends_the_session() {
    let house = House::new();
    let said = codes(&house, &format!("{ENVELOPE}BDAT 18446744073709551615 LAST\r\nNOOP\r\n")).await;
    assert_eq!(said, [250, 250, 552]);
}

#[tokio::test(start_paused = true)]
async fn rset_forgets_the_chunks() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.send("BDAT 3\r\na\r\n").await;
    session.reply().await;
    assert_eq!(house.open_drafts(), 1);
    assert_eq!(session.say("RSET").await.code, 250);
    assert!(session.is_silent().await);
    assert_eq!(house.open_drafts(), 0);
    assert_eq!(session.deliver(&["c@y.example"], "b\r\n").await.code, 250);
    assert_eq!(house.message().body(), b"b\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_stays_short_times_out_and_leaves_nothing() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.send(format!("BDAT 89 LAST\r\n{}", "x".repeat(88))).await;
    assert_eq!(session.rest().await[0].codes(), "421 4.4.2");
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn bare_line_ends_in_chunks_fall_under_the_rule_of_data() {
    let house = House::new();
    let said = codes(&house, &format!("{ENVELOPE}BDAT 6 LAST\r\na\n.\nb\r")).await;
    assert_eq!(said, [250, 250, 250, 221]);
    assert_eq!(house.message().body(), b"a\r\n.\r\nb\r\n");
}

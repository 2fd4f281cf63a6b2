//! From the greeting to the close.

use super::*;

#[tokio::test(start_paused = true)]
async fn r001_the_greeting_begins_with_the_host_name() {
    let mut session = Session::open(&House::new(), insider(), b"").await;
    let greeting = session.reply().await;
    assert_eq!(greeting.code, 220);
    assert!(greeting.text().starts_with(&format!("{HOST} ESMTP mailroot ready at ")), "{greeting:?}");
}

#[tokio::test(start_paused = true)]
async fn r002_the_server_names_itself_by_domain() {
    let mut session = Session::start(&House::new(), outsider()).await;
    for line in ["EHLO client.example", "HELO client.example"] {
        let hello = session.say(line).await;
        assert_eq!(hello.lines[0], format!("{HOST} Hello [203.0.113.9]"));
    }
}

#[tokio::test(start_paused = true)]
async fn r003_ehlo_is_answered_with_one_keyword_a_line() {
    let mut session = Session::start(&House::new(), insider()).await;
    let hello = session.say("EHLO client.example").await;
    let keywords = [
        "SIZE 2097152",
        "ETRN",
        "PIPELINING",
        "DSN",
        "ENHANCEDSTATUSCODES",
        "8BITMIME",
        "SMTPUTF8",
        "CHUNKING",
        "VRFY",
        "LIMITS RCPTMAX=100",
        "HELP",
    ];
    assert_eq!(hello.lines[1..], keywords);
}

#[tokio::test(start_paused = true)]
async fn r004_helo_is_answered_in_one_line() {
    let mut session = Session::start(&House::new(), insider()).await;
    let hello = session.say("HELO client.example").await;
    assert_eq!((hello.code, hello.lines.len()), (250, 1));
}

#[tokio::test(start_paused = true)]
async fn r008_a_line_without_its_end_is_not_acted_on() {
    let mut session = Session::hello(&House::new(), insider()).await;
    session.send("NOOP").await;
    assert!(session.is_silent().await);
    session.send("\n").await;
    assert!(session.is_silent().await);
    session.send("\r\n").await;
    assert_eq!(session.reply().await.code, 501);
}

#[tokio::test(start_paused = true)]
async fn r016_a_second_ehlo_is_a_reset() {
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.codes(&["MAIL FROM:<a@x.example>", "EHLO b", "RCPT TO:<c@y.example>"]).await, [250, 250, 503]);
}

#[tokio::test(start_paused = true)]
async fn r017_a_refused_ehlo_changes_nothing() {
    let mut session = Session::hello(&House::new(), outsider()).await;
    let lines = ["MAIL FROM:<a@x.example>", "EHLO", "EHLO a b", "HELO \u{e9}", "RCPT TO:<c@relay.test>"];
    assert_eq!(session.codes(&lines).await, [250, 501, 501, 501, 250]);
}

#[tokio::test(start_paused = true)]
async fn r019_commands_without_state_work_before_ehlo() {
    let mut session = Session::start(&House::new(), outsider()).await;
    assert_eq!(session.codes(&["RSET", "NOOP", "VRFY a", "HELP"]).await, [250, 250, 252, 214]);
}

#[tokio::test]
async fn r024_quit_is_answered_and_then_the_server_closes() {
    let (listener, address) = listener().await;
    let client = tokio::net::TcpStream::connect(address).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    let mut session = Session::over(client, far, &House::new(), insider());
    session.reply().await;
    session.send("QUIT\r\n").await;
    let goodbye = session.reply().await;
    assert_eq!(goodbye.codes(), "221 2.0.0");
    assert_eq!(goodbye.text(), format!("{HOST} Service closing transmission channel"));
    assert_eq!(session.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn r024_nothing_but_quit_ends_a_well_behaved_session() {
    let mut session = Session::hello(&House::new(), insider()).await;
    for n in 0..5 {
        let reply = session.deliver(&["b@y.example"], format!("Subject: {n}\r\n")).await;
        assert_eq!(reply.code, 250);
    }
    assert_eq!(session.say("QUIT x").await.code, 501);
    assert_eq!(session.say("QUIT").await.code, 221);
    assert!(session.rest().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn r025_a_connection_lost_in_the_content_leaves_nothing() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.say("DATA").await;
    session.send("Subject: x\r\n\r\nhalf").await;
    assert!(session.leave().await.is_empty());
    session.join().await;
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn r054_a_name_that_does_not_fit_the_address_is_no_reason_to_refuse() {
    let mut session = Session::start(&House::new(), outsider()).await;
    for name in ["other.example", "[198.51.100.1]", "192.168.1.1", "host_name_with_underscore", "DESKTOPN7L10I2"] {
        assert_eq!(session.codes(&[&format!("EHLO {name}"), &format!("HELO {name}")]).await, [250, 250]);
    }
}

#[tokio::test(start_paused = true)]
async fn r064_a_client_may_be_silent_for_five_minutes() {
    let mut session = Session::hello(&House::new(), insider()).await;
    tokio::time::sleep(Duration::from_secs(299)).await;
    assert_eq!(session.say("NOOP").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn r065_a_silent_client_is_told_so_before_the_close() {
    let house = House::set(|settings| settings.general.connection_timeout = Duration::from_mins(1));
    let mut session = Session::hello(&house, insider()).await;
    let said = session.rest().await;
    assert_eq!(said[0].codes(), "421 4.4.2");
    assert_eq!(said.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn r065_octets_that_trickle_in_do_not_put_off_the_end_of_a_command() {
    let house = House::set(|settings| settings.general.connection_timeout = Duration::from_mins(1));
    let mut session = Session::hello(&house, insider()).await;
    let begun = tokio::time::Instant::now();
    let mut sent = 0;
    while session.try_send("x").await.is_ok() && sent < 200 {
        sent += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(session.reply().await.codes(), "421 4.4.2");
    assert!(begun.elapsed() < Duration::from_secs(63), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn r066_a_stopping_server_takes_the_message_under_way_and_then_says_421() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    assert_eq!(session.say("DATA").await.code, 354);
    session.draining.send(true).unwrap();
    assert!(session.is_silent().await);
    session.send("Subject: x\r\n.\r\nMAIL FROM:<a@x.example>\r\n").await;
    let said = session.rest().await;
    assert_eq!(said.iter().map(|reply| reply.code).collect::<Vec<_>>(), [250, 421]);
    assert_eq!(house.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn r066_a_stopping_server_takes_the_chunks_of_the_message_under_way() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.send("BDAT 12\r\nSubject: x\r\n").await;
    assert_eq!(session.reply().await.code, 250);
    session.draining.send(true).unwrap();
    assert!(session.is_silent().await);
    session.send("BDAT 2 LAST\r\n\r\n").await;
    let said = session.rest().await;
    assert_eq!(said.iter().map(|reply| reply.code).collect::<Vec<_>>(), [250, 421]);
    assert_eq!(house.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn r066_a_stopping_server_says_421_at_once_to_a_client_that_sends_nothing() {
    for in_transaction in [false, true] {
        let house = House::new();
        let mut session = Session::hello(&house, insider()).await;
        if in_transaction {
            session.envelope(&["b@y.example"]).await;
        }
        let stopped = tokio::time::Instant::now();
        session.draining.send(true).unwrap();
        let said = session.next().await.unwrap();
        assert_eq!((said.codes().as_str(), stopped.elapsed()), ("421 4.3.2", Duration::ZERO));
        assert!(session.rest().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn r066_a_stopping_server_answers_the_commands_at_hand() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.send("RCPT TO:<c@y.example>\r\nDATA\r\n").await;
    session.draining.send(true).unwrap();
    assert_eq!((session.reply().await.code, session.reply().await.code), (250, 354));
    session.send("Subject: x\r\n\r\n.\r\n").await;
    assert_eq!(session.rest().await.iter().map(|reply| reply.code).collect::<Vec<_>>(), [250, 421]);
    assert_eq!(house.messages().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_engine_is_gone_goes_on() {
    let mut session = Session::hello(&House::new(), insider()).await;
    drop(std::mem::replace(&mut session.draining, tokio::sync::watch::channel(false).0));
    assert_eq!(session.say("NOOP").await.code, 250);
    assert!(session.is_silent().await);
}

#[tokio::test(start_paused = true)]
async fn a_person_can_close_a_session_at_any_point() {
    for content in [false, true] {
        let house = House::new();
        let mut session = Session::hello(&house, insider()).await;
        if content {
            session.envelope(&["b@y.example"]).await;
            session.say("DATA").await;
            session.send("Subject: x\r\n").await;
        }
        assert!(session.is_silent().await);
        let id = session.ledger.sessions()[0].id;
        assert!(session.ledger.close_session(id));
        assert_eq!(session.rest().await[0].codes(), "421 4.3.2");
        assert_eq!(house.open_drafts(), 0);
    }
}

#[tokio::test]
async fn r067_fifty_sessions_are_served_at_the_same_time() {
    let house = House::new();
    let mut sessions = Vec::new();
    for _ in 0..50 {
        let mut session = Session::hello(&house, insider()).await;
        session.envelope(&["b@y.example"]).await;
        sessions.push(session);
    }
    for session in &mut sessions {
        assert_eq!(session.codes(&["DATA", "Subject: x\r\n."]).await, [354, 250]);
    }
    assert_eq!(house.messages().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_that_speaks_first_is_turned_away_and_a_client_of_ours_is_not() {
    let early = b"EHLO client.example\r\n";
    let mut session = Session::open(&House::new(), outsider(), early).await;
    let said = session.rest().await;
    assert_eq!((said.len(), said[0].codes().as_str()), (1, "554 5.5.0"));
    let mut session = Session::open(&House::new(), outsider(), b"\x16\x03\x01\x02").await;
    assert!(session.rest().await[0].text().contains("TLS is not SMTP"));
    let mut session = Session::open(&House::new(), insider(), early).await;
    assert_eq!((session.reply().await.code, session.reply().await.code), (220, 250));
}

#[tokio::test(start_paused = true)]
async fn a_live_session_shows_its_name_and_what_came_through_it() {
    let mut session = Session::hello(&House::new(), insider()).await;
    session.deliver(&["b@y.example"], "Subject: x\r\n").await;
    let shown = session.ledger.sessions().remove(0);
    assert_eq!((shown.name.as_deref(), shown.messages, shown.bytes), (Some("client.example"), 1, 15));
    session.say("QUIT").await;
    let ledger = Arc::clone(&session.ledger);
    session.join().await;
    assert!(ledger.sessions().is_empty());
}

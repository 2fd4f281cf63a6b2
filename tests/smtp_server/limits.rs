//! Limits of settings and of patience.

use super::*;

#[tokio::test(start_paused = true)]
async fn r061_r062_recipients_over_the_limit_are_put_off_and_the_others_stay() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    session.say("MAIL FROM:<a@x.example>").await;
    for n in 0..150 {
        let reply = session.say(&format!("RCPT TO:<u{n}@y.example>")).await;
        assert_eq!(reply.codes(), if n < 100 { "250 2.1.5" } else { "452 4.5.3" }, "{n}");
    }
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().recipients().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn r062_a_client_that_does_not_stop_is_cut_off() {
    let mut session = Session::hello(&House::new(), insider()).await;
    session.say("MAIL FROM:<a@x.example>").await;
    let mut answered = 0;
    while session.say(&format!("RCPT TO:<u{answered}@y.example>")).await.code != 421 {
        answered += 1;
    }
    assert_eq!(answered, 1100);
    assert!(session.rest().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_recipients_are_many_and_none_is_announced() {
    let house = House::set(|settings| settings.messages.max_recipients = None);
    let mut session = Session::start(&house, insider()).await;
    assert!(!session.say("EHLO a").await.text().contains("LIMITS"));
    let recipients = (0..1500).map(|n| format!("u{n}@y.example")).collect::<Vec<_>>();
    session.envelope(&recipients.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test(start_paused = true)]
async fn the_messages_of_a_session_have_a_limit_of_their_own() {
    let house = House::set(|settings| settings.messages.max_session_size = Some(5000));
    let mut session = Session::hello(&house, insider()).await;
    let content = format!("{}\r\n", "x".repeat(1998));
    assert_eq!(session.deliver(&["b@y.example"], &content).await.code, 250);
    assert_eq!(session.deliver(&["b@y.example"], &content).await.code, 250);
    assert_eq!(session.say("MAIL FROM:<a@x.example> SIZE=1001").await.codes(), "452 4.3.1");
    assert_eq!(session.deliver(&["b@y.example"], &content).await.codes(), "452 4.3.1");
    assert_eq!(session.deliver(&["b@y.example"], &content[1000..]).await.code, 250);
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.codes(), "452 4.3.1");
    assert_eq!(house.messages().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn errors_are_answered_late_after_ten_and_not_after_twenty() {
    for line in ["FOO", "RCPT TO:<b@y.example>"] {
        let mut session = Session::hello(&House::new(), outsider()).await;
        let begun = tokio::time::Instant::now();
        let mut codes = Vec::new();
        for _ in 0..10 {
            codes.push(session.say(line).await.code);
        }
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(session.say(line).await.code, codes[0]);
        assert!(begun.elapsed() >= Duration::from_secs(1));
        for _ in 11..19 {
            assert_eq!(session.say(line).await.code, codes[0]);
        }
        assert_eq!(session.say(line).await.codes(), "421 4.7.0");
        assert!(session.rest().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_accepted_message_forgives_earlier_errors() {
    let mut session = Session::hello(&House::new(), insider()).await;
    for _ in 0..5 {
        for _ in 0..9 {
            assert_eq!(session.say("FOO").await.code, 500);
        }
        assert_eq!(session.deliver(&["b@y.example"], "Subject: x\r\n").await.code, 250);
    }
}

#[tokio::test(start_paused = true)]
async fn content_that_trickles_in_is_given_up() {
    for (peer, patience) in [(outsider(), 60), (insider(), 600)] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        session.envelope(&["b@relay.test"]).await;
        session.say("DATA").await;
        let begun = tokio::time::Instant::now();
        while session.try_send("slow\r\n").await.is_ok() && begun.elapsed() < Duration::from_secs(2000) {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        assert_eq!(session.reply().await.codes(), "421 4.4.2");
        let elapsed = begun.elapsed().as_secs();
        assert!((patience..patience + 20).contains(&elapsed), "{elapsed}");
        assert_eq!(house.open_drafts(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_message_typed_by_hand_has_its_time() {
    let house = House::new();
    let mut session = Session::start(&house, insider()).await;
    let lines = ["EHLO server", "MAIL FROM: EmailAddress@outlook.com", "RCPT TO: EmailAddress@outlook.com", "DATA"];
    for line in lines {
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert!(session.say(line).await.code < 400);
    }
    for line in ["Subject: Test Message\r\n", "\r\n", "This is a test message\r\n"] {
        tokio::time::sleep(Duration::from_mins(1)).await;
        session.send(line).await;
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    assert_eq!(session.say(".").await.code, 250);
    assert_eq!(house.message().body(), b"Subject: Test Message\r\n\r\nThis is a test message\r\n");
}

#[tokio::test(start_paused = true)]
async fn silence_in_the_content_times_out() {
    let house = House::set(|settings| settings.general.connection_timeout = Duration::from_mins(1));
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    session.say("DATA").await;
    session.send("Subject: x\r\n").await;
    assert_eq!(session.rest().await[0].codes(), "421 4.4.2");
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

/// The memory budget of an idle connection is 16 KiB in all. What the task holds is most of it.
#[tokio::test(start_paused = true)]
async fn an_idle_session_is_small() {
    let house = House::new();
    let ledger = mailroot::ledger::Ledger::new();
    let guard = ledger.open_session(mailroot::ledger::Direction::Inbound, insider().address);
    let (_sender, draining) = tokio::sync::watch::channel(false);
    let (_near, far) = tokio::io::duplex(1);
    let task = mailroot::smtp::serve(far, insider(), house, guard, draining);
    let size = std::mem::size_of_val(&task);
    assert!(size <= 6 * 1024, "{size}");
}

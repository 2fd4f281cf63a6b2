//! MAIL and RCPT: who is taken, as what, and who is not.

use super::*;

#[tokio::test(start_paused = true)]
async fn r006_a_local_part_is_kept_byte_for_byte() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let reply = session.say("MAIL FROM:<App.Server+X@X.example>").await;
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), ("250 2.1.0", "App.Server+X@X.example....Sender OK"));
    let reply = session.say("RCPT TO:<BoB@Y.example>").await;
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), ("250 2.1.5", "BoB@Y.example"));
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    let kept = house.message();
    assert_eq!(kept.submission.envelope.sender.mailbox().unwrap().local(), "App.Server+X");
    assert_eq!(kept.submission.envelope.recipients[0].address.local(), "BoB");
}

#[tokio::test(start_paused = true)]
async fn r045_the_null_reverse_path_is_accepted() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say("MAIL FROM:<>").await.text(), "<>....Sender OK");
    assert_eq!(session.codes(&["RCPT TO:<b@relay.test>", "DATA", "."]).await, [250, 354, 250]);
    assert_eq!(house.message().submission.envelope.sender, ReversePath::Null);
}

#[tokio::test(start_paused = true)]
async fn r046_the_null_path_is_no_recipient() {
    let mut session = Session::hello(&House::new(), insider()).await;
    assert_eq!(session.codes(&["MAIL FROM:<a@x.example>", "RCPT TO:<>"]).await, [250, 501]);
}

#[tokio::test(start_paused = true)]
async fn r047_the_postmaster_is_reached_with_and_without_domain() {
    for peer in [insider(), outsider()] {
        let house = House::new();
        let mut session = Session::hello(&house, peer).await;
        let all = ["postmaster", "Postmaster", "POSTMASTER@RELAY.TEST", "pOsTmAsTeR@relay.test."];
        session.envelope(&all).await;
        assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
        for recipient in &house.message().submission.envelope.recipients {
            assert!(recipient.address.is_postmaster() && *recipient.address.domain() == domain(HOST), "{recipient:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r048_of_a_source_route_only_the_last_hop_is_used() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["@a.example,@b.example:c@relay.test"]).await;
    let lines = ["RCPT TO:<@relay.test:victim@victim.example>", "RCPT TO:<@[127.0.0.1]:victim@victim.example>"];
    assert_eq!(session.codes(&lines).await, [550, 550]);
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().recipients(), ["c@relay.test"]);
}

#[tokio::test(start_paused = true)]
async fn r049_address_literals_are_read_strictly() {
    let mut session = Session::hello(&House::new(), insider()).await;
    session.envelope(&["b@[192.0.2.7]", "b@[IPv6:2001:db8::1]", "b@[IPv6:::1]"]).await;
    for bad in ["b@[127.1]", "b@[::1]", "b@[tag:x]", "b@[]", "b@[IPv6:1:2:3]"] {
        assert_eq!(session.say(&format!("RCPT TO:<{bad}>")).await.code, 501, "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn r050_quoted_local_parts_are_kept() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    let quoted = ["\"a b\"@y.example", "\"\"@y.example", "\"a\\\"b\"@y.example", "\"a>b@c\"@y.example"];
    session.envelope(&quoted).await;
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().recipients(), quoted);
}

#[tokio::test(start_paused = true)]
async fn r052_unknown_parameters_are_refused() {
    let mut session = Session::hello(&House::new(), insider()).await;
    for line in ["MAIL FROM:<a@x.example> FOO=BAR", "MAIL FROM:<a@x.example> AUTH=<>", "MAIL FROM:<a@x.example> FOO"] {
        assert_eq!(session.say(line).await.codes(), "555 5.5.4", "{line}");
    }
    assert_eq!(session.say("MAIL FROM:<a@x.example> SIZE=1 SIZE=2").await.codes(), "501 5.5.4");
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.code, 250);
    assert_eq!(session.say("RCPT TO:<b@y.example> FOO=BAR").await.codes(), "555 5.5.4");
}

#[tokio::test(start_paused = true)]
async fn r053_an_outsider_cannot_relay() {
    let house = House::new();
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["b@relay.test", "b@partner.example"]).await;
    let reply = session.say("RCPT TO:<victim@victim.example>").await;
    let expected = ("550 5.7.1", "Unable to relay for victim@victim.example");
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), expected);
    let refusal = house.refusals.lock().unwrap().remove(0);
    assert_eq!(refusal.recipient.unwrap().as_str(), "victim@victim.example");
    assert_eq!((refusal.sender.to_string().as_str(), refusal.reply.code), ("a@x.example", 550));
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["victim@victim.example"]).await;
}

#[tokio::test(start_paused = true)]
async fn r055_r057_local_parts_and_paths_may_have_their_full_length() {
    let mut session = Session::hello(&House::new(), insider()).await;
    let domain = format!("{}.{}.{}", "d".repeat(63), "e".repeat(63), "f".repeat(63));
    session.envelope(&[&format!("{}@{domain}", "a".repeat(64))]).await;
    let reply = session.say(&format!("RCPT TO:<{}@x.example>", "a".repeat(150))).await;
    assert_eq!(reply.codes(), "501 5.1.3");
}

#[tokio::test(start_paused = true)]
async fn r056_a_domain_may_have_255_octets_and_no_more() {
    let mut session = Session::hello(&House::new(), insider()).await;
    let labels = |last: usize| ["d".repeat(63), "e".repeat(63), "f".repeat(63), "g".repeat(last)].join(".");
    session.envelope(&[&format!("a@{}", labels(63))]).await;
    let too_long = format!("RCPT TO:<a@{}.h>", labels(63));
    assert_eq!(session.say(&too_long).await.codes(), "501 5.1.2");
    assert_eq!(session.say(&format!("RCPT TO:<a@{}.example>", "d".repeat(64))).await.codes(), "501 5.1.2");
}

#[tokio::test(start_paused = true)]
async fn the_leniencies_of_the_old_server_are_kept() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("MAIL FROM: EmailAddress@outlook.com").await.code, 250);
    assert_eq!(session.say("RCPT TO :<b@y.example>").await.code, 250);
    assert_eq!(session.say("RCPT TO: c@y.example NOTIFY=NEVER").await.code, 250);
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().recipients(), ["b@y.example", "c@y.example"]);
}

#[tokio::test(start_paused = true)]
async fn an_address_without_domain_is_completed_by_the_default_domain() {
    let house = House::new();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("MAIL FROM:<app>").await.text(), "app@relay.test....Sender OK");
    assert_eq!(session.say("RCPT TO:<bob>").await.text(), "bob@relay.test");
    session.say("RSET").await;
    assert_eq!(session.say("MAIL FROM:<a b>").await.codes(), "501 5.1.7");
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say("MAIL FROM:<app>").await.text(), "app@relay.test....Sender OK");
    assert_eq!(session.say("RCPT TO:<bob>").await.codes(), "550 5.7.1");
    assert_eq!(session.say("RCPT TO:<\"relaytest@victim.example\">").await.codes(), "550 5.7.1");
}

#[tokio::test(start_paused = true)]
async fn an_outsider_cannot_hide_a_route_in_a_local_part() {
    let mut session = Session::hello(&House::new(), outsider()).await;
    session.say("MAIL FROM:<a@x.example> SMTPUTF8").await;
    for local in ["v%victim.example", "victim.example!v", "\"v@victim.example\"", "=?utf-8?q?v?=", "v\u{ff20}victim"] {
        let line = format!("RCPT TO:<{local}@relay.test>");
        assert_eq!(session.say(&line).await.codes(), "550 5.7.1", "{line}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wildcard_domain_is_open_for_what_is_below_it() {
    let house = House::set(|settings| {
        settings.domains[0].name = mailroot::config::DomainPattern::Below(domain("open.example"));
    });
    let mut session = Session::hello(&house, outsider()).await;
    session.envelope(&["b@a.open.example"]).await;
    let lines = ["RCPT TO:<b@open.example>", "RCPT TO:<b@partner.example>", "RCPT TO:<b@evilopen.example>"];
    assert_eq!(session.codes(&lines).await, [550, 550, 550]);
}

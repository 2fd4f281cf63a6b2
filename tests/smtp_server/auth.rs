//! AUTH (RFC 4954, RFC 4616).

use mailroot::sasl;
use mailroot::smtp::Peer;

use super::*;
use smtp_session::{ClientStream, PASSWORD, USER};

/// What `AUTH PLAIN` is answered with: `app` and its password.
const RIGHT: &str = "AGFwcABnZWhlaW0=";
const WRONG: &str = "AGFwcABmYWxzY2g=";

fn base64(text: impl AsRef<[u8]>) -> String {
    sasl::encode(text.as_ref()).to_string()
}

/// A client that may log in in clear; it may relay only once it has.
fn trusted() -> Peer {
    Peer { may_log_in_clear: true, ..outsider() }
}

/// A session under TLS behind EHLO.
async fn secure(house: &Arc<House>) -> Session<ClientStream> {
    let mut session = Session::secure(house, outsider()).await;
    assert_eq!(session.say("EHLO client.example").await.code, 250);
    session
}

#[tokio::test(start_paused = true)]
async fn a001_logins_are_listed_where_they_are_safe() {
    let house = House::secure_with(|settings| settings.access.authentication.integrated = true);
    let mut clear = Session::start(&house, outsider()).await;
    assert!(!clear.say("EHLO a").await.text().contains("AUTH"));
    assert_eq!(clear.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "530 5.7.0");
    let mut session = clear.start_tls().await;
    let lines = session.say("EHLO a").await.lines;
    assert!(lines.contains(&"AUTH NTLM LOGIN PLAIN".to_owned()) && lines.contains(&"AUTH=LOGIN".to_owned()));
    let mut listed = Session::start(&house, trusted()).await;
    assert!(listed.say("EHLO a").await.text().contains("AUTH NTLM LOGIN PLAIN"));
    assert_eq!(listed.say(&format!("AUTH PLAIN {RIGHT}")).await.code, 235);
    assert_eq!(house.logins.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a006_without_tls_to_be_had_a_login_is_refused_for_want_of_it() {
    let house = House::set(|settings| settings.access.authentication.basic = true);
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "538 5.7.11");
    let house = House::set(|settings| {
        settings.access.authentication.basic = true;
        settings.access.certificate = Some("/nowhere/relay.pem".into());
    });
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "454 4.7.0");
}

#[tokio::test(start_paused = true)]
async fn a002_a003_au02_plain_with_and_without_an_initial_response() {
    let house = House::secure();
    let mut session = secure(&house).await;
    assert_eq!(session.say("AUTH PLAIN =").await.codes(), "501 5.5.2");
    let challenge = session.say("AUTH PLAIN").await;
    assert_eq!((challenge.code, challenge.text().as_str()), (334, ""));
    let reply = session.say(RIGHT).await;
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), ("235 2.7.0", "Authentication successful."));
    assert_eq!(session.ledger.sessions()[0].user.as_deref(), Some(USER));
    let mut session = secure(&house).await;
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "235 2.7.0");
    assert_eq!(*house.logins.lock().unwrap(), [format!("{USER}:{PASSWORD}"), format!("{USER}:{PASSWORD}")]);
}

#[tokio::test(start_paused = true)]
async fn a012_au06_au07_login_by_every_client_there_is() {
    let house = House::secure();
    let (user, password) = (base64(USER), base64(PASSWORD));
    let mut session = secure(&house).await;
    assert_eq!(session.say("AUTH LOGIN").await.text(), "VXNlcm5hbWU6");
    assert_eq!(session.say(&user).await.text(), "UGFzc3dvcmQ6");
    assert_eq!(session.say(&password).await.code, 235);
    for line in [format!("AUTH login {user}"), format!("auth LoGiN  {user} ")] {
        let mut session = secure(&house).await;
        assert_eq!(session.say(&line).await.text(), "UGFzc3dvcmQ6");
        assert_eq!(session.say(&password).await.code, 235);
    }
}

#[tokio::test(start_paused = true)]
async fn a004_au01_a_star_cancels() {
    let house = House::secure();
    let mut session = secure(&house).await;
    for lines in [&["AUTH PLAIN"][..], &["AUTH LOGIN"], &["AUTH LOGIN", "YXBw"]] {
        for line in lines {
            assert_eq!(session.say(line).await.code, 334);
        }
        assert_eq!(session.say("*").await.codes(), "501 5.7.0");
    }
    assert_eq!(session.say("NOOP").await.code, 250);
    assert!(house.logins.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a005_what_is_no_base64_and_no_mechanism_is_refused() {
    let mut session = secure(&House::secure()).await;
    assert_eq!(session.say("AUTH PLAIN dXNl!").await.codes(), "501 5.5.2");
    assert_eq!(session.codes(&["AUTH LOGIN", "dXNlcg"]).await, [334, 501]);
    for unknown in ["CRAM-MD5", "XOAUTH2", "NTLM", "GSSAPI", "SCRAM-SHA-256", "\x01x"] {
        let reply = session.say(&format!("AUTH {unknown}")).await;
        let expected = if unknown.starts_with('\x01') { "501 5.5.2" } else { "504 5.7.4" };
        assert_eq!(reply.codes(), expected, "{unknown}");
    }
    assert_eq!(session.say("AUTH").await.codes(), "501 5.5.4");
    assert_eq!(session.say("AUTH PLAIN a b").await.codes(), "501 5.5.4");
}

#[tokio::test(start_paused = true)]
async fn a006_each_way_to_fail_has_its_reply() {
    let house = House::secure();
    let mut session = secure(&house).await;
    let wrong = session.say(&format!("AUTH PLAIN {WRONG}")).await;
    assert_eq!((wrong.codes().as_str(), wrong.text().as_str()), ("535 5.7.3", "Authentication unsuccessful."));
    let unknown = session.say(&format!("AUTH PLAIN {}", base64("\0nobody\0geheim"))).await;
    assert_eq!(unknown, wrong, "nobody learns who exists");
    assert_eq!(session.say(&format!("AUTH PLAIN {}", base64("\0app\0"))).await, wrong);
    assert_eq!(house.logins.lock().unwrap().last().unwrap(), "(impossible)");
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.code, 250);
    assert_eq!(session.say("RCPT TO:<b@y.example>").await.codes(), "550 5.7.1");
    let mut house = House::secure();
    Arc::get_mut(&mut house).unwrap().trouble.no_logins = true;
    let mut session = secure(&house).await;
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "454 4.7.0");
}

#[tokio::test(start_paused = true)]
async fn a007_one_login_and_none_in_a_transaction() {
    let house = House::secure();
    let mut session = secure(&house).await;
    session.say("MAIL FROM:<a@x.example>").await;
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "503 5.5.1");
    session.say("RSET").await;
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.code, 235);
    assert_eq!(session.say(&format!("AUTH PLAIN {RIGHT}")).await.codes(), "503 5.5.1");
    // EHLO is no second beginning: the login stands.
    session.say("EHLO b").await;
    assert_eq!(session.deliver(&["b@y.example"], "").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn a008_lm12_lm13_a_response_may_be_long_and_not_endless() {
    let long = base64([b"\0app\0".to_vec(), vec![b'x'; 9211]].concat());
    assert_eq!(long.len(), 12_288);
    let house = House::secure();
    let mut session = secure(&house).await;
    assert_eq!(session.say(&format!("AUTH PLAIN {long}")).await.code, 535);
    assert_eq!(session.codes(&["AUTH PLAIN", &long]).await, [334, 535]);
    assert_eq!(session.say(&format!("AUTH PLAIN {long}AAAA")).await.codes(), "500 5.5.6");
    assert_eq!(session.say("AUTH PLAIN").await.code, 334);
    assert_eq!(session.say(&format!("{long}{}", "A".repeat(100))).await.codes(), "500 5.5.6");
    assert_eq!(session.say("NOOP").await.code, 250);
    assert_eq!(session.say("AUTH PLAIN").await.code, 334);
    // The server may be gone before all of it is sent.
    let _ = session.try_send("A".repeat(1 << 20)).await;
    assert_eq!(session.rest().await[0].codes(), "500 5.5.6");
}

#[tokio::test(start_paused = true)]
async fn a009_who_is_said_to_have_written_a_message_counts_for_nothing() {
    let house = House::secure();
    let mut session = secure(&house).await;
    assert_eq!(session.say("MAIL FROM:<a@relay.test> AUTH=admin@relay.test").await.code, 250);
    assert_eq!(session.say("RCPT TO:<b@y.example>").await.codes(), "550 5.7.1");
    assert_eq!(session.say("RCPT TO:<b@relay.test>").await.code, 250);
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    assert_eq!(house.message().submission.user, None);
    for (parameter, code) in [("AUTH=<>", 250), ("AUTH=a+2", 501), ("AUTH=", 501), ("AUTH=a@x AUTH=<>", 501)] {
        assert_eq!(session.say(&format!("MAIL FROM:<a@x.example> {parameter}")).await.code, code, "{parameter}");
        session.say("RSET").await;
    }
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example> AUTH=<>").await.codes(), "555 5.5.4");
}

#[tokio::test(start_paused = true)]
async fn a010_u001_without_anonymous_mail_needs_a_login() {
    let house = House::secure_with(|settings| settings.access.authentication.anonymous = false);
    let mut session = Session::secure(&house, insider()).await;
    let lines = ["EHLO a", "MAIL FROM:<a@x.example>", "RCPT TO:<b@relay.test>", "DATA"];
    assert_eq!(session.codes(&lines).await, [250, 530, 503, 503]);
    let reply = session.say("MAIL FROM:<>").await;
    assert_eq!((reply.codes().as_str(), reply.text().as_str()), ("530 5.7.0", "Authentication required"));
    session.say(&format!("AUTH PLAIN {RIGHT}")).await;
    assert_eq!(session.deliver(&["b@y.example"], "").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn a011_au04_au05_every_other_shape_of_plain_is_refused() {
    let house = House::secure();
    let user = format!("\0{}\0geheim", "u".repeat(5000));
    let shapes: [(&[u8], u16); 11] = [
        (b"admin\0app\0geheim", 535),
        (b"app\0app\0geheim", 235),
        (b"", 501),
        (b"app", 501),
        (b"app\0geheim", 501),
        (b"\0app\0geheim\0", 501),
        (b"\0\0\0\0", 501),
        (b"\0\0geheim", 535),
        (b"\0app\0", 535),
        (user.as_bytes(), 535),
        (b"\0\xff\xfe\0\xfd", 501),
    ];
    for (shape, code) in shapes {
        let mut session = secure(&house).await;
        let shown = String::from_utf8_lossy(&shape[..shape.len().min(40)]).into_owned();
        assert_eq!(session.say("AUTH PLAIN").await.code, 334);
        assert_eq!(session.say(&base64(shape)).await.code, code, "{shown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn au10_the_fifth_failed_login_is_the_last() {
    let mut session = secure(&House::secure()).await;
    for _ in 0..4 {
        assert_eq!(session.say(&format!("AUTH PLAIN {WRONG}")).await.code, 535);
    }
    // A message does not buy more of them.
    assert_eq!(session.deliver(&["b@relay.test"], "").await.code, 250);
    assert_eq!(session.say(&format!("AUTH PLAIN {WRONG}")).await.codes(), "421 4.7.0");
    assert!(session.rest().await.is_empty());
    let mut session = Session::hello(&House::secure(), trusted()).await;
    for _ in 0..4 {
        session.say(&format!("AUTH PLAIN {WRONG}")).await;
    }
    let mut session = session.start_tls().await;
    session.say("EHLO a").await;
    assert_eq!(session.say(&format!("AUTH PLAIN {WRONG}")).await.code, 421, "STARTTLS does not buy more either");
}

#[tokio::test(start_paused = true)]
async fn or43_a_login_gives_the_right_to_relay_and_a_failed_one_does_not() {
    let house = House::secure();
    let mut session = secure(&house).await;
    session.say(&format!("AUTH PLAIN {WRONG}")).await;
    assert_eq!(session.codes(&["MAIL FROM:<a@x.example>", "RCPT TO:<b@y.example>", "RSET"]).await, [250, 550, 250]);
    session.say(&format!("AUTH PLAIN {RIGHT}")).await;
    assert_eq!(session.deliver(&["b@y.example"], "a\nb\r\n").await.code, 250, "bare line ends are mended too");
    let submission = house.message().submission;
    assert_eq!((submission.user.as_deref(), submission.protocol), (Some(USER), "ESMTPSA"));
    assert!(submission.peer.may_relay);
    let house = House::secure_with(|settings| settings.access.relay.allow_authenticated = false);
    let mut session = secure(&house).await;
    session.say(&format!("AUTH PLAIN {RIGHT}")).await;
    assert_eq!(session.codes(&["MAIL FROM:<a@x.example>", "RCPT TO:<b@y.example>"]).await, [250, 550]);
}

#[tokio::test(start_paused = true)]
async fn lg03_a_response_that_looks_like_a_command_is_a_response_and_not_shown() {
    let house = House::secure();
    let mut session = secure(&house).await;
    let (_, mut told) = session.ledger.watch_session(session.ledger.sessions()[0].id).unwrap();
    for line in ["AUTH LOGIN", "RSET", "QUIT"] {
        session.say(line).await;
    }
    assert_eq!(*house.logins.lock().unwrap(), ["E!\x13:AB\x13"], "what both are in base64");
    session.say(&format!("AUTH PLAIN {RIGHT}")).await;
    let mut shown = Vec::new();
    while let Ok(line) = told.try_recv() {
        shown.push(String::from(line.text));
    }
    let expected = [
        "AUTH LOGIN",
        "334 ********",
        "********",
        "334 ********",
        "********",
        "535 5.7.3 Authentication unsuccessful.",
        "AUTH PLAIN ********",
        "235 2.7.0 Authentication successful.",
    ];
    assert_eq!(shown, expected);
}

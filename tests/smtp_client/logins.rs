//! AUTH: what is said, by which mechanism, and what of it nobody sees.

use mailroot::sasl::{self, Mechanism};

use super::authority::Authority;
use super::tls::{Wish, open_with, verifying};
use super::*;

const USER: &str = "bob@corp.example";
const PASSWORD: &str = "s3cret-of-bob";

pub(crate) fn password() -> Credentials {
    Credentials::Basic { user: USER.into(), password: PASSWORD.to_owned().into() }
}

fn token(token: &str) -> Credentials {
    Credentials::Token { user: USER.into(), token: token.to_owned().into() }
}

fn base64(text: &str) -> String {
    sasl::encode(text.as_bytes()).to_string()
}

/// Opens a connection in clear and logs in; gives the transcript, too.
async fn log_in(
    peer: &ScriptedPeer,
    credentials: &Credentials,
) -> (Result<Connection<DuplexStream>, ClientError>, String) {
    let lines = Arc::new(transcripts::Lines::default());
    let name = hello();
    let opening = Opening {
        transcript: Some(lines.clone() as Arc<dyn Transcript>),
        security: Security::Clear(Some(credentials)),
        ..Opening::plain(&name, Timeouts::default())
    };
    let opened = Connection::open(peer.connect(), opening).await;
    let told = lines.0.lock().unwrap().join("\n");
    (opened, told)
}

#[tokio::test]
async fn a_password_goes_by_plain_or_where_that_is_not_offered_by_login() {
    let peer = ScriptedPeer::new().offering(&["AUTH NTLM LOGIN PLAIN"]).on("AUTH PLAIN", say("235 2.7.0 welcome"));
    let (opened, told) = log_in(&peer, &password()).await;
    opened.unwrap();
    assert_eq!(peer.commands()[1], format!("AUTH PLAIN {}", base64(&format!("\0{USER}\0{PASSWORD}"))));
    assert!(told.ends_with("> AUTH PLAIN ********\n< 235 2.7.0 welcome\n(PLAIN)"), "{told}");

    let peer = ScriptedPeer::new()
        .offering(&["AUTH=LOGIN"])
        .on("AUTH LOGIN", say("334 VXNlcm5hbWU6"))
        .on(&base64(USER), say("334 UGFzc3dvcmQ6"))
        .on(&base64(PASSWORD), say("235 2.7.0 welcome"));
    let (opened, told) = log_in(&peer, &password()).await;
    assert_eq!(letters(&send(&mut opened.unwrap(), &["a"]).await.unwrap()), "D");
    assert_eq!(peer.commands()[1..4], ["AUTH LOGIN".to_owned(), base64(USER), base64(PASSWORD)]);
    let lines = "> AUTH LOGIN\n< 334 ********\n> ********\n< 334 ********\n> ********\n< 235 2.7.0 welcome\n(LOGIN)";
    assert!(told.ends_with(lines), "{told}");
}

#[tokio::test]
async fn t006_a_login_under_tls_is_said_only_there_and_by_what_is_offered_there() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .first("EHLO", vec![say("250-mx\r\n250-STARTTLS\r\n250 AUTH LOGIN")])
        .on("AUTH PLAIN", say("235 ok"))
        .with_tls(authority.server(&["mx.example"]));
    let login = password();
    open_with(peer.connect(), &verifying(&authority), Wish::Required, Some(&login)).await.unwrap();
    let commands = peer.commands();
    assert_eq!(commands[..4], ["EHLO relay.example", "STARTTLS", TLS, "EHLO relay.example"]);
    assert!(commands[4].starts_with("AUTH PLAIN "));
    let secret = base64(&format!("\0{USER}\0{PASSWORD}"));
    let raw = String::from_utf8_lossy(&peer.sessions()[0].raw).into_owned();
    assert_eq!(raw.matches(&secret).count(), 1);
    assert!(raw.find("STARTTLS").unwrap() < raw.find(&secret).unwrap());
}

/// The published vectors (reference/iis-smtp.md 6.2).
#[tokio::test]
async fn xoauth2_says_the_published_string() {
    let vectors = [
        (
            "test@contoso.onmicrosoft.com",
            "EwBAAl3BAAUFFpUAo7J3Ve0bjLBWZWCclRC3EoAA",
            "dXNlcj10ZXN0QGNvbnRvc28ub25taWNyb3NvZnQuY29tAWF1dGg9QmVhcmVyIEV3QkFBbDNCQUFVRkZwVUFvN0ozVmUwYmpMQldaV0N\
             jbFJDM0VvQUEBAQ==",
        ),
        (
            "someuser@example.com",
            "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRX\
             VZMjl0Q2cBAQ==",
        ),
    ];
    for (user, token, published) in vectors {
        let peer = ScriptedPeer::new().offering(&["AUTH LOGIN XOAUTH2"]).on("AUTH XOAUTH2", say("235 ok"));
        let credentials = Credentials::Token { user: user.into(), token: token.to_owned().into() };
        log_in(&peer, &credentials).await.0.unwrap();
        assert_eq!(peer.commands()[1], format!("AUTH XOAUTH2 {published}"));
    }
}

#[tokio::test]
async fn a_token_too_long_for_a_line_comes_in_the_second_step() {
    let peer =
        ScriptedPeer::new().offering(&["AUTH XOAUTH2"]).on("AUTH XOAUTH2", say("334 ")).on("dXNlcj", say("235 ok"));
    log_in(&peer, &token(&"t".repeat(2000))).await.0.unwrap();
    let commands = peer.commands();
    assert_eq!(commands[1], "AUTH XOAUTH2");
    assert_eq!(commands[2], base64(&format!("user={USER}\x01auth=Bearer {}\x01\x01", "t".repeat(2000))));
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_answered_by_an_empty_line_and_kept_in_the_server_s_words() {
    let json = r#"{"status":"400","schemes":"Bearer","scope":"https://mail.example/\u001b"}"#;
    let peer = ScriptedPeer::new()
        .on("AUTH XOAUTH2", say(format!("334 {}", base64(json))))
        .first("EHLO", vec![say("250-mx\r\n250 AUTH XOAUTH2")])
        .on(GREETING, say("220 hi"))
        .on("", say("535 5.7.8 Username and Password not accepted")); // fits every command that is left
    let (opened, told) = log_in(&peer, &token("the-token")).await;
    let error = opened.err().unwrap();
    let ClientError::LoginRefused { mechanism: Mechanism::XOAuth2, reply, details, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((reply.code, details.as_deref()), (535, Some(json)));
    assert_eq!(peer.commands()[2], "");
    assert_eq!(error.to_reply().code, 451);
    assert!(
        error.to_string().starts_with("the login as bob@corp.example with XOAUTH2 was refused: 535 5.7.8 "),
        "{error}"
    );
    assert!(told.contains("< 334 ********\n> ********\n< 535 5.7.8 Username and Password not accepted\n"), "{told}");
}

#[tokio::test]
async fn a_refused_login_is_the_destination_s_trouble_and_never_a_5xx_of_ours() {
    for said in
        ["535 5.7.3 Authentication unsuccessful", "550 5.7.30 Basic authentication is not supported", "454 4.7.0 later"]
    {
        let peer = ScriptedPeer::new().offering(&["AUTH PLAIN"]).on("AUTH", say(said));
        let error = log_in(&peer, &password()).await.0.err().unwrap();
        assert!(error.to_reply().code < 500, "{said}");
        assert!(error.refusal().is_none());
        assert_eq!(peer.commands().last().unwrap(), "QUIT");
    }
}

#[tokio::test]
async fn without_a_mechanism_of_ours_nothing_is_said_of_the_login() {
    for (offer, words) in [("AUTH CRAM-MD5 GSSAPI", "it offers CRAM-MD5, GSSAPI"), ("SIZE", "it offers none")] {
        let peer = ScriptedPeer::new().offering(&[offer]);
        let error = log_in(&peer, &password()).await.0.err().unwrap();
        assert!(matches!(error, ClientError::NoMechanism { .. }) && error.to_string().ends_with(words), "{error}");
        assert_eq!(peer.commands(), ["EHLO relay.example", "QUIT"]);
    }
}

#[tokio::test]
async fn a004_a_login_that_makes_no_sense_is_cancelled() {
    for nonsense in ["334 !!!", "334 VXNlcm5hbWU6\r\n"] {
        let peer = ScriptedPeer::new()
            .offering(&["AUTH PLAIN"])
            .on("AUTH PLAIN", say(nonsense))
            .on("*", say("501 5.7.0 cancelled"));
        let error = log_in(&peer, &password()).await.0.err().unwrap();
        assert!(matches!(error, ClientError::LoginBroken { .. }), "{error}");
        assert_eq!(peer.commands()[2..], ["*", "QUIT"]);
    }
}

#[tokio::test]
async fn a_success_that_is_none_is_not_believed() {
    for said in ["250 2.0.0 ok", "220 hi", "354 go"] {
        let peer = ScriptedPeer::new().offering(&["AUTH PLAIN"]).on("AUTH", say(said));
        let error = log_in(&peer, &password()).await.0.err().unwrap();
        assert!(matches!(error, ClientError::OutOfStep { stage: Stage::Login, .. }), "{said}: {error}");
    }
}

#[tokio::test]
async fn lg03_au14_a_secret_that_the_server_repeats_is_shown_nowhere() {
    let sent = base64(&format!("\0{USER}\0{PASSWORD}"));
    for said in [
        format!("535 5.7.8 {PASSWORD} is wrong"),
        format!("535 5.7.8 got {sent}"),
        format!("250 {PASSWORD}"),
        format!("334 {}", base64(PASSWORD)),
        format!("235 hello {PASSWORD}"),
        format!("421 4.7.0 enough of {PASSWORD}"),
        format!("{PASSWORD} is no reply"),
        format!("{}{PASSWORD}", "x".repeat(75)),
    ] {
        let peer = ScriptedPeer::new().offering(&["AUTH PLAIN"]).on("AUTH", say(&said));
        let (opened, told) = log_in(&peer, &password()).await;
        let shown =
            opened.err().map(|error| format!("{error} {error:?} {}", error.to_reply())).unwrap_or_default() + &told;
        assert!(!shown.contains(PASSWORD) && !shown.contains(&sent), "{shown}");
        assert!(!shown.contains(&base64(PASSWORD)), "{shown}");
    }
    assert!(!format!("{:?}", password()).contains(PASSWORD));
}

#[tokio::test]
async fn a_server_that_hangs_up_on_a_login_is_heard() {
    let peer = ScriptedPeer::new().offering(&["AUTH PLAIN"]).on("AUTH", say("421 4.7.0 too many logins from you"));
    let (opened, told) = log_in(&peer, &password()).await;
    assert_eq!(opened.err().unwrap().to_reply().to_string(), "421 4.7.0 too many logins from you");
    assert!(told.ends_with("> AUTH PLAIN ********\n< 421 4.7.0 too many logins from you"), "{told}");
}

#[tokio::test]
async fn integrated_speaks_ntlm_and_nothing_else() {
    let credentials = Credentials::Integrated {
        user: "bob".into(),
        domain: "CORP".into(),
        password: PASSWORD.to_owned().into(),
        now: "2026-11-24T11:15:03Z".parse().unwrap(),
    };
    let peer = ScriptedPeer::new()
        .offering(&["AUTH LOGIN PLAIN NTLM"])
        .on("AUTH NTLM", say("334 ntlm supported"))
        .on("TlRMTVNTUAABAAAA", say("334 bm90IGEgY2hhbGxlbmdl"))
        .on("*", say("501 cancelled"));
    let (opened, told) = log_in(&peer, &credentials).await;
    let error = opened.err().unwrap();
    assert!(matches!(error, ClientError::LoginBroken { mechanism: Mechanism::Ntlm, .. }), "{error}");
    let commands = peer.commands();
    assert!(commands[2].starts_with("TlRMTVNTUAABAAAA") && commands[3..] == ["*", "QUIT"], "{commands:?}");
    assert!(!told.contains("TlRM"), "{told}");
    let other = ScriptedPeer::new().offering(&["AUTH LOGIN PLAIN"]);
    assert!(matches!(log_in(&other, &credentials).await.0, Err(ClientError::NoMechanism { wanted: "NTLM", .. })));
}

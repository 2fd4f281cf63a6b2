//! The explained trial of the smart host.

use mailroot::delivery::{Step, StepKind, StepState};
use mailroot::engine::{Actor, CheckEvent, CheckWatch, Command, Role};

use super::authority::Authority;
use super::house::{as_admin, smart_host};
use super::scripted_peer::{Act, GREETING};
use super::*;

const PASSWORD: &str = "s3cret-of-relay";

/// The steps, the client's lines, and the outcome.
async fn events(mut watch: CheckWatch) -> (Vec<Step>, Vec<String>, bool) {
    let (mut steps, mut said, mut outcome) = (Vec::new(), Vec::new(), None);
    while let Some(event) = watch.next().await {
        assert_eq!(outcome, None, "nothing comes behind the outcome");
        match event {
            CheckEvent::Line { side: mailroot::ledger::Side::Client, text, .. } => said.push(text),
            CheckEvent::Line { .. } => {}
            CheckEvent::Step(step) => steps.push(step),
            CheckEvent::Finished { can_send } => outcome = Some(can_send),
        }
    }
    (steps, said, outcome.unwrap())
}

async fn check(house: &House) -> (Vec<Step>, Vec<String>, bool) {
    events(house.handle.check_smart_host(&as_admin(), None).unwrap()).await
}

fn kinds(steps: &[Step]) -> Vec<(&'static str, &'static str)> {
    steps.iter().map(|step| (step.kind.as_str(), step.state.as_str())).collect()
}

async fn house_with_login(peer: &ScriptedPeer, authority: &Authority, tls: &str) -> House {
    let ca_file = format!("\"{}\"", authority.file().display());
    House::start(&[
        ("delivery.advanced.smart_host", &smart_host(peer.listen().await)),
        ("delivery.outbound_security.method", "\"basic\""),
        ("delivery.outbound_security.tls", tls),
        ("delivery.outbound_security.ca_file", &ca_file),
        ("delivery.outbound_security.username", "\"relay\""),
        ("delivery.outbound_security.password", &format!("\"{PASSWORD}\"")),
    ])
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_smart_host_in_order_is_told_and_no_mail_is_sent() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new()
        .offering(&["SIZE 1000", "AUTH LOGIN PLAIN"])
        .on("AUTH PLAIN", say("235 2.7.0 welcome"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let house = house_with_login(&peer, &authority, "\"required\"").await;
    let (steps, said, can_send) = check(&house).await;
    assert!(can_send, "{steps:?}");
    let expected = ["route", "secrets", "connect", "greeting", "ehlo", "tls", "ehlo", "login", "quit"];
    assert_eq!(kinds(&steps), expected.map(|kind| (kind, "passed")));
    assert!(steps[4].text.contains("STARTTLS") && !steps[6].text.contains("STARTTLS"));
    let tls = &steps[5].text;
    assert!(
        tls.starts_with("TLSv1.3 TLS_AES_256_GCM_SHA384; the certificate is for 127.0.0.1, from CN=Ours, "),
        "{tls}"
    );
    assert!(tls.ends_with("all checks passed for 127.0.0.1"), "{tls}");
    assert_eq!(steps[7].text, "logged in as relay with PLAIN");
    assert_eq!(said, ["EHLO relay.test", "STARTTLS", "EHLO relay.test", "AUTH PLAIN ********", "QUIT"]);
    assert_eq!(house.log("event:act").await[0]["reply"], "the smart host checked");
    check(&house).await;
    assert!(peer.contents().is_empty());

    let view = house.view(Command::CheckSmartHost { domain: Some("far.example".to_owned()) }).await;
    assert_eq!((&view["can_send"], &view["schema"]), (&true.into(), &1.into()));
    assert_eq!(view["steps"][0]["text"].as_str().unwrap().split(" goes to ").next(), Some("Mail for far.example"));
    assert_eq!(view["dialogue"][1], "C: EHLO relay.test");
    assert!(!view.to_string().contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_that_fails_is_the_last_and_says_what_to_do() {
    let authority = Authority::new("Ours");
    let plain = ScriptedPeer::new().offering(&["AUTH PLAIN"]);
    let impostor = ScriptedPeer::new().with_tls(authority.server(&["other.example"]));
    let refusing = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .on("AUTH", say("535 5.7.3 Authentication unsuccessful"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let without = ScriptedPeer::new().offering(&["AUTH CRAM-MD5"]).with_tls(authority.server(&["127.0.0.1"]));
    let strange = ScriptedPeer::new().on(GREETING, say("SSH-2.0-OpenSSH_9.2"));
    let unkind = ScriptedPeer::new().on(GREETING, Act::SayAndClose(b"554 5.7.1 no\r\n".to_vec()));
    for (peer, kind, words, advice) in [
        (plain, StepKind::Tls, "offers no STARTTLS", "look at the port"),
        (impostor, StepKind::Tls, "is for other.example, not for 127.0.0.1", "name the server as its certificate does"),
        (refusing, StepKind::Login, "535 5.7.3 Authentication unsuccessful", "check the user name"),
        (without, StepKind::Login, "it offers CRAM-MD5", "choose another method"),
        (strange, StepKind::Greeting, "which is no SMTP reply", "no mail server"),
        (unkind, StepKind::Greeting, "554 5.7.1 no", "does not want connections"),
    ] {
        let house = house_with_login(&peer, &authority, "\"required\"").await;
        let (steps, _, can_send) = check(&house).await;
        let last = steps.last().unwrap();
        assert_eq!((last.kind, last.state, can_send), (kind, StepState::Failed, false), "{steps:?}");
        assert!(last.text.contains(words), "{last:?}");
        assert!(last.advice.as_deref().unwrap().contains(advice), "{last:?}");
        assert!(!format!("{steps:?}").contains(PASSWORD));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_meant_otherwise_is_noted() {
    let peer = ScriptedPeer::new();
    let house = House::relaying_to(peer.listen().await).await;
    let (steps, _, can_send) = check(&house).await;
    assert!(can_send);
    let noted = |steps: &[Step]| {
        let step = steps.iter().find(|step| step.state == StepState::Noted).unwrap();
        assert_eq!(step.kind, StepKind::Tls);
        step.text.clone()
    };
    assert!(noted(&steps).contains("mail goes in clear, since tls = \"opportunistic\""));
    let unchecked = ScriptedPeer::new().with_tls(Authority::new("Theirs").server(&["other.example"]));
    let house = House::relaying_to(unchecked.listen().await).await;
    assert!(noted(&check(&house).await.0).contains("the certificate is for other.example"));
    let broken = ScriptedPeer::new().offering(&["STARTTLS"]).on("STARTTLS", Act::SayAndClose(b"220 go\r\n".to_vec()));
    let house = House::relaying_to(broken.listen().await).await;
    let (steps, _, can_send) = check(&house).await;
    assert!(can_send && noted(&steps).contains("closed the connection during the handshake"), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_smart_host_a_domain_has_to_be_named_and_an_observer_may_not_ask() {
    let house = House::start(&[]).await;
    let (steps, _, can_send) = check(&house).await;
    assert_eq!((kinds(&steps), can_send), (vec![("route", "failed")], false));
    let domain = |text: &str| Some(text.parse().unwrap());
    let watch = house.handle.check_smart_host(&as_admin(), domain("corp.example")).unwrap();
    assert!(events(watch).await.0[0].text.contains("stays here, in Drop"));
    let observer = Actor { name: "the observer".to_owned(), role: Role::Observer };
    let refused = house.handle.check_smart_host(&observer, None).err().unwrap();
    assert_eq!(refused, "a check of the smart host needs the role operator; you are observer");
    let closed = free_address();
    let house = House::relaying_to(closed).await;
    let (steps, _, _) = check(&house).await;
    assert_eq!(steps.last().unwrap().kind, StepKind::Connect);
}

fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

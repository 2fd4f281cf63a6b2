//! TLS and logins on the way out: what goes under which, and what waits for a person.

use mailroot::config::{Domain as DomainEntry, Method, OutboundSecurity, Secret, Settings, TlsMode};
use mailroot::ledger::Event;
use mailroot::sasl;

use super::authority::Authority;
use super::*;

const USER: &str = "relay@corp.example";
const PASSWORD: &str = "s3cret-of-relay";

fn login(authority: &Authority) -> OutboundSecurity {
    OutboundSecurity {
        method: Method::Basic,
        tls: TlsMode::Required,
        username: USER.to_owned(),
        password: Some(Secret::Given(PASSWORD.to_owned().into())),
        ca_file: Some(authority.file()),
        ..OutboundSecurity::DEFAULT
    }
}

fn plain(password: &str) -> String {
    format!("AUTH PLAIN {}", *sasl::encode(format!("\0{USER}\0{password}").as_bytes()))
}

/// A house whose mail goes to the peer.
async fn house_for(peer: &ScriptedPeer, security: OutboundSecurity) -> House {
    house_with(peer, security, |_| ()).await
}

async fn house_with(peer: &ScriptedPeer, security: OutboundSecurity, change: impl FnOnce(&mut Settings)) -> House {
    let port = peer.listen().await.port();
    House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.delivery.security = security;
        change(settings);
    })
}

/// Waits until a message waits for a person; gives the problem.
async fn waits(house: &House, id: &QueueId) -> String {
    eventually("a problem is shown", || !house.dispatcher.problems().is_empty()).await;
    eventually("the message waits", || house.row(id).last_reply.is_some() && house.row(id).state == "queued").await;
    assert_eq!(house.row(id).attempts, 0, "no attempt is used up");
    house.dispatcher.problems().remove(0)
}

#[tokio::test]
async fn mail_goes_under_verified_tls_with_a_login_and_the_connection_is_kept() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .on(&plain(PASSWORD), say("235 2.7.0 welcome"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let house = house_for(&peer, login(&authority)).await;
    for _ in 0..3 {
        house.send(&["bob@far.example"]).await;
        house.emptied().await;
    }
    assert_eq!((peer.sessions().len(), peer.contents().len()), (1, 3));
    let session = house.ledger.sessions().remove(0);
    assert_eq!(session.user.as_deref(), Some(USER));
    assert_eq!(session.encryption.unwrap().to_string(), "TLSv1.3 TLS_AES_256_GCM_SHA384");
}

#[tokio::test]
async fn implicit_tls_needs_no_starttls() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new().with_implicit_tls(authority.server(&["127.0.0.1"]));
    let security =
        OutboundSecurity { tls: TlsMode::Implicit, ca_file: Some(authority.file()), ..OutboundSecurity::DEFAULT };
    let house = house_for(&peer, security).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(peer.commands()[..2], [TLS, "EHLO relay.test"]);
}

#[tokio::test]
async fn where_tls_is_only_welcome_a_bad_one_is_left_and_the_mail_goes_in_clear() {
    let peer = ScriptedPeer::new().offering(&["STARTTLS"]).on("STARTTLS", Act::SayAndClose(b"220 ready\r\n".to_vec()));
    let house = house_for(&peer, OutboundSecurity::DEFAULT).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    let sessions = peer.sessions();
    assert_eq!(sessions[0].commands, ["EHLO relay.test", "STARTTLS"]);
    assert_eq!(sessions[1].commands[..2], ["EHLO relay.test", "MAIL FROM:<app@corp.example>"]);

    let unknown = Authority::new("Nobody knows").expired_server(&["other.example"]);
    let peer = ScriptedPeer::new().with_tls(unknown);
    let house = house_for(&peer, OutboundSecurity::DEFAULT).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(peer.commands()[..3], ["EHLO relay.test", "STARTTLS", TLS], "nobody is verified there");
}

#[tokio::test]
async fn t006_with_a_login_tls_is_not_only_welcome() {
    let authority = Authority::new("Ours");
    let stripped = ScriptedPeer::new().offering(&["AUTH PLAIN"]).on("AUTH", say("235 ok"));
    let security = OutboundSecurity { tls: TlsMode::Opportunistic, ..login(&authority) };
    let house = house_for(&stripped, security.clone()).await;
    let id = house.send(&["bob@far.example"]).await;
    let problem = waits(&house, &id).await;
    assert!(problem.contains("the server offers no STARTTLS, and mail for it must not travel in clear"), "{problem}");
    let impostor = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .on("AUTH", say("235 ok"))
        .with_tls(Authority::new("Impostor").server(&["127.0.0.1"]));
    let house = house_for(&impostor, security).await;
    let id = house.send(&["bob@far.example"]).await;
    let problem = waits(&house, &id).await;
    assert!(problem.contains("an issuer that is not trusted"), "{problem}");
    for peer in [stripped, impostor] {
        let raw: Vec<u8> = peer.sessions().into_iter().flat_map(|session| session.raw).collect();
        assert!(!String::from_utf8_lossy(&raw).contains("AUTH"));
        assert!(!peer.commands().iter().any(|command| command.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn what_a_person_has_chosen_travels_in_clear_login_and_all() {
    let peer = ScriptedPeer::new().offering(&["STARTTLS", "AUTH PLAIN"]).on(&plain(PASSWORD), say("235 ok"));
    let authority = Authority::new("Ours");
    let house = house_for(&peer, OutboundSecurity { tls: TlsMode::None, ..login(&authority) }).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert!(!peer.commands().contains(&"STARTTLS".to_owned()));
}

#[tokio::test]
async fn a_refused_login_holds_the_destination_and_never_returns_mail() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .first(
            "AUTH",
            vec![say("535 5.7.3 Authentication unsuccessful"), say("550 5.7.30 Basic authentication is off")],
        )
        .on("AUTH", say("235 ok"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let house = house_for(&peer, login(&authority)).await;
    let id = house.send(&["bob@far.example"]).await;
    let problem = waits(&house, &id).await;
    let words = "the login as relay@corp.example with PLAIN was refused: 535 5.7.3 Authentication unsuccessful; check";
    assert!(problem.contains(words), "{problem}");
    assert!(!problem.contains(PASSWORD));
    let second = house.send(&["eve@far.example"]).await;
    waits(&house, &second).await;
    assert_eq!(peer.sessions().len(), 1, "no other message tries the login again");
    skip(Duration::from_secs(70)).await;
    eventually("the probe has come back", || peer.sessions().len() == 2 && peer.sessions()[1].closed).await;
    waits(&house, &id).await;
    skip(5 * MINUTE).await;
    house.emptied().await;
    assert!(house.dispatcher.problems().is_empty());
    for id in [&id, &second] {
        assert_eq!(house.events(id).last(), Some(&Event::Delivered));
        assert!(house.events(id).iter().all(|event| matches!(event, Event::Deferred | Event::Delivered)));
    }
    assert_eq!(house.log(&id).last().unwrap().attempt, Some(1));
    assert!(house.files("Drop").is_empty() && house.files("Badmail").is_empty());
}

#[tokio::test]
async fn a_mended_password_lets_mail_go_at_once_whether_by_the_settings_or_by_a_retry() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .on(&plain(PASSWORD), say("235 ok"))
        .on("AUTH", say("535 5.7.8 no"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let wrong = OutboundSecurity { password: Some(Secret::Given("wrong".to_owned().into())), ..login(&authority) };
    let house = house_for(&peer, wrong).await;
    let id = house.send(&["bob@far.example"]).await;
    waits(&house, &id).await;
    house.change(|settings| settings.delivery.security = login(&authority));
    house.emptied().await;

    let file = house.path("password");
    std::fs::write(&file, "wrong\n").unwrap();
    let in_file = OutboundSecurity { password: Some(Secret::File(file.clone())), ..login(&authority) };
    house.change(|settings| settings.delivery.security = in_file);
    let id = house.send(&["bob@far.example"]).await;
    waits(&house, &id).await;
    std::fs::write(&file, PASSWORD).unwrap();
    assert_eq!(house.dispatcher.retry(&[id], "the admin"), 1);
    house.emptied().await;
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_a_problem_of_ours_and_nobody_is_called() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new();
    let missing = Some(Secret::Env("MAILROOT_NO_SUCH_VARIABLE".to_owned()));
    let house = house_for(&peer, OutboundSecurity { password: missing, ..login(&authority) }).await;
    let id = house.send(&["bob@far.example"]).await;
    let problem = waits(&house, &id).await;
    assert!(
        problem.contains("no password: the environment variable MAILROOT_NO_SUCH_VARIABLE is not set"),
        "{problem}"
    );
    assert!(peer.sessions().is_empty());
}

#[tokio::test]
async fn t011_a_certificate_that_fails_is_named_and_a_file_of_roots_mends_it_as_soon_as_it_is_right() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new().with_tls(authority.server(&["127.0.0.1"]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    let security =
        OutboundSecurity { tls: TlsMode::Required, ca_file: Some(file.clone()), ..OutboundSecurity::DEFAULT };
    let house = house_for(&peer, security).await;
    let id = house.send(&["bob@far.example"]).await;
    let problem = waits(&house, &id).await;
    assert!(problem.contains("no TLS: the roots in ") && problem.contains("give ca_file a file"), "{problem}");
    std::fs::copy(Authority::new("Other").file(), &file).unwrap();
    house.dispatcher.retry(std::slice::from_ref(&id), "the admin");
    eventually("the certificate is the problem", || house.dispatcher.problems().concat().contains("not trusted")).await;
    std::fs::remove_file(&file).unwrap();
    std::fs::copy(authority.file(), &file).unwrap();
    // The same length; the time of the change tells.
    std::fs::File::open(&file).unwrap().set_modified(std::time::UNIX_EPOCH + HOUR).unwrap();
    skip(Duration::from_secs(70)).await;
    house.emptied().await;
}

#[tokio::test]
async fn a_domain_has_a_security_of_its_own_and_mx_hosts_never_see_the_login() {
    let authority = Authority::new("Ours");
    let port = free_port();
    let smart = ScriptedPeer::new()
        .offering(&["AUTH PLAIN"])
        .on("AUTH", say("235 ok"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let smart_port = smart.listen().await.port();
    let mx =
        ScriptedPeer::new().offering(&["AUTH PLAIN"]).with_tls(Authority::new("Theirs").server(&["mx.far.example"]));
    mx.listen_on(&format!("127.0.0.2:{port}")).await;
    let zone = "far.example MX 10 mx.far.example\nmx.far.example A 127.0.0.2";
    let house = House::new(zone, |settings| {
        settings.delivery.connections.port = port;
        settings.delivery.advanced.direct_first = true;
        settings.delivery.advanced.smart_host = Some(house::smart_host(smart_port));
        settings.delivery.security = OutboundSecurity { tls: TlsMode::Opportunistic, ..login(&authority) };
        settings.domains.push(DomainEntry {
            smart_host: Some(house::smart_host(smart_port)),
            security: Some(OutboundSecurity { tls: TlsMode::None, ..OutboundSecurity::DEFAULT }),
            ..DomainEntry::new("partner.example".parse().unwrap())
        });
    });
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(mx.commands()[..4], ["EHLO relay.test", "STARTTLS", TLS, "EHLO relay.test"]);
    assert!(mx.commands()[4].starts_with("MAIL"), "unverified, and without a login");
    house.send(&["bob@partner.example"]).await;
    house.emptied().await;
    assert!(smart.commands()[1].starts_with("MAIL"), "{:?}", smart.commands());

    house.change(|settings| settings.delivery.security.tls = TlsMode::Required);
    let id = house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert_eq!(mx.contents().len(), 1, "its certificate is not trusted");
    assert_eq!(smart.contents().len(), 2, "so the smart host has it: {:?}", house.log(&id));
}

#[tokio::test]
async fn a_busy_server_is_asked_again_in_a_minute() {
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![say("432 4.3.2 Concurrent connections limit exceeded")]);
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    eventually("the connection is given up", || peer.sessions()[0].closed).await;
    skip(MINUTE + Duration::from_secs(1)).await;
    house.emptied().await;
}

#[tokio::test]
async fn t012_mail_cut_off_at_its_end_is_sent_again() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new().first(END_OF_DATA, vec![Act::Close]).with_tls(authority.server(&["127.0.0.1"]));
    let house = house_for(&peer, OutboundSecurity::DEFAULT).await;
    let id = house.send(&["bob@far.example"]).await;
    house.tried(&id, 1).await;
    assert!(
        house.row(&id).last_reply.unwrap().contains("connection lost while waiting for the reply to the end of data")
    );
}

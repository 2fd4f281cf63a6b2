//! The certificate of a running engine: in use, renewed, damaged, at its end.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use house::{Place, in_toml};
use mailroot::engine::{Command, Outcome};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;

/// An engine with a certificate, which listens in both ways.
async fn secure(certificate: &Certificate) -> House {
    let place = Place::new(&[("general.listen_tls", "[\"127.0.0.1:0\"]")]);
    place.secured(certificate).open().await
}

async fn tls_address(house: &House) -> SocketAddr {
    house.handle.tls_listeners().await[0]
}

async fn problems(house: &House) -> Vec<String> {
    let status = house.status().await;
    status["problems"].as_array().unwrap().iter().map(|problem| problem.as_str().unwrap().to_owned()).collect()
}

/// A certificate that ends in so many days from now.
fn ending_in(days: u64) -> (String, String) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let mut params = CertificateParams::new(["relay.test".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(1970, 1, 1) + now + Duration::from_hours(24 * days + 12);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[tokio::test(flavor = "multi_thread")]
async fn t009_mail_comes_in_where_clients_begin_with_tls() {
    let certificate = Certificate::made_for("relay.test");
    let house = secure(&certificate).await;
    let connector = certificate.connector();
    let mut client = TlsClient::secure(tls_address(&house).await, &connector).await.unwrap();
    client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: implicit\r\n\r\n").await;
    let mut client = Client::hello(house.address().await).await.start_tls(&connector).await;
    client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: starttls\r\n\r\n").await;
    house.emptied().await;
    for message in house.files("Drop") {
        let text = String::from_utf8(message).unwrap();
        assert!(text.contains("with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id"), "{text}");
    }
    let status = house.status().await;
    assert_eq!(status["tls_listeners"][0], tls_address(&house).await.to_string());
    assert_eq!(status["certificate"]["names"][0], "relay.test");
    assert_eq!(
        (&status["certificate"]["self_signed"], &status["certificate"]["problem"]),
        (&true.into(), &Value::Null)
    );
    let sessions = house.view(Command::Sessions).await;
    let shown = sessions["sessions"].as_array().unwrap().iter().find(|session| session["tls"] == true).unwrap();
    assert_eq!(shown["cipher"], "TLSv1.3 TLS_AES_256_GCM_SHA384");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_renewed_under_load_drops_nobody() {
    let mut certificate = Certificate::made_for("relay.test");
    let house = secure(&certificate).await;
    let (clear, tls) = (house.address().await, tls_address(&house).await);
    let first = certificate.connector();
    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut clients = Vec::new();
    for number in 0..40 {
        let (stop, sent, first) = (Arc::clone(&stop), Arc::clone(&sent), first.clone());
        clients.push(tokio::spawn(async move {
            let mut client = if number % 2 == 0 {
                TlsClient::secure(tls, &first).await.unwrap()
            } else {
                Client::hello(clear).await.start_tls(&first).await
            };
            while !stop.load(Ordering::Relaxed) {
                client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: x\r\n\r\n").await;
                sent.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(client.say("NOOP").await, "250 2.0.0 OK");
        }));
    }
    eventually("the clients are at work", async || sent.load(Ordering::Relaxed) > 100).await;
    for _ in 0..2 {
        certificate.renew("relay.test");
        let new = certificate.connector();
        eventually("the new certificate is shown", async || TlsClient::secure(tls, &new).await.is_ok()).await;
        assert!(Client::hello(clear).await.start_tls(&new).await.say("NOOP").await.starts_with("250"));
        let before = sent.load(Ordering::Relaxed);
        eventually("the clients are at work still", async || sent.load(Ordering::Relaxed) > before + 40).await;
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert!(problems(&house).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_new_files_are_a_problem_and_the_old_certificate_stays_in_use() {
    let mut certificate = Certificate::made_for("relay.test");
    let house = secure(&certificate).await;
    let tls = tls_address(&house).await;
    let connector = certificate.connector();
    fs::write(certificate.file(), "half a certifi").unwrap();
    eventually("the problem is shown", async || !problems(&house).await.is_empty()).await;
    let shown = problems(&house).await;
    assert!(
        shown[0].starts_with("the certificate stays as it was: ") && shown[0].contains("holds no certificate"),
        "{shown:?}"
    );
    assert_eq!(house.status().await["certificate"]["problem"], shown[0]);
    assert!(TlsClient::secure(tls, &connector).await.is_ok());
    certificate.renew("relay.test");
    let connector = certificate.connector();
    eventually("the mended one is in use", async || TlsClient::secure(tls, &connector).await.is_ok()).await;
    assert!(problems(&house).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_missing_at_the_start_is_no_reason_not_to_start_and_taken_up_when_it_comes() {
    let certificate = Certificate::made_for("relay.test");
    let connector = certificate.connector();
    let (file, aside) = (certificate.file(), certificate.file().with_extension("aside"));
    fs::rename(&file, &aside).unwrap();
    let house = secure(&certificate).await;
    let mut client = Client::connect(house.address().await).await;
    assert!(!client.say("EHLO client.example").await.contains("STARTTLS"));
    assert_eq!(client.say("STARTTLS").await, "454 4.7.0 TLS not available");
    client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: x\r\n\r\n").await;
    assert!(TlsClient::secure(tls_address(&house).await, &connector).await.is_err());
    assert!(problems(&house).await[0].starts_with("TLS is not available: "));
    assert_eq!(house.status().await["certificate"]["expires"], Value::Null);
    fs::rename(aside, file).unwrap();
    let tls = tls_address(&house).await;
    eventually("TLS is available", async || TlsClient::secure(tls, &connector).await.is_ok()).await;
    assert!(problems(&house).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_a_problem_from_twenty_one_days_before_its_end() {
    let mut certificate = Certificate::made_for("relay.test");
    let house = secure(&certificate).await;
    for (days, expected) in [(30, None), (20, Some("expires in 20 days")), (1, Some("expires in 1 day,"))] {
        let (pem, key) = ending_in(days);
        certificate.put(&pem, &key);
        let until = pem_end(&house).await;
        eventually("it is in use", async || pem_end(&house).await != until).await;
        let shown = problems(&house).await;
        assert_eq!(shown.len(), usize::from(expected.is_some()), "{shown:?}");
        assert!(expected.is_none_or(|text| shown[0].contains(text)), "{shown:?}");
    }
}

async fn pem_end(house: &House) -> Value {
    house.status().await["certificate"]["expires"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_with_a_bad_certificate_are_refused_and_with_a_good_one_in_force_at_once() {
    let certificate = Certificate::made_for("relay.test");
    let mut house = House::start(&[]).await;
    let clear = house.address().await;
    let mut before = Client::hello(clear).await;
    let place = house.place();
    place.set("access.certificate", "\"/nowhere/relay.pem\"");
    place.set("access.private_key", &in_toml(&certificate.key_file()));
    place.set("messages.max_recipients", "7");
    place.write();
    let Outcome::Refused { reason } = house.ask(Command::Reload).await else { panic!("taken") };
    assert!(reason.starts_with("access.certificate: /nowhere/relay.pem cannot be read: "), "{reason}");
    assert_ne!(house.handle.settings().messages.max_recipients, Some(7));
    let outcome = house.set("access.certificate", &in_toml(&certificate.file())).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(before.say("STARTTLS").await, "502 5.5.1 Command not implemented", "a session keeps its settings");
    let connector = certificate.connector();
    let mut client = Client::hello(clear).await.start_tls(&connector).await;
    let place = house.place();
    place.set("access.certificate", "\"\"");
    place.set("access.private_key", "\"\"");
    place.write();
    assert!(matches!(house.ask(Command::Reload).await, Outcome::Done { .. }));
    assert!(!Client::connect(clear).await.say("EHLO a").await.contains("STARTTLS"));
    assert_eq!(house.status().await["certificate"], Value::Null);
    assert_eq!(client.say("NOOP").await, "250 2.0.0 OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_from_clear_to_tls_and_back_without_a_restart() {
    let certificate = Certificate::made_for("relay.test");
    let connector = certificate.connector();
    let mut house = Place::new(&[]).secured(&certificate).open().await;
    let address = house.address().await;
    let (named, none) = (format!("[\"{address}\"]"), "[]".to_owned());
    for (clear, tls) in [(&named, &none), (&none, &named), (&named, &none)] {
        let place = house.place();
        place.set("general.listen", clear);
        place.set("general.listen_tls", tls);
        place.write();
        let outcome = house.ask(Command::Reload).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        if clear == &named {
            assert_eq!(house.handle.listeners().await, [address]);
            Client::hello(address).await;
        } else {
            assert_eq!(house.handle.tls_listeners().await, [address]);
            TlsClient::secure(address, &connector).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_in_clear_to_a_client_that_is_refused_where_clients_begin_with_tls() {
    use tokio::io::AsyncReadExt as _;
    let certificate = Certificate::made_for("relay.test");
    let house = secure(&certificate).await;
    assert!(matches!(house.ask(Command::Pause { domain: None }).await, Outcome::Done { .. }));
    let mut said = Vec::new();
    let mut stream = tokio::net::TcpStream::connect(tls_address(&house).await).await.unwrap();
    let _ = stream.read_to_end(&mut said).await;
    assert!(said.is_empty(), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_goes_under_tls_where_it_must() {
    use mailroot::engine::TrialEvent;
    let certificate = Certificate::made_for("relay.test");
    let place = Place::new(&[("access.require_tls", "true")]);
    let house = place.secured(&certificate).open().await;
    let to = mailroot::mail::Address::parse("bob@corp.example", false).unwrap();
    let mut watch = house.handle.test_message(&house::as_admin(), None, to).unwrap();
    let mut said = Vec::new();
    let mut outcome = None;
    while let Some(event) = watch.next().await {
        match event {
            TrialEvent::Line { text, .. } => said.push(text),
            event => outcome = Some(event),
        }
    }
    assert!(matches!(outcome, Some(TrialEvent::Accepted { .. })), "{outcome:?}");
    let upgrade = ["STARTTLS", "220 2.0.0 SMTP server ready", "EHLO relay.test"];
    assert!(said.windows(3).any(|lines| lines == upgrade), "{said:?}");
}

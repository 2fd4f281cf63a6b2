//! STARTTLS and implicit TLS (RFC 3207, RFC 8314).

use std::io;

use mailroot::smtp::Peer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use smtp_session::certificates::server_name;

fn may_log_in_clear() -> Peer {
    Peer { may_log_in_clear: true, ..insider() }
}

#[tokio::test(start_paused = true)]
async fn t001_starttls_is_listed_where_it_can_be_said() {
    let mut session = Session::start(&House::secure(), outsider()).await;
    assert!(session.say("EHLO a").await.lines.contains(&"STARTTLS".to_owned()));
    let mut session = session.start_tls().await;
    assert!(!session.say("EHLO a").await.text().contains("STARTTLS"));
    let mut session = Session::secure(&House::secure(), outsider()).await;
    assert!(!session.say("EHLO a").await.text().contains("STARTTLS"));
    let mut session = Session::start(&House::new(), outsider()).await;
    assert!(!session.say("EHLO a").await.text().contains("STARTTLS"));
}

#[tokio::test(start_paused = true)]
async fn tl09_t002_starttls_takes_no_argument() {
    let mut session = Session::hello(&House::secure(), outsider()).await;
    assert_eq!(session.say("STARTTLS x").await.codes(), "501 5.5.4");
    let mut session = session.start_tls().await;
    assert_eq!(session.say("EHLO a").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn t002_a_certificate_that_cannot_be_used_is_a_trouble_of_ours_that_passes() {
    let house = House::set(|settings| settings.access.certificate = Some("/nowhere/relay.pem".into()));
    let mut session = Session::start(&house, outsider()).await;
    assert!(!session.say("EHLO a").await.text().contains("STARTTLS"));
    assert_eq!(session.say("STARTTLS").await.codes(), "454 4.7.0");
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.code, 250);
    let house = House::set(|settings| {
        settings.access.certificate = Some("/nowhere/relay.pem".into());
        settings.access.require_tls = true;
    });
    let mut session = Session::hello(&house, outsider()).await;
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.codes(), "454 4.7.0");
}

#[tokio::test(start_paused = true)]
async fn t003_tl06_all_that_was_said_before_tls_is_forgotten() {
    let house = House::secure();
    let mut session = Session::hello(&house, may_log_in_clear()).await;
    assert_eq!(session.say("AUTH PLAIN AGFwcABnZWhlaW0=").await.code, 235);
    assert_eq!(session.ledger.sessions()[0].user.as_deref(), Some("app"));
    let mut session = session.start_tls().await;
    assert_eq!(session.say("MAIL FROM:<a@x.example>").await.codes(), "503 5.5.1");
    assert_eq!(session.ledger.sessions()[0].user, None);
    assert_eq!(session.say("AUTH PLAIN AGFwcABnZWhlaW0=").await.codes(), "503 5.5.1");
    assert_eq!(session.say("NOOP").await.code, 250);
    session.say("EHLO client.example").await;
    assert_eq!(session.deliver(&["b@relay.test"], "").await.code, 250);
    let submission = house.message().submission;
    assert_eq!((submission.user, submission.protocol), (None, "ESMTPS"));
}

#[tokio::test(start_paused = true)]
async fn tl07_starttls_is_refused_in_a_transaction() {
    let house = House::secure();
    let mut session = Session::hello(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    assert_eq!(session.say("STARTTLS").await.codes(), "503 5.5.1");
    assert_eq!(session.codes(&["DATA", "."]).await, [354, 250]);
    let mut session = session.start_tls().await;
    assert_eq!(session.say("RCPT TO:<b@y.example>").await.code, 503);
}

#[tokio::test(start_paused = true)]
async fn tl08_tls_within_tls_is_refused() {
    let mut session = Session::hello(&House::secure(), insider()).await.start_tls().await;
    session.say("EHLO a").await;
    assert_eq!(session.say("STARTTLS").await.codes(), "503 5.5.1");
    assert_eq!(session.deliver(&["b@y.example"], "").await.code, 250);
    let mut session = Session::secure(&House::secure(), insider()).await;
    assert_eq!(session.say("STARTTLS").await.codes(), "503 5.5.1");
}

#[tokio::test(start_paused = true)]
async fn t004_tl01_tl02_tl04_what_stands_behind_starttls_is_never_run() {
    let mail = "MAIL FROM:<a@evil.example>\r\nRCPT TO:<b@relay.test>\r\nDATA\r\nx\r\n.\r\n";
    for behind in ["EHLO probe.example\r\n", "NOOP\r\n", mail, "x", "\r\n"] {
        let house = House::secure();
        let mut session = Session::hello(&house, insider()).await;
        session.send(format!("STARTTLS\r\n{behind}")).await;
        let said = session.rest().await;
        let codes = said.iter().map(Said::codes).collect::<Vec<_>>();
        assert_eq!(codes, ["554 5.5.0"], "{behind:?}");
        assert!(house.messages().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn t004_what_comes_in_clear_before_the_handshake_ends_the_session() {
    let house = House::secure();
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("STARTTLS").await.code, 220);
    session.send("EHLO probe.example\r\n").await;
    let (mut stream, _) = session.into_stream();
    let error = house.certificate.as_ref().unwrap().connector().connect(server_name(HOST), &mut stream).await;
    assert!(error.is_err());
}

#[tokio::test(start_paused = true)]
async fn tl11_a_client_that_goes_on_in_clear_gets_an_alert_and_no_reply() {
    for under_way in [true, false] {
        let house = House::secure();
        let mut stream = if under_way {
            let mut session = Session::hello(&house, insider()).await;
            assert_eq!(session.say("STARTTLS").await.code, 220);
            session.into_stream().0
        } else {
            implicit(&house)
        };
        stream.write_all(b"EHLO x\r\nQUIT\r\n").await.unwrap();
        assert_alert_alone(&mut stream).await;
    }
}

#[tokio::test(start_paused = true)]
async fn tl13_nothing_is_said_in_clear_where_clients_begin_with_tls() {
    let house = House::secure();
    let mut stream = implicit(&house);
    let mut octet = [0];
    let silence = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut octet)).await;
    assert!(silence.is_err(), "the server spoke first");
    stream.write_all(b"EHLO x\r\n").await.unwrap();
    assert_alert_alone(&mut stream).await;
    // Without a certificate there is nothing to be had.
    let mut stream = implicit(&House::new());
    assert_eq!(stream.read(&mut octet).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_given_up() {
    let begun = tokio::time::Instant::now();
    let mut stream = implicit(&House::secure());
    stream.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    assert!(said.is_empty() && begun.elapsed() < Duration::from_secs(31), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_ends_with_the_server_and_with_the_session() {
    for stopping in [true, false] {
        let mut session = Session::hello(&House::secure(), insider()).await;
        assert_eq!(session.say("STARTTLS").await.code, 220);
        if stopping {
            session.draining.send(true).unwrap();
        } else {
            assert!(session.ledger.close_session(session.ledger.sessions()[0].id));
        }
        assert!(session.rest().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn tl12_any_name_in_the_handshake_gets_the_certificate_there_is() {
    let house = House::secure();
    for name in ["other.example", "192.0.2.1", &format!("{}.example", "a".repeat(60))] {
        let stream = implicit(&house);
        let error =
            house.certificate.as_ref().unwrap().connector().connect(server_name(name), stream).await.unwrap_err();
        assert!(error.to_string().contains("certificate"), "{name}: {error}");
    }
    // What no library of TLS sends: an empty name, one of 300 octets, one with a NUL.
    for name in [&b""[..], &[b'a'; 300], b"relay.test\0.evil.example"] {
        let mut stream = implicit(&house);
        stream.write_all(&client_hello(name)).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        assert!(matches!(said.first(), Some(0x15 | 0x16) | None), "{said:02x?}");
    }
}

#[tokio::test(start_paused = true)]
async fn t007_without_tls_no_mail_where_it_is_required() {
    let house = House::secure_with(|settings| settings.access.require_tls = true);
    let mut session = Session::start(&house, may_log_in_clear()).await;
    let hello = session.say("EHLO a").await;
    assert!(hello.text().contains("STARTTLS") && !hello.text().contains("AUTH"));
    for line in ["MAIL FROM:<a@x.example>", "AUTH PLAIN AGFwcABnZWhlaW0=", "VRFY a", "ETRN y.example"] {
        let reply = session.say(line).await;
        assert_eq!(
            (reply.codes(), reply.text()),
            ("530 5.7.0".to_owned(), "Must issue a STARTTLS command first".to_owned())
        );
    }
    assert!(house.logins.lock().unwrap().is_empty());
    assert_eq!(session.codes(&["NOOP", "RSET", "RCPT TO:<b@relay.test>", "DATA"]).await, [250, 250, 503, 503]);
    let mut session = session.start_tls().await;
    session.say("EHLO a").await;
    assert_eq!(session.deliver(&["b@y.example"], "").await.code, 250);
    let mut session = Session::secure(&house, insider()).await;
    assert_eq!(session.deliver(&["b@y.example"], "").await.code, 250);
    let mut session = Session::hello(&house, insider()).await;
    assert_eq!(session.say("QUIT").await.code, 221);
}

#[tokio::test(start_paused = true)]
async fn t008_a_server_with_a_certificate_takes_mail_in_clear() {
    let mut session = Session::hello(&House::secure(), outsider()).await;
    assert_eq!(session.deliver(&["b@relay.test"], "").await.code, 250);
}

#[tokio::test(start_paused = true)]
async fn t009_t010_two_versions_of_tls_are_spoken_and_shown() {
    let house = House::secure();
    for (version, expected) in
        [(&rustls::version::TLS12, "TLSv1.2 TLS_ECDHE_ECDSA_WITH_"), (&rustls::version::TLS13, "TLSv1.3 TLS_AES_")]
    {
        let stream = implicit(&house);
        let connector = house.certificate.as_ref().unwrap().connector_for(&[version]);
        let stream = connector.connect(server_name(HOST), stream).await.unwrap();
        let session = mailroot::tls::Session::of(stream.get_ref().1).unwrap().to_string();
        assert!(session.starts_with(expected), "{session}");
    }
    // A ClientHello that offers TLS 1.0 at most gets an alert of a version (70).
    let mut stream = implicit(&house);
    stream.write_all(&client_hello_of(0x0301, b"relay.test")).await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    assert_eq!((said.first(), said.last()), (Some(&0x15), Some(&70)), "{said:02x?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_under_tls_arrives_whole_and_the_session_shows_how() {
    let house = House::secure();
    let mut session = Session::secure(&house, insider()).await;
    let content = "0123456789abcdef0123456789abcde\r\n".repeat(10_000);
    assert_eq!(session.deliver(&["b@y.example"], &content).await.code, 250);
    assert_eq!(house.message().body(), content.as_bytes());
    let shown = session.ledger.sessions().remove(0).encryption.unwrap().to_string();
    assert_eq!(shown, "TLSv1.3 TLS_AES_256_GCM_SHA384");
    assert_eq!(session.say("QUIT").await.code, 221);
    assert!(session.rest().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn t012_a_stream_cut_off_in_the_content_leaves_nothing() {
    let house = House::secure();
    let mut session = Session::secure(&house, insider()).await;
    session.envelope(&["b@y.example"]).await;
    assert_eq!(session.say("DATA").await.code, 354);
    session.send("Subject: x\r\n\r\nhalf\r\n").await;
    let (stream, _) = session.into_stream();
    // No close_notify: the stream below is simply gone.
    drop(stream.into_inner().0);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((house.messages().len(), house.open_drafts()), (0, 0));
}

/// The client's end of a listener where clients begin with TLS.
fn implicit(house: &Arc<House>) -> tokio::io::DuplexStream {
    Session::begin_implicit(house, insider()).into_stream().0
}

async fn assert_alert_alone(stream: &mut (impl tokio::io::AsyncRead + Unpin)) {
    let mut said = Vec::new();
    let read = stream.read_to_end(&mut said).await;
    assert!(read.is_ok() || read.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset));
    assert_eq!(said.first(), Some(&0x15), "an alert, and nothing in clear: {:?}", String::from_utf8_lossy(&said));
    assert_eq!(said.len(), 7);
}

fn client_hello(name: &[u8]) -> Vec<u8> {
    client_hello_of(0x0303, name)
}

/// A `ClientHello` (RFC 5246 7.4.1.2) with a server name (RFC 6066 3), whatever it is.
fn client_hello_of(version: u16, name: &[u8]) -> Vec<u8> {
    let sized = |octets: Vec<u8>| [u16::try_from(octets.len()).unwrap().to_be_bytes().to_vec(), octets].concat();
    let entry = [&[0][..], &sized(name.to_vec())].concat();
    let server_name = [&[0, 0][..], &sized(sized(entry))].concat();
    // Groups, points and signatures that both sides know.
    let groups = [&[0, 10][..], &sized(sized(vec![0, 23, 0, 29]))].concat();
    let points = [0, 11, 0, 2, 1, 0].to_vec();
    let signatures = [&[0, 13][..], &sized(sized(vec![4, 3, 8, 4, 4, 1]))].concat();
    let extensions = sized([server_name, groups, points, signatures].concat());
    let suites = sized(vec![0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x09]);
    let body = [version.to_be_bytes().to_vec(), vec![7; 32], vec![0], suites, vec![1, 0], extensions].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    [vec![0x16, 3, 1], sized(message)].concat()
}

//! STARTTLS and implicit TLS, and what is done to them on the way.

use mailroot::tls::{self, Check, TlsError, Trust};
use tokio::io::DuplexStream;

use super::authority::Authority;
use super::*;

/// How a test's connection is to be protected.
#[derive(Clone, Copy)]
pub(crate) enum Wish {
    Opportunistic,
    Required,
    Implicit,
}

pub(crate) async fn open_with(
    stream: DuplexStream,
    client: &tls::Client,
    wish: Wish,
    login: Option<&Credentials>,
) -> Result<Connection<DuplexStream>, ClientError> {
    let hello = hello();
    let tls = Tls { client, name: "mx.example" };
    let security = match wish {
        Wish::Opportunistic => Security::Opportunistic(tls),
        Wish::Required => Security::Encrypted { tls, start: Start::StartTls, login },
        Wish::Implicit => Security::Encrypted { tls, start: Start::Implicit, login },
    };
    Connection::open(stream, Opening { security, ..Opening::plain(&hello, Timeouts::default()) }).await
}

pub(crate) fn verifying(authority: &Authority) -> tls::Client {
    tls::Client::new(&Trust::File(authority.file())).unwrap()
}

fn credulous() -> tls::Client {
    tls::Client::new(&Trust::Nobody).unwrap()
}

#[tokio::test]
async fn t005_after_the_handshake_ehlo_is_said_again_and_only_its_answer_counts() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new()
        .offering(&["SIZE 7777"])
        .first("EHLO", vec![say("250-mx\r\n250-STARTTLS\r\n250-DSN\r\n250-SIZE 5\r\n250 AUTH PLAIN")])
        .with_tls(authority.server(&["mx.example"]));
    let mut connection = open_with(peer.connect(), &verifying(&authority), Wish::Required, None).await.unwrap();
    assert_eq!(connection.session().unwrap().version, "TLSv1.3");
    let extensions = connection.extensions();
    assert_eq!((extensions.size_limit(), extensions.dsn, extensions.auth.len()), (Some(7777), false, 0));
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D");
    connection.quit().await;
    let start = ["EHLO relay.example", "STARTTLS", TLS, "EHLO relay.example", "MAIL FROM:<app@corp.example> SIZE=30"];
    assert_eq!(peer.commands()[..5], start);
    assert_eq!(peer.commands().last().unwrap(), "QUIT");
}

#[tokio::test]
async fn implicit_tls_comes_before_the_greeting_and_starttls_is_not_said_in_it() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new().with_implicit_tls(authority.server(&["mx.example"]));
    let mut connection = open_with(peer.connect(), &verifying(&authority), Wish::Implicit, None).await.unwrap();
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D");
    assert_eq!(peer.commands()[..2], [TLS, "EHLO relay.example"]);
}

#[tokio::test]
async fn t006_tc02_where_tls_is_required_and_not_offered_nothing_is_sent() {
    let peer = ScriptedPeer::new().offering(&["SIZE", "AUTH PLAIN"]);
    let login = logins::password();
    let error = open_with(peer.connect(), &credulous(), Wish::Required, Some(&login)).await.err().unwrap();
    assert!(matches!(error, ClientError::Unencrypted));
    assert_eq!(error.to_reply().to_string().split_once(' ').unwrap().0, "451");
    assert_eq!(peer.commands(), ["EHLO relay.example", "QUIT"]);
    let mut connection = open_with(peer.connect(), &credulous(), Wish::Opportunistic, None).await.unwrap();
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D", "where it is not required, it goes");
    assert!(connection.session().is_none());
}

#[tokio::test]
async fn t006_tc03_a_refused_starttls_ends_it_or_where_it_is_not_required_goes_on_in_clear() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new().offering(&["STARTTLS"]).on("STARTTLS", say("454 4.7.0 TLS not available"));
    let error = open_with(peer.connect(), &verifying(&authority), Wish::Required, None).await.err().unwrap();
    assert!(matches!(error, ClientError::Refused { stage: Stage::StartTls, .. }), "{error}");
    assert_eq!(peer.commands(), ["EHLO relay.example", "STARTTLS", "QUIT"]);
    let mut connection = open_with(peer.connect(), &credulous(), Wish::Opportunistic, None).await.unwrap();
    assert_eq!(letters(&send(&mut connection, &["a"]).await.unwrap()), "D");
}

#[tokio::test]
async fn tc01_octets_between_the_220_and_the_handshake_end_the_connection_whatever_they_are() {
    let authority = Authority::new("Ours");
    for behind in ["250-AUTH PLAIN\r\n250 X\r\n", "2", "250", "235 2.7.0 ok\r\n", "\r\n", "220 again\r\n"] {
        for wish in [Wish::Required, Wish::Opportunistic] {
            let said = format!("220 2.0.0 ready\r\n{behind}");
            let peer = ScriptedPeer::new()
                .on("STARTTLS", Act::SayAndEncrypt(said.into_bytes()))
                .with_tls(authority.server(&["mx.example"]));
            let error = open_with(peer.connect(), &verifying(&authority), wish, None).await.err().unwrap();
            assert!(matches!(error, ClientError::OutOfStep { stage: Stage::StartTls, .. }), "{behind:?}: {error}");
            assert_eq!(peer.commands(), ["EHLO relay.example", "STARTTLS"], "{behind:?}");
        }
    }
}

#[tokio::test]
async fn tc01_octets_that_come_later_in_place_of_the_handshake_are_no_text_either() {
    for behind in [&b"250-AUTH PLAIN\r\n250 X\r\n"[..], b"220 go ahead\r\n", &[0x17, 3, 3, 0, 1, 0x41]] {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        let server = async {
            answer(&mut theirs, &["220 mx", "250-mx\r\n250 STARTTLS", "220 go"]).await;
            theirs.write_all(behind).await.unwrap(); // behind our ClientHello
            let mut rest = Vec::new();
            theirs.read_to_end(&mut rest).await.unwrap();
            rest
        };
        let client = credulous();
        let (opened, rest) = tokio::join!(open_with(ours, &client, Wish::Opportunistic, None), server);
        assert!(matches!(opened.err().unwrap(), ClientError::Tls(_)), "{behind:?}");
        assert!(!rest.windows(4).any(|word| word == b"EHLO"), "{behind:?}");
    }
}

#[tokio::test]
async fn tc06_what_a_login_would_be_answered_is_no_answer_to_anything_before_tls() {
    for early in ["235 2.7.0 ok", "334 VXNlcm5hbWU6", "250 2.0.0 ok", "354 go ahead"] {
        for wish in [Wish::Required, Wish::Opportunistic] {
            let peer = ScriptedPeer::new().offering(&["STARTTLS"]).on("STARTTLS", say(early));
            let error = open_with(peer.connect(), &credulous(), wish, None).await.err().unwrap();
            assert!(matches!(error, ClientError::OutOfStep { stage: Stage::StartTls, .. }), "{early}: {error}");
        }
    }
    // Said without being asked, behind the answer to EHLO.
    let peer = ScriptedPeer::new().on("EHLO", say("250-mx\r\n250 STARTTLS\r\n235 2.7.0 ok"));
    let error = open_with(peer.connect(), &credulous(), Wish::Required, None).await.err().unwrap();
    assert!(matches!(error, ClientError::OutOfStep { .. }), "{error}");
    assert_eq!(peer.commands(), ["EHLO relay.example"]);
}

#[tokio::test]
async fn tc04_t011_with_a_false_certificate_nothing_follows_the_handshake() {
    let authority = Authority::new("Ours");
    let login = logins::password();
    let servers = [
        (authority.expired_server(&["mx.example"]), Check::Expired),
        (authority.server(&["other.example"]), Check::Name),
        (Authority::new("Stranger").server(&["mx.example"]), Check::Issuer),
    ];
    for (server, expected) in servers {
        let peer = ScriptedPeer::new().offering(&["AUTH PLAIN"]).with_tls(server.clone());
        let opened = open_with(peer.connect(), &verifying(&authority), Wish::Required, Some(&login)).await;
        let error = opened.err().unwrap();
        let ClientError::Tls(TlsError::Certificate(failure)) = &error else { panic!("{error}") };
        assert_eq!(failure.check, expected);
        assert!(!peer.commands().iter().any(|command| command.starts_with("AUTH") || command.starts_with("MAIL")));
        let peer = ScriptedPeer::new().with_implicit_tls(server.clone());
        assert!(open_with(peer.connect(), &verifying(&authority), Wish::Implicit, Some(&login)).await.is_err());
        let peer = ScriptedPeer::new().with_tls(server);
        assert!(open_with(peer.connect(), &credulous(), Wish::Required, None).await.is_ok(), "verify = false");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_given_up() {
    let peer = ScriptedPeer::new().offering(&["STARTTLS"]).on("STARTTLS", say("220 wait for it"));
    let error = open_with(peer.connect(), &credulous(), Wish::Required, None).await.err().unwrap();
    assert!(matches!(error, ClientError::Tls(_) | ClientError::TimedOut { stage: Stage::Handshake, .. }), "{error}");
    let silent = ScriptedPeer::new().on(GREETING, Act::Freeze);
    let error = open_with(silent.connect(), &credulous(), Wish::Implicit, None).await.err().unwrap();
    assert_eq!(error.to_string(), "timed out after 5m while making the TLS handshake");
}

#[tokio::test]
async fn t012_a_connection_cut_inside_the_record_of_the_250_is_no_success() {
    let authority = Authority::new("Ours");
    for (let_through, is_taken) in [(0, false), (10, false), (usize::MAX, true)] {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let cut = Arc::new(Mutex::new(usize::MAX));
        let server = authority.server(&["mx.example"]);
        let theirs = Cutting { stream: theirs, left: Arc::clone(&cut) };
        let serving = tokio::spawn(async move {
            let mut stream = server.accept(theirs).await.unwrap();
            for reply in ["220 mx", "250 mx", "250 ok", "250 ok", "354 go"] {
                stream.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
                stream.flush().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
            }
            *cut.lock().unwrap() = let_through;
            let _ = stream.write_all(b"250 2.6.0 taken\r\n").await;
            let _ = stream.flush().await;
        });
        let mut connection = open_with(ours, &verifying(&authority), Wish::Implicit, None).await.unwrap();
        let sent = send(&mut connection, &["a"]).await;
        serving.await.unwrap();
        if is_taken {
            assert_eq!(letters(&sent.unwrap()), "D");
        } else {
            let error = sent.unwrap_err();
            assert!(matches!(error, ClientError::Lost { stage: Stage::EndOfData, .. }), "{error}");
            assert!(error.may_have_delivered());
        }
    }
}

#[tokio::test]
async fn what_the_transcript_tells_of_tls() {
    let authority = Authority::new("Ours");
    let peer = ScriptedPeer::new().with_tls(authority.server(&["mx.example"]));
    let lines = Arc::new(transcripts::Lines::default());
    let (client, name) = (verifying(&authority), hello());
    let tls = Tls { client: &client, name: "mx.example" };
    let opening = Opening {
        transcript: Some(lines.clone() as Arc<dyn Transcript>),
        security: Security::Opportunistic(tls),
        ..Opening::plain(&name, Timeouts::default())
    };
    Connection::open(peer.connect(), opening).await.unwrap();
    let lines = lines.0.lock().unwrap();
    assert_eq!(
        lines[4..7],
        ["> STARTTLS", "< 220 2.0.0 go ahead", "(TLSv1.3 TLS_AES_256_GCM_SHA384 [\"mx.example\"])"]
    );
}

/// A stream on which only so much more can be written.
struct Cutting {
    stream: DuplexStream,
    left: Arc<Mutex<usize>>,
}

impl AsyncRead for Cutting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cutting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let left = *self.left.lock().unwrap();
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(left)]);
        if let Poll::Ready(Ok(octets)) = written {
            *self.left.lock().unwrap() -= octets;
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::tls::{Check, Session};

/// Somebody who signs certificates.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A server's certificate with its key.
struct Signed {
    certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    fn sign(&self, params: &CertificateParams) -> Signed {
        let key = KeyPair::generate().unwrap();
        Signed { certificate: params.signed_by(&key, &self.issuer).unwrap().der().clone(), key }
    }

    fn trusted(&self) -> (tempfile::TempDir, Client) {
        trusting(&self.pem)
    }
}

impl Signed {
    fn by_itself(params: &CertificateParams) -> (Self, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let pem = certificate.pem();
        (Self { certificate: certificate.der().clone(), key }, pem)
    }

    fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![self.certificate.clone()], key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn trusting(pem: &str) -> (tempfile::TempDir, Client) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, pem).unwrap();
    let client = Client::new(&Trust::File(file)).unwrap();
    (folder, client)
}

fn named(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

/// A handshake, and what the server was told of the name it was reached by. The session lives until both have read a
/// greeting, so that tickets have come over.
async fn shake(
    client: &Client,
    server: &TlsAcceptor,
    name: &str,
) -> (Result<ClientStream<DuplexStream>, TlsError>, Option<String>) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let server = server.clone();
    let serving = tokio::spawn(async move {
        let Ok(mut stream) = server.accept(theirs).await else { return None };
        stream.write_all(b"220 hello\r\n").await.ok()?;
        let told = stream.get_ref().1.server_name().map(str::to_owned);
        let _ = stream.read(&mut [0; 16]).await;
        told
    });
    let connected = match client.connect(ours, name).await {
        Ok(mut stream) => {
            let mut greeting = [0; 11];
            stream.read_exact(&mut greeting).await.unwrap();
            stream.write_all(b"QUIT").await.unwrap();
            Ok(stream)
        }
        Err(error) => Err(error),
    };
    (connected, serving.await.unwrap())
}

async fn failure(client: &Client, server: &Signed, name: &str) -> (Check, String) {
    let error = shake(client, &server.acceptor(), name).await.0.err().unwrap();
    let text = error.to_string();
    let TlsError::Certificate(failure) = error else { panic!("{text}") };
    (failure.check, text)
}

/// What a server's raw answer to the first flight comes to.
async fn answered(bytes: &[u8]) -> TlsError {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let client = Client::new(&Trust::Nobody).unwrap();
    let bytes = bytes.to_vec();
    tokio::spawn(async move {
        let _ = theirs.read(&mut [0; 4096]).await.unwrap();
        theirs.write_all(&bytes).await.unwrap();
    });
    client.connect(ours, "mx.example").await.err().unwrap()
}

#[tokio::test]
async fn t011_a_certificate_for_the_name_by_a_trusted_issuer_passes_and_the_name_is_told() {
    let authority = Authority::new("Our CA");
    let (_folder, client) = authority.trusted();
    let server = authority.sign(&named(&["smtp.example", "192.0.2.1"])).acceptor();
    let (stream, told) = shake(&client, &server, "smtp.example").await;
    let stream = stream.unwrap();
    assert_eq!(told.as_deref(), Some("smtp.example"));
    let session = Session::of(stream.get_ref().1).unwrap();
    assert_eq!(session.version, "TLSv1.3");
    let facts = PeerCertificate::of(&stream).facts().unwrap();
    assert_eq!((facts.names, facts.is_self_signed), (vec!["smtp.example".to_owned(), "192.0.2.1".to_owned()], false));
    assert!(facts.issuer.contains("Our CA"), "{}", facts.issuer);
}

#[tokio::test]
async fn t011_an_address_is_verified_as_an_address_and_not_told() {
    let authority = Authority::new("Our CA");
    let (_folder, client) = authority.trusted();
    let signed = authority.sign(&named(&["192.0.2.1"]));
    let (stream, told) = shake(&client, &signed.acceptor(), "192.0.2.1").await;
    assert!(stream.is_ok() && told.is_none());
    let (check, text) = failure(&client, &signed, "192.0.2.2").await;
    assert_eq!((check, text.as_str()), (Check::Name, "the server's certificate is for 192.0.2.1, not for 192.0.2.2"));
}

#[tokio::test]
async fn t011_tc04_a_failure_says_which_check_it_was() {
    let authority = Authority::new("Our CA");
    let (_folder, client) = authority.trusted();
    let names = ["a.example", "b.example", "c.example", "d.example", "e.example", "f.example", "g.example"];
    let (check, text) = failure(&client, &authority.sign(&named(&names)), "smtp.example").await;
    assert_eq!(check, Check::Name);
    let words = "is for a.example, b.example, c.example, d.example, e.example and 2 more, not for smtp.example";
    assert!(text.ends_with(words), "{text}");

    let mut old = named(&["smtp.example"]);
    (old.not_before, old.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 2, 3));
    let (check, text) = failure(&client, &authority.sign(&old), "smtp.example").await;
    assert_eq!((check, text.as_str()), (Check::Expired, "the server's certificate expired on 2021-02-03"));
    let mut early = named(&["smtp.example"]);
    (early.not_before, early.not_after) = (date_time_ymd(2190, 1, 1), date_time_ymd(2191, 1, 1));
    assert_eq!(failure(&client, &authority.sign(&early), "smtp.example").await.0, Check::NotYetValid);

    let (alone, _) = Signed::by_itself(&named(&["smtp.example"]));
    assert_eq!(failure(&client, &alone, "smtp.example").await.0, Check::SelfSigned);
    let stranger = Authority::new("Somebody else").sign(&named(&["smtp.example"]));
    let (check, text) = failure(&client, &stranger, "smtp.example").await;
    assert!(check == Check::Issuer && text.contains("Somebody else"), "{text}");

    let mut nameless = named(&[]);
    nameless.distinguished_name.push(DnType::CommonName, "smtp.example");
    let (check, text) = failure(&client, &authority.sign(&nameless), "smtp.example").await;
    assert!(check == Check::NoName && text.contains("no longer counts"), "{text}");
}

#[tokio::test]
async fn a_certificate_made_by_hand_is_trusted_where_it_is_named_itself_and_then_still_checked() {
    let mut params = named(&["smtp.example"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained); // as `openssl req -x509` makes them
    let (signed, pem) = Signed::by_itself(&params);
    let stranger = Authority::new("Our CA").trusted();
    assert_eq!(failure(&stranger.1, &signed, "smtp.example").await.0, Check::SelfSigned);
    let (_folder, client) = trusting(&pem);
    assert!(shake(&client, &signed.acceptor(), "smtp.example").await.0.is_ok());
    assert_eq!(failure(&client, &signed, "other.example").await.0, Check::Name);
    params.not_after = date_time_ymd(2021, 2, 3);
    let (old, pem) = Signed::by_itself(&params);
    let (_folder, client) = trusting(&pem);
    assert_eq!(failure(&client, &old, "smtp.example").await.0, Check::Expired);
}

#[tokio::test]
async fn who_trusts_nobody_takes_any_certificate() {
    let client = Client::new(&Trust::Nobody).unwrap();
    let mut params = named(&["other.example"]);
    params.not_after = date_time_ymd(2021, 2, 3);
    let (signed, _) = Signed::by_itself(&params);
    assert!(shake(&client, &signed.acceptor(), "smtp.example").await.0.is_ok());
}

#[tokio::test]
async fn a_session_is_resumed_by_the_client_that_had_it_and_by_no_other() {
    let authority = Authority::new("Our CA");
    let (_folder, client) = authority.trusted();
    let server = authority.sign(&named(&["smtp.example"])).acceptor();
    let kind = async |client: &Client| {
        shake(client, &server, "smtp.example").await.0.unwrap().get_ref().1.handshake_kind().unwrap()
    };
    assert_eq!(kind(&client).await, HandshakeKind::Full);
    assert_eq!(kind(&client.clone()).await, HandshakeKind::Resumed);
    assert_eq!(kind(&Client::new(&Trust::Nobody).unwrap()).await, HandshakeKind::Full);
}

#[tokio::test]
async fn t010_a_server_of_old_versions_only_is_named_as_such() {
    let mut hello = vec![0x03, 0x02]; // TLS 1.1
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x2f, 0]);
    let mut record = vec![0x16, 0x03, 0x02, 0, u8::try_from(hello.len()).unwrap() + 4, 0x02, 0, 0];
    record.push(u8::try_from(hello.len()).unwrap());
    record.extend(hello);
    assert!(matches!(answered(&record).await, TlsError::OldVersion));
    let protocol_version = [0x15, 0x03, 0x01, 0, 2, 2, 70];
    assert!(matches!(answered(&protocol_version).await, TlsError::OldVersion));
    let handshake_failure = [0x15, 0x03, 0x03, 0, 2, 2, 40];
    assert!(matches!(answered(&handshake_failure).await, TlsError::NoCommonCipher(_)));
}

#[tokio::test]
async fn what_is_no_tls_and_what_just_ends_are_told_apart() {
    assert!(matches!(answered(b"220 mx.example ESMTP\r\n").await, TlsError::NotTls));
    assert!(matches!(answered(b"500 5.5.1 what?\r\n").await, TlsError::NotTls));
    assert!(matches!(answered(b"").await, TlsError::Closed));
    let error = Client::new(&Trust::Nobody).unwrap().connect(tokio::io::empty(), "a..b").await.err().unwrap();
    assert!(matches!(error, TlsError::Name(_)));
}

#[test]
fn roots_that_are_not_there_are_an_error_that_names_the_file() {
    let text = |trust: &Trust| Client::new(trust).err().unwrap().to_string();
    let missing = text(&Trust::File(PathBuf::from("/nowhere/roots.pem")));
    assert!(missing.starts_with("the roots in /nowhere/roots.pem cannot be read: "), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, "no certificate").unwrap();
    assert!(text(&Trust::File(file)).starts_with("there is no certificate"));
}

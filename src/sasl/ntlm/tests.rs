use proptest::prelude::*;

use super::client::Objection as ClientObjection;
use super::message::{Draft, octets, push_pair, wide};
use super::server::Objection as ServerObjection;
use super::*;

/// The values of [MS-NLMP] 4.2.1: user, password, domain, the challenges of server and client.
const USER: &str = "User";
const PASSWORD: &str = "Password";
const DOMAIN: &str = "Domain";
const SERVER_NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
const CLIENT_NONCE: [u8; 8] = [0xaa; 8];
const NOW: Timestamp = Timestamp::from_unix(1_795_518_903);

fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn client(password: &str, channel: Channel) -> NtlmClient {
    NtlmClient::new(USER, password, DOMAIN, channel, NOW)
}

/// What our server makes of our client.
fn login(password: &str) -> NtlmLogin {
    let (challenge, server) = NtlmServer::challenge(&NtlmClient::negotiate(), "relay.corp.example", NOW).unwrap();
    server.authenticate(&client(password, Channel::Open).authenticate(&challenge).unwrap()).unwrap()
}

/// A challenge as a server makes it that says of itself what these pairs say, under these flags.
fn challenge(flags: u32, pairs: &[(u16, &[u8])]) -> Vec<u8> {
    let mut info = Vec::new();
    for (id, value) in pairs {
        push_pair(&mut info, *id, value).unwrap();
    }
    let draft = Draft::new(2, 56).field(&octets("Server", flags)).unwrap();
    let draft = draft.number(flags).octets(&SERVER_NONCE).octets(&[0; 8]);
    draft.field(&info).unwrap().octets(&VERSION).finish()
}

#[test]
fn the_published_hash_and_its_digits() {
    let hash = NtHash::of(PASSWORD);
    assert_eq!(*hash.digits(), "a4f49c406510bdcab6824ee7c30fd852");
    assert_eq!("A4F49C406510BDCAB6824EE7C30FD852".parse(), Ok(hash));
    for digits in ["", "a4f4", "+4f49c406510bdcab6824ee7c30fd852", "g4f49c406510bdcab6824ee7c30fd852"] {
        assert_eq!(digits.parse::<NtHash>(), Err(NtHashError), "{digits}");
    }
    assert_eq!(format!("{:?}", NtHash::of(PASSWORD)), "NtHash(********)");
}

/// [MS-NLMP] 4.2.2.2.1.
#[test]
fn the_published_answer_of_version_1() {
    let answer = NtHash::of(PASSWORD).version_1(SERVER_NONCE);
    assert_eq!(hex(&answer), "67c43011f30298a2ad35ece64f16331c44bdbed927841f94");
}

/// [MS-NLMP] 4.2.4: the key, the proof and the key of the session.
#[test]
fn the_published_proof_of_version_2() {
    let key = NtHash::of(PASSWORD).key(USER, DOMAIN);
    let mut subject = [&[1, 1][..], &[0; 14], &CLIENT_NONCE, &[0; 4]].concat();
    push_pair(&mut subject, pair::DOMAIN, &wide("Domain")).unwrap();
    push_pair(&mut subject, pair::COMPUTER, &wide("Server")).unwrap();
    push_pair(&mut subject, pair::END, &[]).unwrap();
    subject.extend([0; 4]);
    let proof = key.sign(&[&SERVER_NONCE, &subject]);
    assert_eq!(hex(&proof), "68cd0ab851e51c96aabc927bebef6a1c");
    assert_eq!(hex(&key.sign(&[&proof])), "8de40ccadbc14a82f15cb0ad0de95ca3");
    assert!(key.verify(&[&SERVER_NONCE, &subject], &proof));
    let older = key.sign(&[&SERVER_NONCE, &CLIENT_NONCE]);
    assert_eq!(hex(&older), "86c35097ac9cec102554764a57cccc19");
}

#[test]
fn the_right_password_is_proven_and_no_other() {
    let login = login(PASSWORD);
    assert_eq!((login.user(), login.domain()), (USER, DOMAIN));
    assert!(login.proves(&NtHash::of(PASSWORD)));
    assert!(!login.proves(&NtHash::of("password")));
    assert!(!format!("{login:?}").contains(PASSWORD));
}

#[test]
fn names_are_told_in_unicode_and_upper_case_does_not_matter() {
    let client = NtlmClient::new("CORP\\m\u{fc}ller\u{df}", "p\u{e4}ss", "", Channel::Open, NOW);
    let (challenge, server) = NtlmServer::challenge(&NtlmClient::negotiate(), "relay", NOW).unwrap();
    let login = server.authenticate(&client.authenticate(&challenge).unwrap()).unwrap();
    assert_eq!((login.user(), login.domain()), ("m\u{fc}ller\u{df}", "CORP"));
    assert!(login.proves(&NtHash::of("p\u{e4}ss")));
}

/// What `sspi` lets pass: curl sends no integrity check, and a wrong password must fail all the same.
#[test]
fn a_login_without_an_integrity_check_is_held_to_its_proof() {
    for (password, is_right) in [(PASSWORD, true), ("wrong", false)] {
        let (negotiate, host) = (NtlmClient::negotiate(), "relay.corp.example");
        let (_, server) = NtlmServer::challenge_with(&negotiate, host, NOW, SERVER_NONCE).unwrap();
        // A challenge that tells no time asks for no check.
        let flags = flag::UNICODE | flag::TARGET_INFO;
        let message = client(password, Channel::Open).authenticate_with(&challenge(flags, &[]), CLIENT_NONCE).unwrap();
        let login = server.authenticate(&message).unwrap();
        assert_eq!(login.proves(&NtHash::of(PASSWORD)), is_right, "{password}");
    }
}

#[test]
fn a_message_changed_on_its_way_proves_nothing() {
    let (challenge, server) = NtlmServer::challenge(&NtlmClient::negotiate(), "relay", NOW).unwrap();
    let mut message = client(PASSWORD, Channel::Open).authenticate(&challenge).unwrap();
    let end_of_flags = message.len().min(63);
    message[end_of_flags] ^= 0x20;
    assert!(!server.authenticate(&message).unwrap().proves(&NtHash::of(PASSWORD)));
}

#[test]
fn an_answer_to_another_challenge_proves_nothing() {
    let negotiate = NtlmClient::negotiate();
    let (heard, _) = NtlmServer::challenge(&negotiate, "relay", NOW).unwrap();
    let replayed = client(PASSWORD, Channel::Open).authenticate(&heard).unwrap();
    let (_, server) = NtlmServer::challenge(&negotiate, "relay", NOW).unwrap();
    assert!(!server.authenticate(&replayed).unwrap().proves(&NtHash::of(PASSWORD)));
}

#[test]
fn older_versions_and_nobody_are_refused() {
    let server = || NtlmServer::challenge(&NtlmClient::negotiate(), "relay", NOW).unwrap();
    let old = challenge(flag::UNICODE | flag::NTLM, &[]);
    let version_1 = client(PASSWORD, Channel::Private).authenticate(&old).unwrap();
    assert_eq!(server().1.authenticate(&version_1).unwrap_err(), ServerObjection::Refused);
    let (heard, waiting) = server();
    let nobody = NtlmClient::new("", PASSWORD, DOMAIN, Channel::Open, NOW).authenticate(&heard).unwrap();
    assert_eq!(waiting.authenticate(&nobody).unwrap_err(), ServerObjection::Refused);
}

#[test]
fn version_1_is_spoken_only_where_nobody_listens() {
    let old = challenge(flag::UNICODE | flag::NTLM | flag::ALWAYS_SIGN, &[]);
    assert_eq!(client(PASSWORD, Channel::Open).authenticate(&old), Err(ClientObjection::Outdated));
    let message = client(PASSWORD, Channel::Private).authenticate(&old).unwrap();
    assert!(hex(&message).contains("67c43011f30298a2ad35ece64f16331c44bdbed927841f94"));
    let new = challenge(flag::UNICODE | flag::TARGET_INFO, &[(pair::TIME, &[1; 8])]);
    let message = client(PASSWORD, Channel::Private).authenticate(&new).unwrap();
    assert!(!hex(&message).contains("67c43011f30298a2ad35ece64f16331c44bdbed927841f94"));
}

#[test]
fn a_server_tells_its_names_and_the_time() {
    let (challenge, _) =
        NtlmServer::challenge(&NtlmClient::negotiate(), "relay-with-a-long-name.corp.example", NOW).unwrap();
    let text = String::from_utf8_lossy(&challenge).replace('\0', "");
    assert!(text.contains("RELAY-WITH-A-LO") && text.contains("relay-with-a-long-name.corp.example"), "{text}");
    assert!(challenge.windows(8).any(|octets| octets == file_time(NOW).to_le_bytes()));
}

#[test]
fn what_is_no_message_is_malformed() {
    let negotiate = NtlmClient::negotiate();
    for octets in [&b""[..], b"NTLMSSP\0", b"NTLMSSP\0\x02\0\0\0\0\0\0\0", &negotiate[..15], b"GET / HTTP/1.1\r\n\r\n"]
    {
        assert_eq!(NtlmServer::challenge(octets, "relay", NOW).err(), Some(ServerObjection::Malformed), "{octets:?}");
    }
    assert!(NtlmServer::challenge(&negotiate[..16], "relay", NOW).is_ok(), "old clients say no more than their flags");
    let (challenge, server) = NtlmServer::challenge(&negotiate, "relay", NOW).unwrap();
    assert_eq!(server.authenticate(&challenge).unwrap_err(), ServerObjection::Malformed);
}

proptest! {
    #[test]
    fn no_octets_are_a_panic(octets in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..200, value in any::<u8>()) {
        let negotiate = NtlmClient::negotiate();
        let (challenge, server) = NtlmServer::challenge(&negotiate, "relay", NOW).unwrap();
        // Anything, anything behind a right beginning, and a right message with one wrong octet.
        let mut message = client(PASSWORD, Channel::Open).authenticate(&challenge).unwrap().to_vec();
        if let Some(octet) = message.get_mut(at) {
            *octet = value;
        }
        if let Ok(login) = server.authenticate(&message) {
            login.proves(&NtHash::of(PASSWORD));
        }
        for kind in [1, 2, 3] {
            let begun = [&b"NTLMSSP\0"[..], &[kind, 0, 0, 0], &octets].concat();
            for octets in [&octets, &begun] {
                let (_, server) = NtlmServer::challenge(&negotiate, "relay", NOW).unwrap();
                let _ = NtlmServer::challenge(octets, "relay", NOW);
                let _ = server.authenticate(octets).map(|login| login.proves(&NtHash::of(PASSWORD)));
                let _ = client(PASSWORD, Channel::Private).authenticate(octets);
            }
        }
    }
}

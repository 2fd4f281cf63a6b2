use proptest::prelude::*;

use super::*;

const HOUSE: House<'_> = House { host: "relay.corp.example", now: Timestamp::from_unix(1_795_518_903) };

/// What a step comes to, in words.
fn words(step: &ServerStep) -> String {
    match step {
        ServerStep::Challenge { challenge, .. } => format!("challenge {}", String::from_utf8_lossy(challenge)),
        ServerStep::Password { user, password } => format!("{user} with {}", **password),
        ServerStep::Ntlm(login) => format!("{}\\{} with a proof", login.domain(), login.user()),
        ServerStep::Unavailable => "unavailable".into(),
        ServerStep::Malformed => "malformed".into(),
        ServerStep::Refused => "refused".into(),
    }
}

fn plain(response: impl AsRef<[u8]>) -> String {
    words(&ServerExchange::start(Mechanism::Plain, Some(response.as_ref()), HOUSE))
}

/// A whole login with these responses, none of them initial.
fn answered(mechanism: Mechanism, responses: &[&[u8]]) -> ServerStep {
    responses.iter().fold(ServerExchange::start(mechanism, None, HOUSE), |step, response| match step {
        ServerStep::Challenge { exchange, .. } => exchange.answer(response),
        step => panic!("{step:?} asks for nothing"),
    })
}

#[test]
fn plain_gives_user_and_password() {
    assert_eq!(plain("\0bob\0secret"), "bob with secret");
    assert_eq!(plain("\0bob@corp.example\0p\u{e4}ss w\u{f6}rd"), "bob@corp.example with p\u{e4}ss w\u{f6}rd");
}

#[test]
fn a003_plain_without_an_initial_response_is_asked_for_with_an_empty_challenge() {
    assert_eq!(words(&ServerExchange::start(Mechanism::Plain, None, HOUSE)), "challenge ");
    assert_eq!(words(&answered(Mechanism::Plain, &[b"\0bob\0secret"])), "bob with secret");
}

#[test]
fn au02_an_empty_initial_response_is_malformed() {
    assert_eq!(plain(""), "malformed");
}

#[test]
fn au04_what_plain_has_no_place_for_is_malformed_or_refused() {
    for malformed in ["bob", "bob\0secret", "\0bob\0secret\0", "\0\0\0"] {
        assert_eq!(plain(malformed), "malformed", "{malformed:?}");
    }
    assert_eq!(plain(b"\0bob\0\xff\xfe"), "malformed");
    assert_eq!(plain(b"\0\xc3(\0secret"), "malformed");
    for refused in ["\0\0secret", "\0bob\0", "\0\0"] {
        assert_eq!(plain(refused), "refused", "{refused:?}");
    }
    assert_eq!(plain(format!("\0{}\0secret", "u".repeat(5000))), "refused");
    assert_eq!(plain(format!("\0{}\0secret", "u".repeat(255))).len(), 255 + " with secret".len());
}

#[test]
fn au05_a011_nobody_logs_in_as_somebody_else() {
    assert_eq!(plain("admin\0bob\0secret"), "refused");
    assert_eq!(plain("Bob\0bob\0secret"), "refused");
    assert_eq!(plain("bob\0bob\0secret"), "bob with secret");
}

#[test]
fn au07_login_asks_with_the_words_that_clients_look_for() {
    let ServerStep::Challenge { challenge, exchange } = ServerExchange::start(Mechanism::Login, None, HOUSE) else {
        panic!("no challenge");
    };
    assert_eq!(*super::super::encode(&challenge), "VXNlcm5hbWU6");
    let ServerStep::Challenge { challenge, exchange } = exchange.answer(b"bob") else { panic!("no challenge") };
    assert_eq!(*super::super::encode(&challenge), "UGFzc3dvcmQ6");
    assert_eq!(words(&exchange.answer(b"secret")), "bob with secret");
}

#[test]
fn au06_a012_login_takes_the_user_as_initial_response() {
    let step = ServerExchange::start(Mechanism::Login, Some(b"bob"), HOUSE);
    assert_eq!(words(&step), "challenge Password:");
}

#[test]
fn login_refuses_what_cannot_be_right_only_after_the_password() {
    for user in ["", "u".repeat(256).as_str()] {
        let step = ServerExchange::start(Mechanism::Login, Some(user.as_bytes()), HOUSE);
        assert_eq!(words(&step), "challenge Password:");
        assert_eq!(words(&answered(Mechanism::Login, &[user.as_bytes(), b"secret"])), "refused");
    }
    assert_eq!(words(&answered(Mechanism::Login, &[b"bob", b""])), "refused");
    assert_eq!(words(&answered(Mechanism::Login, &[b"\xff"])), "malformed");
    assert_eq!(words(&answered(Mechanism::Login, &[b"bob", b"\xff"])), "malformed");
}

#[test]
fn a_response_longer_than_a_login_may_be_is_not_looked_at() {
    assert_eq!(plain(vec![0; MAX_RESPONSE + 1]), "malformed");
}

#[test]
fn xoauth2_is_not_for_clients() {
    assert_eq!(words(&ServerExchange::start(Mechanism::XOAuth2, Some(b"user=bob"), HOUSE)), "refused");
}

#[test]
fn what_is_shown_of_a_login_holds_no_password() {
    let step = ServerExchange::start(Mechanism::Plain, Some(b"\0bob\0secret"), HOUSE);
    let shown = format!("{step:?} {:?}", answered(Mechanism::Login, &[b"bob"]));
    assert!(shown.contains("bob") && !shown.contains("secret"), "{shown}");
}

proptest! {
    #[test]
    fn no_response_is_a_panic(responses in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 1..4),
                              login in any::<bool>()) {
        let mechanism = if login { Mechanism::Login } else { Mechanism::Plain };
        let mut responses = responses.iter();
        let mut step = ServerExchange::start(mechanism, responses.next().map(Vec::as_slice), HOUSE);
        for response in responses {
            step = match step {
                ServerStep::Challenge { exchange, .. } => exchange.answer(response),
                _ => break,
            };
        }
    }
}

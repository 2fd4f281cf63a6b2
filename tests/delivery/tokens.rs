//! Logins to a smart host with access tokens: what an endpoint and a server of the test's own say of every field.

use std::time::Duration;

use mailroot::config::{Method, OAuth, OutboundSecurity, Secret, Settings, TlsMode};
use mailroot::sasl;

use super::token_endpoint::{TokenEndpoint, granted, refused};
use super::*;

const MAILBOX: &str = "box@corp.example";

/// Mail goes to the peer, in clear as a person wants it, with tokens of the endpoint.
async fn house_for(peer: &ScriptedPeer, endpoint: &TokenEndpoint) -> House {
    let port = peer.listen().await.port();
    let security = security(endpoint, "s3cret-word");
    House::new("", |settings: &mut Settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.delivery.security = security;
        // A destination in trouble rests no longer than the longest wait.
        settings.delivery.retry = vec![Duration::from_secs(1)];
        settings.messages.max_messages_per_connection = Some(1);
    })
}

fn security(endpoint: &TokenEndpoint, secret: &str) -> OutboundSecurity {
    OutboundSecurity {
        method: Method::XOAuth2,
        tls: TlsMode::None,
        username: MAILBOX.to_owned(),
        oauth: OAuth {
            token_url: Some(endpoint.url().parse().unwrap()),
            client_id: "app".to_owned(),
            client_secret: Some(Secret::Given(secret.to_owned().into())),
            ..OutboundSecurity::DEFAULT.oauth
        },
        ..OutboundSecurity::DEFAULT
    }
}

/// How a login with a token reads, made from the published form.
fn login(token: &str) -> String {
    let message = format!("user={MAILBOX}\x01auth=Bearer {token}\x01\x01");
    format!("AUTH XOAUTH2 {}", *sasl::encode(message.as_bytes()))
}

/// A server that takes these tokens and no other.
fn taking(tokens: &[&str]) -> ScriptedPeer {
    let peer = ScriptedPeer::new().offering(&["AUTH LOGIN XOAUTH2"]);
    let peer =
        tokens.iter().fold(peer, |peer, token| peer.on(&login(token), say("235 2.7.0 Authentication successful")));
    peer.on("AUTH", say("535 5.7.3 Authentication unsuccessful"))
}

async fn problem(house: &House) -> String {
    eventually("a problem is shown", || !house.dispatcher.problems().is_empty()).await;
    house.dispatcher.problems().remove(0)
}

#[tokio::test]
async fn mail_goes_with_a_token_of_the_endpoint() {
    let endpoint = TokenEndpoint::start(|_, _| granted("t0ken-word", 3599)).await;
    let peer = taking(&["t0ken-word"]);
    let house = house_for(&peer, &endpoint).await;
    for _ in 0..3 {
        house.send(&["bob@far.example"]).await;
        house.emptied().await;
    }
    assert_eq!((peer.sessions().len(), peer.contents().len()), (3, 3));
    let scope = "https%3A%2F%2Foutlook.office365.com%2F.default";
    let asked = format!("grant_type=client_credentials&client_id=app&scope={scope}&client_secret=s3cret-word");
    assert_eq!(endpoint.asked(), [asked]);
}

#[tokio::test]
async fn a_token_that_ends_while_the_endpoint_fails_lets_mail_wait_and_go_by_itself_when_it_is_mended() {
    let endpoint = TokenEndpoint::start(|_, _| granted("token1", 2)).await;
    let peer = taking(&["token1", "token2"]);
    let house = house_for(&peer, &endpoint).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    endpoint.answer(|_, _| (503, "<html>down</html>".to_owned()));
    tokio::time::sleep(Duration::from_millis(3100)).await;
    let id = house.send(&["bob@far.example"]).await;
    let told = problem(&house).await;
    assert!(told.contains("no token: the token endpoint 127.0.0.1 answered 503"), "{told}");
    assert!(told.contains("it is tried again by itself"), "{told}");
    assert_eq!(house.row(&id).attempts, 0, "no attempt is used up");
    endpoint.answer(|_, _| granted("token2", 3600));
    house.emptied().await;
    assert_eq!(peer.commands().iter().filter(|command| **command == login("token2")).count(), 1);
    assert!(house.dispatcher.problems().is_empty());
}

#[tokio::test]
async fn a_revoked_secret_is_told_with_what_to_do_and_a_new_one_lets_mail_go() {
    let endpoint = TokenEndpoint::start(|_, form| {
        if form.ends_with("client_secret=n3w-word") {
            return granted("t0ken-word", 3600);
        }
        refused("invalid_client", "AADSTS7000222: The provided client secret keys are expired.")
    })
    .await;
    let peer = taking(&["t0ken-word"]);
    let house = house_for(&peer, &endpoint).await;
    let id = house.send(&["bob@far.example"]).await;
    let told = problem(&house).await;
    assert!(told.contains("AADSTS7000222") && told.contains("the client secret has expired: make a new one"), "{told}");
    assert_eq!(house.row(&id).attempts, 0, "no attempt is used up");
    assert!(!told.contains("s3cret-word"), "{told}");
    assert!(peer.sessions().is_empty(), "nobody is called for nothing");
    house.change(|settings| settings.delivery.security = security(&endpoint, "n3w-word"));
    house.emptied().await;
}

#[tokio::test]
async fn a_new_token_that_the_server_refuses_is_no_reason_to_ask_for_more() {
    let endpoint = TokenEndpoint::start(|_, _| granted("t0ken-word", 3600)).await;
    let peer = taking(&[]);
    let house = house_for(&peer, &endpoint).await;
    house.send(&["bob@far.example"]).await;
    let told = problem(&house).await;
    assert!(told.contains("535 5.7.3 Authentication unsuccessful") && !told.contains("t0ken-word"), "{told}");
    eventually("it was tried again", || peer.sessions().len() > 1).await;
    assert_eq!(endpoint.asked().len(), 1);
}

#[tokio::test]
async fn a_token_that_the_server_takes_back_before_its_time_is_replaced_at_once() {
    let mut given = 0;
    let endpoint = TokenEndpoint::start(move |_, _| {
        given += 1;
        granted(&format!("token{given}"), 3600)
    })
    .await;
    let welcome = || say("235 2.7.0 Authentication successful");
    let peer = ScriptedPeer::new()
        .offering(&["AUTH LOGIN XOAUTH2"])
        .first(&login("token1"), vec![welcome()])
        .on(&login("token2"), welcome())
        .on("AUTH", say("535 5.7.3 Authentication unsuccessful"));
    let house = house_for(&peer, &endpoint).await;
    house.send(&["bob@far.example"]).await;
    house.emptied().await;
    skip(2 * MINUTE).await;
    let id = house.send(&["bob@far.example"]).await;
    house.emptied().await;
    assert!(house.dispatcher.problems().is_empty());
    assert_eq!((house.log(&id).len(), endpoint.asked().len(), peer.sessions().len()), (1, 2, 3));
}

//! A run in which tokens end early, their endpoint fails for a while, and the secret is revoked: mail waits, the problem
//! is shown, and delivery goes on by itself when it is mended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailroot::sasl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::authority::Authority;
use super::house::smart_host;
use super::*;

const SECRET: &str = "s3cret-of-the-app";
const MAILBOX: &str = "box@corp.example";

/// The provider's endpoint. Its tokens are good for two seconds.
#[derive(Clone, Default)]
struct Provider(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// What the endpoint says instead of a token.
    refusal: Option<(u16, &'static str)>,
    given: u32,
    /// Requests that were not what they should be.
    strange: Vec<String>,
}

impl Provider {
    async fn listen(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let provider = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 8192];
                let read = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let _ = stream.write_all(provider.answer(&request).as_bytes()).await;
            }
        });
        port
    }

    fn answer(&self, request: &str) -> String {
        let mut state = self.0.lock().unwrap();
        for wanted in
            ["POST /token ", "grant_type=client_credentials", "client_id=app", &format!("client_secret={SECRET}")]
        {
            if !request.contains(wanted) {
                state.strange.push(format!("no {wanted} in {request}"));
            }
        }
        let (status, body) = if let Some((status, body)) = state.refusal {
            (status, body.to_owned())
        } else {
            state.given += 1;
            (200, format!(r#"{{"token_type":"Bearer","access_token":"t0ken-{}","expires_in":2}}"#, state.given))
        };
        format!(
            "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn refuse(&self, refusal: Option<(u16, &'static str)>) {
        self.0.lock().unwrap().refusal = refusal;
    }
}

/// The login by a token, as the server must see it.
fn login(number: u32) -> String {
    let message = format!("user={MAILBOX}\x01auth=Bearer t0ken-{number}\x01\x01");
    format!("AUTH XOAUTH2 {}", *sasl::encode(message.as_bytes()))
}

/// Lets time pass at once, for all that waits.
async fn skip(span: Duration) {
    tokio::time::pause();
    tokio::time::advance(span).await;
    tokio::time::resume();
}

/// Lets time pass, ten seconds at a go, until something is so.
async fn sooner_or_later(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..60 {
        for _ in 0..10 {
            if is_so().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        skip(Duration::from_secs(10)).await;
    }
    panic!("never came true: {what}");
}

#[tokio::test]
async fn the_token_ends_the_endpoint_fails_and_the_secret_is_revoked_and_mail_goes_on_by_itself() {
    let (authority, provider) = (Authority::new("Ours"), Provider::default());
    let peer = ScriptedPeer::new()
        .offering(&["AUTH LOGIN XOAUTH2"])
        .on("AUTH XOAUTH2 ", say("235 2.7.0 Authentication successful"))
        .with_tls(authority.server(&["127.0.0.1"]));
    let token_url = format!("http://127.0.0.1:{}/token", provider.listen().await);
    let house = House::start(&[
        ("delivery.advanced.smart_host", &smart_host(peer.listen().await)),
        ("messages.max_messages_per_connection", "1"),
        ("delivery.outbound_security.method", "\"xoauth2\""),
        ("delivery.outbound_security.tls", "\"required\""),
        ("delivery.outbound_security.ca_file", &format!("\"{}\"", authority.file().display())),
        ("delivery.outbound_security.username", &format!("\"{MAILBOX}\"")),
        (
            "delivery.outbound_security.oauth",
            &format!("{{ token_url = \"{token_url}\", client_id = \"app\", client_secret = \"{SECRET}\" }}"),
        ),
    ])
    .await;
    let send = async || {
        let mut client = Client::hello(house.address().await).await;
        client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\nHello.\r\n").await;
    };
    let problems = async || house.status().await["problems"].to_string();
    let is_calm = async || house.status().await["problems"] == serde_json::json!([]);
    let ended = async || tokio::time::sleep(Duration::from_millis(3100)).await;

    // One token ends and the next one is there: nobody notices.
    send().await;
    house.emptied().await;
    ended().await;
    send().await;
    house.emptied().await;
    assert!(is_calm().await);
    assert_eq!(house.log("event:deferred").await.len(), 0);

    // The endpoint fails for a while, just when a token ends.
    provider.refuse(Some((503, r#"{"error":"temporarily_unavailable","error_description":"back soon"}"#)));
    ended().await;
    send().await;
    eventually("the endpoint's words are told", async || {
        let told = problems().await;
        told.contains("Mail for [127.0.0.1]:") && told.contains("back soon")
    })
    .await;
    eventually("the message waits", async || house.queue().await[0]["last_reply"].is_string()).await;
    let waiting = house.queue().await.remove(0);
    assert_eq!((&waiting["state"], &waiting["attempts"]), (&"queued".into(), &0.into()), "{waiting}");
    provider.refuse(None);
    sooner_or_later("mail goes on", async || house.queue().await.is_empty()).await;
    sooner_or_later("no problem is left", is_calm).await;

    // The secret is revoked.
    let revoked = r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret."}"#;
    provider.refuse(Some((401, revoked)));
    ended().await;
    send().await;
    eventually("the revocation is told with what to do", async || {
        let told = problems().await;
        told.contains("Mail for [127.0.0.1]:")
            && told.contains("AADSTS7000215")
            && told.contains("the client secret is wrong")
    })
    .await;
    skip(Duration::from_hours(1)).await;
    assert_eq!(house.queue().await[0]["attempts"], 0);
    provider.refuse(None);
    sooner_or_later("mail goes on", async || house.queue().await.is_empty()).await;
    sooner_or_later("no problem is left", is_calm).await;

    assert_eq!(peer.contents().len(), 4);
    assert!(house.files("Badmail").is_empty());
    let logins: Vec<String> = {
        let state = provider.0.lock().unwrap();
        assert_eq!(state.strange, Vec::<String>::new());
        (1..=state.given).map(login).collect()
    };
    let said: Vec<String> = peer.commands().into_iter().filter(|command| command.starts_with("AUTH")).collect();
    assert!(said.len() == 4 && said.iter().all(|login| logins.contains(login)), "{said:?}");
    assert!(said.windows(2).all(|pair| pair[0] != pair[1]), "each had ended when the next one was needed");
    let shown = format!("{}{:?}{:?}", house.status().await, house.handle.latest(), house.log("").await);
    assert!(!shown.contains(SECRET) && !shown.contains("t0ken-"), "{shown}");
}

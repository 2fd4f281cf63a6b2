//! Against an endpoint on loopback that looks at every field.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::config::{Grant, OutboundSecurity, Secret};

const MAILBOX: &str = "box@corp.example";

type Form = BTreeMap<String, String>;
type Answers = Arc<Mutex<Box<dyn FnMut(&str, &Form) -> (u16, String) + Send>>>;

/// A token endpoint that answers each request by a function, and tells what it was asked.
struct Endpoint {
    port: u16,
    asked: mpsc::UnboundedReceiver<(String, Form)>,
}

impl Endpoint {
    async fn start(answers: impl FnMut(&str, &Form) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = mpsc::unbounded_channel();
        let answers: Answers = Arc::new(Mutex::new(Box::new(answers)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answers), sender.clone()));
            }
        });
        Self { port, asked }
    }

    /// What it was asked until now.
    fn asked(&mut self) -> Vec<(String, Form)> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }

    fn oauth(&self, grant: Grant) -> OAuth {
        OAuth {
            token_url: Some(format!("http://127.0.0.1:{}/tenant/token", self.port).parse().unwrap()),
            client_id: "app".to_owned(),
            client_secret: (grant == Grant::ClientCredentials).then(|| Secret::Given("s3cret&=%".to_owned().into())),
            grant,
            ..OutboundSecurity::DEFAULT.oauth
        }
    }
}

async fn serve(mut stream: tokio::net::TcpStream, answers: Answers, asked: mpsc::UnboundedSender<(String, Form)>) {
    let mut request = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        let Ok(text) = String::from_utf8(request.clone()) else { return };
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        if body.len() == length {
            break (head, body.to_owned());
        }
    };
    assert!(head.contains("\r\ncontent-type: application/x-www-form-urlencoded"), "{head}");
    assert!(head.contains("\r\nhost: 127.0.0.1:"), "{head}");
    let path = head.strip_prefix("post ").and_then(|head| head.split(' ').next()).unwrap().to_owned();
    let pairs = body.split('&').map(|pair| pair.split_once('=').unwrap());
    let form: Form = pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
    let (status, answer) = answers.lock().unwrap()(&path, &form);
    let _ = asked.send((path, form));
    let answer = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn decoded(value: &str) -> String {
    let mut parts = value.split('%');
    let mut octets = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        octets.push(u8::from_str_radix(&part[..2], 16).unwrap());
        octets.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(octets).unwrap()
}

fn form(pairs: &[(&str, &str)]) -> Form {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn granted(token: &str, lasts: u64) -> (u16, String) {
    (200, format!(r#"{{"token_type":"Bearer","expires_in":{lasts},"access_token":"{token}"}}"#))
}

/// Tokens numbered from 1, each good for so many seconds.
fn numbered(lasts: u64) -> impl FnMut(&str, &Form) -> (u16, String) {
    let mut number = 0;
    move |_, _| {
        number += 1;
        granted(&format!("token{number}"), lasts)
    }
}

fn tokens() -> (tempfile::TempDir, Tokens) {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(Clock::starting_at(Timestamp::from_unix(1_795_518_903)));
    let tokens = Tokens::new(clock, folder.path().join("secrets"));
    (folder, tokens)
}

/// Passes time for the clock, which the machine's own connections do not need.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

async fn ask(tokens: &Tokens, oauth: &OAuth) -> Result<String, String> {
    let token = tokens.access_token(oauth, MAILBOX).await;
    token.map(|token| token.as_str().to_owned()).map_err(|error| error.explained())
}

#[tokio::test]
async fn client_credentials_are_asked_for_as_the_standard_says_and_kept_until_shortly_before_their_end() {
    let mut endpoint = Endpoint::start(numbered(3599)).await;
    let (_folder, tokens) = tokens();
    let oauth = endpoint.oauth(Grant::ClientCredentials);
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"));
    let expected = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", "s3cret&=%"),
        ("scope", "https://outlook.office365.com/.default"),
    ]);
    assert_eq!(endpoint.asked(), [("/tenant/token".to_owned(), expected)]);
    pass(Duration::from_secs(3599 - 301)).await;
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"));
    pass(Duration::from_secs(2)).await;
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token2"));
    let health = tokens.health(&oauth, MAILBOX);
    assert!(health.valid_until.is_some() && health.error.is_none(), "{health:?}");
}

#[tokio::test]
async fn many_who_need_a_token_ask_once() {
    let mut endpoint = Endpoint::start(numbered(3599)).await;
    let (_folder, tokens) = tokens();
    let oauth = endpoint.oauth(Grant::ClientCredentials);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let (tokens, oauth) = (tokens.clone(), oauth.clone());
            tokio::spawn(async move { ask(&tokens, &oauth).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap().as_deref(), Ok("token1"));
    }
    assert_eq!(endpoint.asked().len(), 1);
    assert!(tokens.access_token(&oauth, "other@corp.example").await.is_ok());
    assert_eq!(endpoint.asked().len(), 1, "each mailbox is a source of its own");
}

#[tokio::test]
async fn a_token_that_a_server_does_not_take_is_asked_for_anew() {
    let endpoint = Endpoint::start(numbered(3599)).await;
    let (_folder, tokens) = tokens();
    let oauth = endpoint.oauth(Grant::ClientCredentials);
    let first = tokens.access_token(&oauth, MAILBOX).await.unwrap();
    assert!(!tokens.reject(&oauth, MAILBOX, first.as_str()), "a new token is not refused for its age");
    assert_eq!(tokens.access_token(&oauth, MAILBOX).await.unwrap(), first);
    pass(Duration::from_mins(2)).await;
    assert!(tokens.reject(&oauth, MAILBOX, first.as_str()));
    let second = tokens.access_token(&oauth, MAILBOX).await.unwrap();
    assert_eq!(second.as_str(), "token2");
    assert!(tokens.reject(&oauth, MAILBOX, first.as_str()));
    assert_eq!(
        tokens.access_token(&oauth, MAILBOX).await.unwrap(),
        second,
        "a late word on an old token harms no new one"
    );
}

#[tokio::test]
async fn an_endpoint_that_fails_is_left_alone_for_a_while_and_the_old_token_used_as_long_as_it_is_good() {
    let mut number = 0;
    let mut endpoint = Endpoint::start(move |_, _| {
        number += 1;
        match number {
            1 => granted("token1", 3600),
            2 | 3 => (503, "<html>down</html>".to_owned()),
            _ => granted("token2", 3600),
        }
    })
    .await;
    let (_folder, tokens) = tokens();
    let oauth = endpoint.oauth(Grant::ClientCredentials);
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"));
    pass(Duration::from_mins(56)).await;
    for _ in 0..5 {
        assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"));
    }
    assert_eq!(endpoint.asked().len(), 2, "one failure, remembered");
    assert!(tokens.health(&oauth, MAILBOX).error.unwrap().contains("answered 503"));
    pass(Duration::from_mins(5)).await;
    assert!(ask(&tokens, &oauth).await.unwrap_err().contains("answered 503"), "the old token has ended");
    assert!(ask(&tokens, &oauth).await.is_err());
    assert_eq!(endpoint.asked().len(), 1);
    pass(Duration::from_secs(11)).await;
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token2"), "it is mended by itself");
    assert_eq!(tokens.health(&oauth, MAILBOX).error, None);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_named() {
    let endpoint = Endpoint::start(numbered(1)).await;
    let (_folder, tokens) = tokens();
    let mut oauth = endpoint.oauth(Grant::ClientCredentials);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    oauth.token_url = Some(format!("http://{nobody}/token").parse().unwrap());
    let told = ask(&tokens, &oauth).await.unwrap_err();
    assert!(told.starts_with("the token endpoint 127.0.0.1 cannot be reached: 127.0.0.1:"), "{told}");
    oauth.token_url = Some(format!("https://127.0.0.1:{}/token", endpoint.port).parse().unwrap());
    let told = ask(&tokens, &oauth).await.unwrap_err();
    assert!(told.contains("cannot be reached") && told.contains("during the handshake"), "{told}");
}

#[tokio::test]
async fn a_revoked_secret_is_told_with_what_to_do_and_a_new_one_is_used_at_once() {
    let mut endpoint = Endpoint::start(|_, form| {
        if form["client_secret"] == "new" {
            return granted("token1", 3600);
        }
        let description = "AADSTS7000215: Invalid client secret provided.";
        (401, format!(r#"{{"error":"invalid_client","error_description":"{description}"}}"#))
    })
    .await;
    let (_folder, tokens) = tokens();
    let mut oauth = endpoint.oauth(Grant::ClientCredentials);
    let told = ask(&tokens, &oauth).await.unwrap_err();
    assert!(told.contains("AADSTS7000215") && told.contains("not its id") && !told.contains("s3cret"), "{told}");
    assert!(ask(&tokens, &oauth).await.is_err());
    assert_eq!(endpoint.asked().len(), 1, "and is not tried again for a while");
    oauth.client_secret = Some(Secret::Given("new".to_owned().into()));
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"));
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let endpoint = Endpoint::start(|_, _| (200, "x".repeat(1_000_000))).await;
    let (_folder, tokens) = tokens();
    let told = ask(&tokens, &endpoint.oauth(Grant::ClientCredentials)).await.unwrap_err();
    assert!(told.contains("larger than"), "{told}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let mut endpoint = Endpoint::start(|_, _| (307, String::new())).await;
    let (_folder, tokens) = tokens();
    assert!(ask(&tokens, &endpoint.oauth(Grant::ClientCredentials)).await.unwrap_err().contains("answered 307"));
    assert_eq!(endpoint.asked().len(), 1);
}

#[tokio::test]
async fn a_service_account_sends_its_assertion() {
    let mut endpoint = Endpoint::start(numbered(3599)).await;
    let (folder, tokens) = tokens();
    let mut oauth = endpoint.oauth(Grant::ServiceAccount);
    let path = folder.path().join("key.json");
    let key = include_str!("../../tests/data/service_account.pem");
    let file = serde_json::json!({ "client_email": "relay@project.example", "private_key": key });
    std::fs::write(&path, file.to_string()).unwrap();
    oauth.service_account = Some(path);
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"));
    let (_, form) = endpoint.asked().remove(0);
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(form["assertion"].split('.').count(), 3);
    assert_eq!(form.len(), 2);
}

/// An endpoint for logins with a code, which is typed in after so many questions.
fn with_code(questions: u32) -> impl FnMut(&str, &Form) -> (u16, String) {
    let mut asked = 0;
    let mut refreshed = 0;
    move |path, form| match (path, form.get("grant_type").map(String::as_str)) {
        ("/tenant/devicecode", None) => {
            let answer = r#"{"device_code":"d3vice","user_code":"ABC-DEF","verification_uri":"https://login.example/device","expires_in":60,"interval":1}"#;
            (200, answer.to_owned())
        }
        ("/tenant/token", Some("urn:ietf:params:oauth:grant-type:device_code")) if asked < questions => {
            assert_eq!((form["device_code"].as_str(), form["client_id"].as_str()), ("d3vice", "app"));
            asked += 1;
            (400, r#"{"error":"authorization_pending"}"#.to_owned())
        }
        ("/tenant/token", Some("urn:ietf:params:oauth:grant-type:device_code")) => {
            (200, r#"{"access_token":"first","expires_in":3599,"refresh_token":"r3fresh0"}"#.to_owned())
        }
        ("/tenant/token", Some("refresh_token")) => {
            assert_eq!(form["refresh_token"], format!("r3fresh{refreshed}"), "the last one that was given");
            assert_eq!(form["scope"], "https://outlook.office.com/SMTP.Send offline_access");
            refreshed += 1;
            let answer = format!(
                r#"{{"access_token":"token{refreshed}","expires_in":3599,"refresh_token":"r3fresh{refreshed}"}}"#
            );
            (200, answer)
        }
        other => panic!("asked {other:?}"),
    }
}

async fn events(mut login: DeviceLogin) -> Vec<DeviceLoginEvent> {
    let mut events = Vec::new();
    while let Some(event) = login.next().await {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn a_login_with_a_code_ends_in_tokens_and_each_new_refresh_token_takes_the_place_of_the_last() {
    let endpoint = Endpoint::start(with_code(1)).await;
    let (folder, tokens) = tokens();
    let oauth = endpoint.oauth(Grant::DeviceCode);
    let told = ask(&tokens, &oauth).await.unwrap_err();
    assert!(told.contains("nobody has logged in for box@corp.example") && told.contains("config login"), "{told}");
    assert!(tokens.health(&oauth, MAILBOX).needs_login);
    let events = events(tokens.log_in(&oauth, MAILBOX)).await;
    let expires_at = Timestamp::from_unix(1_795_518_903 + 60);
    let (code, address) = ("ABC-DEF".to_owned(), "https://login.example/device".to_owned());
    assert_eq!(events[0], DeviceLoginEvent::Code { code, address, expires_at });
    assert_eq!(events[1], DeviceLoginEvent::Waiting);
    assert!(matches!(&events[2..], [DeviceLoginEvent::Done { .. }]), "{events:?}");
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token1"), "the login is noticed at once");
    pass(Duration::from_hours(1)).await;
    assert_eq!(ask(&tokens, &oauth).await.as_deref(), Ok("token2"));
    let again = Tokens::new(Arc::clone(&tokens.0.clock), folder.path().join("secrets"));
    assert_eq!(ask(&again, &oauth).await.as_deref(), Ok("token3"), "it outlives the engine");
}

#[tokio::test]
async fn a_login_that_is_declined_or_expires_says_so() {
    let mut asked = 0;
    let endpoint = Endpoint::start(move |path, _| {
        if path == "/tenant/devicecode" {
            let answer = r#"{"device_code":"d","user_code":"A","verification_uri":"https://login.example/","expires_in":60,"interval":1}"#;
            return (200, answer.to_owned());
        }
        asked += 1;
        match asked {
            1 => (503, "down".to_owned()),
            _ => (400, r#"{"error":"authorization_declined"}"#.to_owned()),
        }
    })
    .await;
    let (_folder, tokens) = tokens();
    let events = events(tokens.log_in(&endpoint.oauth(Grant::DeviceCode), MAILBOX)).await;
    let Some(DeviceLoginEvent::Failed { reason }) = events.last() else { panic!("{events:?}") };
    assert!(reason.contains("authorization_declined") && reason.contains("declined by the person"), "{reason}");
}

#[tokio::test]
async fn what_is_kept_shows_no_secret() {
    let endpoint = Endpoint::start(numbered(3599)).await;
    let (_folder, tokens) = tokens();
    let oauth = endpoint.oauth(Grant::ClientCredentials);
    let token = tokens.access_token(&oauth, MAILBOX).await.unwrap();
    let shown = format!("{token:?} {:?} {:?}", tokens.health(&oauth, MAILBOX), Source::new(&oauth, MAILBOX));
    assert!(!shown.contains("token1") && !shown.contains("s3cret"), "{shown}");
    tokens.keep_only(&[]);
    assert_eq!(tokens.health(&oauth, MAILBOX), TokenHealth::default());
}

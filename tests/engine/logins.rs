//! Logins of clients, with the users in their file.

use std::time::Duration;

use super::*;
use house::Place;
use mailroot::accounts::{self, NewUser};
use mailroot::clock::Timestamp;
use mailroot::engine::Command;
use mailroot::sasl::{self, Channel, ClientExchange, Zeroizing};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

const PASSWORD: &str = "geheim-4711-geheim";

fn user(name: &str) -> NewUser {
    NewUser {
        name: name.to_owned(),
        password: Zeroizing::new(PASSWORD.to_owned()),
        ntlm: false,
        senders: Vec::new(),
        max_messages_per_hour: None,
    }
}

/// An engine that takes logins and has a certificate.
struct Office {
    house: House,
    certificate: Certificate,
}

impl Office {
    async fn open(users: Vec<NewUser>) -> Self {
        let certificate = Certificate::made_for("relay.test");
        let place = Place::new(&[
            ("access.authentication", "[\"anonymous\", \"basic\", \"integrated\"]"),
            ("access.relay.list", "[]"),
            ("delivery.advanced.smart_host", "\"[127.0.0.1]:9\""),
        ]);
        let place = place.secured(&certificate);
        place.write();
        for user in users {
            accounts::add(&place.users_file(), &user).unwrap();
        }
        Self { house: place.open().await, certificate }
    }

    /// A client under TLS.
    async fn client(&self) -> TlsClient {
        Client::hello(self.house.address().await).await.start_tls(&self.certificate.connector()).await
    }

    /// A client that has logged in.
    async fn logged_in(&self, user: &str) -> TlsClient {
        let mut client = self.client().await;
        assert_eq!(log_in(&mut client, user, PASSWORD).await, "235 2.7.0 Authentication successful.");
        client
    }
}

async fn log_in(client: &mut Client<TlsStream<TcpStream>>, user: &str, password: &str) -> String {
    let response = sasl::encode(format!("\0{user}\0{password}").as_bytes());
    client.say(format!("AUTH PLAIN {}", *response)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_gives_the_right_to_relay_and_is_named_wherever_the_message_is() {
    let office = Office::open(vec![user("App")]).await;
    let mut client = office.client().await;
    assert!(client.say("EHLO client.example").await.contains("250-AUTH NTLM LOGIN PLAIN\n250-AUTH=LOGIN\n"));
    client.say("MAIL FROM:<app@corp.example>").await;
    assert!(client.say("RCPT TO:<bob@far.example>").await.starts_with("550 5.7.1"));
    client.say("RSET").await;
    // Names are known in any case, and shown as the file has them.
    assert!(log_in(&mut client, "aPP", PASSWORD).await.starts_with("235"));
    let id = client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    let accepted = office.house.log(&format!("id:{id}")).await.remove(0);
    assert_eq!((accepted["event"].as_str(), accepted["actor"].as_str()), (Some("accepted"), Some("App")));
    let shown = office.house.view(Command::QueueShow { id }).await;
    assert_eq!(shown["origin"]["user"], "App");
    let sessions = office.house.view(Command::Sessions).await;
    let session = sessions["sessions"].as_array().unwrap().iter().find(|session| session["direction"] == "inbound");
    assert_eq!(session.unwrap()["user"], "App");
}

#[tokio::test(flavor = "multi_thread")]
async fn u001_a_user_sends_in_the_names_that_are_the_users_own() {
    let senders = vec!["app@corp.example".parse().unwrap(), "*.dept.corp.example".parse().unwrap()];
    let office = Office::open(vec![NewUser { senders, ..user("app") }]).await;
    let mut client = office.logged_in("app").await;
    for refused in ["<boss@corp.example>", "<>", "<x@dept.corp.example>"] {
        let reply = client.say(format!("MAIL FROM:{refused}")).await;
        assert_eq!(reply, format!("553 5.7.1 app may not send as {refused}"));
    }
    client.submit("<APP@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    client.submit("<x@a.dept.corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    let refused = office.house.log("event:refused").await;
    assert_eq!((refused[0]["actor"].as_str(), refused[0]["sender"].as_str()), (Some("app"), Some("boss@corp.example")));
    assert_eq!(office.house.status().await["totals"]["refused"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_removed_sends_no_more_and_one_with_a_limit_not_too_much() {
    let office = Office::open(vec![user("gone"), NewUser { max_messages_per_hour: Some(2), ..user("busy") }]).await;
    let (mut gone, mut busy) = (office.logged_in("gone").await, office.logged_in("busy").await);
    for _ in 0..2 {
        busy.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    }
    let reply = busy.say("MAIL FROM:<app@corp.example>").await;
    assert!(reply.starts_with("450 4.7.1 Too many messages of busy"), "{reply}");
    gone.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    let place = office.house.path("..").join("config/users.toml");
    accounts::remove(&place, "gone").unwrap();
    eventually("the user is not known any more", async || {
        gone.say("RSET").await;
        gone.say("MAIL FROM:<app@corp.example>").await.starts_with("553 5.7.1")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn integrated_logins_prove_the_password_without_saying_it() {
    let office = Office::open(vec![NewUser { ntlm: true, ..user("app") }, user("basic")]).await;
    for (name, password, expected) in [
        ("app", PASSWORD, "235 2.7.0 Authentication successful."),
        ("app", "falsch", "535 5.7.3 Authentication unsuccessful."),
        ("basic", PASSWORD, "535 5.7.3 Authentication unsuccessful."),
    ] {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let now = Timestamp::from_unix(i64::try_from(now.as_secs()).unwrap());
        let mut exchange = ClientExchange::ntlm(name, password, "CORP", Channel::Private, now);
        let mut client = office.client().await;
        let mut reply = client.say("AUTH NTLM").await;
        while let Some(challenge) = reply.strip_prefix("334") {
            let answer = exchange.answer_text(challenge.trim_start().as_bytes()).unwrap();
            reply = client.say(answer.as_bytes()).await;
        }
        assert_eq!(reply, expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lg03_a_login_leaves_no_secret_behind_and_a_failed_one_leaves_its_name() {
    let office = Office::open(vec![user("app")]).await;
    let mut client = office.client().await;
    let sessions = office.house.view(Command::Sessions).await;
    let id = sessions["sessions"][0]["id"].as_str().unwrap().to_owned();
    let mut watch = office.house.handle.watch_session(&house::as_admin(), id.parse().unwrap()).unwrap();
    let wrong = "falsch-0815-falsch";
    assert!(log_in(&mut client, "app", wrong).await.starts_with("535"));
    for line in
        ["AUTH LOGIN".to_owned(), sasl::encode(b"app").to_string(), sasl::encode(PASSWORD.as_bytes()).to_string()]
    {
        client.say(line).await;
    }
    let id = client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    assert!(client.say("QUIT").await.starts_with("221"));
    let mut events = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(5), watch.next()).await {
        events.push(event);
    }
    let mut shown = format!("{events:?}{:?}", office.house.log("").await);
    assert!(shown.contains("AUTH PLAIN ********") && shown.contains("235 2.7.0"), "{shown}");
    let failed = office.house.log("event:refused").await.remove(0);
    assert_eq!((failed["actor"].as_str(), failed["reply"].as_str()), (Some("app"), Some("the login failed")));
    let views = [Command::Status, Command::Sessions, Command::QueueShow { id }];
    for view in views {
        shown.push_str(&office.house.view(view).await.to_string());
    }
    let place = office.house.stop().await;
    shown.push_str(&place.logs());
    for secret in [PASSWORD, wrong] {
        let encoded = [sasl::encode(secret.as_bytes()), sasl::encode(format!("\0app\0{secret}").as_bytes())];
        assert!(!shown.contains(secret), "{shown}");
        assert!(encoded.iter().all(|encoded| !shown.contains(&***encoded)), "{shown}");
    }
}

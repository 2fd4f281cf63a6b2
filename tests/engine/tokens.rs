//! Access tokens that mail needs, as those see them who look.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mailroot::engine::{Actor, Role};
use mailroot::oauth::DeviceLoginEvent;

use super::*;
use house::as_admin;
use token_endpoint::{TokenEndpoint, granted, refused};

/// An endpoint that gives tokens, and codes that are typed in at once; or refuses while it is told to.
async fn endpoint(refuses: Arc<AtomicBool>) -> TokenEndpoint {
    TokenEndpoint::start(move |path, _| match (refuses.load(Ordering::Relaxed), path) {
        (true, _) => refused("invalid_client", "AADSTS7000222: expired."),
        (false, "/devicecode") => {
            let code = r#"{"device_code":"d3vice-word","user_code":"ABC","verification_uri":"https://login.example/","interval":1}"#;
            (200, code.to_owned())
        }
        (false, _) => {
            let (status, answer) = granted("t0ken-word", 3600);
            (status, answer.replace('}', r#","refresh_token":"r3fresh-word"}"#))
        }
    })
    .await
}

fn security(endpoint: &TokenEndpoint, oauth: &str) -> [(&'static str, String); 4] {
    [
        ("delivery.outbound_security.method", "\"xoauth2\"".to_owned()),
        ("delivery.outbound_security.tls", "\"required\"".to_owned()),
        ("delivery.outbound_security.username", "\"box@corp.example\"".to_owned()),
        (
            "delivery.outbound_security.oauth",
            format!("{{ token_url = \"{}\", client_id = \"app\", {oauth} }}", endpoint.url()),
        ),
    ]
}

async fn house(endpoint: &TokenEndpoint, oauth: &str) -> House {
    let settings = security(endpoint, oauth);
    let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    House::start(&settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_there_before_mail_needs_it_and_what_is_wrong_is_told_until_it_is_mended() {
    let refuses = Arc::new(AtomicBool::new(true));
    let endpoint = endpoint(Arc::clone(&refuses)).await;
    let mut house = house(&endpoint, "client_secret = \"s3cret-word\"").await;
    eventually("the refusal is told", async || {
        let problems = house.status().await["problems"].to_string();
        problems.contains("the access token of box@corp.example for mail is missing")
            && problems.contains("AADSTS7000222: expired")
            && problems.contains("the client secret has expired")
    })
    .await;
    refuses.store(false, Ordering::Relaxed);
    // A new secret is another source, which is asked at once.
    let oauth = security(&endpoint, "client_secret = \"n3w-secret-word\"")[3].1.clone();
    house.set("delivery.outbound_security.oauth", &oauth).await;
    eventually("there is a token", async || house.status().await["tokens"][0]["valid_until"].is_string()).await;
    eventually("no problem is left", async || house.status().await["problems"] == serde_json::json!([])).await;
    let shown = format!("{}{:?}", house.status().await, house.handle.latest());
    for secret in ["s3cret-word", "n3w-secret-word", "t0ken-word"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_with_a_code_begins_from_a_viewer_who_may_and_the_engine_has_the_token() {
    let endpoint = endpoint(Arc::default()).await;
    let house = house(&endpoint, "grant = \"device_code\"").await;
    eventually("somebody is asked to log in", async || house.status().await["tokens"][0]["needs_login"] == true).await;
    let operator = Actor { name: "the operator".to_owned(), role: Role::Operator };
    assert!(house.handle.log_in(&operator, None).is_err_and(|reason| reason.contains("needs the role admin")));
    assert!(house.handle.log_in(&as_admin(), Some("far.example")).is_err());
    let mut login = house.handle.log_in(&as_admin(), None).unwrap();
    let Some(DeviceLoginEvent::Code { code, address, .. }) = login.next().await else { panic!("no code") };
    assert_eq!((code.as_str(), address.as_str()), ("ABC", "https://login.example/"));
    while let Some(event) = login.next().await {
        assert!(!matches!(event, DeviceLoginEvent::Failed { .. }), "{event:?}");
    }
    eventually("there is a token", async || house.status().await["tokens"][0]["valid_until"].is_string()).await;
    let acts = house.log("event:act").await;
    assert_eq!(acts[0]["reply"], "a login as \"box@corp.example\" for mail is begun");
    let shown = format!("{acts:?}{}{:?}", house.status().await, house.handle.latest());
    for secret in ["t0ken-word", "r3fresh-word", "d3vice-word"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

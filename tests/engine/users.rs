//! Users who are changed by those who may, while the engine runs.

use mailroot::engine::{Command, Outcome};
use serde_json::{Value, json};

use super::*;

fn add(name: &str, ntlm: bool) -> Command {
    Command::UserAdd {
        name: name.to_owned(),
        password: "s3cret-word".into(),
        ntlm,
        senders: vec!["corp.example".to_owned()],
        max_messages_per_hour: Some(30),
    }
}

fn change(name: &str) -> Command {
    Command::UserChange {
        name: name.to_owned(),
        password: Some("n3xt-word".into()),
        ntlm: Some(false),
        senders: Some(Vec::new()),
        max_messages_per_hour: Some(0),
    }
}

async fn users(house: &House) -> Value {
    house.view(Command::UserList).await["users"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_added_changed_and_removed_at_once_and_the_log_says_by_whom() {
    let house = House::start(&[]).await;
    assert_eq!(users(&house).await, json!([]));
    assert!(matches!(house.ask(add("bob", true)).await, Outcome::Done { .. }));
    let bob = json!({ "name": "bob", "ntlm": true, "senders": ["corp.example"], "max_messages_per_hour": 30 });
    assert_eq!(users(&house).await, json!([bob]));
    assert!(matches!(house.ask(change("BOB")).await, Outcome::Done { .. }));
    let bob = json!({ "name": "bob", "ntlm": false, "senders": [], "max_messages_per_hour": null });
    assert_eq!(users(&house).await, json!([bob]));
    assert!(matches!(house.ask(Command::UserRemove { name: "bob".to_owned() }).await, Outcome::Done { .. }));
    assert_eq!(users(&house).await, json!([]));
    let log = house.log("event:act").await;
    let deeds: Vec<_> = log.iter().map(|record| record["reply"].as_str().unwrap()).collect();
    assert_eq!(
        deeds,
        [
            "user \"bob\" added, also for NTLM",
            "user \"BOB\" changed: the password, NTLM forbidden, the senders, the limit",
            "user \"bob\" removed",
        ]
    );
    assert!(log.iter().all(|record| record["actor"] == "the admin"));
    let said = format!("{log:?}{}", house.status().await);
    assert!(!said.contains("s3cret-word") && !said.contains("n3xt-word"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_refused_with_the_reason() {
    let house = House::start(&[]).await;
    house.ask(add("bob", false)).await;
    for (command, reason) in [
        (add("Bob", false), "there is a user \"Bob\" already"),
        (add("a\nb", false), "no control characters"),
        (change("ann"), "there is no user \"ann\""),
        (Command::UserRemove { name: "ann".to_owned() }, "there is no user \"ann\""),
        (
            Command::UserChange {
                name: "bob".to_owned(),
                password: None,
                ntlm: Some(true),
                senders: None,
                max_messages_per_hour: None,
            },
            "only with a new password",
        ),
    ] {
        let outcome = house.ask(command).await;
        assert!(matches!(&outcome, Outcome::Refused { reason: said } if said.contains(reason)), "{outcome:?}");
    }
    assert_eq!(house.log("event:act").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_users_file_changed_by_hand_is_followed_and_a_bad_one_is_a_problem_until_it_is_mended() {
    let mut house = House::start(&[]).await;
    house.ask(add("bob", false)).await;
    let file = house.place().users_file();
    let good = std::fs::read(&file).unwrap();
    mailroot::platform::files::replace_private(&file, b"[[user]]\nname = \"eve\"\n").unwrap();
    eventually("the problem is told", async || {
        let problems = house.status().await["problems"].to_string();
        problems.contains("the users stay as they were") && problems.contains("users.toml:1:1")
    })
    .await;
    assert_eq!(users(&house).await[0]["name"], "bob", "a bad file changes nothing");
    let good = String::from_utf8(good).unwrap().replace("\"bob\"", "\"robert\"");
    mailroot::platform::files::replace_private(&file, good.as_bytes()).unwrap();
    eventually("the new name is known", async || users(&house).await[0]["name"] == "robert").await;
    assert_eq!(house.status().await["problems"], json!([]));
}

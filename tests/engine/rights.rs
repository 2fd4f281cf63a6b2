//! Who may do what, and that it is written down.

use super::*;
use mailroot::engine::{Actor, BadmailAct, Command, Outcome, QueueAct, Role, Target};

fn actor(role: Role) -> Actor {
    Actor { name: format!("the {role}"), role }
}

fn act(act: QueueAct) -> Command {
    Command::QueueAct { act, target: Target::All }
}

fn user_add(name: &str) -> Command {
    let (name, password) = (name.to_owned(), "s3cret".into());
    Command::UserAdd { name, password, ntlm: false, senders: Vec::new(), max_messages_per_hour: None }
}

fn user_change(name: &str) -> Command {
    let name = name.to_owned();
    Command::UserChange { name, password: None, ntlm: None, senders: None, max_messages_per_hour: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_do_its_own_and_is_told_which_one_is_needed() {
    let house = House::start(&[]).await;
    let listing = Command::QueueList { filter: String::new(), offset: 0, limit: 1 };
    let session = Command::CloseSession { id: 1 };
    let export = Command::QueueExport { id: "0".to_owned() };
    let resend = Command::BadmailAct { act: BadmailAct::Resend, target: Target::All };
    let commands = [
        (Command::Status, Role::Observer),
        (listing, Role::Observer),
        (act(QueueAct::Retry), Role::Operator),
        (act(QueueAct::Hold), Role::Operator),
        (act(QueueAct::Release), Role::Operator),
        (session, Role::Operator),
        (Command::CheckSmartHost { domain: Some("corp.example".to_owned()) }, Role::Operator),
        (Command::Pause { domain: None }, Role::Operator),
        (Command::Resume { domain: None }, Role::Operator),
        (act(QueueAct::Delete), Role::Admin),
        (export, Role::Admin),
        (resend, Role::Admin),
        (Command::QueuePreview { id: "0".to_owned() }, Role::Admin),
        (Command::BadmailPreview { id: "0".to_owned() }, Role::Admin),
        (Command::SettingsText, Role::Admin),
        (Command::SettingsApply { text: "[general".into(), base: "".into() }, Role::Admin),
        (Command::UserList, Role::Admin),
        (user_add(""), Role::Admin),
        (user_change("nobody"), Role::Admin),
        (Command::UserRemove { name: "nobody".to_owned() }, Role::Admin),
        (Command::Reload, Role::Admin),
        (Command::Stop, Role::Admin),
    ];
    for (command, needs) in commands {
        for role in [Role::Observer, Role::Operator, Role::Admin] {
            let name = command.name();
            let outcome = house.handle.execute(&actor(role), command.clone()).await;
            let refusal = format!("{name} needs the role {needs}; you are {role}");
            let is_refused = matches!(&outcome, Outcome::Refused { reason } if *reason == refusal);
            assert_eq!(is_refused, role < needs, "{name} as {role}: {outcome:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_are_in_the_delivery_log_with_who_did_them_and_refused_ones_are_not() {
    let house = House::start(&[("delivery.advanced.smart_host", "\"[127.0.0.1]:1\"")]).await;
    let mut client = Client::hello(house.address().await).await;
    let id = client.submit("<app@corp.example>", &["bob@far.example"], "Subject: x\r\n\r\n").await;
    eventually("it was tried", async || house.queue().await[0]["state"] == "queued").await;
    let acts = [
        (QueueAct::Hold, Role::Observer),
        (QueueAct::Hold, Role::Operator),
        (QueueAct::Release, Role::Operator),
        (QueueAct::Delete, Role::Operator),
        (QueueAct::Hold, Role::Admin),
        (QueueAct::Delete, Role::Admin),
    ];
    for (what, role) in acts {
        house.handle.execute(&actor(role), act(what)).await;
    }
    assert!(house.queue().await.is_empty());
    let mut records = house.log(&format!("id:{id}")).await;
    records.retain(|record| !record["actor"].is_null());
    let seen = records.iter().map(|record| (record["event"].as_str().unwrap(), record["actor"].as_str().unwrap()));
    let expected =
        [("held", "the operator"), ("released", "the operator"), ("held", "the admin"), ("removed", "the admin")];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    // And in the file that stays.
    let log = house.stop().await.logs();
    let removed = log.lines().find(|line| line.contains(&format!(" event=removed id={id} "))).unwrap();
    assert!(removed.ends_with(" actor=\"the admin\""), "{removed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lg03_what_follows_auth_is_neither_shown_nor_logged() {
    let house = House::start(&[("log.level", "\"trace\""), ("access.relay.list", "[\"192.0.2.1\"]")]).await;
    let mut client = Client::connect(house.address().await).await;
    let secret = "AHVzZXIAc2VjcmV0";
    let first = client.say(format!("AUTH PLAIN {secret}")).await;
    let second = client.say("AUTH LOGIN").await;
    let third = client.say(secret).await;
    let replies = [first, second, third].concat();
    client.say("EHLO client.example").await;
    client.say("MAIL FROM:<app@corp.example>").await;
    client.say("RCPT TO:<bob@far.example>").await;
    client.say("RSET").await;
    let views = [house.status().await, house.view(Command::Sessions).await].map(|view| view.to_string()).concat();
    let log = house.stop().await.logs();
    assert!(log.contains("event=refused"), "{log}");
    for text in [replies, views, log] {
        assert!(!text.contains(secret), "{text}");
    }
}

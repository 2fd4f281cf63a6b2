//! The folder: one engine at a time, what a restart finds there, and what is put there and taken from there.

use super::*;
use mailroot::engine::{Command, Outcome, QueueAct, StartError, Target};

#[tokio::test(flavor = "multi_thread")]
async fn fs12_a_second_engine_on_one_mailroot_is_refused_and_the_first_goes_on() {
    let mut house = House::start(&[]).await;
    let Err(StartError::Queue(error)) = house.place().start().await else { panic!("two engines on one mailroot") };
    let reason = error.to_string();
    assert!(reason.starts_with("another mailroot is running on "), "{reason}");
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: x\r\n\r\n").await;
    house.emptied().await;
    let again = house.stop().await.open().await;
    assert_eq!(again.files("Drop").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_is_read_back_after_a_restart_and_delivered() {
    let house = House::start(&[("delivery.advanced.smart_host", "\"[127.0.0.1]:1\"")]).await;
    let mut client = Client::hello(house.address().await).await;
    let mut ids = Vec::new();
    for number in 0..20 {
        let content = format!("Subject: {number}\r\n\r\n");
        ids.push(client.submit("<app@corp.example>", &["bob@far.example"], content).await);
    }
    drop(client);
    eventually("one was tried", async || !house.log("event:deferred").await.is_empty()).await;
    let peer = ScriptedPeer::new();
    let mut place = house.stop().await;
    place.set("delivery.advanced.smart_host", &house::smart_host(peer.listen().await));
    let house = place.open().await;
    let mut waiting = house.queue().await.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    waiting.sort();
    ids.sort();
    assert!(waiting.iter().all(|id| ids.contains(id)));
    house.ask(Command::QueueAct { act: QueueAct::Retry, target: Target::All }).await;
    house.emptied().await;
    let mut subjects = peer.contents().iter().map(|content| subject(content)).collect::<Vec<_>>();
    subjects.sort_unstable();
    assert_eq!(subjects, (0..20).collect::<Vec<usize>>());
}

fn subject(content: &[u8]) -> usize {
    let text = std::str::from_utf8(content).unwrap();
    text.split("Subject: ").nth(1).unwrap().trim_end().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_for_a_local_domain_is_in_drop_with_its_envelope() {
    let house = House::start(&[("local.aliases", "[\"alias.example\"]")]).await;
    let mut client = Client::hello(house.address().await).await;
    let recipients = ["bob@corp.example", "Eve@alias.example"];
    let id = client.submit("<app@corp.example>", &recipients, "Subject: x\r\n\r\n..dot\r\n").await;
    house.emptied().await;
    let mut file = std::fs::read_to_string(house.path("Drop").join(format!("{id}.eml"))).unwrap();
    let content = file.split_off(file.find("Received: ").unwrap());
    assert_eq!(
        file.to_ascii_lowercase(),
        "x-sender: <app@corp.example>\r\nx-receiver: <bob@corp.example>\r\nx-receiver: <eve@alias.example>\r\n"
    );
    assert!(file.contains("<Eve@alias.example>"));
    assert!(content.ends_with("Subject: x\r\n\r\n.dot\r\n"), "{content}");
    assert_eq!(house.log("event:local").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_put_into_pickup_goes_out_and_is_gone_from_there() {
    let peer = ScriptedPeer::new();
    let house = House::relaying_to(peer.listen().await).await;
    let mail =
        "From: app@corp.example\r\nTo: Bob <bob@far.example>\r\nBcc: eve@far.example\r\nSubject: p\r\n\r\n.dot\r\n";
    std::fs::write(house.path("Pickup").join("mail.txt"), mail).unwrap();
    eventually("it has arrived", async || peer.contents().len() == 1).await;
    house.emptied().await;
    let content = String::from_utf8(peer.contents().remove(0)).unwrap();
    assert!(content.contains("Subject: p\r\n") && content.ends_with("\r\n\r\n..dot\r\n"), "{content}");
    assert!(!content.to_ascii_lowercase().contains("bcc"), "{content}");
    let recipients = peer.commands().into_iter().filter(|command| command.starts_with("RCPT TO:"));
    assert_eq!(recipients.collect::<Vec<_>>(), ["RCPT TO:<bob@far.example>", "RCPT TO:<eve@far.example>"]);
    assert!(!house.path("Pickup/mail.txt").exists());
    assert_eq!(house.status().await["totals"]["picked_up"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_badmail_is_shown_with_its_reason_and_sent_again() {
    let peer = ScriptedPeer::new().first("RCPT", vec![say("550 5.1.1 Nobody")]);
    let house = House::relaying_to(peer.listen().await).await;
    let mut client = Client::hello(house.address().await).await;
    client.submit("<>", &["bob@far.example"], "Subject: bounce\r\n\r\n").await;
    eventually("it is in Badmail", async || house.files("Badmail").len() == 1).await;
    house.emptied().await;
    let list = Command::BadmailList { filter: String::new(), offset: 0, limit: 10 };
    let shown = house.view(list).await;
    assert!(shown["messages"][0]["reason"].as_str().is_some_and(|reason| reason.contains("550 5.1.1")), "{shown}");
    let id = shown["messages"][0]["id"].as_str().unwrap().to_owned();
    let resend = Command::BadmailAct { act: mailroot::engine::BadmailAct::Resend, target: Target::Ids(vec![id]) };
    let outcome = house.ask(resend).await;
    assert!(matches!(outcome, Outcome::Done { count: 1, .. }), "{outcome:?}");
    eventually("it has arrived", async || peer.contents().len() == 1).await;
    assert!(house.files("Badmail").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_names_a_file_set_aside_as_badmail_does() {
    let house = House::start(&[]).await;
    std::fs::write(house.path("Queue/buy milk.txt"), "and eggs\n").unwrap();
    std::fs::write(house.path("Queue/notes.eml"), "half a sentence\n").unwrap();
    std::fs::write(house.path("Queue/picture.jpg"), b"\0\0").unwrap();
    std::fs::write(house.path("Pickup/no letter.txt"), "nothing\n").unwrap();
    eventually("all are in the log", async || house.log("event:badmail").await.len() == 4).await;
    let records = house.log("event:badmail").await;
    let mut ids: Vec<_> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    for id in &ids {
        let shown = house.view(Command::BadmailShow { id: (*id).to_owned() }).await;
        assert_eq!(shown["message"]["id"], *id);
    }
    ids.sort_unstable();
    assert_eq!(ids, ["buy_milk_txt", "no_letter_txt", "notes", "picture.jpg"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fs11_mail_is_refused_while_the_queue_cannot_be_written_and_taken_again_by_itself() {
    let house = House::start(&[]).await;
    let mut client = Client::hello(house.address().await).await;
    let (state, away) = (house.path(".state"), house.path("away"));
    std::fs::rename(&state, &away).unwrap();
    std::fs::write(&state, "in the way").unwrap();
    client.open("<app@corp.example>", &["bob@corp.example"]).await;
    let reply = client.say("Subject: x\r\n\r\n.").await;
    assert!(reply.starts_with("451 4.3.0 ") || reply.starts_with("452 4.3.1 "), "{reply}");
    let problems = house.status().await["problems"].to_string();
    assert!(problems.contains("could not be kept and was refused"), "{problems}");
    assert!(house.queue().await.is_empty() && house.files("Queue").is_empty());
    std::fs::remove_file(&state).unwrap();
    std::fs::rename(&away, &state).unwrap();
    client.submit("<app@corp.example>", &["bob@corp.example"], "Subject: x\r\n\r\n").await;
    house.emptied().await;
    assert_eq!(house.files("Drop").len(), 1);
    assert_eq!(house.status().await["problems"].as_array().unwrap().len(), 0);
}

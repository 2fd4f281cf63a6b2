//! Mail for local domains.

use super::*;
use mailroot::ledger::Event;

#[tokio::test]
async fn mail_for_a_local_domain_goes_to_drop_with_its_envelope() {
    let house = House::new("", |settings| settings.local.aliases = vec![domain("old.example")]);
    let id = house.send(&["bob@corp.example", "eve@old.example"]).await;
    house.emptied().await;
    let drop = house.files("Drop");
    assert_eq!(drop.len(), 1, "one copy for all of them");
    assert!(drop[0].contains("x-receiver: <bob@corp.example>") && drop[0].contains("x-receiver: <eve@old.example>"));
    assert!(drop[0].ends_with(house::BODY));
    assert_eq!(house.events(&id), [Event::Local, Event::Local]);
}

#[tokio::test]
async fn d004_success_of_local_mail_is_told_as_delivered() {
    let house = House::new("", |_| {});
    house.send_notifying("bob@corp.example", "SUCCESS").await;
    house.emptied().await;
    let drop = house.files("Drop");
    assert_eq!(drop.len(), 2);
    assert!(drop.iter().any(|report| report.contains("Action: delivered")));
}

#[tokio::test]
async fn a_full_drop_folder_defers_as_the_old_server_did() {
    let house = House::new("", |settings| {
        settings.local.drop_quota = true;
        settings.messages.max_message_size = Some(100);
    });
    let line = format!("{}\r\n", "x".repeat(70));
    let content = format!("Subject: large\r\n\r\n{}", line.repeat(20));
    let id = house.send_content(from_app(&["bob@corp.example"]), &content).await;
    house.tried(&id, 1).await;
    assert_eq!(house.row(&id).last_reply.as_deref(), Some("452 4.2.2 Mailbox full"));
    house.change(|settings| settings.local.drop_quota = false);
    house.dispatcher.retry(&[id], "anna");
    house.emptied().await;
}

#[tokio::test]
async fn a_message_for_here_and_elsewhere_goes_both_ways() {
    let peer = ScriptedPeer::new();
    let house = House::with_smart_host(peer.listen().await.port());
    house.send(&["bob@corp.example", "bob@far.example"]).await;
    house.emptied().await;
    assert_eq!((house.files("Drop").len(), peer.contents().len()), (1, 1));
    assert!(!house.files("Drop")[0].contains("bob@far.example"));
}

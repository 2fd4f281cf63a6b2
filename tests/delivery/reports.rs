//! What senders are told.

use super::*;
use mailroot::ledger::Event;
use mailroot::mail::ReversePath;

const ENOSPC: i32 = 28;

/// A server that knows everybody but mallory.
fn strict() -> ScriptedPeer {
    ScriptedPeer::new().on("RCPT TO:<mallory", say("550 5.1.1 No such user"))
}

#[tokio::test]
async fn r035_some_recipients_fail_and_one_report_names_them() {
    let peer = strict();
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example", "mallory@far.example", "mallory@near.example"]).await;
    house.emptied().await;
    assert_eq!(peer.contents().len(), 1, "the others have it");
    let drop = house.files("Drop");
    assert_eq!(drop.len(), 1);
    let report = &drop[0];
    assert!(report.contains("x-sender: <>") && report.contains("x-receiver: <app@corp.example>"), "{report}");
    assert!(report.contains("Final-Recipient: rfc822; mallory@far.example"));
    assert!(report.contains("Final-Recipient: rfc822; mallory@near.example"));
    assert!(!report.contains("bob@far.example"));
    assert!(report.contains("Subject: Test\r\n"), "the message comes back");
    assert!(house.events(&id).contains(&Event::Reported));
    assert_eq!(house.ledger.totals.reports.get(), 1);
}

#[tokio::test]
async fn s011_a_failure_is_told_at_once_though_another_recipient_still_waits() {
    let peer = strict().on("RCPT TO:<slow", say("451 4.7.1 later"));
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["slow@far.example", "mallory@far.example"]).await;
    eventually("the report is there", || house.files("Drop").len() == 1).await;
    house.tried(&id, 1).await;
    house.dispatcher.retry(std::slice::from_ref(&id), "anna");
    house.tried(&id, 2).await;
    assert_eq!(house.files("Drop").len(), 1, "and told once");
}

#[tokio::test]
async fn r069_lp06_a_message_from_nobody_that_fails_goes_to_badmail_with_its_reason() {
    let peer = strict();
    let house = House::with_smart_host(peer.listen().await.port());
    let mut envelope = from_app(&["mallory@far.example"]);
    envelope.sender = ReversePath::Null;
    let id = house.send_envelope(envelope).await;
    house.emptied().await;
    let badmail = house.files("Badmail");
    assert_eq!((badmail.len(), house.files("Drop").len()), (1, 0));
    assert!(badmail[0].contains("x-reason: ") && badmail[0].contains("550 5.1.1 No such user"), "{}", badmail[0]);
    assert!(badmail[0].contains("status=pending"), "so that it can be sent again");
    assert_eq!(house.events(&id), [Event::Failed, Event::Badmail]);
}

#[tokio::test]
async fn a_report_that_cannot_be_returned_goes_to_badmail_and_is_not_reported() {
    let peer = strict();
    let house = House::with_smart_host(peer.listen().await.port());
    let mut envelope = from_app(&["mallory@far.example"]);
    envelope.sender = ReversePath::Mailbox(house::address("mallory@far.example"));
    house.send_envelope(envelope).await;
    house.emptied().await;
    let badmail = house.files("Badmail");
    assert_eq!(badmail.len(), 1);
    assert!(badmail[0].contains("Delivery Status Notification (Failure)"));
}

#[tokio::test]
async fn lp07_d001_notify_never_is_obeyed() {
    let peer = strict();
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send_notifying("mallory@far.example", "NEVER").await;
    house.emptied().await;
    assert!(house.files("Drop").is_empty() && house.files("Badmail").is_empty());
    assert_eq!(house.events(&id), [Event::Failed]);
}

#[tokio::test]
async fn d007_a_delay_is_told_once_after_the_set_time_unless_notify_excludes_it() {
    let peer = ScriptedPeer::new().on("RCPT", say("451 4.7.1 later"));
    let house = House::with_smart_host(peer.listen().await.port());
    let id = house.send(&["bob@far.example"]).await;
    let silent = house.send_notifying("bob@far.example", "FAILURE").await;
    for attempts in 1..=7 {
        house.tried(&id, attempts).await;
        house.tried(&silent, attempts).await;
        let hours = house.clock.now().since(house.row(&id).received).as_secs() / 3600;
        let expected = usize::from(hours >= 12);
        eventually("the delay is told when it is time", || house.files("Drop").len() == expected).await;
        skip(HOUR * 4).await;
    }
    let report = &house.files("Drop")[0];
    assert!(report.contains("Subject: Delivery Status Notification (Delay)"));
    assert!(report.contains("Action: delayed") && report.contains("Will-Retry-Until: "));
}

#[tokio::test]
async fn d004_success_is_told_where_the_next_hop_has_no_dsn_and_left_to_it_where_it_has() {
    for (extensions, reports) in [(&[][..], 1), (&["DSN"][..], 0)] {
        let peer = ScriptedPeer::new().offering(extensions);
        let house = House::with_smart_host(peer.listen().await.port());
        house.send_notifying("bob@far.example", "SUCCESS").await;
        house.emptied().await;
        let drop = house.files("Drop");
        assert_eq!(drop.len(), reports);
        assert!(drop.iter().all(|report| report.contains("Action: relayed")));
    }
}

#[tokio::test]
async fn a_copy_of_a_failure_goes_to_the_address_of_the_settings() {
    let peer = strict();
    let port = peer.listen().await.port();
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.messages.copy_ndr_to = Some(house::address("postmaster@corp.example"));
    });
    house.send(&["mallory@far.example"]).await;
    house.emptied().await;
    let drop = house.files("Drop");
    assert_eq!(drop.len(), 2);
    for receiver in ["app@corp.example", "postmaster@corp.example"] {
        assert!(drop.iter().any(|report| report.contains(&format!("x-receiver: <{receiver}>"))), "{receiver}");
    }
}

#[tokio::test]
async fn a_notice_of_success_is_for_its_sender_only() {
    let peer = ScriptedPeer::new();
    let port = peer.listen().await.port();
    let house = House::new("", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
        settings.messages.copy_ndr_to = Some(house::address("postmaster@corp.example"));
    });
    house.send_notifying("bob@far.example", "SUCCESS").await;
    house.emptied().await;
    assert_eq!(house.files("Drop").len(), 1);
}

#[tokio::test]
async fn r070_a_report_to_a_remote_sender_leaves_from_the_null_path() {
    let peer = strict();
    let house = House::with_smart_host(peer.listen().await.port());
    let mut envelope = from_app(&["mallory@far.example"]);
    envelope.sender = ReversePath::Mailbox(house::address("sender@else.example"));
    house.send_envelope(envelope).await;
    house.emptied().await;
    let commands = peer.commands();
    assert!(commands.contains(&"MAIL FROM:<>".to_owned()), "{commands:?}");
    assert!(commands.contains(&"RCPT TO:<sender@else.example>".to_owned()));
}

#[tokio::test]
async fn a_failure_that_cannot_be_reported_keeps_the_message() {
    let peer = strict();
    let port = peer.listen().await.port();
    let folder = tempfile::tempdir().unwrap();
    let directory = mailroot::queue::DirectoryStore::new(mailroot::queue::Folders::below(folder.path()));
    let store = stores::FaultyStore::new(directory);
    let house = House::over(store.clone(), folder, "", |settings| {
        settings.delivery.advanced.smart_host = Some(house::smart_host(port));
    });
    // The first is that of the message, the second that of the report.
    store.fail_after(1, "create Incoming", ENOSPC);
    let id = house.send(&["mallory@far.example"]).await;
    house.tried(&id, 1).await;
    assert_eq!(house.files("Drop").len(), 0);
    assert_eq!(house.row(&id).recipients[0].status, "pending");
    house.dispatcher.retry(&[id], "anna");
    house.emptied().await;
    assert_eq!(house.files("Drop").len(), 1);
}

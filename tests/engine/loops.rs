//! Mail that would go round for ever, and answers to answers.

use super::house::smart_host;
use super::*;
use mailroot::engine::Outcome;

async fn count(houses: &[&House], filter: &str) -> usize {
    let mut count = 0;
    for house in houses {
        count += house.log(filter).await.len();
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn lp03_two_servers_that_relay_to_each_other_stop_with_one_report_at_most() {
    let mut here = House::start(&[("general.hostname", "\"here.test\"")]).await;
    let there = House::start(&[
        ("general.hostname", "\"there.test\""),
        ("local.default_domain", "\"there.example\""),
        ("delivery.advanced.smart_host", &smart_host(here.address().await)),
    ])
    .await;
    here.set("delivery.advanced.smart_host", &smart_host(there.address().await)).await;
    let mut client = Client::hello(here.address().await).await;
    client.submit("<app@far.example>", &["bob@far.example"], "Subject: round\r\n\r\n").await;
    let houses = [&here, &there];
    eventually("the report about it has ended", async || count(&houses, "event:badmail").await > 0).await;
    here.emptied().await;
    there.emptied().await;
    assert_eq!(count(&houses, "event:reported").await, 1);
    assert_eq!(count(&houses, "event:badmail").await, 1);
    // The message and its report, each a few times round.
    assert!(count(&houses, "event:accepted").await <= 12);
    assert_eq!(here.files("Badmail").len() + there.files("Badmail").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn lp04_a_smart_host_that_the_settings_know_as_ours_is_refused_and_nothing_changes() {
    let mut house = House::start(&[]).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    house.set("general.listen", &format!("[\"127.0.0.1:{port}\"]")).await;
    let refusal = house.set("delivery.advanced.smart_host", &format!("\"[127.0.0.1]:{port}\"")).await;
    let Outcome::Refused { reason } = refusal else { panic!("taken: {refusal:?}") };
    assert!(reason.contains("is this server itself"), "{reason}");
    assert_eq!(house.handle.settings().delivery.advanced.smart_host, None);
    assert!(house.status().await["problems"][0].as_str().unwrap().contains("is this server itself"));
}

#[tokio::test(flavor = "multi_thread")]
async fn lp04_a_smart_host_that_turns_out_to_be_ours_is_stopped_by_our_own_mark() {
    let mut house = House::start(&[]).await;
    // The settings say port 0, so they cannot know it.
    let set = house.set("delivery.advanced.smart_host", &smart_host(house.address().await)).await;
    assert!(matches!(set, Outcome::Done { .. }), "{set:?}");
    let mut client = Client::hello(house.address().await).await;
    client.submit("<app@corp.example>", &["bob@far.example"], "Subject: round\r\n\r\n").await;
    eventually("the sender hears of it", async || house.files("Drop").len() == 1).await;
    house.emptied().await;
    assert!(house.log("event:accepted").await.len() <= 4);
    let report = String::from_utf8(house.files("Drop").remove(0)).unwrap();
    assert!(report.contains("Status: 5.4.6"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lp09_the_report_about_an_answer_goes_to_its_envelope_sender_alone() {
    let peer = ScriptedPeer::new().on("RCPT", say("550 5.1.1 Nobody"));
    let house = House::relaying_to(peer.listen().await).await;
    let mut client = Client::hello(house.address().await).await;
    let answer = "Auto-Submitted: auto-replied\r\nReply-To: <list@corp.example>\r\n\
                  Return-Receipt-To: <list@corp.example>\r\nDisposition-Notification-To: <list@corp.example>\r\n\
                  Subject: away\r\n\r\n";
    client.submit("<app@corp.example>", &["bob@far.example"], answer).await;
    eventually("the report is there", async || house.files("Drop").len() == 1).await;
    house.emptied().await;
    assert_eq!(house.log("event:reported").await.len(), 1);
    let dropped = house.files("Drop");
    assert_eq!(dropped.len(), 1);
    let report = String::from_utf8_lossy(&dropped[0]).into_owned();
    assert!(report.to_lowercase().contains("x-receiver: <app@corp.example>"), "{report}");
}

//! A run with every kind of secret, and a search for each of them in all that it leaves: logs of every level, views,
//! transcripts, pictures, files of the mailroot, the output of commands.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test may fail the test")]

#[path = "../support/certificates.rs"]
mod certificates;
#[path = "../engine/client.rs"]
#[allow(dead_code, reason = "the tests of the engine use the rest")]
mod client;
#[path = "../engine/house.rs"]
#[allow(dead_code, reason = "the tests of the engine use the rest")]
mod house;
#[path = "../support/scripted_peer.rs"]
mod scripted_peer;
#[path = "../support/token_endpoint.rs"]
mod token_endpoint;

mod evidence;
mod scene;

use certificates::Certificate;
use evidence::Evidence;
use house::eventually;
use mailroot::engine::Command;
use scene::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn au14_no_secret_is_in_anything_that_a_run_with_all_of_them_leaves() {
    let evidence = Evidence::collect();
    let scene = Scene::open().await;
    evidence.watch_sessions(&scene.house.handle);
    scene.commands(&evidence).await;
    scene.inbound_logins(&evidence).await;
    scene.outbound_mail(&evidence).await;
    scene.checks(&evidence).await;
    scene.device_login(&evidence).await;
    for command in [Command::Status, Command::Sessions, Command::Destinations, Command::UserList] {
        evidence.add(scene.house.view(command).await);
    }
    let queued = scene.house.queue().await;
    assert!(queued.len() >= 5, "mail waits in each kind of trouble: {queued:?}");
    for message in &queued {
        let id = message["id"].as_str().unwrap().to_owned();
        evidence.add(scene.house.view(Command::QueueShow { id }).await);
    }
    evidence.add(queued);
    evidence.add(scene.house.log("").await);
    evidence.debug(&*scene.house.handle.latest());
    evidence.debug(&*scene.house.handle.settings());
    scene.programs(&evidence);
    scene.leave(&evidence).await;

    let all = evidence.all();
    for expected in [
        "AUTH PLAIN ********",
        "AUTH NTLM",
        "AUTH XOAUTH2 ********",
        "Authentication successful",
        "the password is wrong",
        "nobody has logged in",
        "AADSTS7000222",
        "user \\\"new\\\" added",
    ] {
        assert!(all.contains(expected), "the run did not show {expected:?}, so that nothing is proven");
    }
    let found = scene::leaks(&all);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_search_finds_what_it_looks_for() {
    for secret in scene::secrets() {
        assert!(!scene::leaks(&format!("some {secret} text")).is_empty(), "{secret}");
    }
    assert!(scene::leaks("nothing of the kind").is_empty());
}

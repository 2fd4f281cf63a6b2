//! The settings file edited under a running engine.

use std::net::{SocketAddr, TcpListener, TcpStream};

use super::*;
use mailroot::engine::{Command, Outcome};

/// The line that announces SIZE to a new session.
async fn announced(server: SocketAddr) -> String {
    let mut client = Client::connect(server).await;
    let answer = client.say("EHLO client.example").await;
    answer.lines().find(|line| line.contains("SIZE")).unwrap_or_default().to_owned()
}

async fn refused(house: &House) -> String {
    match house.ask(Command::Reload).await {
        Outcome::Refused { reason } => reason,
        other => panic!("taken: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_the_file_is_in_force_for_the_next_session_without_a_word_to_the_engine() {
    let mut house = House::start(&[("messages.max_message_size", "\"100 KB\"")]).await;
    let server = house.address().await;
    let mut open = Client::hello(server).await;
    assert_eq!(announced(server).await, "250-SIZE 102400");
    let place = house.place();
    place.set("messages.max_message_size", "\"200 KB\"");
    place.write();
    eventually("the new size is announced", async || announced(server).await == "250-SIZE 204800").await;
    assert_eq!(open.say("NOOP").await, "250 2.0.0 OK");
    open.submit("<app@corp.example>", &["bob@corp.example"], "Subject: x\r\n\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_listener_is_opened_and_an_old_one_closed_with_its_sessions_left_alone() {
    let mut house = House::start(&[]).await;
    let old = house.address().await;
    let mut open = Client::hello(old).await;
    house.set("general.listen", "[\"127.0.0.1:0\", \"127.0.0.2:0\"]").await;
    let both = house.handle.listeners().await;
    assert_eq!((both.len(), both.contains(&old)), (2, true));
    let new = *both.iter().find(|address| **address != old).unwrap();
    assert!(Client::from("127.0.0.1", new).await.1.starts_with("220 "));
    house.set("general.listen", "[\"127.0.0.2:0\"]").await;
    assert_eq!(house.handle.listeners().await, [new]);
    eventually("the old listener is closed", async || TcpStream::connect(old).is_err()).await;
    assert!(Client::from("127.0.0.1", new).await.1.starts_with("220 "));
    assert_eq!(open.say("NOOP").await, "250 2.0.0 OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_refuses_the_whole_file_and_nothing_of_it_is_in_force() {
    let mut house = House::start(&[("messages.max_message_size", "\"100 KB\"")]).await;
    let server = house.address().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let before = house.handle.settings();
    let place = house.place();
    place.set("messages.max_message_size", "\"200 KB\"");
    place.set("general.listen", &format!("[\"127.0.0.2:0\", \"127.0.0.1:{port}\"]"));
    place.write();
    let reason = refused(&house).await;
    assert!(reason.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{reason}");
    assert_eq!(*house.handle.settings(), *before);
    assert_eq!(house.handle.listeners().await, [server]);
    assert_eq!(announced(server).await, "250-SIZE 102400");
    drop(taken);
    assert!(matches!(house.ask(Command::Reload).await, Outcome::Done { .. }));
    assert_eq!(house.handle.listeners().await.len(), 2);
    assert_eq!(house.status().await["problems"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_is_a_problem_until_it_is_put_right() {
    let mut house = House::start(&[("messages.max_message_size", "\"100 KB\"")]).await;
    let server = house.address().await;
    let before = house.handle.settings();
    let bad = [
        "messages.max_message_size = \"12 XB\"\nmessages.max_recipients = 7\n",
        "[general",
        "[general]\nno_such = 1\n",
    ];
    for text in bad {
        house.place().write_text(text);
        let reason = refused(&house).await;
        assert!(reason.contains("mailroot.toml:"), "{reason}");
        let status = house.status().await;
        let problems = status["problems"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].as_str().unwrap().starts_with("the settings stay as they were: "), "{problems:?}");
        assert_eq!(*house.handle.settings(), *before);
        assert_eq!(announced(server).await, "250-SIZE 102400");
    }
    house.place().write();
    assert!(matches!(house.ask(Command::Reload).await, Outcome::Done { .. }));
    assert_eq!(house.status().await["problems"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_to_wait_for_the_next_start_is_said_and_waits() {
    let mut house = House::start(&[]).await;
    let before = house.handle.settings();
    let Outcome::Done { message, .. } = house.set("log.directory", "\"elsewhere\"").await else { panic!("refused") };
    assert_eq!(message, "settings: log.directory will change at the next start");
    assert_eq!(house.handle.settings().log.directory, before.log.directory);
}

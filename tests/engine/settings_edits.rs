//! The settings file edited through the engine.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use mailroot::engine::{Command, Outcome};

/// Settings as a person writes them.
const TEXT: &str = "# The relay of the second floor.\n\n[general]\nhostname = \"relay.test\"\nlisten = [\"127.0.0.1:0\"]   # \
                    scanners\n\n[messages]\nmax_message_size = \"100 KB\" # as agreed\n# nothing else\n";

/// A house with [`TEXT`].
async fn house() -> House {
    let mut house = House::start(&[("messages.max_message_size", "\"100 KB\"")]).await;
    house.place().write_text(TEXT);
    assert!(matches!(house.ask(Command::Reload).await, Outcome::Done { .. }));
    house
}

fn file(house: &mut House) -> String {
    fs::read_to_string(house.place().settings_file()).unwrap()
}

async fn apply(house: &House, base: &str, text: &str) -> Outcome {
    house.ask(Command::SettingsApply { text: text.into(), base: base.into() }).await
}

/// Applies what must be taken; gives what was said of it.
async fn applied(house: &House, base: &str, text: &str) -> String {
    match apply(house, base, text).await {
        Outcome::Done { message, .. } => message,
        other => panic!("not done: {other:?}"),
    }
}

async fn refused(house: &House, base: &str, text: &str) -> String {
    match apply(house, base, text).await {
        Outcome::Refused { reason } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

/// The size that is announced to a new session.
async fn announced(server: SocketAddr) -> String {
    let mut client = Client::connect(server).await;
    let answer = client.say("EHLO client.example").await;
    answer.lines().find_map(|line| line.strip_prefix("250-SIZE ")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_changes_the_next_session_drops_none_and_keeps_the_file_to_the_byte() {
    let mut house = house().await;
    let server = house.address().await;
    let mut open = Client::hello(server).await;
    let path = house.place().settings_file();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions.clone()).unwrap();

    let shown = house.view(Command::SettingsText).await;
    assert_eq!(shown["text"], TEXT);
    assert_eq!(shown["path"], path.to_str().unwrap());
    assert_eq!(shown["base"], path.parent().unwrap().parent().unwrap().to_str().unwrap());
    let text = TEXT.replace("100 KB", "200 KB");
    let message = applied(&house, TEXT, &text).await;
    assert_eq!(message, "settings: changed messages.max_message_size for new sessions");

    assert_eq!(announced(server).await, "204800");
    assert_eq!(file(&mut house), text);
    assert_eq!(fs::metadata(&path).unwrap().permissions(), permissions);
    open.submit("<app@corp.example>", &["bob@relay.test"], "Subject: x\r\n\r\n").await;
    let records = house.log("event:act").await;
    let record = records.last().unwrap();
    assert_eq!((&record["actor"], &record["reply"]), (&"the admin".into(), &message.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_else_changed_is_a_conflict_and_not_a_loss() {
    let mut house = house().await;
    let theirs = TEXT.replace("agreed", "not agreed");
    house.place().write_text(&theirs);
    // Whatever else may be said of the new text.
    for text in [&TEXT.replace("100 KB", "200 KB"), "[general"] {
        match apply(&house, TEXT, text).await {
            Outcome::Conflict { text } => assert_eq!(&*text, theirs),
            other => panic!("no conflict: {other:?}"),
        }
    }
    assert_eq!(file(&mut house), theirs);
    assert_eq!(announced(house.address().await).await, "102400");
    applied(&house, &theirs, &theirs.replace("100 KB", "200 KB")).await;
    assert_eq!(announced(house.address().await).await, "204800");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_invalid_text_every_fault_is_told_and_nothing_is_done() {
    let mut house = house().await;
    let before = house.handle.settings();
    let text = TEXT.replace("100 KB", "100 XB").replace("relay.test", "not a name") + "no_such = 1\n";
    let reason = refused(&house, TEXT, &text).await;
    let faults: Vec<_> = reason.lines().collect();
    assert_eq!(faults.len(), 3, "{reason}");
    for fault in ["4:12: general.hostname: ", "8:20: messages.max_message_size: ", "10:1: messages.no_such: "] {
        assert!(faults.iter().any(|line| line.contains(&format!("mailroot.toml:{fault}"))), "{fault} in {reason}");
    }
    assert_eq!(file(&mut house), TEXT);
    assert!(Arc::ptr_eq(&house.handle.settings(), &before));
    assert_eq!(house.status().await["problems"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_that_cannot_be_bound_leaves_everything_as_it_was() {
    let mut house = house().await;
    let server = house.address().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let holder = TcpListener::bind(taken).unwrap();
    let listen = format!("\"127.0.0.2:0\", \"{taken}\"");
    let text = TEXT.replace("100 KB", "200 KB").replace("\"127.0.0.1:0\"", &listen);
    let reason = refused(&house, TEXT, &text).await;
    assert!(reason.contains(&format!("cannot listen on {taken}")), "{reason}");
    assert_eq!(file(&mut house), TEXT);
    assert_eq!(house.handle.listeners().await, [server]);
    assert_eq!(announced(server).await, "102400");
    drop(holder);
    let message = applied(&house, TEXT, &text).await;
    assert_eq!(message, "settings: changed general.listen; changed messages.max_message_size for new sessions");
    assert_eq!(house.handle.listeners().await.len(), 2);
    eventually("the old listener is closed", async || TcpStream::connect(server).is_err()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_gives_way_to_one_on_all_addresses_and_is_back_if_that_comes_to_nothing() {
    let mut house = house().await;
    let own = |listen: &str| TEXT.replace("\"127.0.0.1:0\"", listen);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (one, all) = (own(&format!("\"{free}\"")), own(&format!("\"0.0.0.0:{}\"", free.port())));
    applied(&house, TEXT, &one).await;
    let mut open = Client::hello(free).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let too_much = own(&format!("\"0.0.0.0:{}\", \"{}\"", free.port(), taken.local_addr().unwrap()));
    refused(&house, &one, &too_much).await;
    assert_eq!(house.handle.listeners().await, [free]);
    assert_eq!(announced(free).await, "102400");
    applied(&house, &one, &all).await;
    assert_eq!(house.handle.listeners().await, [SocketAddr::new([0, 0, 0, 0].into(), free.port())]);
    assert_eq!(announced(free).await, "102400");
    applied(&house, &all, &one).await;
    assert_eq!(announced(free).await, "102400");
    assert_eq!(open.say("NOOP").await, "250 2.0.0 OK");
    assert_eq!(file(&mut house), one);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_the_next_start_could_not_make_is_refused_now() {
    let mut house = house().await;
    let folder = house.path("Queue").join("file");
    fs::write(&folder, "no folder").unwrap();
    let text = format!("{TEXT}[log]\ndirectory = '{}'\n", folder.join("Log").display());
    let reason = refused(&house, TEXT, &text).await;
    assert!(reason.starts_with("log.directory: cannot make "), "{reason}");
    assert_eq!(file(&mut house), TEXT);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_write_is_not_read_again_and_the_hands_of_others_still_are() {
    let mut house = house().await;
    let server = house.address().await;
    // What waits for the next start differs from what is in force, and would so be a change at every reading.
    let text = format!("{TEXT}[log]\ndirectory = \"elsewhere\"\n");
    assert_eq!(applied(&house, TEXT, &text).await, "settings: log.directory will change at the next start");
    let in_force = house.handle.settings();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(Arc::ptr_eq(&house.handle.settings(), &in_force));
    house.place().write_text("[general");
    eventually("the bad file is a problem", async || house.status().await["problems"].as_array().unwrap().len() == 1)
        .await;
    house.place().write_text(&text);
    eventually("it is over", async || house.status().await["problems"].as_array().unwrap().is_empty()).await;
    house.place().write_text(&text.replace("100 KB", "300 KB"));
    eventually("the edit is in force", async || announced(server).await == "307200").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_is_put_right_through_the_engine() {
    let mut house = house().await;
    house.place().write_text("[general");
    assert!(matches!(house.ask(Command::Reload).await, Outcome::Refused { .. }));
    assert_eq!(house.view(Command::SettingsText).await["text"], "[general");
    applied(&house, "[general", TEXT).await;
    assert_eq!(house.status().await["problems"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_edits_of_the_same_text_one_is_done_and_the_other_is_a_conflict() {
    let mut house = house().await;
    let (one, two) = (TEXT.replace("100 KB", "200 KB"), TEXT.replace("100 KB", "300 KB"));
    let outcomes = tokio::join!(apply(&house, TEXT, &one), apply(&house, TEXT, &two));
    let outcomes = [outcomes.0, outcomes.1];
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Done { .. })).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|o| matches!(o, Outcome::Conflict { .. })).count(), 1, "{outcomes:?}");
    let size = if file(&mut house) == one { "204800" } else { "307200" };
    assert_eq!(announced(house.address().await).await, size);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_new_settings_are_warned_of_is_told_once() {
    let house = house().await;
    let text = TEXT.replace("127.0.0.1:0", "0.0.0.0:0") + "[access]\nrelay = { mode = \"all-except\", list = [] }\n";
    let message = applied(&house, TEXT, &text).await;
    assert!(message.contains("; warning: access.relay.list: everyone who reaches "), "{message}");
    let message = applied(&house, &text, &text.replace("100 KB", "200 KB")).await;
    assert!(!message.contains("warning"), "{message}");
}

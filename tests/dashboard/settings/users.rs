//! The users who may log in.

use mailroot::engine::view::{UserList, UserRow};

use super::*;
use crate::driver::pictures;

fn row(name: &str, ntlm: bool, senders: &[&str], limit: Option<u32>) -> UserRow {
    let senders = senders.iter().map(|sender| (*sender).to_owned()).collect();
    UserRow { name: name.to_owned(), ntlm, senders, max_messages_per_hour: limit }
}

fn list(users: Vec<UserRow>) -> Answer {
    let list = UserList { schema: SCHEMA, path: "/srv/mailroot/config/users.toml".into(), users };
    Answer::Outcome(Request::Users, Outcome::View { view: serde_json::to_value(list).unwrap() })
}

fn acted(outcome: Outcome) -> Answer {
    Answer::Outcome(Request::UserAct, outcome)
}

fn three() -> Vec<UserRow> {
    let senders = ["app@corp.example", "*.apps.corp.example"];
    vec![
        row("scanner", false, &["scan@corp.example"], Some(60)),
        row("crm", true, &senders, None),
        row("ops", false, &[], None),
    ]
}

/// The users, opened from the tab Access.
fn open(width: u16, height: u16) -> Driver {
    let mut driver = with_file(&sample(), width, height);
    driver.press("]jjjjjj");
    let effects = driver.press("<Enter>").take_effects();
    assert!(matches!(effects[..], [Effect::Execute(Request::Users, Command::UserList)]), "{effects:?}");
    driver.answer(list(three()));
    driver
}

/// The command that the only effect is.
fn command(effects: Vec<Effect>) -> Command {
    match <[Effect; 1]>::try_from(effects) {
        Ok([Effect::Execute(Request::UserAct, command)]) => command,
        other => panic!("no act: {other:?}"),
    }
}

#[test]
fn pictures_of_the_users() {
    insta::assert_snapshot!(pictures(open));
}

#[test]
fn pictures_of_a_user() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = open(width, height);
        driver.press("j<Enter>");
        driver.press("s3cret<Tab>other<C-s>");
        driver
    }));
}

#[test]
fn a_user_is_added_and_the_password_is_seen_by_nobody() {
    let mut driver = open(80, 24);
    driver.press("aprinter<Tab>s3cret<Tab>");
    assert!(!driver.press("s3cret").screen().contains("s3cret"), "{}", driver.screen());
    let effects = driver.press("<Tab><Space><Tab>30<Tab>print@corp.example<Enter>").take_effects();
    assert!(!format!("{effects:?}").contains("s3cret"), "{effects:?}");
    let Command::UserAdd { name, password, ntlm, senders, max_messages_per_hour } = command(effects) else {
        panic!("no user is added");
    };
    assert_eq!((name.as_str(), &*password, ntlm, max_messages_per_hour), ("printer", "s3cret", true, Some(30)));
    assert_eq!(senders, ["print@corp.example"]);
    let effects = driver.answer(acted(Outcome::done(1, "user \"printer\" added"))).take_effects();
    assert!(matches!(effects[..], [Effect::Execute(Request::Users, Command::UserList)]), "{effects:?}");
    let mut users = three();
    users.push(row("printer", true, &[], None));
    let screen = driver.answer(list(users)).press("<Enter>").screen();
    assert!(screen.contains("User printer"), "the new one is selected: {screen}");
}

#[test]
fn only_what_was_changed_of_a_user_is_sent() {
    let mut driver = open(80, 24);
    let change = command(driver.press("<Enter><Tab><Tab><Tab><C-u>90<C-s>").take_effects());
    let Command::UserChange { name, password: None, ntlm: None, senders: None, max_messages_per_hour: Some(90) } =
        change
    else {
        panic!("{change:?}");
    };
    assert_eq!(name, "scanner");
    driver.answer(acted(Outcome::done(1, "done"))).take_effects();
    driver.answer(list(three())).press("<Enter><C-s>");
    assert!(driver.take_effects().is_empty(), "nothing was changed");
}

#[test]
fn what_the_engine_refuses_can_be_mended() {
    let mut driver = open(80, 24);
    driver.press("acrm<Tab>a<Tab>a<C-s>").take_effects();
    let refused = Outcome::refused("there is a user \"crm\" already");
    let screen = driver.answer(acted(refused)).screen();
    assert!(screen.contains("! there is a user \"crm\" already") && screen.contains("A new user"), "{screen}");
    let Command::UserAdd { name, .. } = command(driver.press("<C-s>").take_effects()) else { panic!() };
    assert_eq!(name, "crm");
}

#[test]
fn a_user_is_removed_only_after_a_yes() {
    let mut driver = open(80, 24);
    assert!(driver.press("jd").screen().contains("Remove crm?"), "{}", driver.screen());
    assert!(driver.press("n").take_effects().is_empty());
    let Command::UserRemove { name } = command(driver.press("dy").take_effects()) else { panic!("nobody is removed") };
    assert_eq!(name, "crm");
}

#[test]
fn passwords_that_differ_and_numbers_that_are_none_are_told() {
    let mut driver = open(80, 24);
    let screen = driver.press("abob<Tab>a<Tab>b<C-s>").screen();
    assert!(screen.contains("the two passwords are not the same"), "{screen}");
    let screen = driver.press("<Backspace>a<Tab><Tab>many<C-s>").screen();
    assert!(screen.contains("expected a whole number"), "{screen}");
    assert!(driver.take_effects().is_empty());
}

#[test]
fn without_users_it_says_how_to_add_one_and_whether_a_login_is_offered() {
    let mut driver = with_file(&sample(), 80, 24);
    driver.press("u");
    let screen = driver.answer(list(Vec::new())).screen();
    assert!(screen.contains("a adds a user") && screen.contains("No login is offered yet"), "{screen}");
}

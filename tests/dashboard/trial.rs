//! The test message: addresses, dialogue, and what becomes of it.

use std::sync::Arc;

use mailroot::dashboard::{Answer, Colors, Effect, Input, Msg, PaneId, Preferences, ThemeName, Viewer};
use mailroot::engine::{LogTail, Role, Snapshot, TrialEvent};
use mailroot::ledger::{Event, Record};

use super::driver::{Driver, pictures, viewer};
use super::fixtures;

const ID: &str = "0JX4K77A";

fn preferences() -> Preferences {
    Preferences { pane: PaneId::Sessions, zoomed: true, ..Preferences::default() }
}

fn open(width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(viewer(Role::Admin), fixtures::snapshot(), width, height, &preferences());
    driver.press("T").take_effects();
    driver
}

/// The dialog behind the sending of a message.
fn sent(width: u16, height: u16) -> Driver {
    let mut driver = open(width, height);
    driver.press("bob@example.com<Enter>");
    driver
}

fn accepted(width: u16, height: u16) -> Driver {
    let mut driver = sent(width, height);
    for event in fixtures::trial(ID) {
        driver.answer(Answer::Trial(event));
    }
    driver
}

/// The usual snapshot with one more line in its log.
fn and_then(records: &[(Event, &str, &str)]) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    let mut tail = LogTail::clone(&snapshot.log);
    for (event, id, reply) in records {
        let mut record = Record::new(fixtures::NOW, *event, *id);
        record.recipient = Some("bob@example.com".to_owned());
        record.host = Some("smtp.provider.example[198.51.100.25]:587".to_owned());
        record.reply = Some((*reply).to_owned());
        tail.records.push(Arc::new(record));
    }
    snapshot.log = Arc::new(tail);
    snapshot
}

fn addresses(effects: &[Effect]) -> Option<(Option<String>, String)> {
    match effects {
        [Effect::TestMessage { from, to }] => Some((from.as_ref().map(ToString::to_string), to.to_string())),
        _ => None,
    }
}

#[test]
fn pictures_of_the_form() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = open(width, height);
        driver.press("nobody<Enter>");
        driver
    }));
}

#[test]
fn pictures_of_a_test_message_that_is_deferred() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = accepted(width, height);
        driver.see(and_then(&[
            (Event::Accepted, ID, "ok"),
            (Event::Deferred, ID, "451 4.7.1 Greylisted, try again later"),
        ]));
        driver
    }));
}

#[test]
fn styles_in_the_four_themes() {
    let styles = |theme| {
        let viewer = Viewer { colors: Colors::True, ..viewer(Role::Admin) };
        let preferences = Preferences { theme, ..preferences() };
        let mut driver = Driver::with(viewer, fixtures::snapshot(), 80, 24, &preferences);
        driver.press("Tbob@example.com<Enter>");
        for event in fixtures::trial(ID) {
            driver.answer(Answer::Trial(event));
        }
        driver.see(and_then(&[(Event::Failed, ID, "550 5.1.1 No such user here")]));
        format!("== {theme:?}\n{}\n", driver.styles())
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

#[test]
fn an_address_and_enter_send_it_from_the_postmaster() {
    let mut driver = open(80, 24);
    assert!(driver.screen().contains("empty: postmaster@relay.corp.example"));
    driver.press("bob@example.com<Enter>");
    assert_eq!(addresses(&driver.take_effects()), Some((None, "bob@example.com".to_owned())));
}

#[test]
fn the_sender_can_be_another_one() {
    let mut driver = open(80, 24);
    driver.press("<Tab>app@corp.example<Enter>").send(Msg::Input(Input::Paste(" bob@例え.example ".to_owned())));
    driver.press("<Enter>");
    let sent = addresses(&driver.take_effects());
    assert_eq!(sent, Some((Some("app@corp.example".to_owned()), "bob@例え.example".to_owned())));
}

#[test]
fn an_error_stands_beside_its_field_until_the_field_is_edited() {
    let mut driver = open(80, 24);
    assert!(driver.press("<Enter>").screen().contains("who is it for?"));
    assert!(driver.press("bob").screen().matches("who is it for?").count() == 0);
    assert!(driver.press("<Enter>").screen().contains("needs a local part, an @ and a domain"));
    driver.press("@example.com<Tab>nobody<Tab><Enter>");
    let screen = driver.screen();
    assert!(screen.contains("From  nobody") && screen.contains("needs a local part"), "{screen}");
    assert!(driver.take_effects().is_empty());
    assert_eq!(driver.cursor().y, 7, "the field with the error is edited next");
    driver.press("@corp.example<Enter><Enter>");
    assert!(addresses(&driver.take_effects()).is_some());
}

#[test]
fn the_dialogue_appears_line_by_line() {
    let mut driver = sent(80, 24);
    let events = fixtures::trial(ID);
    assert!(driver.screen().contains("sending"));
    driver.answer(Answer::Trial(events[0].clone()));
    assert!(driver.screen().contains("S: 220 relay.corp.example"), "{}", driver.screen());
    assert!(!driver.screen().contains("C: EHLO"));
    driver.answer(Answer::Trial(events[1].clone()));
    assert!(driver.screen().contains("C: EHLO"));
    assert!(driver.take_effects().iter().all(|effect| matches!(effect, Effect::TestMessage { .. })));
}

#[test]
fn what_becomes_of_the_message_is_followed() {
    let mut driver = accepted(120, 40);
    assert!(driver.screen().contains("in the queue: what becomes of it will stand here"));
    let deferred = (Event::Deferred, ID, "451 4.7.1 Greylisted");
    let other = (Event::Failed, "0JX4K78A", "550 5.1.1 not this one");
    driver.see(and_then(&[(Event::Accepted, ID, ""), deferred, other]));
    assert!(driver.screen().contains("!! Not yet delivered to bob@example.com"), "{}", driver.screen());
    assert!(driver.screen().contains("451 4.7.1 Greylisted") && !driver.screen().contains("not this one"));
    driver.see(and_then(&[(Event::Accepted, ID, ""), deferred, other, (Event::Delivered, ID, "250 2.0.0 Ok")]));
    assert_eq!(driver.screen().matches("451 4.7.1 Greylisted").count(), 1, "nothing is told twice");
    assert!(driver.screen().contains("-- Delivered to bob@example.com by smtp.provider.example"));
    assert!(driver.screen().contains("done; Enter sends another one"));
}

#[test]
fn what_the_log_had_before_the_reply_came_is_not_missed() {
    let mut driver = sent(120, 40);
    driver.see(and_then(&[(Event::Accepted, ID, ""), (Event::Delivered, ID, "250 2.0.0 Ok: queued as 17")]));
    for event in fixtures::trial(ID) {
        driver.answer(Answer::Trial(event));
    }
    assert!(driver.screen().contains("queued as 17"), "{}", driver.screen());
}

#[test]
fn a_refusal_says_what_to_do_next() {
    let mut driver = sent(120, 40);
    let advice = "the server refused the message: 550 5.7.1 Unable to relay: the settings under Access must let this \
                  machine connect and relay.";
    driver.answer(Answer::Trial(TrialEvent::Refused { advice: advice.to_owned() }));
    assert!(driver.screen().contains("the settings under Access"), "{}", driver.screen());
    assert!(driver.screen().contains("not sent; Enter tries again"));
}

#[test]
fn it_is_sent_again_and_its_log_is_shown_by_one_key() {
    let mut driver = accepted(80, 24);
    driver.take_effects();
    assert_eq!(addresses(&driver.press("<Enter>").take_effects()), Some((None, "bob@example.com".to_owned())));
    assert!(!driver.screen().contains("Accepted as"), "the dialogue begins anew");
    assert!(driver.press("<Enter>").take_effects().is_empty(), "one at a time");
    assert!(accepted(80, 24).press("e").screen().contains("To    bob@example.com"));
    assert!(accepted(80, 24).press("f").screen().contains("id:0JX4K77A"));
    assert!(!accepted(80, 24).press("<Esc>").screen().contains("Test message"));
}

#[test]
fn an_observer_may_not_send_one() {
    for (role, is_allowed) in [(Role::Observer, false), (Role::Operator, true), (Role::Admin, true)] {
        let mut driver = Driver::with(viewer(role), fixtures::snapshot(), 100, 24, &Preferences::default());
        let screen = driver.press("T").screen();
        assert_eq!(screen.contains("Test message"), is_allowed, "{role}");
        assert_eq!(screen.contains("this needs the role operator; you are observer"), !is_allowed, "{role}");
    }
}

#[test]
fn a_stranger_cannot_write_past_the_dialogue() {
    let mut driver = accepted(80, 24);
    let hostile = "250 \x1b[2J\u{202e}ok\r\n\u{9b}1m漢👩‍👧";
    driver.see(and_then(&[(Event::Delivered, ID, hostile)]));
    driver.press("<Enter>").answer(Answer::Trial(TrialEvent::Refused { advice: hostile.to_owned() }));
    driver.press("e<C-u>").send(Msg::Input(Input::Paste(hostile.to_owned()))).press("<Enter>");
    let screen = driver.screen();
    let is_raw = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}'));
    assert!(!screen.contains(is_raw), "{screen:?}");
}

//! What people do to messages and destinations.

use mailroot::dashboard::{Answer, Effect, QueueView, Request};
use mailroot::delivery::Row;
use mailroot::engine::view::{Export, Message, Plan, SCHEMA};
use mailroot::engine::{Outcome, QueueAct, Role, Snapshot};

use super::harness::{commands, many, queue, recipient_of, serve, unanswered, view_of};
use crate::driver::Driver;
use crate::fixtures;

fn long(rows: &[Row]) -> Driver {
    let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (80, 24), QueueView::List);
    serve(&mut driver, rows);
    driver
}

/// Lets so many seconds pass.
fn later(seconds: i64) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.time = fixtures::before(-seconds);
    snapshot
}

/// The outcome of the last command asked for.
fn done(driver: &mut Driver, count: usize, message: &str) {
    let effects = driver.take_effects();
    let Some(Effect::Execute(request, _)) = effects.last() else { panic!("{effects:?}") };
    driver.answer(Answer::Outcome(request.clone(), Outcome::done(count, message)));
}

/// A plan for so many messages.
fn plan(count: usize) -> Outcome {
    let message = |number: usize| Message {
        id: format!("ID{number:06}"),
        state: "queued".to_owned(),
        received: fixtures::NOW.to_string(),
        sender: "app@corp.example".to_owned(),
        recipients: vec![recipient_of("bob@example.com", "pending", None)],
        size: 1,
        attempts: 1,
        next: None,
        last_reply: None,
        destination: None,
    };
    view_of(&Plan { schema: SCHEMA, plan: "plan-7".to_owned(), count, sample: (0..5).map(message).collect() })
}

#[test]
fn a_retry_is_asked_at_once_and_its_outcome_is_told() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    driver.press("jr");
    done(&mut driver, 1, "1 message tried now");
    assert!(driver.screen().contains("1 message tried now"));
}

#[test]
fn a_held_message_is_not_retried_but_released() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    driver.press("jj");
    assert!(driver.press("r").take_effects().is_empty());
    assert!(driver.screen().contains("retry: it is held; H releases it"));
    assert!(commands(&driver.press("H").take_effects())[0].contains("act: Release"));
    assert!(commands(&driver.press("kH").take_effects())[0].contains("act: Hold"));
}

#[test]
fn a_deletion_is_undone_within_ten_seconds_to_exactly_those() {
    let mut driver = queue(80, 24);
    driver.press("<Space><Space>").take_effects();
    driver.press("d");
    done(&mut driver, 2, "2 messages deleted");
    assert!(driver.screen().contains("2 messages deleted; z undoes"));
    driver.see(later(9)).take_effects();
    assert_eq!(
        commands(&driver.press("z").take_effects()),
        ["QueueAct { act: Restore, target: Ids([\"0JX4K00A\", \"0JX4K01A\"]) }"]
    );
    assert!(driver.press("z").take_effects().is_empty(), "once");
}

#[test]
fn a_deletion_is_not_undone_by_a_key_later() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    driver.press("d");
    done(&mut driver, 1, "1 message deleted");
    driver.see(later(10)).take_effects();
    assert!(commands(&driver.press("z").take_effects()).is_empty());
    assert!(driver.screen().contains("nothing was deleted in the last ten seconds"));
}

#[test]
fn deletions_are_undone_from_another_pane_too() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    driver.press("d");
    done(&mut driver, 1, "1 message deleted");
    assert!(commands(&driver.press("3z").take_effects())[0].contains("Restore"));
}

#[test]
fn what_was_refused_cannot_be_undone() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    let effects = driver.press("d").take_effects();
    let [Effect::Execute(request, _)] = &effects[..] else { panic!("{effects:?}") };
    driver.answer(Answer::Outcome(request.clone(), Outcome::refused("it is being delivered")));
    assert!(driver.screen().contains("it is being delivered"));
    assert!(commands(&driver.press("z").take_effects()).is_empty());
}

#[test]
fn more_than_a_hundred_are_deleted_only_when_their_number_is_typed() {
    let rows = many(150);
    let mut driver = long(&rows);
    driver.press("vG");
    serve(&mut driver, &rows);
    driver.press("v");
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("150 marked"), "{}", driver.screen());
    assert!(driver.press("d").take_effects().is_empty());
    let screen = driver.screen();
    assert!(screen.contains("150 messages would be deleted") && screen.contains("and 145 more"), "{screen}");
    assert!(screen.contains("Type 150 to delete them:"), "{screen}");
    assert!(driver.press("y<Enter>").take_effects().is_empty());
    assert!(driver.press("<Backspace>15<Enter>").take_effects().is_empty());
    let effects = driver.press("0<Enter>").take_effects();
    assert!(matches!(&effects[..], [Effect::Execute(Request::Delete(ids), _)] if ids.len() == 150), "{effects:?}");
    assert!(!driver.screen().contains("marked"));
}

#[test]
fn a_plan_is_shown_and_exactly_it_is_applied() {
    let rows = many(5000);
    let mut driver = long(&rows);
    driver.press("*").take_effects();
    assert_eq!(commands(&driver.press("H").take_effects()), ["QueuePlan { act: Hold, target: All }"]);
    assert!(driver.press("y").take_effects().is_empty(), "nothing is known yet");
    driver.answer(Answer::Outcome(Request::Plan(QueueAct::Hold), plan(4998)));
    let screen = driver.screen();
    for said in ["Hold?", "4 998 messages would be held", "ID000004  app@corp.example to bob@", "and 4 993 more"] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    assert!(driver.press("<Enter>").take_effects().is_empty(), "the answer is no unless it is yes");
    driver.press("H");
    driver.answer(Answer::Outcome(Request::Plan(QueueAct::Hold), plan(4998))).take_effects();
    assert_eq!(commands(&driver.press("y").take_effects()), ["QueueApply { plan: \"plan-7\" }"]);
    assert!(!driver.screen().contains("marked"));
}

#[test]
fn a_plan_to_delete_many_wants_their_number_and_says_that_there_is_no_undo() {
    let rows = many(5000);
    let mut driver = long(&rows);
    driver.press("*d");
    driver.answer(Answer::Outcome(Request::Plan(QueueAct::Delete), plan(5000)));
    let screen = driver.screen();
    assert!(screen.contains("They cannot be brought back from here") && screen.contains("Type 5000"), "{screen}");
    driver.take_effects();
    assert!(driver.press("y<Enter>").take_effects().is_empty());
    assert_eq!(commands(&driver.press("<C-u>5 000<Enter>").take_effects()), ["QueueApply { plan: \"plan-7\" }"]);
}

#[test]
fn a_plan_that_is_refused_or_empty_is_only_told() {
    let rows = many(5000);
    for (outcome, said) in
        [(Outcome::refused("the engine is stopping"), "the engine is stopping"), (plan(0), "none would change")]
    {
        let mut driver = long(&rows);
        driver.press("*r");
        driver.answer(Answer::Outcome(Request::Plan(QueueAct::Retry), outcome)).take_effects();
        assert!(driver.screen().contains(said), "{}", driver.screen());
        assert!(driver.press("y<Enter>").take_effects().is_empty());
        assert!(!driver.screen().contains("[ Close ]"));
    }
}

#[test]
fn a_message_is_exported_under_its_id() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    let effects = driver.press("e").take_effects();
    assert!(matches!(&effects[..], [Effect::Execute(Request::Content(id), _)] if id == "0JX4K00A"), "{effects:?}");
    let export = view_of(&Export::new("0JX4K00A", b"Subject: x\r\n\r\n\xff"));
    driver.answer(Answer::Outcome(Request::Content("0JX4K00A".to_owned()), export));
    let effects = driver.take_effects();
    let [Effect::Export { name, octets }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((name.as_str(), &octets[..]), ("0JX4K00A.eml", &b"Subject: x\r\n\r\n\xff"[..]));
    driver.answer(Answer::Exported(Ok("/home/me/0JX4K00A.eml".to_owned())));
    assert!(driver.screen().contains("written: /home/me/0JX4K00A.eml"));
}

#[test]
fn the_id_and_the_row_are_copied() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    let effects = driver.press("jyY").take_effects();
    let [Effect::Copy(id), Effect::Copy(row)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(id, "0JX4K01A");
    let fields: Vec<_> = row.split("  ").collect();
    assert_eq!((fields[0], fields[3], fields[4]), ("0JX4K01A", "app@corp.example", "bob@example.com"));
}

#[test]
fn a_whole_destination_is_retried_from_a_message_of_it() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    assert_eq!(
        commands(&driver.press("R").take_effects()),
        ["QueueAct { act: Retry, target: Filter(\"destination:smtp.provider.example:587\") }"]
    );
}

#[test]
fn a_smart_host_is_paused_by_its_name_and_resumed() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    assert_eq!(commands(&driver.press("o").take_effects()), ["Pause { domain: Some(\"smtp.provider.example\") }"]);
    assert!(driver.press("O").screen().contains("it is not paused; o pauses it"));
    let mut snapshot = fixtures::snapshot();
    let mut destinations = snapshot.destinations.to_vec();
    destinations[1].paused = true;
    snapshot.destinations = destinations.into();
    driver.see(snapshot);
    let screen = driver.screen();
    assert!(screen.contains("smtp.provider.example:587 is paused by a person"), "{screen}");
    driver.take_effects();
    assert!(commands(&driver.press("o").take_effects()).is_empty());
    assert_eq!(commands(&driver.press("O").take_effects()), ["Resume { domain: Some(\"smtp.provider.example\") }"]);
}

#[test]
fn of_mx_hosts_the_domain_of_the_message_is_paused() {
    let mut rows = fixtures::rows();
    rows[0].destination = "mx1.example.net+1".to_owned();
    rows[0].recipients[0].address = "eve@example.net".to_owned();
    let mut driver = long(&rows);
    let mut snapshot = fixtures::snapshot();
    let mut destinations = snapshot.destinations.to_vec();
    destinations[0].paused = false;
    snapshot.destinations = destinations.into();
    driver.see(snapshot).take_effects();
    assert_eq!(commands(&driver.press("o").take_effects()), ["Pause { domain: Some(\"example.net\") }"]);
    driver.press("D");
    serve(&mut driver, &rows);
    driver.press("j");
    assert!(driver.press("o").screen().contains("these hosts serve many domains"), "{}", driver.screen());
}

#[test]
fn nothing_is_done_to_an_empty_list() {
    let mut driver = long(&[]);
    driver.take_effects();
    for key in ["r", "d", "H", "e", "R", "o", "O", "y", "Y", "<Space>", "v", "*", "u", "i", "f", "<Enter>"] {
        let effects = driver.press(key).take_effects();
        assert!(effects.is_empty(), "{key}: {effects:?}");
    }
}

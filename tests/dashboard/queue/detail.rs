//! One message in full.

use std::sync::Arc;

use mailroot::dashboard::{Answer, Effect, MouseKind, PaneId, QueueView, Request};
use mailroot::engine::{LogTail, Outcome, Role, Snapshot};
use mailroot::ledger::{Event, Record};

use super::harness::{commands, queue, serve, unanswered};
use crate::driver::Driver;
use crate::fixtures;

/// The detail of the second message.
fn detail() -> Driver {
    let mut driver = queue(120, 40);
    driver.press("j<Enter>");
    serve(&mut driver, &fixtures::rows());
    driver
}

/// The queue and the log as they are after an event of the second message.
fn after(event: Event, reply: &str) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.queue.revision = 2;
    snapshot.time = fixtures::before(-5);
    let mut record = Record::new(fixtures::before(-2), event, "0JX4K01A");
    record.recipient = Some("bob@example.com".to_owned());
    record.reply = Some(reply.to_owned());
    record.actor = Some("alice".to_owned());
    let mut records = snapshot.log.records.clone();
    records.push(Arc::new(record));
    snapshot.log = Arc::new(LogTail { first: 0, records });
    snapshot
}

#[test]
fn the_envelope_shows_each_recipient_with_what_was_said_of_it() {
    let screen = detail().screen();
    for said in [
        "Message 0JX4K01A",
        "queued, tried 3 times, next try in 14m",
        "smtp, 192.0.2.40, db01",
        "Recipients (1)",
        "pending   bob@example.com",
        "connect to smtp.provider.example:587: connection refused",
        "! smtp.provider.example:587 is held back",
    ] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
}

#[test]
fn the_history_is_what_the_log_tells_of_this_message() {
    let screen = detail().press("<Tab>").screen();
    for said in ["accepted", "deferred  bob@example.com", "451 4.7.1 Greylisted, try again later", "db01"] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    assert!(!screen.contains("carol@example.net ") || !screen.contains("250 2.0.0 Ok"), "{screen}");
}

#[test]
fn headers_and_text_are_shown_and_the_text_is_read_only_when_it_is_wanted() {
    let mut driver = detail();
    driver.take_effects();
    assert!(driver.press("<Tab><Tab>").take_effects().is_empty());
    assert!(driver.screen().contains("Subject: Nightly report"));
    driver.press("<Tab>");
    let effects = driver.take_effects();
    assert!(matches!(&effects[..], [Effect::Execute(Request::Preview(id), _)] if id == "0JX4K01A"), "{effects:?}");
    driver.effects = effects;
    serve(&mut driver, &fixtures::rows());
    let screen = driver.screen();
    for said in ["all jobs have run.", "The rest of the text is left out", "report.pdf, application/pdf, 79 KB"] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    assert!(driver.press("<Tab>").screen().contains("Recipients"), "the tabs go round");
}

#[test]
fn only_administrators_read_the_text_and_others_are_told_why_not() {
    let mut driver = unanswered(Role::Operator, fixtures::snapshot(), (80, 24), QueueView::List);
    serve(&mut driver, &fixtures::rows());
    driver.press("<Enter>");
    serve(&mut driver, &fixtures::rows());
    assert!(driver.press("<BackTab>").take_effects().is_empty());
    assert!(driver.screen().contains("The content of mail is read only by the role admin; you are operator."));
}

#[test]
fn it_follows_the_message() {
    let mut rows = fixtures::rows();
    let mut driver = detail();
    rows[1].attempts = 4;
    driver.see(after(Event::Deferred, "452 4.2.2 Mailbox full"));
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("tried 4 times"), "{}", driver.screen());
    assert!(driver.press("<Tab>").screen().contains("452 4.2.2 Mailbox full"));
}

#[test]
fn it_is_not_read_again_more_than_once_a_second() {
    let mut driver = detail();
    let mut snapshot = fixtures::snapshot();
    snapshot.queue.revision = 2;
    driver.take_effects();
    let asked =
        |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Execute(Request::Message(_), _)));
    assert!(!asked(&driver.see(snapshot.clone()).take_effects()), "in the same second");
    snapshot.time = fixtures::before(-1);
    assert!(asked(&driver.see(snapshot).take_effects()));
}

#[test]
fn when_the_message_leaves_it_says_what_became_of_it() {
    for (event, said) in [
        (Event::Delivered, "It has left the queue: delivered to bob@example.com 3s ago: 250 2.0.0 Ok"),
        (Event::Failed, "It has left the queue: refused for bob@example.com 3s ago"),
        (Event::Removed, "It has left the queue: deleted by alice 3s ago"),
        (Event::Badmail, "It has left the queue: moved to Badmail 3s ago"),
        (Event::Deferred, "It has left the queue; the log kept here does not tell why."),
    ] {
        let mut rows = fixtures::rows();
        rows.remove(1);
        let mut driver = detail();
        driver.see(after(event, "250 2.0.0 Ok"));
        serve(&mut driver, &rows);
        let screen = driver.screen();
        assert!(screen.contains(said), "{said}\n{screen}");
        assert!(screen.contains("bob@example.com"), "what was known stays\n{screen}");
    }
}

#[test]
fn a_message_that_is_gone_already_says_so() {
    let mut driver = queue(80, 24);
    driver.press("<Enter>");
    serve(&mut driver, &[]);
    assert!(driver.screen().contains("0JX4K00A is not in the queue"), "{}", driver.screen());
}

#[test]
fn the_acts_of_the_list_work_here_on_this_message() {
    let mut driver = detail();
    driver.take_effects();
    for (key, command) in [
        ("r", "QueueAct { act: Retry, target: Ids([\"0JX4K01A\"]) }"),
        ("H", "QueueAct { act: Hold, target: Ids([\"0JX4K01A\"]) }"),
        ("d", "QueueAct { act: Delete, target: Ids([\"0JX4K01A\"]) }"),
        ("e", "QueueExport { id: \"0JX4K01A\" }"),
    ] {
        assert_eq!(commands(&driver.press(key).take_effects()), [command]);
    }
    let deleted = Request::Delete(vec!["0JX4K01A".parse().unwrap()]);
    driver.answer(Answer::Outcome(deleted, Outcome::done(1, "1 message deleted")));
    assert!(commands(&driver.press("z").take_effects())[0].contains("Restore"));
    assert!(matches!(&driver.press("y").take_effects()[..], [Effect::Copy(id)] if id == "0JX4K01A"));
}

#[test]
fn an_observer_is_refused_here_too() {
    let mut driver = unanswered(Role::Observer, fixtures::snapshot(), (120, 40), QueueView::List);
    serve(&mut driver, &fixtures::rows());
    driver.press("<Enter>");
    serve(&mut driver, &fixtures::rows());
    for key in ["r", "H", "d", "e", "z"] {
        assert!(driver.press(key).take_effects().is_empty(), "{key}");
    }
    assert!(driver.press("r").screen().contains("this needs the role operator; you are observer"));
}

#[test]
fn the_log_of_the_message_is_one_key_away() {
    let mut driver = detail();
    driver.press("f");
    assert_eq!(driver.model.preferences().pane, PaneId::Log);
    assert!(!driver.screen().contains("Message 0JX4K01A"));
    driver.press("2f");
    assert_eq!(driver.model.preferences().pane, PaneId::Log);
}

#[test]
fn a_long_message_is_scrolled_and_says_how_much_is_below() {
    let mut rows = fixtures::rows();
    let recipient = rows[1].recipients[0].clone();
    rows[1].recipients = (0..200)
        .map(|number| mailroot::delivery::RecipientRow {
            address: format!("r{number}@example.com"),
            ..recipient.clone()
        })
        .collect();
    let mut driver = queue(80, 24);
    driver.see(after(Event::Deferred, "x"));
    serve(&mut driver, &rows);
    driver.press("j<Enter>");
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("more") && driver.screen().contains("r0@"), "{}", driver.screen());
    driver.press("G");
    assert!(driver.screen().contains("r199@") && !driver.screen().contains(" more "), "{}", driver.screen());
    driver.press("k").mouse(MouseKind::WheelUp, 10, 10);
    assert!(!driver.screen().contains("r199@"));
    driver.press("g");
    assert!(driver.screen().contains("State"));
}

#[test]
fn a_tab_is_opened_by_a_click() {
    let mut driver = detail();
    let screen = driver.screen();
    let y = screen.lines().position(|line| line.contains("History")).unwrap();
    let line = screen.lines().nth(y).unwrap();
    let x = line.chars().collect::<Vec<_>>().windows(4).position(|part| part == ['H', 'i', 's', 't']).unwrap();
    driver.mouse(MouseKind::Click, u16::try_from(x).unwrap(), u16::try_from(y).unwrap());
    assert!(driver.screen().contains("451 4.7.1 Greylisted"), "{}", driver.screen());
}

#[test]
fn bad_mail_is_opened_with_its_reason_and_header() {
    let mut driver = queue(120, 40);
    driver.press("B");
    serve(&mut driver, &fixtures::rows());
    driver.press("<Enter>");
    serve(&mut driver, &fixtures::rows());
    let screen = driver.screen();
    assert!(screen.contains("Badmail 0JX4B01A") && screen.contains("Reason       the report to"), "{screen}");
    assert!(driver.press("<Tab><Tab>").screen().contains("Subject: Invoice 4711"));
    driver.take_effects();
    assert!(commands(&driver.press("r").take_effects())[0].contains("Resend"));
    assert!(commands(&driver.press("d").take_effects()).is_empty(), "asks first");
    assert!(driver.screen().contains("cannot be brought back"));
    assert!(commands(&driver.press("y").take_effects())[0].contains("Delete"));
    driver.press("<Esc>");
    assert!(!driver.screen().contains("Badmail 0JX4B01A"));
}

//! The queue by destination, and Badmail.

use mailroot::dashboard::{Answer, Effect, Request};
use mailroot::engine::Outcome;

use super::harness::{commands, queue, serve};
use crate::driver::Driver;
use crate::fixtures;

fn destinations() -> Driver {
    let mut driver = queue(120, 24);
    driver.press("D");
    serve(&mut driver, &fixtures::rows());
    driver
}

fn badmail() -> Driver {
    let mut driver = queue(120, 24);
    driver.press("B");
    serve(&mut driver, &fixtures::rows());
    driver
}

#[test]
fn destinations_are_shown_with_ages_and_health_the_fullest_first() {
    let screen = destinations().screen();
    let line = |name: &str| screen.lines().position(|line| line.contains(name)).unwrap();
    assert!(line("smtp.provider.example:587  ") < line("mx1.example.net+1"), "{screen}");
    for said in ["! held 47s", "‖ paused", "connection refused", "3 · 1 held back", "is held back: connection refused"]
    {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    assert!(screen.contains("R tries now"));
}

#[test]
fn a_destination_without_mail_is_shown_as_well() {
    let mut driver = queue(120, 24);
    driver.press("D");
    let shape = mailroot::engine::QueueShape::default();
    driver.answer(Answer::Shape(shape));
    assert!(driver.screen().contains("mx1.example.net+1"), "{}", driver.screen());
}

#[test]
fn enter_filters_the_list_by_the_destination() {
    let mut driver = destinations();
    driver.press("jj<Enter>");
    let effects = driver.take_effects();
    let Some(Effect::ReadQueue(query)) = effects.last() else { panic!("{effects:?}") };
    assert_eq!(query.filter.to_string(), "destination:\"example.org\"");
    driver.effects = effects;
    serve(&mut driver, &fixtures::rows());
    assert!(driver.screen().contains("None of 12 messages matches /destination:example.org."), "{}", driver.screen());
}

#[test]
fn a_destination_is_retried_paused_and_copied() {
    let mut driver = destinations();
    driver.take_effects();
    assert!(commands(&driver.press("R").take_effects())[0].contains("destination:smtp.provider.example:587"));
    assert!(
        commands(&driver.press("o").take_effects())[0].contains("Pause { domain: Some(\"smtp.provider.example\") }")
    );
    assert!(
        matches!(&driver.press("y").take_effects()[..], [Effect::Copy(name)] if name == "smtp.provider.example:587")
    );
    assert!(driver.press("d").take_effects().is_empty(), "there is no message under the cursor");
}

#[test]
fn the_same_key_and_esc_go_back_to_the_list() {
    for key in ["D", "<Esc>"] {
        let mut driver = destinations();
        driver.press(key);
        serve(&mut driver, &fixtures::rows());
        assert!(driver.screen().contains("bob@example.com"), "{key}");
    }
}

#[test]
fn ages_are_read_again_when_the_queue_changes_or_time_has_passed_but_not_all_the_time() {
    let mut driver = destinations();
    let mut snapshot = fixtures::snapshot();
    snapshot.time = fixtures::before(-1);
    assert!(driver.see(snapshot.clone()).take_effects().is_empty());
    snapshot.time = fixtures::before(-6);
    assert!(matches!(driver.see(snapshot.clone()).take_effects()[..], [Effect::ReadShape]));
    snapshot.queue.revision = 2;
    assert!(driver.see(snapshot.clone()).take_effects().is_empty(), "one is under way");
    driver.answer(Answer::Shape(super::harness::shape()));
    assert!(matches!(driver.see(snapshot).take_effects()[..], [Effect::ReadShape]));
}

#[test]
fn badmail_is_shown_with_its_reasons() {
    let screen = badmail().screen();
    for said in ["Badmail 2", "gone@corp.example", "torn: shorter than it says", "550 5.1.1 No such user"] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
}

#[test]
fn badmail_is_read_again_when_its_count_changes() {
    let mut driver = badmail();
    assert!(driver.see(fixtures::snapshot()).take_effects().is_empty());
    let mut snapshot = fixtures::snapshot();
    snapshot.badmail = 3;
    let effects = driver.see(snapshot).take_effects();
    assert!(matches!(effects[..], [Effect::Execute(Request::Badmail, _)]), "{effects:?}");
}

#[test]
fn bad_mail_is_sent_again_at_once_and_deleted_only_after_a_question() {
    let mut driver = badmail();
    driver.take_effects();
    assert_eq!(
        commands(&driver.press("r").take_effects()),
        ["BadmailAct { act: Resend, target: Ids([\"0JX4B01A\"]) }"]
    );
    driver.press("<Space><Space>");
    assert!(commands(&driver.press("d").take_effects()).is_empty());
    let screen = driver.screen();
    assert!(
        screen.contains("2 messages would be deleted")
            && screen.contains("They cannot be brought back.")
            && screen.contains("0JX4B02A"),
        "{screen}"
    );
    assert_eq!(
        commands(&driver.press("y").take_effects()),
        ["BadmailAct { act: Delete, target: Ids([\"0JX4B01A\", \"0JX4B02A\"]) }"]
    );
    driver.answer(Answer::Outcome(Request::BadmailAct, Outcome::done(2, "2 messages deleted from Badmail")));
    assert!(!driver.screen().contains("marked"), "{}", driver.screen());
    assert!(matches!(driver.take_effects()[..], [Effect::Execute(Request::Badmail, _)]));
}

#[test]
fn badmail_has_a_filter_of_its_own() {
    let mut driver = badmail();
    driver.take_effects();
    driver.press("/bob<Enter>");
    let effects = driver.take_effects();
    assert!(commands(&effects)[0].contains("filter: \"\\\"b\\\"\""), "{effects:?}");
    driver.effects = effects;
    serve(&mut driver, &fixtures::rows());
    assert!(driver.screen().contains("/bob"));
    driver.press("<Esc>");
    assert!(!driver.screen().contains("/bob") && driver.screen().contains("Badmail"));
    serve(&mut driver, &fixtures::rows());
    driver.press("<Esc>");
    serve(&mut driver, &fixtures::rows());
    assert!(driver.screen().contains("12 messages") && !driver.screen().contains("/bob"), "{}", driver.screen());
}

#[test]
fn badmail_that_cannot_be_read_says_why() {
    let mut driver = queue(80, 24);
    driver.press("B").take_effects();
    let refused = Outcome::refused("Badmail could not be read: permission denied");
    driver.answer(Answer::Outcome(Request::Badmail, refused));
    assert!(driver.press("<Esc>").screen().contains("Badmail could not be read: permission denied"));
}

#[test]
fn the_view_is_kept_for_the_next_time() {
    assert_eq!(destinations().model.preferences().queue.view, mailroot::dashboard::QueueView::Destinations);
    let json = serde_json::to_string(&badmail().model.preferences()).unwrap();
    assert!(json.contains("\"view\":\"badmail\""), "{json}");
    let older = r#"{"pane":"queue","theme":"dark"}"#;
    assert!(serde_json::from_str::<mailroot::dashboard::Preferences>(older).is_ok(), "kept by an older version");
}

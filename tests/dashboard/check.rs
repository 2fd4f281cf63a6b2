//! The check of a smart host: steps, dialogue, and what comes of it.

use mailroot::dashboard::{Answer, Effect, PaneId, Preferences};
use mailroot::delivery::{Step, StepKind, StepState};
use mailroot::engine::{CheckEvent, Role};
use mailroot::ledger::Side;

use super::driver::{Driver, pictures, viewer};
use super::fixtures;

fn open(role: Role, width: u16, height: u16) -> Driver {
    let preferences = Preferences { pane: PaneId::Sessions, zoomed: true, ..Preferences::default() };
    let mut driver = Driver::with(viewer(role), fixtures::snapshot(), width, height, &preferences);
    driver.take_effects();
    driver.press("C");
    driver
}

fn number(effects: &[Effect]) -> u64 {
    match effects {
        [Effect::CheckSmartHost { number, domain: None }] => *number,
        other => panic!("no check: {other:?}"),
    }
}

/// A check that fails at the login.
fn events() -> Vec<CheckEvent> {
    let step = |kind, state, text: &str, advice: Option<&str>| {
        CheckEvent::Step(Step { kind, state, text: text.to_owned(), advice: advice.map(str::to_owned) })
    };
    let line = |side, text: &str| CheckEvent::Line { side, text: text.to_owned(), at: fixtures::NOW };
    vec![
        step(StepKind::Connect, StepState::Passed, "connected to 198.51.100.25:587 in 0.03 s", None),
        line(Side::Server, "220 smtp.provider.example ready"),
        step(StepKind::Tls, StepState::Passed, "TLSv1.3 TLS_AES_256_GCM_SHA384, the certificate is right", None),
        line(Side::Client, "AUTH PLAIN ********"),
        line(Side::Server, "535 5.7.3 Authentication unsuccessful"),
        step(
            StepKind::Login,
            StepState::Failed,
            "the server refused it: 535 5.7.3 Authentication unsuccessful",
            Some("set delivery.outbound_security.username and password anew"),
        ),
        CheckEvent::Finished { can_send: false },
    ]
}

fn told(role: Role, width: u16, height: u16) -> Driver {
    let mut driver = open(role, width, height);
    let number = number(&driver.take_effects());
    for event in events() {
        driver.answer(Answer::Check(number, event));
    }
    driver
}

#[test]
fn pictures_of_a_check_that_fails() {
    insta::assert_snapshot!(pictures(|width, height| told(Role::Admin, width, height)));
}

#[test]
fn steps_are_told_and_the_dialogue_when_it_is_wanted() {
    let mut driver = told(Role::Operator, 100, 30);
    let screen = driver.screen();
    assert!(screen.contains("What to do: set delivery.outbound_security.username"), "{screen}");
    assert!(screen.contains("No mail could be sent there.") && !screen.contains("220 smtp.provider"), "{screen}");
    let screen = driver.press("d").screen();
    assert!(screen.contains("220 smtp.provider.example ready") && screen.contains("AUTH PLAIN ********"), "{screen}");
    assert!(!driver.press("d").screen().contains("220 smtp.provider"));
}

#[test]
fn it_is_made_again_and_what_an_earlier_one_says_late_is_not_heard() {
    let mut driver = told(Role::Operator, 100, 30);
    let second = number(&driver.press("<Enter>").take_effects());
    assert_eq!(second, 2);
    driver.answer(Answer::Check(1, CheckEvent::Finished { can_send: true }));
    assert!(driver.screen().contains("checking; no mail is sent"), "{}", driver.screen());
    assert!(driver.press("<Enter>").take_effects().is_empty(), "one at a time");
    driver.answer(Answer::NoCheck(2, "no".to_owned()));
    assert!(driver.screen().contains("done; Enter checks again"), "{}", driver.screen());
    let effects = driver.press("<Esc>").take_effects();
    assert!(matches!(effects[..], [Effect::BreakOffCheck]), "{effects:?}");
}

#[test]
fn an_observer_does_not_check() {
    let mut driver = open(Role::Observer, 80, 24);
    assert!(driver.take_effects().is_empty());
    assert!(driver.screen().contains("this needs the role operator"), "{}", driver.screen());
}

//! The login with a code.

use std::sync::Arc;
use std::time::Duration;

use mailroot::dashboard::{Answer, Effect, PaneId, Preferences};
use mailroot::engine::{Role, Snapshot, TokenRow};
use mailroot::oauth::{DeviceLoginEvent, TokenHealth};

use super::driver::{Driver, pictures, viewer};
use super::fixtures;

/// A relay whose mail needs a login: that for all mail is in order, that of a partner is not.
fn snapshot() -> Snapshot {
    let row = |domain: Option<&str>, needs_login| TokenRow {
        domain: domain.map(str::to_owned),
        mailbox: "relay@contoso.example".to_owned(),
        by_code: true,
        health: TokenHealth { valid_until: None, error: None, needs_login },
    };
    Snapshot { tokens: Arc::new([row(None, false), row(Some("partner.example"), true)]), ..fixtures::snapshot() }
}

fn open(width: u16, height: u16) -> (Driver, u64) {
    let preferences = Preferences { pane: PaneId::Sessions, zoomed: true, ..Preferences::default() };
    let mut driver = Driver::with(viewer(Role::Admin), snapshot(), width, height, &preferences);
    driver.take_effects();
    match driver.press("L").take_effects()[..] {
        [Effect::LogIn { number, domain: Some(ref domain) }] if domain == "partner.example" => (driver, number),
        ref other => panic!("no login: {other:?}"),
    }
}

fn code() -> DeviceLoginEvent {
    DeviceLoginEvent::Code {
        code: "GTHJ-KLMN".to_owned(),
        address: "https://microsoft.com/devicelogin".to_owned(),
        expires_at: fixtures::NOW.plus(Duration::from_mins(15)),
    }
}

fn asked(width: u16, height: u16) -> (Driver, u64) {
    let (mut driver, number) = open(width, height);
    driver.answer(Answer::LogIn(number, code())).answer(Answer::LogIn(number, DeviceLoginEvent::Waiting));
    (driver, number)
}

#[test]
fn pictures_of_a_code() {
    insta::assert_snapshot!(pictures(|width, height| asked(width, height).0));
}

#[test]
fn the_time_runs_down_and_code_and_address_can_be_copied() {
    let (mut driver, _) = asked(80, 24);
    assert!(driver.screen().contains("good for 15 min 00 s more"), "{}", driver.screen());
    driver.see(Snapshot { time: fixtures::NOW.plus(Duration::from_secs(870)), ..snapshot() });
    assert!(driver.screen().contains("good for 30 s more"), "{}", driver.screen());
    let effects = driver.press("ya").take_effects();
    let copied = |text: &str| effects.iter().any(|effect| matches!(effect, Effect::Copy(copied) if copied == text));
    assert!(copied("GTHJ-KLMN") && copied("https://microsoft.com/devicelogin"), "{effects:?}");
}

#[test]
fn what_came_of_it_is_said_and_a_failure_can_be_tried_again() {
    let (mut driver, number) = asked(80, 24);
    let failed = DeviceLoginEvent::Failed { reason: "the code was not typed in in time: begin again".to_owned() };
    assert!(driver.answer(Answer::LogIn(number, failed)).screen().contains("not typed in in time"));
    let effects = driver.press("<Enter>").take_effects();
    assert!(matches!(effects[..], [Effect::LogIn { number: 2, .. }]), "{effects:?}");
    driver.answer(Answer::LogIn(number, DeviceLoginEvent::Done { message: "late".to_owned() }));
    assert!(driver.screen().contains("asked for a code"), "{}", driver.screen());
    let done = DeviceLoginEvent::Done { message: "logged in for relay@contoso.example".to_owned() };
    assert!(driver.answer(Answer::LogIn(2, done)).screen().contains("logged in for relay"));
    let effects = driver.press("<Enter>").take_effects();
    assert!(matches!(effects[..], [Effect::BreakOffLogIn]), "{effects:?}");
}

#[test]
fn where_nothing_logs_in_with_a_code_the_key_says_so() {
    let mut driver = Driver::with(viewer(Role::Admin), fixtures::snapshot(), 100, 24, &Preferences::default());
    assert!(driver.press("L").screen().contains("device_code"), "{}", driver.screen());
}

//! What surrounds the panes: header, tabs, hints, help, palette, leaving.

use std::sync::Arc;
use std::time::Duration;

use mailroot::dashboard::{Effect, PaneId, Preferences};
use mailroot::engine::{CertificateHealth, Role, TokenRow};
use mailroot::oauth::TokenHealth;

use super::driver::{Driver, viewer};
use super::fixtures;

#[test]
fn the_header_tells_how_the_relay_is() {
    let screen = Driver::new(120, 40).screen();
    for said in ["● running", "relay.corp.example", "127.0.0.1:2525", "queue 12", "oldest 3h12", "held 2", "badmail 2"]
    {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
}

#[test]
fn the_header_tells_how_the_certificate_and_the_token_are() {
    let header = |left: Option<Duration>, problem: Option<&str>, token: TokenHealth| {
        let mut snapshot = fixtures::snapshot();
        snapshot.certificate = Some(Arc::new(CertificateHealth {
            names: vec!["relay.corp.example".to_owned()],
            expires: left.map(|left| snapshot.time.plus(left)),
            is_self_signed: false,
            problem: problem.map(str::to_owned),
        }));
        let row = |health| TokenRow { domain: None, mailbox: "relay@corp.example".to_owned(), by_code: true, health };
        snapshot.tokens = Arc::new([row(token)]);
        let mut driver = Driver::new(140, 24);
        driver.see(snapshot).screen().lines().nth(1).unwrap_or_default().to_owned()
    };
    let day = Duration::from_hours(24);
    let good = |left| TokenHealth { valid_until: Some(fixtures::NOW.plus(left)), ..TokenHealth::default() };
    let failed = TokenHealth { error: Some("AADSTS7000222".to_owned()), ..TokenHealth::default() };
    let login = TokenHealth { needs_login: true, ..failed.clone() };
    for (left, problem, token, told) in [
        (Some(80 * day), None, good(Duration::from_mins(42)), ["cert 80d00", "token 42m"]),
        (Some(14 * day), Some("renew it"), TokenHealth::default(), ["cert 14d00", "token awaited"]),
        (Some(Duration::ZERO), Some("expired"), failed, ["cert EXPIRED", "token MISSING"]),
        (None, Some("no such file"), login, ["cert UNUSABLE", "token: L logs in"]),
    ] {
        let header = header(left, problem, token);
        assert!(told.iter().all(|told| header.contains(told)), "{told:?}: {header}");
    }
}

#[test]
fn where_no_smart_host_is_set_the_first_screen_says_which_key_sets_one() {
    let mut snapshot = fixtures::snapshot();
    snapshot.settings = mailroot::config::Settings::defaults(std::path::Path::new("/srv")).into();
    let mut driver = Driver::with(viewer(Role::Admin), snapshot, 80, 24, &Preferences::default());
    assert!(driver.screen().contains("No smart host is set"), "{}", driver.screen());
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    assert_eq!(Driver::new(30, 8).screen().trim_end(), "terminal too small: 30x8, need\n40x12");
}

#[test]
fn the_help_is_searched_by_typing() {
    let mut driver = Driver::new(80, 24);
    assert!(driver.press("?freeze").screen().contains("Freeze the picture"));
    assert!(!driver.screen().contains("One row up"));
    assert!(!driver.press("<Esc><Esc>").screen().contains("Freeze the picture"));
}

#[test]
fn the_palette_does_what_it_finds() {
    let mut driver = Driver::new(80, 24);
    driver.take_effects();
    driver.press(":mouse<Enter>");
    assert!(matches!(driver.take_effects()[..], [Effect::Mouse(false)]));
}

#[test]
fn stopping_the_relay_asks_first_and_says_that_mail_is_safe() {
    let mut driver = Driver::new(80, 24);
    driver.take_effects();
    let screen = driver.press("q").screen();
    assert!(screen.contains("12 messages wait; they are safe on disk"), "{screen}");
    assert!(driver.press("<Enter>").take_effects().is_empty(), "the answer is no unless it is yes");
    assert!(matches!(driver.press("qy").take_effects()[..], [Effect::Quit]));
}

#[test]
fn an_observer_is_told_which_role_an_action_needs() {
    let mut driver = Driver::with(viewer(Role::Observer), fixtures::snapshot(), 100, 24, &Preferences::default());
    assert!(driver.press("P").screen().contains("this needs the role operator; you are observer"));
}

#[test]
fn a_frozen_picture_stands_still_and_then_catches_up() {
    let mut driver = Driver::new(120, 40);
    let mut later = fixtures::snapshot();
    later.badmail = 77;
    assert!(!driver.press("p").see(later).screen().contains("badmail 77"));
    assert!(driver.press("p").screen().contains("badmail 77"));
}

#[test]
fn the_smart_host_is_set_by_one_key_of_an_administrator() {
    let mut driver = Driver::new(80, 24);
    driver.press("S");
    assert_eq!(driver.model.preferences().pane, PaneId::Settings);
    let mut driver = Driver::with(viewer(Role::Operator), fixtures::snapshot(), 80, 24, &Preferences::default());
    assert!(driver.press("S").screen().contains("this needs the role admin; you are operator"));
}

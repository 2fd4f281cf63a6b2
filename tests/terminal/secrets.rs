//! Secrets that a person types at the terminal.

use crate::pty::Site;

const KEY: &str = "delivery.outbound_security.password";

#[test]
fn a_secret_is_asked_for_and_not_shown_and_ends_in_a_file_of_its_own() {
    let site = Site::new();
    let mut terminal = site.start(&["config", "set", KEY], (100, 30));
    terminal.wait_for_text(&format!("{KEY}: "));
    terminal.press("s3cret<BS>T<Enter>");
    let screen = terminal.wait_for_text("only this account can read").contents();
    assert!(!screen.contains("s3cre"), "{screen}");
    assert_eq!(terminal.wait_for_exit(), 0);
    let file = std::fs::read_to_string(site.path("config/mailroot.toml")).unwrap();
    let named = file.split("password = { file = \"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(std::fs::read_to_string(site.path(named)).unwrap(), "s3creT");
}

#[test]
fn who_gives_up_sets_nothing_and_has_a_terminal_that_echoes() {
    let site = Site::new();
    let before = std::fs::read_to_string(site.path("config/mailroot.toml")).unwrap();
    let mut terminal = site.start(&["config", "set", KEY], (100, 30));
    terminal.wait_for_text(&format!("{KEY}: "));
    terminal.press("s3cret<C-c>");
    terminal.wait_for_text("nothing was set");
    assert_eq!(terminal.wait_for_exit(), 1);
    assert!(terminal.is_cooked());
    assert_eq!(std::fs::read_to_string(site.path("config/mailroot.toml")).unwrap(), before);
}

//! A person who has never seen it, and has configured nothing.

use crate::pty::Site;

#[test]
fn the_first_screen_says_what_to_do_next_and_its_key_leads_there() {
    let site = Site::new();
    let mut terminal = site.start(&[], (80, 24));
    let screen = terminal.wait_for_text("No smart host is set");
    assert!(screen.contents().contains("S sets one, T sends a test."), "{}", screen.contents());

    terminal.press("S");
    terminal.wait_for_text("delivery.advanced.smart_host");
    terminal.press("<Enter>smart.example:25<Enter>");
    terminal.wait_for_text("1 change not applied");
    terminal.press("<C-s>");
    terminal.wait_for_text("1 change.");
    terminal.press("<Enter>");
    terminal.wait_for("the advice to go", |screen| !screen.contents().contains("No smart host is set"));
    let settings = std::fs::read_to_string(site.path("config/mailroot.toml")).unwrap();
    assert!(settings.contains("smart_host = \"smart.example:25\""), "{settings}");
}

#[test]
fn the_first_test_message_needs_one_key_and_an_address() {
    let site = Site::new();
    let mut terminal = site.start(&[], (80, 24));
    terminal.wait_for_text("No smart host is set");
    terminal.press("T");
    terminal.wait_for_text("To");
    terminal.press("bob@relay.example<Enter>");
    terminal.wait_for_text("Queued mail for delivery");
}

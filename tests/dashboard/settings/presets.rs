//! A well-known smart host put into the form.

use super::*;

#[test]
fn a_preset_is_changes_to_be_applied_and_says_what_is_left_to_do() {
    let mut driver = settings();
    let screen = driver.press("o").screen();
    assert!(screen.contains("Microsoft 365, client submission") && screen.contains("Gmail"), "{screen}");
    let screen = driver.press("<Enter>").screen();
    assert!(screen.contains("Nothing is applied yet") && screen.contains("- Outbound security, Tenant:"), "{screen}");
    let text = screen + &driver.press("<PgDn><PgDn>").screen();
    assert!(text.contains("SMTP.SendAsApp"), "{text}");
    assert!(driver.take_effects().is_empty(), "nothing is done");
    driver.press("<Esc>");
    assert!(selected(&mut driver).starts_with("Tenant"), "the first thing to fill in: {}", driver.screen());
    assert!(driver.screen().contains("4 changes not applied"), "{}", driver.screen());

    // What is missing, from the tenant down and the user name above it; then the way to log in.
    driver.press("<Enter>contoso.com<Enter>j<Enter>client<Enter>j<Enter>s3cret<Enter>");
    driver.press("kkkkkkk");
    while !selected(&mut driver).contains("User name") {
        driver.press("j");
    }
    driver.press("<Enter>box@contoso.com<Enter>");
    while !selected(&mut driver).contains("Authentication") {
        driver.press("k");
    }
    // The ways that lack something are left out.
    driver.press("<Space>");
    assert!(selected(&mut driver).contains("xoauth2"), "{}", driver.screen());
    driver.press("<Enter>kk<Enter>");
    assert!(driver.screen().contains("\"basic\" needs a password"), "{}", driver.screen());
    assert!(selected(&mut driver).contains("xoauth2"), "{}", driver.screen());
    let (text, _) = apply(&driver.press("w<Enter>").take_effects());
    let settings = parse(&text, Path::new(BASE)).unwrap();
    assert_eq!(settings.delivery.connections.max_messages_per_minute, Some(30));
    assert!(settings.delivery.security.logs_in());
}

#[test]
fn only_an_administrator_sets_one_up() {
    let mut driver = waiting(viewer(Role::Operator), in_force(&sample()), 80, 24);
    assert!(driver.press("o").screen().contains("this needs the role admin"), "{}", driver.screen());
}

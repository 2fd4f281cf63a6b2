//! Pictures at five sizes, and styles in the four themes.

use mailroot::config::sample;
use mailroot::dashboard::{Colors, PaneId, Preferences, ThemeName, Viewer};
use mailroot::engine::{Outcome, Role};

use super::super::driver::{self, Driver, viewer};
use super::{applied, file, in_force, with_file};

/// A file that somebody has lived with.
fn lived_in() -> String {
    sample()
        .replace("smart_host = \"\"\n# Attempt", "smart_host = \"smtp.provider.example:587\"\n# Attempt")
        .replace("hostname = \"\"", "hostname = \"relay.corp.example\"")
        .replace("listen = [\"127.0.0.1:2525\"]", "listen = [\"0.0.0.0:25\", \"[::]:25\"] # all")
        .replace(
            "relay = { mode = \"only\", list = [\"127.0.0.1\", \"::1\"]",
            "relay = { mode = \"only\", list = [\"127.0.0.1\", \"::1\", \"10.0.0.0/8\", \"192.168.0.0/255.255.0.0\", \
             \"172.16.0.0/12\", \"scanners.corp.example\", \"2001:db8:17::/48\", \"203.0.113.9\"]",
        )
        + "\n# our partner in Leeds\n[[domain]]\nname = \"partner.example\"\nrelay = true\nsmart_host = \
           \"[192.0.2.10]:2525\"\n\n[[domain]]\nname = \"*.例え.example\"\n"
}

/// The settings after some keys, one picture for each size.
fn pictures(keys: &str) -> String {
    driver::pictures(|width, height| {
        let mut driver = with_file(&lived_in(), width, height);
        driver.press(keys);
        driver
    })
}

#[test]
fn the_general_tab() {
    insta::assert_snapshot!(pictures(""));
}

#[test]
fn the_access_tab_with_a_long_list() {
    insta::assert_snapshot!(pictures("]jjjjjjjjjj"));
}

#[test]
fn the_domains_tab() {
    insta::assert_snapshot!(pictures("[[[jjjj"));
}

#[test]
fn a_value_that_is_wrong() {
    insta::assert_snapshot!(pictures("]]<Enter>99999999999999 XB"));
}

#[test]
fn a_wrong_value_at_the_bottom() {
    insta::assert_snapshot!(pictures("[[[G<Enter>partner.example"));
}

#[test]
fn a_list_being_edited() {
    insta::assert_snapshot!(pictures("]jjjjjjjjjj<Enter>jj<Enter><Backspace>88<Enter>j"));
}

/// Changes of each kind, on several tabs.
const CHANGES: &str = "<Enter><C-u>/data/mailroot<Enter>]]<Enter><C-u>4 MB<Enter>jjjj<Enter>postmaster@corp.example\
                       <Enter>[jjjjjjjjjj<Enter>jjddda10.9.0.0/16<Enter>w]]]]]]jjjjjjjjda*.branch.example<Enter>j<Space>";

#[test]
fn the_form_with_changes() {
    insta::assert_snapshot!(pictures("<Enter><C-u>/data/mailroot<Enter>jj<Enter>j<Enter><C-u>[::1]:25<Enter>w"));
}

#[test]
fn the_review() {
    insta::assert_snapshot!(pictures(&format!("{CHANGES}w")));
}

#[test]
fn the_review_as_text() {
    insta::assert_snapshot!(pictures(&format!("{CHANGES}wt")));
}

#[test]
fn a_refusal_and_a_conflict() {
    let refused = Outcome::refused("cannot listen on 0.0.0.0:25: permission denied; give the program the right to");
    let pictures = driver::pictures(|width, height| {
        let mut driver = with_file(&lived_in(), width, height);
        driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>").answer(applied(refused.clone()));
        driver
    });
    let theirs = lived_in()
        .replace("max_message_size = \"2048 KB\"", "max_message_size = \"8 MiB\"")
        .replace("level = \"info\"", "level = \"debug\"");
    let conflict = driver::pictures(|width, height| {
        let mut driver = with_file(&lived_in(), width, height);
        driver.press("]]<Enter><C-u>4 MB<Enter>jj<Enter><C-u>50<Enter>");
        driver.see(in_force(&theirs)).answer(file(&theirs)).press("c");
        driver
    });
    insta::assert_snapshot!(format!("{pictures}\n{conflict}"));
}

#[test]
fn styles_in_the_four_themes() {
    let styles = |theme| {
        let preferences = Preferences { pane: PaneId::Settings, zoomed: true, theme, ..Preferences::default() };
        let viewer = Viewer { colors: Colors::True, ..viewer(Role::Admin) };
        let mut driver = Driver::with(viewer, in_force(&lived_in()), 80, 24, &preferences);
        driver.answer(file(&lived_in())).press("]]<Enter><C-u>x");
        let wrong = driver.styles();
        let changed = driver.press("<C-u>4 MB<Enter>[[<Enter><C-u>/data<Enter>j").styles();
        let review = driver.press("w").styles();
        format!("== {theme:?}\n{wrong}\n--\n{changed}\n--\n{review}\n")
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

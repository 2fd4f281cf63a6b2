//! Looking at settings: the file that is asked for, tabs, the cursor, help, and those who may only look.

use mailroot::config::sample;
use mailroot::dashboard::{MouseKind, PaneId, Preferences};
use mailroot::engine::{Outcome, Role};

use super::super::driver::{Driver, viewer};
use super::super::fixtures;
use super::{Request, applied, asks, file, in_force, selected, settings, waiting, with_file};
use mailroot::dashboard::Answer;

#[test]
fn the_file_is_asked_for_when_the_pane_comes_into_sight_and_once_only() {
    let mut driver = Driver::new(80, 24);
    assert!(!driver.take_effects().iter().any(|effect| asks(std::slice::from_ref(effect))));
    driver.press("4");
    assert!(asks(&driver.take_effects()));
    driver.see(fixtures::snapshot());
    assert!(driver.take_effects().is_empty(), "the answer is on its way");
}

#[test]
fn a_refused_read_is_told_and_not_tried_again_by_itself() {
    let mut driver = waiting(viewer(Role::Admin), fixtures::snapshot(), 80, 24);
    driver.take_effects();
    let refused = Outcome::refused("mailroot.toml: permission denied");
    driver.answer(Answer::Outcome(Request::SettingsText, refused)).press("<Esc>");
    let mut later = in_force("");
    later.settings = fixtures::snapshot().settings;
    driver.take_effects();
    assert!(driver.screen().contains("mailroot.toml: permission denied"), "{}", driver.screen());
    assert!(driver.press("<Enter>").screen().contains("edit: mailroot.toml: permission denied"));
    assert!(driver.take_effects().is_empty());
    driver.press("r");
    assert!(asks(&driver.take_effects()), "but by a key it is");
}

#[test]
fn a_file_that_is_wrong_is_told_with_its_place_and_the_settings_in_force_are_shown() {
    let mut driver = waiting(viewer(Role::Admin), in_force("[messages]\nmax_recipients = 7\n"), 80, 24);
    driver.answer(file("[messages]\nmax_recipients = \"many\"\n")).press("]]jjj");
    let screen = driver.screen();
    assert!(screen.replace('\n', " ").contains("2:18: messages.max_recipients: \"many\" is not a count"), "{screen}");
    assert!(selected(&mut driver).contains(" 7 "), "{screen}");
    assert!(driver.press("<Enter>").screen().contains("edit: These are the settings in force"));
}

#[test]
fn the_tabs_have_the_names_of_the_old_property_sheet() {
    let mut driver = with_file(&sample(), 120, 40);
    let screen = driver.screen();
    let names = "General  Access  Messages  Delivery  Outbound security  Outbound connections  Advanced  Domains  Log";
    assert!(screen.contains(names), "{screen}");
}

#[test]
fn every_tab_is_reached_by_a_key_both_ways_and_its_name_is_always_in_sight() {
    let titles = ["Services", "Log", "Domains", "Advanced", "Outbound connections", "Outbound security", "Delivery"];
    for (width, height) in [(40, 15), (80, 24)] {
        let mut driver = with_file(&sample(), width, height);
        for title in titles {
            assert!(driver.press("[").screen().contains(title), "{title} at {width}");
        }
        for title in titles.iter().rev().skip(1) {
            assert!(driver.press("<Right>").screen().contains(title), "{title} at {width}");
        }
        assert!(driver.press("l").screen().contains("General"), "they go round");
    }
}

const HEADINGS: &[&str] =
    &["Mailroot", "General", "Access", "Connection control", "Relay restrictions", "Control", "SSH", "Metrics"];

#[test]
fn the_cursor_passes_over_headings_and_is_always_in_sight() {
    for (width, height) in [(40, 12), (40, 15), (80, 24), (120, 40)] {
        let mut driver = with_file(&sample(), width, height);
        for _ in 0..10 {
            for key in ["j", "j", "j", "<PgDn>", "G", "k", "<PgUp>", "<C-u>", "j", "<C-d>", "g"] {
                let line = selected(driver.press(key));
                assert!(!HEADINGS.contains(&line.as_str()), "{line:?} at {width}x{height}\n{}", driver.screen());
                assert!(!line.is_empty() && !line.contains('›'), "{line:?} at {width}x{height}\n{}", driver.screen());
            }
            driver.press("]");
        }
    }
}

#[test]
fn the_first_heading_comes_back_into_sight_with_the_first_setting() {
    let mut driver = with_file(&sample(), 40, 15);
    assert!(!driver.press("]G").screen().contains(" Access\n"));
    assert!(driver.press("kkkkkkkkkkkkk").screen().contains("\n Access\n"), "{}", driver.screen());
}

#[test]
fn each_setting_has_help_with_its_default_and_when_a_change_takes_effect() {
    let screen = settings().press("]]").screen();
    assert!(screen.contains("Announced to clients by SIZE; 0 is no limit. Old server: 2048 KB."), "{screen}");
    assert!(screen.contains("messages.max_message_size; default 2048 KB"), "{screen}");
    assert!(screen.contains("a change takes effect: next session"), "{screen}");
}

#[test]
fn what_is_not_in_this_version_says_so_and_cannot_be_edited() {
    let mut driver = settings();
    assert!(driver.press("[[jj").screen().contains("not in this version"));
    assert!(driver.press("<Enter>").screen().contains("edit: log.w3c is not in this version"));
}

#[test]
fn observers_and_operators_see_the_values_and_why_they_cannot_change_them() {
    for (role, named) in [(Role::Observer, "observer"), (Role::Operator, "operator")] {
        let text = "[messages]\nmax_recipients = 77\n";
        let mut driver = waiting(viewer(role), in_force(text), 80, 24);
        assert!(
            !driver.take_effects().iter().any(|effect| asks(std::slice::from_ref(effect))),
            "the file is not theirs"
        );
        let screen = driver.press("]]jjj").screen();
        assert!(screen.contains("Only an administrator may change them"), "{screen}");
        assert!(selected(&mut driver).contains("77"), "{screen}");
        for key in ["<Enter>", "<Space>", "<C-s>", "x", "X", "U", "c", "a", "d", "r"] {
            let screen = driver.press(key).screen();
            assert!(screen.contains(&format!("this needs the role admin; you are {named}")), "{key}: {screen}");
            driver.press("<Esc>");
        }
        assert!(driver.take_effects().is_empty());
    }
}

#[test]
fn the_smart_host_is_two_keys_away_even_before_the_file_was_read() {
    let mut driver = Driver::with(viewer(Role::Admin), in_force(""), 80, 24, &Preferences::default());
    driver.press("2S");
    assert!(driver.take_effects().iter().any(|effect| asks(std::slice::from_ref(effect))));
    assert!(selected(&mut driver).contains("Smart host"), "{}", driver.screen());
    driver.press("<Enter>").answer(file(&sample()));
    assert!(selected(&mut driver).contains("Smart host"), "the cursor stays where it is");
    driver.press("smtp.example.com:587<Enter>");
    assert!(selected(&mut driver).contains("smtp.example.com:587"), "Enter was remembered: {}", driver.screen());
}

#[test]
fn the_smart_host_is_shown_whatever_the_pane_was_doing() {
    for keys in ["", "]]<Enter>x", "jjjjjj<Enter><C-u>1m<Enter>w", "jj<Enter>d"] {
        let mut driver = with_file(&sample(), 80, 24);
        driver.press(keys);
        driver.mouse(MouseKind::Click, 3, 3).press("S");
        assert!(selected(&mut driver).contains("Smart host"), "{keys}: {}", driver.screen());
    }
}

#[test]
fn a_click_selects_and_a_second_one_edits() {
    let mut driver = settings();
    driver.mouse(MouseKind::Click, 20, 8);
    assert!(selected(&mut driver).contains("Fully-qualified domain name"), "{}", driver.screen());
    driver.mouse(MouseKind::Click, 20, 8).press("a.example<Enter>");
    assert!(selected(&mut driver).contains("a.example"), "{}", driver.screen());
    driver.mouse(MouseKind::Click, 20, 7);
    assert!(selected(&mut driver).contains("a.example"), "a heading is no setting");
    driver.mouse(MouseKind::Click, 13, 4);
    assert!(driver.screen().contains("Connection control"), "a click on the name of a tab turns to it");
}

#[test]
fn the_wheel_does_not_move_the_field_that_is_typed_into() {
    let mut driver = settings();
    driver.press("]]<Enter>").mouse(MouseKind::WheelDown, 20, 7).press("<C-u>4 MB<Enter>");
    assert!(selected(&mut driver).contains("Limit message size to"), "{}", driver.screen());
    assert!(selected(&mut driver).contains("4 MB"));
}

#[test]
fn ctrl_c_leaves_whatever_is_edited_and_names_what_would_be_lost() {
    let mut driver = settings();
    assert!(!driver.press("<C-c>").screen().contains("settings"), "nothing would be");
    driver.press("<Esc>]]<Enter><C-u>4 MB<Enter><Enter>");
    let screen = driver.press("<C-c>").screen();
    assert!(screen.contains("1 change to the settings was not applied"), "{screen}");
    let attached = mailroot::dashboard::Viewer { mode: mailroot::dashboard::Mode::Attached, ..viewer(Role::Admin) };
    let preferences = Preferences { pane: PaneId::Settings, ..Preferences::default() };
    let mut driver = Driver::with(attached, in_force(""), 80, 24, &preferences);
    driver.answer(file("")).press("]]<Enter><C-u>4 MB<Enter>").take_effects();
    assert!(driver.press("q").screen().contains("1 change to the settings was not applied"));
    assert!(driver.take_effects().is_empty());
}

#[test]
fn a_setting_that_waits_for_the_next_start_is_marked() {
    let text = "[log]\ndirectory = \"/var/log/mailroot\"\n";
    let mut driver = waiting(viewer(Role::Admin), in_force(""), 80, 24);
    driver.answer(file(text)).press("[[");
    assert!(selected(&mut driver).contains("waits for restart"), "{}", driver.screen());
    driver.see(in_force(text)).answer(file(text));
    assert!(!driver.screen().contains("waits for restart"));
    driver.answer(applied(Outcome::refused("nobody asked")));
}

#[test]
fn a_secret_in_the_file_or_being_typed_is_shown_nowhere() {
    let text = "[delivery.outbound_security]\npassword = \"s3cret\"\n";
    let mut driver = waiting(viewer(Role::Admin), in_force(""), 120, 40);
    driver.answer(file(text)).press("]]]]jjjjj");
    assert!(selected(&mut driver).contains("********"), "{}", driver.screen());
    for key in ["<Enter>", "s3cret2", "<Enter>", "w", "t", "<Esc>", "M", "<Esc>", "G"] {
        let screen = driver.press(key).screen();
        assert!(!screen.contains("s3cret"), "{key}: {screen}");
    }
    let theirs = text.replace("s3cret", "s3cret3");
    driver.see(in_force(&theirs)).answer(file(&theirs));
    for key in ["c", "<Enter>"] {
        let screen = driver.press(key).screen();
        assert!(!screen.contains("s3cret") && screen.contains("********"), "{key}: {screen}");
    }
    let none = selected(with_file(&sample(), 80, 24).press("]]]]jjjjj"));
    assert!(none.contains("(none)"), "{none}");
}

#[test]
fn every_mode_is_drawn_in_ascii_where_that_is_all_there_is() {
    let ascii = mailroot::dashboard::Viewer { ascii: true, ..viewer(Role::Admin) };
    let changes = "jj<Enter>a[::1]:25<Enter>wj]]<Enter><C-u>4 MB<Enter>";
    for keys in
        ["", changes, "]]<Enter>x", "]jjjjjjjj<Enter>a#<Enter>", &format!("{changes}w"), &format!("{changes}wt")]
    {
        let mut driver = waiting(ascii.clone(), in_force(&sample()), 60, 24);
        let screen = driver.answer(file(&sample())).press(keys).screen();
        assert!(screen.is_ascii(), "{keys}: {screen}");
    }
    let theirs = sample().replace("2048 KB\"\n# Limit session", "8 MB\"\n# Limit session");
    let mut driver = waiting(ascii, in_force(&sample()), 60, 24);
    driver.answer(file(&sample())).press(changes).see(in_force(&theirs)).answer(file(&theirs));
    let screen = driver.press("c").screen();
    assert!(screen.contains("(x) mine") && screen.is_ascii(), "{screen}");
}

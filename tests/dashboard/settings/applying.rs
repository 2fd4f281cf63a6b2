//! The review, what the engine says to it, and the way back.

use std::sync::Arc;

use mailroot::config::sample;
use mailroot::engine::{Outcome, Role};

use super::super::driver::{Driver, viewer};
use super::super::fixtures;
use super::{applied, apply, asks, file, in_force, selected, settings, waiting, with_file};

fn done() -> Outcome {
    Outcome::done(1, "settings: changed messages.max_message_size for new sessions")
}

/// The sample with another size.
fn bigger() -> String {
    sample().replace("max_message_size = \"2048 KB\"", "max_message_size = \"4 MB\"")
}

/// The pane after that was applied, and the engine's news of it.
fn after_apply() -> Driver {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>").answer(applied(done()));
    driver.take_effects();
    driver.see(in_force(&bigger()));
    assert!(asks(&driver.take_effects()), "the file is read again");
    driver.answer(file(&bigger()));
    driver
}

#[test]
fn the_review_shows_old_and_new_and_when_each_takes_effect() {
    let mut driver = settings();
    driver.press("<Enter><C-u>/data<Enter>jj<Enter>a[::1]:25<Enter>w]]<Enter><C-u>4 MB<Enter>]<Enter>dddw");
    let screen = driver.press("w").screen();
    for said in [
        "4 changes: all of them or none.",
        "1 of them will wait for the next start of the server.",
        "Limit message size to  messages.max_message_size",
        "2048 KB                               → 4 MB",
        "127.0.0.1:2525                        → 127.0.0.1:2525, [::1]:25",
        "after a restart",
        "opens listeners",
        "next session",
        "at once",
    ] {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
}

#[test]
fn the_text_of_the_file_is_shown_on_demand() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>wt");
    let screen = driver.screen();
    let expected = "- max_message_size = \"2048 KB\"\n+ max_message_size = \"4 MB\"\n  # Limit session size to.";
    assert!(screen.contains(expected), "{screen}");
    assert!(!driver.press("t").screen().contains("- max_message_size"));
}

#[test]
fn nothing_happens_before_enter_and_esc_keeps_the_changes() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Esc>");
    assert!(driver.take_effects().is_empty() && driver.screen().contains("1 change not applied"));
    assert!(selected(&mut driver).contains("4 MB"));
}

#[test]
fn a_refusal_of_the_engine_is_shown_in_the_review_and_nothing_is_lost() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>").take_effects();
    assert!(driver.screen().contains("Applying..."));
    assert!(driver.press("<Enter><Esc>").take_effects().is_empty(), "it is under way, once");
    let screen = driver.answer(applied(Outcome::refused("the disk is full"))).screen();
    assert!(screen.contains("Nothing was applied: the disk is full") && screen.contains("1 change."), "{screen}");
    assert_eq!(apply(&driver.press("<Enter>").take_effects()).0, bigger(), "it can be tried again");
    driver.answer(applied(Outcome::refused("still full"))).press("<Esc>");
    assert!(selected(&mut driver).contains("4 MB"));
}

#[test]
fn what_would_be_warned_of_is_said_before() {
    let mut driver = settings();
    driver.press("jj<Enter>a0.0.0.0:25<Enter>w]jjjjjjjjj<Space>");
    let screen = driver.press("w").screen().replace('\n', " ");
    assert!(screen.contains("Warning: access.relay.list: everyone who reaches 0.0.0.0:25"), "{screen}");
}

#[test]
fn the_last_apply_is_undone_through_the_review() {
    let mut driver = after_apply();
    assert!(driver.screen().contains("U undoes"), "{}", driver.screen());
    let screen = driver.press("<Esc>U").screen();
    assert!(screen.contains("4 MB                                  → 2048 KB"), "{screen}");
    assert_eq!(apply(&driver.press("<Enter>").take_effects()), (sample(), bigger()), "to the octet");
    driver.answer(applied(done()));
    assert!(selected(&mut driver).contains("2048 KB"), "{}", driver.screen());
    assert!(driver.press("<Esc>U").screen().contains("2048 KB                               → 4 MB"), "and back again");
}

#[test]
fn an_undo_is_taken_back_like_any_change() {
    let mut driver = after_apply();
    driver.press("<Esc>U<Esc>");
    assert!(selected(&mut driver).starts_with('●') && driver.screen().contains("1 change not applied"));
    driver.press("x");
    assert!(selected(&mut driver).contains("4 MB") && !driver.screen().contains("not applied"), "{}", driver.screen());
    driver.press("X").press("<Esc>");
    assert!(driver.press("w").screen().contains("nothing is changed"));
}

#[test]
fn nothing_is_undone_over_what_somebody_else_wrote() {
    assert!(settings().press("U").screen().contains("nothing was applied from here yet"));
    let mut driver = after_apply();
    let theirs = bigger().replace("max_recipients = 100", "max_recipients = 50");
    driver.see(in_force(&theirs)).answer(file(&theirs));
    assert!(driver.press("<Esc>U").screen().contains("the file was changed since the last apply from here"));
}

#[test]
fn without_a_file_the_review_says_where_it_will_be_made() {
    let mut snapshot = fixtures::snapshot();
    snapshot.settings = in_force("").settings;
    snapshot.settings_file = None;
    let mut driver = waiting(viewer(Role::Admin), snapshot, 80, 24);
    driver.answer(file(""));
    assert!(driver.screen().contains("no file yet: the defaults serve"), "{}", driver.screen());
    driver.press("]]<Enter><C-u>4 MB<Enter>");
    let screen = driver.press("w").screen().replace('\n', " ");
    let said = "There is no settings file yet. It will be made: /srv/mailroot/config/mailroot.toml";
    assert!(screen.contains(said), "{screen}");
    driver.take_effects();
    let (text, base) = apply(&driver.press("<Enter>").take_effects());
    assert!(base.is_empty() && text.starts_with("[messages]\n# Limit message size to."), "{text}");
    assert!(text.ends_with("\nmax_message_size = \"4 MB\"\n"), "{text}");
}

#[test]
fn the_settings_stay_in_sight_between_apply_and_the_news_of_it() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>").answer(applied(done()));
    assert!(selected(&mut driver).contains("4 MB") && !selected(&mut driver).contains('●'), "{}", driver.screen());
}

#[test]
fn news_of_the_apply_before_its_outcome_is_no_conflict() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>");
    driver.see(in_force(&bigger())).answer(file(&bigger())).answer(applied(done()));
    assert!(!driver.screen().contains("file changed"), "{}", driver.screen());
    assert!(selected(&mut driver).contains("4 MB"));
    assert!(driver.press("<Esc>w").screen().contains("nothing is changed"));
}

#[test]
fn a_change_by_hand_shows_at_once_and_keeps_the_cursor_on_its_setting() {
    let text = "[[domain]]\nname = \"b.example\"\n";
    let mut driver = with_file(text, 80, 24);
    driver.press("[[[jjj");
    assert!(selected(&mut driver).contains("b.example"));
    let theirs = format!("[[domain]]\nname = \"a.example\"\n{text}[messages]\nmax_recipients = 50\n");
    let mut snapshot = fixtures::snapshot();
    snapshot.settings = Arc::new(mailroot::config::parse(&theirs, std::path::Path::new(super::BASE)).unwrap());
    driver.see(snapshot);
    assert!(asks(&driver.take_effects()));
    driver.answer(file(&theirs));
    assert!(driver.screen().contains("a.example"), "{}", driver.screen());
    assert!(selected(&mut driver).contains("b.example"), "{}", driver.screen());
}

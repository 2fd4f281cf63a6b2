//! A file that somebody else changes while it is edited here.

use mailroot::config::sample;
use mailroot::engine::Outcome;

use super::super::driver::Driver;
use super::{applied, apply, asks, file, in_force, selected, with_file};

/// The pane with two edits, a size and a number of recipients, after the file became another one.
fn stale(theirs: &str) -> Driver {
    let mut driver = with_file(&sample(), 80, 24);
    driver.press("]]<Enter><C-u>4 MB<Enter>jjj<Enter><C-u>50<Enter>");
    driver.see(in_force(theirs));
    assert!(asks(&driver.take_effects()));
    driver.answer(file(theirs));
    driver
}

fn theirs() -> String {
    sample()
        .replace("max_message_size = \"2048 KB\"", "max_message_size = \"8 MB\" # theirs")
        .replace("level = \"info\"", "level = \"debug\"")
}

#[test]
fn whoever_edits_is_told_that_the_file_changed_and_nothing_moves_under_their_hands() {
    let mut driver = stale(&theirs());
    let screen = driver.screen();
    assert!(screen.contains("The file was changed on disk while you edit it here. c settles that"), "{screen}");
    assert!(screen.contains("2 changes not applied; the file changed"), "{screen}");
    assert!(selected(&mut driver).contains("50") && screen.contains("4 MB"), "{screen}");
}

#[test]
fn what_both_changed_is_chosen_key_by_key_and_the_rest_goes_by_itself() {
    let mut driver = stale(&theirs());
    let screen = driver.press("c").screen();
    for said in ["was     2048 KB", "(•) mine    4 MB", "( ) theirs  8 MB", "1 more change of yours and 1 of theirs"]
    {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    let screen = driver.press("<Enter>").screen();
    assert!(screen.contains("8 MB                                  → 4 MB"), "{screen}");
    let (text, base) = apply(&driver.press("<Enter>").take_effects());
    assert_eq!(base, theirs());
    assert_eq!(text, theirs().replace("\"8 MB\"", "\"4 MB\"").replace("max_recipients = 100", "max_recipients = 50"));
}

#[test]
fn theirs_is_taken_as_easily() {
    let mut driver = stale(&theirs());
    driver.press("c<Space>");
    assert!(driver.screen().contains("(•) theirs"), "{}", driver.screen());
    let (text, _) = apply(&driver.press("<Enter><Enter>").take_effects());
    assert_eq!(text, theirs().replace("max_recipients = 100", "max_recipients = 50"));
}

#[test]
fn where_all_is_theirs_nothing_is_left_to_apply() {
    let theirs = theirs().replace("max_recipients = 100", "max_recipients = 70");
    let mut driver = stale(&theirs);
    let screen = driver.press("ct<Enter>").screen();
    assert!(screen.contains("nothing is left to apply") && screen.contains("70"), "{screen}");
    assert!(driver.press("<Esc>w").screen().contains("nothing is changed"));
}

#[test]
fn esc_keeps_on_editing_and_the_conflict_waits() {
    let mut driver = stale(&theirs());
    driver.press("c<Esc>");
    assert!(driver.screen().contains("2 changes not applied; the file changed"), "{}", driver.screen());
    assert!(driver.press("w").screen().contains("Whose value is to stand?"), "the review leads there too");
}

#[test]
fn keys_of_one_side_merge_without_a_question() {
    let theirs = sample().replace("level = \"info\"", "level = \"debug\"");
    let mut driver = stale(&theirs);
    let screen = driver.press("w").screen();
    assert!(screen.contains("The file was changed meanwhile. Your changes are made to it as it is now"), "{screen}");
    let (text, base) = apply(&driver.press("<Enter>").take_effects());
    assert_eq!(base, theirs);
    assert!(text.contains("level = \"debug\"") && text.contains("\"4 MB\"") && text.contains("max_recipients = 50"));
}

#[test]
fn the_engine_finds_a_conflict_that_nobody_had_told_of() {
    let mut driver = with_file(&sample(), 80, 24);
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>").answer(applied(Outcome::Conflict { text: theirs().into() }));
    assert!(driver.screen().contains("Whose value is to stand?"), "{}", driver.screen());
    let comment = format!("# by hand\n{}", sample());
    let mut driver = with_file(&sample(), 80, 24);
    driver
        .press("]]<Enter><C-u>4 MB<Enter>w<Enter>")
        .answer(applied(Outcome::Conflict { text: comment.as_str().into() }));
    driver.take_effects();
    assert!(driver.screen().contains("Your changes are made to it as it is now"), "{}", driver.screen());
    assert_eq!(apply(&driver.press("<Enter>").take_effects()).1, comment);
}

#[test]
fn a_file_broken_by_hand_meanwhile_keeps_the_changes_until_it_is_mended() {
    let mut driver = with_file(&sample(), 80, 24);
    driver.press("]]<Enter><C-u>4 MB<Enter>w<Enter>");
    driver.answer(applied(Outcome::Conflict { text: "max = = 1\n".into() }));
    let screen = driver.screen();
    assert!(screen.contains("the file on disk is wrong now; mend it by hand"), "{screen}");
    assert!(screen.contains("1 change not applied"), "{screen}");
    driver.see(in_force(&theirs())).answer(file(&theirs()));
    assert!(driver.press("<Esc>c").screen().contains("( ) theirs  8 MB"), "{}", driver.screen());
}

#[test]
fn remote_domains_of_both_sides_are_kept_apart_by_name() {
    let text = "[[domain]]\nname = \"a.example\"\n[[domain]]\nname = \"b.example\"\n";
    let mut driver = with_file(text, 80, 24);
    driver.press("[[[jjjjjjjjj<Space>ac.example<Enter>");
    let theirs = "[[domain]]\nname = \"z.example\"\n[[domain]]\nname = \"b.example\"\n";
    driver.see(in_force(theirs)).answer(file(theirs));
    let screen = driver.press("c").screen();
    assert!(screen.contains("Your changes are made to it"), "{screen}");
    driver.take_effects();
    let (text, _) = apply(&driver.press("<Enter>").take_effects());
    let b = text.find("b.example").unwrap();
    assert!(text.find("z.example").unwrap() < b && !text.contains("a.example"), "{text}");
    assert!(text[b..].contains("relay = true") && text[b..].contains("c.example"), "{text}");
}

#[test]
fn a_domain_removed_there_and_changed_here_is_asked_for() {
    let text = "[[domain]]\nname = \"a.example\"\n[[domain]]\nname = \"b.example\"\n";
    let mut driver = with_file(text, 80, 24);
    driver.press("[[[jjjjjjjjj<Space>");
    let theirs = "[[domain]]\nname = \"a.example\"\n";
    driver.see(in_force(theirs)).answer(file(theirs));
    let screen = driver.press("c").screen();
    assert!(screen.contains("Remote domain (b.example)") && screen.contains("( ) theirs  (not there)"), "{screen}");
    driver.take_effects();
    let (text, _) = apply(&driver.press("<Enter><Enter>").take_effects());
    assert!(
        text.starts_with(theirs) && text.contains("name = \"b.example\"\n# ") && text.ends_with("relay = true\n"),
        "{text}"
    );
}

#[test]
fn a_change_by_hand_while_a_value_is_typed_is_seen_behind_it() {
    let mut driver = with_file(&sample(), 80, 24);
    driver.press("]]<Enter>");
    driver.see(in_force(&theirs())).answer(file(&theirs()));
    assert!(selected(&mut driver).contains("2048 KB"), "nothing moves: {}", driver.screen());
    driver.press("<Esc>");
    assert!(selected(&mut driver).contains("8 MB") && !driver.screen().contains("file changed"), "{}", driver.screen());
}

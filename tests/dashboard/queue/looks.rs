//! What the pane and its overlays look like.

use mailroot::dashboard::{Answer, Colors, Preferences, Request, ThemeName, Viewer};
use mailroot::engine::view::{Plan, SCHEMA};
use mailroot::engine::{Outcome, QueueAct, Role};

use super::harness::{many, queue, recipient_of, serve, view_of};
use crate::driver::{Driver, viewer};
use crate::fixtures;

/// The sizes at which pictures are taken.
const SIZES: [(u16, u16); 5] = [(30, 8), (40, 15), (80, 24), (120, 40), (200, 60)];

/// One picture for each size.
fn pictures(of: impl Fn(&mut Driver)) -> String {
    let picture = |(width, height)| {
        let mut driver = queue(width, height);
        of(&mut driver);
        format!("== {width}x{height}\n{}\n", driver.screen())
    };
    SIZES.map(picture).join("\n")
}

/// One picture for each size, after some keys.
fn pictures_after(keys: &str) -> String {
    pictures(|driver| press(driver, keys))
}

/// Presses keys, and answers what is asked.
fn press(driver: &mut Driver, keys: &str) {
    driver.press(keys);
    serve(driver, &fixtures::rows());
}

#[test]
fn pictures_of_the_list() {
    insta::assert_snapshot!(pictures_after(""));
}

#[test]
fn pictures_of_marks_and_a_filter() {
    insta::assert_snapshot!(pictures_after("/app@corp<Enter><Space>j<Space>"));
}

#[test]
fn pictures_of_a_filter_with_an_error() {
    insta::assert_snapshot!(pictures_after("/state:"));
}

#[test]
fn pictures_of_an_empty_queue() {
    insta::assert_snapshot!(pictures(|driver| {
        let mut snapshot = fixtures::snapshot();
        snapshot.queue.revision = 2;
        driver.see(snapshot);
        serve(driver, &[]);
    }));
}

#[test]
fn pictures_of_the_destinations() {
    insta::assert_snapshot!(pictures(|driver| {
        press(driver, "D");
    }));
}

#[test]
fn pictures_of_badmail() {
    insta::assert_snapshot!(pictures_after("B"));
}

#[test]
fn pictures_of_a_message() {
    insta::assert_snapshot!(pictures_after("j<Enter>"));
}

#[test]
fn pictures_of_its_history() {
    insta::assert_snapshot!(pictures_after("j<Enter><Tab>"));
}

#[test]
fn pictures_of_its_text() {
    insta::assert_snapshot!(pictures_after("j<Enter><BackTab>"));
}

#[test]
fn pictures_of_a_bad_message() {
    insta::assert_snapshot!(pictures(|driver| {
        press(driver, "B");
        press(driver, "<Enter>");
    }));
}

#[test]
fn pictures_of_the_picker() {
    insta::assert_snapshot!(pictures_after("s"));
}

#[test]
fn pictures_of_a_question() {
    insta::assert_snapshot!(pictures(|driver| {
        let mut snapshot = fixtures::snapshot();
        snapshot.queue.revision = 2;
        driver.see(snapshot);
        serve(driver, &many(5000));
        driver.press("*d");
        let sample = fixtures::rows().into_iter().take(5).map(|row| mailroot::engine::view::Message {
            id: row.id,
            state: row.state.to_owned(),
            received: row.received.to_string(),
            sender: row.sender,
            recipients: vec![recipient_of(&row.recipients[0].address, "pending", None)],
            size: row.size,
            attempts: row.attempts,
            next: None,
            last_reply: None,
            destination: None,
        });
        let plan = Plan { schema: SCHEMA, plan: "7".to_owned(), count: 5000, sample: sample.collect() };
        driver.answer(Answer::Outcome(Request::Plan(QueueAct::Delete), view_of(&plan)));
        driver.press("50");
    }));
}

#[test]
fn pictures_of_an_undo() {
    insta::assert_snapshot!(pictures(|driver| {
        driver.press("d");
        let ids = vec!["0JX4K00A".parse().unwrap()];
        driver.answer(Answer::Outcome(Request::Delete(ids), Outcome::done(1, "1 message deleted")));
    }));
}

#[test]
fn styles_in_the_four_themes() {
    let styles = |theme| {
        let viewer = Viewer { colors: Colors::True, ..viewer(Role::Admin) };
        let preferences = Preferences { theme, zoomed: true, ..Preferences::default() };
        let mut driver = Driver::with(viewer, fixtures::snapshot(), 80, 24, &preferences);
        serve(&mut driver, &fixtures::rows());
        press(&mut driver, "<Space>jj<Space>j");
        format!("== {theme:?}\n{}\n", driver.styles())
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

#[test]
fn a_terminal_of_ascii_shows_ascii() {
    let viewer = Viewer { ascii: true, ..viewer(Role::Admin) };
    let preferences = Preferences { zoomed: true, ..Preferences::default() };
    let mut rows = fixtures::rows();
    rows.remove(6);
    let mut driver = Driver::with(viewer, fixtures::snapshot(), 120, 40, &preferences);
    serve(&mut driver, &rows);
    for keys in
        ["<Space>", "s<Esc>", "D", "D", "B", "<Enter>", "<Esc>B", "<Enter>", "<Tab>", "<Esc>", "/from:app<Enter>"]
    {
        driver.press(keys);
        serve(&mut driver, &rows);
        // The frames of overlays are the terminal's own affair.
        let screen = driver.screen();
        assert!(screen.is_ascii(), "{keys}\n{screen}");
    }
}

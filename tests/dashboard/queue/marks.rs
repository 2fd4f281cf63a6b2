//! Marks: one by one, ranges, all that match.

use mailroot::dashboard::{Effect, QueueView};
use mailroot::delivery::Row;
use mailroot::engine::Role;

use super::harness::{commands, many, queue, serve, unanswered};
use crate::driver::Driver;
use crate::fixtures;

fn long(rows: &[Row]) -> Driver {
    let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (80, 24), QueueView::List);
    serve(&mut driver, rows);
    driver
}

/// The ids that the last command names.
fn ids(effects: &[Effect]) -> Vec<String> {
    let command = commands(effects).pop().unwrap();
    let names = command.split('"').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

#[test]
fn space_marks_and_moves_down_and_acts_work_on_what_is_marked() {
    let mut driver = queue(80, 24);
    driver.press("<Space><Space>j<Space>");
    assert!(driver.screen().contains("3 marked"), "{}", driver.screen());
    driver.take_effects();
    let effects = driver.press("r").take_effects();
    assert_eq!(ids(&effects), ["0JX4K00A", "0JX4K01A", "0JX4K03A"]);
    assert!(!driver.screen().contains("marked"), "they are not acted on twice");
}

#[test]
fn without_marks_an_act_works_on_the_row() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    assert_eq!(ids(&driver.press("jr").take_effects()), ["0JX4K01A"]);
}

#[test]
fn a_range_marks_from_here_to_there_in_either_direction() {
    let mut driver = queue(80, 24);
    driver.press("jjjjvkk");
    assert!(driver.screen().contains("range"));
    driver.press("v").take_effects();
    assert_eq!(ids(&driver.press("r").take_effects()), ["0JX4K02A", "0JX4K03A", "0JX4K04A"]);
}

#[test]
fn an_act_ends_a_range_that_is_being_drawn_and_esc_gives_it_up() {
    let mut driver = queue(80, 24);
    driver.press("vjj").take_effects();
    assert_eq!(ids(&driver.press("r").take_effects()).len(), 3);
    driver.press("gvj<Esc>");
    assert!(!driver.screen().contains("range"), "{}", driver.screen());
    driver.take_effects();
    assert_eq!(ids(&driver.press("r").take_effects()).len(), 1);
}

#[test]
fn a_range_longer_than_what_was_read_is_read_before_it_is_marked() {
    let rows = many(5000);
    let mut driver = long(&rows);
    driver.press("jjv");
    driver.press("G");
    serve(&mut driver, &rows);
    let effects = driver.press("v").take_effects();
    assert!(matches!(effects[..], [Effect::ReadIds(_)]), "{effects:?}");
    driver.effects = effects;
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("4 998 marked"), "{}", driver.screen());
}

#[test]
fn all_that_match_are_marked_by_id_where_all_are_read() {
    let mut driver = queue(80, 24);
    driver.press("/app@corp<Enter>");
    serve(&mut driver, &fixtures::rows());
    driver.press("*").take_effects();
    assert_eq!(ids(&driver.press("H").take_effects()).len(), 5);
}

#[test]
fn all_of_a_list_that_is_longer_than_what_was_read_is_planned_first() {
    let rows = many(5000);
    let mut driver = long(&rows);
    driver.press("/id:<Backspace>");
    driver.press("<Esc>/age>1s<Enter>");
    serve(&mut driver, &rows);
    driver.press("*");
    assert!(driver.screen().contains("4 999 marked"), "{}", driver.screen());
    driver.take_effects();
    let effects = driver.press("r").take_effects();
    assert_eq!(commands(&effects), ["QueuePlan { act: Retry, target: Filter(\"age>1s\") }"]);
    assert!(driver.screen().contains("Counting"));
}

#[test]
fn marks_of_all_that_match_go_with_their_filter() {
    let rows = many(5000);
    let mut driver = long(&rows);
    driver.press("*");
    assert!(driver.screen().contains("5 000 marked"));
    assert!(driver.press("<Space>").screen().contains("all that match are marked; u takes the marks away"));
    driver.press("/x");
    assert!(!driver.screen().contains("5 000 marked"), "{}", driver.screen());
}

#[test]
fn nothing_is_marked_after_u_and_what_was_not_after_i() {
    let rows = many(100);
    let mut driver = long(&rows);
    driver.press("<Space><Space><Space>u");
    assert!(!driver.screen().contains(" marked"));
    driver.press("<Space><Space><Space>i");
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("97 marked"), "{}", driver.screen());
}

#[test]
fn marks_of_messages_that_left_are_forgotten() {
    let mut rows = fixtures::rows();
    let mut driver = queue(80, 24);
    driver.press("<Space><Space>");
    rows.remove(0);
    let mut snapshot = fixtures::snapshot();
    snapshot.queue.revision = 2;
    driver.see(snapshot);
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("1 marked"), "{}", driver.screen());
}

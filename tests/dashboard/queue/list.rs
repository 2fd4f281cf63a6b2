//! The list: its windows, its selection, its filter, its order.

use mailroot::dashboard::{Answer, Effect, Input, MouseKind, Msg, QueueView};
use mailroot::delivery::Row;
use mailroot::engine::{QueueQuery, Role, Snapshot, SortKey};

use super::harness::{answer, many, page, queue, serve, unanswered};
use crate::driver::Driver;
use crate::fixtures;

/// A long list, answered.
fn long(rows: &[Row]) -> Driver {
    let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (80, 24), QueueView::List);
    serve(&mut driver, rows);
    driver
}

fn queries(effects: &[Effect]) -> Vec<&QueueQuery> {
    effects.iter().filter_map(|effect| if let Effect::ReadQueue(query) = effect { Some(query) } else { None }).collect()
}

/// The usual snapshot, with the queue at another revision.
fn at_revision(revision: u64) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.queue.revision = revision;
    snapshot
}

/// The id of the message under the cursor.
fn selected(driver: &mut Driver) -> String {
    driver.take_effects();
    match driver.press("y").take_effects().pop() {
        Some(Effect::Copy(id)) => id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn about_three_screens_are_read_and_moving_reads_on_before_the_end_is_in_sight() {
    let rows = many(10_000);
    let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (80, 24), QueueView::List);
    let effects = driver.take_effects();
    let first = queries(&effects)[0].clone();
    assert_eq!((first.offset, first.selected.is_none()), (0, true));
    assert!((50..70).contains(&first.limit), "{}", first.limit);
    driver.answer(Answer::Page(page(&first, &rows)));
    assert!(queries(&driver.take_effects()).is_empty());
    let effects = driver.press("<PgDn><PgDn><PgDn>").take_effects();
    let next = queries(&effects)[0];
    assert!(next.offset > 0 && next.offset <= 51, "{next:?}");
}

#[test]
fn only_one_request_is_under_way_and_what_was_not_read_shows_as_a_placeholder() {
    let rows = many(10_000);
    let mut driver = long(&rows);
    let effects = driver.press("<PgDn><PgDn><PgDn><PgDn><PgDn><PgDn>").take_effects();
    assert_eq!(queries(&effects).len(), 1);
    let screen = driver.screen();
    assert!(screen.lines().nth(8).unwrap().trim_start().starts_with('·'), "{screen}");
    // The answer is of where the cursor was; the next request is of where it is.
    driver.answer(answer(&effects[0], &rows).unwrap());
    let effects = driver.take_effects();
    assert_eq!(queries(&effects).len(), 1);
    driver.answer(answer(&effects[0], &rows).unwrap());
    assert!(driver.take_effects().is_empty());
    assert!(!driver.screen().lines().nth(8).unwrap().trim_start().starts_with('·'));
}

#[test]
fn a_change_of_the_queue_is_read_once_and_a_late_answer_does_not_make_it_ask_without_end() {
    let rows = many(100);
    let mut driver = long(&rows);
    driver.see(at_revision(2)).see(at_revision(3));
    let effects = driver.take_effects();
    assert_eq!(queries(&effects).len(), 1);
    // The reader answers as of revision 1: it may lag in a large queue. It is asked once more, since the queue has
    // changed since, and then not before the next picture.
    driver.answer(answer(&effects[0], &rows).unwrap());
    let effects = driver.take_effects();
    assert_eq!(queries(&effects).len(), 1);
    driver.answer(answer(&effects[0], &rows).unwrap());
    assert!(driver.take_effects().is_empty());
    driver.see(at_revision(3));
    assert_eq!(queries(&driver.take_effects()).len(), 1);
}

#[test]
fn a_filter_by_age_is_asked_again_as_time_goes_by_and_no_other_is() {
    let rows = many(100);
    for (filter, is_asked) in [("/age>50s<Enter>", true), ("/size>1<Enter>", false)] {
        let mut driver = long(&rows);
        driver.press(filter);
        serve(&mut driver, &rows);
        let mut snapshot = fixtures::snapshot();
        assert!(driver.see(snapshot.clone()).take_effects().is_empty(), "{filter}");
        snapshot.time = fixtures::before(-1);
        assert_eq!(!driver.see(snapshot).take_effects().is_empty(), is_asked, "{filter}");
    }
}

#[test]
fn the_selected_message_stays_selected_and_on_its_line_while_others_leave() {
    let mut rows = many(1000);
    let mut driver = long(&rows);
    driver.press("<PgDn><PgDn>jj");
    serve(&mut driver, &rows);
    let id = selected(&mut driver);
    let line = driver.cursor().y;
    rows.drain(..7);
    driver.see(at_revision(2));
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), id);
    assert_eq!(driver.cursor().y, line);
}

#[test]
fn when_the_selected_message_leaves_the_one_that_took_its_place_is_selected() {
    let mut rows = many(30);
    let mut driver = long(&rows);
    driver.press("jjj");
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "ID000003");
    rows.remove(3);
    driver.see(at_revision(2));
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "ID000004");
    rows.truncate(2);
    driver.see(at_revision(3));
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "ID000001");
}

#[test]
fn a_cursor_that_moved_while_an_answer_was_on_its_way_is_not_moved_back() {
    let rows = many(30);
    let mut driver = long(&rows);
    driver.see(at_revision(2));
    let effects = driver.take_effects();
    driver.press("jj");
    driver.answer(answer(&effects[0], &rows).unwrap());
    assert_eq!(selected(&mut driver), "ID000002");
}

#[test]
fn the_end_of_a_long_list_is_one_key_away() {
    let rows = many(100_000);
    let mut driver = long(&rows);
    driver.press("G");
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "ID099999");
    driver.press("g");
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "ID000000");
}

#[test]
fn a_filter_works_as_it_is_typed_and_its_chip_stays() {
    let rows = fixtures::rows();
    let mut driver = queue(80, 24);
    driver.press("/monitor");
    serve(&mut driver, &rows);
    let screen = driver.screen();
    assert!(screen.contains("oncall@example") && !screen.contains("bob@example.com"), "{screen}");
    assert!(screen.contains("1 of 12"), "{screen}");
    driver.press("<Enter>");
    assert!(driver.screen().contains("/monitor"));
    driver.press("<Esc>");
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("bob@example.com") && !driver.screen().contains("/monitor"));
}

#[test]
fn typed_keys_are_text_and_not_acts_while_a_filter_is_typed() {
    let mut driver = queue(80, 24);
    driver.take_effects();
    let effects = driver.press("/rdHq").take_effects();
    assert!(effects.iter().all(|effect| matches!(effect, Effect::ReadQueue(_))), "{effects:?}");
    assert!(driver.screen().contains("/rdHq"));
}

#[test]
fn what_is_wrong_with_a_filter_is_said_beside_it_and_the_last_good_one_goes_on() {
    let rows = fixtures::rows();
    let mut driver = queue(120, 40);
    driver.press("/app@");
    driver.send(Msg::Input(Input::Paste(" state:gone".to_owned())));
    serve(&mut driver, &rows);
    let screen = driver.screen();
    assert!(screen.contains("the states are queued, active and held"), "{screen}");
    assert!(screen.contains("bob@example.com") && !screen.contains("oncall@"), "{screen}");
}

#[test]
fn what_is_filtered_away_says_so_with_the_key_that_shows_it() {
    let mut driver = queue(80, 24);
    driver.press("/nowhere<Enter>");
    serve(&mut driver, &fixtures::rows());
    let screen = driver.screen();
    assert!(screen.contains("None of 12 messages matches /nowhere."), "{screen}");
    assert!(screen.contains("Esc shows all again."));
}

#[test]
fn an_empty_queue_says_what_to_do() {
    let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (80, 24), QueueView::List);
    assert!(driver.screen().contains("Reading the queue"));
    serve(&mut driver, &[]);
    let screen = driver.screen();
    assert!(screen.contains("No message waits.") && screen.contains("T sends a test message"), "{screen}");
}

#[test]
fn a_new_filter_puts_the_cursor_on_its_first_row_unless_the_selected_one_matches() {
    let rows = fixtures::rows();
    let mut driver = queue(80, 24);
    driver.press("jjjjjj/shop<Enter>");
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "0JX4K06A", "it matches");
    driver.press("/<C-u>app@<Enter>");
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "0JX4K01A");
}

#[test]
fn the_picker_sorts_and_the_same_order_once_more_is_turned_round() {
    let rows = fixtures::rows();
    let mut driver = queue(80, 24);
    driver.press("s");
    assert!(driver.screen().contains("Sort by"));
    let effects = driver.press("z").take_effects();
    assert_eq!((queries(&effects)[0].sort, queries(&effects)[0].descending), (SortKey::Size, false));
    driver.answer(answer(&effects[0], &rows).unwrap());
    assert!(driver.screen().contains("Size▲"), "{}", driver.screen());
    let effects = driver.press("s<Enter>").take_effects();
    assert_eq!((queries(&effects)[0].sort, queries(&effects)[0].descending), (SortKey::Size, true));
    driver.answer(answer(&effects[0], &rows).unwrap());
    assert!(driver.screen().contains("Size▼"), "{}", driver.screen());
    assert_eq!(driver.model.preferences().queue.sort, SortKey::Size);
    assert!(driver.model.preferences().queue.descending);
}

#[test]
fn a_click_on_a_head_sorts_by_it() {
    let mut driver = queue(80, 24);
    let screen = driver.screen();
    let head = screen.lines().nth(3).unwrap();
    let x = u16::try_from(head.chars().take_while(|c| *c != 'z').count()).unwrap();
    assert!(head.contains("Size"), "{head}");
    driver.take_effects();
    driver.mouse(MouseKind::Click, x, 3);
    let effects = driver.take_effects();
    assert_eq!(queries(&effects)[0].sort, SortKey::Size);
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut driver = queue(80, 24);
    driver.mouse(MouseKind::Click, 20, 7);
    assert_eq!(driver.cursor().y, 7);
    assert!(!driver.screen().contains("Message 0JX4K03A"));
    driver.mouse(MouseKind::Click, 20, 7);
    assert!(driver.screen().contains("Message 0JX4K03A"), "{}", driver.screen());
}

#[test]
fn the_wheel_moves_and_a_click_beside_the_rows_does_nothing() {
    let mut driver = queue(80, 24);
    driver.mouse(MouseKind::WheelDown, 20, 7);
    assert_eq!(selected(&mut driver), "0JX4K01A");
    driver.mouse(MouseKind::Click, 20, 20);
    assert_eq!(selected(&mut driver), "0JX4K01A");
}

#[test]
fn the_log_leads_to_a_message_wherever_it_is_in_the_list() {
    let mut rows = many(5000);
    rows[4000].id = "0JX4K01A".to_owned();
    let mut driver = long(&rows);
    driver.press("/nothing<Enter>");
    serve(&mut driver, &rows);
    driver.press("3o");
    serve(&mut driver, &rows);
    assert_eq!(selected(&mut driver), "0JX4K01A");
    assert!(!driver.screen().contains("/nothing"));
    let screen = driver.press("<Esc>3gjjjo").screen();
    serve(&mut driver, &rows);
    assert!(driver.screen().contains("the message is not in the queue any more"), "{screen}\n{}", driver.screen());
}

#[test]
fn the_hardware_cursor_is_on_the_selection_or_in_the_text() {
    let mut driver = queue(80, 24);
    driver.press("jj");
    assert_eq!(driver.cursor().y, 6);
    driver.press("/abc");
    assert_eq!((driver.cursor().x, driver.cursor().y), (4, 22));
}

#[test]
fn a_destination_that_is_held_back_is_told_with_reason_and_time() {
    let mut driver = queue(120, 24);
    let said = "! smtp.provider.example:587 is held back: connection refused; next probe in 47s; r tries now";
    assert!(driver.screen().contains(said), "{}", driver.screen());
    driver.press("jj");
    let screen = driver.screen();
    assert!(!screen.contains("is held back") && screen.contains("held by a person; H releases it"), "{screen}");
}

#[test]
fn narrow_screens_fold_what_matters_and_keep_the_selection_in_sight() {
    let mut driver = queue(40, 15);
    driver.press("G");
    let line = driver.cursor().y;
    let screen = driver.screen();
    assert!(screen.lines().nth(usize::from(line)).unwrap().contains("dba@corp"), "{screen}");
    assert!(screen.contains("connection refused"), "{screen}");
}

#[test]
fn the_rows_that_are_drawn_are_those_in_sight_at_every_size() {
    let rows = many(500);
    for (width, height) in [(40, 12), (40, 15), (99, 33), (100, 34), (170, 46), (500, 200)] {
        let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (width, height), QueueView::List);
        serve(&mut driver, &rows);
        driver.press("G");
        serve(&mut driver, &rows);
        assert_eq!(selected(&mut driver), "ID000499", "{width}x{height}");
        assert!(driver.cursor().y < height - 1);
    }
}

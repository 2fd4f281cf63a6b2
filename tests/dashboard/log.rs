//! The delivery log: followed, scrolled, searched, filtered, and told message by message.

use std::ops::Range;
use std::sync::Arc;

use mailroot::dashboard::{Colors, Effect, MouseKind, PaneId, Preferences, ThemeName};
use mailroot::engine::{LogTail, Role, Snapshot};
use mailroot::ledger::{Event, Record};

use super::driver::{Driver, pictures, viewer};
use super::fixtures;

fn preferences() -> Preferences {
    Preferences { pane: PaneId::Log, zoomed: true, ..Preferences::default() }
}

/// The log in front of an administrator, filling the screen.
fn log(snapshot: Snapshot, width: u16, height: u16) -> Driver {
    Driver::with(viewer(Role::Admin), snapshot, width, height, &preferences())
}

/// A log whose lines are numbered, the number being the id; every third one is a failure.
fn numbered(lines: Range<u64>) -> Snapshot {
    let record = |number: u64| {
        let event = if number.is_multiple_of(3) { Event::Failed } else { Event::Delivered };
        let mut record = Record::new(fixtures::NOW, event, format!("ID{number:05}"));
        record.recipient = Some(format!("bob{number}@example.com"));
        Arc::new(record)
    };
    let mut snapshot = fixtures::snapshot();
    snapshot.log = Arc::new(LogTail { first: lines.start, records: lines.map(record).collect() });
    snapshot
}

/// A snapshot with more kinds of lines, over midnight.
fn eventful() -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    let mut records: Vec<_> = snapshot.log.records.iter().map(|record| Record::clone(record)).collect();
    for record in &mut records {
        record.size = (record.event == Event::Accepted).then_some(4_200);
        record.client = (record.event == Event::Accepted).then(|| "192.0.2.40".to_owned());
        record.attempt = record.host.as_ref().filter(|_| record.event != Event::Accepted).map(|_| 1);
        record.delay = record.attempt.map(|_| std::time::Duration::from_secs(1));
    }
    let mut first = Record::new(fixtures::before(13 * 3600), Event::Local, "0JX4J00A");
    first.sender = Some(String::new());
    first.recipient = Some("名前@例え.example".to_owned());
    let mut refused = Record::new(fixtures::before(310), Event::Refused, "");
    refused.client = Some("203.0.113.9".to_owned());
    refused.sender = Some("spam@offers.example".to_owned());
    refused.recipient = Some("someone@elsewhere.example".to_owned());
    refused.reply = Some("550 5.7.1 Unable to relay for someone@elsewhere.example".to_owned());
    let mut held = Record::new(fixtures::before(5), Event::Held, "0JX4K01A");
    held.sender = Some("app@corp.example".to_owned());
    held.recipient = Some("bob@example.com".to_owned());
    held.actor = Some("alice".to_owned());
    records.splice(0..0, [first, refused]);
    records.push(held);
    snapshot.log = Arc::new(LogTail { first: 0, records: records.into_iter().map(Arc::new).collect() });
    snapshot
}

#[test]
fn pictures_of_the_log() {
    insta::assert_snapshot!(pictures(|width, height| log(eventful(), width, height)));
}

#[test]
fn pictures_of_a_history() {
    let of = |width, height| {
        let mut driver = log(eventful(), width, height);
        driver.press("<Enter>");
        driver
    };
    insta::assert_snapshot!(pictures(of));
}

#[test]
fn pictures_of_a_filter_with_an_error() {
    let of = |width, height| {
        let mut driver = log(eventful(), width, height);
        driver.press("&event:failed<Enter>&<C-u>state:x");
        driver
    };
    insta::assert_snapshot!(pictures(of));
}

#[test]
fn pictures_of_a_search() {
    let of = |width, height| {
        let mut driver = log(eventful(), width, height);
        driver.press("/bob");
        driver
    };
    insta::assert_snapshot!(pictures(of));
}

#[test]
fn pictures_of_an_empty_log() {
    insta::assert_snapshot!(pictures(|width, height| log(numbered(0..0), width, height)));
}

#[test]
fn styles_in_the_four_themes() {
    let styles = |theme| {
        let viewer = mailroot::dashboard::Viewer { colors: Colors::True, ..viewer(Role::Admin) };
        let preferences = Preferences { theme, ..preferences() };
        let mut driver = Driver::with(viewer, eventful(), 80, 24, &preferences);
        format!("== {theme:?}\n{}\n", driver.press("/bob<Enter>k").styles())
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

#[test]
fn a_terminal_of_ascii_shows_ascii() {
    let mut viewer = viewer(Role::Admin);
    viewer.ascii = true;
    let mut snapshot = eventful();
    let mut records = snapshot.log.records.clone();
    records.remove(0);
    snapshot.log = Arc::new(LogTail { first: 1, records });
    let mut driver = Driver::with(viewer, snapshot, 80, 24, &preferences());
    let screen = driver.press("&!nothing<Enter>/bob<Enter><Right>").screen();
    assert!(screen.is_ascii(), "{screen}");
    assert!(driver.press("<Esc><Esc><Esc><Enter>").screen().is_ascii());
}

#[test]
fn the_newest_line_is_followed_until_somebody_goes_up() {
    let mut driver = log(numbered(0..100), 80, 24);
    assert!(driver.screen().contains("ID00099") || driver.screen().contains("bob99@"), "{}", driver.screen());
    assert!(driver.screen().contains("following"));
    driver.see(numbered(0..110));
    assert!(driver.screen().contains("bob109@"));
    let before = driver.press("<PgUp>jj").screen();
    assert!(before.contains("not following"));
    let text = |screen: &str| screen.lines().filter(|line| line.contains("bob")).map(str::to_owned).collect::<Vec<_>>();
    driver.see(numbered(50..160));
    let after = driver.screen();
    assert_eq!(text(&before), text(&after), "the text moved");
    assert!(after.contains("50 new below"), "{after}");
    assert!(driver.press("F").screen().contains("following"));
    assert!(driver.screen().contains("bob159@"));
}

#[test]
fn whatever_leads_to_the_end_follows_again() {
    for keys in ["G", "<End>", "F", "<PgDn><PgDn><PgDn><PgDn><PgDn><PgDn><PgDn>", "<Down><Down><Down>"] {
        let mut driver = log(numbered(0..60), 80, 24);
        assert!(driver.press("kk").screen().contains("not following"));
        driver.press(keys).see(numbered(0..61));
        assert!(driver.screen().contains("bob60@"), "{keys}");
    }
}

#[test]
fn going_down_to_the_newest_line_alone_does_not_follow() {
    let mut driver = log(numbered(0..60), 80, 24);
    driver.press("kkjj").see(numbered(0..61));
    assert!(driver.screen().contains("1 new below"), "{}", driver.screen());
}

#[test]
fn a_selected_line_that_was_trimmed_gives_its_place_to_the_oldest() {
    let mut driver = log(numbered(0..100), 80, 24);
    driver.press("g").see(numbered(30..130));
    driver.press("y");
    assert!(matches!(&driver.take_effects()[..], [.., Effect::Copy(id)] if id == "ID00030"));
}

#[test]
fn the_cursor_is_on_the_selected_line() {
    let mut driver = log(numbered(0..5), 80, 24);
    let lines: Vec<_> = driver.screen().lines().map(str::to_owned).collect();
    let y = driver.cursor().y;
    assert!(lines[usize::from(y)].contains("bob4@"));
    assert_eq!(driver.press("kk").cursor().y, y - 2);
}

#[test]
fn a_filter_works_while_it_is_typed_and_its_chip_stays() {
    let mut driver = log(numbered(0..30), 80, 24);
    let screen = driver.press("&event:failed").screen();
    assert!(screen.contains("bob27@") && !screen.contains("bob28@"), "{screen}");
    assert!(driver.screen().contains("&event:failed (10)"));
    let screen = driver.press("<Enter>").screen();
    assert!(screen.contains("&event:failed (10)"), "{screen}");
    driver.see(numbered(0..34));
    assert!(driver.screen().contains("bob33@") && driver.screen().contains("&event:failed (12)"));
    assert!(driver.press("<Esc>").screen().contains("bob32@"), "Esc takes it away");
}

#[test]
fn what_is_wrong_with_a_filter_is_said_while_the_last_good_one_holds() {
    let mut driver = log(numbered(0..30), 80, 24);
    let screen = driver.press("&event:failed ").screen();
    assert!(!screen.contains("the log knows"));
    let screen = driver.press("state:x").screen();
    assert!(screen.contains("the log knows event: id:"), "{screen}");
    assert!(!screen.contains("bob28@"));
    assert!(driver.press("<Enter>x").screen().contains("state:xx"), "Enter does not take it");
    assert!(driver.press("<Esc>").screen().contains("bob28@"));
}

#[test]
fn esc_leaves_the_log_where_the_prompt_found_it() {
    for prompt in ["/bob3@", "&bob3@"] {
        let mut driver = log(numbered(0..100), 80, 24);
        let before = driver.press("<PgUp><PgUp>k").screen();
        assert_ne!(driver.press(prompt).screen(), before);
        assert_eq!(driver.press("<Esc>").screen(), before, "{prompt}");
    }
}

#[test]
fn a_search_goes_to_the_nearest_line_and_then_round() {
    let mut driver = log(numbered(0..30), 80, 24);
    let selected = |driver: &mut Driver| {
        driver.take_effects();
        match &driver.press("y").take_effects()[..] {
            [Effect::Copy(id)] => id.clone(),
            effects => panic!("{effects:?}"),
        }
    };
    driver.press("/FAILED");
    assert!(driver.screen().contains("/FAILED (10 of 10)"), "{}", driver.screen());
    driver.press("<Enter>");
    assert_eq!(selected(&mut driver), "ID00027");
    driver.press("N");
    assert_eq!(selected(&mut driver), "ID00024");
    driver.press("nn");
    assert!(driver.screen().contains("the search went on from the oldest line"), "{}", driver.screen());
    assert_eq!(selected(&mut driver), "ID00000");
    driver.press("N");
    assert!(driver.screen().contains("the search went on from the newest line"), "{}", driver.screen());
    assert_eq!(selected(&mut driver), "ID00027");
}

#[test]
fn a_text_that_is_nowhere_is_said_to_be_nowhere() {
    let mut driver = log(numbered(0..30), 80, 24);
    assert!(driver.press("/zebra").screen().contains("/zebra (0)"));
    assert!(driver.press("<Enter>n").screen().contains("no line has it"));
}

#[test]
fn esc_takes_away_first_the_message_then_the_search_then_the_filter() {
    let mut driver = log(numbered(0..30), 80, 24);
    driver.press("&event:failed<Enter>/bob<Enter>y");
    assert!(driver.screen().contains("copied ID00027"));
    let screen = driver.press("<Esc>").screen();
    assert!(!screen.contains("copied") && screen.contains("/bob") && screen.contains("&event"), "{screen}");
    let screen = driver.press("<Esc>").screen();
    assert!(!screen.contains("/bob") && screen.contains("&event"), "{screen}");
    assert!(!driver.press("<Esc>").screen().contains("&event"));
}

#[test]
fn columns_are_moved_sideways_and_stay_moved() {
    let mut driver = log(eventful(), 80, 24);
    assert!(!driver.screen().contains("192.0.2.40") || driver.screen().contains("from db01"));
    let screen = driver.press("<Right><Right>").screen();
    assert!(screen.contains("Sender") && screen.contains("Host"), "{screen}");
    driver.see(eventful());
    assert_eq!(driver.screen(), screen);
    assert!(driver.press("<Left><Left><Left>").screen().contains("Recipient"));
}

#[test]
fn a_history_tells_of_one_message_and_goes_on_while_it_is_open() {
    let mut driver = log(eventful(), 120, 40);
    let screen = driver.press("<Enter>").screen();
    for said in ["Message 0JX4K01A", "451 4.7.1 Greylisted, try again later", "attempt 1, after 1s", "by alice", "db01"]
    {
        assert!(screen.contains(said), "{said}\n{screen}");
    }
    let mut later = eventful();
    let mut records = later.log.records.clone();
    let mut released = Record::new(fixtures::NOW, Event::Released, "0JX4K01A");
    released.actor = Some("bob the admin".to_owned());
    records.drain(..5);
    records.push(Arc::new(released));
    later.log = Arc::new(LogTail { first: 5, records });
    let screen = driver.see(later).screen();
    assert!(screen.contains("by bob the admin"), "{screen}");
    assert!(screen.contains("4.1 KB"), "what the log no longer has stays\n{screen}");
}

#[test]
fn a_history_that_is_cut_says_where_the_rest_is() {
    let mut driver = log(numbered(7..9), 80, 24);
    assert!(driver.press("<Enter>").screen().contains("What happened before is in the files below"));
}

#[test]
fn a_history_is_copied_filtered_and_left_for_the_queue() {
    let mut driver = log(eventful(), 120, 40);
    driver.take_effects();
    assert!(matches!(&driver.press("<Enter>y").take_effects()[..], [Effect::Copy(id)] if id == "0JX4K01A"));
    let effects = driver.press("Y").take_effects();
    let [Effect::Copy(lines)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(lines.lines().count(), 4);
    assert!(lines.lines().all(|line| line.contains("id=0JX4K01A")), "{lines}");
    let screen = driver.press("f").screen();
    assert!(screen.contains("&id:0JX4K01A (4)") && !screen.contains("carol@"), "{screen}");
    driver.press("<Enter>o");
    assert_eq!(driver.model.preferences().pane, PaneId::Queue);
}

#[test]
fn a_line_about_no_message_is_told_alone() {
    let mut driver = log(eventful(), 120, 40);
    let screen = driver.press("gj<Enter>").screen();
    assert!(screen.contains("One line") && screen.contains("[203.0.113.9]"), "{screen}");
    let screen = driver.press("<Esc>o").screen();
    assert!(screen.contains("about no message of the queue"), "{screen}");
}

#[test]
fn the_line_is_copied_as_it_stands_in_the_file() {
    let snapshot = eventful();
    let line = snapshot.log.records.last().unwrap().to_string();
    let mut driver = log(snapshot, 80, 24);
    driver.take_effects();
    assert!(matches!(&driver.press("Y").take_effects()[..], [Effect::Copy(text)] if *text == line));
}

#[test]
fn a_click_selects_and_a_second_one_opens() {
    let mut driver = log(numbered(0..10), 80, 24);
    let y = driver.screen().lines().position(|line| line.contains("bob4@")).unwrap();
    let y = u16::try_from(y).unwrap();
    assert_eq!(driver.mouse(MouseKind::Click, 5, y).cursor().y, y);
    assert!(!driver.screen().contains("Message"));
    assert!(driver.mouse(MouseKind::Click, 5, y).screen().contains("Message ID00004"));
}

#[test]
fn a_message_beyond_the_memory_is_no_reason_to_be_silent() {
    let screen = log(numbered(0..0), 80, 24).screen();
    assert!(screen.contains("Nothing has happened since the start"), "{screen}");
    assert!(screen.contains("/srv/mailroot/mailroot/Log"), "{screen}");
}

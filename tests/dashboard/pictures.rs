//! Pictures of what surrounds the panes, at five sizes, in four themes, in ASCII, and with wide characters.

use std::sync::Arc;

use mailroot::dashboard::{Answer, Colors, Mode, MouseKind, PaneId, Preferences, ThemeName, Viewer};
use mailroot::engine::{EngineState, Role, Snapshot};

use super::driver::{self, Driver, viewer};
use super::fixtures;

/// The log, which fills the screen, after some keys.
fn after(keys: &str, viewer: Viewer, snapshot: Snapshot, (width, height): (u16, u16)) -> Driver {
    let preferences = Preferences { pane: PaneId::Log, zoomed: true, ..Preferences::default() };
    let mut driver = Driver::with(viewer, snapshot, width, height, &preferences);
    driver.press(keys);
    driver
}

/// One picture for each size.
fn pictures(keys: &str, snapshot: &Snapshot) -> String {
    driver::pictures(|width, height| after(keys, viewer(Role::Admin), snapshot.clone(), (width, height)))
}

/// A relay that is paused, with little disk left, problems and warnings.
fn troubled() -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.state = EngineState::Paused;
    snapshot.disk = Some(mailroot::engine::view::Disk { free: 900_000_000, total: 250_000_000_000 });
    snapshot.problems = Arc::new([
        "the delivery log cannot be written: No space left on device (os error 28)".to_owned(),
        "config/mailroot.toml:12: general.listen: address already in use".to_owned(),
    ]);
    snapshot.warnings = Arc::new(["0.0.0.0:2525 listens beyond this machine, and access.relay admits all".to_owned()]);
    snapshot
}

/// A relay that nobody has set up.
fn bare() -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    let mut settings = mailroot::config::Settings::defaults(std::path::Path::new("/srv/mailroot"));
    settings.general.hostname = "relay.corp.example".parse().unwrap();
    snapshot.settings = Arc::new(settings);
    snapshot
}

#[test]
fn the_help() {
    insta::assert_snapshot!(pictures("?", &fixtures::snapshot()));
}

#[test]
fn the_help_as_it_is_searched() {
    insta::assert_snapshot!(pictures("?copy", &fixtures::snapshot()));
}

#[test]
fn the_palette() {
    insta::assert_snapshot!(pictures(":", &fixtures::snapshot()));
}

#[test]
fn the_messages() {
    insta::assert_snapshot!(pictures("ttymM", &fixtures::snapshot()));
}

#[test]
fn the_question_before_leaving() {
    insta::assert_snapshot!(pictures("q", &fixtures::snapshot()));
}

#[test]
fn what_needs_a_person() {
    insta::assert_snapshot!(pictures("!", &troubled()));
}

#[test]
fn a_message_on_the_bottom_line() {
    insta::assert_snapshot!(pictures("n", &troubled()));
}

#[test]
fn a_relay_that_nobody_has_set_up() {
    insta::assert_snapshot!(pictures("", &bare()));
}

#[test]
fn all_panes_in_sight() {
    let picture = |(width, height, focus)| {
        let preferences = Preferences { pane: focus, ..Preferences::default() };
        let mut driver = Driver::with(viewer(Role::Admin), fixtures::snapshot(), width, height, &preferences);
        driver.answer(Answer::Page(fixtures::page()));
        format!("== {width}x{height} {focus:?}\n{}\n", driver.screen())
    };
    let sizes = [(120, 40, PaneId::Log), (120, 40, PaneId::Settings), (200, 60, PaneId::Log)];
    insta::assert_snapshot!(sizes.map(picture).join("\n"));
}

#[test]
fn only_ascii() {
    let ascii = || Viewer { ascii: true, ..viewer(Role::Admin) };
    let pictures = ["", "?", ":", "q", "p+"].map(|keys| after(keys, ascii(), fixtures::snapshot(), (80, 24)).screen());
    for picture in &pictures {
        assert!(picture.is_ascii(), "{picture}");
    }
    let mut framed = Driver::with(
        ascii(),
        fixtures::snapshot(),
        120,
        40,
        &Preferences { pane: PaneId::Log, ..Preferences::default() },
    );
    assert!(framed.screen().replace("名前@例え.example", "").is_ascii(), "{}", framed.screen());
    insta::assert_snapshot!(pictures.join("\n\n"));
}

#[test]
fn wide_characters_keep_the_columns_straight() {
    let mut snapshot = fixtures::snapshot();
    let wide = [
        "名前@例え.example",
        "한글@example.com",
        "👍👍🏽@example.com",
        "e\u{301}a\u{308}@example.com",
        "ＦＵＬＬ@example.com",
    ];
    let mut log = mailroot::engine::LogTail::clone(&snapshot.log);
    for (record, address) in log.records.iter_mut().zip(wide) {
        let record = Arc::make_mut(record);
        record.recipient = Some(address.to_owned());
        record.reply = Some(format!("550 {}", address.repeat(3)));
    }
    snapshot.log = Arc::new(log);
    let mut driver = after("", viewer(Role::Admin), snapshot, (80, 24));
    let buffer = driver.buffer();
    for y in 5..9 {
        assert_eq!(buffer[(47, y)].symbol(), " ", "the gap before the replies, row {y}");
        assert_eq!(buffer[(48, y)].symbol(), "5", "the replies begin in one column, row {y}");
    }
    insta::assert_snapshot!(driver.screen());
}

#[test]
fn the_frame_in_the_four_themes() {
    let styles = |theme| {
        let colors = |colors| Viewer { colors, ..viewer(Role::Observer) };
        let styles = [Colors::Ansi, Colors::Indexed, Colors::True].map(|depth| {
            let preferences = Preferences { pane: PaneId::Log, theme, zoomed: true, ..Preferences::default() };
            let mut driver = Driver::with(colors(depth), troubled(), 80, 24, &preferences);
            format!("== {theme:?} in {depth:?}\n{}\n", driver.press(":pause").styles())
        });
        styles.join("\n")
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

#[test]
fn where_there_are_no_colours_there_are_none() {
    for theme in ThemeName::ALL {
        let viewer = Viewer { colors: Colors::Mono, ..viewer(Role::Admin) };
        let preferences = Preferences { theme, ..Preferences::default() };
        let mut driver = Driver::with(viewer, troubled(), 120, 40, &preferences);
        let reset = ratatui::style::Color::Reset;
        let buffer = driver.press("?").buffer();
        assert!(buffer.content.iter().all(|cell| cell.fg == reset && cell.bg == reset), "{theme:?}");
    }
}

#[test]
fn a_click_on_a_tab_goes_to_its_pane() {
    let mut driver = after("", viewer(Role::Admin), fixtures::snapshot(), (80, 24));
    let tabs = driver.screen().lines().position(|line| line.contains("1 Sessions")).unwrap();
    let line = driver.screen().lines().nth(tabs).unwrap().to_owned();
    for (pane, name) in PaneId::ALL.into_iter().zip(["Sessions", "Queue", "Log", "Settings"]) {
        let x = line.find(name).unwrap();
        driver.mouse(MouseKind::Click, u16::try_from(x).unwrap(), u16::try_from(tabs).unwrap());
        assert_eq!(driver.model.preferences().pane, pane);
    }
}

#[test]
fn a_click_on_a_pane_gives_it_the_keys() {
    let mut driver = Driver::new(120, 40);
    let screen = driver.screen();
    let y = screen.lines().position(|line| line.contains("3 Log")).unwrap();
    driver.mouse(MouseKind::Click, 60, u16::try_from(y + 2).unwrap());
    assert_eq!(driver.model.preferences().pane, PaneId::Log);
}

#[test]
fn the_wheel_turns_the_pane_under_it_and_leaves_the_keys_where_they_are() {
    let mut driver = Driver::new(120, 40);
    let y = driver.screen().lines().position(|line| line.contains("3 Log")).unwrap();
    assert!(driver.screen().contains("following"));
    driver.mouse(MouseKind::WheelUp, 60, u16::try_from(y + 2).unwrap());
    assert!(driver.screen().contains("not following"), "{}", driver.screen());
    assert_eq!(driver.model.preferences().pane, PaneId::Queue);
}

#[test]
fn the_mouse_does_nothing_under_an_overlay() {
    let mut driver = after("?", viewer(Role::Admin), fixtures::snapshot(), (80, 24));
    let before = driver.screen();
    assert_eq!(driver.mouse(MouseKind::Click, 3, 2).screen(), before);
}

#[test]
fn leaving_says_what_it_means_for_each_kind_of_viewer() {
    let leaves = |mode| {
        let viewer = Viewer { mode, ..viewer(Role::Observer) };
        let mut driver = after("", viewer, fixtures::snapshot(), (80, 24));
        driver.take_effects();
        !driver.press("q").take_effects().is_empty()
    };
    assert_eq!([Mode::Run, Mode::Demo, Mode::Attached].map(leaves), [false, true, true]);
}

//! The dialogue of a session: told, followed, searched, copied, ended.

use mailroot::clock::Timestamp;
use mailroot::dashboard::{Answer, Colors, Effect, Input, Msg, PaneId, Preferences, ThemeName, Viewer};
use mailroot::engine::{Command, Role, TranscriptEvent};
use mailroot::ledger::Side::{self, Client, Server};
use ratatui::layout::Size;

use super::driver::{Driver, pictures, viewer};
use super::fixtures;

/// The session at the top of the usual pane.
const ID: u64 = 21;

fn preferences() -> Preferences {
    Preferences { pane: PaneId::Sessions, zoomed: true, ..Preferences::default() }
}

/// The transcript of the first session, with nothing told so far.
fn watched(role: Role, width: u16, height: u16) -> Driver {
    let mut driver = Driver::with(viewer(role), fixtures::snapshot(), width, height, &preferences());
    driver.press("<Enter>");
    driver
}

fn tell(driver: &mut Driver, event: TranscriptEvent) {
    driver.answer(Answer::Transcript(ID, Some(event)));
}

fn say(driver: &mut Driver, side: Side, text: &str) {
    tell(driver, TranscriptEvent::Line { side, text: text.to_owned(), at: fixtures::NOW });
}

fn dialogue(driver: &mut Driver) {
    for (number, event) in (0..).zip(fixtures::transcript()) {
        tell(driver, at(event, fixtures::NOW.as_unix() + number));
    }
}

fn at(event: TranscriptEvent, second: i64) -> TranscriptEvent {
    let at = Timestamp::from_unix(second);
    match event {
        TranscriptEvent::Line { side, text, .. } => TranscriptEvent::Line { side, text, at },
        TranscriptEvent::Remark { text, .. } => TranscriptEvent::Remark { text, at },
        missed @ TranscriptEvent::Missed { .. } => missed,
    }
}

/// A transcript of many lines at 80x24: `250 line 0` and so on.
fn long(lines: usize) -> Driver {
    let mut driver = watched(Role::Admin, 80, 24);
    for line in 0..lines {
        say(&mut driver, Server, &format!("250 line {line}"));
    }
    driver
}

#[test]
fn pictures_of_a_transcript() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = watched(Role::Admin, width, height);
        dialogue(&mut driver);
        driver
    }));
}

#[test]
fn pictures_of_a_search_in_a_session_that_ended() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = watched(Role::Admin, width, height);
        tell(&mut driver, TranscriptEvent::Missed { lines: 12 });
        dialogue(&mut driver);
        driver.answer(Answer::Transcript(ID, None)).press("/relay");
        driver
    }));
}

#[test]
fn styles_in_the_four_themes() {
    let styles = |theme| {
        let viewer = Viewer { colors: Colors::True, ..viewer(Role::Admin) };
        let preferences = Preferences { theme, ..preferences() };
        let mut driver = Driver::with(viewer, fixtures::snapshot(), 80, 24, &preferences);
        driver.press("<Enter>");
        dialogue(&mut driver);
        format!("== {theme:?}\n{}\n", driver.press("/bob<Enter>").styles())
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

#[test]
fn opening_it_watches_the_session_and_closing_it_ends_that() {
    let mut driver = watched(Role::Observer, 80, 24);
    assert!(matches!(driver.take_effects()[..], [.., Effect::WatchSession(ID)]));
    assert!(matches!(driver.press("<Esc>").take_effects()[..], [Effect::UnwatchSession]));
    driver.press("<Enter>").take_effects();
    assert!(matches!(driver.press("f").take_effects()[..], [Effect::UnwatchSession]), "also where the log follows");
    assert!(driver.screen().contains("client:192.0.2.40"));
}

#[test]
fn what_is_told_of_another_session_is_not_shown() {
    let mut driver = watched(Role::Admin, 80, 24);
    let event = TranscriptEvent::Line { side: Client, text: "EHLO other".to_owned(), at: fixtures::NOW };
    driver.answer(Answer::Transcript(99, Some(event))).answer(Answer::Transcript(99, None));
    assert!(!driver.screen().contains("other") && driver.screen().contains("following"));
}

#[test]
fn the_newest_is_followed_and_what_was_scrolled_to_stays() {
    let mut driver = long(100);
    assert!(driver.screen().contains("line 99") && driver.screen().contains("following"));
    driver.press("<PgUp>");
    let before = driver.screen();
    assert!(before.contains("standing still, 18 lines below; End follows"), "{before}");
    say(&mut driver, Server, "250 newer");
    assert_eq!(driver.screen(), before.replace("18 lines", "19 lines"));
    for resume in ["<End>", "F", "G", "<PgDn><PgDn>"] {
        driver.press("g");
        assert!(driver.screen().contains("line 0") && !driver.screen().contains("newer"));
        driver.press(resume);
        if resume != "<PgDn><PgDn>" {
            assert!(driver.screen().contains("250 newer") && driver.screen().contains("following"), "{resume}");
        }
    }
}

#[test]
fn the_end_of_the_session_is_said_and_its_dialogue_stays_readable() {
    let mut driver = long(5);
    driver.answer(Answer::Transcript(ID, None)).answer(Answer::Transcript(ID, None));
    let mut snapshot = fixtures::snapshot();
    snapshot.sessions = snapshot.sessions[..1].into();
    driver.see(snapshot);
    let screen = driver.screen();
    assert!(screen.contains("line 4") && screen.contains("the session has ended; Esc closes"), "{screen}");
    assert_eq!(screen.matches("-- the session has ended").count(), 1);
    assert!(screen.contains("ended, db01, TLS no, 212 messages"));
    driver.take_effects();
    assert!(driver.press("x").screen().contains("the session has ended"));
    assert!(driver.take_effects().is_empty());
}

#[test]
fn why_there_is_nothing_to_watch_is_said() {
    let mut driver = watched(Role::Admin, 80, 24);
    driver.answer(Answer::NoTranscript(ID, "there is no session 21".to_owned()));
    assert!(driver.screen().contains("!! there is no session 21"), "{}", driver.screen());
}

#[test]
fn lines_that_were_missed_are_counted() {
    let mut driver = long(1);
    tell(&mut driver, TranscriptEvent::Missed { lines: 37 });
    assert!(driver.screen().contains("37 lines missed"));
}

#[test]
fn a_search_marks_what_it_finds_and_goes_from_one_to_the_next() {
    let mut driver = long(100);
    driver.press("/LINE 42");
    assert!(driver.press("<Enter>").screen().contains("line 42"));
    let cursor = driver.cursor();
    let line = driver.screen().lines().nth(usize::from(cursor.y)).unwrap().to_owned();
    assert!(line.contains("250 line 42"), "the cursor is on it: {line}");
    driver.press("/line 9<Enter>").press("n");
    assert!(driver.screen().contains("line 9 "), "around the end: {}", driver.screen());
    driver.press("N");
    assert!(driver.screen().contains("line 99"));
    assert!(driver.press("<Esc>/nowhere<Enter>").screen().contains("no line has it"));
    driver.press("<Esc><Esc>");
    assert!(!driver.screen().contains("Session 21"), "a search is taken away first, then the transcript");
}

#[test]
fn only_the_newest_two_thousand_lines_are_kept() {
    let mut driver = long(2500);
    driver.press("g");
    assert!(driver.screen().contains("250 line 500 "), "{}", driver.screen());
}

#[test]
fn what_is_in_sight_is_copied() {
    let mut driver = long(100);
    driver.take_effects();
    let effects = driver.press("y").take_effects();
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0], lines[18]), (19, "11:15:03 S: 250 line 81", "11:15:03 S: 250 line 99"));
}

#[test]
fn a_session_is_closed_from_its_transcript_by_those_who_may() {
    for (role, is_allowed) in [(Role::Observer, false), (Role::Operator, true), (Role::Admin, true)] {
        let mut driver = watched(role, 80, 24);
        driver.take_effects();
        let effects = driver.press("x").take_effects();
        let is_closed = matches!(effects[..], [Effect::Execute(_, Command::CloseSession { id: ID })]);
        assert_eq!(is_closed, is_allowed, "{role}");
        let said = driver.screen().contains("this needs the role operator; you are observer");
        assert_eq!(said, !is_allowed, "{role}");
    }
    let mut driver = Driver::with(viewer(Role::Admin), fixtures::snapshot(), 80, 24, &preferences());
    driver.press("j<Enter>").take_effects();
    assert!(driver.press("x").screen().contains("Close this session?"));
    assert!(matches!(driver.press("y").take_effects()[..], [Effect::Execute(_, Command::CloseSession { id: 22 })]));
    assert!(driver.screen().contains("Session 22"), "the transcript shows how it ends");
}

#[test]
fn a_stranger_cannot_write_past_the_transcript() {
    let hostile = [
        "\x1b[2J\x1b[1;1H",
        "\u{202e}\u{2066}moc.live",
        "\r\n250 forged",
        "a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    ];
    let mut driver = watched(Role::Admin, 80, 24);
    for text in hostile {
        say(&mut driver, Client, text);
        tell(&mut driver, TranscriptEvent::Remark { text: text.to_owned(), at: fixtures::NOW });
    }
    say(&mut driver, Server, &"漢👩‍👧".repeat(200));
    for (width, height) in [(80, 24), (40, 12), (41, 15), (200, 60)] {
        driver.send(Msg::Input(Input::Resize(Size::new(width, height))));
        for keys in ["", "/0<Enter>", "n", "k", "g"] {
            let screen = driver.press(keys).screen();
            let is_raw = |c: char| {
                c != '\n' && (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
            };
            assert!(!screen.contains(is_raw), "{screen:?}");
        }
    }
    driver.take_effects();
    let effects = driver.press("y").take_effects();
    let [Effect::Copy(text)] = &effects[..] else { panic!("{effects:?}") };
    assert!(!text.replace('\n', "").contains(char::is_control));
}

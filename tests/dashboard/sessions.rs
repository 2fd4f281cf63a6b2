//! The pane of the sessions: rows, sorting, filter, selection, closing.

use std::sync::Arc;
use std::time::Duration;

use mailroot::dashboard::{Colors, Effect, MouseKind, PaneId, Preferences, SessionSort, ThemeName, Viewer};
use mailroot::engine::{Command, EngineState, Role, Snapshot};
use mailroot::ledger::{Activity, Direction, SessionSnapshot};

use super::driver::{Driver, pictures, viewer};
use super::fixtures;

fn preferences() -> Preferences {
    Preferences { pane: PaneId::Sessions, zoomed: true, ..Preferences::default() }
}

fn sessions(snapshot: Snapshot, width: u16, height: u16) -> Driver {
    Driver::with(viewer(Role::Admin), snapshot, width, height, &preferences())
}

/// The usual sessions at 80 columns: from the top those with the ids 21, 22, 17, 23, 24.
fn usual() -> Driver {
    sessions(fixtures::snapshot(), 80, 24)
}

/// The usual snapshot some seconds later, with its sessions changed.
fn later(seconds: u64, change: impl FnOnce(&mut Vec<SessionSnapshot>)) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.time = snapshot.time.plus(Duration::from_secs(seconds));
    let mut sessions = snapshot.sessions.to_vec();
    for session in &mut sessions {
        session.age += Duration::from_secs(seconds);
    }
    change(&mut sessions);
    snapshot.sessions = sessions.into();
    snapshot
}

/// The peers of the rows, from the top; the selected one in brackets.
fn rows(driver: &mut Driver) -> Vec<String> {
    let cursor = driver.cursor();
    let screen = driver.screen();
    let lines =
        screen.lines().enumerate().filter(|(_, line)| line.starts_with("  ↓ in ") || line.starts_with("  ↑ out "));
    let peer = |(y, line): (usize, &str)| {
        let peer = line.split_whitespace().nth(2).unwrap().to_owned();
        if y == usize::from(cursor.y) { format!("[{peer}]") } else { peer }
    };
    lines.map(peer).collect()
}

fn closed(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(|effect| match effect {
        Effect::Execute(_, Command::CloseSession { id }) => Some(*id),
        _ => None,
    })
}

#[test]
fn pictures_of_the_sessions() {
    insta::assert_snapshot!(pictures(|width, height| {
        let snapshot = later(5, |sessions| {
            sessions[0].bytes += 900_000;
            sessions[2].user = Some("alice".into());
            sessions[2].encryption =
                Some(mailroot::tls::Session { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384" });
        });
        let mut driver = sessions(fixtures::snapshot(), width, height);
        driver.see(later(2, |_| {})).see(later(4, |_| {})).see(snapshot);
        driver
    }));
}

#[test]
fn pictures_of_nobody() {
    insta::assert_snapshot!(pictures(|width, height| sessions(later(0, Vec::clear), width, height)));
}

#[test]
fn pictures_of_a_filter_with_an_error() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = sessions(fixtures::snapshot(), width, height);
        driver.press("/dir:in from:bob");
        driver
    }));
}

#[test]
fn pictures_of_a_question_before_closing() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = sessions(fixtures::snapshot(), width, height);
        driver.press("jjx");
        driver
    }));
}

#[test]
fn pictures_of_the_sort() {
    insta::assert_snapshot!(pictures(|width, height| {
        let mut driver = sessions(fixtures::snapshot(), width, height);
        driver.press("s");
        driver
    }));
}

#[test]
fn styles_in_the_four_themes() {
    let styles = |theme| {
        let viewer = Viewer { colors: Colors::True, ..viewer(Role::Admin) };
        let preferences = Preferences { theme, ..preferences() };
        let mut driver = Driver::with(viewer, fixtures::snapshot(), 80, 24, &preferences);
        driver.see(later(1, |sessions| drop(sessions.remove(1))));
        format!("== {theme:?}\n{}\n", driver.press("j").styles())
    };
    insta::assert_snapshot!(ThemeName::ALL.map(styles).join("\n"));
}

#[test]
fn a_terminal_of_ascii_shows_ascii() {
    let viewer = Viewer { ascii: true, ..viewer(Role::Admin) };
    let mut driver = Driver::with(viewer, fixtures::snapshot(), 120, 40, &preferences());
    assert!(driver.screen().is_ascii(), "{}", driver.screen());
    assert!(driver.press("s").screen().is_ascii());
    assert!(driver.press("<Esc><Enter>").screen().is_ascii());
}

#[test]
fn the_selection_is_a_session_and_stays_with_it_as_others_come_and_go() {
    let mut driver = usual();
    driver.press("jj");
    assert_eq!(rows(&mut driver)[2], "[192.0.2.17]");
    driver.see(later(1, |sessions| sessions.retain(|session| session.id == 17 || session.id > 22)));
    driver.see(later(5, |sessions| sessions.retain(|session| session.id == 17 || session.id > 22)));
    assert_eq!(rows(&mut driver), ["[192.0.2.17]", "198.51.100.26", "2001:db8::9"]);
}

#[test]
fn when_the_selected_session_is_gone_the_row_that_took_its_place_is_selected() {
    let mut driver = usual();
    driver.press("j");
    let without = |sessions: &mut Vec<SessionSnapshot>| sessions.retain(|session| session.id != 22);
    driver.see(later(1, without));
    assert_eq!(rows(&mut driver)[1], "[198.51.100.25]", "it stays a moment");
    driver.see(later(5, without));
    assert_eq!(rows(&mut driver)[1], "[192.0.2.17]");
    driver.press("x").see(later(6, without)).press("y");
    assert_eq!(closed(&driver.take_effects()), Some(17), "what is acted on is what was seen");
}

#[test]
fn an_ended_session_is_shown_for_three_seconds_and_can_no_longer_be_closed() {
    let mut driver = usual();
    let without = |sessions: &mut Vec<SessionSnapshot>| sessions.retain(|session| session.id != 21);
    driver.see(later(1, without));
    driver.take_effects();
    assert!(driver.screen().contains("db01               no   ended"), "{}", driver.screen());
    assert!(driver.press("x").screen().contains("the session has ended"));
    assert!(driver.press("<Enter>").take_effects().is_empty());
    driver.see(later(2, without));
    assert!(driver.screen().contains("ended"));
    assert!(!driver.see(later(3, without)).screen().contains("192.0.2.40"));
}

#[test]
fn what_ended_while_the_pane_was_out_of_sight_does_not_come_back() {
    let mut driver = usual();
    driver.press("2").see(later(60, Vec::clear)).press("1");
    assert!(driver.screen().contains("Nobody is connected"), "{}", driver.screen());
}

#[test]
fn a_flood_of_ended_sessions_does_not_bury_those_that_are_there() {
    let many = |sessions: &mut Vec<SessionSnapshot>| {
        let template = sessions[4].clone();
        sessions.extend((100..400).map(|id| SessionSnapshot { id, ..template.clone() }));
    };
    let mut driver = sessions(fixtures::snapshot(), 80, 60);
    driver.see(later(1, many)).see(later(2, |_| {}));
    assert_eq!(driver.screen().matches(" ended ").count(), 20);
}

#[test]
fn a_click_on_a_head_sorts_and_a_second_one_turns_the_order() {
    let mut driver = usual();
    let peers = |driver: &mut Driver| rows(driver).concat();
    let oldest_first = peers(&mut driver);
    driver.mouse(MouseKind::Click, 77, 3);
    assert!(driver.screen().contains("Age▲"), "{}", driver.screen());
    assert_eq!(rows(&mut driver)[0], "2001:db8::9");
    driver.mouse(MouseKind::Click, 77, 3);
    assert_eq!(peers(&mut driver), oldest_first);
    driver.mouse(MouseKind::Click, 10, 3);
    assert_eq!(rows(&mut driver)[0], "192.0.2.17", "addresses by number: {}", driver.screen());
}

#[test]
fn the_sort_is_chosen_by_keys_too() {
    let mut driver = usual();
    driver.press("sG<Up><Up><Enter>");
    assert!(driver.screen().contains("Bytes▼"), "{}", driver.screen());
    assert_eq!(rows(&mut driver)[0], "192.0.2.17");
    driver.press("s<Enter>");
    assert!(driver.screen().contains("Bytes▲"));
}

#[test]
fn the_sort_is_found_again_the_next_time() {
    let mut driver = usual();
    driver.press("sg<Enter>");
    let preferences = driver.model.preferences();
    assert_eq!((preferences.sessions.sort, preferences.sessions.descending), (SessionSort::Direction, false));
    let mut again = Driver::with(viewer(Role::Admin), fixtures::snapshot(), 80, 24, &preferences);
    assert!(again.screen().contains("Dir▲"), "{}", again.screen());
}

#[test]
fn a_click_selects_and_another_one_opens_the_dialogue() {
    let mut driver = usual();
    driver.take_effects();
    driver.mouse(MouseKind::Click, 10, 6);
    assert_eq!(rows(&mut driver)[2], "[192.0.2.17]");
    assert!(driver.take_effects().is_empty());
    driver.mouse(MouseKind::Click, 10, 6);
    assert!(matches!(driver.take_effects()[..], [Effect::WatchSession(17)]));
}

#[test]
fn a_filter_works_while_it_is_typed_and_escape_takes_it_away() {
    let mut driver = usual();
    driver.press("/scan");
    assert_eq!(rows(&mut driver).len(), 1);
    driver.press("<Enter>");
    assert!(driver.screen().contains("/scan"), "the chip");
    driver.press("<Esc>");
    assert_eq!(rows(&mut driver).len(), 5);
    assert!(driver.press("/nowhere<Enter>").screen().contains("No session matches the filter; Esc clears it"));
}

#[test]
fn closing_asks_only_where_a_message_is_under_way_and_says_what_becomes_of_it() {
    let mut driver = usual();
    driver.take_effects();
    assert_eq!(closed(&driver.press("x").take_effects()), Some(21), "between messages nothing is at stake");
    let screen = driver.press("jx").screen();
    assert!(screen.contains("The message stays in the queue and is tried again"), "{screen}");
    assert!(driver.take_effects().is_empty());
    assert_eq!(closed(&driver.press("y").take_effects()), Some(22));
    assert!(driver.press("jx").screen().contains("The client has no 250 for it"));
    assert!(driver.press("<Enter>").take_effects().is_empty(), "the answer is no unless it is yes");
    driver.see(later(0, |sessions| sessions[0].activity = Activity::Committing));
    assert!(driver.press("x").screen().contains("The client sees no 250"));
}

#[test]
fn the_log_is_shown_with_what_it_has_of_the_peer() {
    assert!(usual().press("f").screen().contains("client:192.0.2.40"));
    let mut driver = usual();
    assert!(driver.press("jf").screen().contains("host:198.51.100.25"), "{}", driver.screen());
    assert!(driver.screen().contains("250 2.0.0 Ok: queued as 9F2"));
}

#[test]
fn address_and_row_are_copied() {
    let mut driver = usual();
    driver.take_effects();
    let copied = |driver: &mut Driver, keys: &str| match &driver.press(keys).take_effects()[..] {
        [Effect::Copy(text)] => text.clone(),
        effects => panic!("{effects:?}"),
    };
    assert_eq!(copied(&mut driver, "y"), "192.0.2.40");
    assert_eq!(copied(&mut driver, "Y"), "inbound 192.0.2.40:41810 db01 idle 212 messages, 793 KB, 1h02");
}

#[test]
fn where_there_is_no_room_for_names_a_server_is_shown_by_its_name() {
    let screen = sessions(fixtures::snapshot(), 40, 15).screen();
    assert!(screen.contains("↑ out smtp.provider.… envelope") && screen.contains("↓ in  192.0.2.40"), "{screen}");
}

#[test]
fn the_rate_is_that_of_the_last_seconds() {
    let mut driver = sessions(fixtures::snapshot(), 120, 40);
    let step = |seconds: u64| later(seconds, move |sessions| sessions[0].bytes += seconds * 102_400);
    assert!(!driver.screen().contains("/s  1h02"), "nothing is known yet");
    driver.see(step(2)).see(step(4));
    assert!(driver.screen().contains("100 KB/s"), "{}", driver.screen());
}

#[test]
fn an_observer_may_look_but_not_close() {
    for (role, is_allowed) in [(Role::Observer, false), (Role::Operator, true), (Role::Admin, true)] {
        let mut driver = Driver::with(viewer(role), fixtures::snapshot(), 80, 24, &preferences());
        driver.take_effects();
        assert_eq!(closed(&driver.press("x").take_effects()).is_some(), is_allowed, "{role}");
        if !is_allowed {
            assert!(driver.screen().contains("this needs the role operator; you are observer"));
        }
        for keys in ["/a<Esc>", "s<Esc>", "y", "Y", "<Enter><Esc>", "f"] {
            driver.press("1<Esc>").press(keys);
            assert!(!driver.screen().contains("needs the role"), "{role} {keys}");
        }
    }
}

#[test]
fn without_sessions_every_key_says_so() {
    for key in ["<Enter>", "x", "f", "y", "Y"] {
        let mut driver = sessions(later(0, Vec::clear), 80, 24);
        assert!(driver.press(key).screen().contains("there is no session"), "{key}");
    }
}

#[test]
fn an_empty_pane_says_why_nobody_can_connect() {
    let mut snapshot = later(0, Vec::clear);
    snapshot.state = EngineState::Paused;
    assert!(sessions(snapshot.clone(), 80, 24).screen().contains("paused and refuses connections; P resumes it"));
    snapshot.state = EngineState::Running;
    snapshot.listeners = Arc::new([]);
    assert!(sessions(snapshot, 80, 24).screen().contains("general.listen"));
}

#[test]
fn what_a_stranger_calls_itself_never_appears_raw() {
    let hostile = [
        "\x1b[2J\x1b]0;x\x07",
        "\u{202e}gpj.exe",
        "漢字漢字漢字漢字漢字漢字漢字漢字",
        "👩‍👩‍👧‍👦 e\u{301}\u{301}",
        &"x".repeat(1 << 20),
    ];
    for name in hostile {
        let mut driver = sessions(fixtures::snapshot(), 80, 24);
        driver.see(later(1, |sessions| {
            for session in sessions {
                (session.name, session.user) = (Some(name.into()), Some(name.into()));
            }
        }));
        for keys in ["", "x", "<Esc><Enter>", "<Esc>Y"] {
            let screen = driver.press(keys).screen();
            let is_raw = |c: char| {
                c != '\n' && (c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'))
            };
            assert!(!screen.contains(is_raw), "{screen:?}");
        }
        let copied = driver.take_effects().into_iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        });
        assert!(!copied.unwrap().contains(char::is_control));
    }
}

#[test]
fn a_busy_relay_shows_the_last_row_and_keeps_the_cursor_in_sight() {
    let many = |sessions: &mut Vec<SessionSnapshot>| {
        let template = sessions[4].clone();
        sessions.extend((100..10_100).map(|id| SessionSnapshot {
            id,
            direction: Direction::Outbound,
            ..template.clone()
        }));
    };
    let mut driver = sessions(later(0, many), 80, 24);
    driver.press("G");
    assert_eq!(driver.cursor().y, 22);
    assert!(driver.screen().contains("3 in, 10 002 out"));
}

//! What becomes of the terminal: while the program runs, and above all afterwards.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::client::Client;
use crate::pty::{Site, Terminal};

const USUAL: (u16, u16) = (80, 24);
const PANES: &str = "Sessions";

/// As it was before the program came.
#[track_caller]
pub(crate) fn assert_is_sane(terminal: &Terminal) {
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "the alternate screen was left");
    assert!(!screen.hide_cursor(), "the cursor is shown");
    assert!(!screen.bracketed_paste(), "pastes are not marked");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is not reported");
    assert!(terminal.is_cooked(), "lines are edited and echoed");
}

#[test]
fn the_dashboard_fills_the_terminal_and_leaves_it_as_it_was() {
    let site = Site::new();
    let mut terminal = site.start(&[], USUAL);
    let screen = terminal.wait_for_text(PANES);
    assert!(screen.alternate_screen());
    assert!(screen.bracketed_paste());
    assert!(!terminal.is_cooked());
    terminal.press("q");
    terminal.wait_for_text("Stop the relay?");
    terminal.press("<Tab><Enter>");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_for_text("the relay has stopped; no message waits");
    assert_is_sane(&terminal);
}

#[test]
fn a_resize_at_any_moment_is_drawn_and_smaller_says_so() {
    let site = Site::new();
    let terminal = site.start(&["run"], USUAL);
    terminal.wait_for_text(PANES);
    terminal.resize((20, 5));
    terminal.wait_for("the size it needs", |screen| screen.contents().starts_with("terminal too small"));
    for width in 21..60 {
        terminal.resize((width, width / 4));
    }
    terminal.resize((120, 40));
    let screen = terminal.wait_for_text(PANES);
    assert!(!screen.contents().contains("too small"));
    terminal.resize(USUAL);
    terminal.wait_for_text(PANES);
}

#[test]
fn a_signal_ends_the_viewer_first_and_leaves_a_sane_terminal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let site = Site::new();
        let mut terminal = site.start(&["run"], USUAL);
        terminal.wait_for_text(PANES);
        terminal.signal(signal);
        assert_eq!(terminal.wait_for_exit(), 0, "{signal:?}");
        terminal.wait_for_text("the relay has stopped");
        assert_is_sane(&terminal);
    }
}

#[test]
fn no_color_is_heeded_to_the_last_byte() {
    let site = Site::new();
    let coloured = site.start(&[], USUAL);
    coloured.wait_for_text(PANES);
    assert!(colours(&coloured.raw()) > 0, "else this test sees nothing");
    drop(coloured);
    let mut plain = site.start_with(&[], USUAL, &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    plain.wait_for_text(PANES);
    plain.press("?");
    plain.wait_for("another picture", |screen| screen.contents().contains("Help"));
    assert_eq!(colours(&plain.raw()), 0);
}

/// How many times a colour is set, other than back to the terminal's own.
fn colours(raw: &[u8]) -> usize {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        rest[end..].starts_with('m').then(|| &rest[..end])
    });
    let numbers = sequences.flat_map(|parameters| parameters.split([';', ':']));
    numbers.filter(|number| matches!(number.parse(), Ok(30..=38 | 40..=48 | 58 | 90..=107))).count()
}

#[test]
fn a_terminal_without_utf_8_gets_nothing_but_ascii() {
    let site = Site::new();
    let terminal = site.start_with(&[], USUAL, &[("LANG", "C"), ("TERM", "vt220")]);
    terminal.wait_for_text(PANES);
    assert!(terminal.raw().is_ascii());
}

#[test]
fn without_a_terminal_it_says_so_and_points_to_serve() {
    let site = Site::new();
    for arguments in [&[][..], &["run"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailroot"));
        let output = command.current_dir(site.path("")).args(arguments).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("needs a terminal") && said.contains("`mailroot serve`"), "{said}");
        assert!(output.stdout.is_empty());
    }
    let mut dumb = site.start_with(&[], USUAL, &[("TERM", "dumb")]);
    assert_eq!(dumb.wait_for_exit(), 1);
    dumb.wait_for_text("`mailroot serve`");
    assert!(!dumb.raw().contains(&0x1b));
}

#[test]
fn a_start_that_fails_is_a_sentence_on_the_normal_screen() {
    let site = Site::new();
    let running = site.start(&["run"], USUAL);
    running.wait_for_text(PANES);
    let mut second = site.start(&["run"], USUAL);
    assert_eq!(second.wait_for_exit(), 1);
    second.wait_for_text("mailroot: ");
    assert!(!second.raw().contains(&0x1b), "{}", second.screen().contents());
    assert!(second.is_cooked());
}

#[test]
fn ctrl_z_does_not_stop_the_relay() {
    let site = Site::new();
    let mut terminal = site.start(&["run"], USUAL);
    terminal.wait_for_text(PANES);
    terminal.press("<C-z>");
    terminal.press("q");
    terminal.wait_for_text("Stop the relay?");
}

#[test]
fn what_a_terminal_answers_is_not_typed() {
    let site = Site::new();
    let mut terminal = site.start(&["run"], USUAL);
    terminal.wait_for_text(PANES);
    // A q in an answer, in an answer that never ends and in a paste; then the key.
    terminal.send(b"\x1b]11;rgb:q/q/q\x1b\\\x1b[>0;276;0c\x1b_Gq\x1b\\\x1b[200~q\x1b[201~");
    terminal.press("?");
    let screen = terminal.wait_for_text("Help");
    assert!(!screen.contents().contains("Stop the relay?"));
}

/// Sends a message to a local mailbox and waits until it lies in Drop.
fn assert_mail_flows(site: &Site) {
    let mut client = Client::connect(site);
    assert!(client.say("HELO client.example").starts_with("250"));
    client.send("app@corp.example", "bob@relay.example", "Subject: still here\r\n\r\nHello.");
    let dropped = || std::fs::read_dir(site.path("mailroot/Drop")).is_ok_and(|mut files| files.next().is_some());
    while !dropped() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_dashboard_that_fails_gives_the_terminal_back_and_mail_flows_on() {
    let site = Site::new();
    let mut terminal = site.start(&["run", "--panic-key", "~"], USUAL);
    terminal.wait_for_text(PANES);
    terminal.press("~");
    terminal.wait_for_text("the relay goes on");
    assert_is_sane(&terminal);
    assert_mail_flows(&site);
    terminal.press("<C-c>");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_for_text("the relay has stopped; no message waits");
    let log = std::fs::read_dir(site.path("mailroot/Log")).unwrap();
    let logs = log.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect::<String>();
    assert!(logs.contains("the key ~ was pressed"), "{logs}");
}

#[test]
fn the_demonstration_moves_and_leaves_nothing_behind() {
    let site = Site::new();
    let folders = tempfile::tempdir().unwrap();
    let mut terminal = site.start_with(&["demo"], (120, 40), &[("TMPDIR", folders.path().to_str().unwrap())]);
    terminal.wait_for_text(PANES);
    terminal.wait_for("a session", |screen| screen.contents().contains("corp.example"));
    assert_eq!(std::fs::read_dir(folders.path()).unwrap().count(), 1);
    terminal.press("q");
    assert_eq!(terminal.wait_for_exit(), 0);
    terminal.wait_for_text("the demonstration is over");
    assert_is_sane(&terminal);
    assert_eq!(std::fs::read_dir(folders.path()).unwrap().count(), 0);
    assert!(!site.path("mailroot").exists());
}

//! A dashboard that joins a running engine, and whose end is nobody else's.

use rustix::process::Signal;

use crate::manners::assert_is_sane;
use crate::pty::{Site, Terminal};

const USUAL: (u16, u16) = (80, 24);
const PANES: &str = "1 Sessions  2 Queue";

fn engine(site: &Site) -> Terminal {
    let engine = site.start(&["serve"], USUAL);
    engine.wait_for_text("listens on");
    engine
}

fn is_running(site: &Site) -> bool {
    site.ask(&["status", "--json"])["state"] == "running"
}

#[test]
fn who_leaves_finds_the_terminal_as_it_was_and_the_engine_running() {
    let site = Site::new();
    let _engine = engine(&site);
    let mut viewer = site.start(&["attach"], USUAL);
    let screen = viewer.wait_for_text(PANES);
    assert!(screen.alternate_screen() && !viewer.is_cooked());
    viewer.press("q");
    assert_eq!(viewer.wait_for_exit(), 0);
    assert_is_sane(&viewer);
    assert!(is_running(&site));
}

#[test]
fn two_viewers_and_the_one_at_the_relay_have_each_their_own_view() {
    let site = Site::new();
    let mut at_home = site.start(&["run"], USUAL);
    at_home.wait_for_text(PANES);
    let (mut one, mut other) = (site.start(&["attach"], USUAL), site.start(&["attach"], (120, 40)));
    one.wait_for_text(PANES);
    other.wait_for_text("Sessions");
    one.press("4");
    one.wait_for_text("Fully-qualified domain name");
    at_home.press("3");
    at_home.wait_for_text("following");
    other.press("?");
    other.wait_for_text("Search:");
    assert!(one.screen().contents().contains("Fully-qualified domain name"));
    assert!(!one.screen().contents().contains("Search:"));
    one.press("P");
    // What one does is told to all.
    one.wait_for_text("Pause the server?");
    one.press("y");
    at_home.wait_for_text("paused");
}

#[test]
fn a_resize_reaches_the_engine_that_draws() {
    let site = Site::new();
    let _engine = engine(&site);
    let viewer = site.start(&["attach"], USUAL);
    viewer.wait_for_text(PANES);
    viewer.resize((20, 5));
    viewer.wait_for("the size it needs", |screen| screen.contents().starts_with("terminal too small"));
    viewer.resize((120, 40));
    viewer.wait_for("all panes", |screen| {
        ["Sessions", "Queue", "Log"].iter().all(|pane| screen.contents().contains(pane))
            && !screen.contents().contains("too small")
    });
}

#[test]
fn an_engine_that_stops_says_so_to_who_looks() {
    let site = Site::new();
    let mut engine = engine(&site);
    let mut viewer = site.start(&["attach"], USUAL);
    viewer.wait_for_text(PANES);
    engine.signal(Signal::TERM);
    viewer.wait_for_text("the relay stops");
    assert_eq!(viewer.wait_for_exit(), 0);
    assert_is_sane(&viewer);
    assert_eq!(engine.wait_for_exit(), 0);
}

#[test]
fn an_engine_that_is_killed_leaves_a_sane_terminal_and_a_sentence() {
    let site = Site::new();
    let engine = engine(&site);
    let mut viewer = site.start(&["attach"], USUAL);
    viewer.wait_for_text(PANES);
    engine.signal(Signal::KILL);
    viewer.wait_for_text("gone without a word");
    assert_eq!(viewer.wait_for_exit(), 1);
    assert_is_sane(&viewer);
}

#[test]
fn a_killed_viewer_leaves_its_place_to_the_next() {
    let site = Site::new();
    let _engine = engine(&site);
    let viewers: Vec<_> = (0..16).map(|_| site.start(&["attach"], (40, 15))).collect();
    for viewer in &viewers {
        viewer.wait_for_text("mailroot");
    }
    let mut refused = site.start(&["attach"], USUAL);
    refused.wait_for_text("16 people are looking already");
    assert_eq!(refused.wait_for_exit(), 1);
    assert!(!refused.raw().contains(&0x1b), "the terminal was not taken");
    viewers[0].signal(Signal::KILL);
    for _ in 0..100 {
        let mut next = site.start(&["attach"], USUAL);
        let came = next.wait_for("a place or none", |screen| {
            screen.contents().contains("people are looking") || screen.contents().contains(PANES)
        });
        if came.contents().contains(PANES) {
            return;
        }
        next.wait_for_exit();
    }
    panic!("the place was never free again");
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_the_dashboard() {
    let site = Site::new();
    let _engine = engine(&site);
    let mut shell = site.start_shell(USUAL);
    shell.press("mailroot attach<Enter>");
    shell.wait_for_text(PANES);
    shell.press("<C-z>");
    let screen = shell.wait_for_text("Stopped");
    assert!(!screen.alternate_screen() && shell.is_cooked());
    shell.press("fg<Enter>");
    shell.wait_for_text(PANES);
    shell.press("q");
    shell.wait_for("the shell", |screen| !screen.alternate_screen());
    assert!(is_running(&site));
}

#[test]
fn without_an_engine_or_a_terminal_it_is_a_sentence() {
    let site = Site::new();
    let mut viewer = site.start(&["attach"], USUAL);
    viewer.wait_for_text("no mailroot engine answers");
    assert_eq!(viewer.wait_for_exit(), 1);
    assert!(!viewer.raw().contains(&0x1b) && viewer.is_cooked());
}

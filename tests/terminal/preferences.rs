//! What a person finds again at the next start: theme, order, pane.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use vt100::{Color, Screen};

use crate::pty::{Site, Terminal};

const USUAL: (u16, u16) = (80, 24);
const FILE: &str = "mailroot/.state/dashboard-anna.toml";

fn leave(mut terminal: Terminal) {
    terminal.press("q");
    terminal.wait_for_text("Stop the relay?");
    terminal.press("<Tab><Enter>");
    assert_eq!(terminal.wait_for_exit(), 0);
}

fn has_colours(screen: &Screen) -> bool {
    let cells = (0..USUAL.1).flat_map(|row| (0..USUAL.0).map(move |column| (row, column)));
    cells.filter_map(|(row, column)| screen.cell(row, column)).any(|cell| cell.fgcolor() != Color::Default)
}

/// Whether the picker of the queue's order shows that it is sorted by size.
fn is_by_size(screen: &Screen) -> bool {
    screen.contents().contains("Sort by") && screen.rows(0, u16::MAX).any(|row| row.contains("Size ▲"))
}

#[test]
fn theme_and_order_come_back_at_the_next_start() {
    let site = Site::new();
    let mut terminal = site.start(&["run"], USUAL);
    terminal.wait_for("colours", |screen| screen.contents().contains("Sessions") && has_colours(screen));
    for theme in ["dark", "light", "mono"] {
        terminal.press("t");
        terminal.wait_for_text(&format!("theme: {theme}"));
    }
    terminal.press("2s");
    terminal.wait_for_text("Sort by");
    terminal.press("z");
    terminal.wait_for("the queue", |screen| !screen.contents().contains("Sort by"));
    leave(terminal);
    let mode = fs::metadata(site.path(FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut terminal = site.start(&["run"], USUAL);
    let screen = terminal.wait_for_text("Sessions");
    assert!(!has_colours(&screen), "the theme is mono");
    terminal.press("s");
    terminal.wait_for("the order", is_by_size);
}

#[test]
fn a_broken_file_is_a_line_in_the_log_and_the_defaults() {
    let site = Site::new();
    fs::create_dir_all(site.path("mailroot/.state")).unwrap();
    fs::write(site.path(FILE), "theme = \"plaid\"").unwrap();
    let terminal = site.start(&["run"], USUAL);
    terminal.wait_for("colours", |screen| screen.contents().contains("Sessions") && has_colours(screen));
    leave(terminal);
    let logs = fs::read_dir(site.path("mailroot/Log")).unwrap();
    let logs = logs.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect::<String>();
    assert!(logs.contains("cannot read the dashboard's preferences") && logs.contains("plaid"), "{logs}");
    assert_eq!(
        fs::read_to_string(site.path(FILE)).unwrap(),
        "theme = \"plaid\"",
        "what was not changed is not written"
    );
}

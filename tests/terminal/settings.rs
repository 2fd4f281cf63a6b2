//! The settings as a person edits them in the form: what clients see of it, and what becomes of the file.

use vt100::Screen;

use crate::client::Client;
use crate::pty::{Site, Terminal};

/// With comments wherever one can stand, and spaces nobody would write twice.
const FILE: &str = "\
# Anna's relay. Ask her before you touch it.

[general]
hostname   = \"relay.example\"   # as in DNS
listen = [
    \"127.0.0.1:0\", # for tests
]

[messages] # what is taken
# Two megabytes have always been enough.
max_message_size =  \"2048 KB\"   # announced by SIZE
max_recipients = 50

# The end.
";

/// The form with the cursor on the message size.
fn on_the_message_size(site: &Site) -> Terminal {
    let mut terminal = site.start(&["run"], (100, 30));
    terminal.wait_for_text("Sessions");
    terminal.press("4+]]");
    terminal.wait_for_text("messages.max_message_size");
    terminal
}

/// The row on which a text stands.
fn row_of(screen: &Screen, text: &str) -> Option<usize> {
    screen.rows(0, u16::MAX).position(|row| row.contains(text))
}

/// What a new session announces.
fn announced(site: &Site) -> String {
    let ehlo = Client::connect(site).say("EHLO client.example");
    ehlo.lines().find_map(|line| line.get(4..)?.strip_prefix("SIZE ")).unwrap().to_owned()
}

fn on_disk(site: &Site) -> String {
    std::fs::read_to_string(site.path("config/mailroot.toml")).unwrap()
}

#[test]
fn a_size_edited_in_the_form_is_announced_at_once_and_nothing_else_changes() {
    let site = Site::with(FILE);
    let mut terminal = on_the_message_size(&site);
    assert_eq!(announced(&site), "2097152");
    let mut before = Client::connect(&site);
    assert!(before.say("EHLO old.example").starts_with("250"));

    terminal.press("<Enter><C-u>4 MiB<Enter>");
    terminal.wait_for_text("1 change not applied");
    assert_eq!(on_disk(&site), FILE);
    terminal.press("<C-s>");
    let review = terminal.wait_for_text("1 change.");
    let row = row_of(&review, "2048 KB").unwrap();
    assert_eq!(row_of(&review, "4 MiB"), Some(row), "old and new stand side by side: {}", review.contents());
    terminal.press("<Enter>");
    terminal.wait_for_text("U undoes");

    assert_eq!(announced(&site), "4194304");
    // The session that was open still is.
    before.send("app@corp.example", "bob@relay.example", "Subject: still here\r\n\r\nHello.");
    assert_eq!(on_disk(&site), FILE.replace("\"2048 KB\"", "\"4 MiB\""));
}

#[test]
fn a_value_that_cannot_be_is_refused_beside_its_field() {
    let site = Site::with(FILE);
    let mut terminal = on_the_message_size(&site);
    terminal.press("<Enter><C-u>12 XB");
    let screen = terminal.wait_for_text("is not a size");
    let field = row_of(&screen, "12 XB").unwrap();
    assert_eq!(row_of(&screen, "is not a size"), Some(field + 1), "{}", screen.contents());
    // Enter does not take it, and what is typed is not lost.
    terminal.press("<Enter><BS><BS>KB");
    terminal.wait_for("the error to go", |screen| !screen.contents().contains("is not a size"));
    terminal.press("<Enter>");
    let screen = terminal.wait_for_text("1 change not applied");
    assert!(screen.contents().contains("12 KB"), "{}", screen.contents());
    assert_eq!(on_disk(&site), FILE);
    assert_eq!(announced(&site), "2097152");
}

#[test]
fn a_file_edited_meanwhile_is_a_conflict_in_which_nothing_is_lost() {
    let site = Site::with(FILE);
    let mut terminal = on_the_message_size(&site);
    terminal.press("<Enter><C-u>4 MiB<Enter>");
    terminal.wait_for_text("1 change not applied");
    let theirs = FILE
        .replace("\"2048 KB\"", "\"3 MiB\"")
        .replace("max_recipients = 50", "max_recipients = 60")
        .replace("# The end.", "# Bert was here.");
    std::fs::write(site.path("config/mailroot.toml"), &theirs).unwrap();
    terminal.wait_for_text("changed on disk");

    terminal.press("<C-s>");
    let conflict = terminal.wait_for_text("The file was changed on disk while you edited it.");
    for (whose, value) in [("was", "2048 KB"), ("mine", "4 MiB"), ("theirs", "3 MiB")] {
        let row = row_of(&conflict, value).unwrap();
        assert!(conflict.rows(0, u16::MAX).nth(row).unwrap().contains(whose), "{}", conflict.contents());
    }
    assert_eq!(on_disk(&site), theirs, "nothing is written before it is settled");
    terminal.press("<Enter>");
    terminal.wait_for_text("1 change.");
    terminal.press("<Enter>");
    terminal.wait_for_text("U undoes");
    assert_eq!(on_disk(&site), theirs.replace("\"3 MiB\"", "\"4 MiB\""));
    assert_eq!(announced(&site), "4194304");
}

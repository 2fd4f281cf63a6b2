//! Editing: values, switches, choices, lists, remote domains.

use mailroot::config::sample;

use super::super::driver::Driver;
use super::{apply, selected, settings, with_file};

/// The text that an apply of what was entered would write.
fn written(driver: &mut Driver) -> String {
    driver.take_effects();
    let (text, base) = apply(&driver.press("w<Enter>").take_effects());
    assert_ne!(text, base);
    text
}

/// The sample file with a line changed.
fn sample_with(old: &str, new: &str) -> String {
    assert_eq!(sample().matches(old).count(), 1, "{old}");
    sample().replace(old, new)
}

#[test]
fn an_edited_size_is_applied_with_every_other_octet_of_the_file_kept() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MiB<Enter>");
    assert!(selected(&mut driver).contains("● ") || selected(&mut driver).starts_with("●*"), "{}", driver.screen());
    assert!(driver.screen().contains("1 change not applied"));
    let (text, base) = apply(&driver.press("<C-s><Enter>").take_effects());
    assert_eq!(text, sample_with("max_message_size = \"2048 KB\"", "max_message_size = \"4 MiB\""));
    assert_eq!(base, sample());
}

#[test]
fn a_wrong_value_stays_in_its_field_with_the_reason_below_it() {
    let mut driver = settings();
    let screen = driver.press("]]<Enter><C-u>12 XB<Enter>").screen();
    let lines: Vec<_> = screen.lines().collect();
    let at = lines.iter().position(|line| line.contains("12 XB") && line.contains("Limit message size")).unwrap();
    assert!(lines[at + 1].contains("! \"12 XB\" is not a size; expected for example \"2048 KB\""), "{screen}");
    assert_eq!(usize::from(driver.cursor().y), at, "the cursor is still in the field");
    driver.press("<Backspace><Backspace>KB");
    assert!(!driver.screen().contains('!'), "it goes as soon as the value is right: {}", driver.screen());
    driver.press("<Esc>");
    assert!(selected(&mut driver).contains("2048 KB"), "Esc leaves it as it was");
    assert!(driver.press("w").screen().contains("nothing is changed"));
}

#[test]
fn what_the_reason_is_about_is_in_sight_at_the_bottom_of_the_tab_too() {
    for (width, height) in [(40, 12), (40, 15), (80, 24)] {
        let mut driver = with_file(&sample(), width, height);
        let screen = driver.press("]]G<Enter>x").screen();
        let cursor = driver.cursor();
        let below = screen.lines().nth(usize::from(cursor.y) + 1).unwrap();
        assert!(below.trim_start().starts_with("! \"90dx\""), "{width}x{height}\n{screen}");
    }
}

#[test]
fn a_value_is_typed_as_the_file_has_it() {
    let mut driver = settings();
    driver.press("j");
    assert!(!selected(&mut driver).contains("(none)"), "what is in force is shown, the name of this machine");
    driver.press("<Enter>");
    assert!(selected(&mut driver).ends_with("Fully-qualified domain name"), "what is in the file is edited: nothing");
    driver.press("<Enter>");
    assert!(driver.press("w").screen().contains("nothing is changed"));
}

#[test]
fn a_rule_between_two_settings_is_said_beside_the_one_that_breaks_it() {
    let mut driver = settings();
    let screen = driver.press("]]<Enter><C-u>20 MiB").screen();
    assert!(screen.contains("! messages.max_session_size: a session may carry \"10 MiB\""), "{screen}");
}

#[test]
fn switches_and_choices_take_the_next_value_by_one_key() {
    let mut driver = settings();
    driver.press("[[[jj<Space>");
    assert!(selected(&mut driver).contains("[x] yes"), "{}", driver.screen());
    driver.press("<Space><Space>");
    driver.press("]j");
    for level in ["debug", "trace", "error", "warn"] {
        driver.press("<Space>");
        assert!(selected(&mut driver).contains(level), "{level}: {}", driver.screen());
    }
    let choices = driver.press("<Enter>").screen();
    assert!(choices.contains("trace") && choices.contains("error"), "Enter shows them all: {choices}");
    driver.press("j<Enter>");
    assert!(selected(&mut driver).contains("info"), "{}", driver.screen());
    let text = written(&mut driver);
    assert_eq!(text, sample_with("drop_quota = false", "drop_quota = true"));
}

#[test]
fn space_on_what_is_no_switch_says_what_to_press() {
    assert!(settings().press("]]<Space>").screen().contains("this is no switch; Enter edits it"));
}

#[test]
fn the_relay_addresses_are_edited_row_by_row() {
    let mut driver = settings();
    driver.press("]jjjjjjjjjj<Enter>");
    assert!(driver.screen().contains("Relay restrictions: Computers  access.relay.list"), "{}", driver.screen());
    driver.press("a10.0.0.0/8<Enter>a192.168.7.0/255.255.255.0<Enter>");
    assert!(driver.screen().contains("4 entries, not taken over yet"), "{}", driver.screen());
    driver.press("gdw");
    let text = written(&mut driver);
    assert_eq!(
        text,
        sample_with(
            "list = [\"127.0.0.1\", \"::1\"]",
            "list = [\"::1\", \"10.0.0.0/8\", \"192.168.7.0/255.255.255.0\"]"
        )
    );
}

#[test]
fn a_wrong_entry_is_told_below_it_and_keeps_the_list_from_being_taken_over() {
    let mut driver = settings();
    driver.press("jj<Enter>a[::1]:25<Enter><Enter>nowhere<Enter>");
    let screen = driver.press("gw").screen();
    let lines: Vec<_> = screen.lines().collect();
    let at = lines.iter().position(|line| line.trim() == "nowhere").unwrap();
    assert!(lines[at + 1].contains("! \"nowhere\" is not an IP address with a port"), "{screen}");
    assert_eq!(usize::from(driver.cursor().y), at, "the cursor goes to it");
    driver.press("dw");
    assert!(selected(&mut driver).contains("127.0.0.1:2525, [::1]:25"), "{}", driver.screen());
}

#[test]
fn what_is_wrong_with_the_list_as_a_whole_is_told_below_all_of_it() {
    let mut driver = settings();
    let screen = driver.press("]]]<Enter>dddd").screen();
    assert!(screen.contains("! no interval is left to wait; expected at least one"), "{screen}");
    driver.press("a7m<Enter>w");
    assert!(selected(&mut driver).contains("7m"), "{}", driver.screen());
}

#[test]
fn rows_are_moved_and_esc_asks_before_it_drops_changes() {
    let mut driver = settings();
    driver.press("]]]<Enter>JJ");
    let screen = driver.press("<Esc>").screen();
    assert!(screen.contains("w takes them over, Esc again drops them"), "{screen}");
    driver.press("kw");
    assert!(selected(&mut driver).contains("30m, 1h, 15m, 4h"), "{}", driver.screen());
    driver.press("<Enter>d<Esc><Esc>");
    assert!(selected(&mut driver).contains("30m, 1h, 15m, 4h"), "{}", driver.screen());
    driver.press("<Enter><Esc>");
    assert!(driver.screen().contains("Delay notification"), "without changes it leaves at once");
}

#[test]
fn a_long_list_scrolls_with_the_row_that_is_typed() {
    let entries: Vec<_> = (0..60).map(|n| format!("\"10.{n}.0.0/16\"")).collect();
    let text = format!("[access]\nrelay = {{ list = [{}] }}\n", entries.join(", "));
    let mut driver = with_file(&text, 40, 15);
    driver.press("]jjjjjjjjjj<Enter>");
    driver.press("<PgDn><PgDn><PgDn><Enter>");
    let row = selected(&mut driver);
    assert!(row.starts_with("10.") && !row.starts_with("10.0."), "{}", driver.screen());
    driver.press("<Esc>Gahost.example<Enter>");
    assert_eq!(selected(&mut driver), "(a adds one)");
    driver.press("kw");
    assert!(driver.screen().contains("10.0.0.0/16, 10.1.0"), "{}", driver.screen());
}

#[test]
fn remote_domains_are_added_edited_and_removed() {
    let text = "# ours\n[[domain]]\nname = \"old.example\" # old\n\n# the second\n[[domain]]\nname = \"b.example\"\n";
    let mut driver = with_file(text, 80, 24);
    driver.press("[[[a");
    let screen = driver.press("no domain").screen();
    assert!(screen.contains("! \"no domain\" is not a domain; expected for example"), "{screen}");
    driver.press("<C-u>b.example<Enter>");
    assert!(driver.screen().contains("b.example is domain[2] already"), "{}", driver.screen());
    driver.press("<C-u>*.partner.example<Enter>");
    assert!(selected(&mut driver).contains("*.partner.example"), "the cursor is on it: {}", driver.screen());
    driver.press("j<Space>j<Enter>[192.0.2.10]:2525<Enter>");
    driver.press("gjjjd");
    assert!(selected(&mut driver).contains("b.example"), "what took its place is selected: {}", driver.screen());
    driver.press("j<Space>");
    let text = written(&mut driver);
    let b = text.find("[[domain]]\nname = \"b.example\"\n").unwrap();
    let partner = text.find("[[domain]]\nname = \"*.partner.example\"\n").unwrap();
    assert!(b < partner && !text.contains("old.example"), "{text}");
    assert!(text[b..partner].contains("relay = true\n") && text[partner..].contains("relay = true\n"), "{text}");
    assert!(
        text[partner..].contains("smart_host = \"[192.0.2.10]:2525\"\n") && text.contains("# the second\n"),
        "{text}"
    );
}

#[test]
fn a_change_is_taken_back_alone_and_all_of_them_together() {
    let mut driver = settings();
    driver.press("]]<Enter><C-u>4 MB<Enter>jjj<Enter><C-u>50<Enter>");
    assert!(driver.screen().contains("2 changes not applied"));
    driver.press("x");
    assert!(selected(&mut driver).contains("100") && driver.screen().contains("1 change not applied"));
    assert!(driver.press("x").screen().contains("this setting is as it is in the file"));
    assert!(driver.press("<Esc>X").screen().contains("1 change taken back"));
    assert!(driver.press("<Esc>w").screen().contains("nothing is changed"));
}

#[test]
fn a_value_pasted_is_one_line() {
    let mut driver = settings();
    driver.press("]]jjjj<Enter>");
    driver.send(mailroot::dashboard::Msg::Input(mailroot::dashboard::Input::Paste("a@b.example\n".into())));
    driver.press("<Enter>");
    assert!(selected(&mut driver).contains("a@b.example"), "{}", driver.screen());
}

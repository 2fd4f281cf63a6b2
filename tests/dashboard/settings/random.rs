//! Whatever is pressed: no comment is lost, and what would be applied is valid.

use std::path::Path;

use mailroot::config::{parse, sample};
use mailroot::dashboard::{Effect, Request};
use mailroot::engine::Command;
use proptest::prelude::*;

use super::{BASE, with_file};

/// A file with comments in every place where one can be, and without remote domains: those take theirs along.
fn commented() -> String {
    sample()
        .replace(
            "listen = [\"127.0.0.1:2525\"]",
            "listen = [ # first\n  # own line\n  \"127.0.0.1:2525\", # behind\n  \"[::1]:2525\" # last\n]",
        )
        .replace(
            "retry = [\"15m\", \"30m\", \"1h\", \"4h\"]",
            "retry = [\"15m\", \"30m\", # half\n \"1h\", \"4h\", # long\n] # waits",
        )
        .replace("max_recipients = 100", "max_recipients   = 100   # many")
}

fn comments(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.find('#').map(|at| line[at..].trim_end().to_owned())).collect()
}

fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        5 => prop::sample::select(vec!["j", "k", "]", "[", "<PgDn>", "G", "g"]),
        5 => prop::sample::select(vec!["<Enter>", "<Space>", "<Esc>", "a", "d", "w", "J", "K", "x"]),
        2 => prop::sample::select(vec!["<Enter><C-u>7<Enter>", "<Enter><C-u>3 MB<Enter>", "<Enter><C-u>20m<Enter>"]),
        2 => prop::sample::select(vec!["a10.9.0.0/16<Enter>", "a[::1]:2626<Enter>", "a5m<Enter>", "ab.example<Enter>"]),
        1 => prop::sample::select(vec!["<Enter><C-u>a\"#\\<Enter>", "X", "U", "t", "<Tab>", "<Backspace>", "#", "\"", "w<Esc>"]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_comment_is_lost_and_the_text_is_valid(keys in prop::collection::vec(key(), 1..60)) {
        let before = commented();
        let mut driver = with_file(&before, 80, 24);
        for key in &keys {
            driver.press(key);
            driver.screen();
        }
        // Out of whatever is open, keeping what was taken over.
        driver.press("<Esc><Esc><Esc>w<Enter>");
        for effect in driver.take_effects() {
            let Effect::Execute(Request::SettingsApply, Command::SettingsApply { text, base }) = effect else { continue };
            prop_assert_eq!(&base, &before);
            prop_assert!(parse(&text, Path::new(BASE)).is_ok(), "{}", text);
            let after = comments(&text);
            for comment in comments(&before) {
                prop_assert!(after.contains(&comment), "{} is lost after {:?}:\n{}", comment, keys, text);
            }
        }
    }
}

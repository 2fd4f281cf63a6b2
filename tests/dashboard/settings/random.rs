//! Whatever is pressed: no comment is lost, and what would be applied is valid.

use std::path::Path;

use mailroot::config::{parse, sample};
use mailroot::dashboard::{Effect, Request};
use mailroot::engine::{Command, Outcome};
use proptest::prelude::*;

use super::{BASE, applied, with_file};

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

/// From the general tab to one of its lists or to another one, and what is done to it.
fn list_edit() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "<Enter>dw",
        "<Enter>Gkdw",
        "<Enter>ddw",
        "<Enter>Jw",
        "<Enter>gKGKw",
        "<Enter>a[::1]:26<Enter>w",
    ])
}

fn key() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        5 => prop::sample::select(vec!["j", "k", "]", "[", "<PgDn>", "G", "g"]),
        5 => prop::sample::select(vec!["<Enter>", "<Space>", "<Esc>", "a", "d", "w", "J", "K", "x"]),
        2 => prop::sample::select(vec!["<Enter><C-u>7<Enter>", "<Enter><C-u>3 MB<Enter>", "<Enter><C-u>20m<Enter>"]),
        2 => prop::sample::select(vec!["a10.9.0.0/16<Enter>", "a[::1]:2626<Enter>", "a5m<Enter>", "ab.example<Enter>"]),
        3 => list_edit(),
        1 => prop::sample::select(vec!["<Enter><C-u>a\"#\\<Enter>", "X", "U", "t", "<Tab>", "#", "\"", "w<Esc>"]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_comment_is_lost_and_the_text_is_valid(
        first in list_edit(), second in list_edit(), keys in prop::collection::vec(key(), 1..60)
    ) {
        let before = commented();
        let mut driver = with_file(&before, 80, 24);
        // The addresses to listen on, and the retry intervals.
        driver.press(&format!("jj{first}]]]{second}"));
        for key in keys.iter().chain([&"<Esc><Esc><Esc>w<Enter>"]) {
            driver.press(key).screen();
            for effect in driver.take_effects() {
                let Effect::Execute(Request::SettingsApply, Command::SettingsApply { text, base }) = effect else {
                    continue;
                };
                prop_assert_eq!(&*base, &before);
                prop_assert!(parse(&text, Path::new(BASE)).is_ok(), "{}", &*text);
                let after = comments(&text);
                for comment in comments(&before) {
                    let is_there = after.contains(&comment);
                    prop_assert!(is_there, "{} is lost after {} {} {:?}:\n{}", comment, first, second, keys, &*text);
                }
                driver.answer(applied(Outcome::refused("not now")));
            }
        }
    }
}

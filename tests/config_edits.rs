//! Edits of a settings file, whatever they are, keep what is not theirs.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::path::Path;

use mailroot::config::{Draft, Settings, parse, sample};
use proptest::prelude::*;

fn base() -> &'static Path {
    Path::new("/srv/relay")
}

/// The draft of a text after some edits.
fn edited(text: &str, edits: &[(&'static str, String)]) -> Draft {
    let mut draft = Draft::open(text, base()).unwrap();
    for (key, value) in edits {
        draft.set(key, value).unwrap();
    }
    draft
}

fn settings(draft: &Draft) -> Settings {
    parse(&draft.render(), base()).unwrap()
}

/// Whether a line of the sample holds a key of the edits, or the table in which it stands in one line.
fn is_touched(line: &str, edits: &[(&'static str, String)]) -> bool {
    let names = edits.iter().flat_map(|(key, _)| key.rsplit('.').take(2));
    names.into_iter().any(|name| line.starts_with(&format!("{name} = ")))
}

/// Keys with values that are right in any combination.
fn edits() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let count = |key: &'static str| (1u32..9999).prop_map(move |n| (key, n.to_string()));
    let span = |key: &'static str| (1u32..9999).prop_map(move |n| (key, format!("{n}m")));
    let switch = |key: &'static str| any::<bool>().prop_map(move |on| (key, on.to_string()));
    let name = |key: &'static str| "[a-z]{1,8}\\.example".prop_map(move |name| (key, name));
    let names = |key: &'static str| {
        prop::collection::vec("[a-z]{1,8}\\.example", 0..4).prop_map(move |names| (key, format!("{names:?}")))
    };
    let edit = prop_oneof![
        name("mailroot"),
        name("general.hostname"),
        count("general.max_connections"),
        span("general.connection_timeout"),
        names("access.connection.list"),
        names("access.relay.list"),
        switch("access.relay.allow_authenticated"),
        count("messages.max_recipients"),
        span("delivery.expiration"),
        count("delivery.outbound_connections.port"),
        name("delivery.advanced.smart_host"),
        count("delivery.advanced.max_hops"),
        names("local.aliases"),
        span("log.keep"),
    ];
    prop::collection::vec(edit, 1..6)
}

proptest! {
    #[test]
    fn edits_change_the_lines_of_their_keys_and_nothing_else(edits in edits(), windows: bool) {
        let before = if windows { sample().replace('\n', "\r\n") } else { sample() };
        let after = edited(&before, &edits).render();
        prop_assert_eq!(before.split('\n').count(), after.split('\n').count());
        for (old, new) in before.split('\n').zip(after.split('\n')) {
            prop_assert!(old == new || is_touched(old, &edits) && is_touched(new, &edits), "{old:?} became {new:?}");
        }
    }

    #[test]
    fn every_line_there_was_is_still_there_after_keys_are_added(edits in edits()) {
        let before = "# top\n\n[delivery] # tab\nretry = [\"1m\"]   # odd\n\n# last\n[log]\n# end\n";
        let after = edited(before, &edits).render();
        let mut lines = after.lines();
        for line in before.lines() {
            prop_assert!(lines.any(|kept| kept == line), "{line:?} is gone from {after}");
        }
    }

    #[test]
    fn what_was_set_is_in_force_whatever_the_file_was(edits in edits()) {
        prop_assert_eq!(settings(&edited("", &edits)), settings(&edited(&sample(), &edits)));
    }
}

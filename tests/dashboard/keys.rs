//! The tables of actions: their document, and what must hold for each of them.

use std::collections::HashSet;
use std::fmt::Write as _;

use mailroot::dashboard::{Action, Effect, Input, Key, Msg, PaneId, Preferences, Scope, actions};
use mailroot::engine::{Command, Role};

use super::driver::{Driver, viewer};
use super::fixtures;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
/// Set it to have the document written anew.
const UPDATE: &str = "UPDATE_KEYS";

/// Actions of panes that share a key with one that counts everywhere: the pane's own goes first where it can be done.
const SHARED: &[(&str, &str)] = &[("log.clear", "dismiss"), ("queue.back", "dismiss")];

const HEAD: &str = "\
# Keys of the dashboard

Written from the tables in `src/dashboard` by a test; write it anew with `UPDATE_KEYS=1 cargo test --test dashboard keys`.

The bottom line of the screen shows the keys that count at the moment. `?` finds keys by what they do, `:` does any action
by its name and says why one cannot be done. A dialog names its own keys in the bottom line; `Esc` closes it.

Roles: an observer looks, an operator may do what mail and connections need, an admin everything. What a role may not do is
refused by the relay itself, whatever the keys say.
";

fn document() -> String {
    let mut tables = actions();
    tables.sort_by_key(|(scope, _)| *scope != Scope::Everywhere);
    let mut document = HEAD.to_owned();
    for (scope, table) in tables {
        if table.is_empty() {
            continue;
        }
        writeln!(document, "\n## {}\n\n| keys | does | name | needs |\n|---|---|---|---|", scope.title()).unwrap();
        for action in table {
            let keys: Vec<_> =
                action.keys.iter().map(|key| format!("`{}`", key.to_string().replace('|', "\\|"))).collect();
            let needs = if action.needs == Role::Observer { String::new() } else { action.needs.to_string() };
            let line = format!("| {} | {} | `{}` | {needs} |", keys.join(" "), action.help, action.name);
            writeln!(document, "{line}").unwrap();
        }
    }
    document
}

#[test]
fn the_document_of_keys_is_what_the_tables_say() {
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(DOCUMENT, document()).unwrap();
    }
    let file = std::fs::read_to_string(DOCUMENT).unwrap_or_default().replace("\r\n", "\n");
    assert!(file == document(), "docs/keys.md is out of date: {UPDATE}=1 cargo test --test dashboard keys");
}

/// Every action with the pane in which it is tried.
fn all() -> impl Iterator<Item = (PaneId, &'static Action)> {
    actions().into_iter().flat_map(|(scope, table)| {
        let pane = match scope {
            Scope::Everywhere => PaneId::Queue,
            Scope::Pane(pane) => pane,
        };
        table.iter().map(move |action| (pane, action))
    })
}

#[test]
fn every_action_has_a_name_of_its_own_a_hint_and_a_help() {
    let mut names = HashSet::new();
    let mut helps = HashSet::new();
    for (_, action) in all() {
        assert!(names.insert(action.name), "two actions are named {}", action.name);
        assert!(helps.insert(action.help), "two actions are helped with {:?}", action.help);
        let is_name = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '-');
        assert!(action.name.chars().all(is_name), "{}", action.name);
        assert!((1..=16).contains(&action.hint.len()), "{}: {:?} is no hint", action.name, action.hint);
        assert!(action.help.len() > 3 && !action.help.ends_with('.'), "{}: {:?}", action.name, action.help);
        assert!(action.help.starts_with(char::is_uppercase), "{}: {:?}", action.name, action.help);
        assert!(action.priority == 0 || !action.keys.is_empty(), "{} is hinted at without a key", action.name);
    }
}

#[test]
fn no_two_actions_in_reach_share_a_key() {
    let tables = actions();
    let (_, global) = tables.iter().find(|(scope, _)| *scope == Scope::Everywhere).unwrap();
    for (scope, table) in &tables {
        let mut taken: Vec<(Key, &str)> = Vec::new();
        for (key, action) in table.iter().flat_map(|action| action.keys.iter().map(move |key| (*key, action))) {
            let other = taken.iter().find(|(other, _)| *other == key);
            assert!(other.is_none(), "{}: {key} means {} and {}", scope.title(), other.unwrap().1, action.name);
            taken.push((key, action.name));
        }
        if *scope == Scope::Everywhere {
            continue;
        }
        for action in *global {
            let shadow =
                taken.iter().find(|(key, name)| action.keys.contains(key) && !SHARED.contains(&(name, action.name)));
            assert!(shadow.is_none(), "{}: {shadow:?} hides {}", scope.title(), action.name);
        }
    }
}

/// What is said after the key of an action was pressed, and what is to be done.
fn try_out(pane: PaneId, action: &Action, role: Role) -> (String, Vec<Effect>) {
    let preferences = Preferences { pane, zoomed: true, ..Preferences::default() };
    let mut driver = Driver::with(viewer(role), fixtures::snapshot(), 200, 50, &preferences);
    driver.answer(mailroot::dashboard::Answer::Page(fixtures::page()));
    driver.take_effects();
    driver.send(Msg::Input(Input::Key(action.keys[0])));
    let screen = driver.screen();
    let mut effects = driver.take_effects();
    if effects.is_empty() {
        // It may have asked first.
        effects = driver.press("y").take_effects();
    }
    (screen, effects)
}

#[test]
fn an_action_is_refused_to_those_below_the_role_that_it_needs_and_to_nobody_else() {
    for (pane, action) in all().filter(|(_, action)| !action.keys.is_empty()) {
        for role in [Role::Observer, Role::Operator, Role::Admin] {
            let (screen, effects) = try_out(pane, action, role);
            let refusal = format!("this needs the role {}; you are {role}", action.needs);
            assert_eq!(screen.contains(&refusal), role < action.needs, "{} as {role}\n{screen}", action.name);
            let is_done = effects.iter().any(|effect| matches!(effect, Effect::Execute(..)));
            assert!(role >= action.needs || !is_done, "{} as {role}: {effects:?}", action.name);
        }
    }
}

/// What the engine would refuse is refused by the table already, so that hints and palette tell the truth.
#[test]
fn no_action_asks_for_what_the_engine_would_refuse_to_its_role() {
    for (pane, action) in all().filter(|(_, action)| !action.keys.is_empty()) {
        let (_, effects) = try_out(pane, action, action.needs);
        for command in effects
            .iter()
            .filter_map(|effect| if let Effect::Execute(_, command) = effect { Some(command) } else { None })
        {
            let command: &Command = command;
            assert!(command.needs() <= action.needs, "{}: {} needs {}", action.name, command.name(), command.needs());
        }
    }
}

//! The pane of the settings: the form, its edits, the review, and what comes of an apply.

mod applying;
mod conflicts;
mod editing;
mod form;
mod pictures;
mod presets;
mod random;
mod users;

use std::path::Path;
use std::sync::Arc;

use mailroot::config::{parse, sample};
use mailroot::dashboard::{Answer, Effect, PaneId, Preferences, Request, Viewer};
use mailroot::engine::view::{SCHEMA, SettingsText};
use mailroot::engine::{Command, Outcome, Role, Snapshot};

use super::driver::{Driver, viewer};
use super::fixtures;

const PATH: &str = "/srv/mailroot/config/mailroot.toml";
const BASE: &str = "/srv/mailroot";

/// What the engine answers when it is asked for the file.
fn file(text: &str) -> Answer {
    let file = SettingsText { schema: SCHEMA, path: PATH.into(), base: BASE.into(), text: text.into() };
    Answer::Outcome(Request::SettingsText, Outcome::View { view: serde_json::to_value(file).unwrap() })
}

/// What the engine answers to an apply.
fn applied(outcome: Outcome) -> Answer {
    Answer::Outcome(Request::SettingsApply, outcome)
}

/// A relay in which the settings of a text are in force.
fn in_force(text: &str) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    snapshot.settings = Arc::new(parse(text, Path::new(BASE)).unwrap());
    snapshot
}

/// The pane before the file was read.
fn waiting(viewer: Viewer, snapshot: Snapshot, width: u16, height: u16) -> Driver {
    let preferences = Preferences { pane: PaneId::Settings, zoomed: true, ..Preferences::default() };
    Driver::with(viewer, snapshot, width, height, &preferences)
}

/// The pane with a file, in front of an administrator.
fn with_file(text: &str, width: u16, height: u16) -> Driver {
    let mut driver = waiting(viewer(Role::Admin), in_force(text), width, height);
    driver.answer(file(text));
    driver.take_effects();
    driver
}

/// The pane with the sample file.
fn settings() -> Driver {
    with_file(&sample(), 80, 24)
}

/// Whether the effects are exactly the question for the file.
fn asks(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Execute(Request::SettingsText, Command::SettingsText)])
}

/// The text and its base of the only effect, an apply.
fn apply(effects: &[Effect]) -> (String, String) {
    match effects {
        [Effect::Execute(Request::SettingsApply, Command::SettingsApply { text, base })] => {
            (text.to_string(), base.to_string())
        }
        other => panic!("no apply: {other:?}"),
    }
}

/// The line under the cursor.
fn selected(driver: &mut Driver) -> String {
    let y = usize::from(driver.cursor().y);
    driver.screen().lines().nth(y).unwrap_or_default().trim().to_owned()
}

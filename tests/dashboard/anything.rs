//! Whatever a person, an engine and a terminal do: no panic, and the cursor is on the screen.

use std::sync::Arc;

use mailroot::dashboard::{Input, Key, KeyCode, Mouse, MouseKind, Msg, Preferences, actions};
use mailroot::engine::{LogTail, Role, Snapshot};
use proptest::prelude::*;
use ratatui::layout::{Position, Size};

use super::driver::{Driver, viewer};
use super::stage::Stage;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Key(Key),
    Paste(String),
    Mouse(Mouse),
    Resize(u16, u16),
    /// The terminal has another size already, and says so only later.
    Shrink(u16, u16),
    /// The engine moves on: how many sessions and destinations there are, which lines the log has, and whether there
    /// is a problem.
    Snapshot(usize, u64, u64, bool),
    /// What was asked for is answered.
    Answer,
}

fn key() -> impl Strategy<Value = Key> {
    let tables = actions().into_iter().flat_map(|(_, table)| table);
    let keys: Vec<_> = tables.flat_map(|action| action.keys).copied().collect();
    let others = [KeyCode::Enter, KeyCode::Esc, KeyCode::Backspace, KeyCode::Delete, KeyCode::Tab, KeyCode::Char(' ')];
    prop_oneof![
        4 => prop::sample::select(keys),
        2 => prop::sample::select(others.to_vec()).prop_map(Key::plain),
        1 => any::<char>().prop_map(Key::char),
    ]
}

fn mouse() -> impl Strategy<Value = Mouse> {
    let kinds = vec![MouseKind::Click, MouseKind::WheelUp, MouseKind::WheelDown];
    (prop::sample::select(kinds), 0u16..210, 0u16..70).prop_map(|(kind, x, y)| Mouse { kind, at: Position::new(x, y) })
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![prop::sample::select(vec![(40, 12), (40, 15), (80, 24), (120, 40), (200, 60)]), (1u16..210, 1u16..70),]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => key().prop_map(Step::Key),
        1 => "\\PC{0,8}".prop_map(Step::Paste),
        2 => mouse().prop_map(Step::Mouse),
        1 => size().prop_map(|(width, height)| Step::Resize(width, height)),
        1 => size().prop_map(|(width, height)| Step::Shrink(width, height)),
        2 => (0usize..6, 0u64..30, 0u64..60, any::<bool>())
            .prop_map(|(rows, first, lines, problem)| Step::Snapshot(rows, first, lines, problem)),
        3 => Just(Step::Answer),
    ]
}

fn snapshot(stage: &Stage, rows: usize, first: u64, lines: u64, problem: bool) -> Snapshot {
    let mut snapshot = stage.snapshot();
    snapshot.sessions = snapshot.sessions.iter().take(rows).cloned().collect();
    snapshot.destinations = snapshot.destinations.iter().skip(rows % 3).cloned().collect();
    let records = snapshot.log.records.iter().cycle().take(usize::try_from(lines).unwrap()).cloned().collect();
    snapshot.log = Arc::new(LogTail { first, records });
    snapshot.queue.revision = first;
    if !problem {
        (snapshot.problems, snapshot.warnings) = (Arc::new([]), Arc::new([]));
    }
    snapshot
}

fn take(driver: &mut Driver, stage: &Stage, step: Step) {
    match step {
        Step::Key(key) => _ = driver.send(Msg::Input(Input::Key(key))),
        Step::Paste(text) => _ = driver.send(Msg::Input(Input::Paste(text))),
        Step::Mouse(mouse) => _ = driver.send(Msg::Input(Input::Mouse(mouse))),
        Step::Resize(width, height) => _ = driver.resize(width, height),
        Step::Shrink(width, height) => driver.shrink(width, height),
        Step::Snapshot(rows, first, lines, problem) => {
            driver.see(snapshot(stage, rows, first, lines, problem));
        }
        Step::Answer => {
            let effects = driver.take_effects();
            for answer in effects.iter().flat_map(|effect| stage.answers(effect)) {
                driver.answer(answer);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_the_cursor_is_on_the_screen(
        role in prop::sample::select(vec![Role::Observer, Role::Operator, Role::Admin]),
        text in prop::sample::select(vec!["bob@example.com", "", "名前@例え.example", "\u{1b}[2J", "a b, c: d; e=f"]),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let stage = Stage::new(text);
        let mut driver = Driver::with(viewer(role), stage.snapshot(), 80, 24, &Preferences::default());
        for step in steps {
            take(&mut driver, &stage, step);
            let (cursor, Size { width, height }) = (driver.cursor(), driver.size());
            prop_assert!(cursor.x < width && cursor.y < height, "the cursor is at {cursor} of {width}x{height}");
        }
    }
}

//! Texts that attack a terminal, in every field that a stranger can fill: none of them reaches the picture, the
//! clipboard or the name of a file as it came.

use mailroot::dashboard::{Action, Effect, Input, Msg, PaneId, Preferences, Scope, actions};
use mailroot::engine::Role;
use mailroot::text::printable;

use super::attack_vectors::{assert_harmless, vectors};
use super::driver::{Driver, viewer};
use super::stage::Stage;

/// The texts: the vectors of the class terminal, and others of which none must do harm.
fn texts() -> Vec<String> {
    let terminal = vectors().into_iter().filter(|vector| vector.class == "terminal");
    let terminal: Vec<_> = terminal.map(|vector| String::from_utf8_lossy(&vector.shown()).into_owned()).collect();
    assert!(terminal.len() >= 21, "the class is cut short");
    let others = ["", " ", "\r\n250 ok", "\u{ad}\u{2066}x\u{2069}\u{e0041}", "\0", "漢", "| `x` |", "\"\\"];
    terminal.into_iter().chain(others.map(str::to_owned)).collect()
}

/// One text of each kind, where all of them would take too long.
fn some_texts() -> Vec<String> {
    let kinds = ["TE01", "TE17", "TE24", "TE27", "TE33"];
    let vectors = vectors().into_iter().filter(|vector| kinds.contains(&vector.id.as_str()));
    let texts: Vec<_> = vectors.map(|vector| String::from_utf8_lossy(&vector.shown()).into_owned()).collect();
    assert_eq!(texts.len(), kinds.len());
    texts.into_iter().chain(["\r\n250 ok".to_owned()]).collect()
}

/// A model in front of an engine that says one text.
struct Play {
    driver: Driver,
    stage: Stage,
    text: String,
}

impl Play {
    fn new(text: &str, pane: PaneId, zoomed: bool, (width, height): (u16, u16)) -> Self {
        let stage = Stage::new(text);
        let preferences = Preferences { pane, zoomed, ..Preferences::default() };
        let driver = Driver::with(viewer(Role::Admin), stage.snapshot(), width, height, &preferences);
        let mut play = Self { driver, stage, text: text.to_owned() };
        play.settle("at the start");
        play
    }

    fn send(&mut self, input: Input, what: &str) {
        self.driver.send(Msg::Input(input));
        self.settle(what);
    }

    /// Answers everything that was asked for, and looks at the picture after each round.
    fn settle(&mut self, what: &str) {
        self.check(what);
        for _ in 0..10 {
            let effects = self.driver.take_effects();
            for effect in &effects {
                self.check_effect(effect);
            }
            let answers: Vec<_> = effects.iter().flat_map(|effect| self.stage.answers(effect)).collect();
            if answers.is_empty() {
                break;
            }
            for answer in answers {
                self.driver.answer(answer);
            }
            self.check(what);
        }
    }

    /// Looks at every cell.
    fn check(&mut self, what: &str) {
        let screen = self.driver.screen();
        assert_harmless(&screen);
        for line in screen.lines() {
            assert_eq!(printable(line), line, "{what}");
        }
        // What hides is shown, and not only left out, by which the rest of it would read as something else.
        let (shown, left_out) = (
            printable(&self.text),
            self.text.replace(|c: char| printable(c.encode_utf8(&mut [0; 4])) != c.to_string(), ""),
        );
        let is_telling = left_out.chars().count() > 2 && !shown.contains(&left_out);
        assert!(!is_telling || !screen.contains(&left_out), "{what}: {left_out:?}\n{screen}");
    }

    /// What goes to the clipboard is printable but for our own line ends and tabs; so is the name of a file.
    fn check_effect(&self, effect: &Effect) {
        match effect {
            Effect::Copy(text) => {
                assert!(printable(&self.text) == self.text || !text.contains(&self.text), "{text:?}");
                for part in text.split(['\n', '\t']) {
                    assert_harmless(part);
                    assert_eq!(printable(part), part);
                }
            }
            Effect::Export { name, .. } => {
                assert_eq!(printable(name), *name);
                assert!(!name.contains(['/', '\\']) && !name.starts_with('.'), "{name:?}");
            }
            _ => {}
        }
    }
}

/// Does every action of a table, types into whatever it opens, and goes back.
fn act_out(text: &str, pane: PaneId, table: &[Action]) {
    for action in table.iter().filter(|action| !action.keys.is_empty()) {
        let mut play = Play::new(text, pane, true, (80, 24));
        play.send(Input::Key(action.keys[0]), action.name);
        play.send(Input::Paste(text.to_owned()), action.name);
        for keys in ["<Enter>", "<Down>", "<Right>", "<End>", "y", "Y", "<Esc>", "<Esc>", "<Esc>"] {
            play.driver.press(keys);
            play.settle(&format!("{} and then {keys}", action.name));
        }
    }
}

fn act_out_all(wanted: Scope, pane: PaneId) {
    for (_, table) in actions().into_iter().filter(|(scope, _)| *scope == wanted) {
        for text in some_texts() {
            act_out(&text, pane, table);
        }
    }
}

#[test]
fn no_pane_shows_a_text_raw_at_any_size() {
    for text in texts() {
        for pane in PaneId::ALL {
            for size in [(40, 15), (120, 40), (200, 60)] {
                let mut play = Play::new(&text, pane, false, size);
                for keys in ["<Enter>", "<Right><Right>", "<Esc>", "!"] {
                    play.driver.press(keys);
                    play.settle(keys);
                }
            }
        }
    }
}

#[test]
fn no_action_of_sessions_shows_a_text_raw() {
    act_out_all(Scope::Pane(PaneId::Sessions), PaneId::Sessions);
}

#[test]
fn no_action_of_the_queue_shows_a_text_raw() {
    act_out_all(Scope::Pane(PaneId::Queue), PaneId::Queue);
}

#[test]
fn no_action_of_the_log_shows_a_text_raw() {
    act_out_all(Scope::Pane(PaneId::Log), PaneId::Log);
}

#[test]
fn no_action_of_settings_shows_a_text_raw() {
    act_out_all(Scope::Pane(PaneId::Settings), PaneId::Settings);
}

#[test]
fn no_action_that_counts_everywhere_shows_a_text_raw() {
    act_out_all(Scope::Everywhere, PaneId::Log);
}

#[test]
fn a_text_without_end_is_no_trouble() {
    let text = "x\x1b ".repeat(10_000);
    for pane in PaneId::ALL {
        let mut play = Play::new(&text, pane, false, (120, 40));
        play.driver.press("<Enter>");
        play.settle("a text without end");
    }
}

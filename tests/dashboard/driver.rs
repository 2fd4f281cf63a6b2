//! Presses keys on a model and looks at its picture.

use std::sync::Arc;

use mailroot::dashboard::{
    Answer, Colors, Effect, Input, Key, KeyCode, Mode, Model, Mouse, MouseKind, Msg, Preferences, Viewer,
};
use mailroot::engine::{Actor, Role, Snapshot};
use ratatui::Terminal;
use ratatui::backend::{Backend as _, TestBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr as _;

use super::fixtures;

/// A model with a screen of its own, and the effects that it asked for.
pub(crate) struct Driver {
    pub(crate) model: Model,
    pub(crate) effects: Vec<Effect>,
    terminal: Terminal<TestBackend>,
}

impl Driver {
    /// An administrator in front of the usual snapshot.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self::with(viewer(Role::Admin), fixtures::snapshot(), width, height, &Preferences::default())
    }

    /// Any viewer in front of any snapshot.
    pub(crate) fn with(viewer: Viewer, snapshot: Snapshot, width: u16, height: u16, preferences: &Preferences) -> Self {
        let (model, effects) = Model::new(viewer, Arc::new(snapshot), Size::new(width, height), preferences);
        Self { model, effects, terminal: Terminal::new(TestBackend::new(width, height)).unwrap() }
    }

    /// Presses keys: characters as they are, others as `<Enter>`, `<Esc>`, `<Space>`, `<Tab>`, `<Up>`, `<C-s>`.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|named| named.split_once('>'));
            let (key, behind) = match named {
                Some((name, behind)) => (named_key(name), behind),
                None => (Key::char(first), &rest[first.len_utf8()..]),
            };
            rest = behind;
            self.send(Msg::Input(Input::Key(key)));
        }
        self
    }

    /// Gives the model a message.
    pub(crate) fn send(&mut self, message: Msg) -> &mut Self {
        self.effects.extend(self.model.update(message));
        self
    }

    /// Gives the model an answer.
    pub(crate) fn answer(&mut self, answer: Answer) -> &mut Self {
        self.send(Msg::Answer(answer))
    }

    /// Lets the engine move on.
    pub(crate) fn see(&mut self, snapshot: Snapshot) -> &mut Self {
        self.send(Msg::Snapshot(Arc::new(snapshot)))
    }

    /// The effects since the last time.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The picture as text, without blanks at the ends of its lines.
    pub(crate) fn screen(&mut self) -> String {
        let buffer = self.buffer();
        let width = usize::from(buffer.area.width);
        let lines = buffer.content.chunks(width).map(|cells| {
            let mut line = String::new();
            let mut cells = cells.iter();
            while let Some(cell) = cells.next() {
                line.push_str(cell.symbol());
                // Behind a wide character stand the cells that it covers.
                cells.by_ref().take(cell.symbol().width().saturating_sub(1)).for_each(drop);
            }
            line.trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The picture with its styles.
    pub(crate) fn buffer(&mut self) -> Buffer {
        self.terminal.draw(|frame| self.model.view(frame)).unwrap();
        self.terminal.backend().buffer().clone()
    }

    /// The styles of the picture: a line for each run of cells that look alike, with its row, columns and text.
    pub(crate) fn styles(&mut self) -> String {
        let buffer = self.buffer();
        let width = usize::from(buffer.area.width);
        let mut lines = Vec::new();
        for (y, cells) in buffer.content.chunks(width).enumerate() {
            let mut from = 0;
            for run in cells.chunk_by(|one, other| one.style() == other.style()) {
                let text: String = run.iter().map(ratatui::buffer::Cell::symbol).collect();
                if !text.trim().is_empty() || run[0].modifier.contains(Modifier::REVERSED) {
                    lines.push(format!("{y:2} {from:3} {:24} {}", style(&run[0]), text.trim_end()));
                }
                from += run.len();
            }
        }
        lines.join("\n")
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.shrink(width, height);
        self.send(Msg::Input(Input::Resize(Size::new(width, height))))
    }

    /// Gives the terminal another size of which the model knows nothing yet.
    pub(crate) fn shrink(&mut self, width: u16, height: u16) {
        self.terminal.backend_mut().resize(width, height);
    }

    /// The size of the terminal.
    pub(crate) fn size(&self) -> Size {
        self.terminal.backend().size().unwrap()
    }

    /// Clicks, or turns the wheel.
    pub(crate) fn mouse(&mut self, kind: MouseKind, x: u16, y: u16) -> &mut Self {
        self.send(Msg::Input(Input::Mouse(Mouse { kind, at: Position::new(x, y) })))
    }

    /// Where the hardware cursor is.
    pub(crate) fn cursor(&mut self) -> Position {
        self.buffer();
        self.terminal.backend_mut().get_cursor_position().unwrap()
    }
}

/// The sizes at which pictures are taken.
const SIZES: [(u16, u16); 5] = [(30, 8), (40, 15), (80, 24), (120, 40), (200, 60)];

/// One picture for each size.
pub(crate) fn pictures(mut of: impl FnMut(u16, u16) -> Driver) -> String {
    let picture = |(width, height)| format!("== {width}x{height}\n{}\n", of(width, height).screen());
    SIZES.map(picture).join("\n")
}

/// A viewer in the process of the engine, with a terminal of sixteen colours.
pub(crate) fn viewer(role: Role) -> Viewer {
    Viewer { actor: Actor { name: "uid 1000".to_owned(), role }, mode: Mode::Run, colors: Colors::Ansi, ascii: false }
}

/// A style in a few words: `cyan on reset bold`.
fn style(cell: &ratatui::buffer::Cell) -> String {
    let modifier = format!("{:?}", cell.modifier);
    let modifier = modifier.trim_start_matches("Modifier(").trim_end_matches(')');
    format!("{} on {} {}", cell.fg, cell.bg, if modifier == "NONE" { "" } else { modifier }).trim_end().to_lowercase()
}

fn named_key(name: &str) -> Key {
    if let Some(c) = name.strip_prefix("C-").and_then(|c| c.chars().next()) {
        return Key::ctrl(c);
    }
    Key::plain(match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Space" => KeyCode::Char(' '),
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Backspace" => KeyCode::Backspace,
        "Delete" => KeyCode::Delete,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "F1" => KeyCode::F(1),
        name => panic!("no key is named {name}"),
    })
}

//! What one whole character or sequence means.

use ratatui::layout::Position;
use termina::event::{KeyEvent, KeyEventKind, Modifiers, MouseButton, MouseEvent, MouseEventKind};
use termina::{Event, Parser};

use crate::dashboard::{Input, Key, KeyCode, Mouse, MouseKind};

/// A byte below 0x80.
pub(super) fn ascii(byte: u8) -> Key {
    match byte {
        b'\r' => Key::plain(KeyCode::Enter),
        b'\t' => Key::plain(KeyCode::Tab),
        0x08 | 0x7f => Key::plain(KeyCode::Backspace),
        0x00 => Key::ctrl(' '),
        // Ctrl takes two bits from what the key would say: 0x01 is Ctrl-a, 0x1c is Ctrl-\.
        0x01..=0x1f => Key::ctrl(char::from(byte | 0x40).to_ascii_lowercase()),
        _ => Key::char(char::from(byte)),
    }
}

/// A character of several bytes. Control characters beyond ASCII have no key.
pub(super) fn character(bytes: &[u8]) -> Option<Key> {
    let c = str::from_utf8(bytes).ok()?.chars().next()?;
    (!c.is_control()).then(|| Key::char(c))
}

/// A sequence from its escape to its last byte. Most of those that are no keys are answers to questions we never
/// asked.
pub(super) fn sequence(bytes: &[u8]) -> Option<Input> {
    if !may_be_input(bytes) {
        return None;
    }
    let mut parser = Parser::default();
    parser.parse(bytes, false);
    match parser.pop()? {
        Event::Key(event) => key(event).map(Input::Key),
        Event::Mouse(event) => mouse(event).map(Input::Mouse),
        _ => None,
    }
}

/// The parser gives up some unknown sequences halfway and takes the rest for keys, so it only sees those forms
/// that it reads to their end.
fn may_be_input(bytes: &[u8]) -> bool {
    let [0x1b, introducer, parameters @ .., last] = bytes else { return false };
    match introducer {
        b'O' => parameters.is_empty(),
        b'[' => match parameters {
            // Of three bytes behind an M, as old terminals report the mouse, each may be anything.
            [] | [b'['] | [b'M', _, _] => true,
            [b'<', rest @ ..] => matches!(last, b'M' | b'm') && is_numbers(rest),
            [b'0'..=b'9', ..] => is_numbers(parameters),
            _ => false,
        },
        _ => false,
    }
}

fn is_numbers(parameters: &[u8]) -> bool {
    parameters.iter().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'))
}

fn key(event: KeyEvent) -> Option<Key> {
    use termina::event::KeyCode as Code;
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let shift = event.modifiers.contains(Modifiers::SHIFT);
    let code = match event.code {
        Code::Char(c) if shift && !c.is_control() => KeyCode::Char(c.to_uppercase().next().unwrap_or(c)),
        Code::Char(c) if !c.is_control() => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Escape => KeyCode::Esc,
        Code::Tab if shift => KeyCode::BackTab,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace | Code::Char('\x08') => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Insert => KeyCode::Insert,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::Function(number) => KeyCode::F(number),
        _ => return None,
    };
    let ctrl = event.modifiers.contains(Modifiers::CONTROL);
    let alt = event.modifiers.intersects(Modifiers::ALT | Modifiers::META);
    Some(Key { code, ctrl, alt })
}

fn mouse(event: MouseEvent) -> Option<Mouse> {
    let kind = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => MouseKind::Click,
        MouseEventKind::ScrollUp => MouseKind::WheelUp,
        MouseEventKind::ScrollDown => MouseKind::WheelDown,
        _ => return None,
    };
    Some(Mouse { kind, at: Position::new(event.column, event.row) })
}

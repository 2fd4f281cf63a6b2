//! Keys and sizes as the console of Windows gives them, which are no bytes.

use std::io;
use std::thread;

use crossterm::event::{self, Event, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Size};
use tokio::sync::{mpsc, watch};

use crate::dashboard::{Input, Key, KeyCode, Mouse, MouseKind};
use crate::terminal::keyboard::Typed;

pub(super) fn read(typed: mpsc::Sender<Typed>, size: watch::Sender<Size>) -> io::Result<()> {
    thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
        // Until the console is gone, or the viewer.
        while let Ok(event) = event::read() {
            let input = match event {
                Event::Key(event) => key(event).map(Input::Key),
                Event::Mouse(event) => mouse(event).map(Input::Mouse),
                Event::Resize(width, height) => {
                    let _ = size.send(Size::new(width, height)); // nobody may look any longer
                    None
                }
                _ => None,
            };
            if let Some(input) = input
                && typed.blocking_send(Typed::Input(input)).is_err()
            {
                return;
            }
        }
    })?;
    Ok(())
}

fn key(event: KeyEvent) -> Option<Key> {
    use crossterm::event::KeyCode as Code;
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        Code::Char(c) => KeyCode::Char(c),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace => KeyCode::Backspace,
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
        Code::F(number) => KeyCode::F(number),
        _ => return None,
    };
    let (ctrl, alt) = (event.modifiers.contains(KeyModifiers::CONTROL), event.modifiers.contains(KeyModifiers::ALT));
    // AltGr, by which many keyboards write `@` and `\`, is both of them.
    let writes = ctrl && alt && matches!(code, KeyCode::Char(c) if !c.is_ascii_alphanumeric());
    Some(Key { code, ctrl: ctrl && !writes, alt: alt && !writes })
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

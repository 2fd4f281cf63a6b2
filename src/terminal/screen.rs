//! A picture on a terminal at the far end of any byte stream: frames in, the bytes that change it out.
//!
//! Nothing here asks the terminal of this process for anything: size and cursor are what the viewer said and what
//! was drawn. A frame in which nothing changed has no bytes.

mod canvas;
mod sequences;

use std::io;
use std::sync::Once;

use ratatui::layout::Size;
use ratatui::{Frame, Terminal};

use self::canvas::Canvas;
pub use self::sequences::leave;

/// The largest picture; what a viewer claims to have beyond stays blank. Two of its cells are kept for each.
const LARGEST: Size = Size::new(500, 200);
/// For who does not know.
const USUAL: Size = Size::new(80, 24);

/// The picture a viewer has.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<Canvas>,
    /// What goes before the next frame.
    controls: Vec<u8>,
    mouse: bool,
}

impl Screen {
    /// A blank one. Its first frame brings the terminal into the state that [`leave`] ends.
    pub fn new(size: Size) -> io::Result<Self> {
        keep_colors();
        let terminal = Terminal::new(Canvas::new(clamped(size)))?;
        Ok(Self { terminal, controls: sequences::ENTER.to_vec(), mouse: false })
    }

    /// The viewer's terminal has this size now. Returns the size that is drawn, if it is another one.
    pub fn resize(&mut self, size: Size) -> Option<Size> {
        self.terminal.backend_mut().resize(clamped(size))
    }

    /// The size that is drawn.
    pub fn size(&self) -> Size {
        self.terminal.backend().size_drawn()
    }

    /// Draws and returns what to send; nothing if nothing changed.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<Vec<u8>> {
        self.terminal.draw(view)?;
        let mut bytes = std::mem::take(&mut self.controls);
        self.terminal.backend_mut().take_frame(&mut bytes);
        Ok(bytes)
    }

    /// The next frame is drawn whole, whatever the terminal shows.
    pub fn repaint(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Asks the terminal to report clicks and the wheel with the next frame, or to stop it.
    pub fn set_mouse(&mut self, on: bool) {
        if on != self.mouse {
            self.mouse = on;
            self.controls.extend(sequences::mouse(on));
        }
    }

    /// Puts text on the clipboard with the next frame.
    pub fn copy(&mut self, text: &str) {
        self.controls.extend(sequences::copy(text));
    }

    /// Whether something has to be sent besides the picture.
    pub fn has_controls(&self) -> bool {
        !self.controls.is_empty()
    }
}

/// A size that may be drawn: what a stranger sends must not decide how much memory is taken.
pub fn clamped(size: Size) -> Size {
    let side = |given: u16, usual, largest| if given == 0 { usual } else { given.min(largest) };
    Size::new(side(size.width, USUAL.width, LARGEST.width), side(size.height, USUAL.height, LARGEST.height))
}

/// The writer of colours reads `NO_COLOR` of this process for all viewers. Each viewer has its own, which its theme
/// heeds.
fn keep_colors() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| crossterm::style::force_color_output(true));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    fn shown(screen: &mut Screen, line: &str) -> String {
        text(screen.draw(|frame| frame.render_widget(line, frame.area())).unwrap())
    }

    #[test]
    fn the_first_frame_enters_and_each_is_one_update() {
        let mut screen = Screen::new(Size::new(10, 2)).unwrap();
        let first = shown(&mut screen, "hello");
        assert!(first.starts_with("\x1b[?1049h\x1b[?25l"), "{first:?}");
        assert!(!first.contains("1000h"), "the mouse is not asked for unless the viewer wants it");
        let second = shown(&mut screen, "hallo");
        assert!(second.starts_with("\x1b[?2026h") && second.ends_with("\x1b[?2026l"), "{second:?}");
        assert!(second.contains('a') && !second.contains('h'.to_string().repeat(2).as_str()), "{second:?}");
    }

    #[test]
    fn a_frame_without_a_change_has_no_bytes() {
        let mut screen = Screen::new(Size::new(10, 2)).unwrap();
        let mut draw = || {
            screen.draw(|frame| {
                frame.render_widget("hello", frame.area());
                frame.set_cursor_position((3, 1));
            })
        };
        assert!(text(draw().unwrap()).contains("\x1b[2;4H\x1b[?25h"), "the cursor is on the selection");
        assert_eq!(text(draw().unwrap()), "");
        let moved = screen.draw(|frame| {
            frame.render_widget("hello", frame.area());
            frame.set_cursor_position((4, 1));
        });
        assert_eq!(text(moved.unwrap()), "\x1b[?2026h\x1b[2;5H\x1b[?2026l");
        assert_eq!(
            text(screen.draw(|frame| frame.render_widget("hello", frame.area())).unwrap()),
            "\x1b[?2026h\x1b[?25l\x1b[?2026l"
        );
    }

    #[test]
    fn another_size_is_drawn_anew_and_a_monstrous_one_is_cut() {
        let mut screen = Screen::new(Size::new(u16::MAX, u16::MAX)).unwrap();
        assert_eq!(screen.size(), LARGEST);
        assert_eq!(screen.resize(Size::new(u16::MAX, 1000)), None);
        shown(&mut screen, "hello");
        assert_eq!(screen.resize(Size::new(0, 0)), Some(USUAL));
        let anew = shown(&mut screen, "hello");
        assert!(anew.contains("\x1b[2J") && anew.contains("hello"), "{anew:?}");
    }

    #[test]
    fn a_repaint_draws_all_of_it() {
        let mut screen = Screen::new(Size::new(10, 2)).unwrap();
        shown(&mut screen, "hello");
        screen.repaint().unwrap();
        let anew = shown(&mut screen, "hello");
        assert!(anew.contains("\x1b[2J") && anew.contains("hello"), "{anew:?}");
    }

    #[test]
    fn controls_go_before_the_frame_and_only_once() {
        let mut screen = Screen::new(Size::new(10, 2)).unwrap();
        shown(&mut screen, "");
        screen.set_mouse(true);
        screen.set_mouse(true);
        screen.copy("0JX4\x1b]");
        assert!(screen.has_controls());
        assert_eq!(shown(&mut screen, ""), "\x1b[?1000h\x1b[?1006h\x1b]52;c;MEpYNOKQm10=\x1b\\");
        assert_eq!(shown(&mut screen, ""), "");
    }
}

//! The control sequences that we write ourselves. Names of modes as in xterm's `ctlseqs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ratatui::layout::Position;

use crate::text::printable;

/// The alternate screen, no cursor, pastes marked as such, and a blank screen.
pub(super) const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[0m\x1b[2J\x1b[H";
pub(super) const BEGIN_UPDATE: &[u8] = b"\x1b[?2026h";
pub(super) const END_UPDATE: &[u8] = b"\x1b[?2026l";
pub(super) const HIDE_CURSOR: &[u8] = b"\x1b[?25l";
pub(super) const SHOW_CURSOR: &[u8] = b"\x1b[?25h";
/// Clicks and the wheel, with numbers of any size. Never movement (1003): it is a flood that nothing here needs.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// How much text a viewer's clipboard takes, in bytes; many terminals drop what is longer.
const MAX_COPY: usize = 64 * 1024;

/// Undoes whatever a [`super::Screen`] has asked of its terminal, in reverse order. The mouse is switched off once
/// more at the end, since some terminals bring modes back with the screen. Harmless where nothing is to be undone.
pub fn leave() -> Vec<u8> {
    [END_UPDATE, MOUSE_OFF, b"\x1b[?2004l\x1b[0m", SHOW_CURSOR, b"\x1b[?1049l", MOUSE_OFF].concat()
}

pub(super) const fn mouse(on: bool) -> &'static [u8] {
    if on { MOUSE_ON } else { MOUSE_OFF }
}

pub(super) fn move_to(position: Position) -> Vec<u8> {
    format!("\x1b[{};{}H", position.y + 1, position.x + 1).into_bytes()
}

/// OSC 52: the clipboard of the viewer's own machine, however far away that is.
pub(super) fn copy(text: &str) -> Vec<u8> {
    let lines = text.lines().map(|line| printable(line)).collect::<Vec<_>>().join("\n");
    let end = lines.floor_char_boundary(MAX_COPY);
    format!("\x1b]52;c;{}\x1b\\", BASE64.encode(&lines[..end])).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_cannot_run_when_it_is_pasted() {
        let copied = String::from_utf8(copy("a\x1b[201~\nb\r")).unwrap();
        assert_eq!(copied, format!("\x1b]52;c;{}\x1b\\", BASE64.encode("a␛[201~\nb\\r")));
    }

    #[test]
    fn leaving_takes_back_all_that_was_asked_in_reverse_order() {
        let left = String::from_utf8(leave()).unwrap();
        let place = |sequence| left.find(sequence).unwrap();
        assert!(place("\x1b[?1000l") < place("\x1b[?2004l"));
        assert!(place("\x1b[?2004l") < place("\x1b[?25h"));
        assert!(place("\x1b[?25h") < place("\x1b[?1049l"));
        assert!(left.ends_with("\x1b[?1000l"));
    }
}

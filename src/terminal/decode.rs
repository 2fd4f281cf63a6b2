//! Bytes of a terminal to input.
//!
//! What a terminal sends is a stream in which keys, pastes, mouse reports and the terminal's own answers follow each
//! other without a mark between them, cut into reads anywhere. The framing is done here, by the rules of ECMA-48, so
//! that nothing unknown is taken for keys and nothing unfinished swallows them; what a whole sequence means is asked
//! of `termina`. Memory is bounded whatever arrives.

mod meaning;

use std::time::{Duration, Instant};

use self::meaning::{ascii, character, sequence};
use crate::dashboard::{Input, Key, KeyCode};

/// How long after an escape the rest of a sequence may take. Longer, and it was the key.
const ESCAPE_PATIENCE: Duration = Duration::from_millis(40);
/// How long a sequence may take once it is surely one.
const SEQUENCE_PATIENCE: Duration = Duration::from_millis(500);
/// How long a paste may pause.
const PASTE_PATIENCE: Duration = Duration::from_secs(2);
/// The longest sequence that can mean something, in bytes.
const MAX_SEQUENCE: usize = 64;
/// How much of a paste is kept, in bytes.
const MAX_PASTE: usize = 64 * 1024;
/// Before and behind a paste.
const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";
const BELL: u8 = 0x07;
/// These two cancel any string.
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;

/// Takes bytes as they come and gives inputs.
#[derive(Debug, Default)]
pub struct Decoder {
    state: State,
    /// The sequence so far, or the paste so far; of an answer only its introducer, and one byte if there are more.
    pending: Vec<u8>,
    /// When the first byte of what is unfinished was read, and its last one.
    unfinished: Option<(Instant, Instant)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing is pending.
    #[default]
    Ground,
    /// Within a character of several bytes, of which so many are missing.
    Character { missing: usize },
    /// Behind an escape.
    Escape,
    /// Behind `ESC [`: parameters, intermediates, a final byte.
    Csi,
    /// Behind `ESC O`: perhaps parameters, a final byte.
    Ss3,
    /// Behind what looks like a final byte and is not the end: so many bytes follow.
    Tail { missing: usize },
    /// In a string, by which a terminal answers: OSC, which a bell ends as well, or DCS, SOS, PM, APC.
    Answer { ends_at_bell: bool },
    /// Behind an escape in such a string: perhaps its end.
    AnswerEnd,
    /// In a pasted text; so many bytes of its end were seen.
    Paste { ended: usize },
}

impl Decoder {
    /// Takes bytes that were read at `now` and appends what they mean.
    pub fn feed(&mut self, bytes: &[u8], now: Instant, inputs: &mut Vec<Input>) {
        for &byte in bytes {
            self.step(byte, inputs);
            let began = self.unfinished.map_or(now, |(began, _)| began);
            self.unfinished = (self.state != State::Ground).then_some((began, now));
        }
    }

    /// When [`Decoder::expire`] is to be called unless more bytes come first.
    pub fn deadline(&self) -> Option<Instant> {
        let (began, last) = self.unfinished?;
        Some(match self.state {
            State::Escape => last + ESCAPE_PATIENCE,
            State::Csi | State::Ss3 | State::Answer { .. } if self.is_introducer() => last + ESCAPE_PATIENCE,
            State::Paste { .. } => last + PASTE_PATIENCE,
            // From its beginning, so that keys which it swallows do not keep it alive.
            _ => began + SEQUENCE_PATIENCE,
        })
    }

    /// The rest does not come: what is pending means what it says by itself, or nothing.
    pub fn expire(&mut self, inputs: &mut Vec<Input>) {
        match self.state {
            State::Escape | State::AnswerEnd => inputs.push(Input::Key(Key::plain(KeyCode::Esc))),
            State::Csi | State::Ss3 | State::Answer { .. } if self.is_introducer() => {
                let key = Key::char(char::from(self.pending[1]));
                inputs.push(Input::Key(Key { alt: true, ..key }));
            }
            State::Paste { .. } => self.end_paste(inputs),
            _ => {}
        }
        self.reset();
    }

    fn step(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match self.state {
            State::Ground => self.begin(byte, inputs),
            State::Character { missing } => self.in_character(byte, missing, inputs),
            State::Escape => self.behind_escape(byte, inputs),
            State::Csi => self.in_csi(byte, inputs),
            State::Ss3 => self.in_ss3(byte, inputs),
            State::Tail { missing } => self.in_tail(byte, missing, inputs),
            State::Answer { ends_at_bell } => self.in_answer(byte, ends_at_bell),
            State::AnswerEnd => self.behind_answer(byte, inputs),
            State::Paste { ended } => self.in_paste(byte, ended, inputs),
        }
    }

    /// A byte behind nothing, or behind an escape that is pending.
    fn begin(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            0x1b => self.enter(State::Escape, byte),
            0xc2..=0xdf => self.enter(State::Character { missing: 1 }, byte),
            0xe0..=0xef => self.enter(State::Character { missing: 2 }, byte),
            0xf0..=0xf4 => self.enter(State::Character { missing: 3 }, byte),
            // With these no character begins.
            0x80.. => self.reset(),
            ..0x80 => self.give(Some(ascii(byte)), inputs),
        }
    }

    fn in_character(&mut self, byte: u8, missing: usize, inputs: &mut Vec<Input>) {
        if !matches!(byte, 0x80..=0xbf) {
            self.restart(byte, inputs);
            return;
        }
        self.keep(byte);
        if missing > 1 {
            self.state = State::Character { missing: missing - 1 };
        } else {
            let key = character(&self.pending[usize::from(self.is_alt())..]);
            self.give(key, inputs);
        }
    }

    fn behind_escape(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            0x1b => {
                inputs.push(Input::Key(Key::plain(KeyCode::Esc)));
                self.restart(byte, inputs);
            }
            b'[' => self.enter(State::Csi, byte),
            b'O' => self.enter(State::Ss3, byte),
            b']' => self.enter(State::Answer { ends_at_bell: true }, byte),
            b'P' | b'X' | b'^' | b'_' => self.enter(State::Answer { ends_at_bell: false }, byte),
            _ => self.begin(byte, inputs),
        }
    }

    fn in_csi(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            0x20..=0x3f => self.keep(byte),
            // F1 to F5 on the Linux console: `ESC [ [ A`.
            b'[' if self.is_introducer() => self.enter(State::Tail { missing: 1 }, byte),
            // The mouse as old terminals report it, who do not know what they were asked.
            b'M' if self.is_introducer() => self.enter(State::Tail { missing: 3 }, byte),
            0x40..=0x7e => {
                self.keep(byte);
                if self.pending == PASTE_BEGIN {
                    self.pending.clear();
                    self.state = State::Paste { ended: 0 };
                } else {
                    self.end_sequence(inputs);
                }
            }
            _ => self.restart(byte, inputs),
        }
    }

    fn in_ss3(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match byte {
            b'0'..=b'9' | b';' => self.keep(byte),
            0x40..=0x7e => {
                self.keep(byte);
                self.end_sequence(inputs);
            }
            _ => self.restart(byte, inputs),
        }
    }

    fn in_tail(&mut self, byte: u8, missing: usize, inputs: &mut Vec<Input>) {
        self.keep(byte);
        if missing > 1 {
            self.state = State::Tail { missing: missing - 1 };
        } else {
            self.end_sequence(inputs);
        }
    }

    fn in_answer(&mut self, byte: u8, ends_at_bell: bool) {
        match byte {
            0x1b => self.state = State::AnswerEnd,
            BELL if ends_at_bell => self.reset(),
            CANCEL | SUBSTITUTE => self.reset(),
            _ if self.is_introducer() => self.keep(byte),
            _ => {}
        }
    }

    fn behind_answer(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        self.reset();
        // `ESC \` is the end of a string. Any other sequence cancels it.
        if byte != b'\\' {
            self.step(0x1b, inputs);
            self.step(byte, inputs);
        }
    }

    fn in_paste(&mut self, byte: u8, ended: usize, inputs: &mut Vec<Input>) {
        if byte == PASTE_END[ended] {
            if ended + 1 == PASTE_END.len() {
                self.end_paste(inputs);
            } else {
                self.state = State::Paste { ended: ended + 1 };
            }
            return;
        }
        // Only with its first byte the end can begin anew.
        let begins = byte == PASTE_END[0];
        self.keep_pasted(&PASTE_END[..ended]);
        if !begins {
            self.keep_pasted(&[byte]);
        }
        self.state = State::Paste { ended: usize::from(begins) };
    }

    fn keep_pasted(&mut self, bytes: &[u8]) {
        let room = MAX_PASTE.saturating_sub(self.pending.len());
        self.pending.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn end_paste(&mut self, inputs: &mut Vec<Input>) {
        inputs.push(Input::Paste(String::from_utf8_lossy(&self.pending).into_owned()));
        self.reset();
    }

    fn end_sequence(&mut self, inputs: &mut Vec<Input>) {
        // A longer one was not kept whole, and means nothing we know.
        if self.pending.len() < MAX_SEQUENCE {
            inputs.extend(sequence(&self.pending));
        }
        self.reset();
    }

    fn give(&mut self, key: Option<Key>, inputs: &mut Vec<Input>) {
        let alt = self.is_alt();
        inputs.extend(key.map(|key| Input::Key(Key { alt, ..key })));
        self.reset();
    }

    /// Whether an escape stands before the character that is pending.
    fn is_alt(&self) -> bool {
        self.pending.first() == Some(&0x1b)
    }

    /// Whether only an escape and one byte are pending, which may as well have been typed with Alt.
    fn is_introducer(&self) -> bool {
        self.pending.len() == 2
    }

    fn enter(&mut self, state: State, byte: u8) {
        self.keep(byte);
        self.state = state;
    }

    fn keep(&mut self, byte: u8) {
        if self.pending.len() < MAX_SEQUENCE {
            self.pending.push(byte);
        }
    }

    /// What is pending means nothing, since this byte does not belong to it.
    fn restart(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        self.reset();
        self.step(byte, inputs);
    }

    fn reset(&mut self) {
        self.state = State::Ground;
        // A new one: a long paste leaves no long buffer behind.
        self.pending = Vec::new();
        self.unfinished = None;
    }
}

#[cfg(test)]
mod tests;

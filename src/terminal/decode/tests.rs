use proptest::prelude::*;
use ratatui::layout::Position;

use super::*;
use crate::dashboard::{Mouse, MouseKind};

/// What a person at a terminal, and the terminal itself, may send within a minute.
const RECORDED: &[&[u8]] = &[
    b"jj\x1b[B\x1b[A\x1bOA\x1b[1;5C\x1b[1;2D\x1b[3~\x1b[5~\x1b[6;3~\x1b[H\x1b[F\x1b[Z\t\r",
    b"/from:b\xc3\xb6b \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x93\xac\r\x7f\x08\x01\x12\x1c\x00",
    b"\x1ba\x1b\xc3\xa9\x1b\r\x1b\x1b[A\x1bOP\x1b[[A\x1b[15~\x1b[24;2~\x1b[97;5u\x1b[13;2u\x1b[97;1:3u",
    b"\x1b[200~pasted \x1b[A\x1b[20\x1b[201\r\nq\xc3\xa9\x1b[20\x1b[201~q",
    b"\x1b[<0;10;5M\x1b[<0;10;5m\x1b[<64;80;24M\x1b[<65;80;24M\x1b[M !!\x1b[I\x1b[O",
    b"\x1b[?62;22c\x1b[>0;276;0cj\x1b[?1;2R\x1b[24;80Rk\x1b[?2026;2$y\x1b[?997;1n\x1b[=1;2Zl\x1b[8;24;80t",
    b"\x1b]11;rgb:1c1c/1c1c/1c1c\x1b\\j\x1b]4;1;rgb:0/0/0\x07k\x1bP>|XTerm(379)\x1b\\l\x1b_Gi=1;OK\x1b\\m\x1bP1$r0m\x1b[B",
    b"\xff\xfe\x80\xc3(\x1b[\x1b[\xe6A\x1bO\xe6\x1b]0;never ended\x1b[Cx",
];

fn decode_in(reads: &[&[u8]]) -> Vec<Input> {
    let (mut decoder, mut inputs) = (Decoder::default(), Vec::new());
    let now = Instant::now();
    for read in reads {
        decoder.feed(read, now, &mut inputs);
    }
    if decoder.deadline().is_some() {
        decoder.expire(&mut inputs);
    }
    inputs
}

fn decode(bytes: &[u8]) -> Vec<Input> {
    decode_in(&[bytes])
}

fn keys(bytes: &[u8]) -> String {
    let shown = decode(bytes).into_iter().map(|input| match input {
        Input::Key(key) => key.to_string(),
        other => format!("{other:?}"),
    });
    shown.collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_are_what_terminals_send_for_them() {
    assert_eq!(keys(RECORDED[0]), "j j Down Up Up Ctrl-Right Left Delete PgUp Alt-PgDn Home End Shift-Tab Tab Enter");
    assert_eq!(
        keys(RECORDED[1]),
        "/ f r o m : b ö b Space 日 本 Space 📬 Enter Backspace Backspace Ctrl-a Ctrl-r Ctrl-\\ Ctrl-Space"
    );
    assert_eq!(keys(RECORDED[2]), "Alt-a Alt-é Alt-Enter Esc Up F1 F1 F5 F12 Ctrl-a Enter");
}

#[test]
fn a_capital_is_the_same_key_however_it_is_reported() {
    assert_eq!(keys(b"A\x1b[97;2u\x1b[97:65;2u"), "A A A");
}

#[test]
fn a_paste_is_one_input_and_no_keys() {
    let pasted = "pasted \x1b[A\x1b[20\x1b[201\r\nqé\x1b[20".to_owned();
    assert_eq!(decode(RECORDED[3]), [Input::Paste(pasted), Input::Key(Key::char('q'))]);
}

#[test]
fn a_long_paste_is_cut_and_ends_where_it_ends() {
    let mut bytes = PASTE_BEGIN.to_vec();
    bytes.extend(std::iter::repeat_n(b'x', 3 * MAX_PASTE));
    bytes.extend(PASTE_END);
    bytes.push(b'q');
    let inputs = decode(&bytes);
    assert!(matches!(&inputs[0], Input::Paste(text) if text.len() == MAX_PASTE));
    assert_eq!(inputs[1..], [Input::Key(Key::char('q'))]);
}

#[test]
fn the_mouse_is_its_left_button_and_its_wheel() {
    let at = |kind, x, y| Input::Mouse(Mouse { kind, at: Position::new(x, y) });
    let expected = [
        at(MouseKind::Click, 9, 4),
        at(MouseKind::WheelUp, 79, 23),
        at(MouseKind::WheelDown, 79, 23),
        at(MouseKind::Click, 0, 0),
    ];
    assert_eq!(decode(RECORDED[4]), expected);
}

#[test]
fn answers_of_the_terminal_are_no_keys_and_swallow_none() {
    assert_eq!(keys(RECORDED[5]), "j k l");
    assert_eq!(keys(RECORDED[6]), "j k l m Down");
}

#[test]
fn what_is_malformed_is_dropped_and_what_follows_is_not() {
    assert_eq!(keys(RECORDED[7]), "( A Right x");
    let long = [b"\x1b[".as_slice(), &[b'1'; 1000], b"Aq"].concat();
    assert_eq!(keys(&long), "q");
}

#[test]
fn an_escape_is_a_key_once_nothing_follows_it() {
    let (mut decoder, mut inputs) = (Decoder::default(), Vec::new());
    let now = Instant::now();
    decoder.feed(b"\x1b", now, &mut inputs);
    assert_eq!(decoder.deadline(), Some(now + ESCAPE_PATIENCE));
    assert!(inputs.is_empty());
    decoder.expire(&mut inputs);
    assert_eq!(inputs, [Input::Key(Key::plain(KeyCode::Esc))]);
    assert_eq!(decoder.deadline(), None);
    assert_eq!(keys(b"\x1b["), "Alt-[");
    assert_eq!(keys(b"\x1bO"), "Alt-O");
    assert_eq!(keys(b"\x1b]"), "Alt-]");
}

#[test]
fn an_answer_that_never_ends_is_given_up_though_keys_are_typed_into_it() {
    let (mut decoder, mut inputs) = (Decoder::default(), Vec::new());
    let start = Instant::now();
    decoder.feed(b"\x1b]0;", start, &mut inputs);
    decoder.feed(b"jjj", start + SEQUENCE_PATIENCE / 2, &mut inputs);
    assert_eq!(decoder.deadline(), Some(start + SEQUENCE_PATIENCE));
    decoder.expire(&mut inputs);
    decoder.feed(b"k", start + SEQUENCE_PATIENCE, &mut inputs);
    assert_eq!(inputs, [Input::Key(Key::char('k'))]);
}

#[test]
fn a_paste_may_pause_and_is_given_up_once_it_stops() {
    let (mut decoder, mut inputs) = (Decoder::default(), Vec::new());
    let start = Instant::now();
    decoder.feed(b"\x1b[200~ab", start, &mut inputs);
    let later = start + PASTE_PATIENCE / 2;
    decoder.feed(b"c", later, &mut inputs);
    assert_eq!(decoder.deadline(), Some(later + PASTE_PATIENCE));
    decoder.expire(&mut inputs);
    assert_eq!(inputs, [Input::Paste("abc".to_owned())]);
}

#[test]
fn every_split_of_what_was_recorded_decodes_the_same() {
    let all = RECORDED.concat();
    let whole = decode(&all);
    for at in 0..=all.len() {
        let (head, tail) = all.split_at(at);
        assert_eq!(decode_in(&[head, tail]), whole, "split at {at}");
    }
    let bytes: Vec<&[u8]> = all.chunks(1).collect();
    assert_eq!(decode_in(&bytes), whole, "byte by byte");
}

/// Pieces of what a terminal sends, in any order and with any bytes between.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(RECORDED.to_vec());
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        proptest::collection::vec(
            proptest::sample::select(b"\x1b[]OP_?<>=;:0123456789~ABMRmuy$\x07\\".to_vec()),
            0..20
        ),
        (known, any::<proptest::sample::Index>(), any::<proptest::sample::Index>()).prop_map(|(bytes, from, to)| {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
            bytes[from.min(to)..=from.max(to)].to_vec()
        }),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_stream_decodes_the_same_however_it_is_split(bytes in stream(), cuts in proptest::collection::vec(1..9_usize, 1..40)) {
        let mut reads = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (read, tail) = rest.split_at((*cut).min(rest.len()));
            reads.push(read);
            rest = tail;
        }
        prop_assert_eq!(decode_in(&reads), decode(&bytes));
    }

    #[test]
    fn whatever_came_before_a_key_typed_after_a_pause_is_that_key(bytes in stream()) {
        let (mut decoder, mut inputs) = (Decoder::default(), Vec::new());
        decoder.feed(&bytes, Instant::now(), &mut inputs);
        prop_assert!(decoder.pending.capacity() <= 2 * MAX_PASTE);
        prop_assert!(inputs.len() <= bytes.len());
        if decoder.deadline().is_some() {
            decoder.expire(&mut inputs);
        }
        inputs.clear();
        decoder.feed(b"j", Instant::now(), &mut inputs);
        prop_assert_eq!(inputs, [Input::Key(Key::char('j'))]);
    }
}

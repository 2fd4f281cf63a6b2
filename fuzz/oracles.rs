//! What must hold of every parser, whatever bytes it is given: each function panics where it does not.
//!
//! The fuzz targets hand in what the fuzzer makes up; `tests/fuzz_seeds.rs` hands in the seeds, and with them everything
//! that was ever found.

use std::path::Path;
use std::time::Instant;

use mailroot::accounts::{self, User};
use mailroot::clock::Timestamp;
use mailroot::config::{self, Draft, Problem};
use mailroot::dashboard::{Input, Key};
use mailroot::engine;
use mailroot::mail::Address;
use mailroot::queue::{Block, Records};
use mailroot::sasl::{self, Channel, ClientExchange, House, Mechanism, NtHash, ServerExchange, ServerStep};
use mailroot::smtp::{self, Command, Decoder, Framing, Piece, ReplyReader};
use mailroot::terminal::decode;

/// A command line without its CRLF: whatever address comes out of it can be written again and means the same, and no
/// error carries a raw byte.
pub(crate) fn command_line(input: &[u8]) {
    for utf8 in [false, true] {
        match Command::parse(input, utf8) {
            Ok(Command::Mail(path, _)) => path_is_sound(&path),
            Ok(Command::Rcpt(path, _)) => {
                path_is_sound(&path);
                if let smtp::Path::Mailbox(address) = &path {
                    assert!(utf8 || address.to_string().is_ascii(), "a mailbox beyond ASCII that nobody asked for");
                    let again = format!("RCPT TO:<{address}>");
                    let Ok(Command::Rcpt(again, _)) = Command::parse(again.as_bytes(), true) else {
                        panic!("{address} cannot be written again");
                    };
                    assert_eq!(again, path, "the same mailbox, read again");
                }
            }
            Ok(_) => {}
            Err(error) => is_printable(&error.to_string()),
        }
    }
}

fn path_is_sound(path: &smtp::Path) {
    match path {
        smtp::Path::Null => {}
        // Checked only once it is completed by the default domain.
        smtp::Path::Local(local) => {
            let completed = Address::parse(&format!("{local}@corp.example"), true);
            if let Ok(address) = completed {
                is_printable(&address.to_string());
            }
        }
        smtp::Path::Mailbox(address) => {
            let text = address.to_string();
            is_printable(&text);
            assert_eq!(Address::parse(&text, true).as_ref(), Ok(address), "the same address, read again");
        }
    }
}

/// The content of a message. The first octet says in which pieces the rest arrives, and by DATA or by BDAT. Compared
/// with a slow reading of the same rules, line by line over the whole.
pub(crate) fn data_phase(input: &[u8]) {
    let Some((&cut, wire)) = input.split_first() else { return };
    let framing = if cut % 2 == 0 { Framing::Dots } else { Framing::Counted };
    let pieces = usize::from(cut / 2) + 1;
    let mut wire = wire.to_vec();
    if framing == Framing::Dots {
        wire.extend_from_slice(b"\r\n.\r\n");
    }
    let (content, used) = decode(framing, &wire, pieces);
    let (expected, end) = match framing {
        Framing::Dots => slow_dots(&wire),
        Framing::Counted => (slow_lines(&wire, false), wire.len()),
    };
    assert_eq!(used, end, "where the content ends");
    assert_eq!(content.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let rest: Vec<u8> = String::from_utf8_lossy(&content).replace("\r\n", "").into_bytes();
    assert!(!rest.contains(&b'\r') && !rest.contains(&b'\n'), "a bare CR or LF in normal form");
}

/// The content, and how much of the wire belongs to it.
fn decode(framing: Framing, wire: &[u8], pieces: usize) -> (Vec<u8>, usize) {
    let mut decoder = Decoder::new(framing);
    let mut content = Vec::new();
    for (number, chunk) in wire.chunks(pieces).enumerate() {
        let mut left = chunk;
        while let Some(piece) = decoder.next(&mut left) {
            match piece {
                Piece::Content(octets) => content.extend_from_slice(octets),
                Piece::End => return (content, number * pieces + chunk.len() - left.len()),
            }
        }
        assert!(left.is_empty(), "input that was not taken");
    }
    assert_eq!(framing, Framing::Counted, "an end of data that was not seen");
    content.extend_from_slice(decoder.finish());
    (content, wire.len())
}

/// Content up to CRLF `.` CRLF, where the line end of DATA counts as the first CRLF.
fn slow_dots(wire: &[u8]) -> (Vec<u8>, usize) {
    let with_start = [b"\r\n", wire].concat();
    let end = (0..with_start.len()).find(|&at| with_start[at..].starts_with(b"\r\n.\r\n")).unwrap_or(0);
    (slow_lines(&wire[..end], true), end + 3)
}

fn slow_lines(content: &[u8], dots: bool) -> Vec<u8> {
    let mut normal = Vec::new();
    for line in content.split_inclusive(|&octet| octet == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = if dots && line.len() > 1 { line.strip_prefix(b".").unwrap_or(line) } else { line };
        normal.extend(line.iter().map(|&octet| if octet == b'\r' { b' ' } else { octet }));
        normal.extend_from_slice(b"\r\n");
    }
    normal
}

/// The bytes of a remote server. The first octet says in which pieces they arrive, which must make no difference;
/// what comes out of them is printable.
pub(crate) fn reply_parser(input: &[u8]) {
    let Some((&pieces, wire)) = input.split_first() else { return };
    let (replies, error) = read_replies(wire, usize::from(pieces) + 1);
    let (replies_at_once, error_at_once) = read_replies(wire, wire.len().max(1));
    assert_eq!(replies, replies_at_once, "the same replies, however they are cut up");
    // Of two errors in a row, which one is met first may depend on the pieces.
    assert_eq!(error.is_some(), error_at_once.is_some());
    for text in replies.iter().chain(&error) {
        is_printable(text);
    }
}

fn read_replies(wire: &[u8], pieces: usize) -> (Vec<String>, Option<String>) {
    let mut reader = ReplyReader::default();
    let mut replies = Vec::new();
    for chunk in wire.chunks(pieces) {
        reader.buffer().extend_from_slice(chunk);
        loop {
            match reader.next_reply(|_| {}) {
                Ok(Some(reply)) => {
                    assert!((200..600).contains(&reply.code), "code {}", reply.code);
                    replies.push(reply.to_string());
                }
                Ok(None) => break,
                Err(error) => return (replies, Some(error.to_string())),
            }
        }
    }
    (replies, None)
}

/// A file of the queue. A block ends within the file, and nothing behind a `Received:` line can add to it.
pub(crate) fn envelope_block(input: &[u8]) {
    let (block, length) = match Block::parse(input) {
        Ok(parsed) => parsed,
        Err(error) => return is_printable(&error.to_string()),
    };
    assert!(length <= input.len(), "a block of {length} octets in a file of {}", input.len());
    let trap = b"Received: from x\r\nx-receiver: <ghost@far.example>\r\nx-sender: <ghost@far.example>\r\n\r\n";
    let with_trap = [&input[..length], trap, &input[length..]].concat();
    let (again, length_again) = Block::parse(&with_trap).unwrap_or_else(|error| panic!("with content: {error}"));
    assert_eq!(length_again, length, "the end of the block");
    assert_eq!(again, block, "the block, with other content behind it");
    match block.into_message(input.len() as u64, Timestamp::default()) {
        Ok(message) => {
            assert_eq!(message.progress.len(), message.envelope.recipients.len());
            for recipient in &message.envelope.recipients {
                is_printable(&recipient.address.to_string());
            }
        }
        Err(error) => is_printable(&error.to_string()),
    }
}

/// A segment of the queue's journal. What is read is what was written there, without a gap.
pub(crate) fn journal(input: &[u8]) {
    let mut records = Records::of(input);
    let mut end = 0;
    while let Some((place, record)) = records.next() {
        let mut again = Vec::new();
        record.write(records.epoch().unwrap_or_default(), &mut again);
        assert_eq!((place.start, &again[..]), (end, &input[place.clone()]), "a record, written again");
        end = place.end;
    }
}

/// A settings file. What is wrong with it is said printably and in its place; what is right is kept to the byte by an
/// edit that changes nothing.
pub(crate) fn settings(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let base = Path::new(if cfg!(windows) { r"C:\srv" } else { "/srv" });
    match config::parse(text, base) {
        // Some good settings are so written that an edit could not keep them as they are; those it refuses.
        Ok(_) => match Draft::open(text, base) {
            // A last line that is not ended may get its line end.
            Ok(draft) => assert_eq!(draft.render().trim_end(), text.trim_end(), "an edit that changes nothing"),
            Err(problems) => are_printable(&problems),
        },
        Err(problems) => {
            assert!(!problems.is_empty(), "refused without a reason");
            are_printable(&problems);
            for problem in problems {
                assert!(problem.at.is_none_or(|at| at.line <= text.matches('\n').count() + 1 && at.column > 0));
            }
        }
    }
}

/// A message that a person reads: whatever its sender made of it, what is shown is bounded and printable.
pub(crate) fn preview(input: &[u8]) {
    let preview = engine::preview_of("1", input, input.len() as u64);
    assert!(preview.text.len() <= 500 && preview.attachments.len() <= 100 && preview.header.len() <= 15);
    for text in preview.header.iter().map(|(_, value)| value).chain(&preview.text) {
        is_printable(text);
        assert!(text.chars().count() <= 1000, "a line of {} characters", text.chars().count());
    }
    for attachment in &preview.attachments {
        is_printable(&attachment.media_type);
        is_printable(attachment.name.as_deref().unwrap_or_default());
    }
}

fn are_printable(problems: &[Problem]) {
    for problem in problems {
        is_printable(&problem.to_string());
    }
}

fn is_printable(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?} reaches a terminal raw");
}

/// What a terminal sends. The first octet says in which pieces the rest arrives, which changes nothing; and whatever it
/// was, a key that is pressed after a pause is that key.
pub(crate) fn terminal_input(input: &[u8]) {
    let Some((&cut, sent)) = input.split_first() else { return };
    let now = Instant::now();
    let decode_in = |pieces: usize| {
        let (mut decoder, mut inputs) = (decode::Decoder::default(), Vec::new());
        for piece in sent.chunks(pieces) {
            decoder.feed(piece, now, &mut inputs);
        }
        if decoder.deadline().is_some() {
            decoder.expire(&mut inputs);
        }
        (decoder, inputs)
    };
    let (mut decoder, whole) = decode_in(usize::MAX);
    assert!(whole.len() <= sent.len(), "more inputs than bytes");
    assert_eq!(decode_in(usize::from(cut) + 1).1, whole, "the same, however it is cut");
    let mut inputs = Vec::new();
    decoder.feed(b"j", now, &mut inputs);
    assert_eq!(inputs, [Input::Key(Key::char('j'))], "a key behind all that");
}

/// A login, as the lines of base64 that the other side says. The first octet is the mechanism: in capitals we are the
/// server, else the client.
pub(crate) fn login(input: &[u8]) {
    let Some((&kind, lines)) = input.split_first() else { return };
    let mut lines = lines.split(|&octet| octet == b'\n');
    let now = Timestamp::from_unix(1_795_518_903);
    let mechanism = match kind.to_ascii_uppercase() {
        b'P' => Mechanism::Plain,
        b'L' => Mechanism::Login,
        b'X' => Mechanism::XOAuth2,
        _ => Mechanism::Ntlm,
    };
    if kind.is_ascii_lowercase() {
        let mut exchange = match mechanism {
            Mechanism::Plain => ClientExchange::plain("u", "s3cret"),
            Mechanism::Login => ClientExchange::login("u", "s3cret"),
            Mechanism::XOAuth2 => ClientExchange::xoauth2("u", "s3cret"),
            Mechanism::Ntlm => ClientExchange::ntlm("u", "s3cret", "", Channel::Private, now),
        };
        exchange.start();
        for line in lines {
            match exchange.answer_text(line) {
                Ok(answer) => assert!(sasl::decode(answer.as_bytes()).is_ok(), "an answer that is no base64"),
                Err(error) => is_printable(&error.to_string()),
            }
        }
        return;
    }
    let house = House { host: "relay.test", now };
    let initial = lines.next().and_then(|line| sasl::decode(line).ok());
    let mut step = ServerExchange::start(mechanism, initial.as_ref().map(|initial| initial.as_slice()), house);
    loop {
        step = match step {
            ServerStep::Challenge { exchange, .. } => {
                let Some(answer) = lines.next().and_then(|line| sasl::decode(line).ok()) else { return };
                exchange.answer(&answer)
            }
            ServerStep::Password { user, password } => {
                assert!(!user.is_empty() && user.len() <= 255 && !password.is_empty());
                return;
            }
            ServerStep::Ntlm(login) => {
                assert!(!login.user().is_empty());
                assert!(!login.proves(&NtHash::of("s3cret")), "nobody knows this password, nor the challenge");
                return;
            }
            ServerStep::Malformed | ServerStep::Refused | ServerStep::Unavailable => return,
        };
    }
}

/// A users file: what is wrong with it is told printably, and who is in it can be found.
pub(crate) fn users_file(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match accounts::parse(text) {
        Ok(users) => users.iter().for_each(|user| {
            assert_eq!(User::check_name(&user.name), Ok(()));
            assert!(users.find(&user.name).is_some(), "{user:?} is not found");
        }),
        Err(problems) => are_printable(&problems),
    }
}

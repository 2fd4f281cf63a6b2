//! Texts that attack a terminal, sent in by clients and by the smart host: whatever pane shows them, the bytes that the
//! program writes are its own.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::attack_vectors::{assert_harmless, vectors};
use crate::client::Client;
use crate::pty::{Site, Terminal};
use crate::scripted_peer::{GREETING, ScriptedPeer, say};

/// How the first text looks where it is shown: `ESC [ 2 J`.
const SHOWN: &str = "␛[2J";
/// How long mail may take to be tried.
const PATIENCE: Duration = Duration::from_secs(30);

/// The vectors of the class terminal, and what they leave out.
fn texts() -> Vec<Vec<u8>> {
    let terminal: Vec<_> = vectors().into_iter().filter(|vector| vector.class == "terminal").collect();
    assert!(terminal[0].octets().starts_with(b"\x1b[2J"), "the first one is looked for");
    let others = [
        "\x1b]52;c;ZXZpbA==\x07",
        "\x07",
        "\x08\x08\x7f",
        "\u{9d}0;evil\u{9c}",
        "\u{202a}\u{202b}\u{202d}x\u{202c}",
        "\u{2066}\u{2067}\u{2068}x\u{2069}",
        "\x1b[?1049l\x1bc",
    ];
    terminal.iter().map(crate::attack_vectors::Vector::shown).chain(others.map(Vec::from)).collect()
}

/// A smart host that says the texts: every other recipient is deferred with one, the rest are refused.
fn smart_host(texts: &[Vec<u8>]) -> ScriptedPeer {
    let mut host = ScriptedPeer::new().on(GREETING, say([b"220 ", &texts[0][..]].concat()));
    for (number, text) in texts.iter().enumerate() {
        let code: &[u8] = if number % 2 == 0 { b"451 4.2.0 " } else { b"550 5.1.1 " };
        host = host.on(&format!("RCPT TO:<r{number}@"), say([code, text].concat()));
    }
    host
}

/// Says a text wherever a client can, and sends mail that is full of it. The smart host refuses those of an odd number,
/// and as they have no sender they end in Badmail.
fn attack(site: &Site, number: usize, text: &[u8]) {
    let mut client = Client::connect(site);
    say_everywhere(&mut client, text);
    assert!(client.say("EHLO app.example").starts_with("250"));
    let sender = if number.is_multiple_of(2) { "app@corp.example" } else { "" };
    let content =
        [b"Subject: ", text, b"\r\nFrom: ", text, b" <a@b.example>\r\n\r\n", text, b"\r\nEnd of body."].concat();
    client.send(sender, &format!("r{number}@far.test"), content);
}

fn say_everywhere(client: &mut Client, text: &[u8]) {
    for (before, behind) in
        [("HELO ", ""), ("EHLO ", ""), ("MAIL FROM:<", "@x.example>"), ("RCPT TO:<", "@x.example>"), ("", "")]
    {
        client.say([before.as_bytes(), text, behind.as_bytes()].concat());
    }
}

/// Opens messages of a list one after the other, and reads each part of them.
fn read_messages(terminal: &mut Terminal, count: usize, fate: &str) {
    terminal.press("<Home>");
    for _ in 0..count {
        let keys = ["<Enter>", "<Tab>", "<Tab>", "<Tab>", "<End>"];
        for (key, sign) in keys.into_iter().zip(["Recipients (1)", fate, "Subject:", "From    ", "End of body."]) {
            terminal.press(key);
            terminal.wait_for_text(sign);
        }
        terminal.press("<Esc>");
        terminal.wait_for("the list", |screen| !screen.contents().contains("End of body."));
        terminal.press("j");
    }
}

#[test]
fn no_byte_of_a_stranger_acts_on_the_terminal() {
    let runtime = Runtime::new().unwrap();
    let texts = texts();
    let host = smart_host(&texts);
    let address = runtime.block_on(host.listen());
    let site = Site::with(&format!(
        "[general]\nhostname = \"relay.example\"\nlisten = [\"127.0.0.1:0\"]\n\
         [delivery.advanced]\nsmart_host = \"[127.0.0.1]:{}\"\n",
        address.port()
    ));
    let mut terminal = site.start(&["run"], (120, 40));
    terminal.wait_for_text("Sessions");
    let start = terminal.raw().len();

    // All panes in sight while it happens.
    for (number, text) in texts.iter().enumerate() {
        attack(&site, number, text);
    }
    let waiting = texts.len().div_ceil(2);
    let refused = texts.len() - waiting;
    let deadline = Instant::now() + PATIENCE;
    let has_settled = || {
        site.ask(&["status", "--json"])["queue"]["total"] == waiting
            && site.ask(&["badmail", "list", "--json"])["total"] == refused
    };
    while !has_settled() {
        assert!(Instant::now() < deadline, "the mail is not tried: {}", terminal.screen().contents());
        std::thread::sleep(Duration::from_millis(50));
    }

    // A session that is watched; those before it are shown for a moment after their end.
    terminal.press("1+");
    terminal.wait_for("the last session to go", |screen| !screen.contents().contains("↓ in"));
    let mut client = Client::connect(&site);
    terminal.wait_for_text("greeting");
    terminal.press("/state:greeting<Enter><Enter>");
    terminal.wait_for_text("the dialogue from here on");
    say_everywhere(&mut client, &texts[0]);
    terminal.wait_for_text(SHOWN);
    for text in &texts {
        let mut client = Client::connect(&site);
        say_everywhere(&mut client, text);
    }
    terminal.press("<Esc>");
    terminal.wait_for("the sessions", |screen| !screen.contents().contains(SHOWN));

    // What waits, with a filter that was pasted; what was refused; the destinations.
    terminal.press("2");
    terminal.wait_for_text(SHOWN);
    read_messages(&mut terminal, waiting, "deferred");
    for text in &texts {
        terminal.press("/");
        terminal.wait_for_text("Enter keep");
        terminal.send(&[b"\x1b[200~", &text[..], b"QQ\x1b[201~"].concat());
        terminal.wait_for_text("QQ");
        terminal.press("<Esc>");
        terminal.wait_for("all of them again", |screen| !screen.contents().contains("QQ"));
    }
    terminal.press("D");
    terminal.wait_for_text("Destination");
    terminal.press("B");
    terminal.wait_for_text("Badmail");
    read_messages(&mut terminal, refused, "failed");

    // The log, and what it knows of each message.
    terminal.press("3<Home>");
    terminal.wait_for_text(SHOWN);
    for _ in &texts {
        terminal.press("<Enter>");
        terminal.wait_for("a history", |screen| {
            screen.contents().contains("Message ") || screen.contents().contains("One line")
        });
        terminal.press("<Esc>");
        terminal.wait_for("the log", |screen| {
            !screen.contents().contains("Message ") && !screen.contents().contains("One line")
        });
        terminal.press("j");
    }
    terminal.press("4");
    terminal.wait_for_text("Messages");

    assert_ours(&terminal.raw()[start..]);
}

/// Between two pictures the program writes text, and of control sequences only those that place it, colour it and show
/// the cursor. None of the latter is in a text that was sent.
#[track_caller]
fn assert_ours(raw: &[u8]) {
    // The last picture may be half read.
    let last = raw.windows(8).rposition(|bytes| bytes == b"\x1b[?2026l").unwrap();
    let raw = std::str::from_utf8(&raw[..last]).expect("what is drawn is UTF-8");
    let mut parts = raw.split('\x1b');
    assert_harmless(parts.next().unwrap());
    for part in parts {
        let end = part.find(|c: char| !matches!(c, '[' | '?' | ';' | ':' | '0'..='9')).unwrap();
        let (sequence, text) = part.split_at(end + 1);
        let is_place = || {
            let place = sequence.strip_prefix('[').and_then(|rest| rest.strip_suffix('H'));
            let digits = |number: &str| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
            place.and_then(|place| place.split_once(';')).is_some_and(|(row, column)| digits(row) && digits(column))
        };
        let is_style = || sequence.starts_with('[') && !sequence.contains('?') && sequence.ends_with('m');
        let is_mode = || matches!(sequence, "[?2026h" | "[?2026l" | "[?25h" | "[?25l");
        assert!(is_place() || is_style() || is_mode(), "{sequence:?} was written, with {text:?} behind it");
        assert!(!text.contains('\n'), "{text:?}");
        assert_harmless(text);
    }
}

//! The grammar, read and written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::mail::{Address, Notify, OriginalRecipient};

fn address(text: &str) -> Address {
    Address::parse(text, true).unwrap()
}

fn message(recipients: &[&str]) -> Message {
    let mut envelope = Envelope::new(ReversePath::Mailbox(address("app@corp.example")));
    envelope.recipients = recipients.iter().map(|text| Recipient::new(address(text))).collect();
    let origin = Origin { client: Some(Ipv4Addr::new(192, 0, 2, 7).into()), ..Origin::default() };
    Message::new(envelope, origin, Timestamp::from_unix(1_795_518_903))
}

fn read(file: &[u8]) -> Message {
    let (block, length) = Block::parse(file).unwrap();
    block.into_message((file.len() - length) as u64, Timestamp::from_unix(1000)).unwrap()
}

#[test]
fn a_block_reads_as_the_manual_shows_it() {
    let mut message = message(&["bob@example.com", "eve@example.net"]);
    message.envelope.recipients[0].notify = Some("FAILURE".parse().unwrap());
    message.envelope.recipients[0].orcpt = Some("rfc822;bob@example.com".parse().unwrap());
    message.progress[1].status = Status::Delivered;
    message.attempts = 3;
    message.last_reply = Some("451 4.7.1 Greylisted (mx1.example.net)".into());
    message.size = 4123;
    let text = String::from_utf8(render(&message, None).0).unwrap();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    assert_eq!(
        lines,
        [
            &format!(
                "x-mailroot: v1 len={:09} state=queued attempts=0003 next=2026-11-24T11:15:03Z delayed=0 \
                 size=000000004123 received=2026-11-24T11:15:03Z via=smtp client=192.0.2.7",
                text.len()
            ),
            "x-sender: <app@corp.example>",
            "x-receiver: <bob@example.com> status=pending   notify=failure orcpt=rfc822;bob@example.com",
            "x-receiver: <eve@example.net> status=delivered",
            "x-last-reply: 451 4.7.1 Greylisted (mx1.example.net)",
        ]
    );
}

#[test]
fn every_state_of_a_message_takes_the_same_room() {
    let mut message = message(&["bob@example.com", "eve@example.net"]);
    let fresh = render(&message, None).0.len();
    message.state = State::Held;
    message.attempts = 123_456;
    message.next = Timestamp::from_unix(i64::MAX);
    message.delay_reported = true;
    message.size = u64::MAX;
    message.progress[0].status = Status::Failed;
    message.last_reply = Some("é".repeat(300).into());
    assert_eq!(render(&message, None).0.len(), fresh);
    message.next = Timestamp::from_unix(i64::MIN);
    message.last_reply = Some("\u{202e}".repeat(300).into());
    assert_eq!(render(&message, None).0.len(), fresh);
}

#[test]
fn a_hand_made_block_needs_only_a_sender_and_a_recipient() {
    for file in [
        "x-sender: <a@x.example>\r\nx-receiver: <b@y.example>\r\nSubject: hi\r\n\r\nhi\r\n",
        "X-Receiver: b@y.example\nX-Sender:a@x.example\nSubject: hi\n\nhi\n",
        "\u{feff}x-sender:  a@x.example  \nx-receiver: <b@y.example>   \nSubject: hi\n\nhi\n",
    ] {
        let message = read(file.as_bytes());
        assert_eq!(message.envelope.sender.to_string(), "a@x.example");
        assert_eq!(message.envelope.recipients, [Recipient::new(address("b@y.example"))]);
        assert_eq!((message.origin.via, message.received.as_unix(), message.next.as_unix()), (Via::Hand, 1000, 1000));
    }
}

#[test]
fn lines_of_the_message_itself_add_no_recipient() {
    let mut file = render(&message(&["bob@example.com"]), None).0;
    file.extend_from_slice(b"Received: by us\r\nx-receiver: <mallory@example.org>\r\n\r\n");
    assert_eq!(read(&file).envelope.recipients.len(), 1);
}

#[test]
fn a_quoted_local_part_may_hold_brackets_and_spaces() {
    let file = b"x-sender: <>\r\nx-receiver: <\"a > b\"@x.example> status=failed\r\n\r\n";
    let message = read(file);
    assert_eq!(message.envelope.recipients[0].address.local(), "\"a > b\"");
    assert_eq!(message.progress[0].status, Status::Failed);
    assert_eq!(message.envelope.sender, ReversePath::Null);
}

#[test]
fn a_torn_status_is_pending_and_no_reason_to_give_up() {
    let file = b"x-sender: <>\r\nx-receiver: <a@x.example> status=deliing  \r\n\r\n";
    assert_eq!(read(file).progress[0].status, Status::Pending);
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    let file = b"x-mailroot: v1 colour=blue state=held\r\nx-mailroot-trace: 1\r\nx-sender: <>\r\n\
                 x-receiver: <a@x.example> shape=round\r\n\r\n";
    assert_eq!(read(file).state, State::Held);
}

#[test]
fn another_version_a_cut_block_and_no_block_are_told_apart() {
    let parse = |file: &[u8]| Block::parse(file).map(drop).unwrap_err();
    assert_eq!(parse(b"x-mailroot: v2 len=1\r\n"), BlockError::Version("v2".into()));
    assert_eq!(parse(b"x-sender: <a@x.example>\r\nx-receiver: <b@y"), BlockError::CutOff);
    assert_eq!(parse(b"Received: from somewhere\r\n"), BlockError::NoEnvelope);
    assert_eq!(parse(b""), BlockError::NoEnvelope);
    assert_eq!(parse(b"\0\0\0\0"), BlockError::NoEnvelope);
    let error = parse(b"x-sender: <>\r\nx-receiver: <a\x1b[2J@x>\r\n");
    assert!(error.to_string().starts_with("line 2 of its envelope: "), "{error}");
    assert!(!error.to_string().contains('\x1b'));
}

#[test]
fn a_message_needs_both_sender_and_recipient() {
    let made = |file: &[u8]| Block::parse(file).unwrap().0.into_message(0, Timestamp::default()).unwrap_err();
    assert_eq!(made(b"x-receiver: <a@x.example>\r\n"), BlockError::NoSender);
    assert_eq!(made(b"x-sender: <a@x.example>\r\n"), BlockError::NoRecipient);
}

#[test]
fn a_block_longer_than_what_is_at_hand_asks_for_more_and_reads_the_same() {
    let recipients: Vec<_> = (0..500).map(|n| format!("user{n}@example.com")).collect();
    let message = message(&recipients.iter().map(String::as_str).collect::<Vec<_>>());
    let mut file = render(&message, None).0;
    let length = file.len();
    file.extend_from_slice(b"Received: by us\r\n\r\nbody\r\n");
    for at_hand in [1, 5, 30, 200, 4096, length - 1, length, length + 3] {
        assert!(
            matches!(Block::parse_head(&file[..at_hand], false), Ok(Extent::MoreThan(n)) if n > at_hand),
            "{at_hand}"
        );
    }
    let Ok(Extent::Whole((block, found))) = Block::parse_head(&file[..length + 64.min(file.len() - length)], true)
    else {
        panic!("the whole block was at hand");
    };
    assert_eq!((found, block.recipients.len()), (length, 500));
    assert!(matches!(measure(&file, true), Ok(Extent::Whole(n)) if n == length));
}

#[test]
fn a_reason_stands_on_one_line_and_reads_back() {
    let message = message(&["bob@example.com"]);
    let file = render(&message, Some("refused\r\nx-receiver: <m@x.example>")).0;
    let (block, length) = Block::parse(&file).unwrap();
    assert_eq!((block.recipients.len(), length), (1, file.len()));
    assert_eq!(block.reason.as_deref(), Some("refused\\r\\nx-receiver: <m@x.example>"));
    assert_eq!(block.len, Some(file.len()));
}

fn any_address() -> impl Strategy<Value = Address> {
    let local = prop_oneof!["[a-zA-Z0-9.!#$%&'*+/=?^_{|}~-]{1,20}", "\"[ -!#-\\[\\]-~]{0,20}\"", "[a-zé-ü]{1,10}"];
    let domain =
        prop_oneof!["[a-z]{1,10}\\.example", Just("[192.0.2.1]".to_owned()), Just("bücher.example".to_owned())];
    (local, domain).prop_map(|(local, domain)| address(&format!("{local}@{domain}")))
}

fn any_recipient() -> impl Strategy<Value = (Recipient, Progress)> {
    let notify = prop::option::of((any::<bool>(), any::<bool>(), any::<bool>()));
    let orcpt = prop::option::of("[ -~]{1,30}");
    let status = prop_oneof![Just(Status::Pending), Just(Status::Delivered), Just(Status::Failed)];
    (any_address(), notify, orcpt, status).prop_map(|(address, notify, orcpt, status)| {
        let notify = notify.map(|(success, failure, delay)| Notify { success, failure, delay });
        let orcpt = orcpt.map(|text| OriginalRecipient { kind: "rfc822".into(), address: Xtext::encode(&text) });
        (Recipient { address, notify, orcpt }, Progress { status, reply: None })
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let sender =
        prop::option::of(any_address()).prop_map(|address| address.map_or(ReversePath::Null, ReversePath::Mailbox));
    let asked = (any::<bool>(), prop::option::of("[ -~]{1,40}"), prop::option::of(any::<bool>()));
    let client = prop::option::of(prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits))),
        any::<u128>().prop_map(|bits| IpAddr::from(Ipv6Addr::from(bits))),
    ]);
    let via = prop_oneof![Just(Via::Smtp), Just(Via::Pickup), Just(Via::Report), Just(Via::Hand)];
    let origin = (via, client, prop::option::of("[ -~é]{1,60}"), prop::option::of("[!-~]{1,60}"));
    let time = 0i64..253_402_000_000;
    let state = (any::<bool>(), 0u32..10_000, time.clone(), time, any::<bool>(), 0u64..1_000_000_000_000);
    let reply = prop::option::of("[!-~][ -~é]{0,70}[!-~]");
    (sender, prop::collection::vec(any_recipient(), 1..6), asked, origin, state, reply).prop_map(
        |(sender, recipients, asked, origin, state, reply)| {
            let (recipients, progress): (Vec<_>, Vec<_>) = recipients.into_iter().unzip();
            let mut envelope = Envelope::new(sender);
            envelope.recipients = recipients;
            envelope.smtputf8 = true;
            envelope.body = if asked.0 { Body::EightBit } else { Body::SevenBit };
            envelope.envid = asked.1.map(|text| Xtext::encode(&text));
            envelope.ret = asked.2.map(|full| if full { Return::Full } else { Return::Headers });
            let (via, client, helo, user) = origin;
            let origin = Origin { via, client, helo: helo.map(Into::into), user: user.map(Into::into) };
            Message {
                progress,
                size: state.5,
                state: if state.0 { State::Held } else { State::Queued },
                attempts: state.1,
                next: Timestamp::from_unix(state.3),
                delay_reported: state.4,
                last_reply: reply.map(Into::into),
                ..Message::new(envelope, origin, Timestamp::from_unix(state.2))
            }
        },
    )
}

proptest! {
    #[test]
    fn a_message_reads_back_as_it_was_written(message in any_message(), content in "Received: [ -~\r\n]{0,200}") {
        let mut file = render(&message, None).0;
        let length = file.len();
        file.extend_from_slice(content.as_bytes());
        let (block, found) = Block::parse(&file).unwrap();
        prop_assert_eq!(found, length);
        prop_assert_eq!(block.len, Some(length));
        let size = message.size;
        prop_assert_eq!(block.into_message(size, Timestamp::default()).unwrap(), message);
    }

    #[test]
    fn no_bytes_make_the_reader_fail_otherwise_than_with_a_reason(
        head in prop_oneof![Just(""), Just("x-mailroot: v1 "), Just("x-sender: "), Just("x-sender: <>\nx-receiver: ")],
        rest in prop::collection::vec(any::<u8>(), 0..300),
        is_all in any::<bool>(),
    ) {
        let bytes = [head.as_bytes(), &rest].concat();
        let parsed = Block::parse_head(&bytes, is_all);
        if let (Ok(Extent::Whole((_, length))), Ok(Extent::Whole(measured))) = (parsed, measure(&bytes, is_all)) {
            prop_assert_eq!(length, measured);
        }
    }
}

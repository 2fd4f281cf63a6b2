//! The queue as text.

use super::super::table::{Column, Table};
use super::units::{age, ahead, size};
use super::{facts, section};
use crate::clock::Timestamp;
use crate::engine::view::{Message, Origin, QueueShow, Recipient};

/// A table with a row for each message.
pub fn queue_table(messages: &[Message], now: Timestamp) -> Table {
    let mut table = Table::new(&[
        Column::Word("ID"),
        Column::Word("STATE"),
        Column::Number("AGE"),
        Column::Number("SIZE"),
        Column::Number("TRIES"),
        Column::Word("NEXT"),
        Column::Text("SENDER"),
        Column::Text("RECIPIENTS"),
        Column::Text("LAST REPLY"),
    ]);
    for message in messages {
        table.row([
            &message.id,
            &message.state,
            &age(&message.received, now),
            &size(message.size),
            &message.attempts.to_string(),
            &next(message, now),
            &path(&message.sender),
            &recipients(&message.recipients),
            message.last_reply.as_deref().unwrap_or("-"),
        ]);
    }
    table
}

/// Everything about one message but its content.
pub fn queue_show(shown: &QueueShow, now: Timestamp) -> String {
    let envid = ("Envelope id", shown.envid.clone());
    let origin = ("Origin", Some(origin(&shown.origin)));
    let next = ("Next attempt", Some(next(&shown.message, now)));
    let more = [origin, envid, next];
    message(&shown.message, &more, now) + &section("Header", shown.header.iter())
}

/// What queue and Badmail show alike of a message, with further facts of either.
pub(super) fn message(message: &Message, more: &[(&str, Option<String>)], now: Timestamp) -> String {
    let mut all = vec![
        ("Id", Some(message.id.clone())),
        ("State", Some(message.state.clone())),
        ("Received", Some(format!("{} ({} ago)", message.received, age(&message.received, now)))),
        ("Sender", Some(path(&message.sender))),
        ("Size", Some(size(message.size))),
        ("Attempts", Some(message.attempts.to_string())),
        ("Destination", message.destination.clone()),
        ("Last reply", message.last_reply.clone()),
    ];
    all.extend(more.iter().cloned());
    let recipients = message.recipients.iter().map(|recipient| {
        let reply = recipient.reply.as_deref().unwrap_or_default();
        format!("{:9}  {}  {reply}", recipient.status, path(&recipient.address)).trim_end().to_owned()
    });
    facts(&all) + &section("Recipients", recipients)
}

/// An address as SMTP writes it, so that the null path can be seen.
pub(super) fn path(address: &str) -> String {
    format!("<{address}>")
}

/// The first recipient still pending, or else the first of all, and how many there are besides.
pub(super) fn recipients(recipients: &[Recipient]) -> String {
    let pending = recipients.iter().find(|recipient| recipient.status == "pending");
    match (pending.or(recipients.first()), recipients.len()) {
        (None, _) => "-".to_owned(),
        (Some(one), 1) => path(&one.address),
        (Some(one), count) => format!("{} +{}", path(&one.address), count - 1),
    }
}

fn next(message: &Message, now: Timestamp) -> String {
    match message.state.as_str() {
        "active" => "trying".to_owned(),
        "held" => "-".to_owned(),
        _ => ahead(message.next.as_deref(), now),
    }
}

fn origin(origin: &Origin) -> String {
    let mut words = origin.via.clone();
    let details = [("", &origin.client), ("HELO ", &origin.helo), ("user ", &origin.user)];
    for (label, value) in details {
        if let Some(value) = value {
            words.push_str(", ");
            words.push_str(label);
            words.push_str(value);
        }
    }
    words
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::view::SCHEMA;

    pub(in super::super) fn now() -> Timestamp {
        "2026-11-24T11:15:03Z".parse().unwrap()
    }

    pub(in super::super) fn message() -> Message {
        let recipient = |address: &str, status: &str, reply: Option<&str>| Recipient {
            address: address.to_owned(),
            status: status.to_owned(),
            reply: reply.map(str::to_owned),
        };
        Message {
            id: "0JX4-a_b".to_owned(),
            state: "queued".to_owned(),
            received: "2026-11-24T08:15:03Z".to_owned(),
            sender: "app@corp.example".to_owned(),
            recipients: vec![
                recipient("eve@example.net", "delivered", Some("250 2.0.0 ok")),
                recipient("bob@example.com", "pending", Some("451 4.7.1 Greylisted")),
                recipient("bill@example.com", "pending", None),
            ],
            size: 4096,
            attempts: 3,
            next: Some("2026-11-24T11:30:03Z".to_owned()),
            last_reply: Some("451 4.7.1 Greylisted \x1b]0;x\x07(mx1.example.com)".to_owned()),
            destination: Some("example.com".to_owned()),
        }
    }

    #[test]
    fn a_list_says_why_a_message_waits_and_when_it_is_tried_next() {
        let bounce = Message {
            id: "0JX5".to_owned(),
            state: "held".to_owned(),
            sender: String::new(),
            recipients: message().recipients.split_off(2),
            size: 500,
            attempts: 0,
            last_reply: None,
            ..message()
        };
        let table = queue_table(&[message(), bounce], now());
        let layout = table.layout(None);
        assert_eq!(
            table.head(&layout) + &table.body(&layout),
            "ID        STATE   AGE    SIZE  TRIES  NEXT    SENDER              RECIPIENTS            LAST REPLY\n\
             0JX4-a_b  queued   3h  4.0 KB      3  in 15m  <app@corp.example>  <bob@example.com> +2  \
             451 4.7.1 Greylisted ␛]0;x<U+0007>(mx1.example.com)\n\
             0JX5      held     3h   500 B      0  -       <>                  <bill@example.com>    -\n"
        );
    }

    #[test]
    fn one_message_is_shown_with_every_recipient_and_its_header() {
        let shown = QueueShow {
            schema: SCHEMA,
            message: message(),
            origin: Origin {
                via: "smtp".to_owned(),
                client: Some("192.0.2.7".to_owned()),
                helo: Some("scanner".to_owned()),
                user: None,
            },
            envid: None,
            header: vec!["Subject: \x1b[31mred".to_owned(), "To: Bob <bob@example.com>".to_owned()],
        };
        assert_eq!(
            queue_show(&shown, now()),
            "Id            0JX4-a_b\n\
             State         queued\n\
             Received      2026-11-24T08:15:03Z (3h ago)\n\
             Sender        <app@corp.example>\n\
             Size          4.0 KB\n\
             Attempts      3\n\
             Destination   example.com\n\
             Last reply    451 4.7.1 Greylisted ␛]0;x<U+0007>(mx1.example.com)\n\
             Origin        smtp, 192.0.2.7, HELO scanner\n\
             Next attempt  in 15m\n\
             \n\
             Recipients\n  \
             delivered  <eve@example.net>  250 2.0.0 ok\n  \
             pending    <bob@example.com>  451 4.7.1 Greylisted\n  \
             pending    <bill@example.com>\n\
             \n\
             Header\n  \
             Subject: ␛[31mred\n  \
             To: Bob <bob@example.com>\n"
        );
    }
}

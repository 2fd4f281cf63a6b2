//! What strangers wrote, in every field that the pane shows.

use mailroot::dashboard::{Answer, Effect, QueueView, Request};
use mailroot::delivery::{DestinationRow, RecipientRow, Row};
use mailroot::engine::view::{self, SCHEMA};
use mailroot::engine::{LogTail, Outcome, QueueShape, Role, ShapeRow, Snapshot};
use mailroot::ledger::{Event, Record};

use super::harness::{preview, queue, recipient_of, unanswered, view_of};
use crate::attack_vectors::{assert_harmless, vectors};
use crate::driver::Driver;
use crate::fixtures;

/// The texts of the vectors that attack terminals, and a line without end.
fn texts() -> Vec<String> {
    let vectors = vectors().into_iter().filter(|vector| vector.class == "terminal");
    let mut texts: Vec<_> = vectors.map(|vector| String::from_utf8_lossy(&vector.shown()).into_owned()).collect();
    texts.push("x".repeat(20_000));
    texts.push("漢".repeat(20_000));
    assert!(texts.len() > 20);
    texts
}

fn row(text: &str) -> Row {
    Row {
        id: "0JX4K00A".to_owned(),
        state: "queued",
        received: fixtures::before(60),
        sender: text.to_owned(),
        recipients: vec![RecipientRow { address: text.to_owned(), status: "pending", reply: Some(text.to_owned()) }; 2],
        size: 1,
        attempts: 1,
        next: fixtures::NOW,
        last_reply: Some(text.to_owned()),
        destination: text.to_owned(),
    }
}

fn snapshot(text: &str) -> Snapshot {
    let mut snapshot = fixtures::snapshot();
    let destination = DestinationRow {
        name: text.to_owned(),
        ready: 1,
        deferred: 0,
        connections: 1,
        health: "held",
        until: None,
        reason: Some(text.to_owned()),
        advice: Some(text.to_owned()),
        paused: false,
    };
    snapshot.destinations = vec![destination].into();
    let mut record = Record::new(fixtures::NOW, Event::Deferred, "0JX4K00A");
    (record.recipient, record.host, record.reply) =
        (Some(text.to_owned()), Some(text.to_owned()), Some(text.to_owned()));
    snapshot.log = std::sync::Arc::new(LogTail { first: 0, records: vec![record.into()] });
    snapshot
}

fn message(text: &str) -> view::Message {
    view::Message {
        id: "0JX4K00A".to_owned(),
        state: "queued".to_owned(),
        received: fixtures::NOW.to_string(),
        sender: text.to_owned(),
        recipients: vec![recipient_of(text, "pending", Some(text))],
        size: 1,
        attempts: 1,
        next: None,
        last_reply: Some(text.to_owned()),
        destination: Some(text.to_owned()),
    }
}

/// Answers with the text in every field, though the engine would have made it printable.
fn serve(driver: &mut Driver, text: &str) {
    for _ in 0..10 {
        for effect in driver.take_effects() {
            let answer = match effect {
                Effect::ReadQueue(query) => Answer::Page(super::harness::page(&query, &[row(text)])),
                Effect::ReadShape => Answer::Shape(QueueShape {
                    rows: vec![ShapeRow { destination: text.to_owned(), total: 1, ages: [0; 8] }],
                }),
                Effect::Execute(request @ Request::Message(_), _) => {
                    let origin = view::Origin {
                        via: "smtp".to_owned(),
                        client: Some(text.to_owned()),
                        helo: Some(text.to_owned()),
                        user: Some(text.to_owned()),
                    };
                    let (envid, header) = (Some(text.to_owned()), vec![text.to_owned()]);
                    let show = view::QueueShow { schema: SCHEMA, message: message(text), origin, envid, header };
                    Answer::Outcome(request, view_of(&show))
                }
                Effect::Execute(request @ Request::Preview(_), _) => {
                    let part = view::Attachment { name: Some(text.to_owned()), media_type: text.to_owned(), size: 1 };
                    let preview = view::Preview {
                        header: vec![(text.to_owned(), text.to_owned())],
                        text: vec![text.to_owned()],
                        attachments: vec![part],
                        ..view::Preview::default()
                    };
                    Answer::Outcome(request, view_of(&preview))
                }
                Effect::Execute(request @ Request::Badmail, _) => {
                    let messages = vec![view::Badmail { message: message(text), reason: text.to_owned() }];
                    Answer::Outcome(request, view_of(&view::BadmailList { schema: SCHEMA, total: 1, messages }))
                }
                Effect::Execute(request @ Request::BadMessage(_), _) => {
                    let bad = view::Badmail { message: message(text), reason: text.to_owned() };
                    let show = view::BadmailShow { schema: SCHEMA, message: bad, header: vec![text.to_owned()] };
                    Answer::Outcome(request, view_of(&show))
                }
                Effect::Execute(request, _) => Answer::Outcome(request, Outcome::refused(text)),
                Effect::Copy(copied) => {
                    assert_harmless(&copied);
                    continue;
                }
                _ => continue,
            };
            driver.answer(answer);
        }
    }
}

#[test]
fn hostile_texts_are_shown_and_never_reach_the_terminal() {
    for text in texts() {
        let mut driver = unanswered(Role::Admin, snapshot(&text), (120, 40), QueueView::List);
        serve(&mut driver, &text);
        // Every view, every part of a message, the questions and what is refused.
        for keys in [
            "y", "Y", "r", "<Esc>", "<Enter>", "<Tab>", "<Tab>", "<Tab>", "<Esc>", "D", "R", "<Esc>", "y", "<Esc>",
            "<Enter>", "<Esc>", "<Esc>", "B", "d", "<Esc>", "<Enter>", "<Tab>", "<Tab>", "<Tab>",
        ] {
            driver.press(keys);
            serve(&mut driver, &text);
            assert_harmless(&driver.screen());
        }
    }
}

#[test]
fn a_subject_of_a_megabyte_is_cut() {
    let mut driver = queue(120, 40);
    driver.press("<Enter><BackTab>");
    let mut preview = preview("0JX4K00A");
    preview.header[1].1 = format!("{}\x1b[2J", "Subject ".repeat(125_000));
    driver.answer(Answer::Outcome(Request::Preview("0JX4K00A".to_owned()), view_of(&preview)));
    let screen = driver.press("G").screen();
    assert!(screen.contains("report.pdf") && screen.contains("Subject ..."), "{screen}");
    assert_harmless(&screen);
}

#[test]
fn what_is_pasted_into_a_filter_is_shown_and_not_run() {
    for text in texts() {
        let mut driver = queue(120, 40);
        driver.press("/");
        driver.send(mailroot::dashboard::Msg::Input(mailroot::dashboard::Input::Paste(text)));
        assert_harmless(&driver.screen());
        driver.press("<Enter>");
        assert_harmless(&driver.screen());
    }
}

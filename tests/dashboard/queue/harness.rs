//! A reader of a made-up queue, that answers what the pane asks.

use mailroot::clock::Timestamp;
use mailroot::dashboard::{Answer, Effect, Preferences, QueuePreferences, QueueView, Request};
use mailroot::delivery::Row;
use mailroot::engine::view::{self, SCHEMA};
use mailroot::engine::{Command, Outcome, QueuePage, QueueQuery, QueueShape, Role, ShapeRow, Snapshot};
use mailroot::queue::{Candidate, Phase};

use crate::driver::{Driver, viewer};
use crate::fixtures;

/// A pane that fills its screen, before anything was answered.
pub(crate) fn unanswered(role: Role, snapshot: Snapshot, (width, height): (u16, u16), view: QueueView) -> Driver {
    let queue = QueuePreferences { view, ..QueuePreferences::default() };
    let preferences = Preferences { zoomed: true, queue, ..Preferences::default() };
    Driver::with(viewer(role), snapshot, width, height, &preferences)
}

/// The usual queue in front of an administrator.
pub(crate) fn queue(width: u16, height: u16) -> Driver {
    let mut driver = unanswered(Role::Admin, fixtures::snapshot(), (width, height), QueueView::List);
    serve(&mut driver, &fixtures::rows());
    driver
}

/// Answers everything that was asked of these rows, until nothing is asked any more. Returns what else was wanted.
pub(crate) fn serve(driver: &mut Driver, rows: &[Row]) -> Vec<Effect> {
    let mut rest = Vec::new();
    for _ in 0..20 {
        let effects = driver.take_effects();
        if effects.is_empty() {
            return rest;
        }
        for effect in effects {
            match answer(&effect, rows) {
                Some(answer) => {
                    driver.answer(answer);
                }
                None => rest.push(effect),
            }
        }
    }
    panic!("the pane asks without end");
}

/// What an engine with these rows answers; `None` for acts.
pub(crate) fn answer(effect: &Effect, rows: &[Row]) -> Option<Answer> {
    Some(match effect {
        Effect::ReadQueue(query) => Answer::Page(page(query, rows)),
        Effect::ReadIds(query) => {
            let all = QueueQuery { offset: 0, limit: rows.len(), ..query.clone() };
            Answer::Ids(page(&all, rows).rows.iter().map(|row| row.id.parse().unwrap()).collect())
        }
        Effect::ReadShape => Answer::Shape(shape()),
        Effect::Execute(request @ Request::Message(id), _) => {
            let row = rows.iter().find(|row| row.id == *id);
            let outcome = row.map_or_else(|| Outcome::refused(format!("{id} is not in the queue")), shown);
            Answer::Outcome(request.clone(), outcome)
        }
        Effect::Execute(request @ Request::Preview(id), _) => Answer::Outcome(request.clone(), view_of(&preview(id))),
        Effect::Execute(request @ Request::Badmail, Command::BadmailList { .. }) => {
            let messages = badmail();
            let list = view::BadmailList { schema: SCHEMA, total: messages.len(), messages };
            Answer::Outcome(request.clone(), view_of(&list))
        }
        Effect::Execute(request @ Request::BadMessage(id), _) => {
            let message = badmail().into_iter().find(|bad| bad.message.id == *id).unwrap();
            let header = vec!["From: app@corp.example".to_owned(), "Subject: Invoice 4711".to_owned()];
            Answer::Outcome(request.clone(), view_of(&view::BadmailShow { schema: SCHEMA, message, header }))
        }
        _ => return None,
    })
}

/// A window of the rows, as the engine's reader makes it.
pub(crate) fn page(query: &QueueQuery, rows: &[Row]) -> QueuePage {
    use mailroot::engine::SortKey;
    let mut matching: Vec<&Row> = rows.iter().filter(|row| query.filter.matches(&Asked(row), fixtures::NOW)).collect();
    matching.sort_by(|one, other| match query.sort {
        SortKey::Size => one.size.cmp(&other.size),
        SortKey::Attempts => one.attempts.cmp(&other.attempts),
        SortKey::Sender => one.sender.cmp(&other.sender),
        _ => one.received.cmp(&other.received),
    });
    if query.descending {
        matching.reverse();
    }
    let selected = query.selected.as_ref();
    QueuePage {
        revision: 1,
        total: rows.len(),
        matched: matching.len(),
        offset: query.offset.min(matching.len()),
        selected: selected.and_then(|id| matching.iter().position(|row| row.id == id.as_str())),
        rows: matching.into_iter().skip(query.offset).take(query.limit).cloned().collect(),
    }
}

/// Any number of rows, of which only id, age and size differ.
pub(crate) fn many(count: i64) -> Vec<Row> {
    let like = fixtures::rows().remove(1);
    let row = |number: i64| Row {
        id: format!("ID{number:06}"),
        received: fixtures::before(count - number),
        size: 1000 + u64::try_from(number * 7919 % count).unwrap(),
        ..like.clone()
    };
    (0..count).map(row).collect()
}

/// The acts among effects, as commands.
pub(crate) fn commands(effects: &[Effect]) -> Vec<String> {
    let command = |effect: &Effect| match effect {
        Effect::Execute(_, command) => Some(format!("{command:?}")),
        _ => None,
    };
    effects.iter().filter_map(command).collect()
}

/// What the usual queue looks like by destination.
pub(crate) fn shape() -> QueueShape {
    let row = |destination: &str, ages: [usize; 8]| ShapeRow {
        destination: destination.to_owned(),
        total: ages.iter().sum(),
        ages,
    };
    QueueShape {
        rows: vec![
            row("smtp.provider.example:587", [1, 1, 3, 5, 0, 0, 0, 0]),
            row("mx1.example.net+1", [0, 0, 0, 0, 1, 0, 1, 0]),
            row("example.org", [0, 0, 1, 0, 0, 0, 0, 0]),
        ],
    }
}

/// The usual Badmail.
pub(crate) fn badmail() -> Vec<view::Badmail> {
    let message = |id: &str, sender: &str, recipient: &str, reason: &str, ago: i64| view::Badmail {
        message: view::Message {
            id: id.to_owned(),
            state: "held".to_owned(),
            received: fixtures::before(ago).to_string(),
            sender: sender.to_owned(),
            recipients: vec![recipient_of(recipient, "failed", None)],
            size: 3_100,
            attempts: 0,
            next: None,
            last_reply: None,
            destination: None,
        },
        reason: reason.to_owned(),
    };
    vec![
        message(
            "0JX4B01A",
            "",
            "gone@corp.example",
            "the report to gone@corp.example could not be returned: 550 5.1.1 No such user",
            90_000,
        ),
        message("0JX4B02A", "app@corp.example", "bob@example.com", "torn: shorter than it says", 300),
    ]
}

pub(crate) fn recipient_of(address: &str, status: &str, reply: Option<&str>) -> view::Recipient {
    view::Recipient { address: address.to_owned(), status: status.to_owned(), reply: reply.map(str::to_owned) }
}

pub(crate) fn view_of(view: &impl serde::Serialize) -> Outcome {
    Outcome::View { view: serde_json::to_value(view).unwrap() }
}

/// A row as `queue show` tells it.
pub(crate) fn shown(row: &Row) -> Outcome {
    view_of(&view::QueueShow {
        schema: SCHEMA,
        message: view::Message {
            id: row.id.clone(),
            state: row.state.to_owned(),
            received: row.received.to_string(),
            sender: row.sender.clone(),
            recipients: row
                .recipients
                .iter()
                .map(|recipient| recipient_of(&recipient.address, recipient.status, row.last_reply.as_deref()))
                .collect(),
            size: row.size,
            attempts: row.attempts,
            next: (row.state == "queued").then(|| row.next.to_string()),
            last_reply: row.last_reply.clone(),
            destination: Some(row.destination.clone()),
        },
        origin: view::Origin {
            via: "smtp".to_owned(),
            client: Some("192.0.2.40".to_owned()),
            helo: Some("db01".to_owned()),
            user: None,
        },
        envid: None,
        header: vec![
            "Received: from db01 ([192.0.2.40]) by relay.corp.example".to_owned(),
            "    for <bob@example.com>; Tue, 24 Nov 2026 08:03:03 +0000".to_owned(),
            "From: App <app@corp.example>".to_owned(),
            "Subject: Nightly report".to_owned(),
        ],
    })
}

/// A message as it is read.
pub(crate) fn preview(id: &str) -> view::Preview {
    view::Preview {
        schema: SCHEMA,
        id: id.to_owned(),
        header: vec![
            ("From".to_owned(), "App <app@corp.example>".to_owned()),
            ("Subject".to_owned(), "Nightly report".to_owned()),
        ],
        text: vec!["Good morning,".to_owned(), String::new(), "all jobs have run.".to_owned()],
        is_cut: true,
        attachments: vec![view::Attachment {
            name: Some("report.pdf".to_owned()),
            media_type: "application/pdf".to_owned(),
            size: 81_000,
        }],
    }
}

/// A row as a filter asks of it.
struct Asked<'a>(&'a Row);

impl Candidate for Asked<'_> {
    fn id(&self) -> &str {
        &self.0.id
    }
    fn sender(&self) -> &str {
        &self.0.sender
    }
    fn recipients(&self) -> impl Iterator<Item = (&str, &mailroot::mail::Domain)> {
        std::iter::empty()
    }
    fn phase(&self) -> Option<Phase> {
        Phase::from_word(self.0.state)
    }
    fn received(&self) -> Timestamp {
        self.0.received
    }
    fn size(&self) -> u64 {
        self.0.size
    }
    fn last_reply(&self) -> Option<&str> {
        self.0.last_reply.as_deref()
    }
    fn goes_to(&self, destination: &str) -> bool {
        self.0.destination == destination
    }
}

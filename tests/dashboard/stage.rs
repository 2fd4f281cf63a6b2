//! An engine of cardboard: it answers whatever a model asks for, with one text in every field that a stranger can fill.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mailroot::config::Settings;
use mailroot::dashboard::{Answer, Effect};
use mailroot::delivery::{RecipientRow, Step, StepKind, StepState};
use mailroot::engine::view::{
    Attachment, Badmail, BadmailList, BadmailShow, Export, Message, Origin, Plan, Preview, QueueShow, Recipient,
    SCHEMA, SettingsText, UserList, UserRow,
};
use mailroot::engine::{
    CheckEvent, Command, LogTail, Outcome, QueuePage, QueueShape, ShapeRow, Snapshot, TokenRow, TranscriptEvent,
    TrialEvent,
};
use mailroot::ledger::{Event, Record, Side};
use mailroot::oauth::{DeviceLoginEvent, TokenHealth};

use super::fixtures;

const MINUTE: Duration = Duration::from_mins(1);

/// The engine.
pub(crate) struct Stage {
    text: String,
}

impl Stage {
    /// An engine whose every text is this one.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// A relay in the middle of its work.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = fixtures::snapshot();
        let mut settings = Settings::clone(&snapshot.settings);
        settings.log.directory = PathBuf::from(&self.text);
        settings.mailroot = PathBuf::from(&self.text);
        snapshot.settings = Arc::new(settings);
        snapshot.settings_file = Some(Arc::new(PathBuf::from(&self.text)));
        snapshot.sessions = snapshot
            .sessions
            .iter()
            .cloned()
            .map(|mut session| {
                session.name = Some(self.text.clone().into());
                session.user = Some(self.text.clone().into());
                session
            })
            .collect();
        snapshot.destinations = snapshot
            .destinations
            .iter()
            .cloned()
            .map(|mut destination| {
                destination.name.clone_from(&self.text);
                destination.reason = Some(self.text.clone());
                destination
            })
            .collect();
        snapshot.log = Arc::new(LogTail { first: 0, records: self.records() });
        snapshot.tokens = Arc::new([TokenRow {
            domain: Some(self.text.clone()),
            mailbox: self.text.clone(),
            by_code: true,
            health: TokenHealth { valid_until: None, error: Some(self.text.clone()), needs_login: true },
        }]);
        snapshot.problems = Arc::new([self.text.clone()]);
        snapshot.warnings = Arc::new([self.text.clone()]);
        snapshot
    }

    /// A line for each kind of event, about two messages.
    fn records(&self) -> Vec<Arc<Record>> {
        let text = || Some(self.text.clone());
        let events = [Event::Accepted, Event::Refused, Event::Deferred, Event::Failed, Event::Held, Event::Badmail];
        let ids = ["0JX4K01A", self.text.as_str()];
        let record = |(event, id): (Event, &str)| {
            let mut record = Record::new(fixtures::NOW, event, id);
            (record.client, record.sender, record.recipient) = (text(), text(), text());
            (record.host, record.reply, record.actor) = (text(), text(), text());
            Arc::new(record)
        };
        ids.into_iter().flat_map(|id| events.map(|event| (event, id))).map(record).collect()
    }

    /// Everything that comes of an effect.
    pub(crate) fn answers(&self, effect: &Effect) -> Vec<Answer> {
        let text = || self.text.clone();
        match effect {
            Effect::Execute(request, command) => vec![Answer::Outcome(request.clone(), self.outcome(command))],
            Effect::ReadQueue(_) => vec![Answer::Page(self.page())],
            Effect::ReadIds(_) => {
                let ids = self.page().rows.into_iter().filter_map(|row| row.id.parse().ok());
                vec![Answer::Ids(ids.collect())]
            }
            Effect::ReadShape => {
                let row = |place| ShapeRow { destination: text(), total: place, ..ShapeRow::default() };
                vec![Answer::Shape(QueueShape { rows: (1..5).map(row).collect() })]
            }
            Effect::WatchSession(id) => {
                let line = |side| TranscriptEvent::Line { side, text: text(), at: fixtures::NOW };
                let remark = TranscriptEvent::Remark { text: text(), at: fixtures::NOW };
                let events = [remark, line(Side::Client), line(Side::Server), TranscriptEvent::Missed { lines: 3 }];
                let told = events.into_iter().map(|event| Answer::Transcript(*id, Some(event)));
                told.chain([Answer::Transcript(*id, None), Answer::NoTranscript(*id, text())]).collect()
            }
            Effect::TestMessage { .. } => {
                let line = |side| TrialEvent::Line { side, text: text(), at: fixtures::NOW };
                let refused = TrialEvent::Refused { advice: text() };
                [line(Side::Server), line(Side::Client), refused].map(Answer::Trial).into()
            }
            Effect::CheckSmartHost { number, .. } => {
                let line = |side| CheckEvent::Line { side, text: text(), at: fixtures::NOW };
                let step =
                    |state| CheckEvent::Step(Step { kind: StepKind::Tls, state, text: text(), advice: Some(text()) });
                let steps = [StepState::Passed, StepState::Noted, StepState::Failed].map(step);
                let told = [line(Side::Server), line(Side::Client)].into_iter().chain(steps);
                let told = told.chain([CheckEvent::Finished { can_send: false }]);
                told.map(|event| Answer::Check(*number, event)).chain([Answer::NoCheck(*number, text())]).collect()
            }
            Effect::LogIn { number, .. } => {
                let code =
                    DeviceLoginEvent::Code { code: text(), address: text(), expires_at: fixtures::NOW.plus(MINUTE) };
                let failed = DeviceLoginEvent::Failed { reason: text() };
                let events = [code, DeviceLoginEvent::Waiting, DeviceLoginEvent::Done { message: text() }, failed];
                let told = events.into_iter().map(|event| Answer::LogIn(*number, event));
                told.chain([Answer::NoLogIn(*number, text())]).collect()
            }
            Effect::Export { .. } => vec![Answer::Exported(Ok(text())), Answer::Exported(Err(text()))],
            _ => Vec::new(),
        }
    }

    fn page(&self) -> QueuePage {
        let mut page = fixtures::page();
        for row in &mut page.rows {
            row.sender.clone_from(&self.text);
            row.recipients =
                vec![RecipientRow { address: self.text.clone(), status: "pending", reply: Some(self.text.clone()) }; 3];
            row.last_reply = Some(self.text.clone());
            row.destination.clone_from(&self.text);
        }
        page
    }

    fn outcome(&self, command: &Command) -> Outcome {
        let text = || self.text.clone();
        let badmail = || Badmail { message: self.message(), reason: text() };
        let header = || vec![format!("Subject: {}", self.text), text()];
        let view = match command {
            Command::QueueShow { .. } => {
                let origin =
                    Origin { via: "smtp".into(), client: Some(text()), helo: Some(text()), user: Some(text()) };
                let message = self.message();
                view(QueueShow { schema: SCHEMA, message, origin, envid: Some(text()), header: header() })
            }
            Command::QueuePreview { id } | Command::BadmailPreview { id } => view(Preview {
                schema: SCHEMA,
                id: id.clone(),
                header: vec![("Subject".into(), text()), ("From".into(), text())],
                text: vec![text(), String::new(), text()],
                is_cut: true,
                attachments: vec![Attachment { name: Some(text()), media_type: text(), size: 4096 }],
            }),
            Command::QueueExport { id } => view(Export::new(id, self.text.as_bytes())),
            Command::QueuePlan { .. } => {
                view(Plan { schema: SCHEMA, plan: text(), count: 2, sample: vec![self.message(), self.message()] })
            }
            Command::BadmailList { .. } => {
                view(BadmailList { schema: SCHEMA, total: 2, messages: vec![badmail(), badmail()] })
            }
            Command::BadmailShow { .. } => view(BadmailShow { schema: SCHEMA, message: badmail(), header: header() }),
            Command::SettingsText => {
                let file = format!("# {}\n{}", self.text.replace(char::is_control, ""), mailroot::config::sample());
                view(SettingsText { schema: SCHEMA, path: text(), base: "/srv/mailroot".into(), text: file.into() })
            }
            Command::UserList => view(UserList {
                schema: SCHEMA,
                path: text(),
                users: vec![UserRow {
                    name: text(),
                    ntlm: true,
                    senders: vec![text(), text()],
                    max_messages_per_hour: None,
                }],
            }),
            Command::SettingsApply { .. } => return Outcome::Conflict { text: text().into() },
            Command::Pause { .. } | Command::Resume { .. } => return Outcome::done(1, text()),
            _ => return Outcome::refused(text()),
        };
        Outcome::View { view }
    }

    fn message(&self) -> Message {
        let text = || self.text.clone();
        let recipient = Recipient { address: text(), status: "pending".into(), reply: Some(text()) };
        Message {
            id: "0JX4K01A".into(),
            state: "queued".into(),
            received: fixtures::before(600).to_string(),
            sender: text(),
            recipients: vec![recipient.clone(), recipient],
            size: 4096,
            attempts: 2,
            next: Some(fixtures::NOW.to_string()),
            last_reply: Some(text()),
            destination: Some(text()),
        }
    }
}

fn view(view: impl serde::Serialize) -> serde_json::Value {
    serde_json::to_value(view).unwrap()
}

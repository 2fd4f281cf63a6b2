//! A world for the scheduler's tests: a disk, a network and a clock that do what the test says.

use std::collections::{HashMap, VecDeque};
use std::path::Path;

use super::*;
use crate::delivery::attempt::{Remote, Verdict};
use crate::delivery::round::{self, Fate};
use crate::dns::{Mx, ResolveError};
use crate::mail::{Address, EnhancedStatus, Envelope, Recipient, ReversePath};
use crate::queue::{Origin, State, Status};

pub(super) const START: i64 = 1_000_000;

pub(super) struct Bench {
    pub(super) scheduler: Scheduler,
    pub(super) now: Timestamp,
    /// Connections to be opened.
    pub(super) wanted: VecDeque<ConnectionId>,
    /// Connections that were idle and have been woken.
    pub(super) woken: VecDeque<ConnectionId>,
    /// Domains to be looked up.
    pub(super) asked: VecDeque<Domain>,
    /// The queue folder.
    pub(super) files: HashMap<QueueId, (Message, Stamp)>,
    /// What was handed on, by message and recipient.
    pub(super) delivered: Vec<(QueueId, String)>,
    /// What left the queue undelivered.
    pub(super) given_up: Vec<QueueId>,
    writes: i64,
}

pub(super) fn id(text: &str) -> QueueId {
    text.parse().unwrap()
}

pub(super) fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

pub(super) fn settings(smart_host: &str) -> Settings {
    let mut settings = Settings::defaults(Path::new("/"));
    settings.general.hostname = domain("relay.test");
    settings.local.default_domain = domain("relay.test");
    settings.delivery.advanced.smart_host = (!smart_host.is_empty()).then(|| smart_host.parse().unwrap());
    settings
}

pub(super) fn attempt(verdict: Verdict, code: u16, text: &str) -> Attempt {
    let class = u8::try_from(code / 100).unwrap();
    let remote = Remote { name: "mx.example".into(), address: "192.0.2.1:25".parse().unwrap() };
    let reply = Reply::new(code, EnhancedStatus::new(class, 0, 0), text);
    Attempt::said(verdict, reply, &Arc::new(remote))
}

pub(super) fn delivered() -> Attempt {
    attempt(Verdict::PassedOn, 250, "ok")
}

pub(super) fn deferred() -> Attempt {
    attempt(Verdict::Deferred, 451, "later")
}

pub(super) fn refused_connection() -> Attempt {
    Attempt::ours(Reply::new(451, EnhancedStatus::new(4, 4, 1), "connection refused"))
}

impl Bench {
    pub(super) fn new(settings: Settings) -> Self {
        let now = Timestamp::from_unix(START);
        Self {
            scheduler: Scheduler::new(Arc::new(settings), now, fastrand::Rng::with_seed(7)),
            now,
            wanted: VecDeque::new(),
            woken: VecDeque::new(),
            asked: VecDeque::new(),
            files: HashMap::new(),
            delivered: Vec::new(),
            given_up: Vec::new(),
            writes: 0,
        }
    }

    /// Changes the settings in force.
    pub(super) fn adopt(&mut self, settings: Settings) {
        self.scheduler.adopt(Arc::new(settings), self.now);
        self.after();
    }

    pub(super) fn message(&self, recipients: &[&str]) -> Message {
        let address = |text: &&str| Recipient::new(Address::parse(text, true).unwrap());
        let mut envelope = Envelope::new(ReversePath::Mailbox(Address::parse("app@relay.test", false).unwrap()));
        envelope.recipients = recipients.iter().map(address).collect();
        Message::new(envelope, Origin::default(), self.now)
    }

    pub(super) fn submit(&mut self, name: &str, recipients: &[&str]) {
        let message = self.message(recipients);
        let stamp = self.write(&id(name), &message);
        self.scheduler.submit(&id(name), message, stamp, Some(Bytes::from_static(b"x")), self.now);
        self.after();
    }

    /// Writes a file, and says what it looks like then.
    pub(super) fn write(&mut self, id: &QueueId, message: &Message) -> Stamp {
        self.writes += 1;
        let stamp = Stamp { modified: self.writes, size: 100 };
        self.files.insert(id.clone(), (message.clone(), stamp));
        stamp
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
        self.scheduler.tick(self.now);
        self.after();
    }

    pub(super) fn open(&mut self) -> ConnectionId {
        let connection = self.wanted.pop_front().expect("a connection is wanted");
        self.scheduler.opened(connection, self.now);
        self.after();
        connection
    }

    pub(super) fn fail_to_open(&mut self) {
        let connection = self.wanted.pop_front().expect("a connection is wanted");
        self.scheduler.not_opened(connection, refused_connection(), self.now);
        self.after();
    }

    pub(super) fn take(&mut self, connection: ConnectionId) -> Option<Assignment> {
        let next = self.scheduler.take(connection, self.now);
        self.after();
        match next {
            Next::Deliver(assignment) => Some(assignment),
            Next::Wait | Next::Leave => None,
        }
    }

    /// Takes a job and settles all of it alike; the id of its message, if there was one.
    pub(super) fn deliver(&mut self, connection: ConnectionId, result: &Attempt) -> Option<QueueId> {
        let assignment = self.take(connection)?;
        self.settle(connection, &assignment, result);
        Some(assignment.id)
    }

    pub(super) fn settle(&mut self, connection: ConnectionId, assignment: &Assignment, result: &Attempt) {
        let Some(message) = assignment.message.clone().or_else(|| self.load(connection, &assignment.id)) else {
            return;
        };
        if result.verdict.status() == Status::Delivered {
            for &recipient in &assignment.recipients {
                let address = message.envelope.recipients[recipient].address.to_string();
                self.delivered.push((assignment.id.clone(), address));
            }
        }
        drop(message);
        let result = Arc::new(result.clone());
        let results = assignment.recipients.iter().map(|&i| (i, Arc::clone(&result))).collect();
        let step = self.scheduler.settle(connection, results, Vec::new(), self.now);
        self.carry_out(step);
        self.after();
    }

    /// Reads a message as a connection would.
    fn load(&mut self, connection: ConnectionId, id: &QueueId) -> Option<Arc<Message>> {
        let loaded = if let Some((message, stamp)) = self.files.get(id).cloned() {
            self.scheduler.loaded(connection, message, stamp, self.now)
        } else {
            self.scheduler.missing(connection);
            None
        };
        self.after();
        loaded
    }

    pub(super) fn close(&mut self, connection: ConnectionId) {
        let step = self.scheduler.close(connection, false, self.now);
        self.carry_out(step);
        self.after();
    }

    pub(super) fn answer(&mut self, hosts: Result<&[(u16, &str)], ResolveError>) -> Domain {
        let domain = self.asked.pop_front().expect("a domain is asked for");
        let records = |hosts: &[(u16, &str)]| {
            hosts.iter().map(|&(preference, host)| Mx { preference, host: host.parse().ok() }).collect()
        };
        let own = self.scheduler.settings.general.hostname.clone();
        let exchange = Exchange::from_answer(&domain, &own, hosts.map(records));
        self.scheduler.resolved(&domain, exchange, self.now);
        self.after();
        domain
    }

    pub(super) fn attempts(&self, name: &str) -> u32 {
        self.scheduler.index().get(&id(name)).expect("the message is known").attempts()
    }

    pub(super) fn last_reply(&self, name: &str) -> String {
        let listed = self.scheduler.index().get(&id(name)).expect("the message is known");
        listed.last_reply().unwrap_or_default().to_owned()
    }

    /// Seconds from now to the next attempt.
    pub(super) fn next(&self, name: &str) -> i64 {
        let listed = self.scheduler.index().get(&id(name)).expect("the message is known");
        listed.next().as_unix() - self.now.as_unix()
    }

    /// Takes what the scheduler wants done, and closes the rounds nobody else closes.
    pub(super) fn after(&mut self) {
        for action in self.scheduler.actions() {
            match action {
                Action::Connect(connection) => self.wanted.push_back(connection),
                Action::Wake(connection) => self.woken.push_back(connection),
                Action::Resolve(domain) => self.asked.push_back(domain),
                Action::Close => {
                    while let Some(closing) = self.scheduler.next_closing() {
                        self.carry_out(Step::Close(Box::new(closing)));
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, mut step: Step) {
        loop {
            step = match step {
                Step::Done => return,
                Step::Save(saving) => {
                    let Saving { id, message, stamp } = *saving;
                    let written = self.files.get(&id).is_some_and(|file| file.1 == stamp);
                    let written = written.then(|| (message.clone(), self.write(&id, &message)));
                    self.scheduler.saved(&id, written)
                }
                Step::Close(closing) => self.conclude(*closing),
            };
        }
    }

    fn conclude(&mut self, closing: Closing) -> Step {
        let Closing { id, message, stamp, results, hold } = closing;
        let Some((on_disk, now)) = self.files.get(&id).cloned() else {
            return self.scheduler.closed(&id, Closed::Left, self.now);
        };
        let (mut message, mut stamp, results) = match message {
            Some(message) => (message, stamp, results),
            None if now == stamp => (on_disk, stamp, results),
            None => (on_disk, now, Vec::new()),
        };
        let ending = round::conclude(&mut message, results, &self.scheduler.settings.delivery, self.now);
        message.state = if hold { State::Held } else { message.state };
        if ending.fate != Fate::Keep {
            self.files.remove(&id);
            if message.progress.iter().any(|progress| progress.status == Status::Failed) {
                self.given_up.push(id.clone());
            }
            return self.scheduler.closed(&id, Closed::Left, self.now);
        }
        if stamp != now {
            message = round::merge(&message, self.files[&id].0.clone());
        }
        stamp = self.write(&id, &message);
        self.scheduler.closed(&id, Closed::Kept(Box::new(message), stamp), self.now)
    }
}

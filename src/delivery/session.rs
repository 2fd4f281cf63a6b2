//! A connection at work: it takes the jobs of its destination one after the other until there are none left.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::attempt::{Attempt, Verdict};
use super::connect::{self, Open};
use super::destination::{ConnectionId, Target};
use super::jobs::{Jobs, Link};
use super::scheduler::Assignment;
use super::shared::{Shared, Turn};
use super::{local, round, route};
use crate::config::Settings;
use crate::ledger::Activity;
use crate::mail::{Body, EnhancedStatus, Recipient, Reply};
use crate::queue::{Content, Message, ReadError};
use crate::smtp::{self, ClientError, Outcome, RecipientOutcome, Stage, Transaction};

/// How long an idle connection to an MX host is kept: strangers do not like to be held on to.
const IDLE_MX: Duration = Duration::from_secs(5);
/// How long an idle connection to a smart host is kept.
const IDLE_HOP: Duration = Duration::from_mins(1);
/// How old a connection may become. A bound on messages alone would let the slowest host of a destination gather
/// all connections, since there they last longest.
const MAX_AGE: Duration = Duration::from_mins(5);

/// Opens a connection that the scheduler wants, and serves it to its end.
pub(super) async fn run(shared: Arc<Shared>, connection: ConnectionId) {
    let link = Link::new(&shared, connection);
    let Some(plan) = shared.with(|scheduler, _| scheduler.plan(connection)) else { return };
    if plan.target == Target::Local {
        return local::run(&shared, connection).await;
    }
    let open = match connect::open(&shared, &plan).await {
        Ok(open) => open,
        Err(reason) => return shared.with(|scheduler, now| scheduler.not_opened(connection, reason, now)),
    };
    shared.with(|scheduler, now| scheduler.opened(connection, now));
    let idle = if matches!(plan.target, Target::Hop(_)) { IDLE_HOP } else { IDLE_MX };
    let jobs = Jobs::new(&shared, connection);
    let mut session = Session { jobs, open, opened: Instant::now(), transactions: 0, waited: false };
    let flow = session.serve(idle).await;
    if flow == Flow::Broken {
        return link.break_off();
    }
    drop(link); // its place is free before the farewell
    session.open.session.set_activity(Activity::Closing);
    session.open.connection.quit().await;
}

/// What happens to the connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// It takes another job.
    Continue,
    /// It is closed in good order.
    Quit,
    /// It is of no more use.
    Broken,
}

struct Session {
    jobs: Jobs,
    open: Open,
    opened: Instant,
    transactions: u32,
    /// The connection was idle before this job.
    waited: bool,
}

impl Session {
    async fn serve(&mut self, idle: Duration) -> Flow {
        loop {
            let flow = match self.jobs.turn() {
                Turn::Leave => Flow::Quit,
                Turn::Deliver(assignment) => self.deliver(assignment).await,
                Turn::Wait(alarm) => {
                    self.open.session.set_activity(Activity::Idle);
                    self.waited = true;
                    let over = tokio::select! {
                        biased;
                        () = self.open.connection.disturbed() => true,
                        _ = alarm => false,
                        () = sleep(idle) => true,
                        () = self.open.session.closed() => true,
                    };
                    // Work that came at the last moment is not turned away.
                    if over && self.jobs.stop_waiting() { Flow::Quit } else { Flow::Continue }
                }
            };
            if flow != Flow::Continue {
                return flow;
            }
        }
    }

    /// One job: one transaction, or as many as the server's limit of recipients makes of it.
    async fn deliver(&mut self, assignment: Assignment) -> Flow {
        let Some(message) = self.jobs.message(&assignment).await else { return Flow::Continue };
        if std::mem::take(&mut self.waited) && !self.open.connection.is_alive() {
            self.jobs.settle(Vec::new(), assignment.recipients).await;
            return Flow::Quit;
        }
        let settings = self.jobs.shared().context.settings.load_full();
        let mut results = Vec::with_capacity(assignment.recipients.len());
        let mut rest = assignment.recipients;
        let flow = loop {
            let payload = match &assignment.content {
                Some(content) => Payload::Memory(Some(content.clone())),
                None => match self.jobs.shared().context.queue.content(&assignment.id).await {
                    Ok(content) => Payload::File(content),
                    Err(ReadError::Gone) => {
                        self.jobs.missing();
                        return Flow::Continue;
                    }
                    Err(error) => {
                        let reply = Reply::new(451, EnhancedStatus::new(4, 3, 0), error.to_string());
                        settle_all(&mut results, &mut rest, Attempt::ours(reply));
                        break Flow::Continue;
                    }
                },
            };
            match self.transact(&settings, &message, &rest, payload).await {
                Ok(outcome) => {
                    let reusable = outcome.reusable;
                    self.note(&message, outcome, &mut results, &mut rest);
                    // One connection too many is best mended by this one.
                    let is_busy = results.iter().any(|(_, attempt): &round::Result| attempt.is_busy());
                    if !reusable || is_busy || self.is_worn_out(&settings) {
                        break Flow::Quit;
                    }
                    if rest.is_empty() {
                        break Flow::Continue;
                    }
                }
                // The server had closed a kept connection before it saw the transaction: no fault of the message.
                Err(Some(error)) if self.transactions > 1 && is_stale(&error) => break Flow::Broken,
                Err(error) => {
                    settle_all(&mut results, &mut rest, self.broken(error.as_ref()));
                    break Flow::Broken;
                }
            }
        };
        drop(message);
        self.jobs.settle(results, rest).await;
        flow
    }

    /// One transaction; `Err(None)` is a person who closed the session.
    async fn transact(
        &mut self,
        settings: &Settings,
        message: &Message,
        recipients: &[usize],
        mut payload: Payload,
    ) -> Result<Outcome, Option<ClientError>> {
        let envelope = &message.envelope;
        let sender = route::reverse_path(settings, &envelope.sender);
        let recipients: Vec<&Recipient> = recipients.iter().map(|&i| &envelope.recipients[i]).collect();
        let transaction = Transaction {
            sender: &sender,
            recipients: &recipients,
            eight_bit: envelope.body == Body::EightBit,
            smtputf8: envelope.smtputf8,
            ret: envelope.ret,
            envid: envelope.envid.as_ref(),
            size: message.size,
        };
        self.transactions += 1;
        self.open.session.set_activity(Activity::Envelope);
        tokio::select! {
            outcome = self.open.connection.deliver(&transaction, &mut payload) => outcome.map_err(Some),
            () = self.open.session.closed() => Err(None),
        }
    }

    /// Takes the outcome of a transaction apart; what the server had no room for stays in `rest`.
    fn note(&self, message: &Message, outcome: Outcome, results: &mut Vec<round::Result>, rest: &mut Vec<usize>) {
        let taken = if outcome.dsn_passed_on { Verdict::PassedOn } else { Verdict::Relayed };
        let mut is_taken = false;
        let mut untried = Vec::new();
        for (recipient, outcome) in rest.drain(..).zip(outcome.recipients) {
            let (verdict, reply) = match outcome {
                RecipientOutcome::Delivered(reply) => {
                    is_taken = true;
                    (taken, reply)
                }
                RecipientOutcome::Deferred(reply) => (Verdict::Deferred, reply),
                RecipientOutcome::Failed(reply) => (Verdict::Failed, reply),
                RecipientOutcome::Untried => {
                    untried.push(recipient);
                    continue;
                }
            };
            let attempt = Attempt::said(verdict, reply, &self.open.remote);
            results.push((recipient, Arc::new(attempt)));
        }
        *rest = untried;
        if is_taken {
            self.open.session.count_message();
            self.open.session.count_bytes(message.size);
            self.jobs.shared().context.ledger.totals.bytes_out.add(message.size);
        }
    }

    /// What a broken dialogue means for the recipients it was about: they are tried again, whatever was said.
    fn broken(&self, error: Option<&ClientError>) -> Attempt {
        let attempt = match error {
            None => {
                let reply =
                    Reply::new(451, EnhancedStatus::new(4, 3, 2), "The session was closed by the administrator");
                Attempt::ours(reply)
            }
            Some(error @ (ClientError::Unreadable { .. } | ClientError::BareLineEnd)) => {
                Attempt::ours(error.to_reply())
            }
            Some(error) => Attempt::said(Verdict::Deferred, error.to_reply(), &self.open.remote),
        };
        self.open.session.audience().remark(&attempt.reply.to_string());
        attempt
    }

    fn is_worn_out(&self, settings: &Settings) -> bool {
        let limit = settings.messages.max_messages_per_connection;
        limit.is_some_and(|limit| self.transactions >= limit) || self.opened.elapsed() >= MAX_AGE
    }
}

/// All recipients not settled yet share a fate.
fn settle_all(results: &mut Vec<round::Result>, rest: &mut Vec<usize>, attempt: Attempt) {
    let attempt = Arc::new(attempt);
    results.extend(rest.drain(..).map(|recipient| (recipient, Arc::clone(&attempt))));
}

/// Whether a kept connection was closed, or said to be, before the transaction began.
fn is_stale(error: &ClientError) -> bool {
    match error {
        ClientError::Lost { stage, .. } => *stage == Stage::Mail,
        ClientError::Refused { stage, reply } => *stage == Stage::Mail && reply.code == 421,
        _ => false,
    }
}

/// The content of a message on its way to the wire.
enum Payload {
    /// In memory, in normal form since it was accepted.
    Memory(Option<Bytes>),
    File(Content),
}

impl smtp::Body for Payload {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Memory(content) => Ok(content.take()),
            Self::File(content) => content.next().await,
        }
    }
}

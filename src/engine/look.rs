//! The views of what is happening: status, sessions, destinations, the log.

use serde::Serialize;

use super::command::Outcome;
use super::handle::Shared;
use super::snapshot::{CertificateHealth, TokenRow};
use super::view::{
    Certificate, Destination, DestinationList, Disk, QueueCounts, SCHEMA, Session, SessionList, Status, Token,
};
use crate::delivery::DestinationRow;
use crate::ledger::{Record, RecordFilter, SessionSnapshot};
use crate::oauth::TokenHealth;

/// The most lines of the log in one answer.
const MAX_RECORDS: usize = 20_000;

pub(super) async fn status(shared: &Shared) -> Outcome {
    let settings = shared.settings.load_full();
    let in_service = shared.reloader.addresses().await;
    let counts = shared.dispatcher.counts();
    let mut problems = shared.problems.list();
    problems.extend(shared.ledger.log_problem());
    problems.extend(shared.dispatcher.problems());
    view(&Status {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        state: shared.state().as_str().to_owned(),
        since: shared.started.to_string(),
        hostname: settings.general.hostname.to_string(),
        listeners: in_service.clear.iter().map(ToString::to_string).collect(),
        tls_listeners: in_service.tls.iter().map(ToString::to_string).collect(),
        certificate: shared.certificate.health().map(|health| certificate(&health)),
        tokens: super::tokens::health(&shared.tokens, &settings).into_iter().map(token).collect(),
        queue: QueueCounts {
            total: counts.queued + counts.active + counts.held,
            active: counts.active,
            held: counts.held,
            oldest: shared.dispatcher.oldest().map(|at| at.to_string()),
        },
        totals: shared.ledger.totals.named().into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        disk: shared.queue.space().ok().map(|(free, total)| Disk { free, total }),
        destinations: destination_list(shared),
        problems,
        warnings: settings.warnings().iter().map(ToString::to_string).collect(),
    })
}

fn certificate(health: &CertificateHealth) -> Certificate {
    let CertificateHealth { names, expires, is_self_signed, problem } = health.clone();
    let expires = expires.map(|at| at.to_string());
    Certificate { names, expires, self_signed: is_self_signed, problem }
}

fn token(row: TokenRow) -> Token {
    let TokenRow { domain, mailbox, health: TokenHealth { valid_until, error, needs_login }, .. } = row;
    Token { domain, mailbox, valid_until: valid_until.map(|at| at.to_string()), error, needs_login }
}

pub(super) fn sessions(shared: &Shared) -> Outcome {
    let sessions: Vec<_> = shared.ledger.sessions().into_iter().map(session).collect();
    view(&SessionList { schema: SCHEMA, total: sessions.len(), sessions })
}

pub(super) fn destinations(shared: &Shared) -> Outcome {
    view(&DestinationList { schema: SCHEMA, destinations: destination_list(shared) })
}

pub(super) fn log(shared: &Shared, filter: &str, limit: usize) -> Outcome {
    match filter.parse::<RecordFilter>() {
        Ok(filter) => {
            let recent = shared.ledger.recent(&filter, limit.min(MAX_RECORDS));
            view(&Records { schema: SCHEMA, records: recent.iter().map(|record| &**record).collect() })
        }
        Err(error) => Outcome::refused(error.to_string()),
    }
}

fn destination_list(shared: &Shared) -> Vec<Destination> {
    let destination = |row: DestinationRow| Destination {
        state: match (row.paused, row.health) {
            (true, _) => "paused",
            (false, "up") => "ready",
            (false, _) => "held-back",
        }
        .to_owned(),
        name: row.name,
        waiting: row.ready + row.deferred,
        connections: row.connections as usize,
        next: row.until.map(|until| until.to_string()),
        last_reply: row.reason,
        advice: row.advice,
    };
    shared.dispatcher.destinations().into_iter().map(destination).collect()
}

/// [`super::view::Log`] without copying the records into it.
#[derive(Serialize)]
struct Records<'a> {
    schema: u32,
    records: Vec<&'a Record>,
}

fn session(snapshot: SessionSnapshot) -> Session {
    Session {
        id: snapshot.id.to_string(),
        direction: snapshot.direction.as_str().to_owned(),
        peer: snapshot.peer.to_string(),
        name: snapshot.name.map(String::from),
        user: snapshot.user.map(String::from),
        tls: snapshot.encryption.is_some(),
        cipher: snapshot.encryption.map(|encryption| encryption.to_string()),
        state: snapshot.activity.as_str().to_owned(),
        messages: snapshot.messages,
        bytes: snapshot.bytes,
        age: snapshot.age.as_secs(),
    }
}

/// A view as an outcome.
pub(super) fn view(view: &impl Serialize) -> Outcome {
    match serde_json::to_value(view) {
        Ok(view) => Outcome::View { view },
        Err(error) => Outcome::refused(format!("the view could not be written as JSON: {error}")),
    }
}

//! Commands on the queue: list, show, export, and the acts.

use std::io;

use super::command::{Actor, Outcome, QueueAct, Target};
use super::handle::Shared;
use super::look::view;
use super::view::{Export, Message, Origin, QueueList, QueueShow, Recipient, SCHEMA};
use crate::delivery::Row;
use crate::queue::{Content, Filter, QueueId, ReadError};
use crate::text;

/// The most rows of one page.
pub(super) const PAGE: usize = 500;
/// How much of a message `show` reads to find the end of its header.
const HEADER_LIMIT: usize = 64 * 1024;
/// The largest message `export` puts into one answer; larger ones are copied from the folder.
const EXPORT_LIMIT: usize = 64 * 1024 * 1024;

pub(super) fn list(shared: &Shared, filter: &str, offset: usize, limit: usize) -> Outcome {
    match filter.parse::<Filter>() {
        Ok(filter) => {
            let (total, rows) = shared.dispatcher.rows(&filter, offset, limit.min(PAGE));
            view(&QueueList { schema: SCHEMA, total, messages: rows.into_iter().map(message).collect() })
        }
        Err(error) => Outcome::refused(error.to_string()),
    }
}

pub(super) async fn show(shared: &Shared, id: &str) -> Outcome {
    let (id, row) = match find(shared, id) {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    let shown = async {
        let (stored, _) = shared.queue.load(&id).await?;
        let header = header(shared.queue.content(&id).await?).await?;
        Ok::<_, ReadError>(QueueShow {
            schema: SCHEMA,
            message: message(row),
            origin: Origin {
                via: stored.origin.via.as_str().to_owned(),
                client: stored.origin.client.map(|client| client.to_string()),
                helo: stored.origin.helo.map(String::from),
                user: stored.origin.user.map(String::from),
            },
            envid: stored.envelope.envid.map(|envid| text::printable(&envid.decode()).into_owned()),
            header,
        })
    };
    match shown.await {
        Ok(shown) => view(&shown),
        Err(error) => Outcome::refused(format!("{id}: {error}")),
    }
}

pub(super) async fn export(shared: &Shared, id: &str) -> Outcome {
    let (id, row) = match find(shared, id) {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    if row.size > EXPORT_LIMIT as u64 {
        return Outcome::refused(format!(
            "{id} has {} octets, too many for one answer: copy its file from Queue",
            row.size
        ));
    }
    let exported = async { Ok::<_, ReadError>(collect(shared.queue.content(&id).await?, usize::MAX).await?) };
    match exported.await {
        Ok(content) => view(&Export::new(id.as_str(), &content)),
        Err(error) => Outcome::refused(format!("{id}: {error}")),
    }
}

/// The content as a person reads it. Who read the mail of others is written down.
pub(super) async fn preview(shared: &Shared, actor: &Actor, id: &str) -> Outcome {
    let (id, row) = match find(shared, id) {
        Ok(found) => found,
        Err(outcome) => return outcome,
    };
    tracing::info!("{} reads {id}", text::quoted(&actor.name));
    let content = match shared.queue.content(&id).await {
        Ok(content) => content,
        Err(error) => return Outcome::refused(format!("{id}: {error}")),
    };
    match super::preview::of(id.as_str(), row.size, content).await {
        Ok(preview) => view(&preview),
        Err(error) => Outcome::refused(format!("{id}: {error}")),
    }
}

/// Works out which messages are meant, and acts on exactly those.
pub(super) async fn act(shared: &Shared, actor: &Actor, act: QueueAct, target: &Target) -> Outcome {
    let ids = match select(shared, target) {
        Ok(ids) => ids,
        Err(reason) => return Outcome::refused(reason),
    };
    if act == QueueAct::Restore && !matches!(target, Target::Ids(_)) {
        return Outcome::refused("what was deleted is no longer in the queue: name by their ids what to bring back");
    }
    let (count, done) = carry_out(shared, actor, act, &ids).await;
    if count == 0 && matches!(target, Target::Ids(_)) {
        return Outcome::refused(match act {
            QueueAct::Restore => "none of these messages was deleted in the last day and is still away",
            _ => "none of these messages is in the queue in a state that allows it",
        });
    }
    record(shared, actor, target, &ids, &phrase(count, done));
    Outcome::done(count, phrase(count, done))
}

/// Does an act to these messages. Returns to how many, and what was done to them.
pub(super) async fn carry_out(shared: &Shared, actor: &Actor, act: QueueAct, ids: &[QueueId]) -> (usize, &'static str) {
    let (count, done) = match act {
        QueueAct::Restore => (shared.dispatcher.restore(ids, &actor.name).await, "brought back"),
        QueueAct::Retry => (shared.dispatcher.retry(ids, &actor.name), "tried now"),
        QueueAct::Hold => (shared.dispatcher.hold(ids, &actor.name).await, "held"),
        QueueAct::Release => (shared.dispatcher.release(ids, &actor.name).await, "released"),
        QueueAct::Delete => {
            (shared.dispatcher.delete(ids, &actor.name).await, "deleted; for a day they stay in .state/deleted")
        }
    };
    tracing::info!("{}: {count} of {} messages {done}", text::quoted(&actor.name), ids.len());
    (count, done)
}

/// Writes down what came of an act; one on a single message is told by the record of that message.
pub(super) fn record(shared: &Shared, actor: &Actor, target: &Target, ids: &[QueueId], done: &str) {
    match target {
        _ if ids.len() == 1 => {}
        Target::Ids(_) => shared.record_deed(actor, done),
        Target::Filter(filter) => shared.record_deed(actor, &format!("{done}; chosen by {filter}")),
        Target::All => shared.record_deed(actor, &format!("{done}; chosen by asking for all")),
    }
}

/// `1 message held`, `2 messages held`.
pub(super) fn phrase(count: usize, done: &str) -> String {
    format!("{count} {} {done}", if count == 1 { "message" } else { "messages" })
}

pub(super) fn select(shared: &Shared, target: &Target) -> Result<Vec<QueueId>, String> {
    match target {
        Target::Ids(ids) => ids.iter().map(|id| parse(id)).collect(),
        Target::Filter(filter) => {
            let filter: Filter = filter.parse().map_err(|error: text::FilterError| error.to_string())?;
            Ok(shared.dispatcher.select(&filter))
        }
        Target::All => Ok(shared.dispatcher.ids()),
    }
}

fn find(shared: &Shared, id: &str) -> Result<(QueueId, Row), Outcome> {
    let id = parse(id).map_err(Outcome::refused)?;
    match shared.dispatcher.row(&id) {
        Some(row) => Ok((id, row)),
        None => Err(Outcome::refused(format!(
            "{id} is not in the queue; `mailroot log --filter id:{id}` tells what became of it"
        ))),
    }
}

fn parse(id: &str) -> Result<QueueId, String> {
    id.parse().map_err(|error| format!("{}: {error}", text::quoted(id)))
}

/// The lines of a header, printable.
pub(super) async fn header(content: Content) -> io::Result<Vec<String>> {
    let content = collect(content, HEADER_LIMIT).await?;
    let lines = content.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    Ok(lines.take_while(|line| !line.is_empty()).map(shown).collect())
}

/// A line of a header; the white space in front of a folded one is shown as blanks.
fn shown(line: &[u8]) -> String {
    let text = line.trim_ascii_start();
    let indent = if text.len() < line.len() { "    " } else { "" };
    format!("{indent}{}", text::printable(text))
}

async fn collect(mut content: Content, limit: usize) -> io::Result<Vec<u8>> {
    let mut collected = Vec::new();
    while collected.len() < limit
        && let Some(piece) = content.next().await?
    {
        collected.extend_from_slice(&piece);
    }
    collected.truncate(limit);
    Ok(collected)
}

pub(super) fn message(row: Row) -> Message {
    Message {
        id: row.id,
        state: row.state.to_owned(),
        received: row.received.to_string(),
        sender: text::printable(&row.sender).into_owned(),
        recipients: row
            .recipients
            .into_iter()
            .map(|recipient| Recipient {
                address: text::printable(&recipient.address).into_owned(),
                status: recipient.status.to_owned(),
                reply: recipient.reply,
            })
            .collect(),
        size: row.size,
        attempts: row.attempts,
        next: (row.state == "queued").then(|| row.next.to_string()),
        last_reply: row.last_reply,
        destination: Some(row.destination).filter(|destination| !destination.is_empty()),
    }
}

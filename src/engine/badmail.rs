//! Commands on Badmail: list, show, and the acts.

use super::command::{Actor, BadmailAct, Outcome, Target};
use super::handle::Shared;
use super::look::view;
use super::messages::{PAGE, header, phrase};
use super::view::{Badmail as Row, BadmailList, BadmailShow, Message, Recipient, SCHEMA};
use crate::ledger::Event;
use crate::queue::{BadMessage, Badmail, Filter};
use crate::text;

pub(super) async fn list(shared: &Shared, filter: &str, offset: usize, limit: usize) -> Outcome {
    let messages = match matching(shared, filter).await {
        Ok(messages) => messages,
        Err(reason) => return Outcome::refused(reason),
    };
    let total = messages.len();
    let page = messages.into_iter().skip(offset).take(limit.min(PAGE)).map(row).collect();
    view(&BadmailList { schema: SCHEMA, total, messages: page })
}

pub(super) async fn show(shared: &Shared, id: &str) -> Outcome {
    let shown = async {
        let (message, content) = Badmail::new(shared.queue.clone()).show(id).await?;
        Ok::<_, std::io::Error>(BadmailShow { schema: SCHEMA, message: row(message), header: header(content).await? })
    };
    match shown.await {
        Ok(shown) => view(&shown),
        Err(error) => Outcome::refused(explain(id, &error)),
    }
}

/// The content as a person reads it. Who read the mail of others is written down.
pub(super) async fn preview(shared: &Shared, actor: &Actor, id: &str) -> Outcome {
    let (message, content) = match Badmail::new(shared.queue.clone()).show(id).await {
        Ok(found) => found,
        Err(error) => return Outcome::refused(explain(id, &error)),
    };
    tracing::info!("{} reads {} of Badmail", text::quoted(&actor.name), text::quoted(id));
    match super::preview::of(&message.id, message.size, content).await {
        Ok(preview) => view(&preview),
        Err(error) => Outcome::refused(format!("{} in Badmail: {error}", text::quoted(id))),
    }
}

/// Works out which messages are meant, then acts on exactly those.
pub(super) async fn act(shared: &Shared, actor: &Actor, act: BadmailAct, target: &Target) -> Outcome {
    let ids = match target {
        Target::Ids(ids) => Ok(ids.clone()),
        Target::Filter(filter) => matching(shared, filter).await.map(ids_of),
        Target::All => matching(shared, "").await.map(ids_of),
    };
    let ids = match ids {
        Ok(ids) => ids,
        Err(reason) => return Outcome::refused(reason),
    };
    let badmail = Badmail::new(shared.queue.clone());
    let (mut count, mut failure) = (0, None);
    for id in &ids {
        let done = match act {
            BadmailAct::Resend => badmail.resend(id).await.map(|()| Event::Released),
            BadmailAct::Delete => badmail.delete(id).await.map(|()| Event::Removed),
        };
        match done {
            Ok(event) => {
                count += 1;
                shared.record_act(event, id, actor);
            }
            Err(error) => failure = Some(explain(id, &error)),
        }
    }
    let done = match act {
        BadmailAct::Resend => "put into Pickup to be sent again",
        BadmailAct::Delete => "deleted from Badmail",
    };
    tracing::info!("{}: {count} of {} messages {done}", text::quoted(&actor.name), ids.len());
    shared.surroundings.look_soon();
    if ids.len() != 1 {
        shared.record_deed(actor, &phrase(count, done));
    }
    match failure {
        Some(failure) if count == 0 => Outcome::refused(failure),
        Some(failure) => Outcome::done(count, format!("{}; but {failure}", phrase(count, done))),
        None => Outcome::done(count, phrase(count, done)),
    }
}

async fn matching(shared: &Shared, filter: &str) -> Result<Vec<BadMessage>, String> {
    let filter: Filter = filter.parse().map_err(|error: text::FilterError| error.to_string())?;
    let listed = Badmail::new(shared.queue.clone()).list(&filter, shared.clock.now()).await;
    listed.map_err(|error| format!("Badmail could not be read: {error}"))
}

fn ids_of(messages: Vec<BadMessage>) -> Vec<String> {
    messages.into_iter().map(|message| message.id).collect()
}

fn explain(id: &str, error: &std::io::Error) -> String {
    let id = text::quoted(id);
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("{id} is not in Badmail; `mailroot badmail list` shows what is"),
        _ => format!("{id} in Badmail: {error}"),
    }
}

fn row(message: BadMessage) -> Row {
    let recipients = message.recipients.into_iter().map(|(address, status)| Recipient {
        address: text::printable(address.as_str()).into_owned(),
        status: status.as_str().to_owned(),
        reply: None,
    });
    Row {
        message: Message {
            id: message.id,
            state: "held".to_owned(),
            received: message.received.to_string(),
            sender: text::printable(&message.sender).into_owned(),
            recipients: recipients.collect(),
            size: message.size,
            attempts: 0,
            next: None,
            last_reply: None,
            destination: None,
        },
        reason: message.reason.unwrap_or_else(|| "nobody wrote down why".to_owned()),
    }
}

//! What people do to messages of the list: to those that are marked, else to the one under the cursor.

use super::marks::Marks;
use super::question::{self, Question};
use super::rows;
use super::view::View;
use crate::dashboard::Model;
use crate::dashboard::message::{Effect, Request};
use crate::dashboard::toasts::Weight;
use crate::dashboard::undo::commands;
use crate::delivery::Row;
use crate::engine::{BadmailAct, Command, QueueAct, Target};
use crate::queue::Filter;
use crate::text::printable;

/// Does an act to what is marked, or to the row under the cursor.
pub(super) fn act(model: &mut Model, act: QueueAct) -> Vec<Effect> {
    if let Err(effects) = end_range(model) {
        return effects;
    }
    let list = &mut model.panes.queue.list;
    match &list.marks {
        Marks::Matching(filter) => {
            let filter = filter.clone();
            plan(model, act, &filter)
        }
        Marks::Ids(ids) if ids.is_empty() => {
            list.selected().map(|row| execute(act, std::slice::from_ref(&row.id))).unwrap_or_default()
        }
        Marks::Ids(ids) => {
            let ids: Vec<String> = ids.iter().cloned().collect();
            if act == QueueAct::Delete && ids.len() > question::MANY {
                let sample = list.marked_rows().take(question::SAMPLE).map(question::line_of).collect();
                let advice = "For ten seconds z brings them back; for a day they stay in .state/deleted.";
                model.open(Question::new(act, ids.len(), sample, execute(act, &ids), advice));
                return Vec::new();
            }
            list.unmark();
            execute(act, &ids)
        }
    }
}

/// Holds, or releases what is held.
pub(super) fn hold(model: &mut Model) -> Vec<Effect> {
    if let Err(effects) = end_range(model) {
        return effects;
    }
    let list = &model.panes.queue.list;
    let is_held = |row: &Row| row.state == "held";
    let are_held = match &list.marks {
        Marks::Ids(ids) if !ids.is_empty() => list.marked_rows().next().is_some() && list.marked_rows().all(is_held),
        _ => list.selected().is_some_and(is_held),
    };
    act(model, if are_held { QueueAct::Release } else { QueueAct::Hold })
}

/// Asks for an act on these messages. A removal can be taken back, however many commands it takes.
pub(super) fn execute(act: QueueAct, ids: &[String]) -> Vec<Effect> {
    let all = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let mut commands: Vec<Command> = commands(act, ids).collect();
    let last = commands.pop();
    let mut effects: Vec<Effect> = commands.into_iter().map(|command| Effect::Execute(Request::Act, command)).collect();
    let request = if act == QueueAct::Delete { Request::Delete(all) } else { Request::Act };
    effects.extend(last.map(|command| Effect::Execute(request, command)));
    effects
}

/// Asks for the file of the message under the cursor.
pub(super) fn export(model: &mut Model) -> Vec<Effect> {
    let row = model.panes.queue.list.selected();
    row.map(|row| export_of(&row.id)).unwrap_or_default()
}

/// Asks for the file of a message.
pub(super) fn export_of(id: &str) -> Vec<Effect> {
    let request = Request::Content(id.to_owned());
    vec![Effect::Execute(request, Command::QueueExport { id: id.to_owned() })]
}

/// Asks for an act on messages of Badmail.
pub(super) fn on_badmail(act: BadmailAct, ids: Vec<String>) -> Effect {
    Effect::Execute(Request::BadmailAct, Command::BadmailAct { act, target: Target::Ids(ids) })
}

/// Asks whether to delete what is marked in Badmail, or the message under the cursor.
pub(super) fn delete_badmail(model: &mut Model) -> Vec<Effect> {
    let ids = model.panes.queue.badmail.subject();
    let sample = ids.iter().take(question::SAMPLE).map(|id| printable(id).into_owned()).collect();
    let (count, effects) = (ids.len(), vec![on_badmail(BadmailAct::Delete, ids)]);
    model.open(Question::new(QueueAct::Delete, count, sample, effects, "They cannot be brought back."));
    Vec::new()
}

/// Tries all mail of the destination under the cursor.
pub(super) fn retry_destination(model: &mut Model) -> Vec<Effect> {
    let Some(name) = destination(model) else { return Vec::new() };
    model.say(Weight::Info, format!("trying all mail for {}", printable(&name)));
    let target = Target::Filter(format!("destination:{name}"));
    vec![Effect::Execute(Request::Act, Command::QueueAct { act: QueueAct::Retry, target })]
}

/// Holds back the mail of the destination under the cursor.
pub(super) fn pause(model: &mut Model) -> Vec<Effect> {
    let domain = pausable(model).ok();
    domain
        .map(|domain| vec![Effect::Execute(Request::Act, Command::Pause { domain: Some(domain) })])
        .unwrap_or_default()
}

/// Lets it go on.
pub(super) fn resume(model: &mut Model) -> Vec<Effect> {
    let domain = pausable(model).ok();
    domain
        .map(|domain| vec![Effect::Execute(Request::Act, Command::Resume { domain: Some(domain) })])
        .unwrap_or_default()
}

/// Whether the destination under the cursor can be paused, or why not.
pub(super) fn can_pause(model: &Model) -> Result<(), String> {
    pausable(model)?;
    match destination(model).and_then(|name| rows::destination(&name, &model.shared)) {
        Some(row) if row.paused => Err("it is paused already; O resumes it".to_owned()),
        _ => Ok(()),
    }
}

/// Whether the destination under the cursor can be resumed, or why not.
pub(super) fn can_resume(model: &Model) -> Result<(), String> {
    pausable(model)?;
    match destination(model).and_then(|name| rows::destination(&name, &model.shared)) {
        Some(row) if !row.paused && row.name.contains(':') => Err("it is not paused; o pauses it".to_owned()),
        _ => Ok(()),
    }
}

/// The name of the destination under the cursor.
pub(super) fn destination(model: &Model) -> Option<String> {
    let queue = &model.panes.queue;
    match queue.view {
        View::List => queue.list.selected().map(|row| row.destination.clone()).filter(|name| !name.is_empty()),
        View::Destinations => queue.destinations.selected().map(str::to_owned),
        View::Badmail => None,
    }
}

/// What to name in order to pause the destination under the cursor: the host of a smart host, or a domain. Of MX hosts,
/// which may serve many domains, it is the domain of the message under the cursor.
fn pausable(model: &Model) -> Result<String, String> {
    let name = destination(model).ok_or("there is no destination here")?;
    if name == "Drop" {
        return Err("mail for local domains goes to a folder and cannot be paused".to_owned());
    }
    if let Some((host, _)) = name.rsplit_once(':') {
        return Ok(host.to_owned());
    }
    if rows::destination(&name, &model.shared).is_none() {
        return Ok(name);
    }
    let row = model.panes.queue.list.selected().filter(|_| model.panes.queue.view == View::List);
    let domain = row.and_then(|row| {
        let waits = row.recipients.iter().find(|recipient| recipient.status == "pending");
        waits.or(row.recipients.first()).and_then(|recipient| recipient.address.rsplit_once('@'))
    });
    domain
        .map(|(_, domain)| domain.to_owned())
        .ok_or_else(|| "these hosts serve many domains: pause one in the list".to_owned())
}

/// Marks the range that is being drawn. An error is what has to be read before that can be done.
fn end_range(model: &mut Model) -> Result<(), Vec<Effect>> {
    let list = &mut model.panes.queue.list;
    if !list.is_ranging() {
        return Ok(());
    }
    let effects = list.range();
    if effects.is_empty() {
        return Ok(());
    }
    model.say(Weight::Info, "the range is being read; press the key again once it is marked");
    Err(effects)
}

fn plan(model: &mut Model, act: QueueAct, filter: &Filter) -> Vec<Effect> {
    let target = if filter.is_empty() { Target::All } else { Target::Filter(filter.to_string()) };
    model.open(Question::planned(act));
    vec![Effect::Execute(Request::Plan(act), Command::QueuePlan { act, target })]
}

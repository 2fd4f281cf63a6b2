//! What keys do in the log.

use crate::dashboard::action::Action;
use crate::dashboard::input::{Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::model::Model;
use crate::dashboard::pane::{Motion, Pane as _, PaneId};
use crate::dashboard::toasts::Weight;
use crate::ledger::Record;
use crate::text::printable;

pub(crate) const ACTIONS: &[Action] = &[
    Action::new(
        "log.history",
        &[Key::plain(KeyCode::Enter)],
        "history",
        "Show all that happened to the message, in order",
        history,
    )
    .hinted(90)
    .when(any_line),
    Action::new("log.follow", &[Key::char('F')], "follow", "Go to the newest line and stay with it", follow)
        .hinted(80)
        .when(is_left),
    Action::new("log.search", &[Key::char('/')], "search", "Find a text", search).hinted(70),
    Action::new("log.next", &[Key::char('n')], "next", "Go to the next line with the text", |model| find(model, true))
        .hinted(75)
        .when(is_searching),
    Action::new("log.previous", &[Key::char('N')], "previous", "Go to the line before with the text", |model| {
        find(model, false)
    })
    .hinted(74)
    .when(is_searching),
    Action::new("log.filter", &[Key::char('&')], "filter", "Show only lines that match an expression", filter)
        .hinted(69),
    Action::new(
        "log.clear",
        &[Key::plain(KeyCode::Esc)],
        "all lines",
        "Take the search away, and then the filter",
        clear,
    )
    .hinted(68)
    .when(is_narrowed),
    Action::new("log.message", &[Key::char('f')], "this message", "Show only the lines of this message", message)
        .hinted(60)
        .when(any_message),
    Action::new("log.queue", &[Key::char('o')], "in queue", "Go to the message in the queue, if it still waits", queue)
        .hinted(50)
        .when(any_message),
    Action::new("log.copy-id", &[Key::char('y')], "copy id", "Copy the id of the message", copy_id)
        .hinted(25)
        .when(any_message),
    Action::new("log.copy-line", &[Key::char('Y')], "copy line", "Copy the line as it stands in the file", copy_line)
        .when(any_line),
];

/// The selected line.
fn selected(model: &Model) -> Option<&Record> {
    model.panes.log.line(&model.shared.snapshot.log)
}

fn any_line(model: &Model) -> Result<(), String> {
    selected(model).map(|_| ()).ok_or_else(|| "there is no line".to_owned())
}

fn any_message(model: &Model) -> Result<(), String> {
    any_line(model)?;
    selected_id(model).map(|_| ()).ok_or_else(|| "the line is about no message of the queue".to_owned())
}

fn selected_id(model: &Model) -> Option<String> {
    selected(model).map(|record| record.id.clone()).filter(|id| !id.is_empty())
}

fn is_left(model: &Model) -> Result<(), String> {
    if model.panes.log.view.is_following { Err("the newest line is followed".to_owned()) } else { Ok(()) }
}

fn is_searching(model: &Model) -> Result<(), String> {
    if model.panes.log.search.chip().is_some() { Ok(()) } else { Err("press / and type what to look for".to_owned()) }
}

/// A message on the screen is taken away first, and that is not for the log to do.
fn is_narrowed(model: &Model) -> Result<(), String> {
    if model.panes.log.is_narrowed() && model.shared.toasts.current().is_none() {
        return Ok(());
    }
    Err("all lines are shown".to_owned())
}

fn history(model: &mut Model) -> Vec<Effect> {
    model.panes.log.open(&mut model.shared);
    Vec::new()
}

fn follow(model: &mut Model) -> Vec<Effect> {
    model.panes.log.go(Motion::Last, &mut model.shared)
}

fn search(model: &mut Model) -> Vec<Effect> {
    model.panes.log.type_search(&model.shared.snapshot.log);
    Vec::new()
}

fn filter(model: &mut Model) -> Vec<Effect> {
    model.panes.log.type_filter(&model.shared.snapshot.log);
    Vec::new()
}

fn find(model: &mut Model, forwards: bool) -> Vec<Effect> {
    model.panes.log.find(forwards, &mut model.shared);
    Vec::new()
}

fn clear(model: &mut Model) -> Vec<Effect> {
    model.panes.log.widen(&model.shared.snapshot.log);
    Vec::new()
}

fn message(model: &mut Model) -> Vec<Effect> {
    if let Some(id) = selected_id(model) {
        let log = &mut model.panes.log;
        log.show_message(&id);
        log.follow(&model.shared.snapshot.log);
    }
    Vec::new()
}

fn queue(model: &mut Model) -> Vec<Effect> {
    let Some(id) = selected_id(model) else { return Vec::new() };
    model.panes.queue.show_message(&id);
    model.focus(PaneId::Queue)
}

fn copy_id(model: &mut Model) -> Vec<Effect> {
    let Some(id) = selected_id(model).map(|id| printable(&id).into_owned()) else { return Vec::new() };
    model.say(Weight::Info, format!("copied {id}"));
    vec![Effect::Copy(id)]
}

fn copy_line(model: &mut Model) -> Vec<Effect> {
    let Some(line) = selected(model).map(ToString::to_string) else { return Vec::new() };
    model.say(Weight::Info, "copied the line");
    vec![Effect::Copy(line)]
}

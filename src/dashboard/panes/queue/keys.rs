//! The keys of the pane. A key may mean one thing in the list and another in Badmail.

use super::conditions::{
    any_destination, any_mark, any_row, any_subject, can_go_back, can_mark, can_retry, has_messages, in_badmail,
    in_list, outside_badmail,
};
use super::sort::SortPicker;
use super::view::View;
use super::{acts, rows};
use crate::dashboard::Model;
use crate::dashboard::action::Action;
use crate::dashboard::input::{Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::pane::PaneId;
use crate::dashboard::toasts::Weight;
use crate::engine::{BadmailAct, QueueAct, Role};
use crate::text::printable;

pub(crate) const ACTIONS: &[Action] = &[
    Action::new(
        "queue.open",
        &[Key::plain(KeyCode::Enter)],
        "open",
        "Open the message, or the list of the destination",
        open,
    )
    .hinted(80)
    .when(any_row),
    Action::new("queue.retry", &[Key::char('r')], "retry", "Try what is marked, or this message, now", |model| {
        acts::act(model, QueueAct::Retry)
    })
    .hinted(79)
    .within(in_list)
    .needs(Role::Operator)
    .when(can_retry),
    Action::new(
        "queue.retry-destination",
        &[Key::char('R')],
        "retry all",
        "Try all mail of this destination now",
        acts::retry_destination,
    )
    .hinted(72)
    .within(outside_badmail)
    .needs(Role::Operator)
    .when(any_destination),
    Action::new(
        "queue.hold",
        &[Key::char('H')],
        "hold",
        "Hold what is marked, or this message; release it if it is held",
        acts::hold,
    )
    .hinted(75)
    .within(in_list)
    .needs(Role::Operator)
    .when(any_subject),
    Action::new(
        "queue.delete",
        &[Key::char('d'), Key::plain(KeyCode::Delete)],
        "delete",
        "Delete what is marked, or this message; z brings it back",
        |model| acts::act(model, QueueAct::Delete),
    )
    .hinted(74)
    .within(in_list)
    .needs(Role::Admin)
    .when(any_subject),
    Action::new("queue.export", &[Key::char('e')], "export", "Write this message to a file ID.eml", acts::export)
        .hinted(45)
        .within(in_list)
        .needs(Role::Admin)
        .when(any_row),
    Action::new("queue.log", &[Key::char('f')], "its log", "Show in Log what happened to this message", log)
        .hinted(60)
        .within(has_messages)
        .when(any_row),
    Action::new(
        "queue.filter",
        &[Key::char('/')],
        "filter",
        "Show only what matches: from: to: domain: destination: state: id: reply: age>1h size>1MB !word",
        filter,
    )
    .hinted(78)
    .within(has_messages),
    Action::new("queue.sort", &[Key::char('s')], "sort", "Choose the order; the same one again turns it round", sort)
        .hinted(55)
        .within(in_list),
    Action::new("queue.mark", &[Key::char(' ')], "mark", "Mark this row, or no longer, and go to the next", mark)
        .hinted(70)
        .within(has_messages)
        .when(can_mark),
    Action::new("queue.range", &[Key::char('v')], "range", "Mark from here to where it is pressed again", range)
        .within(in_list)
        .when(can_mark),
    Action::new("queue.mark-all", &[Key::char('*')], "mark all", "Mark all that match the filter", mark_all)
        .hinted(50)
        .within(has_messages)
        .when(any_row),
    Action::new("queue.unmark", &[Key::char('u')], "unmark", "Take all marks away", unmark)
        .hinted(71)
        .within(has_messages)
        .when(any_mark),
    Action::new("queue.invert", &[Key::char('i')], "invert", "Mark what is not marked, and nothing else", |model| {
        model.panes.queue.list.invert()
    })
    .within(in_list)
    .when(any_row),
    Action::new(
        "queue.copy-id",
        &[Key::char('y')],
        "copy id",
        "Copy the id of the message, or the name of the destination",
        copy_id,
    )
    .when(any_row),
    Action::new("queue.copy-row", &[Key::char('Y')], "copy row", "Copy the row as text", copy_row)
        .within(in_list)
        .when(any_row),
    Action::new(
        "queue.pause-destination",
        &[Key::char('o')],
        "pause destination",
        "Hold back the mail of this destination",
        acts::pause,
    )
    .within(outside_badmail)
    .needs(Role::Operator)
    .when(acts::can_pause),
    Action::new(
        "queue.resume-destination",
        &[Key::char('O')],
        "resume destination",
        "Let the mail of this destination go on",
        acts::resume,
    )
    .within(outside_badmail)
    .needs(Role::Operator)
    .when(acts::can_resume),
    Action::new(
        "queue.destinations",
        &[Key::char('D')],
        "destinations",
        "See the queue by destination, or by message again",
        |model| toggle(model, View::Destinations),
    )
    .hinted(65),
    Action::new("queue.badmail", &[Key::char('B')], "badmail", "See Badmail, or the queue again", |model| {
        toggle(model, View::Badmail)
    })
    .hinted(48),
    Action::new(
        "badmail.resend",
        &[Key::char('r')],
        "send again",
        "In Badmail: send what is marked, or this message, again",
        resend,
    )
    .hinted(79)
    .within(in_badmail)
    .needs(Role::Admin)
    .when(any_row),
    Action::new(
        "badmail.delete",
        &[Key::char('d'), Key::plain(KeyCode::Delete)],
        "delete",
        "In Badmail: delete what is marked, or this message, for good",
        acts::delete_badmail,
    )
    .hinted(74)
    .within(in_badmail)
    .needs(Role::Admin)
    .when(any_row),
    Action::new(
        "queue.back",
        &[Key::plain(KeyCode::Esc)],
        "back",
        "End the range, show all again, go back to the list",
        back,
    )
    .hinted(81)
    .within(can_go_back),
];

fn open(model: &mut Model) -> Vec<Effect> {
    model.panes.queue.open(&mut model.shared)
}

fn log(model: &mut Model) -> Vec<Effect> {
    let Some(id) = model.panes.queue.message().map(str::to_owned) else { return Vec::new() };
    model.panes.log.show_message(&id);
    model.focus(PaneId::Log)
}

fn filter(model: &mut Model) -> Vec<Effect> {
    let queue = &mut model.panes.queue;
    match queue.view {
        View::Badmail => queue.badmail.filter.open(),
        View::List | View::Destinations => queue.list.filter.open(),
    }
    queue.filtered(false, &model.shared)
}

fn sort(model: &mut Model) -> Vec<Effect> {
    let list = &model.panes.queue.list;
    let picker = SortPicker::new(list.sort, list.descending);
    model.open(picker);
    Vec::new()
}

fn mark(model: &mut Model) -> Vec<Effect> {
    let queue = &mut model.panes.queue;
    match queue.view {
        View::Badmail => queue.badmail.toggle(),
        View::List | View::Destinations => queue.list.toggle(),
    }
    queue.filtered(false, &model.shared)
}

fn range(model: &mut Model) -> Vec<Effect> {
    model.panes.queue.list.range()
}

fn mark_all(model: &mut Model) -> Vec<Effect> {
    let queue = &mut model.panes.queue;
    if queue.view == View::Badmail {
        let left_out = queue.badmail.mark_all();
        if left_out > 0 {
            model.say(Weight::Warning, format!("those that were read are marked; {left_out} more match"));
        }
    } else {
        queue.list.mark_all();
    }
    Vec::new()
}

fn unmark(model: &mut Model) -> Vec<Effect> {
    model.panes.queue.unmark();
    Vec::new()
}

fn copy_id(model: &mut Model) -> Vec<Effect> {
    let queue = &model.panes.queue;
    let id = queue.message().or_else(|| queue.destinations.selected());
    id.map(|id| printable(id).into_owned()).map(|id| copy(model, id)).unwrap_or_default()
}

fn copy_row(model: &mut Model) -> Vec<Effect> {
    let row = model.panes.queue.list.selected().map(rows::as_text);
    row.map(|row| copy(model, row)).unwrap_or_default()
}

fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    model.say(Weight::Info, format!("copied: {text}"));
    vec![Effect::Copy(text)]
}

fn toggle(model: &mut Model, view: View) -> Vec<Effect> {
    let queue = &mut model.panes.queue;
    let view = if queue.view == view { View::List } else { view };
    queue.show(view, &mut model.shared)
}

fn resend(model: &mut Model) -> Vec<Effect> {
    vec![acts::on_badmail(BadmailAct::Resend, model.panes.queue.badmail.subject())]
}

fn back(model: &mut Model) -> Vec<Effect> {
    let queue = &mut model.panes.queue;
    if queue.view == View::List && queue.list.is_ranging() {
        queue.list.end_range();
        return Vec::new();
    }
    let is_other = match queue.view {
        View::List => queue.list.filter.clear(),
        View::Badmail if queue.badmail.filter.chip().is_some() => queue.badmail.filter.clear(),
        View::Badmail | View::Destinations => return queue.show(View::List, &mut model.shared),
    };
    queue.filtered(is_other, &model.shared)
}

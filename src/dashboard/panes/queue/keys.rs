//! The keys of the pane.

use super::conditions::{
    any_destination, any_listed, any_mark, any_message, any_row, any_subject, can_delete, can_filter, can_go_back,
    can_mark, can_range, can_retry, in_list,
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
    Action::new(
        "queue.retry",
        &[Key::char('r')],
        "retry",
        "Try what is marked, or this message, now; in Badmail, send it again",
        retry,
    )
    .hinted(79)
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
    .needs(Role::Operator)
    .when(any_subject),
    Action::new(
        "queue.delete",
        &[Key::char('d'), Key::plain(KeyCode::Delete)],
        "delete",
        "Delete what is marked, or this message; in Badmail, for good",
        delete,
    )
    .hinted(74)
    .needs(Role::Admin)
    .when(can_delete),
    Action::new("queue.export", &[Key::char('e')], "export", "Write this message to a file ID.eml", acts::export)
        .hinted(45)
        .needs(Role::Admin)
        .when(any_listed),
    Action::new("queue.log", &[Key::char('f')], "its log", "Show in Log what happened to this message", log)
        .hinted(60)
        .when(any_message),
    Action::new(
        "queue.filter",
        &[Key::char('/')],
        "filter",
        "Show only what matches: from: to: domain: destination: state: id: reply: age>1h size>1MB !word",
        filter,
    )
    .hinted(78)
    .when(can_filter),
    Action::new("queue.sort", &[Key::char('s')], "sort", "Choose the order; the same one again turns it round", sort)
        .hinted(55)
        .when(in_list),
    Action::new("queue.mark", &[Key::char(' ')], "mark", "Mark this row, or no longer, and go to the next", mark)
        .hinted(70)
        .when(can_mark),
    Action::new("queue.range", &[Key::char('v')], "range", "Mark from here to where it is pressed again", |model| {
        model.panes.queue.list.range()
    })
    .when(can_range),
    Action::new("queue.mark-all", &[Key::char('*')], "mark all", "Mark all that match the filter", mark_all)
        .hinted(50)
        .when(any_message),
    Action::new("queue.unmark", &[Key::char('u')], "unmark", "Take all marks away", unmark).hinted(71).when(any_mark),
    Action::new("queue.invert", &[Key::char('i')], "invert", "Mark what is not marked, and nothing else", |model| {
        model.panes.queue.list.invert()
    })
    .when(any_listed),
    Action::new(
        "queue.copy-id",
        &[Key::char('y')],
        "copy id",
        "Copy the id of the message, or the name of the destination",
        copy_id,
    )
    .when(any_row),
    Action::new("queue.copy-row", &[Key::char('Y')], "copy row", "Copy the row as text", copy_row).when(any_listed),
    Action::new(
        "queue.pause-destination",
        &[Key::char('o')],
        "pause",
        "Hold back the mail of this destination",
        acts::pause,
    )
    .needs(Role::Operator)
    .when(acts::can_pause),
    Action::new(
        "queue.resume-destination",
        &[Key::char('O')],
        "resume",
        "Let the mail of this destination go on",
        acts::resume,
    )
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
        "queue.back",
        &[Key::plain(KeyCode::Esc)],
        "back",
        "End the range, show all again, go back to the list",
        back,
    )
    .hinted(81)
    .when(can_go_back),
];

fn open(model: &mut Model) -> Vec<Effect> {
    model.panes.queue.open(&mut model.shared)
}

fn retry(model: &mut Model) -> Vec<Effect> {
    match model.panes.queue.view {
        View::Badmail => vec![acts::on_badmail(BadmailAct::Resend, model.panes.queue.badmail.subject())],
        View::List | View::Destinations => acts::act(model, QueueAct::Retry),
    }
}

fn delete(model: &mut Model) -> Vec<Effect> {
    match model.panes.queue.view {
        View::Badmail => acts::delete_badmail(model),
        View::List | View::Destinations => acts::act(model, QueueAct::Delete),
    }
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

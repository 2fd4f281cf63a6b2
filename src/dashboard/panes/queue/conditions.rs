//! When an action of the pane means something, and why it cannot be done.

use super::acts;
use super::marks::Marks;
use super::view::View;
use crate::dashboard::Model;

pub(super) fn in_list(model: &Model) -> bool {
    model.panes.queue.view == View::List
}

pub(super) fn in_badmail(model: &Model) -> bool {
    model.panes.queue.view == View::Badmail
}

pub(super) fn outside_badmail(model: &Model) -> bool {
    !in_badmail(model)
}

pub(super) fn has_messages(model: &Model) -> bool {
    model.panes.queue.view != View::Destinations
}

/// A message that is shown goes first: Esc takes it away.
pub(super) fn can_go_back(model: &Model) -> bool {
    let queue = &model.panes.queue;
    let is_at_home = queue.view == View::List && !queue.list.is_ranging() && queue.list.filter.chip().is_none();
    !is_at_home && model.shared.toasts.current().is_none()
}

pub(super) fn any_row(model: &Model) -> Result<(), String> {
    let queue = &model.panes.queue;
    let is_there =
        queue.message().is_some() || (queue.view == View::Destinations && queue.destinations.selected().is_some());
    if is_there { Ok(()) } else { Err("there is nothing under the cursor".to_owned()) }
}

pub(super) fn any_subject(model: &Model) -> Result<(), String> {
    let is_marked = !model.panes.queue.list.marks.is_empty();
    if is_marked { Ok(()) } else { any_row(model) }
}

pub(super) fn any_mark(model: &Model) -> Result<(), String> {
    let queue = &model.panes.queue;
    let is_marked = match queue.view {
        View::Badmail => !queue.badmail.marks.is_empty(),
        View::List | View::Destinations => !queue.list.marks.is_empty() || queue.list.is_ranging(),
    };
    if is_marked { Ok(()) } else { Err("nothing is marked".to_owned()) }
}

pub(super) fn any_destination(model: &Model) -> Result<(), String> {
    acts::destination(model).map(|_| ()).ok_or_else(|| "there is no destination here".to_owned())
}

pub(super) fn can_retry(model: &Model) -> Result<(), String> {
    any_subject(model)?;
    let list = &model.panes.queue.list;
    match list.selected() {
        Some(row) if list.marks.is_empty() && !list.is_ranging() && row.state == "held" => {
            Err("it is held; H releases it".to_owned())
        }
        _ => Ok(()),
    }
}

pub(super) fn can_mark(model: &Model) -> Result<(), String> {
    any_row(model)?;
    match model.panes.queue.list.marks {
        Marks::Matching(_) if in_list(model) => Err("all that match are marked; u takes the marks away".to_owned()),
        _ => Ok(()),
    }
}

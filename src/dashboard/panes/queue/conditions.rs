//! Why an action of the pane cannot be done at the moment.

use super::acts;
use super::marks::Marks;
use super::view::View;
use crate::dashboard::Model;
use crate::engine::Role;

pub(super) type Ready = Result<(), String>;

/// Something is under the cursor.
pub(super) fn any_row(model: &Model) -> Ready {
    let queue = &model.panes.queue;
    let is_there = match queue.view {
        View::List | View::Badmail => queue.message().is_some(),
        View::Destinations => queue.destinations.selected().is_some(),
    };
    if is_there { Ok(()) } else { Err("there is nothing under the cursor".to_owned()) }
}

/// A message is under the cursor.
pub(super) fn any_message(model: &Model) -> Ready {
    let is_there = model.panes.queue.message().is_some();
    if is_there { Ok(()) } else { Err("there is no message under the cursor".to_owned()) }
}

/// A message of the list is under the cursor.
pub(super) fn any_listed(model: &Model) -> Ready {
    in_list(model)?;
    any_message(model)
}

/// A message of the list is marked, or under the cursor.
pub(super) fn any_subject(model: &Model) -> Ready {
    in_list(model)?;
    if model.panes.queue.list.marks.is_empty() { any_message(model) } else { Ok(()) }
}

/// The cursor is on a destination, or on a message that goes to one.
pub(super) fn any_destination(model: &Model) -> Ready {
    acts::destination(model).map(|_| ()).ok_or_else(|| "there is no destination here".to_owned())
}

pub(super) fn any_mark(model: &Model) -> Ready {
    let queue = &model.panes.queue;
    let is_marked = match queue.view {
        View::List => !queue.list.marks.is_empty() || queue.list.is_ranging(),
        View::Badmail => !queue.badmail.marks.is_empty(),
        View::Destinations => false,
    };
    if is_marked { Ok(()) } else { Err("nothing is marked".to_owned()) }
}

pub(super) fn in_list(model: &Model) -> Ready {
    let is_there = model.panes.queue.view == View::List;
    if is_there { Ok(()) } else { Err("this is for the list of messages; Esc goes back to it".to_owned()) }
}

pub(super) fn can_filter(model: &Model) -> Ready {
    match model.panes.queue.view {
        View::List | View::Badmail => Ok(()),
        View::Destinations => Err("Enter opens the list of this destination, which has a filter".to_owned()),
    }
}

pub(super) fn can_retry(model: &Model) -> Ready {
    let queue = &model.panes.queue;
    match queue.view {
        View::Destinations => return Err("R tries all mail of this destination".to_owned()),
        View::Badmail => {
            needs_admin(model)?;
            return any_message(model);
        }
        View::List => any_subject(model)?,
    }
    let is_single = queue.list.marks.is_empty() && !queue.list.is_ranging();
    match queue.list.selected() {
        Some(row) if is_single && row.state == "held" => Err("it is held; H releases it".to_owned()),
        _ => Ok(()),
    }
}

pub(super) fn can_delete(model: &Model) -> Ready {
    match model.panes.queue.view {
        View::List => any_subject(model),
        View::Badmail | View::Destinations => any_message(model),
    }
}

pub(super) fn can_mark(model: &Model) -> Ready {
    any_message(model)?;
    let queue = &model.panes.queue;
    match queue.list.marks {
        Marks::Matching(_) if queue.view == View::List => {
            Err("all that match are marked; u takes the marks away".to_owned())
        }
        _ => Ok(()),
    }
}

pub(super) fn can_range(model: &Model) -> Ready {
    in_list(model)?;
    can_mark(model)
}

/// A message that is shown on the bottom line goes first: Esc takes it away.
pub(super) fn can_go_back(model: &Model) -> Ready {
    let queue = &model.panes.queue;
    let is_home = queue.view == View::List && !queue.list.is_ranging() && queue.list.filter.chip().is_none();
    if is_home || model.shared.toasts.current().is_some() {
        Err("there is nothing to go back from".to_owned())
    } else {
        Ok(())
    }
}

/// In Badmail a key may need more than in the list.
fn needs_admin(model: &Model) -> Ready {
    let viewer = &model.shared.viewer;
    let role = viewer.actor.role;
    if viewer.may(Role::Admin) { Ok(()) } else { Err(format!("this needs the role {}; you are {role}", Role::Admin)) }
}

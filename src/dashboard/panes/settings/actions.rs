//! What keys do in the settings.

use super::Mode;
use super::document::Edit;
use super::sheet::{DOMAINS, TABS};
use crate::dashboard::action::Action;
use crate::dashboard::input::{Key, KeyCode};
use crate::dashboard::message::{Effect, Request};
use crate::dashboard::model::Model;
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::engine::{Command, Role};

pub(crate) const ACTIONS: &[Action] = &[
    Action::new("settings.edit", &[Key::plain(KeyCode::Enter)], "edit", "Edit the setting", edit)
        .hinted(60)
        .needs(Role::Admin)
        .when(can_edit),
    Action::new("settings.toggle", &[Key::char(' ')], "switch", "Switch it, or take the next choice", toggle)
        .hinted(58)
        .needs(Role::Admin)
        .when(can_toggle),
    Action::new(
        "settings.save",
        &[Key::ctrl('s'), Key::char('w')],
        "review and apply",
        "Show what the changes will do, then apply them",
        save,
    )
    .hinted(80)
    .needs(Role::Admin)
    .when(any_change),
    Action::new("settings.revert", &[Key::char('x')], "revert", "Take the change of this setting back", revert)
        .hinted(50)
        .needs(Role::Admin)
        .when(is_changed),
    Action::new("settings.revert-all", &[Key::char('X')], "revert all", "Take all changes back", revert_all)
        .needs(Role::Admin)
        .when(any_change),
    Action::new(
        "settings.undo",
        &[Key::char('U')],
        "undo apply",
        "Go back to the settings before the last apply",
        undo,
    )
    .hinted(45)
    .needs(Role::Admin)
    .when(can_undo),
    Action::new("settings.settle", &[Key::char('c')], "settle", "Settle what was changed on disk meanwhile", settle)
        .hinted(75)
        .needs(Role::Admin)
        .when(is_stale),
    Action::new("settings.add-domain", &[Key::char('a')], "add domain", "Add a remote domain", add_domain)
        .hinted(55)
        .needs(Role::Admin)
        .when(on_domains),
    Action::new(
        "settings.remove-domain",
        &[Key::char('d')],
        "remove domain",
        "Remove the remote domain",
        remove_domain,
    )
    .needs(Role::Admin)
    .when(on_a_domain),
    Action::new("settings.next-tab", &[Key::char(']')], "next tab", "The next tab", |model| turn(model, Motion::Right))
        .hinted(65),
    Action::new("settings.previous-tab", &[Key::char('[')], "tab before", "The tab before", |model| {
        turn(model, Motion::Left)
    }),
];

fn turn(model: &mut Model, motion: Motion) -> Vec<Effect> {
    let step = if motion == Motion::Right { 1 } else { TABS.len() - 1 };
    model.panes.settings.turn((model.panes.settings.tab + step) % TABS.len(), &model.shared);
    Vec::new()
}

fn has_document(model: &Model) -> Result<(), String> {
    if model.panes.settings.document.is_some() {
        return Ok(());
    }
    Err(model.panes.settings.problem.clone().unwrap_or_else(|| "the settings file is being read".to_owned()))
}

fn can_edit(model: &Model) -> Result<(), String> {
    has_document(model)?;
    match model.panes.settings.selected(&model.shared) {
        None => Err("no setting is selected".to_owned()),
        Some(setting) if setting.is_later => Err(format!("{} is not in this version", setting.key)),
        Some(_) => Ok(()),
    }
}

fn can_toggle(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    match model.panes.settings.selected(&model.shared) {
        Some(setting) if setting.is_choice() => Ok(()),
        _ => Err("this is no switch; Enter edits it".to_owned()),
    }
}

fn any_change(model: &Model) -> Result<(), String> {
    has_document(model)?;
    let document = model.panes.settings.document.as_ref();
    if document.is_some_and(|document| document.is_changed()) { Ok(()) } else { Err("nothing is changed".to_owned()) }
}

fn is_changed(model: &Model) -> Result<(), String> {
    let pane = &model.panes.settings;
    match pane.selected(&model.shared) {
        Some(setting) if pane.is_changed(&setting.key) => Ok(()),
        _ => Err("this setting is as it was".to_owned()),
    }
}

fn can_undo(model: &Model) -> Result<(), String> {
    has_document(model)?;
    if model.panes.settings.previous.is_some() { Ok(()) } else { Err("nothing was applied from here".to_owned()) }
}

fn is_stale(model: &Model) -> Result<(), String> {
    if model.panes.settings.is_stale { Ok(()) } else { Err("the file is as it was read".to_owned()) }
}

fn on_domains(model: &Model) -> Result<(), String> {
    has_document(model)?;
    if model.panes.settings.tab == DOMAINS { Ok(()) } else { Err("remote domains are on the tab Domains".to_owned()) }
}

fn on_a_domain(model: &Model) -> Result<(), String> {
    on_domains(model)?;
    model
        .panes
        .settings
        .selected_domain(&model.shared)
        .map(|_| ())
        .ok_or_else(|| "no remote domain is selected".to_owned())
}

fn edit(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.begin(&model.shared);
    Vec::new()
}

fn toggle(model: &mut Model) -> Vec<Effect> {
    if let Some(error) = model.panes.settings.toggle(&model.shared).err() {
        model.say(Weight::Error, error);
    }
    Vec::new()
}

fn save(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.review();
    Vec::new()
}

fn revert(model: &mut Model) -> Vec<Effect> {
    if let Some(setting) = model.panes.settings.selected(&model.shared)
        && let Some(document) = &mut model.panes.settings.document
        && let Err(error) = document.revert(&setting.key)
    {
        model.say(Weight::Error, error);
    }
    Vec::new()
}

fn revert_all(model: &mut Model) -> Vec<Effect> {
    let Some(document) = &mut model.panes.settings.document else { return Vec::new() };
    let count = document.changes().len();
    match document.revert_all() {
        Ok(()) => model.say(Weight::Info, format!("{count} changes taken back; nothing was applied")),
        Err(error) => model.say(Weight::Error, error),
    }
    Vec::new()
}

fn undo(model: &mut Model) -> Vec<Effect> {
    if let Err(error) = model.panes.settings.undo() {
        model.say(Weight::Error, error);
    }
    Vec::new()
}

fn settle(_: &mut Model) -> Vec<Effect> {
    vec![Effect::Execute(Request::SettingsText, Command::SettingsText)]
}

fn add_domain(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.mode =
        Mode::Text(super::TextEdit::new(super::NEW_DOMAIN.to_owned(), crate::config::Kind::Text, ""));
    Vec::new()
}

fn remove_domain(model: &mut Model) -> Vec<Effect> {
    let Some(number) = model.panes.settings.selected_domain(&model.shared) else { return Vec::new() };
    if let Some(document) = &mut model.panes.settings.document {
        match document.edit(Edit::RemoveDomain { number }) {
            Ok(()) => {
                model.say(Weight::Info, format!("remote domain {number} goes with the next apply; X takes it back"))
            }
            Err(error) => model.say(Weight::Error, error),
        }
    }
    Vec::new()
}

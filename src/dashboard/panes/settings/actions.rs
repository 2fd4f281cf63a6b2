//! What keys do in the settings.

use super::document::{Complaint, said};
use super::edits::domain_number;
use super::sheet::{DOMAINS, Line};
use crate::dashboard::action::Action;
use crate::dashboard::input::{Key, KeyCode};
use crate::dashboard::message::Effect;
use crate::dashboard::model::Model;
use crate::dashboard::overlays::users::Users;
use crate::dashboard::pane::{Motion, Pane};
use crate::dashboard::toasts::Weight;
use crate::engine::Role;

pub(crate) const ACTIONS: &[Action] = &[
    Action::new("settings.edit", &[Key::plain(KeyCode::Enter)], "edit", "Edit the setting", edit)
        .hinted(90)
        .needs(Role::Admin)
        .when(can_edit),
    Action::new("settings.toggle", &[Key::char(' ')], "switch", "Switch it, or take the next choice", toggle)
        .hinted(88)
        .needs(Role::Admin)
        .when(can_toggle),
    Action::new(
        "settings.save",
        &[Key::ctrl('s'), Key::char('w')],
        "review and apply",
        "Show what the changes will do, then apply them",
        save,
    )
    .hinted(95)
    .needs(Role::Admin)
    .when(any_change),
    Action::new("settings.revert", &[Key::char('x')], "revert", "Take the change of this setting back", revert)
        .hinted(80)
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
        .hinted(98)
        .needs(Role::Admin)
        .when(is_stale),
    Action::new("settings.add-domain", &[Key::char('a')], "add domain", "Add a remote domain", add_domain)
        .hinted(70)
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
    Action::new("settings.preset", &[Key::char('o')], "preset", "Set up a well-known smart host", preset)
        .hinted(35)
        .needs(Role::Admin)
        .when(can_preset),
    Action::new("settings.users", &[Key::char('u')], "users", "Add, change and remove users who may log in", users)
        .needs(Role::Admin),
    Action::new("settings.read", &[Key::char('r')], "read again", "Read the settings file again", read)
        .needs(Role::Admin)
        .when(can_read),
    Action::new("settings.next-tab", &[Key::char(']')], "next tab", "The next tab", |model| turn(model, Motion::Right))
        .hinted(60),
    Action::new("settings.previous-tab", &[Key::char('[')], "tab before", "The tab before", |model| {
        turn(model, Motion::Left)
    }),
];

fn turn(model: &mut Model, motion: Motion) -> Vec<Effect> {
    model.panes.settings.go(motion, &mut model.shared)
}

fn can_edit(model: &Model) -> Result<(), String> {
    model.panes.settings.can_edit(&model.shared)
}

fn can_toggle(model: &Model) -> Result<(), String> {
    can_edit(model)?;
    let is_choice = model.panes.settings.selected().is_some_and(super::Setting::is_choice);
    if is_choice { Ok(()) } else { Err("this is no switch; Enter edits it".to_owned()) }
}

fn any_change(model: &Model) -> Result<(), String> {
    model.panes.settings.has_document(&model.shared)?;
    let document = model.panes.settings.file.document.as_ref();
    if document.is_some_and(super::document::Document::is_changed) {
        Ok(())
    } else {
        Err("nothing is changed".to_owned())
    }
}

fn is_changed(model: &Model) -> Result<(), String> {
    let is_changed = model.panes.settings.selected().is_some_and(|setting| setting.change.is_some());
    if is_changed { Ok(()) } else { Err("this setting is as it is in the file".to_owned()) }
}

fn can_undo(model: &Model) -> Result<(), String> {
    model.panes.settings.has_document(&model.shared)?;
    if any_change(model).is_ok() {
        return Err("changes wait to be applied; X takes them back".to_owned());
    }
    model.panes.settings.file.cannot_undo().map_or(Ok(()), |why| Err(why.to_owned()))
}

fn is_stale(model: &Model) -> Result<(), String> {
    let is_stale = model.panes.settings.file.newer.is_some();
    if is_stale { Ok(()) } else { Err("the file on disk is the one that is edited".to_owned()) }
}

fn can_read(model: &Model) -> Result<(), String> {
    if model.panes.settings.file.is_awaited() { Err("it is being read".to_owned()) } else { Ok(()) }
}

fn can_preset(model: &Model) -> Result<(), String> {
    model.panes.settings.has_document(&model.shared)?;
    if model.panes.settings.file.document.is_none() {
        Err("the settings file is being read".to_owned())
    } else {
        Ok(())
    }
}

fn on_domains(model: &Model) -> Result<(), String> {
    let pane = &model.panes.settings;
    pane.has_document(&model.shared)?;
    if pane.tab == DOMAINS && pane.file.document.is_some() {
        return Ok(());
    }
    Err("remote domains are on the tab Domains".to_owned())
}

fn on_a_domain(model: &Model) -> Result<(), String> {
    on_domains(model)?;
    selected_domain(model).map(drop).ok_or_else(|| "no remote domain is selected".to_owned())
}

fn selected_domain(model: &Model) -> Option<usize> {
    domain_number(&model.panes.settings.selected()?.key)
}

fn preset(model: &mut Model) -> Vec<Effect> {
    model.open(super::presets::picker());
    Vec::new()
}

fn users(model: &mut Model) -> Vec<Effect> {
    let (users, effects) = Users::new();
    model.open(users);
    effects
}

fn edit(model: &mut Model) -> Vec<Effect> {
    if model.panes.settings.line() == Some(&Line::Users) {
        return users(model);
    }
    let pane = &model.panes.settings;
    if let Some(question) = pane.file.document.as_ref().and_then(|_| pane.question()) {
        model.open(question);
        return Vec::new();
    }
    model.panes.settings.begin(&mut model.shared);
    Vec::new()
}

fn toggle(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.toggle(&mut model.shared);
    Vec::new()
}

fn save(model: &mut Model) -> Vec<Effect> {
    let pane = &mut model.panes.settings;
    if pane.file.newer.is_some() {
        pane.settle(&mut model.shared);
    } else {
        pane.review(&model.shared, None);
    }
    Vec::new()
}

fn settle(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.settle(&mut model.shared);
    Vec::new()
}

fn read(model: &mut Model) -> Vec<Effect> {
    model.panes.settings.file.ask(&model.shared)
}

fn revert(model: &mut Model) -> Vec<Effect> {
    let pane = &mut model.panes.settings;
    let Some(key) = pane.selected().map(|setting| setting.key.clone()) else { return Vec::new() };
    let reverted = pane.keep_selected(|pane| pane.file.document.as_mut().map(|document| document.revert(&key)));
    if let Some(Err(complaints)) = reverted {
        complain(model, &complaints);
    }
    model.panes.settings.keep_selected(|pane| pane.file.catch_up());
    Vec::new()
}

fn revert_all(model: &mut Model) -> Vec<Effect> {
    let count = model.panes.settings.pending();
    let reverted = model.panes.settings.keep_selected(|pane| {
        let reverted = pane.file.document.as_mut().map(super::document::Document::revert_all);
        pane.file.catch_up();
        reverted
    });
    match reverted {
        Some(Err(why)) => model.say(Weight::Error, why),
        _ if count == 1 => model.say(Weight::Info, "1 change taken back; nothing was applied"),
        _ => model.say(Weight::Info, format!("{count} changes taken back; nothing was applied")),
    }
    Vec::new()
}

fn undo(model: &mut Model) -> Vec<Effect> {
    match model.panes.settings.keep_selected(|pane| pane.file.undo()) {
        Ok(()) => model.panes.settings.review(&model.shared, None),
        Err(why) => model.say(Weight::Error, why),
    }
    Vec::new()
}

fn add_domain(model: &mut Model) -> Vec<Effect> {
    let pane = &mut model.panes.settings;
    if let Some(line) = pane.lines().iter().position(|line| *line == Line::NewDomain) {
        pane.set(line);
        pane.begin(&mut model.shared);
    }
    Vec::new()
}

fn remove_domain(model: &mut Model) -> Vec<Effect> {
    let Some(number) = selected_domain(model) else { return Vec::new() };
    let pane = &mut model.panes.settings;
    match pane.keep_selected(|pane| pane.file.document.as_mut().map(|document| document.remove_domain(number))) {
        Some(Err(complaints)) => complain(model, &complaints),
        _ => model
            .say(Weight::Info, format!("remote domain {number} goes with the next apply; X takes all changes back")),
    }
    Vec::new()
}

fn complain(model: &mut Model, complaints: &[Complaint]) {
    model.say(Weight::Error, said(complaints));
}

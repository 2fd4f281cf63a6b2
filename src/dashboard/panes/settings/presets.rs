//! A well-known smart host put into the form: changes like any other, and what remains to be done, here and there.

use super::sheet::TABS;
use crate::config::presets::{Filled, PRESETS, Preset};
use crate::config::{self, Edit};
use crate::dashboard::message::Effect;
use crate::dashboard::model::Model;
use crate::dashboard::overlays::notice::Notice;
use crate::dashboard::overlays::picker::Picker;
use crate::dashboard::toasts::Weight;

/// The choice among the presets.
pub(super) fn picker() -> Picker {
    let names = PRESETS.iter().map(|preset| preset.title.to_owned()).collect();
    Picker::new("The smart host of", names, 0, choose)
}

fn choose(model: &mut Model, place: usize) -> Vec<Effect> {
    let Some(preset) = PRESETS.get(place) else { return Vec::new() };
    let filled = model.panes.settings.keep_selected(|pane| {
        let document = pane.file.document.as_mut()?;
        let filled = document.fill(preset);
        let made = document.make_all(|edits| {
            for edit in &filled.edits {
                if let Edit::Set { key, value } = edit {
                    edits.set(key, value.clone());
                }
            }
        });
        Some(made.map(|()| filled))
    });
    match filled {
        Some(Ok(filled)) => {
            let key = filled.remaining.first().map_or("delivery.advanced.smart_host", |need| need.key);
            model.panes.settings.show_field(key);
            model.open(Notice::new(preset.title, explained(preset, &filled)));
            model.refresh()
        }
        Some(Err(why)) => {
            model.say(Weight::Error, why);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// What the preset did, and what it leaves to the person.
fn explained(preset: &Preset, filled: &Filled) -> Vec<String> {
    let changes = match filled.edits.len() {
        0 => "Nothing had to be changed.".to_owned(),
        1 => "1 setting is changed in the form. Nothing is applied yet: w shows it.".to_owned(),
        count => format!("{count} settings are changed in the form. Nothing is applied yet: w shows them."),
    };
    let mut text = vec![changes];
    if !filled.remaining.is_empty() {
        text.extend([String::new(), "To be filled in, each in its place:".to_owned()]);
        text.extend(filled.remaining.iter().map(|need| format!("- {}: {}", place(need.key), need.what)));
        if let Some(method) = filled.method {
            let method = config::Kind::Text.entered(method);
            text.push(format!("- {}: {method}, at last. Until then there is no login.", place(METHOD)));
        }
    }
    text.extend([String::new(), "To be done at the provider:".to_owned()]);
    text.extend((1..).zip(preset.steps).map(|(number, step)| format!("{number}. {step}")));
    text.extend([String::new(), "Good to know:".to_owned()]);
    text.extend(preset.notes.iter().map(|note| format!("- {note}")));
    text
}

const METHOD: &str = "delivery.outbound_security.method";

/// Where a setting is in the form, as a person finds it there.
fn place(key: &str) -> String {
    let section = config::SECTIONS.iter().find(|section| section.fields.iter().any(|field| field.key == key));
    let tab = section.and_then(|section| TABS.iter().find(|tab| tab.has(section.path)));
    let label = config::fields().find(|field| field.key == key).map_or(key, |field| field.label);
    tab.map_or_else(|| label.to_owned(), |tab| format!("{}, {label}", tab.title))
}

//! The keys of the list that count in the detail of a message as well.

use super::{Detail, Place};
use crate::dashboard::Shared;
use crate::dashboard::input::Key;
use crate::dashboard::message::Effect;
use crate::dashboard::overlay::Reaction;
use crate::dashboard::overlays::confirm::Confirm;
use crate::dashboard::pane::PaneId;
use crate::dashboard::panes::queue::acts;
use crate::dashboard::toasts::Weight;
use crate::engine::{BadmailAct, QueueAct, Role};
use crate::text::printable;

impl Detail {
    /// Does what a key of the list means here; `None` for a key that means nothing.
    pub(super) fn act(&self, key: Key, shared: &mut Shared) -> Option<Reaction> {
        let id = || vec![self.id.clone()];
        let execute = |act: QueueAct| acts::execute(act, &id());
        let resend = || vec![acts::on_badmail(BadmailAct::Resend, id())];
        let effects = match (key.typed()?, self.place) {
            ('r', Place::Queue) => execute(QueueAct::Retry),
            ('H', Place::Queue) => {
                let is_held = self.shown.as_ref().is_some_and(|shown| shown.message.state == "held");
                execute(if is_held { QueueAct::Release } else { QueueAct::Hold })
            }
            ('d', Place::Queue) => execute(QueueAct::Delete),
            ('e', Place::Queue) => acts::export_of(&self.id),
            ('z', _) if shared.viewer.may(Role::Admin) => {
                let now = shared.now();
                shared.undo.take_back(now)
            }
            ('r', Place::Badmail) => resend(),
            ('d', Place::Badmail) => return Some(self.ask_to_delete(shared)),
            ('y', _) => vec![Effect::Copy(self.id.clone())],
            ('f', _) => {
                let id = self.id.clone();
                return Some(Reaction::Then(Box::new(move |model| {
                    model.panes.log.show_message(&id);
                    model.focus(PaneId::Log)
                })));
            }
            _ => return None,
        };
        Some(Reaction::Stay(permitted(effects, shared)))
    }

    fn ask_to_delete(&self, shared: &mut Shared) -> Reaction {
        let effects = permitted(vec![acts::on_badmail(BadmailAct::Delete, vec![self.id.clone()])], shared);
        if effects.is_empty() {
            return Reaction::Stay(effects);
        }
        let lines = vec![format!("{} cannot be brought back.", printable(&self.id))];
        Reaction::Open(Box::new(Confirm::new("Delete from Badmail?", lines, "Delete", effects)), Vec::new())
    }
}

/// The effects that the viewer may ask for; what they may not is said.
fn permitted(effects: Vec<Effect>, shared: &mut Shared) -> Vec<Effect> {
    let refused = effects.iter().find_map(|effect| match effect {
        Effect::Execute(_, command) if !shared.viewer.may(command.needs()) => Some(command.needs()),
        _ => None,
    });
    let Some(needs) = refused else { return effects };
    let now = shared.now();
    let text = format!("this needs the role {needs}; you are {}", shared.viewer.actor.role);
    shared.toasts.push(now, Weight::Warning, text);
    Vec::new()
}

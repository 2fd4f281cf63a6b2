//! The keys that every dialogue has, whatever is told in it.

use super::Dialogue;
use crate::dashboard::Shared;
use crate::dashboard::input::{Input, Key, KeyCode, MouseKind};
use crate::dashboard::message::Effect;
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::pane::Motion;
use crate::dashboard::toasts::Weight;
use crate::dashboard::widgets::counted;

impl Dialogue {
    /// Scrolls by keys and wheel, and copies what is in sight at `y`. Returns what follows from that.
    pub(crate) fn take(&mut self, input: &Input, shared: &mut Shared) -> Vec<Effect> {
        let motion = match input {
            Input::Key(Key { code: KeyCode::Char('y'), ctrl: false, .. }) => return self.copy(shared),
            Input::Key(Key { code, ctrl: false, .. }) => motion(*code),
            Input::Mouse(mouse) => match mouse.kind {
                MouseKind::WheelUp => Some(Motion::Up),
                MouseKind::WheelDown => Some(Motion::Down),
                MouseKind::Click => None,
            },
            _ => None,
        };
        if let Some(motion) = motion {
            self.go(motion);
        }
        Vec::new()
    }

    fn copy(&self, shared: &mut Shared) -> Vec<Effect> {
        let (text, lines) = self.visible();
        let now = shared.now();
        shared.toasts.push(now, Weight::Info, format!("copied {}", counted(lines, "line")));
        vec![Effect::Copy(text)]
    }
}

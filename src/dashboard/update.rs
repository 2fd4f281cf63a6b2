//! What a message does to a model.

use std::sync::Arc;

use ratatui::layout::{Position, Rect};

use super::Model;
use super::action::{self, Action};
use super::input::{Input, Key, KeyCode, Mouse, MouseKind};
use super::message::{Answer, Effect, Msg, Request};
use super::overlay::Reaction;
use super::pane::{Motion, PaneId};
use super::toasts::Weight;
use crate::engine::{Outcome, Snapshot};
use crate::text::printable;

impl Model {
    /// Takes a message, and says what is to be done.
    pub fn update(&mut self, message: Msg) -> Vec<Effect> {
        let effects = match message {
            Msg::Input(input) => self.input(input),
            Msg::Snapshot(snapshot) => self.see(snapshot),
            Msg::Answer(answer) => self.answer(&answer),
        };
        self.overlays.append(&mut self.shared.opening);
        effects
    }

    /// Does an action, or says why not.
    pub(super) fn act(&mut self, action: &Action) -> Vec<Effect> {
        match action.refusal(self) {
            None => (action.run)(self),
            Some(reason) => {
                self.say(Weight::Warning, format!("{}: {reason}", action.hint));
                Vec::new()
            }
        }
    }

    /// Shows a message.
    pub(super) fn say(&mut self, weight: Weight, text: impl Into<String>) {
        let now = self.shared.now();
        self.shared.toasts.push(now, weight, text);
    }

    fn input(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Resize(size) => {
                self.shared.size = size;
                self.refresh()
            }
            input if !self.overlays.is_empty() => self.input_to_overlay(&input),
            Input::Mouse(mouse) => self.mouse(mouse),
            input => {
                let (pane, shared) = self.focused();
                if let Some(effects) = pane.edit(&input, shared) {
                    return effects;
                }
                let Input::Key(key) = input else { return Vec::new() };
                self.key(key)
            }
        }
    }

    /// Of several actions with this key the first one that can be done is done.
    fn key(&mut self, key: Key) -> Vec<Effect> {
        let meant: Vec<_> = action::in_reach(self.focus).filter(|action| action.keys.contains(&key)).collect();
        match meant.iter().find(|action| action.refusal(self).is_none()).or(meant.first()) {
            Some(action) => self.act(action),
            None => Vec::new(),
        }
    }

    fn input_to_overlay(&mut self, input: &Input) -> Vec<Effect> {
        let Some(overlay) = self.overlays.last_mut() else { return Vec::new() };
        match overlay.input(input, &mut self.shared) {
            Reaction::Stay(effects) => effects,
            Reaction::Close(effects) => self.close_top().into_iter().chain(effects).collect(),
            Reaction::Open(another, effects) => {
                self.overlays.push(another);
                effects
            }
            Reaction::Run(action) => {
                let mut effects = self.close_top();
                effects.extend(self.act(action));
                effects
            }
            Reaction::Then(follow) => {
                let mut effects = self.close_top();
                effects.extend(follow(self));
                effects
            }
        }
    }

    fn close_top(&mut self) -> Vec<Effect> {
        self.overlays.pop().map(|mut overlay| overlay.closed()).unwrap_or_default()
    }

    fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        let areas = self.areas();
        if let Some(tabs) = areas.tabs
            && mouse.kind == MouseKind::Click
            && tabs.contains(mouse.at)
        {
            return super::view::tab_at(self, mouse.at.x).map(|pane| self.focus(pane)).unwrap_or_default();
        }
        let Some(&(pane, area)) = areas.panes.iter().find(|(_, area)| area.contains(mouse.at)) else {
            return Vec::new();
        };
        let inner = areas.inner(area);
        match mouse.kind {
            MouseKind::Click => self.click(pane, inner, mouse.at),
            MouseKind::WheelUp => self.go(pane, Motion::Up),
            MouseKind::WheelDown => self.go(pane, Motion::Down),
        }
    }

    fn click(&mut self, pane: PaneId, inner: Rect, at: Position) -> Vec<Effect> {
        let had_focus = pane == self.focus;
        let mut effects = if had_focus { Vec::new() } else { self.focus(pane) };
        // The frame of a pane only gives it the keys; and after that its area may be another one.
        if self.inner(pane) == Some(inner) && inner.contains(at) {
            let at = Position::new(at.x - inner.x, at.y - inner.y);
            effects.extend(self.panes.get_mut(pane).click(at, &mut self.shared));
        }
        if std::mem::take(&mut self.shared.is_entered) && had_focus {
            effects.extend(self.key(Key::plain(KeyCode::Enter)));
        }
        effects
    }

    fn go(&mut self, pane: PaneId, motion: Motion) -> Vec<Effect> {
        self.panes.get_mut(pane).go(motion, &mut self.shared)
    }

    fn see(&mut self, snapshot: Arc<Snapshot>) -> Vec<Effect> {
        self.shared.toasts.expire(snapshot.time);
        if self.shared.is_frozen {
            self.newest = Some(snapshot);
            return Vec::new();
        }
        self.shared.snapshot = snapshot;
        self.refresh()
    }

    fn answer(&mut self, answer: &Answer) -> Vec<Effect> {
        match answer {
            Answer::Outcome(request, outcome) => self.tell(request, outcome),
            Answer::Exported(Ok(place)) => self.say(Weight::Info, format!("written: {}", printable(place))),
            Answer::Exported(Err(reason)) => self.say(Weight::Error, reason.clone()),
            _ => {}
        }
        let mut effects = Vec::new();
        for overlay in &mut self.overlays {
            effects.extend(overlay.answer(answer, &mut self.shared));
        }
        for pane in PaneId::ALL {
            effects.extend(self.panes.get_mut(pane).answer(answer, &mut self.shared));
        }
        effects
    }

    /// Says what came of an act. Views are told by whoever asked for them.
    fn tell(&mut self, request: &Request, outcome: &Outcome) {
        match (request, outcome) {
            // The detail that asked says a refusal in its place.
            (Request::SettingsApply, _)
            | (_, Outcome::View { .. } | Outcome::Conflict { .. })
            | (
                Request::Message(_) | Request::Preview(_) | Request::BadMessage(_) | Request::Users | Request::UserAct,
                Outcome::Refused { .. },
            ) => {}
            (Request::Delete(ids), Outcome::Done { message, .. }) => {
                let now = self.shared.now();
                self.shared.undo.push(now, ids.clone());
                self.say(Weight::Undo, format!("{message}; z undoes"));
            }
            (_, Outcome::Done { message, .. }) => self.say(Weight::Info, message.clone()),
            (_, Outcome::Refused { reason }) => self.say(Weight::Error, reason.clone()),
        }
    }
}

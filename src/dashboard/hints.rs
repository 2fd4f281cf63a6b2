//! The one line at the bottom: a message if there is one, else the keys that count now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::action;
use super::model::Model;
use super::toasts::Weight;
use super::widgets::{cut, width};
use crate::text::printable;

/// Draws the line.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let theme = &model.shared.theme;
    if let Some(toast) = model.shared.toasts.current() {
        let style = match toast.weight {
            Weight::Info | Weight::Undo => theme.good,
            Weight::Warning => theme.warning,
            Weight::Error => theme.bad,
        };
        let text = cut(&printable(&toast.text), usize::from(area.width), model.shared.glyphs.ellipsis());
        frame.render_widget(Line::styled(text, style), area);
        return;
    }
    let mut spans = Vec::new();
    let mut room = usize::from(area.width);
    for (key, what) in hints(model) {
        let needed = width(&key) + 1 + width(&what) + 2;
        if needed > room {
            break;
        }
        room -= needed;
        spans.push(Span::styled(key, theme.key));
        spans.push(Span::styled(format!(" {what}  "), theme.dim));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Keys and what they do, those that matter most first; none that would be refused.
fn hints(model: &Model) -> Vec<(String, String)> {
    let edited = match model.overlays.last() {
        Some(overlay) => Some(overlay.hints()),
        None => model.panes.get(model.focus).hints(),
    };
    if let Some(hints) = edited {
        return hints.into_iter().map(|(key, what)| (key.to_owned(), what.to_owned())).collect();
    }
    let mut actions: Vec<_> = action::in_reach(model.focus)
        .filter(|action| action.priority > 0 && !action.keys.is_empty() && action.refusal(model).is_none())
        .collect();
    actions.sort_by_key(|action| std::cmp::Reverse(action.priority));
    actions.into_iter().map(|action| (action.keys[0].to_string(), action.hint.to_owned())).collect()
}

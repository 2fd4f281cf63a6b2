//! What the pane says while there is nobody.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use crate::dashboard::Shared;
use crate::dashboard::widgets::wrap;
use crate::engine::EngineState;

/// Says why the list is empty and what to do next. Returns where the hardware cursor belongs.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, shared: &Shared, is_filtered: bool) -> Position {
    let mut y = area.y;
    for (style, line) in lines(shared, is_filtered) {
        for part in wrap(&line, usize::from(area.width.saturating_sub(4))) {
            if y < area.bottom() {
                buffer.set_stringn(area.x + 2, y, &line[part], usize::from(area.width.saturating_sub(2)), style);
            }
            y = y.saturating_add(1);
        }
    }
    area.as_position()
}

fn lines(shared: &Shared, is_filtered: bool) -> Vec<(Style, String)> {
    let (theme, snapshot) = (&shared.theme, &shared.snapshot);
    if is_filtered {
        return vec![(theme.text, "No session matches the filter; Esc clears it.".to_owned())];
    }
    let mut lines = vec![(theme.title, "Nobody is connected.".to_owned())];
    let tls = snapshot.tls_listeners.iter().map(|address| format!("{address} (TLS)"));
    let listeners: Vec<_> = snapshot.listeners.iter().map(ToString::to_string).chain(tls).collect();
    let next = match (snapshot.state, listeners.as_slice()) {
        (EngineState::Draining, _) => "The relay is stopping and takes no connections.".to_owned(),
        (EngineState::Paused, _) => "The server is paused and refuses connections; P resumes it.".to_owned(),
        (EngineState::Running, []) => {
            "It listens nowhere: general.listen in the settings (4) says where clients may connect.".to_owned()
        }
        (EngineState::Running, listeners) => format!("Clients connect to {}.", listeners.join(", ")),
    };
    lines.push((theme.text, next));
    if snapshot.state == EngineState::Running && !listeners.is_empty() {
        lines.push((theme.dim, "T sends a test message through this server and shows the dialogue.".to_owned()));
    }
    lines
}

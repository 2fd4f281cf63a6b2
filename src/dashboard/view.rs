//! A model as a picture.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear};

use super::layout::{Areas, SMALLEST};
use super::model::Model;
use super::pane::PaneId;
use super::widgets::{cut, width};
use super::{header, hints, overlay};

impl Model {
    /// Draws everything.
    pub fn view(&self, frame: &mut Frame<'_>) {
        let screen = frame.area();
        frame.buffer_mut().set_style(screen, self.shared.theme.text);
        if screen.width < SMALLEST.width || screen.height < SMALLEST.height {
            let text = format!(
                "terminal too small: {}x{}, need {}x{}",
                screen.width, screen.height, SMALLEST.width, SMALLEST.height
            );
            frame.render_widget(
                ratatui::widgets::Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true }),
                screen,
            );
            frame.set_cursor_position(screen.as_position());
            return;
        }
        let areas = self.areas_of(screen.as_size());
        header::draw(frame, areas.header, &self.shared);
        if let Some(tabs) = areas.tabs {
            self.draw_tabs(frame, tabs);
        }
        let mut cursor = None;
        for &(pane, area) in &areas.panes {
            let place = self.draw_pane(frame, pane, area, &areas);
            if pane == self.focus {
                cursor = place;
            }
        }
        hints::draw(frame, areas.status, self);
        for overlay in 0..self.overlays.len() {
            cursor = self.draw_overlay(frame, overlay);
        }
        // Always somewhere: screen readers and braille lines follow it.
        let home = areas.panes.iter().find(|(pane, _)| *pane == self.focus).map(|(_, area)| areas.inner(*area));
        let home = home.unwrap_or(screen).as_position();
        frame.set_cursor_position(cursor.unwrap_or(home));
    }

    fn draw_pane(&self, frame: &mut Frame<'_>, pane: PaneId, area: Rect, areas: &Areas) -> Option<Position> {
        let has_focus = pane == self.focus && self.overlays.is_empty();
        if areas.tabs.is_none() {
            let theme = &self.shared.theme;
            let style = if pane == self.focus { theme.focused } else { theme.frame };
            let title = Line::styled(format!(" {} {} ", pane.place() + 1, pane.title()), theme.title);
            let room = usize::from(area.width).saturating_sub(title.width() + 5);
            let status = cut(&self.panes.get(pane).status(&self.shared), room, self.shared.glyphs.ellipsis());
            let mut block = Block::bordered().border_style(style).title(title);
            if !status.is_empty() {
                block = block.title(Line::styled(format!(" {status} "), theme.dim).right_aligned());
            }
            if self.shared.glyphs.ascii {
                block = block.border_set(ASCII_BORDER);
            } else {
                block = block.border_type(BorderType::Rounded);
            }
            frame.render_widget(block, area);
        }
        self.panes.get(pane).draw(frame, areas.inner(area), &self.shared, has_focus)
    }

    fn draw_tabs(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = &self.shared.theme;
        let mut used = 0;
        for (pane, start) in tabs(self) {
            let style = if pane == self.focus { theme.selected } else { theme.dim };
            let name = tab_name(self, pane);
            frame.buffer_mut().set_stringn(
                area.x + start,
                area.y,
                &name,
                usize::from(area.width.saturating_sub(start)),
                style,
            );
            used = usize::from(start) + width(&name);
        }
        let room = usize::from(area.width).saturating_sub(used + 1);
        let status = cut(&self.panes.get(self.focus).status(&self.shared), room, self.shared.glyphs.ellipsis());
        let x = area.right().saturating_sub(u16::try_from(width(&status)).unwrap_or(0));
        frame.buffer_mut().set_stringn(x, area.y, &status, room, theme.dim);
    }

    fn draw_overlay(&self, frame: &mut Frame<'_>, which: usize) -> Option<Position> {
        let top = &self.overlays[which];
        let theme = &self.shared.theme;
        let area = overlay::area(top.wants(&self.shared), frame.area().as_size());
        frame.render_widget(Clear, area);
        frame.buffer_mut().set_style(area, theme.text);
        let mut block = Block::bordered()
            .border_style(theme.focused)
            .title(Line::styled(format!(" {} ", top.title()), theme.title));
        if self.shared.glyphs.ascii {
            block = block.border_set(ASCII_BORDER);
        }
        frame.render_widget(block, area);
        top.draw(frame, overlay::inner(area), &self.shared)
    }
}

/// The pane whose name is at a column of the tabs.
pub(super) fn tab_at(model: &Model, x: u16) -> Option<PaneId> {
    let width = |pane| u16::try_from(width(&tab_name(model, pane))).unwrap_or(0);
    tabs(model).find(|&(pane, start)| (start..start + width(pane)).contains(&x)).map(|(pane, _)| pane)
}

/// The names of the panes with the columns at which they begin.
fn tabs(model: &Model) -> impl Iterator<Item = (PaneId, u16)> {
    let mut start = 0;
    PaneId::ALL.into_iter().map(move |pane| {
        let at = start;
        start += u16::try_from(width(&tab_name(model, pane))).unwrap_or(0);
        (pane, at)
    })
}

/// ` 2 Queue `, or only ` 2 ` where there is no room for names that are not chosen.
fn tab_name(model: &Model, pane: PaneId) -> String {
    if model.shared.size.width < 60 && pane != model.focus {
        format!(" {} ", pane.place() + 1)
    } else {
        format!(" {} {} ", pane.place() + 1, pane.title())
    }
}

const ASCII_BORDER: ratatui::symbols::border::Set<'static> = ratatui::symbols::border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

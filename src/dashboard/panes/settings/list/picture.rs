//! The picture of a list that is edited.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::ListEdit;
use crate::dashboard::Shared;
use crate::dashboard::widgets::{ListCursor, cut, width, wrapped};
use crate::text::printable;

impl ListEdit {
    /// Draws the list. Returns where the hardware cursor belongs.
    pub(in crate::dashboard::panes::settings) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        shared: &Shared,
    ) -> Option<Position> {
        let columns = usize::from(area.width);
        let head = self.head(area, shared);
        let foot = self.foot(columns, shared);
        let height = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let body = Rect { y: area.y + height(&head), ..area };
        let body = Rect { height: area.bottom().saturating_sub(body.y + height(&foot)).max(1), ..body };
        let cursor = self.draw_entries(frame, body, shared);
        for (line, row) in head.into_iter().zip(area.rows()) {
            frame.render_widget(line, row);
        }
        for (line, y) in foot.into_iter().zip(body.bottom()..area.bottom()) {
            frame.render_widget(line, Rect { y, height: 1, ..area });
        }
        cursor
    }

    /// What the list is and what may stand in it; only the first where there is little room.
    fn head(&self, area: Rect, shared: &Shared) -> Vec<Line<'static>> {
        let (theme, columns) = (&shared.theme, usize::from(area.width));
        let mut title = vec![Span::styled(cut(&self.title, columns, shared.glyphs.ellipsis()), theme.title)];
        if width(&self.title) + self.key.len() + 2 <= columns {
            title.push(Span::styled(format!("  {}", self.key), theme.dim));
        }
        let most = if area.height < 16 { 2 } else { 4 };
        let help = wrapped(self.help, columns).into_iter().map(|row| Line::styled(row, theme.dim)).take(most);
        std::iter::once(Line::from(title)).chain(help).collect()
    }

    fn draw_entries(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
        let theme = &shared.theme;
        let mut lines = Vec::new();
        for place in 0..=self.entries.len() {
            lines.push((place, None));
            let wrong = self.complaints.iter().filter(|complaint| complaint.entry == Some(place + 1));
            for complaint in wrong {
                let rows = wrapped(&printable(&complaint.text), usize::from(area.width.saturating_sub(4)));
                let rows = rows.into_iter().take(3).enumerate();
                lines.extend(rows.map(|(at, row)| (place, Some(format!("{} {row}", if at == 0 { '!' } else { ' ' })))));
            }
        }
        let mut list = ListCursor::default();
        list.fit(lines.len(), usize::from(area.height));
        let here = self.list.place();
        // The complaint below the row is in sight too.
        list.set(lines.iter().rposition(|(place, _)| Some(*place) == here).unwrap_or(0));
        list.set(lines.iter().position(|(place, _)| Some(*place) == here).unwrap_or(0));
        let mut cursor = None;
        for ((place, complaint), row) in lines.into_iter().skip(list.offset()).zip(area.rows()) {
            let text = Rect { x: row.x + 2, width: row.width.saturating_sub(2), ..row };
            let columns = usize::from(text.width);
            let buffer = frame.buffer_mut();
            if let Some(complaint) = complaint {
                buffer.set_stringn(text.x, row.y, complaint, columns, theme.bad);
                continue;
            }
            let is_here = here == Some(place);
            if let (true, Some(field)) = (is_here, &self.field) {
                cursor = Some(field.draw(buffer, text, theme.field));
                continue;
            }
            let (entry, style) = match self.entries.get(place) {
                Some(entry) => (cut(&printable(entry), columns, shared.glyphs.ellipsis()), theme.text),
                None => ("(a adds one)".to_owned(), theme.dim),
            };
            if is_here {
                buffer.set_style(text, theme.selected);
                cursor = Some(text.as_position());
            }
            buffer.set_stringn(text.x, row.y, entry, columns, if is_here { theme.selected } else { style });
        }
        cursor
    }

    /// What is to be said of the list as a whole.
    fn foot(&self, columns: usize, shared: &Shared) -> Vec<Line<'static>> {
        let rows = |text: &str, style| wrapped(text, columns).into_iter().map(move |row| Line::styled(row, style));
        if self.is_leaving {
            let told = "The changes are not taken over yet: w takes them over, Esc again drops them.";
            return rows(told, shared.theme.warning).collect();
        }
        let whole = self.complaints.iter().filter(|complaint| complaint.entry.is_none());
        whole
            .flat_map(|complaint| rows(&format!("! {}", printable(&complaint.text)), shared.theme.bad))
            .take(3)
            .collect()
    }
}

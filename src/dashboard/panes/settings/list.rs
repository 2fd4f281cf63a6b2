//! A list of values, edited row by row.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::document::{Complaint, Document};
use super::sheet::Setting;
use super::typing::Step;
use crate::config;
use crate::dashboard::Shared;
use crate::dashboard::field::Field;
use crate::dashboard::input::{Input, Key, KeyCode};
use crate::dashboard::overlays::messages::motion;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{ListCursor, cut, width, wrapped};
use crate::text::printable;

/// A list in the middle of being edited.
pub(super) struct ListEdit {
    key: String,
    title: String,
    help: &'static str,
    entries: Vec<String>,
    at_first: Vec<String>,
    list: ListCursor,
    /// The row being typed.
    field: Option<Field>,
    /// Why the list cannot be as it is.
    complaints: Vec<Complaint>,
    /// Esc was pressed, and would drop changes.
    is_leaving: bool,
}

impl ListEdit {
    /// Begins with the list as it stands in the file.
    pub(super) fn of(setting: &Setting, document: &Document) -> Self {
        let value = document.value(&setting.key).unwrap_or_else(|| setting.value.clone());
        let entries = config::entries(&value);
        Self {
            key: setting.key.clone(),
            title: format!("{}: {}", setting.section, setting.label),
            help: setting.help,
            at_first: entries.clone(),
            entries,
            list: ListCursor::default(),
            field: None,
            complaints: Vec::new(),
            is_leaving: false,
        }
    }

    /// There is room for so many rows.
    pub(super) fn fit(&mut self, height: u16) {
        self.list.fit(self.entries.len() + 1, usize::from(height.saturating_sub(4)));
    }

    /// Takes a key or a paste. The list is only taken over if it is right as a whole.
    pub(super) fn take(&mut self, input: &Input, document: &mut Document) -> Step {
        if self.field.is_some() {
            if self.type_row(input) {
                self.try_out(document);
            }
            return Step::Goes;
        }
        let Input::Key(key) = input else { return Step::Goes };
        let was_leaving = std::mem::take(&mut self.is_leaving);
        let place = self.list.place().unwrap_or(0);
        match key.code {
            KeyCode::Esc if was_leaving || self.entries == self.at_first => return Step::Dropped,
            KeyCode::Esc => self.is_leaving = true,
            KeyCode::Char('w') => return self.take_over(document),
            KeyCode::Char('s') if key.ctrl => return self.take_over(document),
            KeyCode::Enter | KeyCode::Char('e') => self.begin_row(place),
            KeyCode::Char('a') => self.begin_row(self.entries.len()),
            KeyCode::Char('d') | KeyCode::Delete if place < self.entries.len() => {
                self.entries.remove(place);
                self.try_out(document);
            }
            KeyCode::Char('K') if place > 0 && place < self.entries.len() => {
                self.entries.swap(place, place - 1);
                self.list.go(Motion::Up);
                self.try_out(document);
            }
            KeyCode::Char('J') if place + 1 < self.entries.len() => {
                self.entries.swap(place, place + 1);
                self.list.go(Motion::Down);
                self.try_out(document);
            }
            code => {
                if let Some(motion) = motion(code) {
                    self.go(motion);
                }
            }
        }
        Step::Goes
    }

    pub(super) fn go(&mut self, motion: Motion) {
        if self.field.is_none() {
            self.list.go(motion);
        }
    }

    pub(super) fn hints(&self) -> Vec<(&'static str, &'static str)> {
        if self.field.is_some() {
            return vec![("Enter", "keep the row"), ("Esc", "as it was")];
        }
        let leave = if self.entries == self.at_first { "back" } else { "drop changes" };
        vec![
            ("w", "take over"),
            ("a", "add"),
            ("Enter", "edit"),
            ("d", "remove"),
            ("Esc", leave),
            ("K J", "move the row"),
        ]
    }

    /// How many entries there are, and whether they are other ones than before.
    pub(super) fn status(&self) -> String {
        let changed = if self.entries == self.at_first { "" } else { ", not taken over yet" };
        format!("{} entries{changed}", self.entries.len())
    }

    /// The list as it is, if that is right.
    fn take_over(&mut self, document: &mut Document) -> Step {
        if self.entries == self.at_first {
            return Step::Dropped;
        }
        match document.set(&self.key, &config::list(&self.entries)) {
            Ok(()) => Step::Done,
            Err(complaints) => {
                self.complain(complaints);
                Step::Goes
            }
        }
    }

    fn try_out(&mut self, document: &Document) {
        self.list.fit(self.entries.len() + 1, self.list.height());
        self.complaints = document.try_out(&self.key, &config::list(&self.entries)).err().unwrap_or_default();
    }

    /// Goes to the first entry that is wrong.
    fn complain(&mut self, complaints: Vec<Complaint>) {
        if let Some(entry) = complaints.iter().find_map(|complaint| complaint.entry) {
            self.list.set(entry.saturating_sub(1));
        }
        self.complaints = complaints;
    }

    fn begin_row(&mut self, place: usize) {
        self.list.set(place);
        self.field = Some(Field::new(self.entries.get(place).cloned().unwrap_or_default()));
    }

    /// Takes what is typed into a row; true if the list is another one now.
    fn type_row(&mut self, input: &Input) -> bool {
        let Some(field) = &mut self.field else { return false };
        let Input::Key(Key { code: code @ (KeyCode::Enter | KeyCode::Esc), .. }) = input else {
            field.take(input);
            return false;
        };
        let text = field.text().trim().to_owned();
        self.field = None;
        if *code == KeyCode::Esc {
            return false;
        }
        let place = self.list.place().unwrap_or(self.entries.len());
        match (place < self.entries.len(), text.is_empty()) {
            (true, true) => drop(self.entries.remove(place)),
            (true, false) => self.entries[place] = text,
            (false, true) => return false,
            (false, false) => {
                // The next one is added as easily.
                self.entries.push(text);
                self.list.fit(self.entries.len() + 1, self.list.height());
                self.list.set(self.entries.len());
            }
        }
        true
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Option<Position> {
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

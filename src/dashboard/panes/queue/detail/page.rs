//! Rows of text made to fit a width.

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::dashboard::widgets::{cut, wrap};
use crate::text::printable;

/// Columns for the name of a field.
const NAME: usize = 13;
/// On less than so many columns a value stands below its name.
const NARROW: usize = 36;
/// Characters of one text that are shown: a message of one endless line must not cost more than it tells.
const LONGEST: usize = 4000;

/// Rows that grow from top to bottom. What they are given is made printable here.
pub(super) struct Page {
    columns: usize,
    rows: Vec<Line<'static>>,
}

impl Page {
    /// An empty page of so many columns.
    pub(super) fn new(columns: usize) -> Self {
        Self { columns: columns.max(1), rows: Vec::new() }
    }

    /// Adds a line, on as many rows as it takes.
    pub(super) fn line(&mut self, text: &str, style: Style) {
        self.indented(0, text, style);
    }

    /// The same behind some blanks.
    pub(super) fn indented(&mut self, indent: usize, text: &str, style: Style) {
        let indent = indent.min(self.columns / 2);
        let text = shown(text);
        for part in wrap(&text, self.columns - indent) {
            let blank = Span::raw(" ".repeat(indent));
            self.rows.push(Line::from(vec![blank, Span::styled(text[part].to_owned(), style)]));
        }
    }

    /// Adds a value with its name.
    pub(super) fn field(&mut self, name: &str, name_style: Style, value: &str, style: Style) {
        if self.columns < NARROW {
            self.line(name, name_style);
            self.indented(2, value, style);
            return;
        }
        let value = shown(value);
        for (at, part) in wrap(&value, self.columns - NAME).into_iter().enumerate() {
            let name = if at == 0 { cut(&shown(name), NAME - 1, "") } else { String::new() };
            let name = Span::styled(format!("{name:NAME$}"), name_style);
            self.rows.push(Line::from(vec![name, Span::styled(value[part].to_owned(), style)]));
        }
    }

    /// Adds an empty row.
    pub(super) fn gap(&mut self) {
        self.rows.push(Line::default());
    }

    /// The rows.
    pub(super) fn into_rows(self) -> Vec<Line<'static>> {
        self.rows
    }
}

fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", printable(&text[..end])).into(),
        None => printable(text),
    }
}

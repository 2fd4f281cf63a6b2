//! Aligned columns of text.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::text;

/// Between two columns.
const GAP: &str = "  ";
/// A column that may shrink keeps at least this width.
const LEAST: usize = 8;

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// To the left; never cut, for ids and words.
    Word(&'static str),
    /// To the right; never cut, for numbers.
    Number(&'static str),
    /// To the left; cut where the line would be too long.
    Text(&'static str),
}

/// Rows under titles. Cells are made printable when they are added.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// The widths of the columns, so that further pages of a list stand under the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(Vec<usize>);

impl Table {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub(super) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        debug_assert_eq!(N, self.columns.len());
        self.rows.push(cells.iter().map(|cell| text::printable(cell).into_owned()).collect());
    }

    /// Widths that fit the rows and, where that is possible, lines of at most `width` columns.
    pub fn layout(&self, width: Option<usize>) -> Layout {
        let natural = |(index, column): (usize, &Column)| {
            let cells = self.rows.iter().map(|row| row[index].width());
            cells.chain([column.title().width()]).max().unwrap_or(0)
        };
        let mut widths: Vec<usize> = self.columns.iter().enumerate().map(natural).collect();
        if let Some(width) = width {
            self.shrink(&mut widths, width);
        }
        Layout(widths)
    }

    /// The line of titles.
    pub fn head(&self, layout: &Layout) -> String {
        let titles = self.columns.iter().map(|column| column.title());
        self.line(titles, layout)
    }

    /// One line for each row.
    pub fn body(&self, layout: &Layout) -> String {
        self.rows.iter().map(|row| self.line(row.iter().map(String::as_str), layout)).collect()
    }

    /// Takes from the widest column that may shrink until the line fits or nothing is left to take.
    fn shrink(&self, widths: &mut [usize], width: usize) {
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        while widths.iter().sum::<usize>() + gaps > width {
            let shrinkable = self.columns.iter().zip(widths.iter_mut());
            let texts = shrinkable.filter(|(column, width)| matches!(column, Column::Text(_)) && **width > LEAST);
            let Some((_, widest)) = texts.max_by_key(|(_, width)| **width) else { return };
            *widest -= 1;
        }
    }

    fn line<'a>(&self, cells: impl Iterator<Item = &'a str>, layout: &Layout) -> String {
        let mut line = String::new();
        for ((cell, column), &width) in cells.zip(&self.columns).zip(&layout.0) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            let cell = if matches!(column, Column::Text(_)) { cut(cell, width) } else { cell.to_owned() };
            let padding = " ".repeat(width.saturating_sub(cell.width()));
            if matches!(column, Column::Number(_)) {
                line.push_str(&padding);
                line.push_str(&cell);
            } else {
                line.push_str(&cell);
                line.push_str(&padding);
            }
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Word(title) | Self::Number(title) | Self::Text(title) => title,
        }
    }
}

/// The text in at most `width` columns of a terminal, in which a character may take two.
fn cut(shown: &str, width: usize) -> String {
    if shown.width() <= width {
        return shown.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let fits = |c: &char| {
        let taken = c.width().unwrap_or(0);
        let fits = taken <= room;
        room = room.saturating_sub(taken);
        fits
    };
    shown.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table =
            Table::new(&[Column::Word("ID"), Column::Number("SIZE"), Column::Text("SENDER"), Column::Text("REPLY")]);
        table.row(["0JX4", "4 KB", "app@corp.example", "451 4.7.1 Greylisted, try again in five minutes"]);
        table.row(["0JX5-long", "12 MB", "b@c", "\x1b[2J"]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let (table, layout) = (table(), table().layout(None));
        assert_eq!(
            table.head(&layout) + &table.body(&layout),
            "ID          SIZE  SENDER            REPLY\n\
             0JX4        4 KB  app@corp.example  451 4.7.1 Greylisted, try again in five minutes\n\
             0JX5-long  12 MB  b@c               ␛[2J\n"
        );
    }

    #[test]
    fn where_the_terminal_is_narrow_the_widest_texts_are_cut_and_ids_never() {
        let (table, layout) = (table(), table().layout(Some(44)));
        assert_eq!(
            table.head(&layout) + &table.body(&layout),
            "ID          SIZE  SENDER        REPLY\n\
             0JX4        4 KB  app@corp.ex…  451 4.7.1 G…\n\
             0JX5-long  12 MB  b@c           ␛[2J\n"
        );
        let narrow = table.layout(Some(1));
        assert!(table.body(&narrow).contains("0JX5-long"));
    }

    #[test]
    fn a_wide_character_counts_twice() {
        assert_eq!(cut("日本語テキスト", 7), "日本語…");
        assert_eq!(cut("日本語テキスト", 8), "日本語…");
        assert_eq!(cut("日本", 4), "日本");
    }
}

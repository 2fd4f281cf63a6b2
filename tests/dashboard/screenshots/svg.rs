//! A screen as an SVG picture: a window of text whose every piece keeps to its columns, whatever the font.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use super::strokes;

/// A cell, in pixels.
pub(super) const CELL: (u16, u16) = (9, 19);
/// Where the text of a row stands, below the top of its cells.
const BASELINE: u16 = 14;
/// Around the screen.
const MARGIN: u16 = 14;
/// Above it, for the name of the window.
const BAR: u16 = 34;

/// The colours of a terminal that does not let a theme choose them.
const TEXT: &str = "#d4d7dd";
const BACK: &str = "#16181d";
/// Black to white, then the same brightly.
const ANSI: [&str; 16] = [
    "#2b2f38", "#f07178", "#a5d17f", "#e6c06c", "#82aaff", "#c792ea", "#7fd1e0", "#d4d7dd", "#5c6370", "#ff8b92",
    "#bde89a", "#ffd88a", "#9cc4ff", "#dcaef5", "#9be5f2", "#ffffff",
];

/// Draws a screen in a window.
pub(super) fn svg(buffer: &Buffer, cursor: Position, title: &str) -> String {
    let mut drawing = Drawing { out: String::new(), back: color(buffer.content[0].bg, BACK), frames: BTreeMap::new() };
    drawing.window(buffer, title);
    for (y, cells) in (0..).zip(buffer.content.chunks(usize::from(buffer.area.width))) {
        for run in runs(cells) {
            drawing.run(y, &run);
        }
    }
    drawing.end(cursor, &color(buffer.content[0].fg, TEXT))
}

/// Cells beside each other that are drawn as one piece.
struct Run<'a> {
    x: u16,
    columns: u16,
    text: String,
    cell: &'a Cell,
}

/// A row in pieces of one style. A piece ends where two blanks come, and each sign beyond ASCII is one for itself, since
/// fonts disagree on widths.
fn runs(cells: &[Cell]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut x = 0;
    while let Some(cell) = cells.get(usize::from(x)) {
        let symbol = cell.symbol();
        let columns = u16::try_from(symbol.width().max(1)).unwrap();
        match runs.last_mut() {
            Some(run) if run.cell.style() == cell.style() && run.takes(symbol) => {
                run.text.push_str(symbol);
                run.columns += columns;
            }
            _ => runs.push(Run { x, columns, text: symbol.to_owned(), cell }),
        }
        x += columns;
    }
    runs
}

impl Run<'_> {
    fn takes(&self, symbol: &str) -> bool {
        let is_plain = self.text.is_ascii() && symbol.is_ascii();
        is_plain && (symbol == " " || !self.text.ends_with("  "))
    }
}

struct Drawing {
    out: String,
    /// The colour of the window.
    back: String,
    /// The frames by how they are drawn: they lie above everything.
    frames: BTreeMap<String, String>,
}

impl Drawing {
    fn window(&mut self, buffer: &Buffer, title: &str) {
        let Self { out, back, .. } = self;
        let width = buffer.area.width * CELL.0 + 2 * MARGIN;
        let height = buffer.area.height * CELL.1 + BAR + MARGIN;
        write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\"\n font-family=\"ui-monospace,'Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace\" \
             font-size=\"15\">\n<title>{}</title>\n",
            escaped(title)
        )
        .unwrap();
        let (inner_width, inner_height) = (width - 1, height - 1);
        writeln!(
            out,
            "<rect x=\".5\" y=\".5\" width=\"{inner_width}\" height=\"{inner_height}\" rx=\"9\" fill=\"{back}\" \
             stroke=\"#7d8590\"/>"
        )
        .unwrap();
        for (x, color) in (MARGIN + 6..).step_by(20).zip(["#ff5f57", "#febc2e", "#28c840"]) {
            writeln!(out, "<circle cx=\"{x}\" cy=\"17\" r=\"6\" fill=\"{color}\"/>").unwrap();
        }
        let middle = width / 2;
        writeln!(out, "<text x=\"{middle}\" y=\"22\" fill=\"#7d8590\" text-anchor=\"middle\">mailroot</text>").unwrap();
        writeln!(out, "<g transform=\"translate({MARGIN},{BAR})\">").unwrap();
    }

    fn run(&mut self, row: u16, run: &Run<'_>) {
        let modifier = run.cell.modifier;
        let (mut fore, mut back) = (color(run.cell.fg, TEXT), color(run.cell.bg, BACK));
        if modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut fore, &mut back);
        }
        let (x, y, width) = (run.x * CELL.0, row * CELL.1, run.columns * CELL.0);
        if back != self.back {
            let height = CELL.1;
            writeln!(self.out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{back}\"/>")
                .unwrap();
        }
        let dim = if modifier.contains(Modifier::DIM) { " opacity=\".6\"" } else { "" };
        if modifier.contains(Modifier::UNDERLINED) {
            let below = y + BASELINE + 2;
            writeln!(self.out, "<path d=\"M{x},{below}.5h{width}\" stroke=\"{fore}\"{dim}/>").unwrap();
        }
        if let Some(path) = strokes::frame(&run.text, x, y) {
            self.frames.entry(format!("stroke=\"{fore}\"{dim}")).or_default().push_str(&path);
        } else if let Some(eighths) = strokes::eighths(&run.text) {
            let height = CELL.1 * eighths / 8;
            let y = y + CELL.1 - height;
            writeln!(
                self.out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fore}\"{dim}/>"
            )
            .unwrap();
        } else {
            let bold = if modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            self.text(x, y, &run.text, &format!("fill=\"{fore}\"{bold}{dim}"));
        }
    }

    fn text(&mut self, x: u16, y: u16, text: &str, attributes: &str) {
        let shown = text.trim();
        if shown.is_empty() {
            return;
        }
        let indent = u16::try_from(text.len() - text.trim_start().len()).unwrap();
        let (x, y) = (x + indent * CELL.0, y + BASELINE);
        let length = u16::try_from(shown.width()).unwrap() * CELL.0;
        let shown = escaped(shown);
        writeln!(
            self.out,
            "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\" {attributes}>{shown}</text>"
        )
        .unwrap();
    }

    fn end(mut self, cursor: Position, text: &str) -> String {
        for (attributes, path) in &self.frames {
            writeln!(self.out, "<path transform=\"translate(.5,.5)\" fill=\"none\" {attributes} d=\"{path}\"/>")
                .unwrap();
        }
        let (x, y) = (cursor.x * CELL.0, cursor.y * CELL.1);
        let (width, height) = (CELL.0 - 1, CELL.1 - 1);
        writeln!(self.out, "<path d=\"M{x}.5,{y}.5h{width}v{height}h-{width}z\" fill=\"none\" stroke=\"{text}\"/>")
            .unwrap();
        self.out.push_str("</g>\n</svg>\n");
        self.out
    }
}

/// A colour as SVG writes it; `own` stands for the terminal's own.
fn color(color: Color, own: &str) -> String {
    let index = match color {
        Color::Reset => return own.to_owned(),
        Color::Rgb(red, green, blue) => return format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(index) => usize::from(index),
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    ANSI[index].to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn picture(x: u16, y: u16, text: &str, style: Style) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
        buffer.set_string(x, y, text, style);
        svg(&buffer, Position::ORIGIN, "a & b")
    }

    #[test]
    fn text_keeps_to_its_columns_and_cannot_end_its_element() {
        let svg = picture(2, 1, "<b>&", Style::new().add_modifier(Modifier::BOLD));
        let line = "<text x=\"18\" y=\"33\" textLength=\"36\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d4d7dd\" \
                    font-weight=\"bold\">&lt;b&gt;&amp;</text>";
        assert!(svg.contains(line), "{svg}");
        assert!(svg.contains("<title>a &amp; b</title>"));
    }

    #[test]
    fn a_wide_sign_takes_two_columns_and_what_follows_stands_behind_it() {
        let svg = picture(0, 0, "漢x  y", Style::new());
        for (x, length, text) in [(0, 18, "漢"), (18, 9, "x"), (45, 9, "y")] {
            let (start, end) = (format!("<text x=\"{x}\" y=\"14\" textLength=\"{length}\""), format!(">{text}</text>"));
            assert!(svg.lines().any(|line| line.starts_with(&start) && line.ends_with(&end)), "{text}\n{svg}");
        }
    }

    #[test]
    fn what_is_reversed_swaps_its_colours_blanks_included() {
        let svg = picture(0, 0, "a ", Style::new().fg(Color::Red).add_modifier(Modifier::REVERSED));
        assert!(svg.contains("<rect x=\"0\" y=\"0\" width=\"18\" height=\"19\" fill=\"#f07178\"/>"), "{svg}");
        assert!(svg.contains("fill=\"#16181d\">a</text>"));
    }

    #[test]
    fn frames_and_charts_are_shapes_that_meet() {
        let svg = picture(0, 0, "╭─┐▄", Style::new());
        assert!(svg.contains("d=\"M4,19Q4,9 9,9M9,9H18M22,9H18M22,9V19\""), "{svg}");
        assert!(svg.contains("<rect x=\"27\" y=\"10\" width=\"9\" height=\"9\" fill=\"#d4d7dd\"/>"), "{svg}");
        assert!(svg.is_ascii());
    }
}

//! The file was changed by somebody else while it was edited here: key by key, whose value is to stand.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::document::Document;
use super::merge::{Clash, Merge};
use super::value::side;
use crate::dashboard::Shared;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{ListCursor, wrapped};
use crate::text::printable;

/// The question which of two values is to stand, for each setting that both sides changed.
pub(super) struct Conflict {
    merge: Merge,
    list: ListCursor,
    /// Why what was chosen does not go together.
    pub(super) error: Option<String>,
}

impl Conflict {
    pub(super) fn new(merge: Merge) -> Self {
        let mut list = ListCursor::default();
        list.fit(merge.clashes.len(), 1);
        Self { merge, list, error: None }
    }

    pub(super) fn go(&mut self, motion: Motion) {
        self.list.go(motion);
    }

    /// Takes the other side's value for the selected key.
    pub(super) fn turn(&mut self) {
        if let Some(clash) = self.list.place().and_then(|place| self.merge.clashes.get_mut(place)) {
            clash.takes_mine = !clash.takes_mine;
        }
    }

    /// Takes this side's value for all keys, or the other's.
    pub(super) fn turn_all(&mut self, takes_mine: bool) {
        self.merge.clashes.iter_mut().for_each(|clash| clash.takes_mine = takes_mine);
    }

    /// The file as it is now, with all edits of this side that were chosen.
    pub(super) fn settled(&self, mine: &Document) -> Result<Document, String> {
        self.merge.settled(mine)
    }

    pub(super) fn hints() -> Vec<(&'static str, &'static str)> {
        vec![
            ("Enter", "go on to the review"),
            ("Space", "mine or theirs"),
            ("m t", "all mine, all theirs"),
            ("j k", "move"),
            ("Esc", "keep editing"),
        ]
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        let mut lines = Vec::new();
        let told = "The file was changed on disk while you edited it. Whose value is to stand?";
        lines.extend(wrapped(told, columns).into_iter().map(|row| Line::styled(row, theme.warning)));
        let both = wrapped(&self.others(), columns);
        lines.extend(both.into_iter().map(|row| Line::styled(row, theme.dim)));
        if let Some(error) = &self.error {
            let error = wrapped(&printable(error), columns);
            lines.extend(error.into_iter().map(|row| Line::styled(row, theme.bad)));
        }
        lines.push(Line::default());
        let (mut top, mut bottom) = (0, 0);
        for (place, clash) in self.merge.clashes.iter().enumerate() {
            let is_here = self.list.place() == Some(place);
            if is_here {
                top = lines.len();
            }
            lines.extend(clash_lines(clash, columns, is_here, shared));
            if is_here {
                bottom = lines.len();
            }
        }
        // The selected one is in sight, and what is said above as long as there is room for both.
        let skip = bottom.saturating_sub(usize::from(area.height)).min(top);
        for (line, row) in lines.into_iter().skip(skip).zip(area.rows()) {
            frame.render_widget(line, row);
        }
        let y = u16::try_from(top - skip).unwrap_or(0);
        Position::new(area.x, area.y + y.min(area.height.saturating_sub(1)))
    }

    /// What needs no choice.
    fn others(&self) -> String {
        let changes =
            |count: usize| if count == 1 { "1 more change".to_owned() } else { format!("{count} more changes") };
        let (mine, theirs) = (self.merge.mine.len(), self.merge.theirs_alone);
        format!("{} of yours and {theirs} of theirs need no choice.", changes(mine))
    }
}

/// A setting with its three values, each on lines of its own.
fn clash_lines(clash: &Clash, columns: usize, is_here: bool, shared: &Shared) -> Vec<Line<'static>> {
    let theme = &shared.theme;
    let style = if is_here { theme.selected } else { theme.title };
    let name = format!("{} ({})", printable(clash.label), printable(&clash.key));
    let mut lines: Vec<_> = wrapped(&name, columns).into_iter().map(|row| Line::styled(row, style)).collect();
    let sign = |chosen: bool| if chosen { shared.glyphs.pick("(•)", "(x)") } else { "( )" };
    let sides = [
        ("   ", "was", &clash.was, theme.dim),
        (sign(clash.takes_mine), "mine", &clash.my_value, if clash.takes_mine { theme.good } else { theme.dim }),
        (sign(!clash.takes_mine), "theirs", &clash.their_value, if clash.takes_mine { theme.dim } else { theme.good }),
    ];
    for (sign, whose, value, style) in sides {
        let value = side(clash.kind, value.as_deref());
        for (at, row) in wrapped(&value, columns.saturating_sub(14).max(8)).into_iter().enumerate() {
            let head = if at == 0 { format!("  {sign} {whose:<7} ") } else { " ".repeat(14) };
            lines.push(Line::from(vec![Span::styled(head, style), Span::styled(row, style)]));
        }
    }
    lines.push(Line::default());
    lines
}

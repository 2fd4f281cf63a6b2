//! The file was changed by somebody else while it was edited here: key by key, whose value is to stand.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::document::{Document, Edit, changes};
use crate::dashboard::Shared;
use crate::dashboard::pane::Motion;
use crate::dashboard::widgets::{ListCursor, cut};
use crate::text::printable;

/// A key that both sides changed.
struct Clash {
    key: String,
    was: String,
    theirs: String,
    mine: String,
    takes_mine: bool,
}

/// Both sides since the file was read here. What only one of them changed goes together by itself.
pub(super) struct Conflict {
    /// The file as it is now, without edits.
    theirs: Document,
    clashes: Vec<Clash>,
    /// Edits here that clash with nothing.
    mine_alone: Vec<Edit>,
    theirs_alone: usize,
    list: ListCursor,
    /// Why an edit could not be made to the new file.
    pub(super) error: Option<String>,
}

impl Conflict {
    /// Lays `mine` beside the text that the file holds now; an error if that is no settings file.
    pub(super) fn new(mine: &Document, text: &str) -> Result<Self, String> {
        let theirs = mine.over(text)?;
        let their_changes = changes(&mine.before, &theirs.now, mine.base());
        let my_changes = mine.changes();
        let clashes: Vec<_> = my_changes
            .iter()
            .filter_map(|own| {
                let other = their_changes.iter().find(|other| other.key == own.key && other.new != own.new)?;
                Some(Clash {
                    key: own.key.clone(),
                    was: own.old.clone(),
                    theirs: other.new.clone(),
                    mine: own.new.clone(),
                    takes_mine: true,
                })
            })
            .collect();
        let is_clash =
            |edit: &Edit| matches!(edit, Edit::Set { key, .. } if clashes.iter().any(|clash| clash.key == *key));
        let mine_alone = mine.edits().iter().filter(|edit| !is_clash(edit)).cloned().collect();
        let theirs_alone = their_changes.len() - clashes.len();
        let mut list = ListCursor::default();
        list.fit(clashes.len(), usize::MAX);
        Ok(Self { theirs, clashes, mine_alone, theirs_alone, list, error: None })
    }

    pub(super) fn go(&mut self, motion: Motion) {
        self.list.go(motion);
    }

    /// Takes the other side's value for the selected key.
    pub(super) fn turn(&mut self) {
        if let Some(clash) = self.list.place().and_then(|place| self.clashes.get_mut(place)) {
            clash.takes_mine = !clash.takes_mine;
        }
    }

    /// The file as it is now, with all edits of this side that were chosen.
    pub(super) fn settle(&self, mine: &Document) -> Result<Document, String> {
        let mut settled = self.theirs.over(&self.theirs.texts().1)?;
        let chosen = mine.edits().iter().filter(|edit| match edit {
            Edit::Set { key, .. } => self.clashes.iter().any(|clash| clash.key == *key && clash.takes_mine),
            _ => false,
        });
        for edit in self.mine_alone.iter().chain(chosen) {
            settled.edit(edit.clone())?;
        }
        Ok(settled)
    }

    pub(super) fn hints(&self) -> Vec<(&'static str, &'static str)> {
        vec![("Enter", "go on to the review"), ("Space", "mine or theirs"), ("j k", "move"), ("Esc", "keep editing")]
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, shared: &Shared) -> Position {
        let theme = &shared.theme;
        let mut rows = area.rows();
        let mut put = |line: Line<'_>| {
            let row = rows.next()?;
            frame.render_widget(line, row);
            Some(row)
        };
        put(Line::styled(
            "The file was changed on disk meanwhile. Nothing is lost: choose for each key.",
            theme.warning,
        ));
        put(Line::styled(
            format!(
                "{} only there, {} only here: both stay. {} on both sides:",
                self.theirs_alone,
                self.mine_alone.len(),
                self.clashes.len()
            ),
            theme.dim,
        ));
        if let Some(error) = &self.error {
            put(Line::styled(printable(error).into_owned(), theme.bad));
        }
        let half = (usize::from(area.width) / 2).saturating_sub(12).max(8);
        let shown = |value: &str| cut(&printable(value), half, shared.glyphs.ellipsis());
        let mut cursor = area.as_position();
        for (place, clash) in self.clashes.iter().enumerate() {
            let is_here = self.list.place() == Some(place);
            let style = if is_here { theme.selected } else { theme.key };
            let key = format!("{}  (was {})", printable(&clash.key), shown(&clash.was));
            if let (Some(row), true) = (put(Line::styled(key, style)), is_here) {
                cursor = row.as_position();
            }
            let sign = |chosen: bool| if chosen { shared.glyphs.pick("(•)", "(x)") } else { "( )" };
            let side = |chosen: bool| if chosen { theme.good } else { theme.dim };
            put(Line::from(vec![
                Span::styled(
                    format!("  {} mine {}  ", sign(clash.takes_mine), shown(&clash.mine)),
                    side(clash.takes_mine),
                ),
                Span::styled(
                    format!("{} theirs {}", sign(!clash.takes_mine), shown(&clash.theirs)),
                    side(!clash.takes_mine),
                ),
            ]));
        }
        cursor
    }
}
